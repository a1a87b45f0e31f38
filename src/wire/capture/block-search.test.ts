// Tests of reading on after damage in a pcapng file: holes, garbage and lies at any place, in any split, at a bounded cost.
// Keeps the rule that what is whole before and behind the damage is read, and that the damage is told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockSearch, CANDIDATES_MAX, FOUND_BYTES_MAX } from './block-search.ts'
import { BIG, block, codes, enhanced, iface, join, LITTLE, packet, readSplit, readWhole, section, type Order } from './test-captures.ts'

/** Packets of sizes 20 to 119, each of one repeated byte that names it, so that no payload looks like a block. */
const COUNT = 12

function blocksOf(o: Order): Uint8Array[] {
  return Array.from({ length: COUNT }, (_, i) => enhanced(o, 0, BigInt(i), new Uint8Array(20 + ((i * 37) % 100)).fill(0x80 + i)))
}

/** The names of the packets that were read. */
function namesIn(file: Uint8Array): number[] {
  return readWhole(file).packets.map((p) => (p.data[0] ?? 0) - 0x80)
}

function startsOf(blocks: readonly Uint8Array[]): number[] {
  let pos = 0
  return blocks.map((b) => {
    const start = pos
    pos += b.length
    return start
  })
}

/** An edge of the hole lies in the block. */
function within(start: number, end: number, from: number, to: number): boolean {
  return (from > start && from < end) || (to > start && to < end)
}

/** One seed: among some ten thousand holes there is one whose edges make a block by chance, and such a block cannot be told from one. */
test('a hole anywhere costs the blocks it touches and no other', () => {
  for (const o of [LITTLE, BIG]) {
    const blocks = blocksOf(o)
    const starts = startsOf(blocks)
    const body = join(...blocks)
    const head = join(section(o), iface(o))
    fc.assert(fc.property(fc.nat(body.length), fc.integer({ min: 1, max: 300 }), (from, length) => {
      const to = Math.min(body.length, from + length)
      const whole = blocks.flatMap((b, i) => {
        const start = starts[i] ?? 0
        return start + b.length <= from || start >= to ? [i] : []
      })
      const file = join(head, body.slice(0, from), body.slice(to))
      const names = namesIn(file)
      assert.deepEqual(names.filter((name) => whole.includes(name)), whole)
      // The edges of a hole can fit by chance: the same length stands behind it as before it.
      const chance = names.filter((name) => !whole.includes(name))
      for (const name of chance) assert.ok(within(starts[name] ?? 0, (starts[name] ?? 0) + (blocks[name]?.length ?? 0), from, to))
      const read = names.reduce((n, name) => n + (blocks[name]?.length ?? 0), 0)
      const { problems } = readWhole(file).summary
      assert.equal(problems.length === 0, head.length + read === file.length, 'what is neither read nor told')
    }), { numRuns: 600, seed: 20_260_105 })
  }
})

test('garbage between blocks: all packets are read, in any split alike', () => {
  const blocks = blocksOf(LITTLE)
  const head = join(section(LITTLE), iface(LITTLE))
  fc.assert(fc.property(fc.nat(COUNT - 1), fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.array(fc.nat(2000), { maxLength: 6 }), (at, noise, cuts) => {
    const file = join(head, ...blocks.slice(0, at), noise, ...blocks.slice(at))
    const read = readWhole(file)
    assert.deepEqual(read.packets.map((p) => (p.data[0] ?? 0) - 0x80), Array.from({ length: COUNT }, (_, i) => i))
    assert.ok(read.summary.problems.length > 0)
    assert.deepEqual(readSplit(file, cuts.map((c) => Math.min(c, file.length))), read)
  }), { numRuns: 400, seed: 20_260_106 })
})

test('a damaged length that reaches beyond the end does not hide what is behind it', () => {
  const [first, second, third] = blocksOf(BIG)
  assert.ok(first && second && third)
  for (const claim of [200, 5000, 900_000]) {
    const lying = second.slice()
    lying.set(BIG.u32(claim), 4)
    const file = join(section(BIG), iface(BIG), first, lying, third)
    const { packets, summary } = readWhole(file)
    assert.deepEqual([packets.length, codes(summary)], [2, ['bad-length', 'resynchronised']], `${claim} bytes claimed`)
    assert.deepEqual(readSplit(file, Array.from({ length: file.length }, (_, i) => i)), { packets, summary })
  }
})

test('a lost section header: the next section is found in its own byte order', () => {
  const broken = section(LITTLE)
  broken[8] = 0
  const file = join(section(BIG), iface(BIG), ...blocksOf(BIG).slice(0, 2), broken, section(LITTLE), iface(LITTLE), ...blocksOf(LITTLE).slice(2, 4))
  const { packets, summary } = readWhole(file)
  assert.deepEqual([packets.length, codes(summary)], [4, ['bad-magic', 'resynchronised']])
})

test('a block inside the payload of a lost one is taken only when it is whole itself', () => {
  const inner = enhanced(LITTLE, 0, 1n, packet(20))
  const torn = enhanced(LITTLE, 0, 1n, join(packet(8), inner.slice(0, -4), packet(20)))
  torn.set(LITTLE.u32(8), 4)
  const file = join(section(LITTLE), iface(LITTLE), torn, enhanced(LITTLE, 0, 2n, packet(40)))
  assert.deepEqual(readWhole(file).packets.map((p) => p.data.length), [40])
})

/** Heads of packet blocks that claim to be long, one after the other, and none of them true. */
function flood(bytes: number): Uint8Array {
  return join(...Array.from({ length: bytes / 8 }, (_, i) => [...LITTLE.u32(6), ...LITTLE.u32(FOUND_BYTES_MAX - 4 * (i % 64))]))
}

test('a flood of beginnings costs no more than a bounded list: each byte is looked at a bounded number of times', () => {
  const readsOf = (bytes: number): number => {
    const search = new BlockSearch(0)
    search.add(flood(bytes), 0, bytes)
    let reads = 0
    search.buf = new Proxy(search.buf, {
      get(target, key): unknown {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1
        return Reflect.get(target, key, target)
      },
    })
    search.seek(0)
    assert.equal(search.find(LITTLE.little), -1)
    return reads
  }
  const [one, two] = [readsOf(8000), readsOf(16_000)]
  assert.ok(two < one * 2.2, `${one} reads for 8000 bytes, ${two} for 16000`)
  assert.ok(one < 8000 * 20)
})

test('beginnings beyond the list are left out, and the search goes on behind', () => {
  const count = CANDIDATES_MAX + 10
  const heads = join(...Array.from({ length: count }, () => [...LITTLE.u32(6), ...LITTLE.u32(4096)]))
  const file = join(section(LITTLE), iface(LITTLE), block(LITTLE, 6, []), heads, new Uint8Array(8192), enhanced(LITTLE, 0, 2n, packet(40)))
  const { packets, summary } = readWhole(file)
  assert.deepEqual([packets.length, summary.problems.length > 0], [1, true])
})

test('memory while searching is bounded: megabytes of nothing are not kept', () => {
  const search = new BlockSearch(0)
  const nothing = new Uint8Array(1_000_000)
  for (let i = 0; i < 20; i++) {
    search.add(nothing, 0, nothing.length)
    assert.equal(search.find(true), -1)
  }
  assert.ok(search.buf.length <= 2 * (nothing.length + FOUND_BYTES_MAX), `${search.buf.length} bytes are held`)
  assert.ok(search.end - search.start < 16)
  assert.equal(search.base + search.end, 20_000_000)
})
