// Chains as sets against the walk of single packets: jumps, goto, return, loops, unknown matches, on two engines.
// Keeps "every clever engine has a slow twin": the walk and the sets must agree on each packet.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chainsArbitrary, smallUniverse } from '../../testing/packet-arbitraries.ts'
import type { Chain, Constraint, Field, Match, Rule, RuleAction, UnknownMatch } from '../rules/model.ts'
import { bddSpace } from './bdd-space.ts'
import { bruteSpace, universePoints } from './brute-space.ts'
import { CHAIN_DEPTH_MAX, composeChain, ruleSets, type Chains, type ChainSets } from './compose.ts'
import { packetPoint } from './fields.ts'
import type { PacketPoint, PacketSpace } from './packet-set.ts'
import { walkChain } from './walk.ts'

const PERMIT: RuleAction = { kind: 'permit' }
const DENY: RuleAction = { kind: 'deny', reject: false }
const UNKNOWN: UnknownMatch = { text: 'meta skuid 0', line: 7, reason: 'a user id' }
const NONE: Chains = new Map()

const is = (field: Field, low: bigint, high = low): Match['fields'][number] =>
  [field, { kind: 'ranges', ranges: [{ low, high }], not: false } satisfies Constraint]
const match = (...fields: Match['fields'][number][]): Match => ({ fields, unknown: [] })
const vague = (...fields: Match['fields'][number][]): Match => ({ fields, unknown: [UNKNOWN] })
const rule = (action: RuleAction, ...matches: Match[]): Rule => ({ line: 3, text: '', family: null, matches, action })
const chain = (name: string, policy: Chain['policy'], ...rules: Rule[]): Chain => ({ name, policy, rules })
const tcp = (dport: bigint): PacketPoint =>
  packetPoint({ src: 0x0a000001n, dst: 0x0a000002n, proto: 6n, dport, sport: 50_000n, flags: 2n })

/** What the sets say of one packet, in the words of a walk. */
function verdictOf(space: PacketSpace, sets: ChainSets, point: PacketPoint): 'permit' | 'deny' | 'unknown' {
  const all = [sets.surelyPermitted, sets.possiblyPermitted, sets.surelyDenied]
  const [permitted, possible, denied] = all.map((set) => space.contains(set, point))
  assert.equal(possible, !denied)
  assert.ok(possible || !permitted)
  return permitted ? 'permit' : denied ? 'deny' : 'unknown'
}

for (const version of [4, 6] as const) {
  for (const unknowns of [false, true]) {
    const title = `v${version}${unknowns ? ' with unknown matches' : ''}`

    test(`diagrams and walk agree on every packet, ${title}`, () => {
      const points = universePoints(version, smallUniverse(version))
      fc.assert(fc.property(chainsArbitrary(version, unknowns), fc.nat(6), (chains, phase) => {
        const space = bddSpace(version)
        const base = chains.get('base') as Chain
        const sets = composeChain(space, base, chains)
        for (let i = phase; i < points.length; i += 7) {
          const point = points[i] as PacketPoint
          const said = verdictOf(space, sets, point)
          // A chain that is part of a loop is worked out once, wherever it is entered: wider than the walk at times, never narrower.
          if (said !== 'unknown' || sets.problems.length === 0) assert.equal(said, walkChain(base, chains, point, version).verdict)
        }
      }), { numRuns: 200, seed: 21 })
    })

    test(`four sets side by side say the same as the diagram of four bits, ${title}`, () => {
      const points = universePoints(version, smallUniverse(version))
      const judge = bruteSpace(version, smallUniverse(version))
      fc.assert(fc.property(chainsArbitrary(version, unknowns), (chains) => {
        const space = bddSpace(version)
        const base = chains.get('base') as Chain
        const sets = composeChain(space, base, chains)
        const slow = composeChain(judge, base, chains)
        assert.deepEqual(sets.problems, slow.problems)
        for (const key of ['surelyPermitted', 'possiblyPermitted', 'surelyDenied', 'undecided'] as const) {
          const [fast, judged] = [sets[key], slow[key]]
          assert.deepEqual(points.filter((point) => space.contains(fast, point) !== judge.contains(judged, point)), [], key)
        }
      }), { numRuns: 60, seed: 22 })
    })
  }
}

