// What SDC teaches: which devices take part, who looks for them, what is asked of them, and whether a patient is named in clear.

import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { TargetWords } from './message.ts'

interface SdcBase extends FactBase {
  readonly protocol: 'sdc'
  readonly flowId: number
  /** Who sent it. */
  readonly direction: Direction
}

/** A device says hello or bye, or answers a question; told once per flow until its words change. */
export interface SdcTarget extends SdcBase, TargetWords {
  readonly kind: 'target'
  readonly message: 'hello' | 'bye' | 'probe-match' | 'resolve-match'
}

/** Somebody looks for devices. Once per flow. */
export interface SdcSearch extends SdcBase {
  readonly kind: 'search'
  readonly message: 'probe' | 'resolve'
  /** For medical devices by type. */
  readonly isMedical: boolean
}

/** A SOAP action of a client or device, once per flow and direction. */
export interface SdcAction extends SdcBase {
  readonly kind: 'action'
  readonly action: string
  /** It changes something on a device. */
  readonly changesDevice: boolean
}

/** A patient's own data in clear: names of the elements, or the scope. */
export interface SdcPatient extends SdcBase {
  readonly kind: 'patient'
  readonly filled: readonly string[]
}

/** A document type declaration, which SOAP forbids (SOAP 1.2 part 1 section 5): nothing after it was read. */
export interface SdcMalformed extends SdcBase {
  readonly kind: 'malformed'
  readonly reason: 'document-type'
}

export interface SdcTotals extends SdcBase {
  readonly kind: 'totals'
  readonly actions: readonly (readonly [string, number])[]
  /** How many metric values and alarm states the reports carried, by the report's action; never what they say. */
  readonly values: readonly (readonly [string, number])[]
}

export type SdcFact = SdcTarget | SdcSearch | SdcAction | SdcPatient | SdcMalformed | SdcTotals
