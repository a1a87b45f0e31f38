// Least and greatest of short, empty and very long lists, against Math.min and Math.max.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { greatestOf, leastOf } from './extent.ts'

const self = (n: number): number => n

test('the same answers as Math.min and Math.max, where those can answer', () => {
  fc.assert(fc.property(fc.array(fc.integer()), (list) => {
    assert.equal(leastOf(list, self), Math.min(...list))
    assert.equal(greatestOf(list, self), Math.max(...list))
  }))
})

test('a list longer than any stack', () => {
  const list = Array.from({ length: 1_000_000 }, (_, i) => ({ at: i - 5 }))
  assert.equal(leastOf(list, (i) => i.at), -5)
  assert.equal(greatestOf(new Set(list), (i) => i.at), 999_994)
})
