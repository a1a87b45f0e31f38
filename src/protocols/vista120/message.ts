// Vista 120 messages: a block's head and which readings it carries, the central's time and its announcement, and the head of a 120S.
// Keeps the patient-data rule: a reading's name leaves, never its value; an identifier is looked for, and never read.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { asciiText, i16le, u16le, u32be, u32le, u8 } from '../../wire/bytes.ts'
import {
  ANNOUNCEMENT_MARK, AnnouncementAt, INSTITUTION_BYTES, isVistaKind, isVistaTime, NAME_BYTES, VISTA_ANNOUNCEMENT_BYTES, VISTA_BLOCK_MAX,
  VISTA_HEAD_BYTES, VISTA_IDENTIFIER, VISTA_KINDS, VISTA_LENGTH_MIN, VISTA_RECORD_SIZES, VISTA_S_HEAD_BYTES, VISTA_S_LENGTH_MAX,
  VISTA_S_LENGTH_MIN, VISTA_S_MAGIC, VISTA_S_MASK, VISTA_TIME_BYTES, VISTA_TIME_HEAD, vistaBlockRow, type VistaBlockRow, type VistaReading,
} from './codes.ts'

/** True when six bytes could head a block of any type: enough inside a stream in step. */
export function isVistaHead(buf: Uint8Array, off: number): boolean {
  const length = u16le(buf, off)
  return length >= VISTA_LENGTH_MIN && length + 2 <= VISTA_BLOCK_MAX && isVistaKind(u8(buf, off + 3))
}

/** The known block whose head these six bytes are: type and length agree. */
export function vistaBlockAt(buf: Uint8Array, off: number): VistaBlockRow | undefined {
  return vistaBlockRow(u8(buf, off + 3), u16le(buf, off + 4), u16le(buf, off))
}

/** Adds the names of readings that a block [off, end), head included, holds. */
export function addReadings(row: VistaBlockRow, buf: Uint8Array, off: number, names: Set<string>): void {
  for (const reading of row.readings) if (isPresent(reading, buf, off + VISTA_HEAD_BYTES)) names.add(reading.name)
}

/** A float above -999 and below 999: the sign, exponent and mantissa are compared as a number made without a view. */
function isPresent(reading: VistaReading, buf: Uint8Array, body: number): boolean {
  if (reading.form === 'i16') return i16le(buf, body + reading.at) >= 0
  const value = float32(u32le(buf, body + reading.at))
  return value > -999 && value < 999
}

const FLOAT_BITS = new Uint32Array(1)
const FLOAT = new Float32Array(FLOAT_BITS.buffer)

function float32(bits: number): number {
  FLOAT_BITS[0] = bits
  return FLOAT[0] as number
}

/** A message [off, end) of a size that carries a patient's identifier, and letters or digits where it stands. Inferred (codes.ts). */
export function isLikelyRecord(buf: Uint8Array, off: number, end: number): boolean {
  if (!VISTA_RECORD_SIZES.has(end - off)) return false
  for (let at = off + VISTA_IDENTIFIER.from; at < off + VISTA_IDENTIFIER.to; at++) if (isLetterOrDigit(u8(buf, at))) return true
  return false
}

function isLetterOrDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

/** How many of the first six bytes at [off, end) agree with the central's time message: 6, fewer when cut, -1 when one differs. */
export function timeHeadMatch(buf: Uint8Array, off: number, end: number): number {
  const count = Math.min(VISTA_TIME_HEAD.length, end - off)
  for (let i = 0; i < count; i++) if (u8(buf, off + i) !== VISTA_TIME_HEAD[i]) return -1
  return count
}

/** The central's time message: sixteen bytes, the last eight a time and a weekday. */
export function isVistaTimeMessage(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < VISTA_TIME_BYTES || timeHeadMatch(buf, off, end) !== VISTA_TIME_HEAD.length) return false
  return isTimeAt(buf, off + 8)
}

function isTimeAt(buf: Uint8Array, at: number): boolean {
  return isVistaTime(u16le(buf, at), u8(buf, at + 2), u8(buf, at + 3), u8(buf, at + 4), u8(buf, at + 5), u8(buf, at + 6))
}

/** What the central says of itself. */
export interface VistaAnnouncement {
  /** `CMS` as seen. */
  readonly name: string
  /** Hospital or department as configured: a place, not a person. */
  readonly institution: string
  /** TCP port that monitors connect to. */
  readonly port: number
  readonly address: Ip | null
  readonly secondAddress: Ip | null
}

