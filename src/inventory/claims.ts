// Claims: statements about one interface with their evidence. Repeats are counted; different values stand side by side.

import type { Micros } from '../base/time.ts'
import type { Claim, ClaimSubject, EvidenceLevel } from './asset.ts'

/** A claim as a protocol's evidence states it. */
export interface NewClaim {
  readonly what: ClaimSubject
  readonly value: string
  readonly level: EvidenceLevel
  readonly evidence: string
  readonly inferred: boolean
}

/** Distinct claims kept per interface: more than any honest device makes, few enough to read. */
export const CLAIMS_MAX = 64

const NO_CLAIMS: readonly Claim[] = []

type MutableClaim = { -readonly [K in keyof Claim]: Claim[K] }

export class ClaimSet {
  /** Null until the first: most addresses that speak prove nothing about themselves. */
  #claims: Map<string, MutableClaim> | null = null

  add(claim: NewClaim, at: Micros, frame: number): void {
    this.#claims ??= new Map()
    const key = `${claim.what}|${claim.value}|${claim.evidence}`
    const known = this.#claims.get(key)
    if (known) {
      known.lastAt = Math.max(known.lastAt, at)
      known.count++
    } else if (this.#claims.size < CLAIMS_MAX) {
      this.#claims.set(key, { ...claim, firstAt: at, lastAt: at, frame, count: 1 })
    }
  }

  list(): readonly Claim[] {
    return this.#claims ? [...this.#claims.values()] : NO_CLAIMS
  }
}

/** Strongest first: ladder level, then how often, then earliest. */
export function strongest(claims: readonly Claim[], what: ClaimSubject): Claim | null {
  let best: Claim | null = null
  for (const claim of claims) if (claim.what === what && (best === null || isStronger(claim, best))) best = claim
  return best
}

function isStronger(a: Claim, b: Claim): boolean {
  if (a.level !== b.level) return a.level < b.level
  return a.count === b.count ? a.firstAt < b.firstAt : a.count > b.count
}

/** One list out of several interfaces' claims: equal statements are joined. */
export function joinClaims(sets: readonly (readonly Claim[])[]): Claim[] {
  const joined = new Map<string, MutableClaim>()
  for (const claim of sets.flat()) {
    const key = `${claim.what}|${claim.value}|${claim.evidence}`
    const known = joined.get(key)
    if (!known) joined.set(key, { ...claim })
    else {
      known.firstAt = Math.min(known.firstAt, claim.firstAt)
      known.lastAt = Math.max(known.lastAt, claim.lastAt)
      known.frame = Math.min(known.frame, claim.frame)
      known.count += claim.count
    }
  }
  return [...joined.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** Compared by code units: a collation would follow the machine's language, and reports must not. */
function order(c: Claim): string {
  return `${c.level} ${c.what} ${c.value} ${c.evidence}`
}
