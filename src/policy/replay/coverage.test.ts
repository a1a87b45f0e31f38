// Tests of coverage and periods: hours, shifts, weekends in local time, and how long a rhythm must be watched.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ip } from '../../base/ip.ts'
import { MICROS_PER_MINUTE } from '../../base/time.ts'
import { coverageOf, joinWatches } from './coverage.ts'
import type { Observation, ReplayConversation, ReplayDevice } from './model.ts'
import { burstsOf, periodOf, recurrenceOf } from './period.ts'
import { durationText, nameList, plain, wardSentence } from './words.ts'

const HOUR = 60 * MICROS_PER_MINUTE
const DAY = 24 * HOUR
const MONDAY = 1_767_571_200_000_000

const DEVICE: ReplayDevice = { id: 'a', label: 'pump', ip: '10.0.0.1' as Ip, function: 'unknown', bed: null, lastSeen: MONDAY }

function observed(from: number, to: number, change: Partial<Observation> = {}): Observation {
  return { watches: [{ from, to }], lost: 0, damaged: false, devices: [], utcOffsetMinutes: 0, ...change }
}

function talk(times: readonly number[]): ReplayConversation {
  return {
    from: DEVICE, to: DEVICE, tuple: { src: DEVICE.ip, dst: DEVICE.ip, proto: 6, srcPort: 0, dstPort: 104 },
    flows: 1, attempts: 0, bytes: 1,
    firstAt: times[0] ?? 0, lastAt: times.at(-1) ?? 0, times, protocol: null, leaves: false, telemetry: false,
    documented: null,
  }
}

test('a morning covers the early shift only; the same hours five zones away do not', () => {
  const morning = observed(MONDAY + 6 * HOUR, MONDAY + 14 * HOUR)
  assert.deepEqual(coverageOf(morning, []).shifts, ['early'])
  assert.deepEqual(coverageOf({ ...morning, utcOffsetMinutes: 480 }, []).shifts, ['late'])
  assert.deepEqual(coverageOf({ ...morning, utcOffsetMinutes: -480 }, []).shifts, ['night'])
  assert.deepEqual(coverageOf({ ...morning, utcOffsetMinutes: 330 }, []).shifts, [])
})

test('minutes by hour add up to what was watched', () => {
  const c = coverageOf(observed(MONDAY + 5.5 * HOUR, MONDAY + 30 * HOUR), [])
  assert.equal(c.minutesByHour.reduce((n, m) => n + m, 0), 24.5 * 60)
  assert.deepEqual([c.minutesByHour[5], c.minutesByHour[4]], [90, 60])
})

test('the weekend is Saturday and Sunday, in local time', () => {
  assert.deepEqual(coverageOf(observed(MONDAY, MONDAY + 7 * DAY), []).weekendHours, [24, 24])
  assert.deepEqual(coverageOf(observed(MONDAY, MONDAY + 5 * DAY), []).weekendHours, [0, 0])
  assert.deepEqual(coverageOf(observed(MONDAY, MONDAY + 5 * DAY, { utcOffsetMinutes: 120 }), []).weekendHours, [2, 0])
})

test('a whole week without losses has no gap', () => {
  assert.deepEqual(coverageOf(observed(MONDAY, MONDAY + 7 * DAY), []).gaps, [])
})

test('watches are joined, so that the same hour counts once', () => {
  const twice = [{ from: 10, to: 20 }, { from: 5, to: 12 }, { from: 30, to: 40 }, { from: 50, to: 45 }]
  assert.deepEqual(joinWatches(twice), [{ from: 5, to: 20 }, { from: 30, to: 40 }])
})

test('property: joined watches are ascending, disjoint, and cover what the parts cover', () => {
  const watch = fc.tuple(fc.nat(50), fc.nat(20)).map(([from, length]) => ({ from, to: from + length }))
  fc.assert(fc.property(fc.array(watch, { maxLength: 8 }), fc.nat(80), (watches, at) => {
    const joined = joinWatches(watches)
    const holds = (list: readonly { from: number; to: number }[]): boolean => list.some((w) => w.from <= at && at <= w.to)
    assert.equal(holds(joined), holds(watches))
    joined.slice(1).forEach((w, i) => assert.ok(w.from > (joined[i]?.to ?? 0)))
  }))
})

