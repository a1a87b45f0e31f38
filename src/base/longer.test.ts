// Longer tables: what stood in the shorter one, zeros behind it, and nothing left of the shorter one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { longerNumbers, longerWords } from './longer.ts'

test('a longer table is a plain copy with zeros behind', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 40 }), fc.nat(40), (values, more) => {
    const expected = [...values, ...Array.from({ length: more }, () => 0)]
    assert.deepEqual([...longerWords(Int32Array.from(values), expected.length)], expected)
    assert.deepEqual([...longerNumbers(Float64Array.from(values, (v) => v / 3), expected.length)], expected.map((v) => v / 3))
  }))
})

test('the shorter one is given back at once, whoever still holds it', () => {
  const before = process.memoryUsage().arrayBuffers
  const held = []
  let words = new Int32Array(1024)
  for (let length = 2048; length <= 4 * 1024 * 1024; length *= 2) {
    held.push(words)
    words = longerWords(words, length)
  }
  assert.ok(held.every((old) => old.length === 0))
  assert.equal(process.memoryUsage().arrayBuffers - before < 1.1 * words.byteLength, true)
})
