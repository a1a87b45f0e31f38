// Tests of the ASA writer: what is written is read back by the reader and equals the policy in both families, as sets of packets.
// Keeps exactness: subnet masks, defaults written out, refusals by name.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Chain, Rule } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { composeChain } from '../../sets/compose.ts'
import type { CompileInput, Emitted } from '../target.ts'
import { compileInput } from '../text/emit-arbitraries.test.ts'
import { inValues } from '../text/ranges.ts'
import { address } from '../text/testing.test.ts'
import { emitAsa } from './emit.ts'
import { readAsa } from './read.ts'

const NONE: Chain = { name: 'none', rules: [], policy: 'deny' }
const VITALS: Rule = {
  line: 0, text: 'monitors to central', family: 4, action: { kind: 'permit' },
  matches: [{
    fields: [
      ['dst', inValues(address('10.0.0.9'))], ['proto', inValues(6, 17)], ['dport', inValues(515)],
      ['src', { kind: 'ranges', ranges: [{ low: address('10.20.0.0'), high: address('10.20.1.255') }], not: false }],
    ],
    unknown: [],
  }],
}

function input(options: Readonly<Record<string, string>> = {}, more: Partial<CompileInput> = {}): CompileInput {
  return { name: 'ward', policyHash: 'abcdef0123456789', chains: { 4: { ...NONE, rules: [VITALS] }, 6: NONE }, ruleBudget: null, options,
    ...more }
}

function written(asked: CompileInput): Emitted {
  const result = emitAsa(asked)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

function refused(asked: CompileInput): string {
  const result = emitAsa(asked)
  return result.ok ? '' : result.refused.join('\n')
}

test('any policy, written and read back, is the same policy in both families', () => {
  fc.assert(fc.property(compileInput({}), (asked) => {
    const { config } = readAsa(written(asked).text, 'out.cfg')
    const [list] = [...(config?.chains.values() ?? [])]
    assert.ok(config && list)
    assert.deepEqual(config.unknowns, [])
    for (const version of [4, 6] as const) {
      const space = bddSpace(version)
      const ours = composeChain(space, list, config.chains)
      const policy = composeChain(space, asked.chains[version], new Map())
      assert.ok(space.equals(ours.surelyPermitted, ours.possiblyPermitted))
      assert.ok(space.equals(ours.surelyPermitted, policy.surelyPermitted), `IPv${version}`)
    }
  }), { numRuns: 60 })
})

test('the text, the count and the rollback', () => {
  const { text, rollback, rules, notes } = written(input({ interface: 'wards', previous: 'OLD' }))
  assert.equal(text, `! Cordon: policy ward, hash abcdef0123456789
! Paste in configuration mode. A new list name: nothing changes before access-group.
access-list CORDON-ward-abcdef01 remark policy hash abcdef0123456789
access-list CORDON-ward-abcdef01 remark monitors to central
access-list CORDON-ward-abcdef01 extended permit tcp 10.20.0.0 255.255.254.0 host 10.0.0.9 eq 515
access-list CORDON-ward-abcdef01 extended permit udp 10.20.0.0 255.255.254.0 host 10.0.0.9 eq 515
access-list CORDON-ward-abcdef01 remark default of IPv4
access-list CORDON-ward-abcdef01 extended deny ip any4 any4
access-list CORDON-ward-abcdef01 remark default of IPv6
access-list CORDON-ward-abcdef01 extended deny ip any6 any6
access-group CORDON-ward-abcdef01 in interface wards
`)
  assert.equal(rollback, `! Cordon: takes policy ward, hash abcdef0123456789, off again
access-group OLD in interface wards
clear configure access-list CORDON-ward-abcdef01
`)
  assert.equal(rules, 4)
  assert.ok(notes.some((note) => note.startsWith('IPv6:')))
})

test('bound to all interfaces, or to none; never to both', () => {
  const everywhere = written(input({ global: 'yes' }))
  assert.match(everywhere.text, /\naccess-group CORDON-ward-abcdef01 global\n$/)
  assert.match(everywhere.rollback, /\nno access-group CORDON-ward-abcdef01 global\n/)
  assert.doesNotMatch(written(input()).text, /\naccess-group/)
  assert.ok(written(input()).notes.some((note) => note.startsWith('No interface was named')))
  assert.match(refused(input({ global: 'yes', interface: 'a' })), /not both/)
  assert.match(refused(input({ global: 'no' })), /option global is yes/)
})

test('budget, fields and names that cannot be said are refused', () => {
  assert.match(refused(input({}, { ruleBudget: 3 })), /4 entries are needed, and 3 are allowed/)
  assert.match(refused(input({}, { ruleBudget: 1 })), /IPv4 needs 2 entries, and 1 are allowed; rule "monitors to central" alone takes 2/)
  assert.match(refused(input({ interface: 'a b' })), /cannot be a name here/)
  const sport: Rule = { ...VITALS, matches: [{ fields: [['sport', inValues(1)]], unknown: [] }] }
  assert.match(refused(input({}, { chains: { 4: { ...NONE, rules: [sport] }, 6: NONE } })), /looks at sport/)
  const hazy: Rule = { ...VITALS, matches: [{ fields: [], unknown: [{ text: 'x', line: 1, reason: 'y' }] }] }
  assert.match(refused(input({}, { chains: { 4: { ...NONE, rules: [hazy] }, 6: NONE } })), /not modelled/)
  const jump: Rule = { ...VITALS, action: { kind: 'jump', chain: 'x' } }
  assert.match(refused(input({}, { chains: { 4: { ...NONE, rules: [jump] }, 6: NONE } })), /the action "jump" has no entry/)
})
