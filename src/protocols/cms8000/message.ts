// CMS8000 message: what one frame's body says, as a value; the small messages; and a check without decoding for the frame path.
// Keeps the rule that wrong bytes are a value (`unknown`, `malformed`), never a throw. The gateway and the twin enter here.

import { words } from '../../base/characters.ts'
import { Tainted } from '../../base/tainted.ts'
import { u16le, u8 } from '../../wire/bytes.ts'
import { CMS_HEADER_BYTES, CMS_LENGTH_MIN, CmsSubtype, CmsType, cmsSubtypeRow } from './codes.ts'
import { encodeCmsFrame } from './head.ts'
import { type CmsPatient, type CmsPatientField, decodePatient, filledPatientFields, isPatientBody, patientBed } from './patient.ts'
import {
  type CmsEcg, type CmsNibp, type CmsSpo2, type CmsTemperature, decodeEcg, decodeNibp, decodeSpo2, decodeTemperature,
} from './telemetry.ts'

export { encodeCmsFrame } from './head.ts'
export { type CmsPatient, encodePatient } from './patient.ts'
export {
  type CmsEcg, type CmsNibp, type CmsSpo2, type CmsTemperature, type CmsTime, encodeEcg, encodeNibp, encodeSpo2, encodeTemperature,
} from './telemetry.ts'
export type { CmsDate, CmsLimits } from './value.ts'

/** One message. Patient text and vital values are inside Tainted; `length` is the frame's L. */
export type CmsMessage =
  | { readonly kind: 'hello' }
  | { readonly kind: 'bed'; readonly bed: number }
  | {
    readonly kind: 'patient'
    readonly length: number
    readonly bed: number
    readonly filled: readonly CmsPatientField[]
    readonly record: Tainted<CmsPatient>
  }
  | { readonly kind: 'ecg'; readonly block: Tainted<CmsEcg> }
  | { readonly kind: 'spo2'; readonly block: Tainted<CmsSpo2> }
  | { readonly kind: 'nibp'; readonly block: Tainted<CmsNibp> }
  | { readonly kind: 'temperature'; readonly block: Tainted<CmsTemperature> }
  | { readonly kind: 'cycle-end' }
  | { readonly kind: 'status'; readonly code: number; readonly text: Tainted<string> }
  | { readonly kind: 'unknown'; readonly type: number; readonly subtype: number }
  | { readonly kind: 'malformed'; readonly type: number; readonly subtype: number }

export type CmsClass = 'known' | 'unknown' | 'malformed'

/** Sub-type of a 0x46 body, -1 for another type or a body too short to tell. */
export function cmsSubtype(type: number, buf: Uint8Array, off: number, end: number): number {
  return type === CmsType.telemetry && end - off >= 4 ? u16le(buf, off + 2) : -1
}

/** Judges a body by its length only; the body is [off, end), without the four header bytes. Allocates nothing. */
export function classifyCms(type: number, buf: Uint8Array, off: number, end: number): CmsClass {
  switch (type) {
    case CmsType.hello:
    case CmsType.cycleEnd:
      return 'known'
    case CmsType.patient:
      return isPatientBody(off, end) ? 'known' : 'malformed'
    case CmsType.bed:
      return end - off >= 4 ? 'known' : 'malformed'
    case CmsType.status:
      return end - off >= 1 ? 'known' : 'malformed'
    case CmsType.telemetry:
      return classifyTelemetry(buf, off, end)
    default:
      return 'unknown'
  }
}

function classifyTelemetry(buf: Uint8Array, off: number, end: number): CmsClass {
  if (end - off < 4) return 'malformed'
  const row = cmsSubtypeRow(u16le(buf, off + 2))
  if (row === undefined) return 'unknown'
  return end - off >= row.bodyMin ? 'known' : 'malformed'
}

/** Bed number of a 0x45 body that classifyCms called known. */
export function bedNumber(buf: Uint8Array, off: number): number {
  return u8(buf, off + 2)
}

/** Decodes one body [off, end). Copies what it keeps; for the gateway and for tests, not for the sensor's frame path. */
export function decodeCms(type: number, buf: Uint8Array, off: number, end: number): CmsMessage {
  const subtype = cmsSubtype(type, buf, off, end)
  const kind = classifyCms(type, buf, off, end)
  if (kind !== 'known') return { kind, type, subtype }
  switch (type) {
    case CmsType.hello:
      return { kind: 'hello' }
    case CmsType.cycleEnd:
      return { kind: 'cycle-end' }
    case CmsType.bed:
      return { kind: 'bed', bed: bedNumber(buf, off) }
    case CmsType.patient:
      return decodePatientMessage(buf, off, end)
    case CmsType.status:
      return { kind: 'status', code: u8(buf, off), text: new Tainted(readStatusText(buf, off + 1, end)) }
    default:
      return decodeTelemetry(subtype, buf, off)
  }
}

function decodePatientMessage(buf: Uint8Array, off: number, end: number): CmsMessage {
  return {
    kind: 'patient',
    length: end - off + CMS_LENGTH_MIN,
    bed: patientBed(buf, off),
    filled: filledPatientFields(buf, off),
    record: decodePatient(buf, off),
  }
}

function decodeTelemetry(subtype: number, buf: Uint8Array, off: number): CmsMessage {
  switch (subtype) {
    case CmsSubtype.ecg:
      return { kind: 'ecg', block: decodeEcg(buf, off) }
    case CmsSubtype.spo2:
      return { kind: 'spo2', block: decodeSpo2(buf, off) }
    case CmsSubtype.nibp:
      return { kind: 'nibp', block: decodeNibp(buf, off) }
    default:
      return { kind: 'temperature', block: decodeTemperature(buf, off) }
  }
}

/** Text runs to the frame's end and may hold NULs [C2]; they become spaces, runs of blanks one blank. */
function readStatusText(buf: Uint8Array, off: number, end: number): string {
  return words(new TextDecoder('utf-8').decode(buf.subarray(off, end)).replaceAll('\0', ' ')).join(' ')
}

/** `02 00 05 43`. */
export function encodeHello(): Uint8Array {
  return encodeCmsFrame(CmsType.hello, new Uint8Array(0))
}

/** `06 00 05 45 00 00 bed FF`; bed is a u8. */
export function encodeBed(bed: number): Uint8Array {
  return encodeCmsFrame(CmsType.bed, Uint8Array.of(0, 0, bed, 0xff))
}

/** `02 00 05 47`. */
export function encodeCycleEnd(): Uint8Array {
  return encodeCmsFrame(CmsType.cycleEnd, new Uint8Array(0))
}

/** Code (u8) and text (UTF-8, no length, no terminator). */
export function encodeStatus(code: number, text: string): Uint8Array {
  return encodeCmsFrame(CmsType.status, Uint8Array.of(code, ...new TextEncoder().encode(text)))
}

/** Decodes a whole frame [off, end) as an encoder wrote it: header first. For the twin's and the gateway's tests. */
export function decodeCmsFrame(buf: Uint8Array, off: number, end: number): CmsMessage {
  return decodeCms(u8(buf, off + 3), buf, off + CMS_HEADER_BYTES, end)
}
