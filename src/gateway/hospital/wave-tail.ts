// WaveTail: the last samples of one channel, numbered since the gateway started, so that each reader gets what is new and sees holes.
// Keeps the rule that nothing of one patient is left after a change: `clear` forgets the samples and leaves a hole in the numbers.

/** Eight seconds at 256 a second: more than any reader is late before it is stale. */
export const SAMPLES_KEPT = 2048

export class WaveTail {
  readonly #ring = new Uint8Array(SAMPLES_KEPT)
  #first = 0
  #next = 0

  /** Number of the next sample to come. */
  get next(): number {
    return this.#next
  }

  push(samples: Uint8Array): void {
    for (const sample of samples) this.#ring[this.#next++ % SAMPLES_KEPT] = sample
    this.#first = Math.max(this.#first, this.#next - SAMPLES_KEPT)
  }

  clear(): void {
    this.#next += 1
    this.#first = this.#next
    this.#ring.fill(0)
  }

  /** What came since number `from`; begins later when the oldest are gone. */
  since(from: number): { readonly from: number; readonly samples: readonly number[] } {
    const start = Math.max(from, this.#first)
    return { from: start, samples: Array.from({ length: Math.max(0, this.#next - start) }, (_, i) => this.#ring[(start + i) % SAMPLES_KEPT] ?? 0) }
  }
}
