// Tests of suggest: distance against a plain recursive definition, and suggestions a person would make.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { editDistance, suggest } from './suggest.ts'

/** Optimal string alignment by its recursive definition: exponential, obvious, for words of at most six letters. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const cost = a.at(-1) === b.at(-1) ? 0 : 1
  const candidates = [
    slowDistance(a.slice(0, -1), b) + 1,
    slowDistance(a, b.slice(0, -1)) + 1,
    slowDistance(a.slice(0, -1), b.slice(0, -1)) + cost,
  ]
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    candidates.push(slowDistance(a.slice(0, -2), b.slice(0, -2)) + 1)
  }
  return Math.min(...candidates)
}

test('the distance is that of the recursive definition', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 })
  fc.assert(fc.property(word, word, (a, b) => assert.equal(editDistance(a, b), slowDistance(a, b))))
})

test('the distance is symmetric and zero for equal words only', () => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a))
    assert.equal(editDistance(a, b) === 0, a === b)
  }))
})

test('known slips', () => {
  const rows: readonly (readonly [string, string, number])[] = [
    ['zones', 'zones', 0], ['zone', 'zones', 1], ['serivces', 'services', 1], ['kitten', 'sitting', 3], ['', 'abc', 3], ['abc', '', 3],
  ]
  for (const [a, b, distance] of rows) assert.equal(editDistance(a, b), distance, `${a} -> ${b}`)
})

test('a slip of the keyboard gets the word that was meant', () => {
  const keys = ['name', 'from', 'to', 'services', 'action', 'fail', 'owner', 'reason']
  const rows: readonly (readonly [string, string | null])[] = [
    ['serivces', 'services'], ['service', 'services'], ['Action', 'action'], ['form', 'from'], ['reasn', 'reason'], ['naem', 'name'],
    ['prefixes', null], ['x', null], ['', null],
  ]
  for (const [typed, meant] of rows) assert.equal(suggest(typed, keys), meant, typed)
})

test('a word of one letter is no slip of another one', () => {
  assert.equal(suggest('2', ['1']), null)
  assert.equal(suggest('', ['a']), null)
  assert.equal(suggest('A', ['a']), 'a')
})

test('the nearest wins, and of equally near ones the first', () => {
  assert.equal(suggest('bedsid', ['besides', 'bedside']), 'bedside')
  assert.equal(suggest('cat', ['car', 'bat']), 'car')
})

test('a very long word is not compared at all', () => {
  assert.equal(suggest('a'.repeat(65), ['a'.repeat(65)]), null)
  assert.equal(suggest('a'.repeat(64), ['a'.repeat(64)]), 'a'.repeat(64))
})

test('what is suggested is always one of the known words', () => {
  fc.assert(fc.property(fc.string(), fc.array(fc.string(), { maxLength: 8 }), (word, known) => {
    const found = suggest(word, known)
    assert.ok(found === null || known.includes(found))
  }))
})
