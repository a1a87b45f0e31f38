// The questions on small filters whose answers a person can see, and on random ones against the slow interpreter.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FIELDS, type Chain, type Constraint, type Field, type Match, type Rule, type RuleAction } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { packetPoint, protocolHas } from '../sets/fields.ts'
import type { PacketPoint } from '../sets/packet-set.ts'
import { walkChain } from '../sets/walk.ts'
import { proveAlways, proveEqual, proveNever, unknownsOf, type Filter } from './questions.ts'

const range = (field: Field, low: bigint, high = low): readonly [Field, Constraint] => [field, { kind: 'ranges', ranges: [{ low, high }], not: false }]
const match = (...fields: (readonly [Field, Constraint])[]): Match => ({ fields, unknown: [] })
const murky = (line: number, ...fields: (readonly [Field, Constraint])[]): Match =>
  ({ fields, unknown: [{ text: `match ${line}`, line, reason: 'not modelled' }] })
const permit: RuleAction = { kind: 'permit' }
const deny: RuleAction = { kind: 'deny', reject: false }

function rule(line: number, action: RuleAction, ...matches: Match[]): Rule {
  return { line, text: `line ${line}`, family: null, matches, action }
}

function filter(policy: 'permit' | 'deny', ...rules: Rule[]): Filter {
  const chain: Chain = { name: 'forward', policy, rules }
  return { chain, chains: new Map([['forward', chain]]), version: 4 }
}

const WEB = match(range('proto', 6n), range('dport', 80n))
const FROM_BEDSIDE = match(range('src', 0x0a140400n, 0x0a1404ffn))
const bedside = (space: ReturnType<typeof bddSpace>) => space.of(FROM_BEDSIDE)

test('never: proved when nothing passes, refuted with the packet and the line that lets it pass', () => {
  const space = bddSpace(4)
  assert.deepEqual(proveNever(space, filter('deny'), bedside(space)), { verdict: 'proved' })
  const leaky = filter('deny', rule(3, deny, WEB), rule(7, permit, FROM_BEDSIDE))
  const answer = proveNever(space, leaky, bedside(space))
  assert.equal(answer.verdict, 'refuted')
  if (answer.verdict !== 'refuted') return
  assert.equal(answer.witness.deciding.line, 7)
  assert.ok(space.contains(bedside(space), answer.witness.point))
})

test('always: proved when all pass, refuted with the line that stops the clinical path', () => {
  const space = bddSpace(4)
  const cms = space.of(match(range('src', 0x0a140400n, 0x0a1404ffn), range('proto', 6n), range('dport', 515n, 520n)))
  const good = filter('deny', rule(1, permit, match(range('proto', 6n), range('dport', 500n, 600n))))
  assert.deepEqual(proveAlways(space, good, cms), { verdict: 'proved' })
  const bad = filter('deny', rule(1, deny, match(range('dport', 518n))), ...good.chain.rules.map((r) => ({ ...r, line: 2 })))
  const answer = proveAlways(space, bad, cms)
  assert.equal(answer.verdict === 'refuted' && answer.witness.deciding.line, 1)
  assert.equal(answer.verdict === 'refuted' && answer.witness.point.dport, 518n)
})

test('an unknown match makes the answer unknown because of its line, unless it does not matter', () => {
  const space = bddSpace(4)
  const skuid = filter('deny', rule(5, permit, murky(5, ...FROM_BEDSIDE.fields)))
  const answer = proveNever(space, skuid, bedside(space))
  assert.deepEqual(answer.verdict === 'unknown' && answer.lines.map((l) => l.line), [5])
  const elsewhere = filter('deny', rule(5, permit, murky(5, range('src', 1n))))
  assert.deepEqual(proveNever(space, elsewhere, bedside(space)), { verdict: 'proved' })
  const shadowed = filter('deny', rule(4, deny, FROM_BEDSIDE), rule(5, permit, murky(5, ...FROM_BEDSIDE.fields)))
  assert.deepEqual(proveNever(space, shadowed, bedside(space)), { verdict: 'proved' })
})

