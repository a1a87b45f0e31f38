// CMS8000 frame head: u16 length, the mark 0x05, the type. Building one, and judging whether bytes are one.
// Keeps the rule that a frame start is believed only with its type's own length and first bytes: port 515 is the printers' too.

import { assert } from '../../base/assert.ts'
import { u16le, u8 } from '../../wire/bytes.ts'
import { CMS_HEADER_BYTES, CMS_LENGTH_MAX, CMS_LENGTH_MIN, CMS_MARK, CmsType, PatientAt, cmsSubtypeRow, cmsTypeRow } from './codes.ts'

/** A whole frame around `body`. Too long a body is our mistake. */
export function encodeCmsFrame(type: number, body: Uint8Array): Uint8Array {
  const length = body.length + CMS_LENGTH_MIN
  assert(length <= CMS_LENGTH_MAX, `a CMS8000 body of ${body.length} bytes does not fit a frame`)
  const frame = new Uint8Array(CMS_HEADER_BYTES + body.length)
  frame[0] = length & 0xff
  frame[1] = length >> 8
  frame[2] = CMS_MARK
  frame[3] = type
  frame.set(body, CMS_HEADER_BYTES)
  return frame
}

/** True when the length and the mark could start a frame of any type: enough inside a stream in step. Needs three bytes. */
export function isCmsHead(buf: Uint8Array, off: number): boolean {
  const length = u16le(buf, off)
  return length >= CMS_LENGTH_MIN && length <= CMS_LENGTH_MAX && u8(buf, off + 2) === CMS_MARK
}

export const HEAD_NO = 0
export const HEAD_YES = -1
/** HEAD_NO, HEAD_YES, or how many bytes from `off` are needed to tell. */
export type HeadJudgement = number

interface BodyCheck {
  /** Bytes from the frame start the check reads. */
  readonly needs: number
  readonly holds: (buf: Uint8Array, off: number, length: number) => boolean
}

const FIRST_BYTES: { readonly [T in CmsType]: BodyCheck } = {
  [CmsType.hello]: { needs: 4, holds: () => true },
  [CmsType.cycleEnd]: { needs: 4, holds: () => true },
  [CmsType.patient]: { needs: 4, holds: () => true },
  [CmsType.bed]: { needs: 8, holds: isBedBody },
  [CmsType.telemetry]: { needs: 8, holds: isTelemetryBody },
  [CmsType.status]: { needs: 5, holds: () => true },
}

/** [C1] 00 00 bed FF. */
function isBedBody(buf: Uint8Array, off: number): boolean {
  return u16le(buf, off + 4) === 0 && u8(buf, off + 7) === 0xff
}

/** [C2] 00 00, then a known sub-type as u16, and a body long enough for it. */
function isTelemetryBody(buf: Uint8Array, off: number, length: number): boolean {
  const row = cmsSubtypeRow(u16le(buf, off + 6))
  return u16le(buf, off + 4) === 0 && row !== undefined && length - CMS_LENGTH_MIN >= row.bodyMin
}

/** Judges a known type by its length and first body bytes; unknown types are a no. For the probe. */
export function judgeHead(buf: Uint8Array, off: number, end: number): HeadJudgement {
  const early = judgeLengthAndMark(buf, off, end)
  if (early !== HEAD_YES) return early
  const row = cmsTypeRow(u8(buf, off + 3))
  const length = u16le(buf, off)
  if (row === undefined || length < row.lengthMin || length > row.lengthMax) return HEAD_NO
  const check = FIRST_BYTES[row.type]
  if (end - off < check.needs) return check.needs
  return check.holds(buf, off, length) ? HEAD_YES : HEAD_NO
}

function judgeLengthAndMark(buf: Uint8Array, off: number, end: number): HeadJudgement {
  const bytes = end - off
  if (bytes >= 2 && (u16le(buf, off) < CMS_LENGTH_MIN || u16le(buf, off) > CMS_LENGTH_MAX)) return HEAD_NO
  if (bytes >= 3 && u8(buf, off + 2) !== CMS_MARK) return HEAD_NO
  return bytes < CMS_HEADER_BYTES ? CMS_HEADER_BYTES : HEAD_YES
}

/**
 * As judgeHead, but for a search through bytes that may be samples: the two types whose heads are short of proof (0x3E, 0x49)
 * must also show their zero bytes or their text before they are believed.
 */
export function judgeHeadInNoise(buf: Uint8Array, off: number, end: number): HeadJudgement {
  const judgement = judgeHead(buf, off, end)
  if (judgement !== HEAD_YES) return judgement
  const type = u8(buf, off + 3)
  if (type === CmsType.patient) return judgePatientZeros(buf, off, end)
  if (type === CmsType.status) return judgeStatusText(buf, off, end)
  return HEAD_YES
}

/** [C1] Bytes 0x20..0x21 and 0x6E..0x73 of a record are zero. */
function judgePatientZeros(buf: Uint8Array, off: number, end: number): HeadJudgement {
  const body = off + CMS_HEADER_BYTES
  const needs = CMS_HEADER_BYTES + PatientAt.height
  if (end - off < needs) return needs
  if (u16le(buf, body + PatientAt.zero20) !== 0) return HEAD_NO
  for (let i = body + PatientAt.zero6e; i < body + PatientAt.height; i++) if (u8(buf, i) !== 0) return HEAD_NO
  return HEAD_YES
}

/** [C2] A code byte, then ASCII that may hold NULs, to the frame's end. */
function judgeStatusText(buf: Uint8Array, off: number, end: number): HeadJudgement {
  const needs = u16le(buf, off) + 2
  if (end - off < needs) return needs
  for (let i = off + CMS_HEADER_BYTES + 1; i < off + needs; i++) {
    const c = u8(buf, i)
    if (c !== 0 && (c < 0x20 || c > 0x7e)) return HEAD_NO
  }
  return HEAD_YES
}
