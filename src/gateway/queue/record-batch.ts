// RecordBatch: many records as one run of bytes: a commit costs by the row, so a row holds all that came within a few milliseconds.
// Keeps the rule that a record's bytes are opaque here: they come back as they went in.

import { assert } from '../../base/assert.ts'
import type { Micros } from '../../base/time.ts'

export interface NewRecord {
  readonly device: string
  readonly at: Micros
  readonly bytes: Uint8Array
}

export interface StoredRecord extends NewRecord {
  /** Counts up by one from 1 without a hole. */
  readonly seq: number
}

/** Per record: length of the bytes (u32), time (f64), length of the device's name (u8), then name and bytes. Little endian. */
const HEAD_BYTES = 13
/** An address, or a name about as long. */
const DEVICE_BYTES_MAX = 255

export function packedBytes(records: readonly NewRecord[]): number {
  let total = 0
  for (const { device, bytes } of records) total += HEAD_BYTES + Buffer.byteLength(device) + bytes.length
  return total
}

export function packRecords(records: readonly NewRecord[]): Uint8Array {
  const out = Buffer.allocUnsafe(packedBytes(records))
  let at = 0
  for (const { device, at: time, bytes } of records) {
    out.writeUInt32LE(bytes.length, at)
    out.writeDoubleLE(time, at + 4)
    const length = out.write(device, at + HEAD_BYTES)
    assert(length <= DEVICE_BYTES_MAX, 'a device has a short name')
    out[at + 12] = length
    at += HEAD_BYTES + length
    out.set(bytes, at)
    at += bytes.length
  }
  return out
}

/** Views of `packed`, numbered from `first`. */
export function unpackRecords(packed: Uint8Array, first: number): StoredRecord[] {
  const buf = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  const found = []
  for (let at = 0, seq = first; at < buf.length; seq++) {
    const length = buf.readUInt32LE(at)
    const time = buf.readDoubleLE(at + 4)
    const name = at + HEAD_BYTES
    const start = name + (buf[at + 12] ?? 0)
    found.push({ seq, device: buf.toString('utf8', name, start), at: time, bytes: packed.subarray(start, start + length) })
    at = start + length
  }
  return found
}
