// What HL7 v2 teaches: who sends which kind of message, which device it names, and which patient fields are filled, never their text.

import type { FactBase } from '../facts.ts'

import type { Hl7Content } from './content.ts'

/** A device identifier found in a message: PRT-16 (UDI), PRT-10 (device), PRT-20 (serial number) or OBX-18 (equipment instance). */
export interface Hl7DeviceId {
  readonly source: 'PRT-10' | 'PRT-16' | 'PRT-20' | 'OBX-18'
  readonly text: string
}

/** Whole messages that are the same in all that is told of them. Field numbers as in HL7 v2; only MSH-3/4/5/6/9/12 and device identifiers carry text. */
export interface Hl7Message extends FactBase {
  readonly protocol: 'hl7'
  readonly kind: 'message'
  readonly flowId: number
  /** How many since this was told last; `at` and `frame` are of the newest. */
  readonly times: number
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
  /** Of MSH-21, when it names a transaction of IHE PCD: `IHE PCD-01`; else empty. */
  readonly profile: string
  /** What kind of talk it is: device observations are told apart from laboratory results and from ADT. */
  readonly content: Hl7Content
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

/** Totals when the flow ends, if it had any message. */
export interface Hl7Totals extends FactBase {
  readonly protocol: 'hl7'
  readonly kind: 'totals'
  readonly flowId: number
  /** Direction, message type, count; in order of first appearance. */
  readonly messages: readonly (readonly [0 | 1, string, number])[]
  /** MSA-1 of answers with counts: `AA`, `AE`, ...; `??` for a code no version knows. */
  readonly answers: readonly (readonly [string, number])[]
  /** Answers that refuse: AE, AR, CE, CR. */
  readonly refused: number
  /** Messages of initiator and responder that wanted an answer and got none before the flow ended. */
  readonly unanswered: readonly [number, number]
  /** Answers to messages that were not seen. */
  readonly unasked: number
}

export type Hl7Fact = Hl7Message | Hl7Malformed | Hl7Totals