test('the first rule that matches decides, the policy decides the rest', () => {
  const base = chain('base', 'deny', rule(DENY, match(is('dport', 22n))), rule(PERMIT, match(is('dport', 1n, 1023n))))
  const space = bddSpace(4)
  const sets = composeChain(space, base, NONE)
  assert.deepEqual([22n, 80n, 5000n].map((port) => verdictOf(space, sets, tcp(port))), ['deny', 'permit', 'deny'])
  assert.ok(space.equals(sets.surelyPermitted, sets.possiblyPermitted))
  assert.ok(space.isEmpty(sets.undecided))
  assert.deepEqual(sets.problems, [])
  assert.deepEqual(walkChain(base, NONE, tcp(80n), 4), { verdict: 'permit', rule: base.rules[1], because: [] })
  assert.deepEqual(walkChain(base, NONE, tcp(5000n), 4).rule, null)
})

test('jump comes back at the end and on return, goto does not', () => {
  const sub = chain('sub', null, rule({ kind: 'return' }, match(is('dport', 80n))), rule(DENY, match(is('dport', 1n, 100n))))
  const chains = new Map([['sub', sub]])
  for (const [kind, expected] of [['jump', ['deny', 'permit', 'permit']], ['goto', ['deny', 'deny', 'deny']]] as const) {
    const base = chain('base', 'deny', rule({ kind, chain: 'sub' }, match(is('proto', 6n))), rule(PERMIT, match()))
    const space = bddSpace(4)
    const sets = composeChain(space, base, chains)
    assert.deepEqual([22n, 80n, 5000n].map((port) => verdictOf(space, sets, tcp(port))), expected, kind)
    assert.deepEqual([22n, 80n, 5000n].map((port) => walkChain(base, chains, tcp(port), 4).verdict), expected, kind)
  }
})

test('after a goto, the end of the chain is the end of the caller too', () => {
  const inner = chain('inner', null, rule(DENY, match(is('dport', 22n))))
  const middle = chain('middle', null, rule({ kind: 'goto', chain: 'inner' }, match()), rule(DENY, match()))
  const base = chain('base', 'deny', rule({ kind: 'jump', chain: 'middle' }, match()), rule(PERMIT, match()))
  const space = bddSpace(4)
  const chains = new Map([['inner', inner], ['middle', middle]])
  const sets = composeChain(space, base, chains)
  assert.deepEqual([22n, 80n].map((port) => verdictOf(space, sets, tcp(port))), ['deny', 'permit'])
})

test('an unknown match widens the upper bound when it permits and narrows the lower one when it denies', () => {
  const permit = chain('base', 'deny', rule(PERMIT, vague(is('dport', 80n))))
  const deny = chain('base', 'permit', rule(DENY, vague(is('dport', 80n))))
  for (const base of [permit, deny]) {
    const space = bddSpace(4)
    const sets = composeChain(space, base, NONE)
    assert.equal(verdictOf(space, sets, tcp(80n)), 'unknown')
    assert.equal(verdictOf(space, sets, tcp(81n)), base.policy)
    assert.deepEqual(walkChain(base, NONE, tcp(80n), 4), { verdict: 'unknown', rule: null, because: [UNKNOWN] })
    assert.deepEqual(walkChain(base, NONE, tcp(81n), 4).because, [])
  }
})

test('an unknown match that changes nothing is not unknown', () => {
  const base = chain('base', 'deny', rule(PERMIT, vague(is('dport', 80n))), rule(PERMIT, match(is('dport', 80n))))
  const space = bddSpace(4)
  assert.equal(verdictOf(space, composeChain(space, base, NONE), tcp(80n)), 'permit')
})

test('a sure alternative beside an unknown one is sure', () => {
  const both = rule(PERMIT, vague(is('dport', 80n)), match(is('dport', 80n)), vague(is('dport', 81n)))
  const space = bddSpace(4)
  const { sure, maybe } = ruleSets(space, both)
  const said = [80n, 81n, 82n].map((p) => [space.contains(sure, tcp(p)), space.contains(maybe, tcp(p))])
  assert.deepEqual(said, [[true, true], [false, true], [false, false]])
})

