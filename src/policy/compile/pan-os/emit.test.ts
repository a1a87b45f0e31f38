// What the PAN-OS compiler writes: read back it means the same, rollback removes all of it, and what cannot be exact is refused.
// The reader is the judge of meaning; the text itself is looked at where people will read it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertReadsBack, assertSameSets, inputArb, v4 } from '../../../testing/zone-firewall-check.ts'
import type { Chain, Match, Rule } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { panOs } from './index.ts'

const PROTOCOLS = [6, 17, 132, 1, 58, 47, null] as const
/** Without ICMP, whose whole and parts cannot stand in one policy. */
const SAYABLE = [6, 17, 132, 47, null] as const

test('read back, every policy says what the input says', () => {
  fc.assert(fc.property(inputArb(SAYABLE), fc.nat(), (policy, seed) => assertReadsBack(panOs, policy, seed)), { numRuns: 100 })
})

test('as sets: exactly the packets of the input, no more and no less', () => {
  fc.assert(fc.property(inputArb(SAYABLE), (policy) => assertSameSets(panOs, policy)), { numRuns: 15 })
})

test('as sets, between two zones', () => {
  const options = { 'from-zone': 'beds', 'to-zone': 'core', vsys: 'vsys3' }
  fc.assert(fc.property(inputArb(SAYABLE), (policy) => assertSameSets(panOs, { ...policy, options }, ['beds', 'core'])), { numRuns: 8 })
})

test('the same between two zones of a named system', () => {
  const options = { 'from-zone': 'beds', 'to-zone': 'core', vsys: 'vsys3' }
  fc.assert(fc.property(inputArb(SAYABLE), fc.nat(), (policy, seed) =>
    assertReadsBack(panOs, { ...policy, options }, seed, ['beds', 'core'])), { numRuns: 30 })
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

const PING = rule([['proto', ranges(1n)], ['icmpType', ranges(8n)]])

function input(rules: readonly Rule[], more: Partial<CompileInput> = {}): CompileInput {
  const four: Chain = { name: 'four', rules, policy: 'deny' }
  const six: Chain = { name: 'six', rules: [], policy: 'deny' }
  return { name: 'ward-7', policyHash: '0123456789abcdef', chains: { 4: four, 6: six }, ruleBudget: null, options: {}, ...more }
}

test('the text a person loads', () => {
  const emitted = panOs.emit(input([MONITORS]))
  assert.ok(emitted.ok)
  const name = 'cordon-ward-7-01234567'
  assert.deepEqual(emitted.value.text.split('\n').slice(0, 16), [
    `set address ${name}-a1 ip-netmask 202.114.4.0/24`,
    `set address ${name}-a2 ip-range 10.1.1.5-10.1.1.9`,
    `set address ${name}-a3 ip-netmask 0.0.0.0/0`,
    `set address ${name}-a4 ip-netmask ::/0`,
    `set service ${name}-s1 protocol tcp port 7001-7004`,
    `set rulebase security rules ${name}-p1 from any`,
    `set rulebase security rules ${name}-p1 to any`,
    `set rulebase security rules ${name}-p1 source ${name}-a1`,
    `set rulebase security rules ${name}-p1 destination ${name}-a2`,
    `set rulebase security rules ${name}-p1 source-user any`,
    `set rulebase security rules ${name}-p1 category any`,
    `set rulebase security rules ${name}-p1 application any`,
    `set rulebase security rules ${name}-p1 service ${name}-s1`,
    `set rulebase security rules ${name}-p1 action allow`,
    `set rulebase security rules ${name}-p1 log-end yes`,
    `set rulebase security rules ${name}-p1 description "monitors -> central _station_ - policy 0123456789abcdef"`,
  ])
  assert.equal(emitted.value.rules, 3)
  assert.ok(emitted.value.text.endsWith('\n') && emitted.value.rollback.endsWith('\n'))
  assert.deepEqual(panOs.emit(input([MONITORS])), emitted, 'the same input, the same text')
  assert.match(emitted.value.notes.join('\n'), /before destination translation/)
})

test('ICMP may be refused, and is never written wrong', () => {
  let written = 0
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => {
    const emitted = panOs.emit(policy)
    if (!emitted.ok) return assert.match(emitted.refused.join(), /one application only/)
    written++
    assertSameSets(panOs, policy)
  }), { numRuns: 40 })
  assert.ok(written > 0)
})

