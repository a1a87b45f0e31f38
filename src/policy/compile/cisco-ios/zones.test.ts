// The zone-based firewall of IOS: defaults of the device, classes by list and protocol, actions, pairs with the device itself, and unknowns.
// Keeps verdicts honest: chains are judged packet by packet by the slow twin.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PacketPoint } from '../../sets/packet-set.ts'
import { firewallsMissing, firewallText, verdict } from '../text/testing.test.ts'
import { readIos } from './read.ts'

const BOX = ['zone security WARD', 'zone security CORE', 'interface G0', ' zone-member security WARD', 'interface G1', ' zone-member security WARD',
  'interface G2', ' zone-member security CORE', 'interface G3', 'interface G4', 'ip access-list extended HL7', ' deny ip host 10.0.0.9 any',
  ' permit tcp 10.0.0.0 0.0.0.255 any eq 2575', 'class-map type inspect match-all HL7', ' match access-group name HL7',
  'class-map type inspect match-any NET', ' match protocol dns', ' match protocol icmp', 'policy-map type inspect OUT',
  ' class type inspect HL7', '  inspect', ' class type inspect NET', '  pass', ' class class-default', '  drop log']
const PAIR = ['zone-pair security W-C source WARD destination CORE', ' service-policy type inspect OUT']

function read(...lines: readonly string[]): ReturnType<typeof readIos>['config'] {
  return readIos([...BOX, ...lines].join('\n'), 'r.cfg').config
}

type Config = ReturnType<typeof read>

function ask(config: Config, from: string, to: string, text: string, more: Partial<PacketPoint> = {}): string {
  const index = (name: string): bigint => BigInt(config?.interfaces.indexOf(name) ?? -1)
  return verdict(config, 'zones', text, { iif: index(from), oif: index(to), ...more })
}

const HL7 = 'tcp 10.0.0.1 -> 10.1.0.1:2575'

test('within a zone all passes, between zones nothing without a pair, and none of it meets an interface of no zone', () => {
  const config = read()
  assert.deepEqual([ask(config, 'G0', 'G1', HL7), ask(config, 'G0', 'G0', HL7), ask(config, 'G3', 'G4', HL7)], ['permit', 'permit', 'permit'])
  assert.deepEqual([ask(config, 'G0', 'G2', HL7), ask(config, 'G2', 'G0', HL7), ask(config, 'G0', 'G3', HL7), ask(config, 'G3', 'G2', HL7)],
    ['deny', 'deny', 'deny', 'deny'])
  assert.deepEqual(config?.bindings.map((b) => [b.hook, b.chain]), [['forward', 'zones'], ['input', 'zones to self'], ['output', 'zones from self']])
  assert.equal(config?.unknowns.length, 0)
})

test('a pair: first class that fits decides, inspect lets the answers back, pass does not', () => {
  const config = read(...PAIR)
  assert.equal(ask(config, 'G0', 'G2', HL7), 'permit')
  assert.equal(ask(config, 'G1', 'G2', 'tcp 10.0.0.9 -> 10.1.0.1:2575'), 'deny')
  assert.equal(ask(config, 'G0', 'G2', 'udp 10.0.0.9 -> 10.1.0.1:53'), 'permit')
  assert.equal(ask(config, 'G0', 'G2', 'tcp 10.0.0.9 -> 10.1.0.1:53'), 'permit')
  assert.equal(ask(config, 'G0', 'G2', 'icmp 10.0.0.9 -> 10.1.0.1'), 'permit')
  assert.equal(ask(config, 'G0', 'G2', 'icmp6 2001:db8::1 -> 2001:db8::2'), 'permit')
  assert.equal(ask(config, 'G0', 'G2', 'tcp 2001:db8::1 -> [2001:db8::2]:2575'), 'deny')
  assert.equal(ask(config, 'G2', 'G0', 'tcp 10.1.0.1 -> 10.0.0.1:4000'), 'deny')
  assert.equal(ask(config, 'G2', 'G0', 'tcp 10.1.0.1 -> 10.0.0.1:4000', { state: 1n }), 'permit')
  assert.equal(ask(config, 'G2', 'G0', 'tcp 10.1.0.1 -> 10.0.0.1:4000', { state: 2n }), 'unknown')
  assert.equal(ask(config, 'G0', 'G1', 'tcp 10.0.0.9 -> 10.0.0.8:1'), 'permit')
})

