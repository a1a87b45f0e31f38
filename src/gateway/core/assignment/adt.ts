// Adt: an ADT message of the hospital as one movement of one patient: who, from where to where, when.
// Keeps the rule that what a message does not say is not guessed: no identifier, no place or no known event is a reason, not a default.

import { err, ok, type Result } from '../../../base/result.ts'
import { Tainted } from '../../../base/tainted.ts'
import type { Micros } from '../../../base/time.ts'
import { hl7Time, type Hl7SegmentText, type Hl7Text } from '../intake/hl7-text.ts'

/** Trigger events read (HL7 v2 chapter 3), and what each does to the place of a patient. */
export const ADT_EVENTS = {
  A01: 'admit',
  A02: 'transfer',
  A03: 'discharge',
  A08: 'update',
  A11: 'cancel-admit',
  A12: 'cancel-transfer',
  A13: 'cancel-discharge',
} as const
export type AdtTrigger = keyof typeof ADT_EVENTS
export type Movement = (typeof ADT_EVENTS)[AdtTrigger]

/** Place of a bed as the hospital writes it: unit^room^bed, upper case, without facility. */
export type Bed = string

/** A patient as the hospital names them: number with its assigning authority. The name is for the screen only. */
export interface PatientRef {
  /** `10006`, `AB60001&A`: identity for comparing; patient data, so it stays inside the gateway and its outputs. */
  readonly key: string
  readonly number: string
  readonly authority: string
  readonly name: Tainted<{ readonly family: string; readonly given: string }>
}

export interface AdtEvent {
  readonly movement: Movement
  readonly patient: PatientRef
  /** PV1-3; '' when absent. */
  readonly bed: Bed
  /** PV1-6, where the patient came from. */
  readonly priorBed: Bed
  /** When it happened: EVN-6, else EVN-2, else MSH-7; null when none can be read. */
  readonly at: Micros | null
  readonly controlId: string
}

/** A type is three short words (`ADT^A01^ADT_A01`); what a peer writes in its place is not passed on at length. */
const TYPE_CHARS_MAX = 24

function shownType(type: string): string {
  return type.slice(0, TYPE_CHARS_MAX).replaceAll(/[^A-Z0-9^]/g, '?')
}

export function readAdt(message: Hl7Text): Result<AdtEvent> {
  const trigger = message.type.split('^')[1] ?? ''
  if (!message.type.startsWith('ADT^')) return err(`not an ADT message: ${shownType(message.type)}`)
  if (!isTrigger(trigger)) return err(`${shownType(`ADT^${trigger}`)} moves nobody that the gateway follows`)
  const segment = (name: string): Hl7SegmentText | undefined => message.segments.find((s) => s.name === name)
  const patient = readPatient(segment('PID'))
  if (patient === null) return err('PID-3 holds no patient number')
  const visit = segment('PV1')
  const event = segment('EVN')
  const time = hl7Time(event?.text(6) ?? '') ?? hl7Time(event?.text(2) ?? '') ?? hl7Time(message.header.text(7))
  return ok({
    movement: ADT_EVENTS[trigger], patient, bed: bedOf(visit, 3), priorBed: bedOf(visit, 6), at: time?.at ?? null, controlId: message.controlId,
  })
}

/** A bed swap (A17): two groups of PID and PV1. Null for every other message. Who lies where now is left to a hand; that they moved is not. */
export function readSwap(message: Hl7Text): { readonly patients: readonly PatientRef[]; readonly beds: readonly Bed[] } | null {
  if (message.type !== 'ADT^A17') return null
  const named = (name: string): Hl7SegmentText[] => message.segments.filter((segment) => segment.name === name)
  const beds = named('PV1').flatMap((visit) => [bedOf(visit, 3), bedOf(visit, 6)])
  return { patients: named('PID').flatMap((segment) => readPatient(segment) ?? []), beds: [...new Set(beds)].filter((bed) => bed !== '') }
}

function isTrigger(trigger: string): trigger is AdtTrigger {
  return Object.hasOwn(ADT_EVENTS, trigger)
}

/** The first repetition of PID-3 with a number. Authority: PID-3.4, else the type code PID-3.5. */
function readPatient(segment: Hl7SegmentText | undefined): PatientRef | null {
  if (segment === undefined) return null
  for (let i = 1; i <= segment.repetitions(3).length + 1; i++) {
    const number = segment.text(3, 1, i)
    if (number === '') continue
    return patientRef(number, segment.text(3, 4, i) || segment.text(3, 5, i), segment.text(5, 1), segment.text(5, 2))
  }
  return null
}

export function patientRef(number: string, authority = '', family = '', given = ''): PatientRef {
  return { key: authority === '' ? number : `${number}&${authority}`, number, authority, name: new Tainted({ family, given }) }
}

/** PL.1 to PL.3: point of care, room, bed. A place without a bed is no bed. */
function bedOf(segment: Hl7SegmentText | undefined, field: number): Bed {
  if (segment === undefined) return ''
  const [unit, room, bed] = [1, 2, 3].map((component) => segment.text(field, component).toUpperCase())
  return bed === undefined || bed === '' ? '' : bedName(unit ?? '', room ?? '', bed)
}

export function bedName(unit: string, room: string, bed: string): Bed {
  return [unit, room, bed].join('^').toUpperCase()
}
