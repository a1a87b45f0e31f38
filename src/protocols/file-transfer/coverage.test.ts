// Coverage against its slow twin: a set of byte numbers.
// Keeps house habit 11: the clever one is checked by the obvious one.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Coverage } from './coverage.ts'

test('in order, touching, overlapping, repeated', () => {
  const c = new Coverage()
  ok(c.add(0, 100))
  ok(c.add(100, 200))
  equal(c.total, 200)
  ok(c.isWhole(200) && !c.isWhole(201))
  ok(c.add(50, 150))
  equal(c.total, 200)
  ok(c.add(300, 400))
  equal(c.total, 300)
  ok(!c.isWhole(400))
  ok(c.add(150, 350))
  equal(c.total, 400)
  ok(c.isWhole(400))
})

test('nothing is whole of nothing, and empty ranges count nothing', () => {
  const c = new Coverage()
  ok(c.isWhole(0) && !c.isWhole(1))
  ok(c.add(5, 5) && c.add(7, 3))
  equal(c.total, 0)
})

test('byte 0 missing is not whole', () => {
  const c = new Coverage()
  c.add(1, 1000)
  ok(!c.isWhole(1000))
  c.add(0, 1)
  ok(c.isWhole(1000))
})

test('past 256 intervals new ones are refused, old ones still grow and join', () => {
  const c = new Coverage()
  for (let i = 0; i < 256; i++) ok(c.add(i * 10, i * 10 + 5))
  equal(c.total, 1280)
  ok(!c.add(5000, 5005))
  equal(c.total, 1280)
  ok(c.add(5, 10))
  equal(c.total, 1285)
  ok(c.add(5000, 5005))
  equal(c.total, 1290)
})

const range = fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 80 })).map(([start, length]) => [start, start + length] as const)

test('property: equals a set of byte numbers', () => {
  fc.assert(fc.property(fc.array(range, { maxLength: 40 }), fc.nat({ max: 300 }), (ranges, size) => {
    const c = new Coverage()
    const slow = new Set<number>()
    for (const [start, end] of ranges) {
      ok(c.add(start, end))
      for (let i = start; i < end; i++) slow.add(i)
      equal(c.total, slow.size)
    }
    const whole = Array.from({ length: size }, (_, i) => i).every((i) => slow.has(i))
    equal(c.isWhole(size), whole)
  }), { numRuns: 300 })
})
