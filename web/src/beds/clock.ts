// clock: the browser's own clock for judging ages, and how late a frame came. Pure; the readings of both clocks are arguments.
// Keeps two rules: no wall clock of one machine is compared with another's, and a frame that waited on its way is as old as its wait.

type Micros = number

/**
 * How fast the difference of two honest clocks may grow: 1 ms a second is twice what NTP slews (500 ppm, RFC 5905). What grows faster
 * is delay on the way: frames that queue up in a proxy, in a socket or in a sleeping tab.
 */
const DRIFT_SHARE = 0.001

export interface Arrival {
  /** When it arrived, by the judge's clock: the browser's monotonic clock, set once to the gateway's time, so that labels read right. */
  readonly at: Micros
  /** How much longer than the fastest frame of this stream it was on its way. Zero for the first. */
  readonly lateMicros: Micros
}

/** One for each stream: what is known of a line dies with the line. */
export interface StreamClock {
  arrive(sentAt: Micros, monotonicMs: number): Arrival
  /** Null before the first frame: no time is known then. */
  now(monotonicMs: number): Micros | null
}

export function createStreamClock(): StreamClock {
  /** Gateway's time at zero of the monotonic clock, by the first frame. */
  let zero: Micros | null = null
  /** Least arrival minus sending seen, and when. */
  let least = 0
  let leastAt = 0
  return {
    arrive(sentAt, monotonicMs) {
      const mono = monotonicMs * 1000
      const way = mono - sentAt
      if (zero === null) {
        zero = -way
        least = way
      } else least = Math.min(way, least + (mono - leastAt) * DRIFT_SHARE)
      leastAt = mono
      return { at: mono + zero, lateMicros: way - least }
    },
    now: (monotonicMs) => (zero === null ? null : monotonicMs * 1000 + zero),
  }
}

/**
 * Whether this page was stopped: frozen tab, sleeping computer, hanging renderer. Two clocks are asked, because some systems stop the
 * monotonic one during sleep; a wall clock that was set looks the same, and costs no more than a new stream.
 */
export const SLEEP_MS = 3_000

export interface SleepWatch {
  /** Call whenever the page does anything; true when it had not for too long. */
  woke(monotonicMs: number, wallMs: number): boolean
}

export function createSleepWatch(monotonicMs: number, wallMs: number): SleepWatch {
  let [mono, wall] = [monotonicMs, wallMs]
  return {
    woke(nextMono, nextWall) {
      const slept = nextMono - mono >= SLEEP_MS || Math.abs(nextWall - wall) >= SLEEP_MS
      mono = nextMono
      wall = nextWall
      return slept
    },
  }
}
