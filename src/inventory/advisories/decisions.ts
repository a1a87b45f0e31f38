// Decisions: what a person said of a match, with the reason, and whether it still speaks of what is shown now.
// Keeps the rule that a decision is about one revision: when the advisory or the outcome changes, a person is asked again.

import { recordOf, textOf } from './csaf.ts'
import type { Advisory } from './model.ts'
import { MATCH_STATES, type Match, type MatchState } from './match.ts'
import type { RankedMatch } from './rank.ts'

export const VERDICTS = ['confirm', 'reject'] as const
export type MatchDecisionVerdict = (typeof VERDICTS)[number]

/** As kept; its key is the match id, so that it holds for the next capture too. */
export interface MatchDecision {
  readonly matchId: string
  readonly assetId: string
  readonly advisory: string
  readonly verdict: MatchDecisionVerdict
  readonly reason: string
  readonly by: string
  /** Micros of the wall clock. */
  readonly at: number
  /** What was shown when it was decided. */
  readonly revision: string
  readonly sha256: string
  readonly state: MatchState
}

/** Reasons are a sentence, not a report. */
export const REASON_LENGTH_MAX = 500

export interface JudgedMatch extends RankedMatch {
  readonly decision: MatchDecision | null
  /** Why the decision has to be made again, or null. */
  readonly askAgain: string | null
}

/** The same order: a decision moves nothing up or down. */
export function judged(ranked: readonly RankedMatch[], decisions: readonly MatchDecision[]): JudgedMatch[] {
  const byMatch = new Map(decisions.map((decision) => [decision.matchId, decision]))
  return ranked.map((one) => {
    const decision = byMatch.get(one.match.id) ?? null
    return { ...one, decision, askAgain: decision === null ? null : changed(decision, one.match) }
  })
}

function changed(decision: MatchDecision, { advisory, state }: Match): string | null {
  if (decision.sha256 !== advisory.hash.sha256) return `decided on revision ${decision.revision}; this is revision ${advisory.revision}`
  return decision.state === state ? null : `decided while it was ${words(decision.state)}; now it is ${words(state)}`
}

const words = (state: MatchState): string => state.replaceAll('-', ' ')

/** Still open: not rejected on what is shown now, and not ruled out by its version. */
export function isOpen({ match, decision, askAgain }: JudgedMatch): boolean {
  return match.state !== 'not-affected' && (decision === null || decision.verdict !== 'reject' || askAgain !== null)
}

export function decisionOn({ id, assetId, advisory, state }: Match, said: Pick<MatchDecision, 'verdict' | 'reason' | 'by' | 'at'>): MatchDecision {
  return { matchId: id, assetId, advisory: advisory.id, ...said, revision: advisory.revision, sha256: advisory.hash.sha256, state }
}

/** A stored body, or null when it is none of ours. */
export function decisionOf(value: unknown): MatchDecision | null {
  const row = recordOf(value)
  const verdict = VERDICTS.find((known) => known === row['verdict'])
  const state = MATCH_STATES.find((known) => known === row['state'])
  if (verdict === undefined || state === undefined || textOf(row['matchId']) === '') return null
  return {
    matchId: textOf(row['matchId']), assetId: textOf(row['assetId']), advisory: textOf(row['advisory']), verdict, state, reason: textOf(row['reason']),
    by: textOf(row['by']), at: Number(row['at']), revision: textOf(row['revision']), sha256: textOf(row['sha256']),
  }
}

/** What an import changes, told by hash (docs/advisories.md). */
export type ImportChange = 'new' | 'changed' | 'unchanged' | 'older'

/** `older`: another hash, but an earlier day or a lower number than what is known; it is left out. */
export function importChange(known: Advisory | undefined, found: Advisory): ImportChange {
  if (known === undefined) return 'new'
  if (known.hash.of === found.hash.of && known.hash.sha256 === found.hash.sha256) return 'unchanged'
  if (found.updated !== known.updated) return found.updated < known.updated ? 'older' : 'changed'
  const [a, b] = [Number(known.revision), Number(found.revision)]
  return a > b ? 'older' : 'changed'
}

/** By id; later ones take the place of earlier ones. */
export function joinAdvisories(...lists: readonly (readonly Advisory[])[]): Advisory[] {
  return [...new Map(lists.flat().map((one) => [one.id, one])).values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

