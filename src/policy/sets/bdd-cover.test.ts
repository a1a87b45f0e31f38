// Cover against the slow way: what is left when every part is taken out, one after the other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchArbitrary } from '../../testing/packet-arbitraries.ts'
import { isCovered } from './bdd-cover.ts'
import { bddSpace } from './bdd-space.ts'
import { Bdd, Op, TRUE } from './bdd.ts'

for (const version of [4, 6] as const) {
  test(`v${version}: a set is covered when nothing is left of it, and no node is made to say so`, () => {
    let yes = 0
    fc.assert(fc.property(matchArbitrary(version), fc.array(matchArbitrary(version), { maxLength: 6 }), fc.boolean(), (one, others, cut) => {
      const space = bddSpace(version)
      const parts = others.map((m) => space.of(m))
      // Half of the time the set is the union itself, or the union and a little more.
      const whole = cut ? parts.reduce((sum, part) => space.or(sum, part), space.empty) : space.of(one)
      const slow = space.isEmpty(parts.reduce((left, part) => space.minus(left, part), whole))
      // The condition that packets exist is laid over the set first; after that nothing is made.
      assert.equal(space.isCovered?.(whole, parts), slow)
      const size = space.size()
      assert.equal(space.isCovered?.(whole, parts), slow)
      assert.equal(space.size(), size)
      if (slow) yes++
    }), { numRuns: 300, seed: 51 })
    assert.ok(yes > 100 && yes < 300, `${yes} of 300 are covered`)
  })
}

test('a question that takes too many steps says so', () => {
  const bdd = new Bdd()
  const bit = (level: number): number => bdd.node(level, 0, TRUE)
  const [a, b] = [1, 2].map((n) => Array.from({ length: 8 }, (_, i) => bit(i * 2 + n)).reduce((sum, node) => bdd.apply(Op.xor, sum, node), 0))
  assert.ok(a !== undefined && b !== undefined)
  assert.equal(isCovered(bdd, TRUE, [a, b]), false)
  assert.equal(isCovered(bdd, TRUE, [a, bdd.apply(Op.minus, TRUE, a)]), true)
  assert.throws(() => isCovered(bdd, TRUE, [a, b, bdd.apply(Op.minus, TRUE, bdd.apply(Op.or, a, b))], 3), { name: 'SetLimitError' })
})
