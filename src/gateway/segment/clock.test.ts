// Tests of the clock: it follows, never goes back, never stands still; ages stay right within 5 % whatever the machine's clock does.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MICROS_PER_SECOND } from '../../base/time.ts'
import { machineClock, readClock, SLEW, SteadyClock } from './clock.ts'

const START = 1_767_600_000 * MICROS_PER_SECOND

class Times {
  offset = START
  passed = 0
  readonly clock = new SteadyClock({ wall: () => this.offset + Math.floor(this.passed / 1000) * 1000, steady: () => this.passed })

  go(micros: number): number {
    this.passed += micros
    return this.clock.now()
  }
}

test('it follows the machine', () => {
  const times = new Times()
  equal(times.go(0), START)
  const at = times.go(10 * MICROS_PER_SECOND)
  ok(Math.abs(at - START - 10 * MICROS_PER_SECOND) <= 1000)
})

test('a clock set forward is followed at once', () => {
  const times = new Times()
  times.offset += 3600 * MICROS_PER_SECOND
  ok(times.go(1000) >= START + 3600 * MICROS_PER_SECOND)
})

test('a clock set back an hour: ten seconds still age a value by at least nine and a half, and it is caught up with in the end', () => {
  const times = new Times()
  times.offset -= 3600 * MICROS_PER_SECOND
  const before = times.clock.now()
  for (let i = 0; i < 100; i++) times.go(100_000)
  const aged = times.clock.now() - before
  ok(aged >= 10 * MICROS_PER_SECOND * (1 - SLEW) - 200 && aged <= 10 * MICROS_PER_SECOND, String(aged))
  for (let i = 0; i < 73_000; i++) times.go(MICROS_PER_SECOND)
  ok(Math.abs(times.clock.now() - (times.offset + times.passed)) <= 1001)
})

test('whatever the machine does, time never goes back and keeps within 5 % of what passed, or jumps forward with it', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(2_000_000), fc.integer({ min: -1e9, max: 1e9 })), { maxLength: 50 }), (steps) => {
    const times = new Times()
    let last = times.clock.now()
    for (const [passed, jump] of steps) {
      times.offset += jump
      const at = times.go(passed)
      ok(Number.isInteger(at) && at >= last + Math.floor(passed * (1 - SLEW)) - 2, `${at - last} after ${passed}`)
      last = at
    }
  }))
})

test('asked every microsecond it still moves', () => {
  const times = new Times()
  times.offset -= MICROS_PER_SECOND
  const before = times.clock.now()
  for (let i = 0; i < 10_000; i++) times.go(1)
  ok(times.clock.now() - before >= 9_400, String(times.clock.now() - before))
})

test('a second process goes on with the clock of the first, whatever the machine says meanwhile', () => {
  for (const ahead of [3600, 1]) {
    const parent = Date.now() * 1000 + ahead * MICROS_PER_SECOND
    const at = machineClock(readClock(parent)).now()
    ok(at >= parent && at < parent + 60 * MICROS_PER_SECOND, String(at - parent))
  }
  const behind = machineClock(readClock(Date.now() * 1000 - 3600 * MICROS_PER_SECOND)).now()
  ok(Math.abs(behind / 1000 - Date.now()) < 60_000, 'one that is behind the machine\'s is taken forward at once, as the first one\'s is')
})

test('the machine\'s own', () => {
  const clock = machineClock()
  ok(Math.abs(clock.now() / 1000 - Date.now()) < 60_000)
})
