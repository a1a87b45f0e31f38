// format: numbers, bytes and times as people in the hospital read them. Pure; the time zone is an argument.
// Keeps "times in UTC": what is shown is UTC, the local time is a hint beside it.

/** Microseconds since 1970, as in the API. */
type Micros = number

const GROUPED = new Intl.NumberFormat('en-GB')

/** `12,480` */
export function formatCount(value: number): string {
  return GROUPED.format(value)
}

/** `1 asset`, `3 assets`, `2 analyses` when the plural is given. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Decimal units with three digits, e.g. `640 B`, `48.0 kB`, `1.25 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? 'B'}`
}

/** `2026-01-05 07:30:00Z`; the day is left out when it is `besides`'s day. Out of range: a dash. */
export function formatTime(at: Micros, besides?: Micros): string {
  const iso = isoTime(at)
  if (iso === '') return '–'
  const clock = `${iso.slice(11, 19)}Z`
  return besides !== undefined && isoTime(besides).slice(0, 10) === iso.slice(0, 10) ? clock : `${iso.slice(0, 10)} ${clock}`
}

/** ISO 8601 to the millisecond for `datetime` attributes; empty when out of Date's range. */
export function isoTime(at: Micros): string {
  const date = new Date(at / 1000)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

/** `08:30:00 in Europe/Berlin, 5 January 2026`, for those who stand in the ward. */
export function localHint(at: Micros, timeZone?: string): string {
  const date = new Date(at / 1000)
  if (Number.isNaN(date.getTime())) return ''
  const zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: zone }).format(date)
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: zone }).format(date)
  return `${clock} in ${zone}, ${day}`
}

const MICROS_PER_SECOND = 1_000_000

/** `40 seconds`, `12 minutes`, `3 hours 5 minutes`, `2 days 4 hours`: how long a capture lasts. */
export function formatDuration(micros: number): string {
  const seconds = Math.round(micros / MICROS_PER_SECOND)
  if (seconds < 1) return 'less than a second'
  if (seconds < 120) return plural(seconds, 'second')
  if (seconds < 7200) return plural(Math.round(seconds / 60), 'minute')
  const [big, small, unit, part] = seconds < 172_800 ? [3600, 60, 'hour', 'minute'] as const : [86_400, 3600, 'day', 'hour'] as const
  const rest = Math.floor((seconds % big) / small)
  return plural(Math.floor(seconds / big), unit) + (rest > 0 ? ` ${plural(rest, part)}` : '')
}

/** `tcp/515`, or `icmp` where there are no ports. */
export function formatService(transport: string, port: number): string {
  return port > 0 ? `${transport}/${port}` : transport
}
