// Claims: the strongest of many against a sort of all, and sets that stay empty until something is claimed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Claim } from './asset.ts'
import { CLAIMS_MAX, ClaimSet, strongest } from './claims.ts'

const claim = fc.record({
  what: fc.constantFrom('model', 'role', 'bed'), value: fc.constantFrom('a', 'b', 'c'), level: fc.constantFrom('A', 'C', 'E'),
  evidence: fc.constantFrom('x', 'y'),
  inferred: fc.boolean(), firstAt: fc.nat(3), lastAt: fc.nat(3), frame: fc.nat(3), count: fc.nat(3),
})

/** The slow twin: all of one subject, sorted by level, then how often, then earliest; equal ones as they came. */
function strongestSlowly(claims: readonly Claim[], what: Claim['what']): Claim | null {
  const found = claims.filter((c) => c.what === what)
  found.sort((a, b) => (a.level < b.level ? -1 : a.level > b.level ? 1 : b.count - a.count || a.firstAt - b.firstAt))
  return found[0] ?? null
}

test('the strongest claim is the first of a sort, the same object among equals', () => {
  fc.assert(fc.property(fc.array(claim, { maxLength: 20 }), (claims) => {
    for (const what of ['model', 'role', 'bed', 'software'] as const) assert.equal(strongest(claims, what), strongestSlowly(claims, what))
  }), { numRuns: 500 })
})

test('an empty set lists nothing; repeats are counted; the number of distinct claims is bounded', () => {
  const set = new ClaimSet()
  assert.deepEqual(set.list(), [])
  for (let i = 0; i < CLAIMS_MAX + 5; i++) set.add({ what: 'role', value: `r${i}`, level: 'C', evidence: 'e', inferred: false }, i, i)
  set.add({ what: 'role', value: 'r0', level: 'C', evidence: 'e', inferred: false }, 500, 500)
  assert.equal(set.list().length, CLAIMS_MAX)
  assert.deepEqual([set.list()[0]?.count, set.list()[0]?.firstAt, set.list()[0]?.lastAt], [2, 0, 500])
})

test('equals its slow twin, a map by text: few claims and many, repeats of all of them, order of first appearance', () => {
  const said = fc.record({ n: fc.nat(90), what: fc.constantFrom('role', 'model'), at: fc.nat(9), times: fc.integer({ min: 1, max: 3 }) })
  fc.assert(fc.property(fc.array(said, { maxLength: 200, size: 'max' }), (list) => {
    const set = new ClaimSet()
    const twin = new Map<string, { value: string; firstAt: number; lastAt: number; count: number }>()
    for (const { n, what, at, times } of list) {
      set.add({ what, value: `v${n}`, level: 'C', evidence: `e${n % 3}`, inferred: false }, at, 1, times)
      const known = twin.get(`${what} ${n}`)
      if (known) Object.assign(known, { lastAt: Math.max(known.lastAt, at), count: known.count + times })
      else if (twin.size < CLAIMS_MAX) twin.set(`${what} ${n}`, { value: `v${n}`, firstAt: at, lastAt: at, count: times })
    }
    assert.deepEqual(set.list().map(({ value, firstAt, lastAt, count }) => ({ value, firstAt, lastAt, count })), [...twin.values()])
  }), { numRuns: 200 })
})

test('a list that was shown does not grow with what is claimed later', () => {
  const set = new ClaimSet()
  const add = (value: string): void => set.add({ what: 'role', value, level: 'C', evidence: 'e', inferred: false }, 1, 1)
  add('a')
  const shown = set.list()
  add('b')
  assert.deepEqual([shown.length, set.list().length], [1, 2])
})
