// messages: what the two processes say to each other as frames and back. Towards the segment by V8's own code, for the parent is believed;
// Keeps two rules: from the segment comes JSON that is checked field by field, and a patient's name is sealed again as soon as it is read.

import v8 from 'node:v8'
import { err, ok, type Result } from '../../base/result.ts'
import { Tainted } from '../../base/tainted.ts'
import type { PatientRef } from '../core/assignment/adt.ts'
import type { Assignment } from '../core/assignment/ledger.ts'
import { RECORD_BYTES_MAX } from '../core/record.ts'
import { RELEASE_BYTES_MAX } from '../core/update/tree.ts'
import type { FromSegment, StandingView, ToSegment } from '../channel.ts'
import { FrameKind } from './frames.ts'
import { isMessage } from './shape.ts'

/** From the segment: one record, or one slice of beds. */
export const FROM_SEGMENT_BYTES_MAX = 4 * RECORD_BYTES_MAX
/** Towards it: two whole releases and their names. The same release for many devices goes once. */
export const TO_SEGMENT_BYTES_MAX = 2 * RELEASE_BYTES_MAX + RECORD_BYTES_MAX

type Name = ReturnType<PatientRef['name']['reveal']>
type OpenPatient = Omit<PatientRef, 'name'> & { readonly name: Name }

const openPatient = (patient: PatientRef): OpenPatient => ({ ...patient, name: patient.name.reveal() })
const sealPatient = (patient: OpenPatient): PatientRef => ({ ...patient, name: new Tainted(patient.name) })

function openAssignment(assignment: Assignment): unknown {
  return assignment.state === 'assigned' ? { ...assignment, patient: openPatient(assignment.patient) } : assignment
}

/** Of what `isMessage` found good. */
function sealAssignment(assignment: Assignment): Assignment {
  return assignment.state === 'assigned' ? { ...assignment, patient: sealPatient(assignment.patient as unknown as OpenPatient) } : assignment
}

/** Everything but readings, which are bytes already. */
export type ControlMessage = Exclude<FromSegment, { kind: 'readings' }>

export function encodeControl(message: ControlMessage): Uint8Array {
  return Buffer.from(JSON.stringify(opened(message)))
}

function opened(message: ControlMessage): unknown {
  if (message.kind === 'beds') return { ...message, views: message.views.map((v) => ({ ...v, assignment: openAssignment(v.assignment) })) }
  if (message.kind === 'note' && message.command.kind === 'assignment') {
    return { kind: 'note', command: { ...message.command, assignment: openAssignment(message.command.assignment) } }
  }
  return message
}

/** What came from the segment; the reason never quotes it. */
export function decodeFromSegment(kind: number, bytes: Uint8Array): Result<FromSegment> {
  if (kind === FrameKind.readings) return ok({ kind: 'readings', record: bytes })
  if (kind !== FrameKind.control) return err(`a frame of kind ${kind}`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return err(`${bytes.length} bytes that are no JSON`)
  }
  return isMessage(value) ? ok(sealed(value as ControlMessage)) : err('a message of another shape than the two processes agreed on')
}

function sealed(message: ControlMessage): ControlMessage {
  if (message.kind === 'beds') return { ...message, views: message.views.map((v): StandingView => ({ ...v, assignment: sealAssignment(v.assignment) })) }
  if (message.kind === 'note' && message.command.kind === 'assignment') {
    return { kind: 'note', command: { ...message.command, assignment: sealAssignment(message.command.assignment) } }
  }
  return message
}

export function encodeToSegment(message: ToSegment): Uint8Array {
  if (message.kind !== 'told' || message.event.kind !== 'assign' || message.event.patient === null) return v8.serialize(message)
  return v8.serialize({ kind: 'told', event: { ...message.event, patient: openPatient(message.event.patient) } })
}

/** A fault here is one of ours: it throws, and the process ends. */
export function decodeToSegment(bytes: Uint8Array): ToSegment {
  const message = v8.deserialize(bytes) as ToSegment
  if (message.kind !== 'told' || message.event.kind !== 'assign' || message.event.patient === null) return message
  return { kind: 'told', event: { ...message.event, patient: sealPatient(message.event.patient as unknown as OpenPatient) } }
}
