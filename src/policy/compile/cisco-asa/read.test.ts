// Tests of the ASA reader: subnet masks, objects, access groups, security levels, judged packet by packet by the slow twin.
// Keeps "never dropped": NAT and what else is not modelled is an unknown with its line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { verdict } from '../text/testing.test.ts'
import { readAsa } from './read.ts'

function read(...lines: readonly string[]): ReturnType<typeof readAsa>['config'] {
  return readAsa(['ASA Version 9.16', ...lines].join('\n'), 'fw.cfg').config
}

test('the ones of an ASA mask are fixed', () => {
  const config = read('access-list a extended permit ip 1.2.3.4 255.255.255.0 4.3.2.1 255.255.0.0')
  assert.equal(verdict(config, 'a', 'tcp 1.2.3.255 -> 4.3.255.255:1'), 'permit')
  assert.equal(verdict(config, 'a', 'tcp 1.2.4.0 -> 4.3.255.255:1'), 'deny')
  assert.equal(config?.unknowns.length, 0)
})

test('any is both families, any4 and any6 are one', () => {
  const config = read('access-list a extended permit tcp any any eq 80', 'access-list b extended permit tcp any4 any4 eq 80',
    'access-list c extended permit tcp any6 any6 eq 80', 'access-list d extended permit icmp any any',
    'access-list e extended permit icmp6 any any')
  const four = 'tcp 10.0.0.1 -> 10.0.0.2:80'
  const six = 'tcp 2001:db8::1 -> [2001:db8::2]:80'
  assert.deepEqual(['a', 'b', 'c'].map((list) => verdict(config, list, four)), ['permit', 'permit', 'deny'])
  assert.deepEqual(['a', 'b', 'c'].map((list) => verdict(config, list, six)), ['permit', 'deny', 'permit'])
  assert.equal(verdict(config, 'd', 'icmp 10.0.0.1 -> 10.0.0.2', { icmpType: 8n }), 'permit')
  assert.equal(verdict(config, 'd', 'icmp6 2001:db8::1 -> 2001:db8::2', { icmpType: 128n }), 'deny')
  assert.equal(verdict(config, 'e', 'icmp6 2001:db8::1 -> 2001:db8::2', { icmpType: 128n }), 'permit')
})

const OBJECTS = ['name 10.9.0.9 central', 'object network on1', ' host 1.1.1.1', 'object network net', ' subnet 10.1.0.0 255.255.0.0',
  'object network six', ' subnet 2001:db8::/32', 'object service os1', ' service tcp source eq 7 destination eq 515',
  'object-group network g', ' network-object object on1', ' network-object host 2.2.2.2', ' group-object h', 'object-group network h',
  ' network-object 3.0.0.0 255.0.0.0', ' network-object object six', 'object-group service s', ' service-object udp destination range 5 6',
  ' service-object object os1', 'object-group service p tcp', ' port-object eq 81', ' port-object range 90 91', 'object-group protocol q',
  ' protocol-object udp', ' protocol-object icmp', 'object-group icmp-type i', ' icmp-object echo', ' icmp-object 13']

test('objects and groups of every kind', () => {
  const config = read(...OBJECTS, 'access-list a extended permit object-group s object-group g host central',
    'access-list b extended permit tcp object net object on1 object-group p', 'access-list c extended permit object-group q any4 any4',
    'access-list d extended permit icmp any any object-group i')
  assert.equal(verdict(config, 'a', 'udp 3.4.5.6 -> 10.9.0.9:6'), 'permit')
  assert.equal(verdict(config, 'a', 'tcp 2.2.2.2 -> 10.9.0.9:515', { sport: 7n }), 'permit')
  assert.equal(verdict(config, 'a', 'tcp 2.2.2.2 -> 10.9.0.9:515', { sport: 8n }), 'deny')
  assert.equal(verdict(config, 'b', 'tcp 10.1.2.3 -> 1.1.1.1:91'), 'permit')
  assert.equal(verdict(config, 'b', 'tcp 10.1.2.3 -> 1.1.1.1:92'), 'deny')
  assert.equal(verdict(config, 'c', 'udp 10.1.2.3 -> 1.1.1.1:92'), 'permit')
  assert.equal(verdict(config, 'd', 'icmp 10.1.2.3 -> 1.1.1.1', { icmpType: 13n }), 'permit')
  assert.equal(verdict(config, 'd', 'icmp 10.1.2.3 -> 1.1.1.1', { icmpType: 0n }), 'deny')
  assert.equal(config?.unknowns.length, 0)
})

