// BedsFrame: what a screen of beds is sent: tiles in a fixed order, the way out, the segment's state. Types shared with the browser.
// Keeps the rule that no patient's name or number is in it: whose data these are is said as a state.

import type { FreshnessLimits } from './freshness/limits.ts'
import type { Channel, Numeric } from './intake/reading.ts'

/** Stands on every page, first in the documents, and in what the commands print. */
export const INTENDED_USE = 'Transfer, storage, conversion, display. Not active patient monitoring: no clinical alarm, no limit changed, '
  + 'nothing ever written to a monitor. The bedside monitor is the truth.'

/** Sixteen tiles a page (facts gateway A.2 no. 1). */
export const TILES_PER_PAGE = 16

/** One number for a tile, with its age when it was sent: the browser's own clock goes on from there (`sightingFrom`). */
export interface BedNumeric {
  readonly numeric: Numeric
  readonly ageMicros: number
}

/** Samples that came since the last frame of this stream; `from`: index of the first since the gateway started, so a hole shows. */
export interface BedWave {
  readonly channel: Channel
  readonly rate: number
  readonly from: number
  readonly samples: readonly number[]
}

/** One bed. No patient's name or number: whose data these are is said as a state. */
export interface BedTile {
  readonly device: string
  /** As the hospital writes it; null: the device stands at no bed that the operator named. */
  readonly bed: string | null
  readonly assignment: { readonly state: 'assigned' | 'contested' | 'unassigned'; readonly since: number | null; readonly why: string | null }
  readonly numerics: readonly BedNumeric[]
  readonly waves: readonly BedWave[]
  readonly feed: { readonly state: string; readonly framesPerSecond: number; readonly gaps: number; readonly clockOffsetMicros: number | null }
  readonly connections: number
  /** Kinds of frames and codes nobody has described, by name. */
  readonly unknown: readonly (readonly [string, number])[]
  readonly dataCheck: { readonly word: 'OK' | 'CHECK BEDSIDE' | 'NOT TRUSTED' | 'NOT CHECKED'; readonly reasons: readonly string[] }
}

/** The way out, one line a target. */
export interface TargetLine {
  readonly target: string
  readonly kind: 'pcd01' | 'fhir'
  readonly state: 'idle' | 'connecting' | 'connected' | 'down'
  readonly why: string | null
  readonly isProtected: boolean
  readonly clearReason: string | null
  readonly waiting: number
  readonly ambiguous: number
  readonly refused: number
  readonly delivered: number
  readonly given: number
  readonly lagMicros: number | null
}

export interface BedsFrame {
  readonly at: number
  /** From 1 to `pages`. */
  readonly page: number
  readonly pages: number
  readonly beds: number
  /** All of the page, in the fixed order of the configuration; no tile moves, and what is left out of a tile is not known any more. */
  readonly tiles: readonly BedTile[]
  readonly targets: readonly TargetLine[]
  /** The process that faces the monitors: running, and since when not. */
  readonly segment: { readonly state: 'running' | 'down'; readonly since: number; readonly sandbox: readonly string[] }
  readonly notices: readonly string[]
}

/** What the screen needs once: limits of freshness, the sweep, the line of intended use. */
export interface BedsSetup {
  readonly freshness: FreshnessLimits
  readonly mmPerSecond: number
  readonly cssPixelsPerMm: number
  readonly intendedUse: string
  readonly pages: number
}
