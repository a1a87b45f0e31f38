// Claims: statements about one interface with their evidence. Repeats are counted; different values stand side by side.

import type { Ip } from '../base/ip.ts'
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

type MutableClaim = { -readonly [K in keyof Claim]: Claim[K] }

const NO_CLAIMS: readonly MutableClaim[] = []

/** Claims that are looked through one by one; beyond them a map finds the claim. */
const CLAIMS_SCANNED = 8

export class ClaimSet {
  /** Made anew for each claim, exactly as long: most addresses that speak prove nothing about themselves, the others a few things. */
  #claims: readonly MutableClaim[] = NO_CLAIMS
  /** The same by what they say, once there are many. */
  #byText: Map<string, MutableClaim> | null = null

  /** `times`: how often it was said. */
  add(claim: NewClaim, at: Micros, frame: number, times = 1): void {
    const known = this.#find(claim)
    if (known) {
      known.lastAt = Math.max(known.lastAt, at)
      known.count += times
    } else if (this.#claims.length < CLAIMS_MAX) {
      this.#keep({ ...claim, firstAt: at, lastAt: at, frame, count: times })
    }
  }

  list(): readonly Claim[] {
    return this.#claims
  }

  #find(claim: NewClaim): MutableClaim | undefined {
    if (this.#byText) return this.#byText.get(textOf(claim))
    for (const known of this.#claims) if (known.value === claim.value && known.what === claim.what && known.evidence === claim.evidence) return known
    return undefined
  }

  #keep(claim: MutableClaim): void {
    this.#claims = this.#claims.length === 0 ? [claim] : this.#claims.concat(claim)
    if (this.#byText) this.#byText.set(textOf(claim), claim)
    else if (this.#claims.length > CLAIMS_SCANNED) this.#byText = new Map(this.#claims.map((c) => [textOf(c), c]))
  }
}

function textOf(claim: NewClaim): string {
  return `${claim.what}|${claim.value}|${claim.evidence}`
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

/** Addresses kept per claim: a storm puts thousands of them behind one card. */
const ABOUT_MAX = 16

/** The claims with the address they were stated about, for an asset that has several. */
export function claimsAbout(claims: readonly Claim[], ip: Ip): readonly Claim[] {
  return claims.map((claim) => ({ ...claim, about: [ip] }))
}

function joinAbout(a: Claim, b: Claim): readonly Ip[] | undefined {
  if (!a.about || !b.about || a.about.length >= ABOUT_MAX) return a.about
  return [...new Set([...a.about, ...b.about])].slice(0, ABOUT_MAX)
}

/** How sure a claim is, in words. Nothing is computed: each rung is a kind of evidence that a person can look up. */
export const CONFIDENCE_WORDS = ['confirmed', 'high', 'medium', 'low', 'hint'] as const
export type ClaimConfidence = (typeof CONFIDENCE_WORDS)[number]

/** confirmed: a person; high: levels A to C as stated; medium: the same by inference; low: level D; hint: level E, which names nobody. */
export function confidenceOf(claim: Pick<Claim, 'level' | 'inferred' | 'source'>): ClaimConfidence {
  if (claim.source === 'person') return 'confirmed'
  if (claim.level === 'E') return 'hint'
  if (claim.level === 'D') return 'low'
  return claim.inferred ? 'medium' : 'high'
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
      const about = joinAbout(known, claim)
      if (about) known.about = about
    }
  }
  return [...joined.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** Compared by code units: a collation would follow the machine's language, and reports must not. */
function order(c: Claim): string {
  return `${c.level} ${c.what} ${c.value} ${c.evidence}`
}
