// Period: does a conversation come back by the clock, and was it watched for long enough to know.
// Keeps the rule that what happens weekly is not called absent after a day: a period counts only when it was watched several times over.

import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import type { ReplayConversation } from './model.ts'

/** Times a period must fit into the watch before its picture is complete: two could be chance, the third is a habit. */
export const PERIODS_MIN = 3

/** Activity closer together than this is one burst: a measurement cycle, a reconnect. */
const BURST_GAP_MICROS = 15 * MICROS_PER_MINUTE

/** Share by which gaps may differ from their median and still be a clock: cron jobs drift by minutes, people by hours. */
const JITTER_SHARE_MAX = 0.25

/** Bursts looked at per conversation: a week of quarter hours. The newest are kept. */
const BURSTS_MAX = 672

/** Something that happens now and then. */
export interface Recurrence {
  readonly conversation: ReplayConversation
  readonly bursts: number
  /** Between starts of bursts; null when seen once, or without a rhythm. */
  readonly periodMicros: Micros | null
  /** Whole periods that fit into the watch; 0 without a period. */
  readonly periodsWatched: number
  /** False when it has a rhythm and fewer than PERIODS_MIN periods were watched. */
  readonly enough: boolean
}

/** Starts of bursts: times more than BURST_GAP_MICROS after the one before. `times` ascends. */
export function burstsOf(times: readonly Micros[]): readonly Micros[] {
  const starts: Micros[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const at of times) {
    if (at - last > BURST_GAP_MICROS) starts.push(at)
    last = at
  }
  return starts.slice(-BURSTS_MAX)
}

/** The median gap when the others are near it, else null. Two bursts give a gap that nothing contradicts yet: it is taken. */
export function periodOf(bursts: readonly Micros[]): Micros | null {
  const gaps = bursts.slice(1).map((at, i) => at - (bursts[i] ?? at)).sort((a, b) => a - b)
  const median = gaps[Math.floor(gaps.length / 2)]
  if (median === undefined) return null
  // A missed run makes a gap of two periods: gaps count by their distance to the nearest whole multiple.
  const off = gaps.filter((gap) => Math.abs(gap - Math.max(1, Math.round(gap / median)) * median) > median * JITTER_SHARE_MAX)
  return off.length * 4 > gaps.length ? null : median
}

/**
 * A conversation's recurrence, or null when there is none to speak of: no times kept, or active in most of the watch.
 * `watchedMicros` is the sum of all watches.
 */
export function recurrenceOf(conversation: ReplayConversation, watchedMicros: Micros): Recurrence | null {
  const { times } = conversation
  if (times.length === 0) return null
  const bursts = burstsOf(times)
  const first = times[0] ?? 0
  const active = (times.at(-1) ?? first) - first
  // One burst that fills most of the watch is a stream, and streams are not rare.
  if (bursts.length === 1 && active * 2 >= watchedMicros) return null
  const periodMicros = periodOf(bursts)
  const periodsWatched = periodMicros === null ? 0 : Math.floor(watchedMicros / periodMicros)
  // Several bursts without a rhythm are people at work: no clock to wait for.
  const enough = periodMicros === null || periodsWatched >= PERIODS_MIN
  return { conversation, bursts: bursts.length, periodMicros, periodsWatched, enough }
}
