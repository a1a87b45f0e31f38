// DICOM probe: whether bytes begin a PDU that nothing else looks like, at a flow's start or, after a loss, anywhere.
// Keeps the rule that the probe is cheap: the second byte of every PDU is zero, and most flows are refused by their first two.

import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import {
  DICOM_ASSOCIATE_FIXED_BYTES, DICOM_ASSOCIATE_LENGTH_MAX, DICOM_HEAD_BYTES, DICOM_PDU_BYTES_MAX, DICOM_SHORT_BODY_BYTES, DicomFragment, DicomPdu,
} from './codes.ts'

/** Head, version, reserved and two titles: the longest look the probe takes. */
export const DICOM_PROBE_BYTES_MAX = DICOM_HEAD_BYTES + 4 + 32

/** Context and control count in a data value's length (PS3.8 table 9-23). */
const VALUE_BYTES_MIN = 2

/**
 * `yes` for A-ASSOCIATE-RQ and -AC with printable titles, for -RJ with listed numbers, and for P-DATA-TF whose first value fits it and
 * fills it, or begins a command set. A-RELEASE and A-ABORT alone are too plain to be believed.
 */
export function probeDicom(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (off >= end) return 'more'
  const type = u8(buf, off)
  if (type < DicomPdu.associateRequest || type > DicomPdu.data) return 'no'
  if (end - off < 2) return 'more'
  if (u8(buf, off + 1) !== 0) return 'no'
  if (end - off < DICOM_HEAD_BYTES) return probeLength(buf, off, end)
  const length = u32be(buf, off + 2)
  const body = off + DICOM_HEAD_BYTES
  if (type === DicomPdu.data) return probeData(buf, body, end, length)
  return type === DicomPdu.associateReject ? probeReject(buf, body, end, length) : probeAssociate(buf, body, end, length)
}

/** Lengths are below 128 MiB: their first byte says so early. */
function probeLength(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  return end - off > 2 && u8(buf, off + 2) > DICOM_PDU_BYTES_MAX >>> 24 ? 'no' : 'more'
}

function probeAssociate(buf: Uint8Array, body: number, end: number, length: number): ProbeAnswer {
  if (length < DICOM_ASSOCIATE_FIXED_BYTES || length > DICOM_ASSOCIATE_LENGTH_MAX) return 'no'
  // Bit 0 of the version stands for version 1 (PS3.8 table 9-11).
  if (end - body < 2) return 'more'
  if ((u16be(buf, body) & 1) === 0) return 'no'
  if (end - body < 4) return 'more'
  if (u16be(buf, body + 2) !== 0) return 'no'
  const stop = Math.min(end, body + 36)
  for (let i = body + 4; i < stop; i++) if (!isTitleByte(u8(buf, i))) return 'no'
  if (stop < body + 36) return 'more'
  return isBlankTitle(buf, body + 4) && isBlankTitle(buf, body + 20) ? 'no' : 'yes'
}

/** Printable, or the NUL some senders pad with. */
function isTitleByte(c: number): boolean {
  return c === 0 || (c >= 0x20 && c < 0x7f)
}

function isBlankTitle(buf: Uint8Array, off: number): boolean {
  for (let i = off; i < off + 16; i++) if (u8(buf, i) > 0x20) return false
  return true
}

/** Result 1 or 2, source 1 to 3, a reason of PS3.8 table 9-21. */
function probeReject(buf: Uint8Array, body: number, end: number, length: number): ProbeAnswer {
  if (length !== DICOM_SHORT_BODY_BYTES) return 'no'
  if (end - body < DICOM_SHORT_BODY_BYTES) return 'more'
  const [result, source, reason] = [u8(buf, body + 1), u8(buf, body + 2), u8(buf, body + 3)]
  const isListed = (result === 1 || result === 2) && source >= 1 && source <= 3 && reason >= 1 && reason <= 7
  return u8(buf, body) === 0 && isListed ? 'yes' : 'no'
}

/** The group length element that begins every command set: (0000,0000), four bytes (PS3.7 section 6.3.1). */
const COMMAND_START: readonly number[] = [0, 0, 0, 0, 4, 0, 0, 0]

function probeData(buf: Uint8Array, body: number, end: number, length: number): ProbeAnswer {
  if (length < 4 + VALUE_BYTES_MIN || length > DICOM_PDU_BYTES_MAX) return 'no'
  if (end - body < 4) return 'more'
  const value = u32be(buf, body)
  if (value <= VALUE_BYTES_MIN || value > length - 4) return 'no'
  if (end - body < 6) return 'more'
  const control = u8(buf, body + 5)
  if ((u8(buf, body + 4) & 1) === 0 || control > DicomFragment.bitsMax) return 'no'
  if ((control & DicomFragment.command) === 0) return value === length - 4 ? 'yes' : 'no'
  if (value < VALUE_BYTES_MIN + COMMAND_START.length) return 'no'
  const have = Math.min(COMMAND_START.length, end - body - 6)
  for (let i = 0; i < have; i++) if (u8(buf, body + 6 + i) !== COMMAND_START[i]) return 'no'
  return have < COMMAND_START.length ? 'more' : 'yes'
}
