// clock: the time of the segment's process: it follows the machine's clock, never goes back and never stands still.
// Keeps the rule that a clock set back does not make a dead value look alive: time goes on at nearly its pace until the machine's has caught up.

import type { Micros } from '../../base/time.ts'

/** While the machine's clock is behind, this part of each second is given back: an hour takes twenty, and an age is 5 % short meanwhile. */
export const SLEW = 0.05

export interface TimeSources {
  /** Microseconds since 1970 as the machine believes; may jump. */
  readonly wall: () => Micros
  /** Microseconds since any moment; only forward. */
  readonly steady: () => Micros
}

export class SteadyClock {
  readonly #sources: TimeSources
  readonly #start: Micros
  /** Microseconds told since the start, with parts of one. */
  #gone = 0
  #steady: Micros

  constructor(sources: TimeSources) {
    this.#sources = sources
    this.#start = sources.wall()
    this.#steady = sources.steady()
  }

  now(): Micros {
    const steady = this.#sources.steady()
    const passed = Math.max(0, steady - this.#steady)
    this.#steady = steady
    const behind = this.#start + this.#gone + passed - this.#sources.wall()
    // Ahead of us: taken over at once, which can only make values older. Behind: given back little by little.
    this.#gone += behind <= 0 ? passed - behind : passed - Math.min(behind, passed * SLEW)
    return this.#start + Math.floor(this.#gone)
  }
}

export function machineClock(): SteadyClock {
  return new SteadyClock({ wall: () => Date.now() * 1000, steady: () => Math.floor(performance.now() * 1000) })
}
