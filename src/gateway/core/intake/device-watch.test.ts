// Tests of DeviceWatch: silence told without a new byte, gaps, cadence, and what dates a cuff measurement.
// Keeps the rule that an old measurement sent again is not a new one.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BENCH_START, seconds } from '../../../testing/intake-bench.ts'
import { FEED_TABLE, DeviceWatch } from './device-watch.ts'

const at = (n: number): number => BENCH_START + seconds(n)

test('Signal K #2689: a feed that died is told by time alone, once per step, and so is its return', () => {
  const watch = new DeviceWatch()
  equal(watch.tick(at(0)), null, 'a device that never spoke is not dead')
  watch.onFrame(at(0))
  const told = Array.from({ length: 41 }, (_, i) => watch.tick(at(i))).map((word, i) => (word === null ? '' : `${i}:${word}`)).filter(Boolean)
  deepEqual(told, ['5:feed-silent', '30:feed-lost'])
  equal(watch.onFrame(at(50)), 'feed-back')
  equal(watch.onFrame(at(51)), null)
})

test('the states of a feed are the printed table', () => {
  deepEqual(FEED_TABLE.map((row) => `${row.state} --${row.event}--> ${row.next}`), [
    'never --frame--> live', 'live --no frame for 5 s--> silent', 'silent --no frame for 30 s--> lost', 'silent --frame--> live',
    'lost --frame--> live',
  ])
})

test('a jump straight past both limits tells the stronger one only', () => {
  const watch = new DeviceWatch()
  watch.onFrame(at(0))
  equal(watch.tick(at(100)), 'feed-lost')
  equal(watch.tick(at(101)), null)
})

test('rate, cadence, gaps', () => {
  const watch = new DeviceWatch()
  for (let i = 0; i < 20; i++) {
    for (let frame = 0; frame < 5; frame++) watch.onFrame(at(i) + frame)
    watch.onCycle(at(i) + 5)
  }
  const { framesPerSecond, cycleMicros, gaps } = watch.figures(at(19) + 10)
  deepEqual([framesPerSecond, cycleMicros, gaps], [5, seconds(1), 0])
  watch.onFrame(at(26))
  const after = watch.figures(at(26))
  equal(after.gaps, 1)
  ok(after.longestGapMicros > seconds(6))
})

test('the first stamp dates nothing; a stamp that changes while we listen is new and bounds the clock offset', () => {
  const watch = new DeviceWatch()
  const clock = (n: number): { at: number; hasZone: boolean } => ({ at: at(n) + seconds(3600), hasZone: false })
  equal(watch.date(clock(-5000), at(0)).measured, null)
  equal(watch.date(clock(-5000), at(60)).measured, null, 'sent again is not new')
  equal(watch.date(clock(100), at(102)).measured, at(102))
  equal(watch.figures(at(102)).clockOffsetMicros, seconds(3598))
  equal(watch.date(clock(100), at(500)).measured, at(102), 'and keeps its time however often it comes')
  equal(watch.date(clock(600), at(600)).measured, at(600))
  equal(watch.figures(at(600)).clockOffsetMicros, seconds(3600), 'the least delayed one is the best bound')
})

test('with a known clock an old stamp after a reconnect is dated by it', () => {
  const watch = new DeviceWatch()
  watch.date({ at: at(0), hasZone: false }, at(0))
  watch.date({ at: at(100), hasZone: false }, at(100))
  equal(watch.date({ at: at(50), hasZone: false }, at(900)).measured, at(50))
})

test('a measurement is never dated later than it was received, whatever the clocks', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 9999 })), { maxLength: 30 }), (pairs) => {
    const watch = new DeviceWatch()
    let received = at(0)
    for (const [stamp, pause] of pairs) {
      received += seconds(pause)
      const times = watch.date({ at: at(stamp), hasZone: false }, received)
      ok(times.measured === null || times.measured <= received)
    }
  }))
})
