// Tests of pcapng: each block, sections of different byte order, clocks per interface, and blocks that lie.
// Keeps the rule that what can safely be passed over is, and that behind a length that lies the next sound block is found.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  BIG, BLOCK, block, codes, enhanced, iface, join, LITTLE, obsolete, option, packet, readWhole, section, simple, statistics,
} from './test-captures.ts'

const A = packet(61, 1)
const B = packet(8, 2)
const AT = 1_500_000_000_123_456n

test('Enhanced, obsolete and Simple Packet Blocks in both byte orders', () => {
  for (const o of [LITTLE, BIG]) {
    const file = join(section(o), iface(o), enhanced(o, 0, AT, A, 1500), obsolete(o, 0, AT + 1n, B), simple(o, B, 90), simple(o, A))
    const { packets, summary } = readWhole(file)
    assert.deepEqual(packets.map((p) => [p.at, p.wireLength, p.data.length]), [
      [Number(AT), 1500, 61], [Number(AT) + 1, 8, 8], [Number(AT) + 1, 90, 8], [Number(AT) + 1, 61, 61],
    ], 'a Simple Packet Block has no time and takes the one before it')
    assert.deepEqual(packets[0]?.data, [...A])
    assert.deepEqual(summary, { format: 'pcapng', compressed: false, packets: 4, bytes: file.length, linkTypes: [1], problems: [] })
  }
})

test('a Simple Packet Block is cut by the snap length of interface 0; before any time it stands at 0', () => {
  const { packets } = readWhole(join(section(LITTLE), iface(LITTLE, 1, 20), simple(LITTLE, A)))
  assert.deepEqual([packets[0]?.data.length, packets[0]?.wireLength, packets[0]?.at], [20, 61, 0])
})

test('several interfaces, each with its own link type and clock', () => {
  const o = BIG
  const file = join(
    section(o), iface(o, 1), iface(o, 113, 0, [option(o, 9, [9])]), iface(o, 101, 0, [option(o, 2, [65, 66, 67]), option(o, 9, [0x8a])]),
    iface(o, 0, 0, [option(o, 14, o.u64(-3600n)), option(o, 0, []), option(o, 9, [3])]),
    enhanced(o, 1, AT * 1000n + 999n, A), enhanced(o, 2, 1024n * 5n + 1n, A), enhanced(o, 3, AT, A), enhanced(o, 0, AT, A),
  )
  const { packets, summary } = readWhole(file)
  assert.deepEqual(packets.map((p) => [p.linkType, p.at]), [
    [113, Number(AT)], [101, 5_000_976], [0, Number(AT) - 3_600_000_000], [1, Number(AT)],
  ], 'options after the end of options do not count')
  assert.deepEqual(summary.linkTypes, [1, 113, 101, 0])
})

test('options that run over their block, or have a wrong length, are left alone', () => {
  const o = LITTLE
  const over = [...o.u16(9), ...o.u16(200), 3, 0, 0, 0]
  const options = [option(o, 9, [9, 9]), option(o, 14, [1, 2, 3, 4]), Uint8Array.from(over)]
  const file = join(section(o), iface(o, 1, 0, options), enhanced(o, 0, AT, B))
  const { packets, summary } = readWhole(file)
  assert.deepEqual([packets[0]?.at, summary.problems], [Number(AT), []])
})

test('sections: each its own byte order, each begins with no interface', () => {
  const file = join(
    section(LITTLE), iface(LITTLE, 1), enhanced(LITTLE, 0, AT, A),
    section(BIG, 1, 2), iface(BIG, 228), enhanced(BIG, 0, AT, B), section(LITTLE), enhanced(LITTLE, 0, AT, B),
  )
  const { packets, summary } = readWhole(file)
  assert.deepEqual(packets.map((p) => p.linkType), [1, 228])
  assert.deepEqual(codes(summary), ['bad-interface'])
})

test('unknown and uninteresting blocks are passed over, however long', () => {
  const o = LITTLE
  const types = [BLOCK.names, BLOCK.secrets, 0x0bad, 0x80000001, 0x40000bad]
  const blocks = types.flatMap((type) => [block(o, type, packet(50, type & 7)), enhanced(o, 0, AT, B)])
  const file = join(section(o), block(o, 0x0bad, []), iface(o), ...blocks, block(o, 0x0bad, new Uint8Array(300_000)), enhanced(o, 0, AT, A))
  const { packets, summary } = readWhole(file)
  assert.deepEqual([packets.length, summary.problems], [6, []])
})

test('drop counters: the last of each interface counts, interfaces and both counters add up', () => {
  for (const o of [LITTLE, BIG]) {
    const file = join(
      section(o), iface(o), iface(o), statistics(o, 0, 5n), statistics(o, 1, 7n, 1n), statistics(o, 0, 6n), statistics(o, 0, null),
      section(o), iface(o), statistics(o, 0, 100n, 1n << 33n), statistics(o, 9, 77n),
    )
    assert.equal(readWhole(file).summary.dropped, 6 + 8 + 100 + 2 ** 33)
  }
  assert.equal('dropped' in readWhole(join(section(BIG), iface(BIG), statistics(BIG, 0, null))).summary, false)
})

