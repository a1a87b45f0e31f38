// Range lists against the plain question "is this value in it", over every value of a small field.
// Keeps "parse, don't validate": a RangeList is sorted, disjoint and merged whatever went in.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Constraint, ValueRange } from '../rules/model.ts'
import { satisfies } from './point.ts'
import { complement, constraintRanges, intersect, prefixRange, rangeList, values, type RangeList } from './ranges.ts'

const MAX = 31n
const ALL = Array.from({ length: 32 }, (_, i) => BigInt(i))
const has = (list: readonly ValueRange[], n: bigint): boolean => list.some((r) => r.low <= n && n <= r.high)
const value = fc.bigInt({ min: -3n, max: 40n })
const ranges = fc.array(fc.record({ low: value, high: value }), { maxLength: 6 })

function isTidy(list: RangeList): boolean {
  return list.every((r, i) => r.low <= r.high && r.low >= 0n && r.high <= MAX && (i === 0 || r.low > (list[i - 1] as ValueRange).high + 1n))
}

test('any ranges become a tidy list of the same values', () => {
  fc.assert(fc.property(ranges, (some) => {
    const list = rangeList(some, MAX)
    assert.ok(isTidy(list))
    for (const n of ALL) assert.equal(has(list, n), has(some, n))
  }))
})

test('complement and intersection are tidy and mean what they say', () => {
  fc.assert(fc.property(ranges, ranges, (x, y) => {
    const [a, b] = [rangeList(x, MAX), rangeList(y, MAX)]
    const [rest, both] = [complement(a, MAX), intersect(a, b)]
    assert.ok(isTidy(rest))
    for (const n of ALL) {
      assert.equal(has(rest, n), !has(a, n))
      assert.equal(has(both, n), has(a, n) && has(b, n))
    }
  }))
})

test('a constraint becomes ranges exactly, or null when a mask has holes', () => {
  const masks = fc.array(fc.record({ value: fc.bigInt(0n, 63n), mask: fc.bigInt(0n, 63n) }), { maxLength: 3 })
  const constraint = fc.oneof<fc.Arbitrary<Constraint>[]>(
    fc.record({ kind: fc.constant('ranges' as const), ranges, not: fc.boolean() }),
    fc.record({ kind: fc.constant('masks' as const), masks, not: fc.boolean() }))
  let exact = 0
  fc.assert(fc.property(constraint, (c) => {
    const list = constraintRanges(c, MAX)
    if (list === null) return assert.equal(c.kind, 'masks')
    exact++
    for (const n of ALL) assert.equal(has(list, n), satisfies(c, n))
  }), { numRuns: 500, seed: 41 })
  assert.ok(exact > 200)
})

test('prefix masks, masks with holes, and values that do not fit', () => {
  assert.deepEqual(prefixRange({ value: 0b10110n, mask: 0b11100n }, MAX), [{ low: 0b10100n, high: 0b10111n }])
  assert.deepEqual(prefixRange({ value: 0n, mask: 0n }, MAX), [{ low: 0n, high: MAX }])
  assert.equal(prefixRange({ value: 1n, mask: 1n }, MAX), null)
  assert.deepEqual(prefixRange({ value: 64n, mask: 64n | MAX }, MAX), [])
  assert.deepEqual(values([6n, 17n]), [{ low: 6n, high: 6n }, { low: 17n, high: 17n }])
})
