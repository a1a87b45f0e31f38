// packet-set-conformance: what every PacketSpace must do, run on each engine; the brute one is the judge of sets, matches() of packets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IpVersion } from '../base/ip.ts'
import { FIELDS, type Constraint, type Match, type ValueRange } from '../policy/rules/model.ts'
import { bruteSpace, universePoints } from '../policy/sets/brute-space.ts'
import { isWellFormed, packetPoint, protocolHas } from '../policy/sets/fields.ts'
import type { PacketPoint, PacketSet, PacketSpace } from '../policy/sets/packet-set.ts'
import { matches } from '../policy/sets/point.ts'
import { borderValues, matchArbitrary, pointArbitrary, smallUniverse, type MatchShape } from './packet-arbitraries.ts'

/** A set as a formula, so that two engines and a packet can be asked the same thing. */
type Formula =
  | { readonly of: Match }
  | { readonly op: 'and' | 'or' | 'minus'; readonly a: Formula; readonly b: Formula }
  | { readonly op: 'not'; readonly a: Formula }

function formulaArbitrary(version: IpVersion, shape: MatchShape): fc.Arbitrary<Formula> {
  return fc.letrec<{ formula: Formula; leaf: Formula; pair: Formula; not: Formula }>((tie) => ({
    formula: fc.oneof({ depthSize: 'small', maxDepth: 3 }, tie('leaf'), tie('pair'), tie('not')),
    leaf: matchArbitrary(version, shape).map((of) => ({ of })),
    pair: fc.record({ op: fc.constantFrom('and' as const, 'or' as const, 'minus' as const), a: tie('formula'), b: tie('formula') }),
    not: fc.record({ op: fc.constant('not' as const), a: tie('formula') }),
  })).formula
}

function setOf(space: PacketSpace, formula: Formula): PacketSet {
  if ('of' in formula) return space.of(formula.of)
  if (formula.op === 'not') return space.not(setOf(space, formula.a))
  return space[formula.op](setOf(space, formula.a), setOf(space, formula.b))
}

function holds(formula: Formula, point: PacketPoint): boolean {
  if ('of' in formula) return matches(formula.of, point)
  if (formula.op === 'not') return !holds(formula.a, point)
  const b = holds(formula.b, point)
  return formula.op === 'or' ? holds(formula.a, point) || b : holds(formula.a, point) && b === (formula.op === 'and')
}

/** The packets of the small universe as a match of the space: every field is one of the universe's values. */
function universeSet(space: PacketSpace): PacketSet {
  const universe = smallUniverse(space.version)
  const ranges = FIELDS.map((field) => (universe[field] ?? [0n]).map((n) => ({ low: n, high: n })))
  // Optional fields go through `not`, because a constraint on a field asks for a protocol that has it.
  return FIELDS.reduce((set, field, i) => {
    const constraint: Constraint = { kind: 'ranges', ranges: ranges[i] ?? [], not: true }
    const outside: Match = { fields: [[field, constraint]], unknown: [] }
    return space.minus(set, space.of(outside))
  }, space.all)
}

const one = (field: (typeof FIELDS)[number], low: bigint, high = low): Match =>
  ({ fields: [[field, { kind: 'ranges', ranges: [{ low, high }], not: false }]], unknown: [] })

/** An engine under test. */
export interface Subject {
  /** Makes a fresh space with all 65,536 interfaces. */
  readonly open: (version: IpVersion) => PacketSpace
  /** Random formulas per property. */
  readonly runs: number
  /** What the engine takes. */
  readonly shape?: MatchShape
}

function lawTests(name: string, version: IpVersion, { open, runs, shape = {} }: Subject): void {
  const formula = formulaArbitrary(version, shape)

  test(`${name}: the laws of sets hold`, () => {
    fc.assert(fc.property(formula, formula, formula, (fa, fb, fc_) => {
      const space = open(version)
      const [a, b, c] = [setOf(space, fa), setOf(space, fb), setOf(space, fc_)]
      const same = (x: PacketSet, y: PacketSet, law: string): void => assert.ok(space.equals(x, y), law)
      same(space.not(space.or(a, b)), space.and(space.not(a), space.not(b)), 'De Morgan')
      same(space.and(a, space.or(b, c)), space.or(space.and(a, b), space.and(a, c)), 'distribution')
      same(space.minus(a, b), space.and(a, space.not(b)), 'difference')
      same(space.or(a, space.and(a, b)), a, 'absorption')
      same(space.not(space.not(a)), a, 'double complement')
      same(space.or(a, space.not(a)), space.all, 'excluded middle')
      assert.ok(space.isEmpty(space.and(a, space.not(a))), 'contradiction')
      assert.equal(space.equals(a, b), space.isEmpty(space.or(space.minus(a, b), space.minus(b, a))), 'equality')
      assert.equal(space.count(space.or(a, b)) + space.count(space.and(a, b)), space.count(a) + space.count(b), 'count')
    }), { numRuns: runs, seed: 11 })
  })
}

