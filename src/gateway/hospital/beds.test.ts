// Tests of the beds' feed: order, pages, age, what a discharge leaves, what a dead segment leaves, and that no patient is in any frame.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TILES_PER_PAGE, type BedsFrame } from '../core/beds-frame.ts'
import { presentedValue, sightingFrom } from '../core/freshness/present.ts'
import { FRESHNESS } from '../core/freshness/limits.ts'
import { assigned, CANARY, CANARY_WORDS, fakeConfig, heartRate, line, owned, START, times, view, wave } from '../../testing/fake-gateway.ts'
import { present } from '../core/intake/reading.ts'
import { patientRef } from '../core/assignment/adt.ts'
import { Beds } from './beds.ts'
import { SAMPLES_KEPT, WaveTail } from './wave-tail.ts'

const BED = '10.20.4.31'

function world(beds = 2) {
  const list = Array.from({ length: beds }, (_, i) => ({ device: `10.20.4.${31 + i}`, bed: `4W^${401 + i}^A` }))
  const clock = { now: START }
  const feed = new Beds(fakeConfig('/nowhere', { beds: list }), { clock: () => clock.now, targets: () => [line()], notices: () => ['a notice'] })
  feed.segment({ state: 'running', since: START, sandbox: ['seccomp'] })
  const frames: BedsFrame[] = []
  return { clock, feed, frames, watch: (page = 1) => feed.subscribe(page, (frame) => frames.push(frame)), last: () => frames.at(-1) }
}

const note = (device: string, assignment: ReturnType<typeof assigned> | { state: 'unassigned'; why: string }, at = START) =>
  ({ kind: 'assignment', device, at, assignment }) as const

test('a subscriber gets the whole page at once, then changes, and at least one frame a second of a quiet ward', () => {
  const { clock, feed, frames, watch, last } = world()
  watch()
  assert.deepEqual(frames.map((f) => [f.page, f.pages, f.beds, f.tiles.length]), [[1, 1, 2, 2]])
  assert.deepEqual([last()?.targets, last()?.notices, last()?.segment], [[line()], ['a notice'], { state: 'running', since: START, sandbox: ['seccomp'] }])
  for (let i = 0; i < 50; i++) {
    clock.now += 200_000
    feed.pulse()
  }
  const gaps = frames.slice(1).map((f, i) => f.at - (frames[i]?.at ?? 0))
  assert.ok(Math.max(...gaps) <= 1e6, 'never more than a second between two frames')
  const quiet = frames.length
  for (let i = 0; i < 100; i++) feed.takeReadings(owned(BED, clock.now, [heartRate(60 + i, clock.now)]))
  feed.pulse()
  assert.equal(frames.length, quiet + 1, 'a hundred changes between two pulses are one frame')
})

test('numbers come with their age on the hospital\'s clock, and a missing value replaces the number', () => {
  const { clock, feed, watch, last } = world()
  watch()
  feed.takeReadings(owned(BED, START, [heartRate(72, START)]))
  clock.now += 3_000_000
  feed.pulse()
  const shown = last()?.tiles[0]?.numerics[0]
  assert.deepEqual([shown?.numeric.value, shown?.ageMicros], [72, 3_000_000])
  feed.takeReadings(owned(BED, clock.now, [heartRate(null, clock.now)]))
  feed.pulse()
  assert.deepEqual(last()?.tiles[0]?.numerics.map((n) => [n.numeric.value, n.numeric.absent, n.ageMicros]), [[null, 'sensor-off', 0]])
})

test('after a discharge nothing of the patient is in the next frame, nor in any later one', () => {
  const { clock, feed, frames, watch, last } = world()
  feed.takeNote(note(BED, assigned(START)))
  feed.takeReadings(owned(BED, START, [heartRate(72, START), present('nibp-sys', 171, times(START)), wave([1, 2, 3], START)]))
  watch()
  assert.equal(last()?.tiles[0]?.numerics.length, 2)
  clock.now += 1000
  feed.takeReadings(owned(BED, clock.now, [wave([9, 9, 9], clock.now)]))
  feed.takeNote(note(BED, { state: 'unassigned', why: 'no patient is assigned to this bed' }))
  const before = frames.length
  for (let i = 0; i < 20; i++) {
    clock.now += 200_000
    feed.pulse()
  }
  const later = frames.slice(before).map((f) => f.tiles[0])
  assert.ok(later.length > 3)
  assert.ok(later.every((tile) => tile?.numerics.length === 0 && tile.waves.length === 0 && tile.dataCheck.word === 'NOT CHECKED'))
  assert.deepEqual(last()?.tiles[0]?.assignment, { state: 'unassigned', since: null, why: 'no patient is assigned to this bed' })
})