test('an entry that no packet of either family can match stays in the list and matches nothing', () => {
  const config = read(...OBJECTS, 'access-list a extended permit ip object six object on1',
    'access-list a extended permit ip any any inactive')
  assert.equal(config?.chains.get('a')?.rules.length, 1)
  assert.equal(verdict(config, 'a', 'tcp 2001:db8::1 -> [2001:db8::2]:1'), 'deny')
})

const FACES = ['interface G0/0', ' nameif inside', ' ip address 10.0.0.1 255.255.255.0', 'interface G0/1', ' nameif dmz',
  ' security-level 50',
  'interface G0/2', ' nameif wards', ' security-level 50', 'interface G0/3', ' nameif outside', ' ip address dhcp setroute',
  'interface G0/4', ' no nameif']

test('without a list security levels decide, and known connections pass first', () => {
  const config = read(...FACES)
  const to = (oif: number, state = 0) => ({ oif: BigInt(oif), state: BigInt(state) })
  const flow = 'tcp 10.0.0.1 -> 10.1.0.2:80'
  assert.deepEqual([0, 1, 2, 3].map((oif) => verdict(config, 'inside in', flow, to(oif))), ['deny', 'permit', 'permit', 'permit'])
  assert.deepEqual([0, 1, 2, 3].map((oif) => verdict(config, 'dmz in', flow, to(oif))), ['deny', 'deny', 'deny', 'permit'])
  assert.equal(verdict(config, 'outside in', flow, to(0)), 'deny')
  assert.equal(verdict(config, 'outside in', flow, to(0, 1)), 'permit')
  assert.deepEqual(config?.bindings.map((b) => b.iface), [0, 1, 2, 3])
  const both = read(...FACES, 'same-security-traffic permit inter-interface', 'same-security-traffic permit intra-interface')
  assert.deepEqual([0, 1, 2, 3].map((oif) => verdict(both, 'dmz in', flow, to(oif))), ['deny', 'permit', 'permit', 'permit'])
})

test('the list of an interface, then the global one, then nothing', () => {
  const config = read(...FACES, 'access-list own extended deny tcp any any eq 80', 'access-list all extended permit tcp any any',
    'access-list out extended permit tcp any any eq 123', 'access-group own in interface dmz', 'access-group all global',
    'access-group out out interface inside')
  const flow = { oif: 0n }
  assert.equal(verdict(config, 'dmz in', 'tcp 10.0.0.1 -> 10.1.0.2:80', flow), 'deny')
  assert.equal(verdict(config, 'dmz in', 'tcp 10.0.0.1 -> 10.1.0.2:81', flow), 'permit')
  assert.equal(verdict(config, 'outside in', 'tcp 10.0.0.1 -> 10.1.0.2:80', flow), 'permit')
  assert.equal(verdict(config, 'outside in', 'udp 10.0.0.1 -> 10.1.0.2:80', flow), 'deny')
  assert.equal(verdict(config, 'inside out', 'tcp 10.0.0.1 -> 10.1.0.2:80'), 'deny')
  assert.equal(verdict(config, 'inside out', 'tcp 10.0.0.1 -> 10.1.0.2:123'), 'permit')
})

test('a bound list that the text does not define may do anything, and is said', () => {
  const { config, diagnostics } = readAsa(['ASA Version 9.9', ...FACES, 'access-group none in interface dmz'].join('\n'), 'fw.cfg')
  assert.equal(verdict(config, 'dmz in', 'tcp 10.0.0.1 -> 10.1.0.2:80', { oif: 0n }), 'unknown')
  assert.ok(diagnostics.some((d) => d.code === 'cisco-asa/undefined'))
})

