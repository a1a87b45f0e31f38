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

  /** `start`: what it is by another clock that has gone on for longer; at the first question that is compared with the machine's. */
  constructor(sources: TimeSources, start = sources.wall()) {
    this.#sources = sources
    this.#start = start
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

/** A moment by one process's clock, and by the kernel's steady one, which is the same for all processes. */
export interface ClockReading {
  readonly at: Micros
  readonly kernel: Micros
}

export const readClock = (at: Micros): ClockReading => ({ at, kernel: kernelMicros() })

/** `since`: the parent's clock. Whose a measurement is and how old it is compares times of both processes: they must have one clock. */
export function machineClock(since: ClockReading | null = null): SteadyClock {
  const sources: TimeSources = { wall: () => Date.now() * 1000, steady: () => Math.floor(performance.now() * 1000) }
  return since === null ? new SteadyClock(sources) : new SteadyClock(sources, since.at + Math.max(0, kernelMicros() - since.kernel))
}

const kernelMicros = (): Micros => Number(process.hrtime.bigint() / 1000n)