test('ports and applications stand in rules of their own, one after the other', () => {
  const matches = [...MONITORS.matches, ...PING.matches.map(
    (m) => ({ ...m, fields: [...MONITORS.matches[0]?.fields.slice(0, 2) ?? [], ...m.fields] }))]
  const emitted = panOs.emit(input([{ ...MONITORS, matches }]))
  assert.ok(emitted.ok)
  const name = 'cordon-ward-7-01234567'
  const lines = emitted.value.text.split('\n').filter((l) => /ident-by|application \S+$|service \S+$/.test(l) && !/-p[34] /.test(l))
  assert.deepEqual(lines, [
    `set application ${name}-x1 default ident-by-icmp-type type 8`,
    `set rulebase security rules ${name}-p1 application any`,
    `set rulebase security rules ${name}-p1 service ${name}-s1`,
    `set rulebase security rules ${name}-p2 application ${name}-x1`,
    `set rulebase security rules ${name}-p2 service any`,
  ])
})

test('text and rollback together leave nothing', () => {
  fc.assert(fc.property(inputArb(SAYABLE), (policy) => {
    const emitted = panOs.emit(policy)
    assert.ok(emitted.ok)
    const before = 'set deviceconfig system hostname fw\nset zone beds network layer3 ethernet1/1\n'
    const after = panOs.read?.(before + emitted.value.text + emitted.value.rollback, 'x')
    assert.deepEqual(after?.diagnostics, [])
    assert.deepEqual(after?.config, panOs.read?.(before, 'x').config)
  }), { numRuns: 30 })
})

test('the last rules hold inside one zone too, where the box itself would allow', () => {
  const emitted = panOs.emit(input([]))
  assert.ok(emitted.ok)
  const before = 'set zone beds network layer3 ethernet1/1\n'
  const chain = panOs.read?.(before + emitted.value.text, 'x').config?.chains.get('security')
  assert.deepEqual(chain?.rules.map((r) => r.action.kind), ['deny', 'deny', 'permit', 'deny'])
})

test('a reject stays a reject', () => {
  const emitted = panOs.emit(input([{ ...MONITORS, action: { kind: 'deny', reject: true } }]))
  assert.ok(emitted.ok)
  assert.match(emitted.value.text, /-p1 action reset-both\n/)
})

/** Input that cannot be exact, and a word of the reason. */
const REFUSED: readonly (readonly [string, CompileInput, RegExp])[] = [
  ['ICMP as a whole and by type', input([PING, rule([['proto', ranges(1n)]])]), /one application only/],
  ['IP protocol 0', input([rule([['proto', ranges(0n)]])]), /IP protocol 0/],
  ['a budget that does not hold', input([MONITORS], { ruleBudget: 2 }), /needs 3 policies, the budget is 2/],
  ['a zone name with a quote', input([MONITORS], { options: { 'from-zone': 'a"b' } }), /is no name/],
  ['source ports', input([rule([['sport', ranges(1n)]])]), /cannot look at sport/],
  ['a jump', input([{ ...MONITORS, action: { kind: 'jump', chain: 'x' } }]), /no permit or deny/],
  ['an unknown match', input([{ ...MONITORS, matches: [{ fields: [], unknown: [{ text: 'skuid 0', line: 1, reason: 'x' }] }] }]),
    /skuid 0/],
]

for (const [name, policy, reason] of REFUSED) {
  test(`refused: ${name}`, () => {
    const emitted = panOs.emit(policy)
    assert.equal(emitted.ok, false)
    assert.match(emitted.ok ? '' : emitted.refused.join('\n'), reason)
  })
}
