// Tests of the pcap writer: what it writes is read back the same, by our reader and by tcpdump's rules on layout.
// Keeps the rule that a value that does not fit is our bug and stops us.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../base/assert.ts'
import { LITTLE, packet, pcapHeader, pcapRecord, readWhole } from './test-captures.ts'
import {
  PCAP_FILE_HEADER_BYTES, PCAP_RECORD_HEADER_BYTES, pcapFileHeader, putPcapFileHeader, putPcapRecord, putPcapRecordHeader,
} from './writer.ts'

const AT = 1_767_600_000_000_125

test('the file header, byte by byte', () => {
  const header = pcapFileHeader(113)
  assert.equal(header.length, PCAP_FILE_HEADER_BYTES)
  const expected = pcapHeader(LITTLE, { linkType: 113 })
  expected.splice(16, 4, ...LITTLE.u32(262_144))
  assert.deepEqual([...header], expected)
})

test('a record, byte by byte, at an offset of the caller', () => {
  const data = packet(20, 4)
  const out = new Uint8Array(60).fill(0xcc)
  const end = putPcapRecord(out, 5, AT, 1500, data, 3, 18)
  assert.equal(end, 5 + PCAP_RECORD_HEADER_BYTES + 15)
  assert.deepEqual(out.slice(5, end), pcapRecord(LITTLE, 1_767_600_000, 125, data.slice(3, 18), 1500))
  assert.ok(out.slice(0, 5).every((b) => b === 0xcc) && out.slice(end).every((b) => b === 0xcc), 'bytes around it stay')
})

test('the header alone, for a packet that is written in place', () => {
  const out = new Uint8Array(16)
  assert.equal(putPcapRecordHeader(out, 0, AT, 60, 60), 16)
  assert.deepEqual(out, pcapRecord(LITTLE, 1_767_600_000, 125, packet(60)).slice(0, 16))
})

test('whatever is written is read back', () => {
  const rows = fc.array(fc.tuple(fc.nat(4_294_967_295), fc.nat(999_999), fc.uint8Array({ maxLength: 80 }), fc.nat(2000)), { maxLength: 8 })
  fc.assert(fc.property(rows, fc.nat(65535), (records, linkType) => {
    const out = new Uint8Array(4096)
    let pos = putPcapFileHeader(out, 0, linkType)
    for (const [seconds, fraction, data, extra] of records) {
      pos = putPcapRecord(out, pos, seconds * 1_000_000 + fraction, data.length + extra, data, 0, data.length)
    }
    const { packets, summary } = readWhole(out.slice(0, pos))
    assert.deepEqual(summary.problems, [])
    assert.deepEqual(packets, records.map(([seconds, fraction, data, extra]) => (
      { at: seconds * 1_000_000 + fraction, wireLength: data.length + extra, linkType, data: [...data] })))
  }))
})

test('what does not fit is our bug', () => {
  const out = new Uint8Array(100)
  const data = packet(60)
  const wrong: (() => unknown)[] = [
    () => putPcapFileHeader(out, 77, 1),
    () => putPcapRecordHeader(out, 85, AT, 60, 60),
    () => putPcapRecordHeader(out, 0, -1, 60, 60),
    () => putPcapRecordHeader(out, 0, 1.5, 60, 60),
    () => putPcapRecordHeader(out, 0, 2 ** 32 * 1_000_000, 60, 60),
    () => putPcapRecordHeader(out, 0, AT, 61, 60),
    () => putPcapRecordHeader(out, 0, AT, 262_145, 262_145),
    () => putPcapRecord(out, 40, AT, 60, data, 0, 60),
  ]
  for (const [i, call] of wrong.entries()) assert.throws(call, InvariantError, `row ${i}`)
})
