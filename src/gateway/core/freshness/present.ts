// Present: what may be shown of a value at a moment: live, greyed with its age, or no number and since when.
// Keeps the rule that age is judged from state and the judge's own clock, never from an event that may not come: server and browser alike.

import type { Micros } from '../../../base/time.ts'
import { isNibp, type Absent, type Limits, type Numeric, type Parameter, type Quality, type Times } from '../intake/reading.ts'
import { ageLimits, type AgeLimits, type FreshnessLimits } from './limits.ts'

/** A value as one judge knows it. `seenAt` is on the judge's own clock: when this measurement first came to its eyes. */
export interface Sighting {
  readonly numeric: Numeric
  readonly seenAt: Micros
}

export type NoDataReason = Absent | 'never' | 'silent' | 'too-old' | 'clock' | 'station-offline' | 'undated'

interface PresentedBase {
  readonly parameter: Parameter
  /** The third time: when it was put before somebody. */
  readonly presentedAt: Micros
  readonly times: Times | null
  readonly limits: AgeLimits
}

/** A number, with its age always; `live` only inside the limits. */
export interface PresentedNumber extends PresentedBase {
  readonly state: 'live' | 'stale'
  readonly value: number
  readonly ageMicros: Micros
  /** False when the age is only known to be at least this: an undated measurement that was sent again. */
  readonly isAgeExact: boolean
  readonly quality: Quality
  /** The monitor's own alarm limits. */
  readonly alarmLimits: Limits | null
}

/** No number at all: the type has no place for an old one. */
export interface PresentedGap extends PresentedBase {
  readonly state: 'no-data'
  /** Since when nothing is known; null when nothing ever was. */
  readonly since: Micros | null
  readonly why: NoDataReason
}

export type Presented = PresentedNumber | PresentedGap

/** Whether the judge still hears what feeds it. */
export type Link = { readonly lastHeardAt: Micros | null }

/**
 * The one rule of freshness. `sighting` null: nothing was ever seen. Depends on nothing but its arguments, so it is as true for
 * a value that was stale before anyone looked as for one that turns stale while they look.
 */
export function presentedValue(parameter: Parameter, sighting: Sighting | null, now: Micros, limits: FreshnessLimits, link?: Link): Presented {
  const age = ageLimits(parameter, limits)
  const base = { parameter, presentedAt: now, times: sighting?.numeric.times ?? null, limits: age }
  const gap = (why: NoDataReason, since: Micros | null): PresentedGap => ({ ...base, state: 'no-data', since, why })
  if (link !== undefined && !isLinkAlive(link, now, limits)) return gap('station-offline', link.lastHeardAt)
  if (sighting === null) return gap('never', null)
  const { numeric, seenAt } = sighting
  if (seenAt - now > limits.clockSlackMicros) return gap('clock', now)
  if (numeric.value === null) return gap(numeric.absent ?? 'not-measured', seenAt)
  const { since, isExact } = origin(sighting)
  const ageMicros = Math.max(0, now - since)
  if (ageMicros >= age.goneMicros) return gap(isNibp(parameter) ? 'too-old' : 'silent', since)
  const state = ageMicros >= age.staleMicros || !isExact ? 'stale' : 'live'
  return {
    ...base, state, value: numeric.value, ageMicros, isAgeExact: isExact, quality: numeric.quality, alarmLimits: numeric.limits,
  }
}

/**
 * Where the age counts from. A stream: from when it was seen. A cuff measurement: from when it was measured, on the judge's clock;
 * one that nothing dates is at least as old as its first sight, and therefore never live.
 */
function origin({ numeric, seenAt }: Sighting): { since: Micros; isExact: boolean } {
  if (!isNibp(numeric.parameter)) return { since: seenAt, isExact: true }
  const { measured, received } = numeric.times
  return measured === null ? { since: seenAt, isExact: false } : { since: seenAt - Math.max(0, received - measured), isExact: true }
}

export function isLinkAlive(link: Link, now: Micros, limits: FreshnessLimits): boolean {
  if (link.lastHeardAt === null) return false
  const silence = now - link.lastHeardAt
  return silence < limits.linkSilentMicros && silence > -limits.clockSlackMicros
}

/**
 * For a second judge with a clock of its own (the browser): the server says how old a value was when it sent it, the browser when
 * that arrived on its clock. No wall clocks are compared.
 */
export function sightingFrom(numeric: Numeric, ageAtSendMicros: Micros, arrivedAt: Micros): Sighting {
  return { numeric, seenAt: arrivedAt - Math.max(0, ageAtSendMicros) }
}

/** `live`, `gap` (drawn as a hole) or `no-data` (the trace stops and greys). Samples are never stretched over a hole. */
export function presentedWave(lastSampleAt: Micros | null, now: Micros, limits: FreshnessLimits, link?: Link): 'live' | 'gap' | 'no-data' {
  if (lastSampleAt === null || (link !== undefined && !isLinkAlive(link, now, limits))) return 'no-data'
  const age = now - lastSampleAt
  if (age >= limits.wave.goneMicros || age < -limits.clockSlackMicros) return 'no-data'
  return age >= limits.wave.staleMicros ? 'gap' : 'live'
}
