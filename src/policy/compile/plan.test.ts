// Plan: what is outside the contract of CompileInput is refused by name; protocols and ports combine as rules/model.ts says.
// Keeps "never wider": a constraint is kept or refused, never forgotten.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Chain, Constraint, Field, Match, Rule } from '../rules/model.ts'
import { AddressBook, addressRangeText, numbersOf, numberRangeText, prefixTexts } from './address-book.ts'
import { makePlan, objectName, overBudget, safeText, unknownOptions, type PlanRule } from './plan.ts'
import type { Capabilities, CompileInput } from './target.ts'

const ranges = (...pairs: readonly (readonly [number, number])[]): Constraint =>
  ({ kind: 'ranges', ranges: pairs.map(([low, high]) => ({ low: BigInt(low), high: BigInt(high) })), not: false })

function chainOf(match: Partial<Match>, action: Rule['action'] = { kind: 'permit' }, policy: Chain['policy'] = 'deny'): Chain {
  const rule: Rule = { line: 1, text: 'lab', family: null, matches: [{ fields: [], unknown: [], ...match }], action }
  return { name: 'x', rules: [rule], policy }
}

function inputOf(chain: Chain): CompileInput {
  return { name: 'x', policyHash: 'h', chains: { 4: chain, 6: chain }, ruleBudget: null, options: {} }
}

function planned(...fields: readonly (readonly [Field, Constraint])[]): readonly PlanRule[] {
  const result = makePlan(inputOf(chainOf({ fields })))
  assert.ok(result.ok)
  return result.value.chains[4].rules
}

function refused(chain: Chain): string {
  const result = makePlan(inputOf(chain))
  assert.equal(result.ok, false)
  return result.ok ? '' : result.refused.join('\n')
}

test('a match without fields is one rule for everything', () => {
  assert.deepEqual(planned(), [{ name: 'lab', permit: true, src: null, dst: null, proto: null, dport: null, icmpType: null }])
})

test('each protocol number is a rule of its own; all numbers are one', () => {
  assert.deepEqual(planned(['proto', ranges([6, 6], [17, 17])]).map((rule) => rule.proto), [6, 17])
  assert.deepEqual(planned(['proto', ranges([0, 255])]).map((rule) => rule.proto), [null])
  assert.equal(planned(['proto', ranges([0, 254])]).length, 255)
})

test('ports and types leave only the protocols that have them', () => {
  assert.deepEqual(planned(['dport', ranges([80, 80])]).map((rule) => rule.proto), [6, 17, 132])
  assert.deepEqual(planned(['dport', ranges([0, 65_535])]).map((rule) => [rule.proto, rule.dport]), [[6, null], [17, null], [132, null]])
  assert.deepEqual(planned(['proto', ranges([1, 6])], ['dport', ranges([80, 80])]).map((rule) => rule.proto), [6])
  assert.deepEqual(planned(['icmpType', ranges([8, 8])]).map((rule) => rule.proto), [1, 58])
  assert.deepEqual(planned(['icmpType', ranges([8, 8])], ['dport', ranges([80, 80])]), [])
})

test('a field that is constrained twice must satisfy both; none left is no rule', () => {
  assert.deepEqual(planned(['dst', ranges([1, 9])], ['dst', ranges([5, 20])])[0]?.dst, [{ low: 5n, high: 9n }])
  assert.deepEqual(planned(['dst', ranges([1, 2])], ['dst', ranges([5, 6])]), [])
  assert.deepEqual(planned(['dst', ranges()]), [])
})

test('negated ranges are turned around', () => {
  const not: Constraint = { kind: 'ranges', ranges: [{ low: 1n, high: 65_535n }], not: true }
  assert.deepEqual(planned(['proto', ranges([6, 6])], ['dport', not])[0]?.dport, [{ low: 0n, high: 0n }])
})

