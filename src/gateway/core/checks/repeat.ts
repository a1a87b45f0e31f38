// Repeat: notices that five seconds of ECG samples come a second time, to the last step: a replay or a frozen buffer.
// Keeps the rule that memory is bounded: hashes of windows at fixed places are kept, and every place of the new samples is compared.

import { cannotTell, differs, fits, type Evidence } from './evidence.ts'

/** Samples of 5 s at 256 Hz (facts gateway E.2 no. 13). */
export const REPEAT_SAMPLES = 1280
/** Every so many samples (one second) the hash of the window that ends there is kept: 600 numbers a bed. */
const STEP = 256
/** A window shorter by one step: any repeat of REPEAT_SAMPLES holds one kept window whole. */
const WINDOW = REPEAT_SAMPLES - STEP
/** Last slot of the ring: WINDOW is a power of two, so places wrap with a mask. */
const LAST = WINDOW - 1
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

/** Places where chains of kept windows begin: more than windows, so that most lookups end at once. */
const HEADS = 1024
/** Numbers of one kept window: its two hashes, its last sample in steps, and the next window of its chain. */
const FIELDS = 4
const FIRST_CAPACITY = 32
/**
 * A head or a link: which window (plus one; 0 for none), whether more follow, and thirteen bits of its hash. With ten thousand beds every
 * line of memory is cold: a lookup of what is not there must end at the head, without a look at the windows themselves.
 */
const ENTRY_MASK = 0x3ff
const MORE = 0x400
const TAG_SHIFT = 19
const link = (entry: number, a: number, hasMore: boolean): number => ((a >>> TAG_SHIFT) << TAG_SHIFT) | (hasMore ? MORE : 0) | (entry + 1)

const isLike = (next: number, a: number): boolean => (next ^ a) >>> TAG_SHIFT === 0

/** Hashes of kept windows with the number of their last sample: at most WINDOWS_KEPT, the oldest leaves. Grows to need. */
class KeptWindows {
  #fields = new Int32Array(0)
  readonly #heads = new Int32Array(HEADS)
  #first = 0
  #size = 0

  /** By the low bits of the first hash; read by the loop over samples itself. */
  get heads(): Int32Array {
    return this.#heads
  }

  /** Number of the last sample of the kept window with these hashes, from a head on; -1 for none. */
  find(head: number, a: number, b: number): number {
    const fields = this.#fields
    for (let next = head; next !== 0;) {
      const at = ((next & ENTRY_MASK) - 1) * FIELDS
      if (isLike(next, a) && fields[at] === a && fields[at + 1] === b) return (fields[at + 2] as number) * STEP
      if ((next & MORE) === 0) return -1
      next = fields[at + 3] as number
    }
    return -1
  }

