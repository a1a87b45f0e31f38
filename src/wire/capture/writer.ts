// Writing classic pcap, little endian, microseconds: for the twin, for evidence slices and for tests.
// Keeps the rule that bytes go into the caller's buffer; a time or length that does not fit is our bug (draft-ietf-opsawg-pcap).

import { assert } from '../../base/assert.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { CAPTURED_BYTES_MAX } from './parser.ts'

/** Bytes of the file header and of each record header. */
export const PCAP_FILE_HEADER_BYTES = 24
export const PCAP_RECORD_HEADER_BYTES = 16

const MAGIC_MICROSECONDS = 0xa1b2c3d4
const VERSION_MAJOR = 2
const VERSION_MINOR = 4
const U32_MAX = 0xffffffff

function put16(out: Uint8Array, off: number, value: number): void {
  out[off] = value & 0xff
  out[off + 1] = (value >>> 8) & 0xff
}

function put32(out: Uint8Array, off: number, value: number): void {
  put16(out, off, value & 0xffff)
  put16(out, off + 2, value >>> 16)
}

/** Writes the file header at `off`; returns the offset after it. `linkType` is a LINKTYPE_ value. */
export function putPcapFileHeader(out: Uint8Array, off: number, linkType: number): number {
  assert(out.length - off >= PCAP_FILE_HEADER_BYTES, 'no room for a pcap file header')
  put32(out, off, MAGIC_MICROSECONDS)
  put16(out, off + 4, VERSION_MAJOR)
  put16(out, off + 6, VERSION_MINOR)
  put32(out, off + 8, 0)
  put32(out, off + 12, 0)
  put32(out, off + 16, CAPTURED_BYTES_MAX)
  put32(out, off + 20, linkType)
  return off + PCAP_FILE_HEADER_BYTES
}

/** The file header as fresh bytes, for a writer that begins a file. */
export function pcapFileHeader(linkType: number): Uint8Array {
  const out = new Uint8Array(PCAP_FILE_HEADER_BYTES)
  putPcapFileHeader(out, 0, linkType)
  return out
}

/** Writes a record header at `off`, for `captured` packet bytes; returns the offset where they go. `at` lies between 1970 and 2106. */
export function putPcapRecordHeader(out: Uint8Array, off: number, at: Micros, captured: number, wireLength: number): number {
  const seconds = Math.floor(at / MICROS_PER_SECOND)
  assert(out.length - off >= PCAP_RECORD_HEADER_BYTES, 'no room for a pcap record header')
  assert(Number.isInteger(at) && seconds >= 0 && seconds <= U32_MAX, 'a pcap time is whole microseconds in 32 bits of seconds')
  assert(captured <= CAPTURED_BYTES_MAX && captured <= wireLength && wireLength <= U32_MAX, 'pcap lengths out of range')
  put32(out, off, seconds)
  put32(out, off + 4, at - seconds * MICROS_PER_SECOND)
  put32(out, off + 8, captured)
  put32(out, off + 12, wireLength)
  return off + PCAP_RECORD_HEADER_BYTES
}

/** Writes a whole record: header, then packet[packetOff, packetEnd). Returns the offset after it. */
export function putPcapRecord(
  out: Uint8Array, off: number, at: Micros, wireLength: number, packet: Uint8Array, packetOff: number, packetEnd: number,
): number {
  const captured = packetEnd - packetOff
  const start = putPcapRecordHeader(out, off, at, captured, wireLength)
  assert(out.length - start >= captured, 'no room for the packet of a pcap record')
  out.set(packet.subarray(packetOff, packetEnd), start)
  return start + captured
}