function packetTests(name: string, version: IpVersion, { open, runs, shape = {} }: Subject): void {
  test(`${name}: a set holds the packets that its formula says, and only such as exist`, () => {
    const some = fc.array(pointArbitrary(version), { minLength: 20, maxLength: 40 })
    fc.assert(fc.property(formulaArbitrary(version, shape), some, (formula, points) => {
      const space = open(version)
      const set = setOf(space, formula)
      for (const point of points) assert.equal(space.contains(set, point), isWellFormed(point, version) && holds(formula, point))
    }), { numRuns: runs, seed: 12 })
  })

  test(`${name}: the member picked is one, is the same for the same set, and there is one unless the set is empty`, () => {
    fc.assert(fc.property(formulaArbitrary(version, shape), (formula) => {
      const space = open(version)
      const set = setOf(space, formula)
      const picked = space.pick(set)
      assert.equal(picked === null, space.isEmpty(set))
      assert.equal(picked === null, space.count(set) === 0n)
      if (picked === null) return
      assert.ok(isWellFormed(picked, version) && holds(formula, picked))
      assert.deepEqual(space.pick(space.or(set, set)), picked)
      assert.deepEqual(space.pick(space.not(space.not(set))), picked)
    }), { numRuns: runs, seed: 13 })
  })
}

function assignTests(name: string, version: IpVersion, { open, runs, shape = {} }: Subject): void {
  const field = fc.constantFrom(...FIELDS.filter((f) => f !== 'oif' && f !== 'proto'))
  const chosen = field.chain((f) => fc.record({
    field: fc.constant(f), values: fc.array(fc.constantFrom(...borderValues(version, f)), { maxLength: 3 }),
  }))
  const asRanges = (list: readonly bigint[]): ValueRange[] => list.map((value) => ({ low: value, high: value }))

  test(`${name}: overwriting a field gives every packet the new values, and invents none`, () => {
    const some = fc.array(pointArbitrary(version), { minLength: 10, maxLength: 20 })
    fc.assert(fc.property(formulaArbitrary(version, shape), chosen, some, (formula, { field: f, values }, points) => {
      const space = open(version)
      const before = setOf(space, formula)
      const after = space.assign(before, f, asRanges(values))
      for (const point of points.filter((p) => isWellFormed(p, version) && holds(formula, p))) {
        const becomes = protocolHas(point.proto, f) ? values.map((value) => ({ ...point, [f]: value })) : [point]
        for (const made of becomes.filter((p) => isWellFormed(p, version))) assert.ok(space.contains(after, made))
      }
      const wider = space.assign(after, f, [{ low: 0n, high: 1n << 128n }])
      for (const point of points.filter((p) => isWellFormed(p, version))) {
        if (!space.contains(after, point)) continue
        assert.ok(!protocolHas(point.proto, f) || values.includes(point[f]), 'a value that was not given')
        assert.ok(space.contains(wider, point))
      }
      assert.ok(space.equals(space.assign(after, f, asRanges(values)), after), 'twice is once')
    }), { numRuns: runs, seed: 15 })
  })

  test(`${name}: overwriting a field says what writing all packets down says`, () => {
    const universe = smallUniverse(version)
    const judge = bruteSpace(version, universe)
    fc.assert(fc.property(formulaArbitrary(version, shape), chosen, (formula, { field: f, values }) => {
      const space = open(version)
      const world = universeSet(space)
      const ranges = asRanges(values.filter((value) => (universe[f] ?? [0n]).includes(value)))
      const set = space.and(space.assign(space.and(setOf(space, formula), world), f, ranges), world)
      const judged = judge.assign(setOf(judge, formula), f, ranges)
      assert.equal(space.count(set), judge.count(judged))
      assert.deepEqual(space.pick(set), judge.pick(judged))
    }), { numRuns: runs, seed: 16 })
  })
}

