// Stateless filters of Junos: terms, values and exceptions by packets, lists, where a filter is bound, and what stays unknown.
// Keeps verdicts honest: chains are judged packet by packet by the slow twin.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PacketPoint } from '../../sets/packet-set.ts'
import { firewallsMissing, firewallText, verdict } from '../text/testing.test.ts'
import { readJunosSrx } from './read.ts'

type Config = NonNullable<ReturnType<typeof readJunosSrx>['config']>

function read(...lines: readonly string[]): Config {
  const { config } = readJunosSrx(lines.join('\n'), 'srx')
  assert.ok(config)
  return config
}

const TERM = 'set firewall family inet filter F term'

function ask(config: Config, text: string, more: Partial<PacketPoint> = {}, name = 'filter inet F'): string {
  return verdict(config, name, text, more)
}

/** Words behind `from`, a packet that matches and one that does not. */
const ROWS: readonly (readonly [string, string, string])[] = [
  ['protocol tcp', 'tcp 10.0.0.1 -> 10.0.0.2:1', 'udp 10.0.0.1 -> 10.0.0.2:1'],
  ['protocol [ tcp udp ]', 'udp 10.0.0.1 -> 10.0.0.2:1', 'gre 10.0.0.1 -> 10.0.0.2'],
  ['protocol-except tcp', 'udp 10.0.0.1 -> 10.0.0.2:1', 'tcp 10.0.0.1 -> 10.0.0.2:1'],
  ['destination-port [ ssh 8000-8010 ]', 'tcp 10.0.0.1 -> 10.0.0.2:8005', 'tcp 10.0.0.1 -> 10.0.0.2:8011'],
  ['destination-port-except 22', 'tcp 10.0.0.1 -> 10.0.0.2:23', 'tcp 10.0.0.1 -> 10.0.0.2:22'],
  ['port 22', 'tcp 10.0.0.1 -> 10.0.0.2:22', 'tcp 10.0.0.1 -> 10.0.0.2:23'],
  ['source-address [ 10.0.0.0/8 11.0.0.0/8 ]', 'tcp 11.0.0.1 -> 10.0.0.2:1', 'tcp 12.0.0.1 -> 10.0.0.2:1'],
  ['address 10.9.0.0/16', 'tcp 1.1.1.1 -> 10.9.0.2:1', 'tcp 1.1.1.1 -> 10.8.0.2:1'],
  ['destination-address 10.0.5.0/255.0.255.0', 'tcp 1.1.1.1 -> 10.9.5.7:1', 'tcp 1.1.1.1 -> 10.9.6.7:1'],
  ['icmp-type echo-request', 'icmp 10.0.0.1 -> 10.0.0.2', 'tcp 10.0.0.1 -> 10.0.0.2:1'],
]

test('each match takes this packet and not that', () => {
  for (const [words, yes, no] of ROWS) {
    const config = read(`${TERM} A from ${words}`, `${TERM} A then accept`)
    const icmp = words.startsWith('icmp') ? { icmpType: 8n } : {}
    assert.equal(ask(config, yes, icmp), 'permit', words)
    assert.equal(ask(config, no, icmp), 'deny', words)
  }
})

test('keys hold together, terms decide in order, the end discards, and a term without an action accepts', () => {
  const config = read(`${TERM} A from protocol tcp`, `${TERM} A from destination-port 22`, `${TERM} A then reject`, `${TERM} B from protocol tcp`,
    `${TERM} B then count seen`, `${TERM} C then next term`, `${TERM} D from protocol udp`, `${TERM} D then discard`)
  assert.deepEqual(['tcp 1.1.1.1 -> 2.2.2.2:22', 'tcp 1.1.1.1 -> 2.2.2.2:23', 'udp 1.1.1.1 -> 2.2.2.2:23',
    'gre 1.1.1.1 -> 2.2.2.2'].map((p) => ask(config, p)),
    ['deny', 'permit', 'deny', 'deny'])
})