test('inspections that open paths make related packets unknown', () => {
  const config = read(...FACES, 'policy-map global_policy', ' class inspection_default', '  inspect dns preset', '  inspect ftp')
  assert.equal(verdict(config, 'outside in', 'tcp 10.0.0.1 -> 10.1.0.2:80', { oif: 0n, state: 2n }), 'unknown')
  assert.equal(verdict(config, 'outside in', 'tcp 10.0.0.1 -> 10.1.0.2:80', { oif: 0n }), 'deny')
  assert.ok(config?.unknowns.some((u) => u.text === 'inspect ftp'))
})

test('NAT of interfaces that are not there, tunnels and what no table names are unknown, with their lines', () => {
  const config = read('object network x', ' host 10.0.0.1', ' nat (inside,outside) dynamic interface',
    'nat (inside,outside) source static x x',
    'crypto map m interface outside', 'frobnicate', 'logging enable')
  assert.deepEqual([...new Set(config?.unknowns.map((u) => u.line))], [4, 5, 6, 7])
})

test('routes: gateway, Null0, IPv6; a tracked one is unknown', () => {
  const config = read(...FACES, 'route outside 0.0.0.0 0.0.0.0 192.0.2.1 1', 'route Null0 202.114.4.0 255.255.255.0',
    'ipv6 route outside ::/0 fe80::1', 'route outside 10.5.0.0 255.255.0.0 192.0.2.2 1 track 7')
  assert.deepEqual(config?.routes.map((r) => [r.version, r.length, r.kind, r.iface]),
    [[4, 24, 'connected', 0], [4, 0, 'via', 3], [4, 24, 'blackhole', null], [6, 0, 'via', 3]])
  assert.equal(config?.unknowns.at(-1)?.reason, 'the route, or whether it is up, is not understood')
})

test('a mask that belongs to the other system is read as an ASA reads it, and said', () => {
  const { config, diagnostics } = readAsa('ASA Version 9.9\naccess-list a extended permit ip 10.0.0.7 0.0.0.255 any4\n', 'fw.cfg')
  assert.equal(verdict(config, 'a', 'tcp 192.0.2.7 -> 10.0.0.2:1'), 'permit')
  assert.equal(verdict(config, 'a', 'tcp 192.0.2.8 -> 10.0.0.2:1'), 'deny')
  assert.deepEqual(diagnostics.map((d) => [d.code, d.line]), [['cisco-asa/mask-trap', 2]])
})

test('text of IOS is refused: its masks mean the opposite', () => {
  const ios = readAsa('hostname r\nip access-list extended X\n permit ip 10.0.0.0 0.0.0.255 any\n', 'r.cfg')
  assert.equal(ios.config, null)
  assert.match(ios.diagnostics[0]?.message ?? '', /masks mean the opposite/)
  assert.equal(readAsa('', 'empty.cfg').config, null)
})

const WORDS = ['access-list a', 'extended', 'permit', 'deny', 'tcp', 'object', 'object-group', 'network', 'service', 'g', 'host',
  '10.0.0.1', 'any6',
  '255.255.0.0', 'eq', '80', 'access-group', 'in', 'interface', 'outside', 'global', 'nameif', 'route', 'inactive', 'log', 'constructor',
  'nat']

test('any words in any order never throw', () => {
  const line = fc.tuple(fc.constantFrom('', ' '), fc.array(fc.constantFrom(...WORDS), { maxLength: 9 })).map(([indent,
    words]) => indent + words.join(' '))
  fc.assert(fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
    const { config } = readAsa(lines.join('\n'), 'fuzz.cfg')
    for (const chain of config?.chains.values() ?? []) for (const rule of chain.rules) assert.ok(rule.line <= lines.length)
  }), { numRuns: 500 })
})
