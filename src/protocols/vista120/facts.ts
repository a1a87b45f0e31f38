// What the Vista 120 teaches: that a monitor of this kind is here, which central it reports to, and that a patient record may go in clear.
// No vital sign and no patient text leaves the decoder; names of readings do. Layout and confidence marks are in this folder's README.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface VistaBase extends FactBase {
  readonly protocol: 'vista120'
  readonly flowId: number
}

interface VistaMonitorBase extends VistaBase {
  /** The side of the flow that sends the monitor's blocks: 0 the initiator, 1 when a capture began midstream and the central spoke first. */
  readonly monitorSide: 0 | 1
}

/** Framing and one known block, or the head of a 120S: evidence level C. */
export interface VistaStream extends VistaMonitorBase {
  readonly kind: 'stream'
  readonly model: 'vista-120' | 'vista-120s'
  /** Third byte of each block: differs from monitor to monitor in the two sets of bytes known; that it is a number of the monitor is inferred. */
  readonly number: number | null
}

/** A message of a size that carries the patient's identifier, with text where it stands. Inferred: its type is not published. */
export interface VistaPatient extends VistaMonitorBase {
  readonly kind: 'patient'
  readonly length: number
  readonly filled: readonly string[]
}

/** The central wrote to the monitor: `time` on accept is usual, anything else is not known. Once per flow. */
export interface VistaDownstream extends VistaMonitorBase {
  readonly kind: 'from-central'
  readonly what: 'time' | 'unknown'
}

/** Bytes that fit no block were skipped to find the next one. */
export interface VistaResync extends VistaMonitorBase {
  readonly kind: 'resync'
  readonly skipped: number
}

/** Totals when the flow ends. Keys are kind and type: `12/0a`. */
export interface VistaTotals extends VistaMonitorBase {
  readonly kind: 'totals'
  readonly blocks: readonly (readonly [string, number])[]
  readonly unknownBlocks: number
  /** Names of the readings that had a value at least once. */
  readonly readings: readonly string[]
}

/** The central's broadcast; told once, and again when it says something else. */
export interface VistaAnnounce extends VistaBase {
  readonly kind: 'announce'
  readonly name: string
  readonly institution: string
  readonly port: number
  readonly address: Ip | null
  readonly secondAddress: Ip | null
}

export type Vista120Fact = VistaStream | VistaPatient | VistaDownstream | VistaResync | VistaTotals | VistaAnnounce
