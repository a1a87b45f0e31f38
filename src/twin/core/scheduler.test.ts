// Tests of scheduler.ts: the merge against a plain sort, its ties, its end, and its one-frame appetite.
// Keeps the rule that the clever engine has a slow twin: here `sort` on everything at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { WardFrame } from './packets.ts'
import { mergeStreams, until, type FrameStream } from './scheduler.ts'

function frame(at: number, tag: number): WardFrame {
  return { at, bytes: Uint8Array.of(tag) }
}

function streamOf(times: readonly number[], tag: number): FrameStream {
  return times.map((at) => frame(at, tag)).values()
}

function* endless(step: number, tag: number, asked: { count: number }): Generator<WardFrame, void, undefined> {
  for (let at = 0; ; at += step) {
    asked.count++
    yield frame(at, tag)
  }
}

function tags(frames: Iterable<WardFrame>): string[] {
  return [...frames].map((f) => `${f.at}:${f.bytes[0]}`)
}

test('two streams interleave by time', () => {
  const merged = mergeStreams([streamOf([1, 4, 9], 0), streamOf([2, 3, 10], 1)], Infinity)
  assert.deepEqual(tags(merged), ['1:0', '2:1', '3:1', '4:0', '9:0', '10:1'])
})

test('equal times keep the order of the list', () => {
  const merged = mergeStreams([streamOf([5, 5], 0), streamOf([5], 1), streamOf([5, 5], 2)], Infinity)
  assert.deepEqual(tags(merged), ['5:0', '5:0', '5:1', '5:2', '5:2'])
})

test('no streams, or empty ones, give nothing', () => {
  assert.deepEqual(tags(mergeStreams([], Infinity)), [])
  assert.deepEqual(tags(mergeStreams([streamOf([], 0), streamOf([], 1)], Infinity)), [])
})

test('frames at or after the end are left out', () => {
  assert.deepEqual(tags(mergeStreams([streamOf([1, 2, 3], 0), streamOf([2, 9], 1)], 3)), ['1:0', '2:0', '2:1'])
})

test('an endless stream is asked for one frame ahead and no more', () => {
  const asked = { count: 0 }
  const merged = mergeStreams([endless(10, 0, asked), streamOf([5], 1)], Infinity)
  assert.equal(asked.count, 0)
  assert.deepEqual([merged.next().value?.at, merged.next().value?.at, merged.next().value?.at], [0, 5, 10])
  assert.equal(asked.count, 2)
})

test('an endless stream ends at the end', () => {
  const asked = { count: 0 }
  assert.equal([...mergeStreams([endless(10, 0, asked)], 100)].length, 10)
  assert.equal(asked.count, 11)
})

test('a stream that goes back in time is our bug', () => {
  assert.throws(() => [...mergeStreams([streamOf([5, 4], 0)], Infinity)], /goes back in time/)
})

test('any set of streams merges to what a stable sort gives', () => {
  const anyStream = fc.array(fc.nat({ max: 50 }), { maxLength: 30 }).map((times) => times.toSorted((a, b) => a - b))
  fc.assert(fc.property(fc.array(anyStream, { maxLength: 12 }), fc.integer({ min: 0, max: 60 }), (lists, endAt) => {
    const merged = tags(mergeStreams(lists.map((times, i) => streamOf(times, i)), endAt))
    const all = lists.flatMap((times, i) => times.map((at) => ({ at, i })))
    const slow = all.filter((f) => f.at < endAt).toSorted((a, b) => a.at - b.at || a.i - b.i)
    assert.deepEqual(merged, slow.map((f) => `${f.at}:${f.i}`))
  }), { numRuns: 300 })
})

test('until cuts before the first late frame and closes its source', () => {
  let closed = false
  function* source(): Generator<WardFrame, void, undefined> {
    try {
      for (let at = 0; ; at++) yield frame(at, 0)
    } finally {
      closed = true
    }
  }
  assert.equal([...until(source(), 4)].length, 4)
  assert.ok(closed)
})
