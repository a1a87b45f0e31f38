// CMS8000 0x3E: the patient and admission record, in clear on the wire. Value, decode, encode, and which fields are filled.
// Keeps the rule that patient text leaves only inside Tainted; a fact carries names of fields, never what they hold.

import { Tainted } from '../../base/tainted.ts'
import { u16le, u8 } from '../../wire/bytes.ts'
import { CmsType, PATIENT_DATE_BYTES, PATIENT_TEXT_BYTES, PatientAt } from './codes.ts'
import { encodeCmsFrame } from './head.ts'
import { type CmsDate, holdsBytes, readDate, readText, writeDate, writeText, writeU16 } from './value.ts'

/** One record as plain values, for an encoder or for the gateway. Missing texts are '', missing numbers null. */
export interface CmsPatient {
  readonly department: string
  /** u8; 0 when no bed is set [I]. */
  readonly bed: number
  readonly name: string
  readonly number: string
  readonly admission: CmsDate | null
  /** 0.1 cm on the wire. */
  readonly heightMm: number | null
  /** 0.1 kg on the wire: a multiple of 100. */
  readonly weightG: number | null
  readonly birth: CmsDate | null
  /** Code without a published table; null when 0. */
  readonly bloodType: number | null
  readonly doctor: string
}

/** Names a fact may use, in the order facts.ts gives them. */
export const CMS_PATIENT_FIELDS = [
  'department', 'name', 'number', 'admission', 'birth', 'doctor', 'height', 'weight', 'bloodType',
] as const
export type CmsPatientField = (typeof CMS_PATIENT_FIELDS)[number]

const SPACE = [0x20]
/** Space, `-`, `/` and `0`: what an empty date is made of. */
const DATE_BLANKS = [0x20, 0x2d, 0x2f, 0x30]
const UNSET_U16 = 0xffff
const UNSET_U8 = 0xff

type FilledTest = (buf: Uint8Array, body: number) => boolean
const textAt = (at: number): FilledTest => (buf, body) => holdsBytes(buf, body + at, body + at + PATIENT_TEXT_BYTES, SPACE)
const dateAt = (at: number): FilledTest => (buf, body) => holdsBytes(buf, body + at, body + at + PATIENT_DATE_BYTES, DATE_BLANKS)
const u16At = (at: number): FilledTest => (buf, body) => u16le(buf, body + at) !== 0 && u16le(buf, body + at) !== UNSET_U16

const FILLED: { readonly [F in CmsPatientField]: FilledTest } = {
  department: textAt(PatientAt.department),
  name: textAt(PatientAt.name),
  number: textAt(PatientAt.number),
  admission: dateAt(PatientAt.admission),
  birth: dateAt(PatientAt.birth),
  doctor: textAt(PatientAt.doctor),
  height: u16At(PatientAt.height),
  weight: u16At(PatientAt.weight),
  bloodType: (buf, body) => u8(buf, body + PatientAt.bloodType) !== 0 && u8(buf, body + PatientAt.bloodType) !== UNSET_U8,
}

/** True when [off, end) is long enough to be read as a record. */
export function isPatientBody(off: number, end: number): boolean {
  return end - off >= PatientAt.end
}

/** Names of the fields that hold something; a text counts even behind its first NUL, since it still is on the wire. Checks no length. */
export function filledPatientFields(buf: Uint8Array, off: number): CmsPatientField[] {
  return CMS_PATIENT_FIELDS.filter((field) => FILLED[field](buf, off))
}

/** Bed byte of a record; 0 when unset. Checks no length. */
export function patientBed(buf: Uint8Array, off: number): number {
  return u8(buf, off + PatientAt.bed)
}

/** Reads a record of at least 0xAD body bytes (isPatientBody); what follows is padding and is ignored. */
export function decodePatient(buf: Uint8Array, off: number): Tainted<CmsPatient> {
  const text = (at: number): string => readText(buf, off + at, off + at + PATIENT_TEXT_BYTES)
  const number = (at: number, scale: number): number | null => (u16At(at)(buf, off) ? u16le(buf, off + at) * scale : null)
  return new Tainted({
    department: text(PatientAt.department),
    bed: patientBed(buf, off),
    name: text(PatientAt.name),
    number: text(PatientAt.number),
    admission: readDate(buf, off + PatientAt.admission),
    heightMm: number(PatientAt.height, 1),
    weightG: number(PatientAt.weight, 100),
    birth: readDate(buf, off + PatientAt.birth),
    bloodType: FILLED.bloodType(buf, off) ? u8(buf, off + PatientAt.bloodType) : null,
    doctor: text(PatientAt.doctor),
  })
}

/** A whole 0x3E frame. Texts are cut to 31 bytes of UTF-8; `paddingBytes` of zero follow, as a real record has some. */
export function encodePatient(record: CmsPatient, paddingBytes = 0): Uint8Array {
  const body = new Uint8Array(PatientAt.end + paddingBytes)
  writeText(body, PatientAt.department, PATIENT_TEXT_BYTES, record.department)
  body[PatientAt.bed] = record.bed
  writeText(body, PatientAt.name, PATIENT_TEXT_BYTES, record.name)
  writeText(body, PatientAt.number, PATIENT_TEXT_BYTES, record.number)
  writeDate(body, PatientAt.admission, record.admission)
  writeU16(body, PatientAt.height, record.heightMm ?? 0)
  writeU16(body, PatientAt.weight, Math.round((record.weightG ?? 0) / 100))
  writeDate(body, PatientAt.birth, record.birth)
  body[PatientAt.bloodType] = record.bloodType ?? 0
  writeText(body, PatientAt.doctor, PATIENT_TEXT_BYTES, record.doctor)
  return encodeCmsFrame(CmsType.patient, body)
}
