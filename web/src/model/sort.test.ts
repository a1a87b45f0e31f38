// Tests of column sorting: natural order, empty last, stable.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { nextSort, sortRows } from './sort.ts'

describe('sortRows', () => {
  const self = <T>(value: T): T => value
  it('orders addresses by their numbers', () => {
    assert.deepEqual(sortRows(['10.0.0.10', '10.0.0.9', '9.1.1.1'], false, self), ['9.1.1.1', '10.0.0.9', '10.0.0.10'])
  })
  it('puts empty values last in both directions', () => {
    assert.deepEqual(sortRows([2, null, 1], false, self), [1, 2, null])
    assert.deepEqual(sortRows([2, null, 1], true, self), [2, 1, null])
  })
  it('keeps the given order among equals and does not touch its input', () => {
    const rows = [{ k: 1, n: 'a' }, { k: 0, n: 'b' }, { k: 1, n: 'c' }]
    assert.deepEqual(sortRows(rows, true, (r) => r.k).map((r) => r.n), ['a', 'c', 'b'])
    assert.deepEqual(rows.map((r) => r.n), ['a', 'b', 'c'])
  })
  it('is a permutation in order', () => {
    fc.assert(fc.property(fc.array(fc.option(fc.integer())), fc.boolean(), (values, descending) => {
      const sorted = sortRows(values, descending, self)
      const numbers = sorted.filter((v) => v !== null)
      assert.deepEqual(numbers, values.filter((v) => v !== null).sort((a, b) => (descending ? b - a : a - b)))
      assert.ok(sorted.slice(numbers.length).every((v) => v === null) && sorted.length === values.length)
    }))
  })
})

describe('nextSort', () => {
  it('starts in the natural direction and turns on the second press', () => {
    const first = nextSort({ column: 'a', descending: false }, 'bytes', true)
    assert.deepEqual(first, { column: 'bytes', descending: true })
    assert.deepEqual(nextSort(first, 'bytes', true), { column: 'bytes', descending: false })
  })
})