test('a transfer to the bed clears it too: the next patient starts with an empty tile and a hole in the waveform', () => {
  const { clock, feed, watch, last } = world()
  feed.takeNote(note(BED, assigned(START)))
  watch()
  feed.takeReadings(owned(BED, START, [heartRate(72, START), wave([1, 2, 3], START)]))
  feed.takeNote(note(BED, assigned(START + 5, patientRef('other'))))
  feed.takeReadings(owned(BED, START, [wave([7, 8], START)]))
  clock.now += 200_000
  feed.pulse()
  assert.deepEqual(last()?.tiles[0]?.numerics, [])
  assert.deepEqual(last()?.tiles[0]?.waves.map((w) => [w.channel, w.from, w.samples]), [['ecg2', 4, [7, 8]]])
  // The same assignment said again, as it is each second, clears nothing.
  feed.takeReadings(owned(BED, START, [heartRate(80, START)]))
  feed.takeViews([view(BED, '4W^401^A', assigned(START + 5, patientRef('other')))])
  feed.pulse()
  assert.equal(last()?.tiles[0]?.numerics.length, 1)
})

test('a monitor that is moved leaves its numbers behind, and what was under way meanwhile stays with the bed it was measured at', () => {
  const { clock, feed, watch, last } = world()
  watch()
  const reading = (bed: string, value: number) => feed.takeReadings({ ...owned(BED, clock.now, [heartRate(value, clock.now)]), bed })
  reading('4W^401^A', 72)
  feed.place(BED, '4W^409^A')
  feed.pulse()
  assert.deepEqual([last()?.tiles[0]?.bed, last()?.tiles[0]?.numerics], ['4W^409^A', []])
  reading('4W^401^A', 73)
  feed.pulse()
  assert.equal(last()?.tiles[0]?.bed, '4W^401^A', 'the segment has not moved it yet')
  feed.takeViews([view(BED, '4W^409^A', { state: 'unassigned', why: 'no patient is assigned to this bed' })])
  feed.pulse()
  assert.deepEqual([last()?.tiles[0]?.bed, last()?.tiles[0]?.numerics], ['4W^409^A', []])
})

test('waves hold only what is new to this subscriber, numbered without a gap', () => {
  const { clock, feed, frames, watch } = world()
  feed.takeReadings(owned(BED, START, [wave([0, 0, 0], START)]))
  watch()
  const all: number[] = []
  let next = 3
  for (let i = 0; i < 30; i++) {
    clock.now += 100_000
    feed.takeReadings(owned(BED, clock.now, [wave([i, i], clock.now)]))
    feed.pulse()
  }
  for (const { from, samples } of frames.flatMap((f) => f.tiles[0]?.waves ?? [])) {
    assert.equal(from, next)
    next += samples.length
    all.push(...samples)
  }
  assert.deepEqual(all, Array.from({ length: 60 }, (_, i) => Math.floor(i / 2)))
})

test('a tail gives what a list would give, and says where it begins when the oldest are gone', () => {
  const pushed = fc.record({ push: fc.array(fc.nat(255), { maxLength: 1500 }) })
  const step = fc.oneof(pushed, fc.record({ from: fc.nat(9000) }), fc.constant({ clear: true as const }))
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const tail = new WaveTail()
    const slow = new Map<number, number>()
    let next = 0
    for (const one of steps) {
      if ('push' in one) {
        tail.push(Uint8Array.from(one.push))
        for (const sample of one.push) slow.set(next++, sample)
      } else if ('clear' in one) {
        tail.clear()
        slow.clear()
        next += 1
      } else {
        const wanted = [...slow].filter(([i]) => i >= one.from && i >= next - SAMPLES_KEPT)
        const got = tail.since(one.from)
        assert.deepEqual(got.samples, wanted.map(([, sample]) => sample))
        if (wanted.length > 0) assert.equal(got.from, wanted[0]?.[0])
      }
      assert.equal(tail.next, next)
    }
  }), { numRuns: 200 })
})

