// DeviceWatch: what is known of one monitor's feed: rate, cadence, gaps, silence, and how far its clock is off.
// Keeps the rule that silence is an event: `tick` tells it without a new byte, because a dead feed brings none.

import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import { FEED_LOST_MICROS, FEED_SILENT_MICROS, GAP_MICROS_MIN, GAP_PERIODS } from './bounds.ts'
import { NumberRing } from './number-ring.ts'
import type { DeviceTime, Times } from './reading.ts'

export type FeedState = 'never' | 'live' | 'silent' | 'lost'
/** The state machine of a feed: `silent` and `lost` come from time alone. */
export const FEED_TABLE: readonly { readonly state: FeedState; readonly event: string; readonly next: FeedState }[] = [
  { state: 'never', event: 'frame', next: 'live' },
  { state: 'live', event: 'no frame for 5 s', next: 'silent' },
  { state: 'silent', event: 'no frame for 30 s', next: 'lost' },
  { state: 'silent', event: 'frame', next: 'live' },
  { state: 'lost', event: 'frame', next: 'live' },
]

/** Cycle periods remembered for the usual one: two minutes at one a second. */
const PERIODS_KEPT = 120
/** Frames are counted over this long. */
const FRAME_RATE_MICROS = 10 * MICROS_PER_SECOND
/** Frame times kept for the rate: five frames a second for ten seconds, eight times over. */
const FRAME_TIMES_MAX = 400

export interface FeedFigures {
  readonly state: FeedState
  readonly framesPerSecond: number
  /** Median time between ends of cycle; null before three of them. */
  readonly cycleMicros: Micros | null
  readonly gaps: number
  readonly longestGapMicros: Micros
  /** Monitor clock minus gateway clock; null until a measurement was seen to be new. Holds the zone when the stamp has none. */
  readonly clockOffsetMicros: Micros | null
  readonly lastFrameAt: Micros | null
}

/** What a clock comparison needs to remember: the stamp of the last measurement. */
interface Stamp {
  readonly device: Micros
  readonly measured: Micros | null
}

export class DeviceWatch {
  #state: FeedState = 'never'
  #lastFrameAt: Micros | null = null
  #lastCycleAt: Micros | null = null
  readonly #frameTimes = new NumberRing(FRAME_TIMES_MAX)
  readonly #periods = new NumberRing(PERIODS_KEPT)
  /** Median of the periods, until the next one comes. */
  #usual: Micros | null = null
  #isUsualKnown = true
  #gaps = 0
  #longestGap = 0
  #offset: Micros | null = null
  #stamp: Stamp | null = null

  /** A whole frame or message came. Returns the state it ended, when the feed had been given up. */
  onFrame(at: Micros): 'feed-back' | null {
    if (this.#lastFrameAt !== null) this.#noteGap(at - this.#lastFrameAt)
    this.#lastFrameAt = this.#lastFrameAt === null ? at : Math.max(at, this.#lastFrameAt)
    this.#frameTimes.push(at)
    this.#forgetFrames(at)
    const was = this.#state
    this.#state = 'live'
    return was === 'silent' || was === 'lost' ? 'feed-back' : null
  }

  onCycle(at: Micros): void {
    if (this.#lastCycleAt !== null && at > this.#lastCycleAt) {
      this.#periods.push(at - this.#lastCycleAt)
      this.#isUsualKnown = false
    }
    this.#lastCycleAt = at
  }

  /** Time passed, nothing else. Each state is told once. */
  tick(now: Micros): 'feed-silent' | 'feed-lost' | null {
    if (this.#lastFrameAt === null || this.#state === 'never') return null
    const silence = now - this.#lastFrameAt
    if (silence >= FEED_LOST_MICROS && this.#state !== 'lost') {
      this.#state = 'lost'
      return 'feed-lost'
    }
    if (silence >= FEED_SILENT_MICROS && this.#state === 'live') {
      this.#state = 'silent'
      return 'feed-silent'
    }
    return null
  }

  /** Before this moment `tick` has nothing to tell, unless a frame comes. */
  get nextTellAt(): Micros {
    if (this.#lastFrameAt === null || this.#state === 'never' || this.#state === 'lost') return Number.POSITIVE_INFINITY
    return this.#lastFrameAt + (this.#state === 'live' ? FEED_SILENT_MICROS : FEED_LOST_MICROS)
  }

  /**
   * Dates a stamped measurement on the gateway's clock. A stamp that changed while we listened was just measured: its lateness
   * bounds the clock offset from below, so the greatest difference seen is kept. The first stamp may be hours old: it dates nothing.
   */
  date(stamp: DeviceTime, received: Micros): Times {
    const before = this.#stamp
    if (before?.device === stamp.at) return { device: stamp, received, measured: before.measured ?? this.#byOffset(stamp.at, received) }
    const isNew = before !== null && stamp.at > before.device
    if (isNew) this.#offset = Math.max(this.#offset ?? Number.NEGATIVE_INFINITY, stamp.at - received)
    const measured = isNew ? received : this.#byOffset(stamp.at, received)
    this.#stamp = { device: stamp.at, measured }
    return { device: stamp, received, measured }
  }

  /** Never later than it was received: a measurement does not come from the future. */
  #byOffset(device: Micros, received: Micros): Micros | null {
    return this.#offset === null ? null : Math.min(received, device - this.#offset)
  }

  figures(now: Micros): FeedFigures {
    this.#forgetFrames(now)
    return {
      state: this.#state,
      framesPerSecond: (this.#frameTimes.length * MICROS_PER_SECOND) / FRAME_RATE_MICROS,
      cycleMicros: this.#usualPeriod(),
      gaps: this.#gaps,
      longestGapMicros: this.#longestGap,
      clockOffsetMicros: this.#offset,
      lastFrameAt: this.#lastFrameAt,
    }
  }

  #usualPeriod(): Micros | null {
    if (!this.#isUsualKnown) this.#usual = this.#periods.length < 2 ? null : this.#periods.median()
    this.#isUsualKnown = true
    return this.#usual
  }

  #noteGap(pause: Micros): void {
    if (pause <= GAP_MICROS_MIN || pause <= GAP_PERIODS * (this.#usualPeriod() ?? 0)) return
    this.#gaps += 1
    this.#longestGap = Math.max(this.#longestGap, pause)
  }

  #forgetFrames(now: Micros): void {
    while (this.#frameTimes.oldest(now) < now - FRAME_RATE_MICROS) this.#frameTimes.shift()
  }
}
