// Result: what a drill found, as plain values: rows of talks and probes, assertions, the old session, and what a rollback left behind.
// Keeps the rule that a row holds what was expected, because of what, and what was seen; a verdict is never stored without them.

import type { AssertionTally, ProbeTally } from './compare.ts'
import type { Layout } from './layout.ts'

export const PHASES = ['before', 'after', 'rolled back', 'station gone'] as const
export type Phase = (typeof PHASES)[number]

/** One row of the table: talks of one story in one phase. */
export interface TalkRow {
  readonly phase: Phase
  readonly story: string
  readonly part: string
  readonly count: number
  readonly expected: string
  readonly rule: string
  readonly seen: string
  readonly ok: boolean
}

export interface ProbeRow {
  readonly phase: Phase
  readonly tally: ProbeTally
  /** Sent once more because they were not seen the first time. */
  readonly resent: number
  /** Packets that a capture lost, as tcpdump says. */
  readonly lost: number
  /** Packets from medical zones that came out at the outside. */
  readonly escaped: number
}

/** A session that was open when the rules were loaded. */
export interface OldSession {
  readonly words: string
  /** Whether the policy denies it, so that it should have ended. */
  readonly denied: boolean
  readonly survived: boolean
  readonly flush: string
  /** null: conntrack(8) is not on this machine, so it was not tried. */
  readonly endedByFlush: boolean | null
}

export interface DrillResult {
  readonly layout: Layout
  readonly talks: readonly TalkRow[]
  readonly probes: readonly ProbeRow[]
  readonly assertions: readonly AssertionTally[]
  readonly oldSession: OldSession | null
  /** Lines of the router's state that the rollback left behind or took too much; empty when all is as before. */
  readonly leftBehind: readonly string[]
  readonly beds: number
  /** Beds whose telemetry arrived at the central station in the phase `after`; null when the policy has no such part. */
  readonly bedsOnStation: number | null
  /** Packets of medical zones seen at the outside after loading: talks and probes. */
  readonly escapedAfter: number
  readonly escapedBefore: number
  /** Files in the folder, captures first. */
  readonly files: readonly string[]
}
