// claim-about: one claim of a protocol's evidence about one end of a flow, in one line.
// Keeps "every claim says where it comes from": there is none without evidence.

import type { AssetRole, ClaimSubject, EvidenceLevel } from '../asset.ts'
import type { ClaimTarget, TargetedClaim } from '../evidence.ts'

/** The two ends of a flow: initiator, responder. */
export type FlowEnds = readonly [ClaimTarget, ClaimTarget]

/** A role is one that assets can have; everything else is text. */
type ValueOf<S extends ClaimSubject> = S extends 'role' ? AssetRole : string

/** Protocol fingerprints and a device's own words are level C unless they hold a serial number (A). */
export function claimAbout<S extends ClaimSubject>(
  target: ClaimTarget, what: S, value: ValueOf<S>, evidence: string, level: EvidenceLevel = 'C',
): TargetedClaim {
  return { target, claim: { what, value, level, evidence, inferred: false } }
}

/** As claimAbout, for what the bytes suggest and no standard says. */
export function inferredAbout<S extends ClaimSubject>(target: ClaimTarget, what: S, value: ValueOf<S>, evidence: string): TargetedClaim {
  return { target, claim: { what, value, level: 'C', evidence, inferred: true } }
}
