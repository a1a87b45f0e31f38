// Ways out of lists: what permittedWays says together is what the list permits packet by packet, and vague lists stay vague.
// Keeps the slow twin honest: walkChain asks rule after rule and knows nothing of ways.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Chain, Match, Rule } from '../rules/model.ts'
import { packetPoint } from '../sets/fields.ts'
import { walkChain } from '../sets/walk.ts'
import { inRanges, inValues } from './text/ranges.ts'
import { joined, permittedWays, without } from './ways.ts'

const range = fc.tuple(fc.nat(7), fc.nat(3)).map(([low, more]) => inRanges([{ low: BigInt(low), high: BigInt(low + more) }]))
const match: fc.Arbitrary<Match> = fc.array(fc.tuple(fc.constantFrom('src', 'dst', 'dport'), range), { maxLength: 3 })
  .map((fields) => ({ fields, unknown: [] }))
const rule: fc.Arbitrary<Rule> = fc.record({
  line: fc.nat(9), text: fc.constant('r'), family: fc.constant(null), matches: fc.array(match, { maxLength: 2 }),
  action: fc.constantFrom({ kind: 'permit' } as const, { kind: 'deny', reject: false } as const, { kind: 'next' } as const),
})
const packet = fc.tuple(fc.nat(10), fc.nat(10), fc.nat(10)).map(([src, dst, dport]) =>
  packetPoint({ proto: 6n, src: BigInt(src), dst: BigInt(dst), dport: BigInt(dport) }))

function chainOf(rules: readonly Rule[]): Chain {
  return { name: 'L', rules, policy: 'deny' }
}

test('a packet is in some way exactly when the list permits it', () => {
  fc.assert(fc.property(fc.array(rule, { maxLength: 4 }), fc.array(packet, { minLength: 20, maxLength: 20 }), (rules, packets) => {
    const ways = permittedWays(chainOf(rules))
    fc.pre(ways.every(({ unknown }) => unknown.length === 0))
    const asOne = chainOf([{ line: 0, text: '', family: null, matches: ways, action: { kind: 'permit' } }])
    for (const point of packets) assert.equal(walkChain(asOne, new Map(), point, 4).verdict, walkChain(chainOf(rules), new Map(), point, 4).verdict)
  }), { numRuns: 300 })
})

test('what is not known stays a way that may be, and a product without end is one unknown way', () => {
  const unknown = [{ text: 'time-range NIGHT', line: 3, reason: 'not modelled' }]
  const vague: Rule = { line: 3, text: 'deny', family: null, matches: [{ fields: [], unknown }], action: { kind: 'deny', reject: false } }
  const all: Rule = { ...vague, matches: [{ fields: [], unknown: [] }], action: { kind: 'permit' } }
  assert.deepEqual(permittedWays(chainOf([vague, all])), [{ fields: [], unknown }])
  assert.deepEqual(without([{ fields: [], unknown: [] }], { ...all, matches: [{ fields: [], unknown: [] }] }), [], 'a rule of everything leaves nothing')
  const odd: Rule = { ...all, action: { kind: 'unknown', why: unknown[0] ?? { text: '', line: 0, reason: '' } } }
  assert.deepEqual(permittedWays(chainOf([odd])), [{ fields: [], unknown }])
  const wide: Rule = { ...all, matches: Array.from({ length: 5000 }, (_, i) => ({ fields: [['src', inValues(i)]], unknown: [] })) }
  assert.match(permittedWays(chainOf([wide]))[0]?.unknown[0]?.reason ?? '', /too many ways/)
  assert.deepEqual(joined({ fields: [], unknown }, { fields: [], unknown }).unknown.length, 2)
})