test('a policy that only passes knows no connections', () => {
  const config = read('policy-map type inspect ONLY', ' class type inspect NET', '  pass', 'zone-pair security C-W source CORE destination WARD',
    ' service-policy type inspect ONLY')
  const passing = readIos(['interface G0', ' zone-member security A', 'interface G1', ' zone-member security B', 'class-map type inspect T',
    ' match protocol tcp', 'policy-map type inspect P', ' class type inspect T', '  pass', 'zone-pair security x source A destination B',
    ' service-policy type inspect P'].join('\n'), 'r').config
  assert.equal(ask(config, 'G2', 'G0', 'udp 10.1.0.1 -> 10.0.0.1:53'), 'permit')
  assert.equal(ask(passing, 'G0', 'G1', HL7), 'permit')
  assert.equal(ask(passing, 'G1', 'G0', HL7, { state: 1n }), 'deny')
})

test('the device itself: open without a pair, by the policy with one; the zone default holds what is in no other', () => {
  const config = read(...PAIR, 'zone-pair security SELF source WARD destination self', ' service-policy type inspect OUT')
  assert.equal(verdict(config, 'zones to self', 'tcp 10.0.0.1 -> 10.0.0.254:22', { iif: 0n }), 'deny')
  assert.equal(verdict(config, 'zones to self', 'tcp 10.0.0.1 -> 10.0.0.254:22', { iif: 2n }), 'permit')
  assert.equal(verdict(config, 'zones from self', 'tcp 10.0.0.254 -> 10.0.0.1:22', { oif: 0n }), 'permit')
  const rest = read('zone security default', 'zone-pair security D source default destination CORE', ' service-policy type inspect OUT')
  assert.deepEqual([ask(rest, 'G3', 'G2', HL7), ask(rest, 'G3', 'G0', HL7)], ['permit', 'deny'])
  const bare = read('zone-pair security B source WARD destination WARD')
  assert.equal(ask(bare, 'G0', 'G1', HL7), 'deny', 'a pair of one zone with itself takes the place of the default')
})

test('classes: match not, all of several, classes in classes, circles', () => {
  const config = read('class-map type inspect match-all ODD', ' match protocol tcp', ' match not protocol telnet', ' match class-map HL7',
    'class-map type inspect LOOP', ' match class-map LOOP', 'policy-map type inspect OUT', ' class type inspect ODD', '  inspect',
    ' class type inspect LOOP', '  drop', ...PAIR)
  const policy = config?.chains.get('policy-map OUT')
  assert.deepEqual(policy?.rules.map((r) => r.text.split(' ')[0]), ['inspect', 'pass', 'pass', 'inspect', 'drop', 'drop', 'drop', 'implicit:'])
  assert.equal(policy?.rules[3]?.matches.length, 1 + 1, 'not telnet: another protocol or another port')
  assert.ok(config?.unknowns.some((u) => u.reason === 'class LOOP holds itself, or is nested deeper than 16'))
})

test('what is not modelled is an unknown with its line', () => {
  const start = BOX.length + 1
  const config = read('class-map type inspect X', ' match protocol sip', 'class-map type inspect Y', ' match access-group name NONE',
    'policy-map type inspect Q', ' class type inspect X', '  inspect', ' class type inspect Y', '  inspect', '  police rate 8000', ' class type inspect GONE',
    '  pass', 'zone-pair security a source WARD destination CORE', ' service-policy type inspect Q',
    'zone-pair security b source CORE destination WARD', ' service-policy type inspect NOPE', 'zone-pair nonsense', 'ip port-map http port 8080')
  assert.deepEqual([...new Set(config?.unknowns.map((u) => u.line - start))], [1, 3, 9, 10, 12, 15, 16, 17])
  assert.equal(ask(config, 'G0', 'G2', HL7), 'unknown')
})

test('real texts: each class of a policy by its action, undefined classes and policies named', { skip: firewallsMissing }, () => {
  const real = (name: string): Config => readIos(firewallText(`batfish/cisco_ios/${name}`), name).config
  const actions = real('ios-xe-policy-map-inspect-class-inspect-actions')
  const verdicts = ['tcp', 'udp', 'icmp', 'gre'].map((proto) => verdict(actions, 'policy-map pm', `${proto} 10.0.0.1 -> 10.0.0.2:1`))
  assert.deepEqual(verdicts, ['permit', 'permit', 'deny', 'deny'])
  const reasons = real('ios-policy-map-inspect')?.unknowns.map((u) => u.reason) ?? []
  assert.deepEqual(reasons, ['class cmdefined is empty', 'class cmundefined is not defined in this text'])
})
