// Rollback proofs: every target's rollback undoes its text on an empty and on a used device, for random policies; and broken ones are told.
// Keeps the checks honest: for each platform a rollback that forgets something, and one that names too much, are refuted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inputArb, inputFromYaml, shippedInput, WARD_YAML } from '../../testing/emit-check.ts'
import { TARGETS, targetById } from '../compile/registry.ts'
import type { CompileInput, Emitted } from '../compile/target.ts'
import { proveRollback, ROLLBACK_TARGETS, rollbackSentence } from './rollback.ts'

const INDICATORS = 'address\t202.114.4.119\tcontec-cms8000\tfactory address'
/** The last line of an IPv6 list also covers neighbour discovery, which the writer wants decided. */
const ND = { 'neighbour-discovery': 'permit' }
/** Options that each target needs to write at all, and others that change what it writes. */
const OPTIONS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['nftables', {}], ['nftables', { hooks: 'forward,input' }], ['cisco-ios', ND], ['cisco-ios', { ...ND, interface: 'Gi0/1' }],
  ['cisco-asa', { interface: 'wards' }], ['cisco-asa', { global: 'yes' }], ['junos-srx', {}],
  ['junos-srx', { 'from-zone': 'beds', 'to-zone': 'core' }], ['pan-os', {}], ['fortios', {}], ['fortios', { vdom: 'ward' }],
  ['mikrotik', {}], ['pf', {}], ['windows-firewall', { host: '10.20.3.1' }], ['suricata', {}], ['zeek-intel', { indicators: INDICATORS }],
]

/** More than any of these policies needs: wildcard lists of a whole hospital are long. */
const LINES = 20_000

function written(target: string, input: CompileInput): Emitted | null {
  const result = targetById(target)?.emit({ ...input, ruleBudget: LINES })
  return result?.ok === true ? result.value : null
}

for (const [target, options] of OPTIONS) {
  test(`${target} ${JSON.stringify(options)}: after the rollback nothing of any policy's text is left`, () => {
    let proofs = 0
    fc.assert(fc.property(inputArb(options), (input) => {
      const emitted = written(target, input)
      if (emitted === null) return
      const proof = proveRollback(target, emitted.text, emitted.rollback)
      assert.equal(proof.verdict, 'proved', `${rollbackSentence(proof)}\n${emitted.text}\n---\n${emitted.rollback}`)
      if (proof.added > 0) proofs++
    }), { numRuns: 60 })
    assert.ok(proofs > 10, `only ${proofs} of the random policies could be written`)
  })
}

test('every target has its interpreter, but the list that a NAC server hands out', () => {
  assert.deepEqual(TARGETS.map(({ id }) => id).filter((id) => !ROLLBACK_TARGETS.includes(id)), ['nac-dacl'])
  const proof = proveRollback('nac-dacl', 'permit ip any any\n', 'remark\n')
  assert.equal(proof.verdict, 'unknown')
  assert.match(rollbackSentence(proof), /nobody here interprets/)
})

/** A device that is in use, in the words its own configuration is printed in. */
const BASES: Readonly<Record<string, string>> = {
  nftables: 'table inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n\t}\n}\n',
  'cisco-ios': 'hostname r1\n!\nip access-list extended OLD\n permit ip any any\n!\ninterface Gi0/1\n ip address 10.0.0.1 255.255.255.0\n',
  'cisco-asa': 'access-list OLD extended permit ip any4 any4\naccess-group OLD in interface other\n',
  'junos-srx': 'set security policies global policy cordon-other match source-address any\nset system host-name r1\n',
  'pan-os': 'set address cordon-other ip-netmask 10.0.0.0/8\n',
  fortios: 'config firewall policy\n    edit 1\n        set name "own"\n    next\nend\n',
  mikrotik: '/ip firewall filter\nadd chain=forward action=accept comment="own"\n',
  'windows-firewall': "New-NetFirewallRule -Group 'own' -Name 'own-1' -Direction Inbound\n",
}

/** Bound where the base has no list of its own. */
const inUse: Readonly<Record<string, Readonly<Record<string, string>>>> = { 'cisco-ios': { ...ND, interface: 'Gi0/1' }, 'cisco-asa': { interface: 'wards' } }

test('a device in use is as it was: what others configured is not touched', () => {
  for (const [target, base] of Object.entries(BASES)) {
    const emitted = written(target, shippedInput(target === 'windows-firewall' ? { host: '10.20.3.7' } : inUse[target] ?? {}))
    assert.ok(emitted !== null, target)
    const proof = proveRollback(target, emitted.text, emitted.rollback, base)
    assert.equal(proof.verdict, 'proved', `${target}: ${rollbackSentence(proof)}`)
  }
})

