// Tests of classic pcap: every magic, versions with swapped lengths, link type bits, and records that lie.
// Keeps the rule that packets before a fault are kept and the fault says where it is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pcapVariant } from './pcap.ts'
import { BIG, codes, join, LITTLE, type Order, packet, pcapHeader, pcapRecord, readWhole } from './test-captures.ts'

const MICROSECONDS = 0xa1b2c3d4
const NANOSECONDS = 0xa1b23c4d
const PATCHED = 0xa1b2cd34
const A = packet(60, 1)
const B = packet(9, 2)

test('microseconds and nanoseconds in both byte orders', () => {
  for (const o of [LITTLE, BIG]) {
    for (const [magic, fraction] of [[MICROSECONDS, 123_456], [NANOSECONDS, 123_456_999]] as const) {
      const file = join(pcapHeader(o, { magic }), pcapRecord(o, 1_500_000_000, fraction, A), pcapRecord(o, 0xffffffff, 0, B, 1500))
      const { packets, summary } = readWhole(file)
      assert.deepEqual(packets, [
        { at: 1_500_000_000_123_456, wireLength: 60, linkType: 1, data: [...A] },
        { at: 4_294_967_295_000_000, wireLength: 1500, linkType: 1, data: [...B] },
      ])
      assert.deepEqual(summary, { format: 'pcap', compressed: false, packets: 2, bytes: file.length, linkTypes: [1], problems: [] })
    }
  }
})

test('the patched format has eight more bytes in each record header', () => {
  for (const o of [LITTLE, BIG]) {
    const extra = [...o.u32(2), ...o.u16(0x0800), 0, 0]
    const record = (data: Uint8Array): Uint8Array => join(o.u32(7), o.u32(5), o.u32(data.length), o.u32(data.length), extra, data)
    const { packets, summary } = readWhole(join(pcapHeader(o, { magic: PATCHED }), record(A), record(B)))
    assert.deepEqual(packets.map((p) => [p.at, p.data]), [[7_000_005, [...A]], [7_000_005, [...B]]])
    assert.deepEqual(summary.problems, [])
  }
})

test('pcapVariant knows six magic numbers, and no other', () => {
  const magics = [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0xa1b2cd34, 0x34cdb2a1]
  for (const magic of magics) assert.equal(pcapVariant(magic)?.magic, magic)
  for (const magic of [0, 0x0a0d0d0a, 0xa1b2c3d5, 0xa1b2]) assert.equal(pcapVariant(magic), null)
})

test('bits above the link type tell of a frame check sequence', () => {
  const { packets, summary } = readWhole(join(pcapHeader(LITTLE, { linkType: 0x24000071 }), pcapRecord(LITTLE, 1, 0, A)))
  assert.equal(packets[0]?.linkType, 0x71)
  assert.deepEqual(summary.linkTypes, [0x71])
})

test('old versions have the two lengths the other way round (libpcap sf-pcap.c)', () => {
  const file = (major: number, minor: number, first: number, second: number): Uint8Array =>
    join(pcapHeader(LITTLE, { major, minor }), LITTLE.u32(1), LITTLE.u32(0), LITTLE.u32(first), LITTLE.u32(second), B)
  for (const [major, minor] of [[2, 2], [2, 0], [543, 0]] as const) {
    assert.equal(readWhole(file(major, minor, 1500, B.length)).packets[0]?.wireLength, 1500, `${major}.${minor}`)
  }
  assert.equal(readWhole(file(2, 3, 1500, B.length)).packets[0]?.wireLength, 1500, '2.3: the smaller one is the captured one')
  assert.equal(readWhole(file(2, 3, B.length, 1500)).packets[0]?.wireLength, 1500)
  assert.equal(readWhole(file(2, 4, B.length, 1500)).packets[0]?.wireLength, 1500)
})

test('a version before 2.0 is refused with its number', () => {
  const { packets, summary } = readWhole(join(pcapHeader(BIG, { major: 1, minor: 9 }), pcapRecord(BIG, 1, 0, A)))
  assert.equal(packets.length, 0)
  assert.deepEqual([summary.format, codes(summary), summary.problems[0]?.offset], ['pcap', ['unsupported-format'], 4])
  assert.match(summary.problems[0]?.message ?? '', /version 1\.9/)
})