test('an unknown action may do anything, in a chain that was jumped to as well', () => {
  const sub = chain('sub', null, rule({ kind: 'unknown', why: UNKNOWN }, match(is('dport', 80n))), rule(DENY, match()))
  const base = chain('base', 'permit', rule({ kind: 'jump', chain: 'sub' }, match()))
  const space = bddSpace(4)
  const sets = composeChain(space, base, new Map([['sub', sub]]))
  assert.deepEqual([80n, 81n].map((port) => verdictOf(space, sets, tcp(port))), ['unknown', 'deny'])
})

test('loops, missing chains and endless nesting are problems with a line, and unknown', () => {
  const loop = chain('loop', null, rule({ kind: 'jump', chain: 'loop' }, match(is('dport', 1n))))
  const deep = Array.from({ length: CHAIN_DEPTH_MAX + 5 }, (_, i) =>
    chain(`d${i}`, null, rule({ kind: 'jump', chain: `d${i + 1}` }, match())))
  const chains = new Map([loop, ...deep].map((c) => [c.name, c]))
  const cases = [['loop', 'cycle', 'loop'], ['gone', 'missing-chain', 'gone'], ['d0', 'too-deep', `d${CHAIN_DEPTH_MAX - 1}`]] as const
  for (const [name, kind, where] of cases) {
    const base = chain('base', 'deny', rule({ kind: 'jump', chain: name }, match(is('dport', 1n, 9n))))
    const space = bddSpace(4)
    const sets = composeChain(space, base, chains)
    assert.deepEqual(sets.problems, [{ kind, chain: where, line: 3 }])
    assert.equal(verdictOf(space, sets, tcp(1n)), 'unknown')
    assert.equal(verdictOf(space, sets, tcp(80n)), 'deny')
    assert.equal(walkChain(base, chains, tcp(1n), 4).verdict, 'unknown')
  }
})

test('chains that double at each jump are worked out once; the walk of a packet ends by its own bound', () => {
  const doubling = Array.from({ length: 40 }, (_, i) => {
    const jump = rule({ kind: 'jump', chain: `d${i + 1}` }, match())
    return chain(`d${i}`, null, jump, jump)
  })
  const chains = new Map([...doubling, chain('d40', null, rule(PERMIT, match(is('dport', 80n))))].map((c) => [c.name, c]))
  const base = chain('base', 'deny', rule({ kind: 'jump', chain: 'd0' }, match()))
  const space = bddSpace(4)
  const sets = composeChain(space, base, chains)
  assert.deepEqual([80n, 81n].map((p) => verdictOf(space, sets, tcp(p))), ['permit', 'deny'])
  assert.equal(walkChain(base, chains, tcp(80n), 4).verdict, 'permit')
  assert.equal(walkChain(base, chains, tcp(81n), 4).verdict, 'unknown')
})

test('a chain without a policy that is asked on its own leaves packets undecided', () => {
  const base = chain('base', null, rule(PERMIT, match(is('dport', 80n))))
  const space = bddSpace(4)
  const sets = composeChain(space, base, NONE)
  assert.deepEqual([80n, 81n].map((p) => verdictOf(space, sets, tcp(p))), ['permit', 'unknown'])
  assert.deepEqual([80n, 81n].map((p) => space.contains(sets.undecided, tcp(p))), [false, true])
})

test('rules of the other family are not there', () => {
  const base = chain('base', 'deny', { ...rule(PERMIT, match()), family: 6 })
  const space = bddSpace(4)
  assert.ok(space.isEmpty(composeChain(space, base, NONE).possiblyPermitted))
  assert.ok(space.isEmpty(ruleSets(space, base.rules[0] as Rule).maybe))
  const six = bddSpace(6)
  assert.ok(six.equals(composeChain(six, base, NONE).surelyPermitted, six.all))
})

test('an empty chain is its policy', () => {
  const space = bddSpace(4)
  assert.ok(space.equals(composeChain(space, chain('base', 'permit'), NONE).surelyPermitted, space.all))
  assert.ok(space.equals(composeChain(space, chain('base', 'deny'), NONE).surelyDenied, space.all))
})

test('a full table is an error with a name, not a hang', () => {
  const rules = Array.from({ length: 200 }, (_, i) => rule(PERMIT, match(is('src', BigInt(i * 7919)), is('dport', BigInt(i)))))
  assert.throws(() => composeChain(bddSpace(4, { nodesMax: 2000 }), chain('base', 'deny', ...rules), NONE), { name: 'SetLimitError' })
})