test('exceptions: the most specific prefix decides; prefix lists; flags', () => {
  const except = read(`${TERM} A from source-address 0.0.0.0/0`, `${TERM} A from source-address 10.0.0.0/8 except`,
    `${TERM} A from source-address 10.1.0.0/16`, `${TERM} A then accept`)
  assert.deepEqual(['9.9.9.9', '10.2.0.1', '10.1.0.1'].map((src) => ask(except, `tcp ${src} -> 1.1.1.1:1`)), ['permit', 'deny', 'permit'])
  const only = read(`${TERM} A from source-address 10.0.0.0/8 except`, `${TERM} A then accept`)
  assert.equal(ask(only, 'tcp 9.9.9.9 -> 1.1.1.1:1'), 'deny', 'an exception alone takes nothing in')
  const list = read('set policy-options prefix-list WARD 10.20.3.0/24', `${TERM} A from source-prefix-list WARD`, `${TERM} A then accept`)
  assert.deepEqual(['10.20.3.9', '10.20.4.9'].map((src) => ask(list, `tcp ${src} -> 1.1.1.1:1`)), ['permit', 'deny'])
  for (const [words, yes, no] of [['tcp-established', 16n, 2n], ['tcp-initial', 2n, 18n], ['tcp-flags "syn & !ack"', 2n, 18n],
    ['tcp-flags "ack | rst"', 4n, 2n]] as const) {
    const flags = read(`${TERM} A from ${words}`, `${TERM} A then accept`)
    assert.deepEqual([yes, no].map((value) => ask(flags, 'tcp 1.1.1.1 -> 2.2.2.2:1', { flags: value })), ['permit', 'deny'], words)
  }
})

const ZONE = 'set security zones security-zone ward interfaces'
const USE = 'set interfaces ge-0/0/0 unit 0 family inet filter'

test('bound to the zone when all its interfaces have it, to the device on lo0, to the interface where there are no zones', () => {
  const hooks = (config: Config): readonly unknown[] => config.bindings.slice(1).map((b) => [b.hook, b.iface, b.family, b.chain])
  const filter = `${TERM} A then accept`
  assert.deepEqual(hooks(read(filter, `${ZONE} ge-0/0/0.0`, `${USE} input F`, `${USE} output F`)),
    [['interface-in', 0, 4, 'filter inet F'], ['interface-out', 0, 4, 'filter inet F']])
  assert.deepEqual(hooks(read(filter, 'set interfaces lo0 unit 0 family inet filter input F')), [['input', null, 4, 'filter inet F']])
  const bare = read(filter, `${USE} input F`)
  assert.deepEqual([hooks(bare), bare.interfaces], [[['interface-in', 0, 4, 'filter inet F']], ['ge-0/0/0.0']])
  const two = [filter, `${ZONE} ge-0/0/0.0`, `${ZONE} ge-0/0/1.0`, `${USE} input F`]
  assert.deepEqual(hooks(read(...two)), [])
  assert.deepEqual(read(...two).unknowns.map((u) => u.line), [4])
  assert.deepEqual(hooks(read(...two, 'set interfaces ge-0/0/1 unit 0 family inet filter input F')), [['interface-in', 0, 4, 'filter inet F']])
})

test('lists of filters are one, in their order; of input and input-list the last written holds', () => {
  const g = 'set firewall family inet filter G term X'
  const config = read(`${TERM} A from protocol tcp`, `${TERM} A then discard`, `${g} then accept`, `${USE} input F`, `${USE} input-list F`,
    `${USE} input-list G`)
  assert.deepEqual(config.bindings.slice(1).map((b) => b.chain), ['filter inet F + G'])
  assert.deepEqual(['tcp', 'udp'].map((proto) => ask(config, `${proto} 1.1.1.1 -> 2.2.2.2:1`, {}, 'filter inet F + G')), ['deny', 'permit'])
})

