// What ASTM teaches: which analyser talks to which laboratory system, how many records of each type, and whether frames arrive sound.
// Keeps patients out: of a patient record the numbers of its filled fields leave, of orders and results a count.

import type { FactBase } from '../facts.ts'

interface AstmBase extends FactBase {
  readonly protocol: 'astm'
  readonly flowId: number
}

/** A header record that is new on this flow (LIS2-A2 section 7.1). */
export interface AstmHeader extends AstmBase {
  readonly kind: 'header'
  readonly direction: 0 | 1
  /** In frames of E1381, or records as bare text. */
  readonly framing: 'e1381' | 'bare'
  /** H-5: name, often with version and serial number, components joined by `^`. */
  readonly sender: string
  /** H-10. */
  readonly receiver: string
  /** H-12: `P` production, `T` training, `D` debugging, `Q` quality control. */
  readonly processing: string
  /** H-13. */
  readonly version: string
  /** H-4 holds something: an access password in clear. */
  readonly hasPassword: boolean
}

/** The first result or query of a direction: who measures and who asks. */
export interface AstmSends extends AstmBase {
  readonly kind: 'sends'
  readonly direction: 0 | 1
  readonly record: 'result' | 'query'
}

/** Patient records had fields filled that were not told before. */
export interface AstmPatient extends AstmBase {
  readonly kind: 'patient'
  readonly direction: 0 | 1
  /** All so far: `P-6` is the name (LIS2-A2 section 8.1). */
  readonly filled: readonly string[]
}

export interface AstmMalformed extends AstmBase {
  readonly kind: 'malformed'
  readonly reason: string
}

/** Totals when the flow ends; pairs are of initiator and responder. */
export interface AstmTotals extends AstmBase {
  readonly kind: 'totals'
  /** Direction, record type, count; in order of first appearance. */
  readonly records: readonly (readonly [0 | 1, string, number])[]
  readonly frames: readonly [number, number]
  readonly badChecksums: readonly [number, number]
  /** Frames sent once more under the same number: counted, their records are not. */
  readonly repeated: readonly [number, number]
  /** ENQ: how often each side asked for the line. */
  readonly enquiries: readonly [number, number]
  /** ACK and NAK each side answered with. */
  readonly acks: readonly [number, number]
  readonly naks: readonly [number, number]
  readonly untold: number
}

export type AstmFact = AstmHeader | AstmSends | AstmPatient | AstmMalformed | AstmTotals