test('drop counts of single packets add up; where statistics count the same loss the larger counts, by interface', () => {
  for (const o of [LITTLE, BIG]) {
    const lost = (id: number, count: bigint, ...before: readonly Uint8Array[]): Uint8Array =>
      enhanced(o, id, AT, A, A.length, [...before, option(o, 4, o.u64(count)), option(o, 0, [])])
    const dropped = (...blocks: readonly Uint8Array[]): number | undefined => readWhole(join(section(o), iface(o), iface(o), ...blocks)).summary.dropped
    const flags = option(o, 2, o.u32(1))
    assert.equal(dropped(lost(0, 5n), enhanced(o, 0, AT, B), lost(1, 1n << 33n, flags), lost(0, 2n, flags)), 5 + 2 + 2 ** 33)
    assert.equal(dropped(lost(0, 5n), statistics(o, 0, 4n), lost(1, 3n), statistics(o, 1, 9n), lost(0, 1n)), 6 + 9)
    assert.equal(dropped(obsolete(o, 0, AT, A, A.length, 3), obsolete(o, 0, AT, A, A.length, 0xffff), obsolete(o, 1, AT, A, A.length, 1)), 4)
    // What is no count: one of another length, one behind the end of options, one that runs over, one that is nought.
    const over = Uint8Array.from([...o.u16(4), ...o.u16(200), ...o.u64(7n)])
    const odd = [[option(o, 4, o.u32(7))], [option(o, 0, []), option(o, 4, o.u64(7n))], [over], [option(o, 4, o.u64(0n))]]
    const read = readWhole(join(section(o), iface(o), ...odd.map((options) => enhanced(o, 0, AT, A, A.length, options))))
    assert.deepEqual([read.packets.length, read.summary.dropped, read.summary.problems], [4, undefined, []])
    assert.deepEqual(read.packets.map(({ data }) => data), Array.from({ length: 4 }, () => [...A]), 'options are no part of a packet')
  }
})

test('a packet of an interface nobody described is left out, the rest is read', () => {
  const o = BIG
  const { packets, summary } = readWhole(join(section(o), simple(o, B), iface(o), enhanced(o, 1, AT, A), enhanced(o, 0, AT, B)))
  assert.equal(packets.length, 1)
  assert.deepEqual([codes(summary), summary.problems[0]?.offset], [['bad-interface'], 28])
  assert.match(summary.problems[0]?.message ?? '', /interface 0.*\(the first of 2\)/)
})

test('a section of another version is passed over up to the next one (draft-ietf-opsawg-pcapng section 4.1)', () => {
  const o = BIG
  const file = join(
    section(o), iface(o), enhanced(o, 0, AT, A), section(o, 2, 0), iface(o), enhanced(o, 0, AT, A), block(o, 6, []),
    section(o, 1, 0), iface(o), enhanced(o, 0, AT, B),
  )
  const { packets, summary } = readWhole(file)
  assert.deepEqual(packets.map((p) => p.data.length), [61, 8])
  assert.deepEqual([codes(summary), summary.problems[0]?.offset], [['unsupported-version'], 28 + 20 + 96])
  assert.match(summary.problems[0]?.message ?? '', /version 2\.0/)
})

interface Model {
  readonly kind: 'enhanced' | 'obsolete' | 'simple' | 'other' | 'statistics'
  readonly from: number
  readonly micros: number
  readonly size: number
  readonly cut: number
}

const LINK_TYPES = [1, 113, 228] as const

test('any sequence of blocks over three interfaces gives the packets a model gives', () => {
  const step = fc.record<Model>({
    kind: fc.constantFrom('enhanced', 'obsolete', 'simple', 'other', 'statistics'),
    from: fc.nat(2), micros: fc.nat(2_000_000_000), size: fc.nat(70), cut: fc.nat(900),
  })
  fc.assert(fc.property(fc.boolean(), fc.array(step, { maxLength: 20 }), (little, steps) => {
    const o = little ? LITTLE : BIG
    let lastAt = 0
    const expected: unknown[] = []
    const blocks = steps.map(({ kind, from, micros, size, cut }, i) => {
      const data = packet(size, i)
      if (kind === 'other') return block(o, 0x1000 + i, data)
      if (kind === 'statistics') return statistics(o, from, null)
      if (kind !== 'simple') lastAt = micros
      const linkType = LINK_TYPES[kind === 'simple' ? 0 : from]
      expected.push({ at: lastAt, wireLength: size + cut, linkType, data: [...data] })
      if (kind === 'simple') return simple(o, data, size + cut)
      return (kind === 'enhanced' ? enhanced : obsolete)(o, from, BigInt(micros), data, size + cut)
    })
    // A Simple Packet Block that was cut cannot say where its padding begins, so the model allows for the padding to come along.
    const { packets, summary } = readWhole(join(section(o), ...LINK_TYPES.map((linkType) => iface(o, linkType)), ...blocks))
    assert.deepEqual(summary.problems, [])
    const trimmed = packets.map((p, i) => ({ ...p, data: p.data.slice(0, (expected[i] as { data: number[] }).data.length) }))
    assert.deepEqual(trimmed, expected)
  }), { numRuns: 400 })
})

