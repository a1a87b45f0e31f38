// Bounds of the intake: every number that input can drive up, with where the limit comes from.
// Keeps the rule that what a bound drops is counted and shown; `Tally` is the count.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../../../base/time.ts'

/** Bytes without one whole frame after which a peer is no monitor: eight of the longest frames a decoder accepts (facts cms8000 2). */
export const FRAMELESS_CMS_BYTES_MAX = 8 * 8002
/** A bed sends about 1.4 kB/s (facts cms8000 3); 256 kB/s leaves room for a burst after a stall of three minutes. */
export const BYTES_PER_SECOND_MAX = 256 * 1024
/** Rates are judged over this long, so that one segment that was held up is no flood. */
export const RATE_WINDOW_MICROS = 10 * MICROS_PER_SECOND
/** Log lines a connection may cause in a minute: a person reads no more of one bed. The rest is counted. */
export const LOGS_PER_MINUTE_MAX = 20
export const LOG_WINDOW_MICROS = MICROS_PER_MINUTE
/** Distinct unknown kinds kept by name per device; the known ones are below twenty. */
export const UNKNOWN_KINDS_MAX = 64
/** Longest HL7 message accepted from a monitor: 30 s of three leads at 256 Hz in decimal text are 92 kB. */
export const MONITOR_MESSAGE_BYTES_MAX = 128 * 1024
/** The same for HL7: two of the longest messages. */
export const FRAMELESS_HL7_BYTES_MAX = 2 * MONITOR_MESSAGE_BYTES_MAX
/** Segments and fields of one HL7 message; v2.8 messages use below 50 fields, a dump of every parameter below 300 segments. */
export const MESSAGE_SEGMENTS_MAX = 1000
export const SEGMENT_FIELDS_MAX = 100
/** An application gap: no frame for longer than this many of the device's own usual periods, and never below GAP_MICROS_MIN. */
export const GAP_PERIODS = 3
export const GAP_MICROS_MIN = 2 * MICROS_PER_SECOND
/** Table A.3: application silence of 5 s is an event, of 30 s an unmissable one. */
export const FEED_SILENT_MICROS = 5 * MICROS_PER_SECOND
export const FEED_LOST_MICROS = 30 * MICROS_PER_SECOND

const OTHER = '(other)'

/** Counts by name with a bounded number of names; what finds no room is counted under OTHER. */
export class Tally {
  readonly #counts = new Map<string, number>()

  /** True when the name is seen for the first time. */
  add(name: string): boolean {
    const hasRoom = this.#counts.has(name) || this.#counts.size < UNKNOWN_KINDS_MAX
    const key = hasRoom ? name : OTHER
    const before = this.#counts.get(key)
    this.#counts.set(key, (before ?? 0) + 1)
    return before === undefined
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** By name, sorted: the same input gives the same text. */
  rows(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}
