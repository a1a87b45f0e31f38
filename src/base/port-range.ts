// PortRange: TCP and UDP ports as closed ranges. Values only; which port means what is said elsewhere.

import { err, ok, type Result } from './result.ts'

/** Both ends included, 0..65535. */
export interface PortRange {
  readonly low: number
  readonly high: number
}

export const PORT_MAX = 65535
/** Port 0 is included: no service may use it (RFC 6335 section 6), but it exists on the wire. */
export const EVERY_PORT: PortRange = { low: 0, high: PORT_MAX }

const RANGE = /^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$/

/** `2575` or `515-520`, ports 1..65535, low first. The error says which of the three is wrong. */
export function parsePortRange(text: string): Result<PortRange, 'not-a-port' | 'out-of-range' | 'empty'> {
  const match = RANGE.exec(text.trim())
  if (match === null) return err('not-a-port')
  const low = Number(match[1])
  const high = Number(match[2] ?? match[1])
  if (low < 1 || low > PORT_MAX || high < 1 || high > PORT_MAX) return err('out-of-range')
  return low > high ? err('empty') : ok({ low, high })
}

/** `515-520`, `2575`, or `any`. */
export function formatPortRange(range: PortRange): string {
  if (range.low === EVERY_PORT.low && range.high === EVERY_PORT.high) return 'any'
  return range.low === range.high ? String(range.low) : `${range.low}-${range.high}`
}

/** Sorted, with overlapping and touching ranges joined, so that equal sets have equal lists. */
export function normalisePortRanges(ranges: readonly PortRange[]): readonly PortRange[] {
  const sorted = [...ranges].sort((a, b) => a.low - b.low || a.high - b.high)
  const joined: PortRange[] = []
  for (const range of sorted) {
    const last = joined.at(-1)
    if (last === undefined || range.low > last.high + 1) joined.push(range)
    else joined[joined.length - 1] = { low: last.low, high: Math.max(last.high, range.high) }
  }
  return joined
}

/** Whether any range holds the port. */
export function portRangesInclude(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some((range) => port >= range.low && port <= range.high)
}
