// Tests of a ring's blocks: what was laid out is what comes out, in any split; tags stand again where they were; nonsense ends a block, not us.
// Keeps the rule that the layout is written here by another hand than the reader's.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RingBlocks, RingBlock, RingStatus, VLAN_TAG_BYTES } from './ring-block.ts'

interface Laid {
  readonly frame: Uint8Array
  readonly seconds: number
  readonly nanos: number
  readonly wire: number
  /** TCI and TPID of a tag that the kernel took out; TPID 0: not told. */
  readonly tag: { readonly tci: number; readonly tpid: number } | null
}

const align = (n: number): number => (n + 15) & ~15
/** tpacket3_hdr of 48 bytes, sockaddr_ll of 20, then room for a tag. */
const MAC_OFFSET = align(48 + 20) + 2 + VLAN_TAG_BYTES

function block(sequence: number, packets: readonly Laid[]): Uint8Array {
  const sizes = packets.map((p) => align(MAC_OFFSET + p.frame.length))
  const bytes = new Uint8Array(48 + sizes.reduce((a, b) => a + b, 0))
  const view = new DataView(bytes.buffer)
  const put = (off: number, ...words: readonly number[]): void => words.forEach((w, i) => view.setUint32(off + 4 * i, w, true))
  put(0, 2, 48, RingStatus.user, packets.length, 48, bytes.length)
  view.setBigUint64(RingBlock.sequenceAt, BigInt(sequence), true)
  let off = 48
  for (const [i, { frame, seconds, nanos, wire, tag }] of packets.entries()) {
    const size = sizes[i] ?? 0
    const status = RingStatus.user | (tag === null ? 0 : RingStatus.vlanValid) | (tag !== null && tag.tpid !== 0 ? RingStatus.vlanTpidValid : 0)
    put(off, i === packets.length - 1 ? 0 : size, seconds, nanos, frame.length, wire, status)
    view.setUint16(off + 24, MAC_OFFSET, true)
    if (tag !== null) {
      view.setUint32(off + 32, tag.tci, true)
      view.setUint16(off + 36, tag.tpid, true)
    }
    bytes.set(frame, off + MAC_OFFSET)
    off += size
  }
  return bytes
}

interface Seen {
  readonly frame: readonly number[]
  readonly at: number
  readonly wire: number
}

function reader(): { readonly blocks: RingBlocks; readonly seen: Seen[] } {
  const seen: Seen[] = []
  const blocks = new RingBlocks({ packet: (buf, off, end, at, wire) => void seen.push({ frame: [...buf.subarray(off, end)], at, wire }) }, 1)
  return { blocks, seen }
}

const laid: fc.Arbitrary<Laid> = fc.record({
  frame: fc.uint8Array({ minLength: 14, maxLength: 90 }), seconds: fc.nat(0xffff_ffff), nanos: fc.nat(999_999_999), wire: fc.nat(3000),
  tag: fc.option(fc.record({ tci: fc.nat(0xffff), tpid: fc.constantFrom(0, 0x8100, 0x88a8) })),
})

/** What stood on the wire, said slowly. */
function onTheWire({ frame, seconds, nanos, wire, tag }: Laid): Seen {
  const at = seconds * 1_000_000 + Math.floor(nanos / 1000)
  const tpid = tag === null || tag.tpid === 0 ? 0x8100 : tag.tpid
  const inserted = tag === null ? [] : [tpid >> 8, tpid & 255, tag.tci >> 8, tag.tci & 255]
  return { frame: [...frame.subarray(0, 12), ...inserted, ...frame.subarray(12)], at, wire: Math.max(wire, frame.length) + inserted.length }
}

test('blocks in any split give the frames as they were on the wire', () => {
  fc.assert(fc.property(fc.array(fc.array(laid, { maxLength: 5 }), { maxLength: 4 }), fc.infiniteStream(fc.integer({ min: 1, max: 400 })), (all, sizes) => {
    const stream = Buffer.concat(all.map((packets, i) => block(i + 1, packets)))
    const { blocks, seen } = reader()
    // As pump does it: what is not used waits at the front.
    let waiting = new Uint8Array(0)
    for (let pos = 0; pos < stream.length;) {
      const size = sizes.next().value as number
      waiting = new Uint8Array(Buffer.concat([waiting, stream.subarray(pos, pos + size)]))
      pos += size
      const used = blocks.take(waiting, 0, waiting.length)
      ok(used >= 0)
      waiting = waiting.slice(used)
    }
    equal(waiting.length, 0)
    deepEqual(seen, all.flat().map(onTheWire))
    equal(blocks.counters.vlanRestored, all.flat().filter((p) => p.tag !== null).length)
    deepEqual([blocks.counters.malformed, blocks.counters.missedBlocks, blocks.counters.duplicateBlocks], [0, 0, 0])
  }))
})

const ONE: Laid = { frame: new Uint8Array(20).fill(7), seconds: 5, nanos: 1999, wire: 60, tag: null }

test('a block that comes again is passed over, one that is missing is counted', () => {
  const { blocks, seen } = reader()
  for (const sequence of [7, 8, 8, 7, 11]) {
    const bytes = block(sequence, [ONE])
    equal(blocks.take(bytes, 0, bytes.length), bytes.length)
  }
  equal(seen.length, 3)
  deepEqual([blocks.counters.duplicateBlocks, blocks.counters.missedBlocks, blocks.counters.blocks], [2, 2, 3])
  deepEqual([blocks.lastBlockFrom, blocks.lastAt], [5_000_001, 5_000_001])
})

test('what is no block is refused: a length below the header or above the largest', () => {
  for (const length of [0, 47, 4 * 1024 * 1024 + 1, 0xffff_ffff]) {
    const bytes = block(1, [ONE])
    new DataView(bytes.buffer).setUint32(RingBlock.lengthAt, length, true)
    equal(reader().blocks.take(bytes, 0, bytes.length), -1)
  }
})

test('any bytes in a block: every packet is inside it, none is lost without a count, and it ends', () => {
  const harms = fc.array(fc.record({ at: fc.nat(400), value: fc.nat(255) }), { maxLength: 12 })
  fc.assert(fc.property(fc.array(laid, { minLength: 1, maxLength: 4 }), harms, (packets, harm) => {
    const bytes = block(1, packets)
    // All but the length of the block, which only the kernel writes and which is tested above.
    for (const { at, value } of harm) if (at < bytes.length && (at < RingBlock.lengthAt || at >= RingBlock.sequenceAt)) bytes[at] = value
    let inside = true
    const blocks = new RingBlocks({ packet: (_, off, end) => void (inside &&= off >= 48 && off <= end && end <= bytes.length) }, 1)
    equal(blocks.take(bytes, 0, bytes.length), bytes.length)
    ok(inside)
  }))
})
