// Dates: calendar days as ISO 8601 text, which sorts as time does.
// Keeps the rule that policy knows no clock: which day it is comes from outside.

/** February has its 29 here; leap years are looked at apart. */
const DAYS_OF_MONTH: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const FORM = /^(\d{4})-(\d{2})-(\d{2})$/

/** Whether a text is a day of the Gregorian calendar as `2026-12-24` (ISO 8601, extended). Two such texts compare as their days do. */
export function isDay(text: string): boolean {
  const match = FORM.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day >= 1 && day <= (DAYS_OF_MONTH[month - 1] ?? 0)
}
