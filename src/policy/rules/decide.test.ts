// The slow interpreter: order, jumps, returns, families, and what an unknown match does to certainty.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packetPoint } from '../sets/fields.ts'
import { decide, JUMPS_MAX } from './decide.ts'
import type { Chain, Constraint, Field, Match, Rule, RuleAction } from './model.ts'

const is = (field: Field, value: bigint): readonly [Field, Constraint] => [field, { kind: 'ranges', ranges: [{ low: value, high: value }], not: false }]
const match = (...fields: (readonly [Field, Constraint])[]): Match => ({ fields, unknown: [] })
const murky = (text: string, line: number, ...fields: (readonly [Field, Constraint])[]): Match =>
  ({ fields, unknown: [{ text, line, reason: 'not modelled' }] })

const permit: RuleAction = { kind: 'permit' }
const deny: RuleAction = { kind: 'deny', reject: false }
const ANY = match()

let line = 0
const rule = (action: RuleAction, ...matches: Match[]): Rule =>
  ({ line: ++line, text: action.kind, family: null, matches: matches.length > 0 ? matches : [ANY], action })
const chain = (name: string, policy: Chain['policy'], ...rules: Rule[]): Chain => ({ name, policy, rules })

const web = packetPoint({ proto: 6n, dport: 80n, dst: 1n })
const dns = packetPoint({ proto: 17n, dport: 53n, dst: 1n })

function verdicts(base: Chain, point = web, others: readonly Chain[] = [], version: 4 | 6 = 4): string[] {
  return decide(base, new Map(others.map((c) => [c.name, c])), point, version).possible.map((d) => d.action)
}

test('the first rule that matches decides, else the policy', () => {
  const base = chain('in', 'deny', rule(permit, match(is('dport', 80n))), rule(deny))
  assert.deepEqual([verdicts(base), verdicts(base, dns)], [['permit'], ['deny']])
  assert.deepEqual(verdicts(chain('in', 'permit')), ['permit'])
  assert.deepEqual(verdicts(chain('in', null)), ['permit', 'deny'], 'nobody said what happens at the end')
})

test('any alternative of a rule will do; a field the protocol lacks matches nothing', () => {
  const base = chain('in', 'deny', rule(permit, match(is('dport', 22n)), match(is('dport', 80n))))
  assert.deepEqual(verdicts(base), ['permit'])
  assert.deepEqual(verdicts(base, packetPoint({ proto: 1n })), ['deny'])
})

test('a rule of the other family is not asked', () => {
  const base = chain('in', 'deny', { ...rule(permit), family: 6 })
  assert.deepEqual([verdicts(base), verdicts(base, web, [], 6)], [['deny'], ['permit']])
})

test('jump comes back, goto does not, return leaves', () => {
  const web80 = chain('web', null, rule({ kind: 'return' }, match(is('dport', 80n))), rule(permit))
  const jump = chain('in', 'deny', rule({ kind: 'jump', chain: 'web' }), rule(permit, match(is('dport', 80n))))
  assert.deepEqual(verdicts(jump, web, [web80]), ['permit'], 'returned, then permitted by the caller')
  assert.deepEqual(verdicts(jump, dns, [web80]), ['permit'], 'permitted inside')
  const goto = chain('in', 'deny', rule({ kind: 'goto', chain: 'web' }), rule(permit))
  assert.deepEqual(verdicts(goto, web, [web80]), ['deny'], 'left for good, so the policy')
})

test('an unknown match gives both verdicts and names its line; a sure rule before it settles the matter', () => {
  const base = chain('in', 'deny', rule(permit, murky('meta skuid 0', 7)))
  const decision = decide(base, new Map(), web, 4)
  assert.deepEqual(decision.possible.map((d) => d.action), ['permit', 'deny'])
  assert.deepEqual(decision.unknown.map((u) => [u.text, u.line]), [['meta skuid 0', 7]])
  assert.deepEqual(verdicts(chain('in', 'deny', rule(deny), rule(permit, murky('x', 1)))), ['deny'])
  assert.deepEqual(verdicts(chain('in', 'permit', rule(permit, murky('x', 1)))), ['permit'], 'both readings agree')
  assert.deepEqual(verdicts(chain('in', 'deny', rule(permit, murky('x', 1, is('dport', 22n))))), ['deny'], 'its modelled part does not match')
})

test('an unknown action, a missing chain and a loop may do anything, and end', () => {
  const both = ['deny', 'permit']
  assert.deepEqual(verdicts(chain('in', 'deny', rule({ kind: 'unknown', why: { text: 'queue', line: 1, reason: 'userspace decides' } }))).sort(), both)
  assert.deepEqual(verdicts(chain('in', 'deny', rule({ kind: 'jump', chain: 'nowhere' }))).sort(), both)
  const loop = chain('loop', null, rule({ kind: 'jump', chain: 'loop' }))
  assert.deepEqual(verdicts(chain('in', 'deny', rule({ kind: 'jump', chain: 'loop' })), web, [loop]).sort(), both)
  assert.ok(JUMPS_MAX >= 16)
})

test('a rule that decides nothing is passed', () => {
  assert.deepEqual(verdicts(chain('in', 'deny', rule({ kind: 'next' }), rule(permit))), ['permit'])
})
