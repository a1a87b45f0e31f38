// What POCT1-A teaches: which point-of-care device dialled, and how many messages of which kind went each way.
// Keeps patients out: device texts come from the hello only, of patients the names of filled elements.

import type { FactBase } from '../facts.ts'

interface PoctBase extends FactBase {
  readonly protocol: 'poct1a'
  readonly flowId: number
}

/** A hello (HEL.R01) of a device that is new on this flow. Texts are empty where it does not say. */
export interface PoctDevice extends PoctBase {
  readonly kind: 'device'
  readonly direction: 0 | 1
  readonly deviceId: string
  /** DEV.vendor_id, else DEV.manufacturer_name. */
  readonly vendor: string
  readonly model: string
  readonly serial: string
  readonly name: string
  readonly hardware: string
  readonly software: string
}

/** Elements that hold patient data were filled that were not told before. */
export interface PoctPatient extends PoctBase {
  readonly kind: 'patient'
  readonly direction: 0 | 1
  /** All so far, sorted: `PT.name`, ... */
  readonly filled: readonly string[]
}

export interface PoctMalformed extends PoctBase {
  readonly kind: 'malformed'
  readonly reason: string
}

/** Totals when the flow ends. */
export interface PoctTotals extends PoctBase {
  readonly kind: 'totals'
  /** Direction, message, count; in order of first appearance. */
  readonly messages: readonly (readonly [0 | 1, string, number])[]
  /** ACK.type_cd with counts: `AA`, `AE`, ... */
  readonly answers: readonly (readonly [string, number])[]
  readonly untold: number
}

export type PoctFact = PoctDevice | PoctPatient | PoctMalformed | PoctTotals