test('outside the contract: refused with the name of the rule', () => {
  assert.match(refused(chainOf({ fields: [['state', ranges([0, 0])]] })), /rule lab: a match on state cannot/)
  assert.match(refused(chainOf({ fields: [['dst', { kind: 'masks', masks: [], not: false }]] })), /rule lab: a match on dst by mask/)
  assert.match(refused(chainOf({ unknown: [{ text: 'x', line: 1, reason: 'y' }] })), /rule lab: .*not modelled/)
  assert.match(refused(chainOf({}, { kind: 'jump', chain: 'x' })), /rule lab: the action jump/)
  assert.match(refused(chainOf({}, { kind: 'permit' }, null)), /chain x says nothing/)
})

test('rules of the other family are left out', () => {
  const chain = { ...chainOf({}), rules: chainOf({}).rules.map((rule) => ({ ...rule, family: 6 as const })) }
  const result = makePlan(inputOf(chain))
  assert.ok(result.ok)
  assert.deepEqual([result.value.chains[4].rules.length, result.value.chains[6].rules.length], [0, 1])
})

test('safe text cannot leave a comment, a quoted string or a line', () => {
  assert.equal(safeText('ward "3"; $x `y` \\ \n\'z\' #1 <a> [b] ~'), 'ward ?3?? ?x ?y? ? ??z? #1 <a> [b] ~')
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    assert.match(safeText(text), /^[ -~]*$/)
    assert.equal(/["'`\\;$\n\r]/.test(safeText(text)), false)
    assert.match(objectName(text), /^cordon-[a-z0-9-]{1,33}$/)
  }))
})

test('object names', () => {
  assert.equal(objectName('Ward 3 / West'), 'cordon-ward-3-west')
  assert.equal(objectName('!!!'), 'cordon-policy')
})

test('the budget of the input goes before that of the platform', () => {
  const capabilities = { ruleBudget: 10 } as Capabilities
  const input = inputOf(chainOf({}))
  assert.equal(overBudget(10, input, capabilities), null)
  assert.match(overBudget(11, input, capabilities) ?? '', /^11 lines are needed and 10 are allowed/)
  assert.equal(overBudget(11, { ...input, ruleBudget: 12 }, capabilities), null)
  assert.equal(overBudget(1e6, input, { ...capabilities, ruleBudget: null }), null)
})

test('unknown options are told with the known ones', () => {
  const input = { ...inputOf(chainOf({})), options: { zon: 'x', zone: 'y' } }
  assert.deepEqual(unknownOptions(input, ['zone']), ['unknown option zon; options are zone'])
  assert.equal(unknownOptions(input, []).length, 2)
})

test('the address book numbers sets in order of first use and shares equal ones', () => {
  const book = new AddressBook('a')
  const one = [{ low: 1n, high: 2n }]
  const names = [one, [{ low: 3n, high: 3n }], [{ low: 1n, high: 2n }]].map((set) => book.listOf(set).name)
  assert.deepEqual(names, ['a1', 'a2', 'a1'])
  assert.deepEqual(book.lists.map((list) => list.name), ['a1', 'a2'])
})

test('address and number texts', () => {
  assert.deepEqual(prefixTexts(4, [{ low: 0x0a000000n, high: 0x0a000004n }]), ['10.0.0.0/30', '10.0.0.4/32'])
  assert.deepEqual(prefixTexts(4, [{ low: 0x0a000004n, high: 0x0a000004n }], true), ['10.0.0.4'])
  assert.equal(addressRangeText(4, { low: 1n, high: 2n }), '0.0.0.1-0.0.0.2')
  assert.equal(addressRangeText(6, { low: 1n, high: 1n }), '::1')
  assert.equal(numberRangeText({ low: 5n, high: 7n }, ':'), '5:7')
  assert.deepEqual(numbersOf([{ low: 1n, high: 3n }, { low: 8n, high: 8n }]), [1, 2, 3, 8])
})
