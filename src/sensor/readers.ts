// Readers: what is kept beside the flows that are read, by place of the flow. Bounded: when it is full, one that was silent long makes room.
// Keeps the rule that a touch costs one bit: the second-chance order of page replacement (Corbató 1968), not a list.

import { longerWords } from '../base/longer.ts'

/** Small captures stay small; the columns by place double from here. */
const PLACES_AT_START = 256

export class Readers<T> {
  readonly #max: number
  readonly #onFull: (slot: number) => void
  /** The ring that the hand goes round, as long as there are readers: what is kept, its place, and whether it spoke since the hand came by. */
  #kept: T[] = []
  #slots: number[] = []
  #spoke: boolean[] = []
  /** By place of the flow: where in the ring, plus one; 0 where nobody reads. There are many more flows than readers. */
  #at = new Int32Array(PLACES_AT_START)
  #hand = 0
  #pushedOut = 0

  /** `onFull` is called with the place that has to go; it calls take. */
  constructor(max: number, onFull: (slot: number) => void) {
    this.#max = max
    this.#onFull = onFull
  }

  get size(): number {
    return this.#kept.length
  }

  get pushedOut(): number {
    return this.#pushedOut
  }

  /** What is kept there, which has spoken now. */
  touch(slot: number): T | null {
    const at = this.#find(slot)
    if (at < 0) return null
    this.#spoke[at] = true
    return this.#kept[at] as T
  }

  add(slot: number, value: T): void {
    if (this.#kept.length >= this.#max) this.#makeRoom()
    if (slot >= this.#at.length) this.#grow(slot)
    this.#at[slot] = this.#kept.push(value)
    this.#slots.push(slot)
    this.#spoke.push(true)
  }

  /** Takes it out; null when nothing was kept. The last of the ring comes in its place. */
  take(slot: number): T | null {
    const at = this.#find(slot)
    if (at < 0) return null
    const kept = this.#kept[at] as T
    this.#at[slot] = 0
    const [last, lastSlot, spoke] = [this.#kept.pop() as T, this.#slots.pop() as number, this.#spoke.pop() as boolean]
    if (lastSlot !== slot) {
      this.#kept[at] = last
      this.#slots[at] = lastSlot
      this.#spoke[at] = spoke
      this.#at[lastSlot] = at + 1
    }
    return kept
  }

  /** Gives back the memory when nothing is kept. */
  shrink(): void {
    if (this.#kept.length > 0) return
    this.#kept = []
    this.#slots = []
    this.#spoke = []
    this.#at = new Int32Array(PLACES_AT_START)
  }

  /** Where in the ring, or -1. */
  #find(slot: number): number {
    return slot < this.#at.length ? (this.#at[slot] as number) - 1 : -1
  }

  #grow(slot: number): void {
    this.#at = longerWords(this.#at, Math.max(2 * this.#at.length, slot + 1))
  }

  /** The hand goes round: who spoke since it came by last is passed once. */
  #makeRoom(): void {
    for (let steps = 0; steps <= this.#kept.length; steps++) {
      if (this.#hand >= this.#kept.length) this.#hand = 0
      if (this.#spoke[this.#hand] === false) {
        this.#pushedOut++
        this.#onFull(this.#slots[this.#hand] as number)
        return
      }
      this.#spoke[this.#hand] = false
      this.#hand++
    }
  }
}