function judgeTests(name: string, version: IpVersion, { open, runs, shape = {} }: Subject): void {
  const universe = smallUniverse(version)

  test(`${name}: within a small universe it says what writing all packets down says`, () => {
    const judge = bruteSpace(version, universe)
    fc.assert(fc.property(formulaArbitrary(version, shape), formulaArbitrary(version, shape), (fa, fb) => {
      const space = open(version)
      const world = universeSet(space)
      const [a, b] = [space.and(setOf(space, fa), world), space.and(setOf(space, fb), world)]
      const [ja, jb] = [setOf(judge, fa), setOf(judge, fb)]
      assert.equal(space.count(a), judge.count(ja))
      assert.equal(space.isEmpty(a), judge.isEmpty(ja))
      assert.equal(space.equals(a, b), judge.equals(ja, jb))
      assert.deepEqual(space.pick(a), judge.pick(ja))
    }), { numRuns: runs, seed: 14 })
  })

  test(`${name}: each packet of the universe is in its own set`, () => {
    const space = open(version)
    for (const point of universePoints(version, universe).filter((_, i) => i % 37 === 0)) {
      assert.ok(space.contains(space.all, point) && !space.contains(space.empty, point))
    }
  })
}

function meaningTests(name: string, open: (version: IpVersion) => PacketSpace): void {
  test(`${name}: all and nothing`, () => {
    for (const version of [4, 6] as const) {
      const space = open(version)
      assert.equal(space.version, version)
      assert.ok(space.isEmpty(space.empty) && !space.isEmpty(space.all))
      assert.ok(space.equals(space.of({ fields: [], unknown: [] }), space.all))
      assert.ok(space.equals(space.not(space.all), space.empty))
      assert.equal(space.pick(space.empty), null)
      assert.equal(space.count(space.empty), 0n)
      assert.ok(space.size() >= 0)
    }
  })

  test(`${name}: a constraint on a field that the protocol does not have matches nothing, negated or not`, () => {
    const space = open(4)
    const ports = space.or(space.or(space.of(one('proto', 6n)), space.of(one('proto', 17n))), space.of(one('proto', 132n)))
    const any: Constraint = { kind: 'ranges', ranges: [], not: true }
    assert.ok(space.equals(space.of({ fields: [['dport', any]], unknown: [] }), ports))
    assert.ok(space.isEmpty(space.and(space.of(one('proto', 47n)), space.of({ fields: [['sport', any]], unknown: [] }))))
    assert.ok(space.isEmpty(space.of({ fields: [...one('proto', 17n).fields, ['flags', any]], unknown: [] })))
    assert.ok(space.isEmpty(space.of({ fields: [['dst', { kind: 'ranges', ranges: [], not: false }]], unknown: [] })))
  })

  test(`${name}: a packet whose protocol has no ports cannot carry one`, () => {
    const space = open(4)
    for (const point of [packetPoint({ proto: 1n, dport: 53n }), packetPoint({ proto: 17n, flags: 2n }), packetPoint({ proto: 256n })]) {
      assert.equal(space.contains(space.all, point), false)
    }
  })

  test(`${name}: the packet picked is one a person would name`, () => {
    const space = open(4)
    const leak = space.and(space.of(one('src', 0x0a140300n, 0x0a1403ffn)), space.of(one('dst', 0xca720400n, 0xca7204ffn)))
    const picked = space.pick(leak)
    assert.deepEqual(picked, packetPoint({ src: 0x0a140301n, dst: 0xca720401n, proto: 6n, dport: 443n, sport: 49_152n, flags: 2n }))
    const high: Match = { fields: [...one('proto', 17n).fields, ...one('dport', 5000n, 6000n).fields], unknown: [] }
    const udp = space.pick(space.and(leak, space.of(high)))
    assert.deepEqual([udp?.proto, udp?.dport], [17n, 5000n])
    const ping = space.pick(space.and(leak, space.of(one('proto', 1n))))
    assert.deepEqual([ping?.icmpType, ping?.dport], [8n, 0n])
  })

  test(`${name}: sets of the other space are refused`, () => {
    const space = open(4)
    const other = open(4)
    assert.throws(() => space.and(space.all, other.all), { name: 'InvariantError' })
  })
}

/** The whole suite on one engine, both IP versions. */
export function packetSetConformance(name: string, subject: Subject): void {
  meaningTests(name, subject.open)
  for (const version of [4, 6] as const) {
    lawTests(`${name} v${version}`, version, subject)
    packetTests(`${name} v${version}`, version, subject)
    judgeTests(`${name} v${version}`, version, subject)
    assignTests(`${name} v${version}`, version, subject)
  }
}