test('a year of watching is walked through, and no longer', () => {
  const c = coverageOf(observed(MONDAY - 4000 * DAY, MONDAY), [])
  assert.equal(c.minutesByHour.reduce((n, m) => n + m, 0), 366 * 24 * 60)
})

test('a device seen before the watch and not in it is named with its last sight', () => {
  const devices = [{ ...DEVICE, lastSeen: MONDAY - DAY }, { ...DEVICE, lastSeen: null, label: 'new pump' }]
  const c = coverageOf(observed(MONDAY, MONDAY + 7 * DAY, { devices }), [])
  assert.deepEqual(c.gaps, ['Known but not seen: pump (last seen 2026-01-04T00:00:00Z), new pump. What they need was not replayed.'])
})

test('activity within a quarter of an hour is one burst', () => {
  assert.deepEqual(burstsOf([0, MICROS_PER_MINUTE, 14 * MICROS_PER_MINUTE, HOUR]), [0, HOUR])
  assert.deepEqual(burstsOf([]), [])
})

test('a clock is found through jitter and a missed run; people are not a clock', () => {
  assert.equal(periodOf([0, DAY, 2 * DAY, 3 * DAY]), DAY)
  assert.equal(periodOf([0, DAY, 2 * DAY + 20 * MICROS_PER_MINUTE, 4 * DAY, 5 * DAY]), DAY + 20 * MICROS_PER_MINUTE)
  assert.equal(periodOf([0, HOUR, 2.5 * HOUR, 7.9 * HOUR, 8.5 * HOUR]), null)
  assert.equal(periodOf([5]), null)
})

test('property: any period with little jitter is found within its tolerance', () => {
  const jitters = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 3, maxLength: 30 })
  fc.assert(fc.property(fc.integer({ min: 20, max: 20_000 }), jitters, (minutes, jitter) => {
    const period = minutes * MICROS_PER_MINUTE
    const found = periodOf(jitter.map((j, i) => i * period + (j * period) / 200))
    assert.ok(found !== null && Math.abs(found - period) <= period * 0.06, `${found} for ${period}`)
  }))
})

test('a weekly job seen twice in nine days asks for three weeks; seen daily it is enough', () => {
  const weekly = recurrenceOf(talk([MONDAY, MONDAY + 7 * DAY]), 9 * DAY)
  assert.deepEqual([weekly?.periodMicros, weekly?.periodsWatched, weekly?.enough], [7 * DAY, 1, false])
  assert.equal(recurrenceOf(talk([0, 1, 2, 3, 4].map((d) => MONDAY + d * DAY)), 9 * DAY)?.enough, true)
  const c = coverageOf(observed(MONDAY, MONDAY + 9 * DAY), [talk([MONDAY, MONDAY + 7 * DAY])])
  assert.match(c.gaps.join(), /fewer than 3 periods were watched. The slowest comes about every 7 days: watch 21 days/)
})

test('a stream is not rare, and what was seen once is counted but waits for no clock', () => {
  const stream = talk(Array.from({ length: 600 }, (_, i) => MONDAY + i * 10 * MICROS_PER_MINUTE))
  assert.equal(recurrenceOf(stream, 6 * DAY), null)
  const once = coverageOf(observed(MONDAY, MONDAY + 8 * DAY), [talk([MONDAY + DAY])])
  assert.deepEqual([once.seenOnce, once.recurrencesTotal, once.gaps], [1, 0, []])
})

test('words: ward sentences, durations, and lists that end', () => {
  const blocked = 'The bed disappears from the central station.'
  assert.equal(wardSentence({ ...DEVICE, bed: 7 }, blocked), 'Bed 7 disappears from the central station.')
  assert.equal(wardSentence(DEVICE, 'The beds disappear from this central station.'), 'Pump: the beds disappear from this central station.')
  const seconds = [1, 90, 7200, 26 * 3600, 9 * 86_400]
  assert.deepEqual(seconds.map((s) => durationText(s * 1_000_000)), ['1 second', '90 seconds', '2 hours', '26 hours', '9 days'])
  assert.match(nameList(Array.from({ length: 30 }, (_, i) => `p${i}`)), /^p0, .*p11 and 18 more$/)
  assert.equal(plain('x'.repeat(500)).length, 123)
})
