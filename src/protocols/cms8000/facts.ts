// What the CMS8000 stream teaches: that it is one, which bed, that a patient record goes in clear, and who writes to whom.
// No vital sign and no patient text leaves the decoder; layout and confidence marks are in this folder's README.

import type { FactBase } from '../facts.ts'
import type { CmsShapeSaid } from './shape.ts'

interface CmsBase extends FactBase {
  readonly protocol: 'cms8000'
  readonly flowId: number
  /** The side of the flow that sends the monitor's frames: 0 the initiator (usual), 1 when a capture began midstream and the server spoke first. */
  readonly monitorSide: 0 | 1
}

/** Framing and at least one known type matched: the flow is a CMS8000 stream (evidence level C). */
export interface CmsStream extends CmsBase {
  readonly kind: 'stream'
  /** First message type seen, e.g. 0x45. */
  readonly firstType: number
}

/** Type 0x45, or the bed byte of a 0x3E record. */
export interface CmsBed extends CmsBase {
  readonly kind: 'bed'
  readonly bed: number
}

/** Type 0x3E: a patient record in clear. Field names only. */
export interface CmsPatient extends CmsBase {
  readonly kind: 'patient'
  readonly length: number
  /** Names of the fields that hold something: `department`, `name`, `number`, `admission`, `birth`, `doctor`, `height`, `weight`, `bloodType`. */
  readonly filled: readonly string[]
}

/** Payload from the server to the monitor: never seen from a genuine receive-only central (facts section 1). Once per flow, with the first bytes' count. */
export interface CmsDownstream extends CmsBase {
  readonly kind: 'downstream'
  readonly bytes: number
}

/** Bytes that fit no frame were skipped to find the next one. */
export interface CmsResync extends CmsBase {
  readonly kind: 'resync'
  readonly skipped: number
}

/** Totals when the flow ends. Counts by type, with 0x46 split by sub-type: keys like `3e`, `46/14`, `47`; and what nobody published, as seen here. */
export interface CmsTotals extends CmsBase, CmsShapeSaid {
  readonly kind: 'totals'
  readonly frames: readonly (readonly [string, number])[]
  /** Frames whose type or sub-type the decoder does not know; skipped by length. */
  readonly unknownFrames: number
  readonly malformedFrames: number
  /** 0x47 end-of-cycle marks. */
  readonly cycles: number
}

export type Cms8000Fact = CmsStream | CmsBed | CmsPatient | CmsDownstream | CmsResync | CmsTotals
