// Single packets: what exists, what matches, and the walk that names the deciding rule.
// Keeps the slow twin readable: each row is a sentence of rules/model.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIELDS, type Chain, type Constraint, type Field, type Match, type Rule } from '../rules/model.ts'
import { bddSpace } from './bdd-space.ts'
import { boxSpace } from './box-space.ts'
import { bruteSpace, UNIVERSE_MAX, universePoints } from './brute-space.ts'
import { fieldBits, fieldMax, isWellFormed, packetPoint, protocolHas } from './fields.ts'
import { matches, matchesRule, satisfies } from './point.ts'
import { walkChain } from './walk.ts'

const is = (field: Field, low: bigint, high = low, not = false): Match['fields'][number] =>
  [field, { kind: 'ranges', ranges: [{ low, high }], not } satisfies Constraint]
const match = (...fields: Match['fields'][number][]): Match => ({ fields, unknown: [] })
const dns = packetPoint({ src: 1n, dst: 2n, proto: 17n, dport: 53n, sport: 40_000n })

test('packets that can exist and packets that cannot', () => {
  const rows: readonly (readonly [Parameters<typeof packetPoint>[0], boolean])[] = [
    [{}, true], [{ proto: 6n, dport: 80n, flags: 255n }, true], [{ proto: 132n, sport: 1n }, true], [{ proto: 58n, icmpType: 128n }, true],
    [{ proto: 17n, flags: 1n }, false], [{ proto: 47n, dport: 1n }, false], [{ proto: 6n, icmpType: 8n }, false], [{ proto: 256n }, false],
    [{ dst: 1n << 32n }, false], [{ state: 4n }, false], [{ dst: -1n }, false], [{ iif: 65_535n }, true], [{ iif: 65_536n }, false],
  ]
  for (const [fields, exists] of rows) assert.equal(isWellFormed(packetPoint(fields), 4), exists, Object.keys(fields).join())
  assert.equal(isWellFormed(packetPoint({ dst: 1n << 32n }), 6), true)
  assert.equal(isWellFormed(packetPoint({ iif: 2n }), 4, 2), false)
})

test('every field has a width and a largest value', () => {
  for (const field of FIELDS) assert.equal(fieldMax(field, 6, 65_536), (1n << BigInt(fieldBits(field, 6))) - 1n, field)
  assert.deepEqual([fieldBits('src', 4), fieldBits('src', 6), fieldMax('oif', 4, 3)], [32, 128, 2n])
  assert.deepEqual([protocolHas(6n, 'flags'), protocolHas(17n, 'flags'), protocolHas(47n, 'state')], [true, false, true])
})

test('constraints: in any of the ranges or masks, or in none', () => {
  const masks: Constraint = { kind: 'masks', masks: [{ value: 0b101n, mask: 0b100n }], not: false }
  assert.deepEqual([4n, 5n, 3n].map((n) => satisfies(masks, n)), [true, true, false])
  assert.deepEqual([4n, 3n].map((n) => satisfies({ ...masks, not: true }, n)), [false, true])
  assert.equal(satisfies({ kind: 'ranges', ranges: [], not: false }, 0n), false)
  assert.equal(satisfies({ kind: 'ranges', ranges: [], not: true }, 0n), true)
})

test('a match is a conjunction; a field the protocol lacks matches nothing, negated or not', () => {
  assert.equal(matches(match(is('dport', 53n), is('src', 1n)), dns), true)
  assert.equal(matches(match(is('dport', 53n), is('src', 2n)), dns), false)
  assert.equal(matches(match(is('dport', 50n, 60n), is('dport', 53n, 53n, true)), dns), false)
  assert.equal(matches(match(is('flags', 2n, 2n, true)), dns), false)
  assert.equal(matches(match(), dns), true)
})

test('a rule matches surely, perhaps or not at all', () => {
  const unknown = [{ text: 'x', line: 1, reason: 'y' }]
  const rule = (family: Rule['family'], ...list: Match[]): Rule =>
    ({ line: 1, text: '', family, matches: list, action: { kind: 'permit' } })
  const vague = { ...match(is('dport', 53n)), unknown }
  assert.equal(matchesRule(rule(null, vague), dns, 4), 'maybe')
  assert.equal(matchesRule(rule(null, vague, match()), dns, 4), 'sure')
  assert.equal(matchesRule(rule(6, match()), dns, 4), 'no')
  assert.equal(matchesRule(rule(null), dns, 4), 'no')
})

test('the walk names the deciding rule, also inside a chain that was called', () => {
  const action = { kind: 'deny', reject: false } as const
  const deny: Rule = { line: 12, text: 'deny dns', family: null, matches: [match(is('dport', 53n))], action }
  const sub: Chain = { name: 'sub', policy: null, rules: [deny] }
  const call: Rule = { line: 3, text: '', family: null, matches: [match()], action: { kind: 'jump', chain: 'sub' } }
  const base: Chain = { name: 'base', policy: 'permit', rules: [call] }
  const chains = new Map([['sub', sub]])
  assert.deepEqual(walkChain(base, chains, dns, 4), { verdict: 'deny', rule: deny, because: [] })
  assert.deepEqual(walkChain(base, chains, packetPoint({ proto: 6n }), 4), { verdict: 'permit', rule: null, because: [] })
})

test('counts are exact: one address pair, one port, and the fields that stay free', () => {
  const one = match(is('src', 1n), is('dst', 2n), is('proto', 17n), is('dport', 53n), is('state', 0n), is('iif', 0n), is('oif', 0n))
  for (const space of [bddSpace(4), boxSpace(4)]) assert.equal(space.count(space.of(one)), 65_536n)
  const narrow = match(is('src', 1n), is('dst', 2n), is('proto', 17n), is('dport', 53n), is('state', 0n))
  for (const open of [bddSpace, boxSpace]) {
    const space = open(4, { interfaces: 3 })
    assert.equal(space.count(space.of(narrow)), 9n * 65_536n)
  }
})

test('a counterexample names no interface that is not there', () => {
  const other = match(is('iif', 0n, 1n, true))
  for (const open of [bddSpace, boxSpace]) {
    const [two, three] = [open(4, { interfaces: 2 }), open(4, { interfaces: 3 })]
    assert.equal(two.pick(two.of(other)), null)
    assert.equal(three.pick(three.of(other))?.iif, 2n)
  }
})

test('what does not fit is refused by name', () => {
  const many = Array.from({ length: 300 }, (_, i) => BigInt(i))
  assert.ok(many.length ** 2 > UNIVERSE_MAX)
  assert.throws(() => universePoints(4, { dst: many, src: many }), { name: 'SetLimitError' })
  const sparse = match(['dst', { kind: 'masks', masks: [{ value: 1n, mask: 1n }], not: false }])
  assert.throws(() => boxSpace(4).of(sparse), { name: 'SetLimitError', message: /256 ranges/ })
  assert.throws(() => bddSpace(4, { interfaces: 0 }), { name: 'InvariantError' })
  const tiny = bruteSpace(4, { proto: [6n], dport: [80n] })
  assert.deepEqual([tiny.size(), tiny.count(tiny.all), tiny.contains(tiny.all, dns)], [1, 1n, false])
})
