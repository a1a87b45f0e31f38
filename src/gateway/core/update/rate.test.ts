// The rate limit: a burst, then the steady rate; sources do not share, and a flood of sources does not grow the memory.
// Keeps the rule that time going backwards fills no bucket.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RateLimiter, SOURCES_MAX } from './rate.ts'

const TEN = { perSecond: 10 }

function taken(limiter: RateLimiter, source: string, times: number, now: number): number {
  let count = 0
  for (let i = 0; i < times; i++) if (limiter.take(source, TEN, now)) count++
  return count
}

test('a burst of one second\'s worth, then what time brings', () => {
  const limiter = new RateLimiter()
  equal(taken(limiter, 'a', 30, 0), 10)
  equal(taken(limiter, 'a', 30, 500_000), 5)
  equal(taken(limiter, 'a', 30, 60_000_000), 10)
})

test('one source does not use up another\'s', () => {
  const limiter = new RateLimiter()
  equal(taken(limiter, 'a', 30, 0), 10)
  equal(taken(limiter, 'b', 30, 0), 10)
})

test('a clock set back gives nothing', () => {
  const limiter = new RateLimiter()
  equal(taken(limiter, 'a', 10, 10_000_000), 10)
  equal(taken(limiter, 'a', 5, 0), 0)
  equal(taken(limiter, 'a', 5, 10_000_000), 0)
})

test('the memory is bounded, and the longest unseen source is the one forgotten', () => {
  const limiter = new RateLimiter()
  equal(taken(limiter, 'old', 10, 0), 10)
  for (let i = 0; i < SOURCES_MAX - 1; i++) limiter.take(`s${i}`, TEN, 0)
  equal(taken(limiter, 'old', 1, 0), 0)
  limiter.take('one more', TEN, 0)
  equal(limiter.size, SOURCES_MAX)
  equal(taken(limiter, 'old', 1, 0), 0)
})

test('never more than burst plus rate times time', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 200 }), (steps) => {
    const limiter = new RateLimiter()
    let now = 0
    let count = 0
    for (const step of steps) {
      now += step
      if (limiter.take('a', TEN, now)) count++
    }
    ok(count <= 10 + (now * 10) / 1_000_000 + 1e-6)
  }))
})
