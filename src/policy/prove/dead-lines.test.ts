// Dead lines on small chains whose answers a person can see, and on random ones against the slow interpreter, packet by packet.
// Keeps "lines behind jumps": what the other chain decides is taken, what it gives back is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chainsArbitrary, smallUniverse } from '../../testing/packet-arbitraries.ts'
import type { Chain, Constraint, Field, Match, Rule, RuleAction } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { bruteSpace, universePoints } from '../sets/brute-space.ts'
import { composeChain, ruleSets, takenBy } from '../sets/compose.ts'
import type { PacketPoint, PacketSpace } from '../sets/packet-set.ts'
import { matchesRule } from '../sets/point.ts'
import { walkChain } from '../sets/walk.ts'
import { deadLines, unclaimed } from './dead-lines.ts'

const range = (field: Field, low: bigint, high = low): readonly [Field, Constraint] => [field, { kind: 'ranges', ranges: [{ low, high }], not: false }]
const match = (...fields: (readonly [Field, Constraint])[]): Match => ({ fields, unknown: [] })
const murky = (line: number): Match => ({ fields: [], unknown: [{ text: `match ${line}`, line, reason: 'not modelled' }] })
const permit: RuleAction = { kind: 'permit' }
const deny: RuleAction = { kind: 'deny', reject: false }
const rule = (line: number, action: RuleAction, ...matches: Match[]): Rule => ({ line, text: `line ${line}`, family: null, matches, action })
const chain = (name: string, ...rules: Rule[]): Chain => ({ name, policy: name === 'forward' ? 'deny' : null, rules })
const WEB = match(range('proto', 6n), range('dport', 80n))

test('dead lines are named with their killers; unknown matches kill nothing', () => {
  const space = bddSpace(4)
  const dead = deadLines(space, chain('forward',
    rule(1, permit, match(range('dport', 1n, 100n), range('proto', 6n))), rule(2, deny, WEB), rule(3, deny, match(range('proto', 17n))),
    rule(4, permit, match(range('dport', 53n), range('proto', 17n))), rule(5, permit, match(range('dport', 80n), range('dport', 81n))),
  ))
  assert.deepEqual(dead.map((d) => [d.rule.line, d.killers.map((k) => k.line)]), [[2, [1]], [4, [3]], [5, []]])
  assert.deepEqual(deadLines(space, chain('forward', rule(1, permit, murky(1)), rule(2, deny, WEB))), [])
})

test('unclaimed: what no line speaks of', () => {
  const space = bddSpace(4)
  assert.equal(unclaimed(space, chain('forward', rule(1, permit, match()))), null)
  const rest = unclaimed(space, chain('forward', rule(1, permit, match(range('proto', 0n, 16n))), rule(2, deny, match(range('proto', 18n, 255n)))))
  assert.equal(rest?.witness.proto, 17n)
})

const TCP = match(range('proto', 6n))
const linesAfter = (call: RuleAction, sub: Chain): number[] => {
  const base = chain('forward', rule(1, call, TCP), rule(2, permit, WEB), rule(3, permit, match(range('proto', 17n))))
  return deadLines(bddSpace(4), base, new Map([[sub.name, sub]])).map((dead) => dead.rule.line)
}

test('behind a jump a line is dead when the other chain decides all its packets, and alive when some come back', () => {
  const jump: RuleAction = { kind: 'jump', chain: 'sub' }
  assert.deepEqual(linesAfter(jump, chain('sub', rule(10, deny, match()))), [2])
  assert.deepEqual(linesAfter(jump, chain('sub', rule(10, { kind: 'return' }, WEB), rule(11, deny, match()))), [])
  assert.deepEqual(linesAfter(jump, chain('sub', rule(10, deny, murky(10)))), [], 'what is not understood kills nothing')
  assert.deepEqual(linesAfter(jump, chain('other')), [], 'a missing chain kills nothing')
})

test('behind a goto nothing of what it matches is seen again, whatever the other chain does', () => {
  assert.deepEqual(linesAfter({ kind: 'goto', chain: 'sub' }, chain('sub')), [2])
})

/** The definition, rule after rule: the slow twin of the halves. */
function slowDead(space: PacketSpace, base: Chain, chains: ReadonlyMap<string, Chain>): number[] {
  const taken = takenBy(space, base, chains)
  let left = space.all
  return base.rules.flatMap((one, i) => {
    if (one.family !== null && one.family !== space.version) return []
    const dead = space.isEmpty(space.and(left, ruleSets(space, one).maybe))
    left = space.minus(left, taken(one, ruleSets(space, one).sure))
    return dead ? [i] : []
  })
}

for (const version of [4, 6] as const) {
  test(`random chains, v${version}: halves say what rule after rule says`, () => {
    fc.assert(fc.property(chainsArbitrary(version, true), (chains) => {
      const base = chains.get('base') as Chain
      const found = deadLines(bddSpace(version), base, chains).map((dead) => base.rules.indexOf(dead.rule))
      assert.deepEqual(found, slowDead(bddSpace(version), base, chains))
    }), { numRuns: 200, seed: 41 })
  })

  test(`random chains, v${version}: within a small universe a line is dead when no packet walks to it`, () => {
    const universe = smallUniverse(version)
    const points = universePoints(version, universe)
    fc.assert(fc.property(chainsArbitrary(version, false), (chains) => {
      const base = chains.get('base') as Chain
      if (composeChain(bddSpace(version), base, chains).problems.length > 0) return
      const takes = (one: Rule, point: PacketPoint): boolean => {
        if (matchesRule(one, point, version) === 'no') return false
        if (one.action.kind !== 'jump') return one.action.kind !== 'next'
        return walkChain({ name: base.name, policy: null, rules: [one] }, chains, point, version).verdict !== 'unknown'
      }
      const reached = new Set<number>()
      for (const point of points) {
        for (const [i, one] of base.rules.entries()) {
          if (matchesRule(one, point, version) !== 'no') reached.add(i)
          if (takes(one, point)) break
        }
      }
      const own = base.rules.flatMap((one, i) => (one.family === null || one.family === version ? [i] : []))
      const found = deadLines(bruteSpace(version, universe), base, chains).map((dead) => base.rules.indexOf(dead.rule))
      assert.deepEqual(found, own.filter((i) => !reached.has(i)))
    }), { numRuns: 150, seed: 42 })
  })
}

test('packets that a jump decides are claimed', () => {
  const base = chain('forward', rule(1, { kind: 'jump', chain: 'sub' }, match()))
  assert.equal(unclaimed(bddSpace(4), base, new Map([['sub', chain('sub', rule(10, deny, match()))]])), null)
  assert.notEqual(unclaimed(bddSpace(4), base), null)
})
