// The SMT-LIB text asked of z3 itself: jumps, masks, ranges, and the same answers as the diagrams on random chains.
// Keeps a second opinion honest: the solver shares no code with us.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { chainsArbitrary } from '../../testing/packet-arbitraries.ts'
import type { Chain, Constraint, Field, Match, Rule, RuleAction } from '../rules/model.ts'
import { bddSpace } from './bdd-space.ts'
import { composeChain } from './compose.ts'
import { smtEquivalence } from './smt.ts'

const z3Missing: string | false = spawnSync('z3', ['--version']).status === 0 ? false : 'z3 is not installed'

const PERMIT: RuleAction = { kind: 'permit' }
const DENY: RuleAction = { kind: 'deny', reject: false }
const is = (field: Field, low: bigint, high = low): Match['fields'][number] =>
  [field, { kind: 'ranges', ranges: [{ low, high }], not: false } satisfies Constraint]
const rule = (action: RuleAction, ...fields: Match['fields'][number][]): Rule =>
  ({ line: 3, text: '', family: null, matches: [{ fields, unknown: [] }], action })
const chain = (name: string, policy: Chain['policy'], ...rules: Rule[]): Chain => ({ name, policy, rules })

function textOf(...args: Parameters<typeof smtEquivalence>): string {
  const text = smtEquivalence(...args)
  assert.ok(text.ok, text.ok ? '' : text.error)
  return text.value
}

/** Many questions in one run: z3 answers each line by line. */
function solve(texts: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync('z3', ['-smt2', '-in'], { input: texts.join('\n(reset)\n'), encoding: 'utf8' })
  assert.doesNotMatch(stdout + stderr, /error/)
  return stdout.trim().split('\n')
}

test('z3 takes the text and says unsat for equal chains, sat for others', { skip: z3Missing }, () => {
  const web = chain('web', 'deny', rule(PERMIT, is('dst', 0x0a000000n, 0x0a0000ffn), is('dport', 80n, 90n)))
  const split = chain('split', 'deny', rule(PERMIT, is('dst', 0x0a000000n, 0x0a0000ffn), is('dport', 80n, 85n)),
    rule(PERMIT, is('dst', 0x0a000000n, 0x0a0000ffn), is('dport', 86n, 90n)))
  const wider = chain('wider', 'deny', rule(PERMIT, is('dst', 0x0a000000n, 0x0a0000ffn), is('dport', 80n, 91n)))
  assert.deepEqual(solve([textOf(web, split, 4), textOf(web, wider, 4), textOf(web, web, 6)]), ['unsat', 'sat', 'unsat'])
})

test('masks with holes and negations mean what they say', { skip: z3Missing }, () => {
  const masked = (value: bigint, mask: bigint, not: boolean): Rule =>
    rule(PERMIT, ['dst', { kind: 'masks', masks: [{ value, mask }], not }])
  const odd = chain('odd', 'deny', masked(1n, 1n, false))
  const notEven = chain('not even', 'deny', masked(0n, 1n, true))
  const never = chain('never', 'deny', masked(1n << 40n, 1n << 40n, false))
  const none = chain('none', 'deny')
  assert.deepEqual(solve([textOf(odd, notEven, 4), textOf(never, none, 4), textOf(odd, none, 4)]), ['unsat', 'unsat', 'sat'])
})

test('jump, goto and return', { skip: z3Missing }, () => {
  const sub = chain('sub', null, rule({ kind: 'return' }, is('dport', 80n)), rule(DENY, is('dport', 1n, 100n)))
  const chains = new Map([['sub', sub]])
  const jump = chain('jump', 'deny', rule({ kind: 'jump', chain: 'sub' }), rule(PERMIT))
  const away = chain('goto', 'deny', rule({ kind: 'goto', chain: 'sub' }), rule(PERMIT))
  const flat = chain('flat', 'deny', rule(PERMIT, is('dport', 80n)), rule(DENY, is('dport', 1n, 100n)), rule(PERMIT))
  const nothing = chain('nothing', 'deny')
  const asked = [textOf(jump, flat, 4, chains), textOf(away, nothing, 4, chains), textOf(away, flat, 4, chains)]
  assert.deepEqual(solve(asked), ['unsat', 'unsat', 'sat'])
})

test('z3 and the diagrams agree on random chains, in both versions', { skip: z3Missing }, () => {
  for (const version of [4, 6] as const) {
    const asked: { text: string; same: boolean }[] = []
    fc.assert(fc.property(chainsArbitrary(version, false), chainsArbitrary(version, false), (a, b) => {
      const [baseA, baseB] = [a.get('base') as Chain, b.get('base') as Chain]
      const text = smtEquivalence(baseA, baseB, version, a, b)
      if (!text.ok) return
      const space = bddSpace(version)
      const [x, y] = [composeChain(space, baseA, a), composeChain(space, baseB, b)]
      asked.push({ text: text.value, same: space.equals(x.possiblyPermitted, y.possiblyPermitted) })
      asked.push({ text: textOf(baseA, { ...baseA, name: 'copy' }, version, a, a), same: true })
    }), { numRuns: 400, seed: 31 })
    assert.ok(asked.length > 40, `only ${asked.length} pairs had no loops`)
    assert.ok(asked.some((q) => !q.same))
    assert.deepEqual(solve(asked.map((q) => q.text)), asked.map((q) => (q.same ? 'unsat' : 'sat')))
  }
})

test('one declared Bool per rule, nothing nested, the same text each time', () => {
  const base = chain('base', 'deny', ...Array.from({ length: 30 }, (_, i) => rule(PERMIT, is('dport', BigInt(i)))))
  const text = textOf(base, base, 4)
  assert.equal(text.match(/\(declare-const a0_m\d+ Bool\)/g)?.length, 30)
  assert.ok(Math.max(...text.split('\n').map((line) => line.length)) < 300)
  assert.equal(text, textOf(base, base, 4))
  assert.match(text, /^\(set-logic QF_BV\)\n/)
  assert.match(text, /\(check-sat\)\n$/)
})

test('rules of the other family and rules that decide nothing are not written', () => {
  const base = chain('base', 'deny', { ...rule(PERMIT), family: 6 }, rule({ kind: 'next' }))
  assert.doesNotMatch(textOf(base, base, 4), /a0_m0/)
  assert.match(textOf(base, base, 6), /a0_m0/)
})

test('what cannot be said exactly is refused, with the line', () => {
  const fine = chain('fine', 'deny')
  const unknown = { text: 'meta skuid 0', line: 9, reason: 'a user id' }
  const loop = chain('loop', 'deny', rule({ kind: 'jump', chain: 'loop' }))
  const rows: readonly (readonly [Chain, string])[] = [
    [chain('x', null), 'chain x ends without a policy'],
    [chain('x', 'deny', { ...rule(PERMIT), matches: [{ fields: [], unknown: [unknown] }] }), 'line 9: meta skuid 0 is not understood'],
    [chain('x', 'deny', rule({ kind: 'unknown', why: unknown })), 'line 3: meta skuid 0 is not understood'],
    [chain('x', 'deny', rule({ kind: 'goto', chain: 'gone' })), 'line 3: chain gone is missing'],
    [loop, 'line 3: chain loop calls itself or is nested too deep'],
  ]
  const chains = new Map([['loop', loop]])
  for (const [bad, why] of rows) assert.deepEqual(smtEquivalence(fine, bad, 4, new Map(), chains), { ok: false, error: why })
})
