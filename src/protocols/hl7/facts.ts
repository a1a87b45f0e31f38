// What HL7 v2 teaches: who sends which kind of message, which device it names, and which patient fields are filled, never their text.

import type { FactBase } from '../facts.ts'

/** A device identifier found in a message: PRT-16 (unique device identifier) or OBX-18 (equipment instance). */
export interface Hl7DeviceId {
  readonly source: 'PRT-16' | 'OBX-18'
  readonly text: string
}

/** One whole message. Field numbers as in HL7 v2; only MSH-3/4/5/6/9/12 and device identifiers carry text. */
export interface Hl7Message extends FactBase {
  readonly protocol: 'hl7'
  readonly kind: 'message'
  readonly flowId: number
  readonly direction: 0 | 1
  readonly framing: 'mllp' | 'bare'
  readonly sendingApplication: string
  readonly sendingFacility: string
  readonly receivingApplication: string
  readonly receivingFacility: string
  /** MSH-9, e.g. `ADT^A01`, `ORU^R01`, `ACK`. */
  readonly messageType: string
  /** MSH-12. */
  readonly version: string
  readonly devices: readonly Hl7DeviceId[]
  /** Patient-bearing fields with content, e.g. `PID-3`, `PID-5`, `NK1-2`; sorted, each once. */
  readonly filledPatientFields: readonly string[]
  /** Segment name to count, in order of first appearance, as [name, count]. */
  readonly segments: readonly (readonly [string, number])[]
}

export interface Hl7Malformed extends FactBase {
  readonly protocol: 'hl7'
  readonly kind: 'malformed'
  readonly flowId: number
  readonly reason: string
}

export type Hl7Fact = Hl7Message | Hl7Malformed
