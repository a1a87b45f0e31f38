// Tests of NumberRing against a plain array: every operation in any order, at any bound.
// Keeps the promise that the ring holds its bound and takes no memory before its first number.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NumberRing } from './number-ring.ts'

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('push' as const), value: fc.double({ noNaN: true, min: -1e15, max: 1e15 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('shift' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

test('slow twin: as an array that is cut at its bound', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 120 }), (most, steps) => {
    const ring = new NumberRing(most)
    const list: number[] = []
    for (const next of steps) {
      if (next.kind === 'push') {
        ring.push(next.value)
        list.push(next.value)
        if (list.length > most) list.shift()
      } else if (next.kind === 'shift') {
        ring.shift()
        list.shift()
      } else {
        ring.clear()
        list.length = 0
      }
      equal(ring.length, list.length)
      equal(ring.oldest(-7), list[0] ?? -7)
      equal(ring.spread(), list.length === 0 ? 0 : Math.max(...list) - Math.min(...list))
      equal(ring.median(), list.toSorted((a, b) => a - b)[list.length >> 1] ?? null)
      ok(ring.capacity <= most)
    }
  }))
})

test('memory grows to need: none at first, the bound at most, and is kept when cleared', () => {
  const ring = new NumberRing(100)
  equal(ring.capacity, 0)
  const seen = new Set<number>()
  for (let i = 0; i < 500; i++) {
    ring.push(i)
    seen.add(ring.capacity)
  }
  deepEqual([...seen], [8, 16, 32, 64, 100])
  ring.clear()
  deepEqual([ring.length, ring.capacity, ring.oldest(3)], [0, 100, 3])
})