test('equal: the same in other words is proved; a difference has a witness and a count on its side', () => {
  const space = bddSpace(4)
  const whole = filter('deny', rule(1, permit, match(range('proto', 6n), range('dport', 80n, 81n))))
  const split = filter('deny', rule(1, permit, WEB), rule(2, permit, match(range('proto', 6n), range('dport', 81n))))
  assert.deepEqual(proveEqual(space, whole, split).answer, { verdict: 'proved' })
  const { answer, onlyFirst, onlySecond } = proveEqual(space, whole, filter('deny', rule(1, permit, WEB)))
  assert.equal(answer.verdict, 'refuted')
  assert.equal(onlyFirst?.witness.point.dport, 81n)
  assert.equal(onlySecond, null)
  assert.ok((onlyFirst?.count ?? 0n) > 0n)
  assert.deepEqual(proveEqual(space, whole, filter('deny', rule(1, permit, WEB)), space.of(WEB)).answer, { verdict: 'proved' }, 'equal where asked')
})

test('a full engine answers unknown with its limit, and names the lines too', () => {
  const space = bddSpace(4, { nodesMax: 64 })
  const answer = proveNever(space, filter('deny', rule(1, permit, WEB, FROM_BEDSIDE)), space.all)
  assert.ok(answer.verdict === 'unknown' && answer.limit !== null, JSON.stringify(answer.verdict))
})

/** The set of one packet. */
function only(space: ReturnType<typeof bddSpace>, point: PacketPoint) {
  const fields = FIELDS.filter((field) => protocolHas(point.proto, field))
  return space.of(match(...fields.map((field) => range(field, point[field]))))
}

const arbitraryMatch: fc.Arbitrary<Match> = fc.record({
  proto: fc.constantFrom(6n, 17n), low: fc.bigInt({ min: 0n, max: 7n }), width: fc.bigInt({ min: 0n, max: 3n }), unknown: fc.boolean(),
}).map(({ proto, low, width, unknown }) => {
  const fields = [range('proto', proto), range('dport', low, low + width)]
  return unknown ? murky(9, ...fields) : match(...fields)
})

const arbitraryFilter = fc.array(fc.tuple(fc.constantFrom(permit, deny), arbitraryMatch), { maxLength: 6 })
  .map((rules) => filter('deny', ...rules.map(([action, m], i) => rule(i + 1, action, m))))

test('whatever is proved or refuted holds for every packet of a small universe, by the slow interpreter', () => {
  const points = [6n, 17n].flatMap((proto) => Array.from({ length: 12 }, (_, i) => packetPoint({ proto, dport: BigInt(i) })))
  fc.assert(fc.property(arbitraryFilter, arbitraryFilter, (a, b) => {
    const space = bddSpace(4)
    const asked = points.reduce((set, point) => space.or(set, only(space, point)), space.empty)
    const verdicts = (f: Filter, p: (typeof points)[number]): string => walkChain(f.chain, f.chains, p, 4).verdict
    const never = proveNever(space, a, asked)
    if (never.verdict === 'proved') assert.ok(points.every((p) => verdicts(a, p) === 'deny'))
    if (never.verdict === 'refuted') assert.equal(verdicts(a, never.witness.point), 'permit')
    if (never.verdict === 'unknown') assert.ok(points.some((p) => verdicts(a, p) === 'unknown') && points.every((p) => verdicts(a, p) !== 'permit'))
    const equal = proveEqual(space, a, b, asked).answer
    if (equal.verdict === 'proved') assert.ok(points.every((p) => verdicts(a, p) === verdicts(b, p)))
    if (equal.verdict === 'refuted') assert.notEqual(verdicts(a, equal.witness.point), verdicts(b, equal.witness.point))
    if (equal.verdict === 'unknown') assert.ok(unknownsOf(a).length + unknownsOf(b).length > 0)
  }), { numRuns: 60, seed: 3 })
})

test('several chains of one hook: the slow interpreter asks all of them, and the first that refuses is named', () => {
  const space = bddSpace(4)
  const first = filter('permit', rule(1, deny, WEB))
  const also = filter('deny', rule(2, permit, FROM_BEDSIDE), rule(3, permit, murky(3, range('dport', 22n)))).chain
  const both: Filter = { ...first, also: [also] }
  assert.deepEqual(proveNever(space, both, space.of(WEB)), { verdict: 'proved' })
  const open = proveNever(space, both, space.and(bedside(space), space.of(match(range('dport', 443n)))))
  assert.equal(open.verdict === 'refuted' && open.witness.deciding.line, 2)
  const stopped = proveAlways(space, both, space.and(bedside(space), space.of(WEB)))
  assert.equal(stopped.verdict === 'refuted' && stopped.witness.deciding.line, 1)
  const vague = proveNever(space, both, space.of(match(range('src', 1n), range('dport', 22n))))
  assert.deepEqual(vague.verdict === 'unknown' && vague.lines.map((l) => l.line), [3])
})
