// Repeat: notices that five seconds of ECG samples come a second time, to the last step: a replay or a frozen buffer.
// Keeps the rule that memory is bounded: hashes of windows at fixed places are kept, and every place of the new samples is compared.

import { cannotTell, differs, fits, type Evidence } from './evidence.ts'

/** Samples of 5 s at 256 Hz (facts gateway E.2 no. 13). */
export const REPEAT_SAMPLES = 1280
/** Every so many samples (one second) the hash of the window that ends there is kept: 600 numbers a bed. */
const STEP = 256
/** A window shorter by one step: any repeat of REPEAT_SAMPLES holds one kept window whole. */
const WINDOW = REPEAT_SAMPLES - STEP
/** Windows kept: ten minutes. A replay of something older is not noticed, and the page says so. */
export const WINDOWS_KEPT = (600 * 256) / STEP
/** A window that moves less than this is a lead off or an asystole, not a recording. */
const MOVEMENT_MIN = 4
/** Odd multipliers of two independent polynomial hashes modulo 2^32. */
const [FACTOR_A, FACTOR_B] = [0x01000193, 0x5bd1e995]

/** a^n modulo 2^32. */
function power(a: number, n: number): number {
  let out = 1
  for (let i = 0; i < n; i++) out = Math.imul(out, a)
  return out
}

const [LEAVE_A, LEAVE_B] = [power(FACTOR_A, WINDOW), power(FACTOR_B, WINDOW)]

/** One channel of one device. Feed every sample in order; `gap` when some were lost. */
export class RepeatWatch {
  readonly #ring = new Uint8Array(WINDOW)
  /** Sum of |steps| between neighbours in the window: nothing moves, nothing repeats. */
  #movement = 0
  #count = 0
  #total = 0
  #a = 0
  #b = 0
  /** Hash of a kept window to the number of its last sample. */
  readonly #kept = new Map<number, number>()
  #lastRepeat: { readonly at: number; readonly of: number } | null = null

  feed(samples: Uint8Array): void {
    for (const sample of samples) this.#push(sample)
  }

  /** Samples are missing: windows across the hole do not count. */
  gap(): void {
    this.#count = 0
    this.#a = this.#b = 0
    this.#movement = 0
  }

  /** Another patient, or a new connection after long: what was kept is forgotten. */
  clear(): void {
    this.gap()
    this.#kept.clear()
    this.#lastRepeat = null
  }

  /** Samples ago at which a repeat was last seen, and how far back its original lay; null for none. */
  get repeat(): { readonly samplesAgo: number; readonly distance: number } | null {
    const last = this.#lastRepeat
    return last === null ? null : { samplesAgo: this.#total - last.at, distance: last.at - last.of }
  }

  #push(sample: number): void {
    const slot = this.#total % WINDOW
    const leaving = this.#ring[slot] as number
    const previous = this.#ring[(slot + WINDOW - 1) % WINDOW] as number
    this.#ring[slot] = sample
    this.#a = (Math.imul(this.#a, FACTOR_A) + sample + 1) | 0
    this.#b = (Math.imul(this.#b, FACTOR_B) + sample + 1) | 0
    if (this.#count > 0) this.#movement += Math.abs(sample - previous)
    if (this.#count >= WINDOW) {
      this.#a = (this.#a - Math.imul(leaving + 1, LEAVE_A)) | 0
      this.#b = (this.#b - Math.imul(leaving + 1, LEAVE_B)) | 0
      this.#movement -= Math.abs((this.#ring[(slot + 1) % WINDOW] as number) - leaving)
    }
    this.#count = Math.min(WINDOW, this.#count + 1)
    this.#total += 1
    if (this.#count === WINDOW && this.#movement >= MOVEMENT_MIN) this.#compare()
  }

  #compare(): void {
    // 53 bits of the two hashes: a clash in ten minutes of one bed has a chance below one in a million million.
    const key = (this.#a >>> 0) * 0x20_0000 + ((this.#b >>> 0) >>> 11)
    const of = this.#kept.get(key)
    if (of !== undefined) this.#lastRepeat = { at: this.#total, of }
    if (this.#total % STEP !== 0 || of !== undefined) return
    this.#kept.set(key, this.#total)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > WINDOWS_KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }
}

/** `rate` in samples per second. A repeat is told for as long as `forSeconds` after it was seen. */
export function repeatEvidence(watch: RepeatWatch, rate: number, seconds: number, forSeconds = 60): Evidence {
  const repeat = watch.repeat
  if (repeat !== null && repeat.samplesAgo <= forSeconds * rate) {
    const back = Math.round(repeat.distance / rate)
    return differs('exact-repeat', `5 s of the ECG are an exact copy of what came ${back} s before: replayed, frozen or a simulator`)
  }
  return seconds < 10 ? cannotTell('exact-repeat', 'less than 10 s of ECG were seen') : fits('exact-repeat', 'no 5 s of the ECG repeat')
}