const START = join(section(LITTLE), iface(LITTLE), enhanced(LITTLE, 0, AT, B))

const LOST = ['bad-length', 'resynchronised']

function afterStart(rest: readonly number[] | Uint8Array): ReturnType<typeof readWhole> {
  return readWhole(join(START, rest, enhanced(LITTLE, 0, AT, B)))
}

function lengthAt(blockBytes: Uint8Array, off: number, value: number): Uint8Array {
  const changed = blockBytes.slice()
  changed.set(LITTLE.u32(value), off)
  return changed
}

test('a length too small or too large for a block: reading goes on with the next block', () => {
  const o = LITTLE
  const rows = [
    lengthAt(enhanced(o, 0, AT, B), 4, 0), lengthAt(enhanced(o, 0, AT, B), 4, 28), lengthAt(iface(o), 4, 16), lengthAt(simple(o, B), 4, 12),
    lengthAt(block(o, 99, packet(20)), 4, 8), lengthAt(block(o, 99, packet(20)), 4, 0x7fffffff), lengthAt(section(o), 4, 24),
    lengthAt(block(o, 99, packet(20)), 4, 16 * 1024 * 1024 + 4),
  ]
  for (const [i, bad] of rows.entries()) {
    const { packets, summary } = afterStart(bad)
    assert.deepEqual([packets.length, codes(summary), summary.problems[0]?.offset], [2, LOST, START.length], `row ${i}`)
    assert.equal(summary.problems[1]?.offset, START.length + bad.length)
  }
})

test('a trailer that differs from its header: the packet is left out', () => {
  const o = LITTLE
  for (const good of [enhanced(o, 0, AT, B), iface(o), section(o), block(o, 99, packet(20)), block(o, 99, [])]) {
    const { packets, summary } = afterStart(lengthAt(good, good.length - 4, good.length + 4))
    assert.deepEqual([packets.length, codes(summary), summary.problems[0]?.offset], [2, LOST, START.length])
  }
})

test('a length without its padding is read, as Wireshark does', () => {
  const o = LITTLE
  const odd = enhanced(o, 0, AT, packet(6))
  for (const trailer of [odd.length, odd.length - 2]) {
    const { packets, summary } = afterStart(lengthAt(lengthAt(odd, 4, odd.length - 2), odd.length - 4, trailer))
    assert.deepEqual([packets.map((p) => p.data.length), summary.problems], [[8, 6, 8], []])
  }
})

test('a captured length that its block cannot hold costs that packet only', () => {
  const o = LITTLE
  for (const captured of [9, 262_145, 0xffffffff]) {
    const { packets, summary } = afterStart(lengthAt(enhanced(o, 0, AT, B), 20, captured))
    assert.deepEqual([packets.length, codes(summary)], [2, LOST])
  }
  const tooLong = afterStart(simple(o, packet(262_148)))
  assert.deepEqual([tooLong.packets.length, codes(tooLong.summary)], [2, LOST])
})

test('a wrong byte-order magic: its section is left out; in the first section nothing was read', () => {
  const bad = section(LITTLE)
  bad[8] = 0
  assert.deepEqual(codes(readWhole(bad).summary), ['bad-magic'])
  const { packets, summary } = afterStart(bad)
  assert.deepEqual([packets.length, codes(summary), summary.problems[0]?.offset], [2, ['bad-magic', 'resynchronised'], START.length])
})

test('cut inside any block: truncated, with the offset of that block', () => {
  const o = BIG
  const starts: number[] = []
  const blocks = [section(o), iface(o), enhanced(o, 0, AT, A), block(o, 99, packet(40)), section(o), iface(o), simple(o, B)]
  const file = join(...blocks)
  for (let pos = 0, i = 0; i < blocks.length; pos += blocks[i]?.length ?? 0, i++) starts.push(pos)
  for (let length = 4; length < file.length; length++) {
    const { summary } = readWhole(file.slice(0, length))
    const from = starts.findLast((start) => start <= length) ?? assert.fail('no block')
    const expected = from === length ? [] : [['truncated', from]]
    assert.deepEqual(summary.problems.map((p) => [p.code, p.offset]), expected, `cut at ${length}`)
  }
})

test('more interfaces than a section can number stop the reader', () => {
  const o = LITTLE
  const many = new Uint8Array(28 + 20 * 65_537)
  many.set(section(o))
  for (let i = 0; i < 65_537; i++) many.set(iface(o), 28 + 20 * i)
  assert.deepEqual(codes(readWhole(many).summary), ['too-many-interfaces'])
  assert.deepEqual(codes(readWhole(many.slice(0, -20)).summary), [])
})
