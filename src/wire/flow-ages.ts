// FlowAges: which flow was quiet longest, per class of patience. Doubly linked lists over typed arrays, exact and O(1).
// Keeps the rule that what is forgotten depends on packet order alone, never on a hash.

import { longerWords } from '../base/longer.ts'

const NONE = -1
const SLOTS_AT_START = 1024

/** One list per class; a slot is in one list at a time. `oldest` is the slot not touched for the longest time. */
export class FlowAges {
  readonly #oldest: Int32Array
  readonly #newest: Int32Array
  readonly #counts: Int32Array
  #older = new Int32Array(SLOTS_AT_START)
  #newer = new Int32Array(SLOTS_AT_START)

  constructor(classes: number) {
    this.#oldest = new Int32Array(classes).fill(NONE)
    this.#newest = new Int32Array(classes).fill(NONE)
    this.#counts = new Int32Array(classes)
  }

  /** The slot of this class touched longest ago, or -1. */
  oldest(ageClass: number): number {
    return this.#oldest[ageClass] as number
  }

  /** The slot of the same class that was touched next after this one, or -1. */
  younger(slot: number): number {
    return this.#newer[slot] as number
  }

  /** Adds all slots of this class to `into`, oldest first. */
  collect(ageClass: number, into: number[]): void {
    for (let slot = this.oldest(ageClass); slot !== NONE; slot = this.younger(slot)) into.push(slot)
  }

  /** The class that holds the most slots (the lowest number when equal), or -1 when all are empty. */
  largest(): number {
    let best = NONE
    let most = 0
    for (let i = 0; i < this.#counts.length; i++) {
      if ((this.#counts[i] as number) <= most) continue
      best = i
      most = this.#counts[i] as number
    }
    return best
  }

  /** Puts a slot that is in no list at the young end. */
  add(slot: number, ageClass: number): void {
    if (slot >= this.#older.length) this.#grow(slot)
    const last = this.#newest[ageClass] as number
    this.#older[slot] = last
    this.#newer[slot] = NONE
    if (last === NONE) this.#oldest[ageClass] = slot
    else this.#newer[last] = slot
    this.#newest[ageClass] = slot
    this.#counts[ageClass] = (this.#counts[ageClass] as number) + 1
  }

  /** Takes a slot out of its list. */
  remove(slot: number, ageClass: number): void {
    const older = this.#older[slot] as number
    const newer = this.#newer[slot] as number
    if (older === NONE) this.#oldest[ageClass] = newer
    else this.#newer[older] = newer
    if (newer === NONE) this.#newest[ageClass] = older
    else this.#older[newer] = older
    this.#counts[ageClass] = (this.#counts[ageClass] as number) - 1
  }

  /** Gives back the memory of lists in which nothing stands. */
  shrink(): void {
    if (this.largest() !== NONE) return
    this.#older = new Int32Array(SLOTS_AT_START)
    this.#newer = new Int32Array(SLOTS_AT_START)
  }

  /** Marks activity: the slot becomes the youngest of `to`. */
  touch(slot: number, from: number, to: number): void {
    if (from === to && this.#newest[to] === slot) return
    this.remove(slot, from)
    this.add(slot, to)
  }

  #grow(slot: number): void {
    const length = Math.max(this.#older.length * 2, slot + 1)
    this.#older = longerWords(this.#older, length)
    this.#newer = longerWords(this.#newer, length)
  }
}
