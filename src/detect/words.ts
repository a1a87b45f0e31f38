// Words: small pieces of sentences that rules share.
// Keeps the rule that a person never reads "1 packets" or a span in a unit nobody counts in.

import { MICROS_PER_MINUTE, type Micros } from '../base/time.ts'

/** `1 flow`, `3 flows`; `many` for irregular plurals. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

const HOURS_SHOWN = 336

/** `less than a second`, `40 seconds`, `20 minutes`, `168 hours`, `15 days`: a length of time in the unit people would say it in. */
export function spanText(micros: Micros): string {
  const minutes = micros / MICROS_PER_MINUTE
  if (minutes * 60 < 1) return 'less than a second'
  if (minutes < 2) return count(Math.round(minutes * 60), 'second')
  if (minutes < 120) return `${Math.round(minutes)} minutes`
  const hours = Math.round(minutes / 60)
  return hours <= HOURS_SHOWN ? `${hours} hours` : `${Math.round(hours / 24)} days`
}

/** Names written out in one sentence; a port scan has sixty thousand. */
const NAMES_SHOWN = 8

/** `a, b, c`, and `a, b, ... and 12 more` for lists nobody would read to the end. */
export function some(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN
  return more <= 0 ? names.join(', ') : `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more`
}
