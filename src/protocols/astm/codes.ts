// ASTM numbers and names: the control bytes of E1381 (LIS01-A2), the record types of E1394 (LIS2-A2), and the bounds of the reader.
// Keeps the rule that what may be said of a patient is a field's number.

/** Control characters of the low level (E1381 section 6.3). */
export const AstmByte = { stx: 0x02, etx: 0x03, eot: 0x04, enq: 0x05, ack: 0x06, lf: 0x0a, cr: 0x0d, nak: 0x15, etb: 0x17 } as const

/**
 * Longest text of a frame: E1381 allows 240 characters, LIS01-A2 64,000; beyond it no frame is followed. Nothing of it is stored.
 */
export const ASTM_FRAME_BYTES_MAX = 64_000
/** Sender and receiver as they leave: a name, a version and a serial number. */
export const ASTM_TEXT_MAX = 64
/** Highest field of a patient record (LIS2-A2 section 8.1 ends with 35). */
export const ASTM_PATIENT_FIELD_MAX = 35
/** Different headers told per flow: an analyser has one, a concentrator one per analyser. */
export const ASTM_HEADERS_MAX = 16
/** Faults told per flow. */
export const ASTM_FAULTS_MAX = 32

/** Fields of the header record whose text is kept, and the one whose presence is told (LIS2-A2 section 7.1). */
export const AstmHeaderField = { password: 4, sender: 5, receiver: 10, processing: 12, version: 13 } as const

/** Record types (LIS2-A2 section 6). */
const RECORD_NAMES: ReadonlyMap<number, string> = new Map([
  [0x48, 'header'], [0x50, 'patient'], [0x4f, 'order'], [0x52, 'result'], [0x43, 'comment'], [0x51, 'query'], [0x53, 'scientific'],
  [0x4d, 'manufacturer'], [0x4c, 'terminator'],
])
export const ASTM_HEADER = 0x48
export const ASTM_PATIENT = 0x50
/** A letter that is no record type: the letter itself stays inside. */
export const ASTM_UNKNOWN_RECORD = 'unknown'

export function recordName(letter: number): string {
  return RECORD_NAMES.get(letter) ?? ASTM_UNKNOWN_RECORD
}

export function isRecordLetter(letter: number): boolean {
  return RECORD_NAMES.has(letter)
}

/** Why bytes are wrong: the fixed words of the fact. A wrong checksum is counted, not told one by one: that is what NAK is for. */
export type AstmFault =
  /** No digit from 0 to 7 behind STX. */
  | 'frame-number'
  /** A frame that a control character ended before its ETX or ETB. */
  | 'no-frame-end'
  /** No two hexadecimal digits where the checksum stands. */
  | 'no-checksum'
  /** A frame, or an unframed record, above ASTM_FRAME_BYTES_MAX. */
  | 'too-long'
  /** Bytes between frames that are none of the control characters; once per stretch. */
  | 'out-of-frame'
  /** A loss inside a frame. */
  | 'lost-bytes'

/** A separator: printable, no letter, digit or blank. */
export function isDelimiter(c: number): boolean {
  const isAlphanumeric = (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
  return c > 0x20 && c < 0x7f && !isAlphanumeric
}

/** Value of a hexadecimal digit, -1 for anything else. The standard wants capitals; small letters are met. */
export function hexValue(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30
  const upper = c & 0xdf
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1
}
