// Packet time: integer microseconds since 1970-01-01 UTC, as a plain number (exact until the year 2255).
// Keeps the rule that time is data: nothing below level 5 asks a clock.

/** Microseconds since the Unix epoch, integer. Nanosecond captures are floored to it. */
export type Micros = number

export const MICROS_PER_SECOND = 1_000_000
export const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND

/** ISO 8601 in UTC with six decimals, e.g. `2026-01-05T07:30:00.000125Z`. Out of Date's range: the bare number. */
export function formatMicros(at: Micros): string {
  const seconds = Math.floor(at / MICROS_PER_SECOND)
  const micros = at - seconds * MICROS_PER_SECOND
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) return `${at}us`
  return `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`
}
