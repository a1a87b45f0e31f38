// Trace: the last samples of one channel of one device, as the bytes they came as, and as a window for the detectors.
// Keeps the rule that a window is whole: samples across a hole never stand side by side.

import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import { workspace } from './filter.ts'

/** Window of a waveform rate: three breaths and ten beats at 40 /min. */
export const RATE_SECONDS = 15
/** A pause of more than this between two pieces is a hole: cycles are one a second. */
const HOLE_MICROS = 3 * MICROS_PER_SECOND

export class Trace {
  readonly rate: number
  readonly #samples: Uint8Array
  /** Where the next sample goes, and how many are there. */
  #next = 0
  #filled = 0
  #lastAt: Micros | null = null

  constructor(rate: number) {
    this.rate = rate
    this.#samples = new Uint8Array(RATE_SECONDS * rate)
  }

  /** True when samples are missing between the piece before and this one. */
  take(samples: Uint8Array, at: Micros): boolean {
    const isHole = this.#lastAt !== null && at - this.#lastAt > HOLE_MICROS
    this.#lastAt = at
    if (isHole) this.#filled = 0
    const size = this.#samples.length
    const from = Math.max(0, samples.length - size)
    for (let done = from; done < samples.length;) {
      const count = Math.min(size - this.#next, samples.length - done)
      this.#samples.set(samples.subarray(done, done + count), this.#next)
      this.#next = (this.#next + count) % size
      done += count
    }
    this.#filled = Math.min(size, this.#filled + samples.length)
    return isHole
  }

  /** Another patient: the next piece is the first. */
  forget(): void {
    this.#filled = 0
    this.#lastAt = null
  }

  /** The whole window in order, valid until another trace is asked; null while it is not full. */
  window(): Float64Array | null {
    const size = this.#samples.length
    if (this.#filled < size) return null
    const out = workspace('window', size)
    out.set(this.#samples.subarray(this.#next))
    out.set(this.#samples.subarray(0, this.#next), size - this.#next)
    return out
  }
}
