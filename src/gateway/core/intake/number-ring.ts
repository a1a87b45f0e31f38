// NumberRing: the last numbers of a row, oldest first, in one typed array that grows to need and never beyond its bound.
// Keeps the rule that a history costs its numbers and nothing else: no object a number, no memory before the first.

const FIRST_CAPACITY = 8

export class NumberRing {
  readonly #most: number
  #numbers: Float64Array | null = null
  #first = 0
  #length = 0

  /** Never holds more than `most`: the oldest makes room. */
  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#length
  }

  /** Numbers there is room for at the moment. */
  get capacity(): number {
    return this.#numbers?.length ?? 0
  }

  /** The oldest number, or `otherwise` when there is none. */
  oldest(otherwise: number): number {
    return this.#length === 0 || this.#numbers === null ? otherwise : (this.#numbers[this.#first] as number)
  }

  push(value: number): void {
    if (this.#length === this.#most) this.shift()
    const numbers = this.#room()
    numbers[(this.#first + this.#length) % numbers.length] = value
    this.#length += 1
  }

  /** Drops the oldest. */
  shift(): void {
    if (this.#length === 0) return
    this.#first = (this.#first + 1) % this.capacity
    this.#length -= 1
  }

  clear(): void {
    this.#first = this.#length = 0
  }

  /** Greatest minus least; 0 when there is none. */
  spread(): number {
    const numbers = this.#numbers
    if (numbers === null || this.#length === 0) return 0
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let n = this.#length, i = this.#first; n > 0; n--) {
      const value = numbers[i] as number
      if (value < least) least = value
      if (value > most) most = value
      if (++i === numbers.length) i = 0
    }
    return most - least
  }

  /** The upper one of the middle two when their count is even; null when there is none. */
  median(): number | null {
    const sorted = Float64Array.from({ length: this.#length }, (_, i) => this.#numbers?.[(this.#first + i) % this.capacity] ?? 0).sort()
    return sorted[sorted.length >> 1] ?? null
  }

  #room(): Float64Array {
    const before = this.#numbers
    if (before !== null && this.#length < before.length) return before
    const grown = new Float64Array(Math.min(this.#most, Math.max(FIRST_CAPACITY, 2 * this.#length)))
    if (before !== null) {
      grown.set(before.subarray(this.#first))
      grown.set(before.subarray(0, this.#first), before.length - this.#first)
    }
    this.#first = 0
    this.#numbers = grown
    return grown
  }
}