/** A whole announcement, or null: length, mark and a possible time must agree, and a port be named. */
export function decodeAnnouncement(buf: Uint8Array, off: number, end: number): VistaAnnouncement | null {
  if (!isAnnouncement(buf, off, end)) return null
  const address = (at: number): Ip | null => (u32be(buf, off + at) === 0 ? null : ipFromV4(u32be(buf, off + at)))
  return {
    name: paddedText(buf, off + AnnouncementAt.name, NAME_BYTES), institution: paddedText(buf, off + AnnouncementAt.institution, INSTITUTION_BYTES),
    port: u32le(buf, off + AnnouncementAt.port),
    address: address(AnnouncementAt.address), secondAddress: address(AnnouncementAt.second4),
  }
}

export function isAnnouncement(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off !== VISTA_ANNOUNCEMENT_BYTES || u16le(buf, off) !== VISTA_ANNOUNCEMENT_BYTES) return false
  if (u16le(buf, off + AnnouncementAt.mark) !== ANNOUNCEMENT_MARK || !isTimeAt(buf, off + AnnouncementAt.year)) return false
  const port = u32le(buf, off + AnnouncementAt.port)
  return port > 0 && port <= 0xffff
}

/** Printable text up to its first NUL. */
function paddedText(buf: Uint8Array, off: number, bytes: number): string {
  let end = off
  while (end < off + bytes && u8(buf, end) !== 0) end++
  return asciiText(buf, off, end, bytes)
}

/** The head of a Vista 120S message: magic, a believable length, zeros under the mask. Needs eleven bytes. */
export function isVistaSHead(buf: Uint8Array, off: number): boolean {
  if (u8(buf, off) !== VISTA_S_MAGIC[0] || u8(buf, off + 1) !== VISTA_S_MAGIC[1]) return false
  const length = u16le(buf, off + 3)
  if (length < VISTA_S_LENGTH_MIN || length > VISTA_S_LENGTH_MAX) return false
  return u8(buf, off + 6) === VISTA_S_MASK && u8(buf, off + 7) === VISTA_S_MASK && u8(buf, off + 8) === VISTA_S_MASK
}

/** A block for tests and twins: `number` is the third byte. */
export function encodeVistaBlock(number: number, kind: number, type: number, body: Uint8Array): Uint8Array {
  const length = body.length + VISTA_LENGTH_MIN
  return Uint8Array.from([length & 255, length >> 8, number, kind, type & 255, type >> 8, ...body])
}

/** A measurement block of a known type: a flat wave, every reading as given or missing, zeros for limits. */
export function encodeMeasurement(number: number, row: VistaBlockRow, values: readonly (number | null)[]): Uint8Array {
  const body = new Uint8Array(row.length - VISTA_LENGTH_MIN)
  const view = new DataView(body.buffer)
  for (const [i, { at, form }] of row.readings.entries()) {
    if (form === 'i16') view.setInt16(at, values[i] ?? -1, true)
    else view.setFloat32(at, values[i] ?? -1000, true)
  }
  return encodeVistaBlock(number, VISTA_KINDS.measurement, row.type, body)
}

/** The central's time message for tests: `time` is year, month, day, hour, minute, second. */
export function encodeVistaTime(time: readonly [number, number, number, number, number, number]): Uint8Array {
  return Uint8Array.from([...VISTA_TIME_HEAD, 0, 0, time[0] & 255, time[0] >> 8, ...time.slice(1), 1])
}

/** An announcement for tests; addresses as numbers. */
export function encodeAnnouncement(name: string, institution: string, port: number, address: number): Uint8Array {
  const bytes = new Uint8Array(VISTA_ANNOUNCEMENT_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, VISTA_ANNOUNCEMENT_BYTES, true)
  view.setUint16(AnnouncementAt.mark, ANNOUNCEMENT_MARK, true)
  view.setUint16(AnnouncementAt.year, 2019, true)
  bytes.set([7, 9, 14, 22, 58, 2], AnnouncementAt.month)
  bytes.set(new TextEncoder().encode(name), AnnouncementAt.name)
  bytes.set(new TextEncoder().encode(institution), AnnouncementAt.institution)
  view.setUint32(AnnouncementAt.port, port, true)
  view.setUint32(AnnouncementAt.address, address)
  return bytes
}

/** The head of a 120S message and a payload of noise, for tests. */
export function encodeVistaS(sequence: number, payload: Uint8Array): Uint8Array {
  const length = VISTA_S_HEAD_BYTES + payload.length
  const head = [...VISTA_S_MAGIC, sequence, length & 255, length >> 8, VISTA_S_MASK ^ 1, VISTA_S_MASK, VISTA_S_MASK, VISTA_S_MASK,
    VISTA_S_MASK ^ (payload.length & 255), VISTA_S_MASK]
  return Uint8Array.from([...head, ...payload])
}