test('each rollback line is needed: leave any out and the proof names what stays', () => {
  for (const [target, options] of OPTIONS.filter(([id]) => id !== 'suricata' && id !== 'zeek-intel')) {
    const emitted = written(target, inputFromYaml(WARD_YAML, options))
    assert.ok(emitted !== null, target)
    const lines = emitted.rollback.split('\n')
    const needed = [...lines.entries()].filter(([, line]) => /^\s*(?:delete|no |clear|Remove|pfctl|\/ip)/.test(line))
    // Long rollbacks repeat themselves: some twenty lines from all over.
    for (const [i, line] of needed.filter((_, at) => at % Math.ceil(needed.length / 20) === 0)) {
      const proof = proveRollback(target, emitted.text, lines.filter((_, at) => at !== i).join('\n'))
      assert.equal(proof.verdict, 'refuted', `${target} without ${line}`)
      assert.ok(proof.left.length > 0)
    }
  }
})

test('a rollback that names something else is refuted, though nothing is left', () => {
  const more: Readonly<Record<string, string>> = {
    nftables: 'delete table inet filter\n', 'cisco-ios': 'no ip access-list extended OLD\n', 'cisco-asa': 'clear configure access-list OLD\n',
    'junos-srx': 'delete security policies global policy cordon-other\n', 'pan-os': 'delete address cordon-other\n',
    fortios: 'config firewall policy\n    delete 1\nend\n', mikrotik: '/ip firewall filter remove [find comment="own"]\n',
    'windows-firewall': "Remove-NetFirewallRule -Group 'own'\n",
  }
  for (const [target, line] of Object.entries(more)) {
    const emitted = written(target, shippedInput(target === 'windows-firewall' ? { host: '10.20.3.7' } : target === 'cisco-ios' ? ND : {}))
    assert.ok(emitted !== null, target)
    const used = proveRollback(target, emitted.text, emitted.rollback + line, BASES[target])
    assert.deepEqual([used.verdict, used.lost.length > 0], ['refuted', true], target)
    if (target === 'mikrotik') continue
    const empty = proveRollback(target, emitted.text, emitted.rollback + line)
    assert.equal(empty.verdict, 'refuted', target)
    assert.match(rollbackSentence(empty), /names what is not there/)
  }
})

test('IOS: the list that was bound before must be named, or the rollback does not bring it back', () => {
  const base = 'interface Gi0/1\n ip access-group OLD in\n'
  const proof = (options: Readonly<Record<string, string>>): string => {
    const emitted = written('cisco-ios', inputFromYaml(WARD_YAML, { ...ND, interface: 'Gi0/1', ...options }))
    assert.ok(emitted !== null)
    const found = proveRollback('cisco-ios', emitted.text, emitted.rollback, base)
    return `${found.verdict} ${found.lost.join()}`
  }
  assert.equal(proof({}), 'refuted interface Gi0/1\nip access-group * in')
  assert.equal(proof({ 'previous-in': 'OLD' }), 'proved ')
})

test('nftables: an earlier version of the table is not brought back, and that is said', () => {
  const first = written('nftables', inputFromYaml(WARD_YAML))
  const second = written('nftables', inputFromYaml(WARD_YAML.replace('[ssh]', '[telnet]')))
  assert.ok(first !== null && second !== null)
  const proof = proveRollback('nftables', second.text, second.rollback, first.text)
  assert.deepEqual([proof.verdict, proof.lost], ['refuted', ['table inet cordon_ward_3']])
  assert.equal(proveRollback('nftables', second.text, first.text, first.text).verdict, 'proved')
})

test('iptables: chain, rules and jump are taken away, one of two equal rules stays, and what was there keeps its rules', () => {
  const text = '*filter\n:cordon-w - [0:0]\n-A cordon-w -s 10.0.0.1 -j DROP\n-I FORWARD -j cordon-w\nCOMMIT\n'
  const rollback = '*filter\n-D FORWARD -j cordon-w\n-F cordon-w\n-X cordon-w\nCOMMIT\n'
  const base = '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -i lo -j ACCEPT\nCOMMIT\n'
  assert.equal(proveRollback('iptables', text, rollback).verdict, 'proved')
  assert.equal(proveRollback('iptables', text, rollback, base).verdict, 'proved')
  for (const line of ['-D FORWARD -j cordon-w\n', '-F cordon-w\n', '-X cordon-w\n']) {
    assert.equal(proveRollback('iptables', text, rollback.replace(line, ''), base).verdict, 'refuted', line)
  }
  const twice = proveRollback('iptables', text.replace('-I', '-I FORWARD -j cordon-w\n-I'), rollback, base)
  assert.deepEqual([twice.verdict, twice.left.length], ['refuted', 1])
  assert.equal(proveRollback('iptables', text, rollback.replace('-F', '-F FORWARD\n-F'), base).verdict, 'refuted')
})

test('what is not understood makes the proof unknown, with its line', () => {
  const proof = proveRollback('nftables', 'table inet a\nflush ruleset\n', 'delete table inet a\n')
  assert.equal(proof.verdict, 'unknown')
  assert.match(rollbackSentence(proof), /line 2 of the text is not understood: flush ruleset/)
  fc.assert(fc.property(fc.constantFrom(...ROLLBACK_TARGETS), fc.string({ unit: fc.constantFrom(...'set delete no {}[]"\n/ ip') }), fc.string(),
    (target, text, rollback) => {
      assert.ok(['proved', 'refuted', 'unknown'].includes(proveRollback(target, text, rollback, text).verdict))
    }))
})
