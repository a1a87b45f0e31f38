// HL7 segments: what is asked of each field of a segment, by the three letters of its name; made once from the tables and looked up by number.
// Keeps the patient-data rule: a field that neither COLLECTED nor HL7_PATIENT_SEGMENTS names is asked nothing. What is remembered is bounded.

import { assert } from '../../base/assert.ts'
import {
  HL7_ENCODING_FIELD, HL7_MESSAGE_HEADER, HL7_PATIENT_SEGMENTS, HL7_UNKNOWN_SEGMENT, countedName, isPatientField, patientSegmentRow, type PatientSegmentRow,
} from './codes.ts'
import { COLLECTED, HEADER_FIELDS, type Collected } from './fields.ts'
import { fieldName, segmentLetters, segmentName } from './names.ts'

/** What is asked of a field. No field is asked two things. */
export const Ask = {
  nothing: 0, encoding: 1, content: 2, headerText: 3, deviceText: 4, controlId: 5, answeredId: 6, codingSystem: 7, hierarchy: 8,
} as const

/** Fields told apart by number; the last stands for all beyond, which differ in no table. */
const FIELDS = 64
const NOTHING_BEYOND = -1

/** How one field is read. */
export interface FieldAsk {
  readonly what: number
  /** Of a header text, its place in HEADER_FIELDS. */
  readonly slot: number
  readonly collected: Collected | null
  /** Of a patient field, the components that count as content; null: all. */
  readonly components: readonly number[] | null
}

/** What is asked of one segment. */
export interface SegmentPlan {
  readonly letters: number
  /** What the segment is counted under: its letters, or 0 for a name that no version knows. */
  readonly counted: number
  readonly asksAny: boolean
  /** By field number: one of Ask. */
  readonly whats: Uint8Array
  readonly asks: readonly FieldAsk[]
  /** Number of the last field that is asked something. */
  readonly last: number
  /** Place of the segment in HL7_PATIENT_SEGMENTS. */
  readonly row: number
}

const GLANCES = {
  'control-id': Ask.controlId, 'answered-id': Ask.answeredId, 'coding-system': Ask.codingSystem, hierarchy: Ask.hierarchy,
} as const
const ASK_NOTHING: FieldAsk = { what: Ask.nothing, slot: 0, collected: null, components: null }
const NOTHING: Omit<SegmentPlan, 'letters' | 'counted'> = {
  asksAny: false, whats: new Uint8Array(FIELDS), asks: [], last: NOTHING_BEYOND, row: 0,
}

/** Names of segments remembered; others than these are looked up in the tables anew. */
const PLANS_MAX = 1024
const plans = new Map<number, SegmentPlan>()

export const HEADER_LETTERS = segmentLetters(HL7_MESSAGE_HEADER)
export const ANSWER_LETTERS = segmentLetters('MSA')
const LOCAL_FIRST_LETTER = 0x5a

/** Z segments: what they are called is the sender's own. */
export const isLocal = (letters: number): boolean => letters >>> 16 === LOCAL_FIRST_LETTER

/** What stands in a number for a counted name of `SegmentPlan`. */
export function countedText(counted: number): string {
  return counted === 0 ? HL7_UNKNOWN_SEGMENT : segmentName(counted)
}

/** The header that opens a message. */
export const HEADER_PLAN: SegmentPlan = makePlan(HEADER_LETTERS, COLLECTED.get(HL7_MESSAGE_HEADER), undefined)

/** Any other segment; a header further down a message teaches nothing. */
export function segmentPlan(letters: number): SegmentPlan {
  const known = plans.get(letters)
  if (known !== undefined) return known
  const name = segmentName(letters)
  const plan = makePlan(letters, letters === HEADER_LETTERS ? undefined : COLLECTED.get(name), patientSegmentRow(name))
  if (plans.size < PLANS_MAX) plans.set(letters, plan)
  return plan
}

function makePlan(letters: number, collects: ReadonlyMap<number, Collected> | undefined, row: PatientSegmentRow | undefined): SegmentPlan {
  const counted = countedName(segmentName(letters)) === HL7_UNKNOWN_SEGMENT ? 0 : letters
  if (collects === undefined && row === undefined) return { ...NOTHING, letters, counted }
  const isHeader = row === undefined && letters === HEADER_LETTERS
  const asks = Array.from({ length: FIELDS }, (_, field) => (isHeader && field === HL7_ENCODING_FIELD
    ? { ...ASK_NOTHING, what: Ask.encoding }
    : askOf(collects?.get(field), row, field)))
  const whats = Uint8Array.from(asks, ({ what }) => what)
  const last = whats[FIELDS - 1] === Ask.nothing ? whats.findLastIndex((what) => what !== Ask.nothing) : Number.MAX_SAFE_INTEGER
  return { letters, counted, asksAny: true, whats, asks, last, row: row === undefined ? 0 : HL7_PATIENT_SEGMENTS.indexOf(row) }
}

function askOf(collected: Collected | undefined, row: PatientSegmentRow | undefined, field: number): FieldAsk {
  const isWatched = row !== undefined && isPatientField(row, field)
  assert(!(isWatched && collected !== undefined), `field ${field} of ${row?.segment ?? ''} is asked for its text and for its content`)
  if (isWatched) return { ...ASK_NOTHING, what: Ask.content, components: row.components?.[field] ?? null }
  if (collected === undefined) return ASK_NOTHING
  const slot = collected.header === undefined ? 0 : HEADER_FIELDS.indexOf(collected.header)
  return { ...ASK_NOTHING, what: whatOf(collected), slot, collected }
}

function whatOf({ header, device, glance }: Collected): number {
  if (glance !== undefined) return GLANCES[glance]
  assert((header === undefined) !== (device === undefined), 'a collected field is of a header or of a device')
  return header === undefined ? Ask.deviceText : Ask.headerText
}

/** Place in the tables of a field of any number. */
export function tableField(field: number): number {
  return field < FIELDS ? field : FIELDS - 1
}

/** A patient field as one small number, for a segment of HL7_PATIENT_SEGMENTS; a message of 1 MiB has no field above 2^20. */
export function fieldKey(row: number, field: number): number {
  return field * HL7_PATIENT_SEGMENTS.length + row
}

/** As `PID-3`. */
export function fieldText(key: number): string {
  const row = HL7_PATIENT_SEGMENTS[key % HL7_PATIENT_SEGMENTS.length] as PatientSegmentRow
  return fieldName(row.segment, Math.floor(key / HL7_PATIENT_SEGMENTS.length))
}