function afterOne(o: Order, rest: readonly number[] | Uint8Array): ReturnType<typeof readWhole> {
  return readWhole(join(pcapHeader(o), pcapRecord(o, 1, 0, A), rest))
}

test('an absurd length stops the reader; the packet before it is kept', () => {
  for (const o of [LITTLE, BIG]) {
    for (const length of [262_145, 0x7fffffff, 0xffffffff]) {
      const { packets, summary } = afterOne(o, [...o.u32(2), ...o.u32(0), ...o.u32(length), ...o.u32(60), ...B])
      assert.equal(packets.length, 1)
      assert.deepEqual([codes(summary), summary.problems[0]?.offset], [['bad-length'], 24 + 16 + 60])
      assert.match(summary.problems[0]?.message ?? '', new RegExp(`byte 100 claims ${length} .* 1 packet before`))
    }
  }
})

test('the largest packet any capture holds is read', () => {
  const large = packet(262_144, 3)
  const { packets, summary } = readWhole(join(pcapHeader(LITTLE), pcapRecord(LITTLE, 1, 0, large), pcapRecord(LITTLE, 1, 1, B)))
  assert.deepEqual(packets.map((p) => p.data.length), [262_144, 9])
  assert.deepEqual(summary.problems, [])
})

test('cut inside a record: truncated, with the offset of that record', () => {
  const rest = pcapRecord(LITTLE, 2, 0, B)
  for (let length = 1; length < rest.length; length++) {
    const { packets, summary } = afterOne(LITTLE, rest.slice(0, length))
    assert.equal(packets.length, 1)
    assert.deepEqual([codes(summary), summary.problems[0]?.offset, summary.packets], [['truncated'], 100, 1])
  }
  assert.deepEqual(afterOne(LITTLE, rest).summary.problems, [])
})

test('cut inside the file header: a pcap file all the same', () => {
  for (let length = 4; length < 24; length++) {
    const { summary } = readWhole(join(pcapHeader(LITTLE)).slice(0, length))
    assert.deepEqual([summary.format, codes(summary), summary.problems[0]?.offset], ['pcap', ['truncated'], 0])
  }
  assert.deepEqual(readWhole(join(pcapHeader(LITTLE))).summary.problems, [], 'a header alone is an empty capture')
})

test('a captured length above the wire length: the wire length is raised', () => {
  const { packets } = readWhole(join(pcapHeader(LITTLE), pcapRecord(LITTLE, 1, 0, A, 20)))
  assert.equal(packets[0]?.wireLength, 60)
})

test('an empty packet is a packet', () => {
  const { packets } = readWhole(join(pcapHeader(LITTLE), pcapRecord(LITTLE, 1, 0, new Uint8Array(0)), pcapRecord(LITTLE, 2, 0, B)))
  assert.deepEqual(packets.map((p) => p.data.length), [0, 9])
})

test('any records in any variant are read as they were written', () => {
  const time = { seconds: fc.nat(0xffffffff), micros: fc.nat(999_999), nanos: fc.nat(999) }
  const several = fc.array(fc.record({ ...time, size: fc.nat(90), cut: fc.nat(2000) }), { maxLength: 12 })
  fc.assert(fc.property(fc.boolean(), fc.boolean(), fc.nat(0xffff), several, (little, isNano, linkType, records) => {
    const o = little ? LITTLE : BIG
    const fraction = (r: { micros: number; nanos: number }): number => (isNano ? r.micros * 1000 + r.nanos : r.micros)
    const made = records.map((r, i) => pcapRecord(o, r.seconds, fraction(r), packet(r.size, i), r.size + r.cut))
    const { packets, summary } = readWhole(join(pcapHeader(o, { magic: isNano ? NANOSECONDS : MICROSECONDS, linkType }), ...made))
    assert.deepEqual(packets, records.map((r, i) => (
      { at: r.seconds * 1_000_000 + r.micros, wireLength: r.size + r.cut, linkType, data: [...packet(r.size, i)] })))
    assert.deepEqual([summary.problems, summary.packets], [[], records.length])
  }), { numRuns: 400 })
})
