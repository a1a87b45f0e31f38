// Tests of the clocks: ages count on one clock, delay on the way is seen, honest drift is not taken for it, sleep is noticed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createSleepWatch, createStreamClock, SLEEP_MS } from './clock.ts'

const GATEWAY = 1_800_000_000_000_000

describe('stream clock', () => {
  it('reads as the gateway\'s clock from the first frame on', () => {
    const clock = createStreamClock()
    assert.equal(clock.now(5), null)
    assert.deepEqual(clock.arrive(GATEWAY, 1000), { at: GATEWAY, lateMicros: 0 })
    assert.equal(clock.now(3500), GATEWAY + 2_500_000)
  })

  it('sees how long a frame was held up on its way', () => {
    const clock = createStreamClock()
    clock.arrive(GATEWAY, 1000)
    const held = clock.arrive(GATEWAY + 1_000_000, 9000)
    assert.equal(held.at, GATEWAY + 8_000_000)
    assert.ok(Math.abs(held.lateMicros - 7_000_000) <= 8_000, String(held.lateMicros))
  })

  it('takes nothing for delay while both clocks run alike, and at most what they slew apart', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 50 }), fc.integer({ min: -500, max: 500 }), (steps, ppm) => {
      const clock = createStreamClock()
      let ms = 0
      for (const step of [0, ...steps]) {
        ms += step
        const sent = GATEWAY + ms * 1000 * (1 + ppm / 1e6)
        assert.ok(clock.arrive(sent, ms).lateMicros <= 1, `${ppm} ppm`)
      }
    }))
  })

  it('is never fooled by frames that queue up: what is delivered at once is as late as it waited', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 60 }), (seconds) => {
      const clock = createStreamClock()
      clock.arrive(GATEWAY, 0)
      const late = Array.from({ length: seconds }, (_, i) => clock.arrive(GATEWAY + (i + 1) * 1e6, seconds * 1000).lateMicros)
      for (const [i, micros] of late.entries()) assert.ok(Math.abs(micros - (seconds - i - 1) * 1e6) <= seconds * 1000 + 1)
    }))
  })

  it('takes a gateway clock that was set back for delay: old rather than wrongly new', () => {
    const clock = createStreamClock()
    clock.arrive(GATEWAY, 0)
    assert.ok(clock.arrive(GATEWAY - 3_600_000_000, 1000).lateMicros > 3_600_000_000)
  })
})

describe('sleep watch', () => {
  it('notices a page that did nothing for too long, once', () => {
    const watch = createSleepWatch(0, 0)
    assert.equal(watch.woke(SLEEP_MS - 1, SLEEP_MS - 1), false)
    assert.equal(watch.woke(2 * SLEEP_MS, 2 * SLEEP_MS), true)
    assert.equal(watch.woke(2 * SLEEP_MS + 500, 2 * SLEEP_MS + 500), false)
  })

  it('notices a computer whose monotonic clock stood still meanwhile', () => {
    const watch = createSleepWatch(0, 0)
    assert.equal(watch.woke(500, 600_000), true)
    assert.equal(watch.woke(1000, 600_500), false)
    assert.equal(watch.woke(1500, 0), true, 'a wall clock set back looks the same, and costs a new stream')
  })
})