test('no tile moves: pages are sixteen of the configuration, and strangers follow in the order they came', () => {
  const { clock, feed, frames, watch } = world(20)
  watch(2)
  watch(7)
  watch(-1)
  assert.deepEqual(frames.map((f) => [f.page, f.tiles.length]), [[2, 4], [2, 4], [1, TILES_PER_PAGE]])
  const order = frames[2]?.tiles.map((t) => t.device)
  for (const device of ['10.20.4.99', '10.20.4.46', '10.20.4.3', '10.20.4.31']) feed.takeReadings(owned(device, START, [heartRate(60, START)]))
  clock.now += 200_000
  feed.pulse()
  assert.deepEqual(frames.at(-1)?.tiles.map((t) => t.device), order)
  assert.deepEqual(frames.at(-2)?.tiles.map((t) => [t.device, t.bed]).slice(4), [['10.20.4.99', null], ['10.20.4.3', null]])
  assert.deepEqual(feed.tiles().map((t) => t.device).slice(20), ['10.20.4.99', '10.20.4.3'])
})

test('more devices than were planned for get no tile', () => {
  const { feed } = world(1)
  for (let i = 0; i < 1100; i++) feed.takeReadings(owned(`10.1.${i >> 8}.${i & 255}`, START, [heartRate(60, START)]))
  assert.equal(feed.tiles().length, 1024)
})

test('a dead segment: down at once, feeds lost, nothing checked, and the same numbers age until the browser takes them away', () => {
  const { clock, feed, watch, last } = world()
  feed.takeViews([view(BED, '4W^401^A', assigned(START))])
  feed.takeReadings(owned(BED, START, [heartRate(72, START)]))
  watch()
  assert.deepEqual([last()?.tiles[0]?.feed.state, last()?.tiles[0]?.connections, last()?.tiles[0]?.dataCheck.word], ['live', 1, 'OK'])
  assert.deepEqual(last()?.tiles[0]?.unknown, [['46/1b', 2]])
  feed.segment({ state: 'down', since: START + 1, sandbox: [] })
  const states: string[] = []
  for (let i = 0; i < 12; i++) {
    clock.now += 1e6
    feed.pulse()
    const tile = last()?.tiles[0]
    const shown = tile?.numerics[0]
    assert.ok(tile && shown)
    assert.deepEqual([last()?.segment.state, tile.feed.state, tile.connections, tile.dataCheck.word], ['down', 'lost', 0, 'NOT CHECKED'])
    states.push(presentedValue('hr', sightingFrom(shown.numeric, shown.ageMicros, 0), 0, FRESHNESS).state)
  }
  const of = (length: number, state: string): string[] => Array.from({ length }, () => state)
  assert.deepEqual(states, [...of(4, 'live'), ...of(5, 'stale'), ...of(3, 'no-data')])
})

test('a clock that is set back makes no old value new: until it is seen again it is older than anything shown', () => {
  const { clock, feed, watch, last } = world()
  feed.takeReadings(owned(BED, START, [heartRate(72, START)]))
  feed.pulse()
  clock.now -= 3600e6
  watch()
  assert.equal(last()?.tiles[0]?.numerics[0]?.ageMicros, FRESHNESS.nibp.goneMicros)
  const frames = last()
  feed.pulse()
  assert.equal(last(), frames)
  clock.now += 1e6
  feed.pulse()
  assert.notEqual(last(), frames)
})

test('forgetting empties every tile and says why', () => {
  const { clock, feed, watch, last } = world()
  feed.takeNote(note(BED, assigned(START)))
  feed.takeReadings(owned(BED, START, [heartRate(72, START)]))
  watch()
  feed.forget('it started anew')
  clock.now += 200_000
  feed.pulse()
  assert.deepEqual(last()?.tiles.map((t) => [t.numerics.length, t.assignment.why]), [[0, 'it started anew'], [0, 'it started anew']])
})

test('the canary patient is in no frame and in no setup', () => {
  const { clock, feed, frames, watch } = world()
  feed.takeNote(note(BED, assigned(START)))
  feed.takeViews([view(BED, '4W^401^A', assigned(START))])
  feed.takeReadings(owned(BED, START, [heartRate(72, START), wave([1], START)], CANARY))
  watch()
  clock.now += 1e6
  feed.pulse()
  assert.doesNotMatch(JSON.stringify([frames, feed.setup()]), CANARY_WORDS)
  assert.equal(frames.at(-1)?.tiles[0]?.assignment.state, 'assigned')
  assert.deepEqual([feed.setup().pages, feed.setup().mmPerSecond], [1, 25])
})

test('who ends a subscription hears no more', () => {
  const { clock, feed, frames, watch } = world()
  watch()()
  clock.now += 5e6
  feed.pulse()
  assert.equal(frames.length, 1)
})