  add(a: number, b: number, total: number): void {
    if (this.#size === WINDOWS_KEPT) this.#dropOldest()
    this.#reserve()
    const entry = (this.#first + this.#size) % WINDOWS_KEPT
    const head = a & (HEADS - 1)
    const next = this.#heads[head] as number
    this.#fields.set([a, b, total / STEP, next], entry * FIELDS)
    this.#heads[head] = link(entry, a, next !== 0)
    this.#size += 1
  }

  clear(): void {
    this.#heads.fill(0)
    this.#first = this.#size = 0
  }

  /** The oldest is the last of its chain: new ones are put in front. Who led to it may still say that more follow: none does. */
  #dropOldest(): void {
    const fields = this.#fields
    const head = (fields[this.#first * FIELDS] as number) & (HEADS - 1)
    let place = -1
    for (let next = this.#heads[head] as number; (next & ENTRY_MASK) !== this.#first + 1; next = fields[place] as number) {
      place = ((next & ENTRY_MASK) - 1) * FIELDS + 3
    }
    if (place < 0) this.#heads[head] = 0
    else fields[place] = 0
    this.#first = (this.#first + 1) % WINDOWS_KEPT
    this.#size -= 1
  }

  #reserve(): void {
    const capacity = this.#fields.length / FIELDS
    if (this.#size < capacity) return
    const grown = new Int32Array(Math.min(WINDOWS_KEPT, Math.max(FIRST_CAPACITY, 2 * capacity)) * FIELDS)
    grown.set(this.#fields)
    this.#fields = grown
  }
}

/** One channel of one device. Feed every sample in order; `gap` when some were lost. */
export class RepeatWatch {
  readonly #ring = new Uint8Array(WINDOW)
  /** Sum of |steps| between neighbours in the window: nothing moves, nothing repeats. */
  #movement = 0
  #count = 0
  #total = 0
  #a = 0
  #b = 0
  readonly #kept = new KeptWindows()
  /** Number of the sample that completed the last repeat, and of the one it repeats; -1 for none. */
  #repeatAt = -1
  #repeatOf = -1

  feed(samples: Uint8Array): void {
    const ring = this.#ring
    const kept = this.#kept
    const heads = kept.heads
    let a = this.#a
    let b = this.#b
    let count = this.#count
    let movement = this.#movement
    let slot = this.#total % WINDOW
    let previous = ring[(slot + WINDOW - 1) & LAST] as number
    for (let i = 0, length = samples.length; i < length; i++) {
      const sample = samples[i] as number
      const leaving = ring[slot] as number
      ring[slot] = sample
      slot = (slot + 1) & LAST
      a = (Math.imul(a, FACTOR_A) + sample + 1) | 0
      b = (Math.imul(b, FACTOR_B) + sample + 1) | 0
      if (count > 0) movement += Math.abs(sample - previous)
      previous = sample
      if (count < WINDOW) count += 1
      else {
        a = (a - Math.imul(leaving + 1, LEAVE_A)) | 0
        b = (b - Math.imul(leaving + 1, LEAVE_B)) | 0
        movement -= Math.abs((ring[slot] as number) - leaving)
      }
      if (count < WINDOW || movement < MOVEMENT_MIN) continue
      const head = heads[a & (HEADS - 1)] as number
      if (slot % STEP === 0 || (head !== 0 && ((head & MORE) !== 0 || isLike(head, a)))) this.#compare(head, a, b, this.#total + i + 1)
    }
    this.#total += samples.length
    this.#a = a
    this.#b = b
    this.#count = count
    this.#movement = movement
  }

  /** Whether the window that ends here was kept before; else it is kept if its place is one of those. */
  #compare(head: number, a: number, b: number, total: number): void {
    // 53 bits of the two hashes: a clash in ten minutes of one bed has a chance below one in a million million.
    const of = this.#kept.find(head, a, b >>> 11)
    if (of >= 0) {
      this.#repeatAt = total
      this.#repeatOf = of
    } else if (total % STEP === 0) this.#kept.add(a, b >>> 11, total)
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
    this.#repeatAt = this.#repeatOf = -1
  }

  /** Samples ago at which a repeat was last seen, and how far back its original lay; null for none. */
  get repeat(): { readonly samplesAgo: number; readonly distance: number } | null {
    return this.#repeatAt < 0 ? null : { samplesAgo: this.#total - this.#repeatAt, distance: this.#repeatAt - this.#repeatOf }
  }
}

/** Number of the sentence that `repeatEvidence` says: -2 too little, -1 no repeat, else how many seconds back the original lay. */
export function repeatSecondsBack(watch: RepeatWatch, rate: number, seconds: number, forSeconds = 60): number {
  const repeat = watch.repeat
  if (repeat !== null && repeat.samplesAgo <= forSeconds * rate) return Math.round(repeat.distance / rate)
  return seconds < 10 ? -2 : -1
}

/** `rate` in samples per second. A repeat is told for as long as `forSeconds` after it was seen. */
export function repeatEvidence(watch: RepeatWatch, rate: number, seconds: number, forSeconds = 60): Evidence {
  const back = repeatSecondsBack(watch, rate, seconds, forSeconds)
  if (back >= 0) return differs('exact-repeat', `5 s of the ECG are an exact copy of what came ${back} s before: replayed, frozen or a simulator`)
  return back === -2 ? cannotTell('exact-repeat', 'less than 10 s of ECG were seen') : fits('exact-repeat', 'no 5 s of the ECG repeat')
}
