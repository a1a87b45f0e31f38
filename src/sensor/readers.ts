// Readers: what is kept beside the flows that are read, by place of the flow. Bounded: when it is full, one that was silent long makes room.
// Keeps the rule that a touch costs one bit: the second-chance order of page replacement (Corbató 1968), not a list.

export class Readers<T> {
  readonly #max: number
  readonly #onFull: (slot: number) => void
  /** By place of the flow; a hole where nobody reads. */
  #kept: (T | null)[] = []
  /** The places in use, in a ring that the hand goes round; by place: where in the ring, and whether it spoke since the hand came by. */
  readonly #ring: number[] = []
  #at: number[] = []
  #spoke: boolean[] = []
  #hand = 0
  #pushedOut = 0

  /** `onFull` is called with the place that has to go; it calls take. */
  constructor(max: number, onFull: (slot: number) => void) {
    this.#max = max
    this.#onFull = onFull
  }

  get size(): number {
    return this.#ring.length
  }

  get pushedOut(): number {
    return this.#pushedOut
  }

  /** What is kept there, which has spoken now. */
  touch(slot: number): T | null {
    const kept = this.#kept[slot] ?? null
    if (kept !== null) this.#spoke[slot] = true
    return kept
  }

  add(slot: number, value: T): void {
    if (this.#ring.length >= this.#max) this.#makeRoom()
    while (this.#kept.length <= slot) {
      this.#kept.push(null)
      this.#at.push(-1)
      this.#spoke.push(false)
    }
    this.#kept[slot] = value
    this.#spoke[slot] = true
    this.#at[slot] = this.#ring.length
    this.#ring.push(slot)
  }

  /** Takes it out; null when nothing was kept. The last of the ring comes in its place. */
  take(slot: number): T | null {
    const kept = this.#kept[slot] ?? null
    if (kept === null) return null
    this.#kept[slot] = null
    const hole = this.#at[slot] as number
    const last = this.#ring.pop() as number
    if (last !== slot) {
      this.#ring[hole] = last
      this.#at[last] = hole
    }
    return kept
  }

  /** Gives back the memory when nothing is kept. */
  shrink(): void {
    if (this.#ring.length > 0) return
    this.#kept = []
    this.#at = []
    this.#spoke = []
  }

  /** The hand goes round: who spoke since it came by last is passed once. */
  #makeRoom(): void {
    for (let steps = 0; steps <= this.#ring.length; steps++) {
      if (this.#hand >= this.#ring.length) this.#hand = 0
      const slot = this.#ring[this.#hand] as number
      if (this.#spoke[slot] === false) {
        this.#pushedOut++
        this.#onFull(slot)
        return
      }
      this.#spoke[slot] = false
      this.#hand++
    }
  }
}
