// Words: a presented value as text, for a tile, a page or a log of what was shown.
// Keeps the rule that an old value never reads like a new one: the mark is part of the text, not of a style sheet that may be lost.

import { formatMicros, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import type { Presented, PresentedNumber } from './present.ts'

/** Where a number was: nobody can take it for one. */
export const NO_NUMBER = '\u2014?\u2014'

const DIGITS: Readonly<Record<string, number>> = { t1: 1, t2: 1, td: 1, st1: 2, st2: 2, st3: 2 }

export function valueText(presented: Presented): string {
  if (presented.state === 'no-data') return `${NO_NUMBER} ${gapText(presented.why, presented.since)}`
  const number = numberText(presented)
  if (presented.quality === 'demo') return `${number} DEMO`
  return presented.state === 'stale' ? `${number} OLD (${ageText(presented)})` : number
}

export function numberText({ parameter, value }: PresentedNumber): string {
  return value.toFixed(DIGITS[parameter] ?? 0)
}

export function ageText({ ageMicros, isAgeExact }: PresentedNumber): string {
  const age = ageMicros >= MICROS_PER_MINUTE
    ? `${Math.floor(ageMicros / MICROS_PER_MINUTE)} min` : `${Math.floor(ageMicros / MICROS_PER_SECOND)} s`
  return isAgeExact ? age : `at least ${age}`
}

const GAP_WORDS: Readonly<Record<string, string>> = {
  never: 'NO DATA yet', silent: 'NO DATA', 'too-old': 'NO NEW MEASUREMENT', clock: 'CLOCK CHANGED, NO DATA', 'station-offline': 'STATION OFFLINE',
  'not-measured': 'NOT MEASURED', 'sensor-off': 'SENSOR OFF', invalid: 'INVALID', unreadable: 'UNREADABLE', undated: 'UNDATED',
}

/** `NO DATA since 07:00:02`; `clock` puts the reader's zone. */
export function gapText(why: string, since: Micros | null, clock: (at: Micros) => string = clockText): string {
  const words = GAP_WORDS[why] ?? 'NO DATA'
  return since === null ? words : `${words} since ${clock(since)}`
}

/** hh:mm:ss of the gateway's clock in UTC; a screen puts its own zone. */
export function clockText(at: Micros): string {
  return formatMicros(at).slice(11, 19)
}

/** Cuff pressures as a nurse writes them, always with the time of measurement: `120/80 (93) 10:16`. */
export function nibpText(systolic: Presented, diastolic: Presented, mean: Presented): string {
  if (systolic.state === 'no-data') return valueText(systolic)
  const [low, middle] = [diastolic, mean].map((value) => (value.state === 'no-data' ? NO_NUMBER : numberText(value)))
  const parts = [`${numberText(systolic)}/${low} (${middle}) ${stampText(systolic)}`]
  if (systolic.quality === 'demo') parts.push('DEMO')
  if (systolic.state === 'stale') parts.push(`OLD (${ageText(systolic)})`)
  return parts.join(' ')
}

/** The monitor's own clock where it stamped, else when the value was received. */
function stampText({ times }: PresentedNumber): string {
  const device = times?.device
  return device ? clockText(device.at).slice(0, 5) : `received ${clockText(times?.received ?? 0).slice(0, 5)}`
}
