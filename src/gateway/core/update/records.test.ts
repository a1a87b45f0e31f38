// Record marking: any split gives the same records, and marks that promise too much end the connection, not the memory.
// Keeps the slow twin: a reader over the whole byte string, by the words of RFC 5531 section 11.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withRecordMark } from '../../../protocols/rpc/encode.ts'
import { noise } from '../../../testing/update-world.ts'
import { FRAGMENTS_MAX, RECORD_BYTES_MAX, RECORD_KEPT_MAX, RecordReader } from './records.ts'

function mark(length: number, isLast: boolean): Uint8Array {
  const value = length + (isLast ? 0x8000_0000 : 0)
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => [...p]))
}

/** All at once, from a whole byte string of good records. */
function slowly(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = []
  let record: number[] = []
  for (let at = 0; at < bytes.length;) {
    const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
    const length = word & 0x7fff_ffff
    record.push(...bytes.slice(at + 4, at + 4 + length))
    at += 4 + length
    if (word <= 0x7fff_ffff) continue
    records.push(Uint8Array.from(record))
    record = []
  }
  return records
}

test('any records in any fragments and any split come out as the slow twin reads them', () => {
  const record = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 8, max: 100 }))
  fc.assert(fc.property(fc.array(record, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (records, cuts) => {
    const bytes = join(...records.map(([body, size]) => withRecordMark(body, size)))
    const reader = new RecordReader()
    const out: Uint8Array[] = []
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const end = Math.min(bytes.length, at + (cuts[i % cuts.length] as number))
      out.push(...reader.feed(bytes, at, end).map((r) => r.bytes))
      at = end
    }
    deepEqual(out, slowly(bytes))
    equal(reader.isIdle, true)
    equal(reader.fault, null)
  }))
})

test('a long record is heard out, its head kept', () => {
  const reader = new RecordReader()
  const records = reader.feed(withRecordMark(noise(70_000), 9_000))
  equal(records.length, 1)
  equal(records[0]?.whole, false)
  deepEqual(records[0]?.bytes, noise(70_000).subarray(0, RECORD_KEPT_MAX))
  deepEqual(reader.feed(withRecordMark(noise(8))).map((r) => r.whole), [true])
})

test('record-mark bomb: a mark of 2 GiB ends the connection before a byte is kept', () => {
  const reader = new RecordReader()
  deepEqual(reader.feed(mark(0x7fff_ffff, true)), [])
  equal(reader.fault, 'record-too-long')
  deepEqual(reader.feed(noise(100)), [])
})

test('record-mark bomb: fragments that add up to too much end it too', () => {
  const reader = new RecordReader()
  const half = Math.ceil(RECORD_BYTES_MAX / 2) + 1
  reader.feed(join(mark(half, false), noise(half)))
  equal(reader.fault, null)
  reader.feed(mark(half, true))
  equal(reader.fault, 'record-too-long')
})

test('fragment bomb: endless empty fragments end the connection', () => {
  const reader = new RecordReader()
  for (let i = 0; i < FRAGMENTS_MAX; i++) reader.feed(mark(0, false))
  equal(reader.fault, null)
  reader.feed(mark(0, false))
  equal(reader.fault, 'too-many-fragments')
})

test('fragment bomb: the fragment too many is no record, even when it is the last and empty', () => {
  const reader = new RecordReader()
  for (let i = 0; i < FRAGMENTS_MAX; i++) reader.feed(mark(0, false))
  deepEqual(reader.feed(mark(0, true)), [])
})

test('an empty last fragment ends a record', () => {
  const reader = new RecordReader()
  deepEqual(reader.feed(join(mark(4, false), noise(4), mark(0, true))).map((r) => r.bytes), [noise(4)])
})

test('a record of exactly what is kept is whole', () => {
  deepEqual(new RecordReader().feed(withRecordMark(noise(RECORD_KEPT_MAX))).map((r) => r.whole), [true])
  deepEqual(new RecordReader().feed(withRecordMark(noise(RECORD_KEPT_MAX + 1))).map((r) => r.whole), [false])
})

test('in the middle of a mark or a record the reader is not idle', () => {
  const reader = new RecordReader()
  reader.feed(mark(4, true), 0, 2)
  equal(reader.isIdle, false)
  reader.feed(mark(4, true), 2)
  equal(reader.isIdle, false)
  equal(reader.feed(noise(4)).length, 1)
  equal(reader.isIdle, true)
})
