// Coverage: which bytes of a file were seen, as disjoint intervals. Duplicates and retransmissions count once.
// Keeps the rule of named bounds: past INTERVALS_MAX nothing new is counted, and the file can no longer be called complete.

/** Intervals kept per file. A client that copies a file makes one; 256 leaves room for read-ahead and for losses of the capture. */
const INTERVALS_MAX = 256

/** Byte ranges [start, end) of one file. */
export class Coverage {
  /** Sorted, disjoint, not touching: start, end, start, end, ... */
  readonly #edges: number[] = []
  #total = 0

  /** Distinct bytes added so far. */
  get total(): number {
    return this.#total
  }

  /** One more than the last byte added; 0 without any. */
  get extent(): number {
    return this.#edges.at(-1) ?? 0
  }

  /** True when every byte of [0, size) was added. A file of no bytes is always whole. */
  isWhole(size: number): boolean {
    return size === 0 || (this.#edges[0] === 0 && (this.#edges[1] as number) >= size)
  }

  /** True when the byte at `offset` was added. */
  has(offset: number): boolean {
    const e = this.#edges
    for (let i = 0; i < e.length; i += 2) if ((e[i] as number) <= offset && offset < (e[i + 1] as number)) return true
    return false
  }

  /** Adds [start, end). False when it would need one interval too many: it is then not counted. */
  add(start: number, end: number): boolean {
    if (start >= end) return true
    const e = this.#edges
    let first = 0
    while (first < e.length && (e[first + 1] as number) < start) first += 2
    let after = first
    let from = start
    let to = end
    while (after < e.length && (e[after] as number) <= end) {
      from = Math.min(from, e[after] as number)
      to = Math.max(to, e[after + 1] as number)
      this.#total -= (e[after + 1] as number) - (e[after] as number)
      after += 2
    }
    if (after === first && e.length >= 2 * INTERVALS_MAX) return false
    e.splice(first, after - first, from, to)
    this.#total += to - from
    return true
  }
}
