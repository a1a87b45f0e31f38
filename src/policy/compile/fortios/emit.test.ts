// What the FortiOS compiler writes: read back it means the same, rollback removes all of it, and what cannot be exact is refused.
// The reader is the judge of meaning; the text itself is looked at where people will read it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertReadsBack, assertSameSets, inputArb, v4 } from '../../../testing/zone-firewall-check.ts'
import type { Chain, Match, Rule } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { readBlocks, type Entry } from './blocks.ts'
import { fortiOs } from './index.ts'

const PROTOCOLS = [6, 17, 132, 1, 58, 47, null] as const

test('read back, every policy says what the input says', () => {
  fc.assert(fc.property(inputArb(PROTOCOLS), fc.nat(), (policy, seed) => assertReadsBack(fortiOs, policy, seed)), { numRuns: 100 })
})

test('as sets: exactly the packets of the input, no more and no less', () => {
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => assertSameSets(fortiOs, policy)), { numRuns: 15 })
})

test('as sets, between two zones', () => {
  const options = { srcintf: 'beds', dstintf: 'core', vdom: 'ward' }
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => assertSameSets(fortiOs, { ...policy, options }, ['beds', 'core'])), { numRuns: 8 })
})

test('the same between two zones of a virtual domain', () => {
  const options = { srcintf: 'beds', dstintf: 'core', vdom: 'ward' }
  fc.assert(fc.property(inputArb(PROTOCOLS), fc.nat(), (policy, seed) =>
    assertReadsBack(fortiOs, { ...policy, options }, seed, ['beds', 'core'])), { numRuns: 30 })
})

function ranges(low: bigint, high = low): Match['fields'][number][1] {
  return { kind: 'ranges', ranges: [{ low, high }], not: false }
}

function rule(fields: Match['fields'], more: Partial<Rule> = {}): Rule {
  return { line: 3, text: 'monitors -> central "station"', family: 4, action: { kind: 'permit' }, matches: [{ unknown: [], fields }],
    ...more }
}

const MONITORS = rule([
  ['src', ranges(v4('202.114.4.0'), v4('202.114.4.255'))],
  ['dst', ranges(v4('10.1.1.5'), v4('10.1.1.9'))],
  ['proto', ranges(6n)],
  ['dport', ranges(7001n, 7004n)],
])

function input(rules: readonly Rule[], more: Partial<CompileInput> = {}): CompileInput {
  const four: Chain = { name: 'four', rules, policy: 'deny' }
  const six: Chain = { name: 'six', rules: [], policy: 'deny' }
  return { name: 'ward-7', policyHash: '0123456789abcdef', chains: { 4: four, 6: six }, ruleBudget: null, options: {}, ...more }
}

test('the text a person loads', () => {
  const emitted = fortiOs.emit(input([MONITORS]))
  assert.ok(emitted.ok)
  const name = 'cordon-ward-7-01234567'
  assert.deepEqual(emitted.value.text.split('\n').map((l) => l.trim()).slice(0, 35), [
    'config firewall address',
    `edit "${name}-a1"`, 'set subnet 202.114.4.0 255.255.255.0', 'next',
    `edit "${name}-a2"`, 'set type iprange', 'set start-ip 10.1.1.5', 'set end-ip 10.1.1.9', 'next',
    'end',
    'config firewall service custom',
    `edit "${name}-s1"`, 'set protocol TCP/UDP/SCTP', 'set tcp-portrange 7001-7004', 'next',
    `edit "${name}-s2"`, 'set protocol IP', 'next',
    'end',
    'config firewall policy',
    'edit 90001',
    `set name "${name}-p1"`,
    'set srcintf "any"',
    'set dstintf "any"',
    `set srcaddr "${name}-a1"`,
    `set dstaddr "${name}-a2"`,
    'set action accept',
    'set schedule "always"',
    `set service "${name}-s1"`,
    'set logtraffic all',
    'set comments "monitors -> central _station_ - policy 0123456789abcdef"',
    'next',
    'edit 90002',
    `set name "${name}-p2"`,
    'set srcintf "any"',
  ])
  assert.equal(emitted.value.rules, 3)
  assert.ok(emitted.value.text.endsWith('\n') && emitted.value.rollback.endsWith('\n'))
  assert.deepEqual(fortiOs.emit(input([MONITORS])), emitted, 'the same input, the same text')
  assert.match(emitted.value.notes.join('\n'), /ids 90001 to 90003/)
})

const RULES = (text: string): readonly Rule[] | undefined => fortiOs.read?.(text, 'x').config?.chains.get('policies')?.rules

test('text and rollback together leave nothing', () => {
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => {
    const emitted = fortiOs.emit(policy)
    assert.ok(emitted.ok)
    const before = 'config system global\nset hostname fw\nend\n'
    const after = fortiOs.read?.(before + emitted.value.text + emitted.value.rollback, 'x')
    assert.deepEqual(after?.diagnostics, [])
    assert.deepEqual(after?.config, fortiOs.read?.(before, 'x').config)
    const objects = readBlocks(before + emitted.value.text + emitted.value.rollback).domains[0]?.tables ?? new Map<string,
      readonly Entry[]>()
    assert.deepEqual([...objects].filter(([path]) => path.startsWith('firewall')).flatMap(([, entries]) => entries), [])
  }), { numRuns: 30 })
})

test('rollback takes away its own policies only', () => {
  const emitted = fortiOs.emit(input([MONITORS]))
  assert.ok(emitted.ok)
  const own = 'config firewall policy\nedit 7\nset srcintf a\nset dstintf b\nset srcaddr all\nset dstaddr all\nset service ALL\nnext\nend\n'
  assert.deepEqual(RULES(own + emitted.value.text + emitted.value.rollback), RULES(own))
  assert.equal(RULES(own + emitted.value.text)?.length, 4)
})

test('a reject stays a reject', () => {
  const emitted = fortiOs.emit(input([{ ...MONITORS, action: { kind: 'deny', reject: true } }]))
  assert.ok(emitted.ok)
  assert.match(emitted.value.text, /set action deny\n\s+set send-deny-packet enable\n/)
})

/** Input that cannot be exact, and a word of the reason. */
const REFUSED: readonly (readonly [string, CompileInput, RegExp])[] = [
  ['protocol 0', input([rule([['proto', ranges(0n)]])]), /IP protocol 0 means any/],
  ['a first id that is no number', input([MONITORS], { options: { 'first-id': '-3' } }), /leaves no room/],
  ['a first id too high', input([MONITORS], { options: { 'first-id': '4294967293' } }), /leaves no room/],
  ['a budget that does not hold', input([MONITORS], { ruleBudget: 2 }), /needs 3 policies, the budget is 2/],
  ['a zone name with a quote', input([MONITORS], { options: { srcintf: 'a"b' } }), /is no name/],
  ['source ports', input([rule([['sport', ranges(1n)]])]), /cannot look at sport/],
  ['a jump', input([{ ...MONITORS, action: { kind: 'jump', chain: 'x' } }]), /no permit or deny/],
  ['an unknown match', input([{ ...MONITORS, matches: [{ fields: [], unknown: [{ text: 'skuid 0', line: 1, reason: 'x' }] }] }]),
    /skuid 0/],
]

for (const [name, policy, reason] of REFUSED) {
  test(`refused: ${name}`, () => {
    const emitted = fortiOs.emit(policy)
    assert.equal(emitted.ok, false)
    assert.match(emitted.ok ? '' : emitted.refused.join('\n'), reason)
  })
}
