// rate: how many requests a source may make. Over the limit it still gets an answer, one that costs us nothing and opens nothing.
// Keeps the rules of named bounds and of never being silent: a hard mount that hears nothing hangs a task of a bedside monitor.

import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'

export interface RateLimit {
  /** Requests a second in the long run, and in one burst. */
  readonly perSecond: number
}

/**
 * A device with a permit. At 1,024 bytes a READ a monitor on 100 Mbit/s needs at most 11,000 a second, and its flash is far slower; by TCP
 * with 64 KiB a READ this is 1.3 GB/s.
 */
export const PERMITTED_RATE: RateLimit = { perSecond: 20_000 }
/** Anybody else: an update attempt that is refused makes fewer than ten requests. */
export const STRANGER_RATE: RateLimit = { perSecond: 500 }
/** Sources remembered; an isolated segment has one to a few. Past it the longest unseen is forgotten. */
export const SOURCES_MAX = 1024

interface Bucket {
  tokens: number
  at: Micros
}

/** Token buckets by source, in order of last use. */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>()

  get size(): number {
    return this.#buckets.size
  }

  /** True when the request is within the limit; counts it. Time that goes backwards fills nothing. */
  take(source: string, limit: RateLimit, now: Micros): boolean {
    const bucket = this.#bucketOf(source, limit, now)
    const passed = Math.max(0, now - bucket.at)
    bucket.tokens = Math.min(limit.perSecond, bucket.tokens + (passed * limit.perSecond) / MICROS_PER_SECOND)
    bucket.at = Math.max(bucket.at, now)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  #bucketOf(source: string, limit: RateLimit, now: Micros): Bucket {
    const found = this.#buckets.get(source)
    const bucket = found ?? { tokens: limit.perSecond, at: now }
    if (found) this.#buckets.delete(source)
    else if (this.#buckets.size >= SOURCES_MAX) this.#forgetOldest()
    this.#buckets.set(source, bucket)
    return bucket
  }

  #forgetOldest(): void {
    for (const source of this.#buckets.keys()) {
      this.#buckets.delete(source)
      return
    }
  }
}