test('IPv6 filters have words of their own', () => {
  const config = read('set firewall family inet6 filter F term A from next-header icmpv6',
    'set firewall family inet6 filter F term A from icmp-type echo-request',
    'set firewall family inet6 filter F term A then accept')
  assert.deepEqual([128n, 129n].map((icmpType) => ask(config, 'icmp6 2001:db8::1 -> 2001:db8::2', { icmpType }, 'filter inet6 F')), ['permit', 'deny'])
})

test('what is not modelled is an unknown with its line', () => {
  const config = read(`${TERM} A from dscp ef`, `${TERM} A then accept`, `${TERM} B from protocol frob`, `${TERM} B then accept`,
    `${TERM} C from source-prefix-list GONE`,
    `${TERM} C then accept`, `${TERM} D then routing-instance X`, `${TERM} E then policer P`,
    'set firewall family inet filter F physical-interface-filter', `${USE} input GONE`)
  assert.deepEqual([...new Set(config.unknowns.map((u) => u.line))], [1, 3, 5, 7, 8, 9, 10])
  assert.equal(ask(config, 'tcp 1.1.1.1 -> 2.2.2.2:1'), 'unknown')
})

test('real texts: sources with masks and exceptions, both ends, protocols', { skip: firewallsMissing }, () => {
  const real = (name: string): Config => read(firewallText(`batfish/juniper_srx/${name}`))
  const source = real('firewall-source-address')
  const verdicts = ['1.9.3.9', '1.9.4.9', '2.3.4.200', '1.1.1.1', '2.2.2.2', '8.8.8.8'].map((src) =>
    verdict({ ...source, chains: new Map([...source.chains].map(([name, chain]) => [name, { ...chain, rules: chain.rules.slice(0, 1) }])) },
    'filter inet FILTER', `tcp ${src} -> 9.9.9.9:1`))
  assert.deepEqual(verdicts, ['permit', 'deny', 'permit', 'deny', 'deny', 'deny'])
  assert.deepEqual(['1.1.1.1', '2.2.2.2', '8.8.8.8'].map((src) => ask(source, `tcp ${src} -> 9.9.9.9:1`, {}, 'filter inet FILTER')), ['deny',
    'deny', 'permit'])
  const either = real('firewall-address')
  assert.deepEqual(['tcp 1.0.0.1 -> 9.9.9.9:1', 'tcp 9.9.9.9 -> 2.0.0.1:1', 'tcp 9.9.9.9 -> 3.0.0.1:1'].map((p) => ask(either, p, {},
    'filter inet FILTER')),
    ['permit', 'permit', 'deny'])
  const filters = real('firewall-filters')
  const first = (name: string): readonly (string | undefined)[] => filters.bindings.filter((b) =>
    b.iface === filters.interfaces.indexOf(name)).map((b) => b.chain)
  assert.deepEqual(first('xe-0/0/1.0'), ['filter inet FILTER2', 'filter inet FILTER2'])
  assert.deepEqual(first('xe-0/0/3.0'), ['filter inet FILTER1 + FILTER2', 'filter inet FILTER2 + FILTER1'])
  assert.deepEqual(first('xe-0/0/6.0'), ['filter inet6 FILTER6_2'])
  assert.deepEqual(first('xe-0/0/7.0'), ['filter inet6 FILTER6_2'])
  assert.equal(ask(filters, 'tcp 1.2.3.6 -> 9.9.9.9:1', {}, 'filter inet FILTER1'), 'permit')
  assert.equal(ask(filters, 'tcp 1.2.3.5 -> 9.9.9.9:1', {}, 'filter inet FILTER2'), 'deny')
  assert.equal(ask(real('firewall-filter-ip-protocol'), 'udp 1.1.1.1 -> 2.2.2.2:1', {}, 'filter inet FILTER'), 'deny')
})
