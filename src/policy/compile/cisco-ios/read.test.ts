// Tests of the IOS reader: each kind of list and entry by packets that it permits and denies, judged by the slow twin.
// Keeps "never dropped": what is not understood is an unknown with its line, and the verdict says so.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { verdict } from '../text/testing.test.ts'
import { readIos } from './read.ts'

function read(...lines: readonly string[]): ReturnType<typeof readIos>['config'] {
  return readIos(lines.join('\n'), 'router.cfg').config
}

test('a standard list looks at the source, with a wildcard, a host or nothing behind the address', () => {
  const config = read('access-list 10 permit 10.1.0.0 0.0.255.255', 'access-list 10 permit host 10.2.0.1',
    'access-list 10 permit 10.3.0.1 log')
  assert.equal(verdict(config, '10', 'tcp 10.1.9.9 -> 192.0.2.1:80'), 'permit')
  assert.equal(verdict(config, '10', 'udp 10.2.0.1 -> 192.0.2.1:80'), 'permit')
  assert.equal(verdict(config, '10', 'udp 10.3.0.1 -> 192.0.2.1:80'), 'permit')
  assert.equal(verdict(config, '10', 'udp 10.3.0.2 -> 192.0.2.1:80'), 'deny')
  assert.equal(config?.unknowns.length, 0)
})

test('a wildcard may have holes: 0.0.255.0 frees the third octet only', () => {
  const config = read('ip access-list extended X', ' permit ip 10.1.0.7 0.0.255.0 any')
  assert.equal(verdict(config, 'X', 'tcp 10.1.200.7 -> 192.0.2.1:1'), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.1.200.8 -> 192.0.2.1:1'), 'deny')
})

test('the ones of an IOS mask are free, as real text of both systems has it', () => {
  const config = read('access-list 101 permit ip 1.2.3.4 0.0.0.255 4.3.2.1 0.0.255.255')
  assert.equal(verdict(config, '101', 'tcp 1.2.3.255 -> 4.3.255.255:1'), 'permit')
  assert.equal(verdict(config, '101', 'tcp 1.2.4.0 -> 4.3.255.255:1'), 'deny')
})

test('port operators and names', () => {
  const config = read('ip access-list extended X',
    ' permit tcp any any eq lpd 2575', ' permit udp any range 67 68 any', ' permit tcp any any gt 60000', ' permit udp any any lt 5',
    ' permit udp any host 10.0.0.9 neq 53')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:515'), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:2575'), 'permit')
  assert.equal(verdict(config, 'X', 'udp 10.0.0.1 -> 10.0.0.2:515'), 'deny')
  assert.equal(verdict(config, 'X', 'udp 10.0.0.1 -> 10.0.0.2:515', { sport: 68n }), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:60000'), 'deny')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:60001'), 'permit')
  assert.equal(verdict(config, 'X', 'udp 10.0.0.1 -> 10.0.0.2:4'), 'permit')
  assert.equal(verdict(config, 'X', 'udp 10.0.0.1 -> 10.0.0.9:53'), 'deny')
  assert.equal(verdict(config, 'X', 'udp 10.0.0.1 -> 10.0.0.9:54'), 'permit')
})

test('established is ACK or RST, and only of TCP', () => {
  const config = read('ip access-list extended X', ' permit tcp any any established', ' permit tcp any any match-all +syn -ack eq',
    ' permit tcp any host 10.0.0.7 match-all +syn -ack')
  assert.equal(verdict(read('ip access-list extended X', ' permit tcp any any established'), 'X', 'tcp 10.0.0.1 -> 10.0.0.2:1',
    { flags: 2n }), 'deny')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:1', { flags: 16n }), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:1', { flags: 4n }), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.7:1', { flags: 2n }), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:1', { flags: 2n }), 'unknown')
})

test('ICMP types by name and number', () => {
  const config = read('ip access-list extended X', ' permit icmp any any echo', ' permit icmp any any 3 4',
    ' permit icmp any any ttl-exceeded')
  assert.equal(verdict(config, 'X', 'icmp 10.0.0.1 -> 10.0.0.2', { icmpType: 8n }), 'permit')
  assert.equal(verdict(config, 'X', 'icmp 10.0.0.1 -> 10.0.0.2', { icmpType: 3n, icmpCode: 4n }), 'permit')
  assert.equal(verdict(config, 'X', 'icmp 10.0.0.1 -> 10.0.0.2', { icmpType: 3n, icmpCode: 3n }), 'deny')
  assert.equal(verdict(config, 'X', 'icmp 10.0.0.1 -> 10.0.0.2', { icmpType: 11n, icmpCode: 1n }), 'deny')
})

test('sequence numbers order the entries, whatever their place in the text', () => {
  const config = read('ip access-list extended X', ' 20 permit ip any any', ' 10 deny ip host 10.0.0.1 any', ' remark ZZTEST')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.1 -> 10.0.0.2:1'), 'deny')
  assert.equal(verdict(config, 'X', 'tcp 10.0.0.3 -> 10.0.0.2:1'), 'permit')
})

test('an IPv6 list ends with neighbour discovery and a deny', () => {
  const config = read('ipv6 access-list SIX', ' permit tcp 2001:db8::/32 host 2001:db8::9 eq 443 sequence 20',
    ' deny icmp any any echo-request')
  const name = 'SIX (ipv6)'
  assert.equal(verdict(config, name, 'tcp 2001:db8::1 -> [2001:db8::9]:443'), 'permit')
  assert.equal(verdict(config, name, 'tcp 2001:db9::1 -> [2001:db8::9]:443'), 'deny')
  assert.equal(verdict(config, name, 'icmp6 2001:db9::1 -> ff02::1', { icmpType: 135n }), 'permit')
  assert.equal(verdict(config, name, 'icmp6 2001:db9::1 -> ff02::1', { icmpType: 128n }), 'deny')
})

test('object groups: members are subnet masks, groups nest, services carry their protocol', () => {
  const config = read('object-group network MONITORS', ' 10.20.0.0 255.255.255.0', ' host 10.21.0.1', ' range 10.22.0.5 10.22.0.9',
    'object-group network ALL', ' group-object MONITORS', 'object-group service VITALS', ' tcp eq 515', ' udp range 2000 2010',
    'ip access-list extended X', ' permit object-group VITALS object-group ALL host 10.0.0.9')
  for (const source of ['10.20.0.77', '10.21.0.1', '10.22.0.9']) assert.equal(verdict(config, 'X', `tcp ${source} -> 10.0.0.9:515`),
    'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.20.0.77 -> 10.0.0.9:2000'), 'deny')
  assert.equal(verdict(config, 'X', 'udp 10.20.0.77 -> 10.0.0.9:2000'), 'permit')
  assert.equal(verdict(config, 'X', 'tcp 10.20.1.0 -> 10.0.0.9:515'), 'deny')
})

test('groups that are undefined, empty or hold themselves are unknown, not empty', () => {
  const config = read('object-group network LOOP', ' group-object LOOP', 'object-group network EMPTY', 'ip access-list extended X',
    ' permit ip object-group LOOP host 10.0.0.1', ' permit ip object-group EMPTY host 10.0.0.2',
    ' permit ip object-group NONE host 10.0.0.3')
  for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) assert.equal(verdict(config, 'X', `tcp 10.9.9.9 -> ${host}:1`), 'unknown')
  assert.equal(verdict(config, 'X', 'tcp 10.9.9.9 -> 10.0.0.4:1'), 'deny')
  assert.deepEqual(config?.unknowns.map((u) => u.line), [5, 6, 7])
})

test('reflexive lists: what reflects matches as it stands, what evaluates is at most known connections', () => {
  const config = read('ip access-list extended OUT', ' permit tcp any any eq 80 reflect WAY', 'ip access-list extended IN', ' evaluate WAY')
  assert.equal(verdict(config, 'OUT', 'tcp 10.0.0.1 -> 10.0.0.2:80'), 'permit')
  assert.equal(verdict(config, 'IN', 'tcp 10.0.0.2 -> 10.0.0.1:9'), 'deny')
  assert.equal(verdict(config, 'IN', 'tcp 10.0.0.2 -> 10.0.0.1:9', { state: 1n }), 'unknown')
})

test('options that are not modelled make the match unknown, with the line', () => {
  const config = read('ip access-list extended X', ' permit tcp any host 10.0.0.1 time-range NIGHT', ' deny ip any any fragments',
    ' permit ip any any log')
  assert.equal(verdict(config, 'X', 'tcp 10.9.9.9 -> 10.0.0.1:1'), 'unknown')
  assert.deepEqual(config?.unknowns.map((u) => [u.line, u.reason]),
    [[2, 'a time range is not modelled'], [3, 'fragments are not modelled']])
})

test('bindings and interfaces; a bound list without entries lets everything pass, and is said', () => {
  const { config, diagnostics } = readIos(['hostname r1', 'ip access-list extended EMPTY', 'interface Gi0/1',
    ' ip address 10.1.0.1 255.255.255.0',
    ' ip access-group EMPTY in', ' ip access-group 10 out', ' ip nat inside', 'interface Gi0/2', ' shutdown',
    ' ip address 10.2.0.1 255.255.255.0',
    'access-list 10 deny any'].join('\n'), 'r1.cfg')
  assert.equal(config?.device, 'r1')
  assert.deepEqual(config?.interfaces, ['Gi0/1', 'Gi0/2'])
  assert.deepEqual(config?.bindings, [
    { iface: 0, hook: 'interface-in', family: 4, chain: 'EMPTY (without entries)' },
    { iface: 0, hook: 'interface-out', family: 4, chain: '10' },
  ])
  assert.equal(verdict(config, 'EMPTY (without entries)', 'tcp 10.0.0.1 -> 10.0.0.2:1'), 'permit')
  assert.deepEqual(config?.routes.map((r) => [r.kind, r.length, r.iface]), [['connected', 24, 0]])
  assert.ok(diagnostics.some((d) => d.code === 'cisco-ios/empty-list'))
  assert.deepEqual(config?.unknowns, [], 'a side of translation alone translates nothing')
})

test('static routes: next hop, interface, Null0, distance; a tracked one is unknown', () => {
  const config = read('interface Gi0/1', ' no ip address', 'ip route 0.0.0.0 0.0.0.0 10.0.0.1',
    'ip route 202.114.4.0 255.255.255.0 Null0 name BLOCK',
    'ip route 10.9.0.0 255.255.0.0 Gi0/1 10.0.0.2 200', 'ip route 10.8.0.0 255.255.0.0 10.0.0.3 track 7',
    'ipv6 route 2001:db8::/32 fe80::1',
    'ip route vrf CLINIC 10.7.0.0 255.255.0.0 10.0.0.4')
  assert.deepEqual(config?.routes.map((r) => [r.version, r.length, r.kind, r.iface, r.metric, r.table]), [
    [4, 0, 'via', null, 1, 'main'], [4, 24, 'blackhole', null, 1, 'main'], [4, 16, 'via', 0, 200, 'main'],
    [6, 32, 'via', null, 1, 'main'], [4, 16, 'via', null, 1, 'CLINIC'],
  ])
  assert.deepEqual(config?.unknowns.map((u) => u.line), [6])
})

test('banners are prose, and their lines are no commands', () => {
  const config = read('banner motd ^C', 'permit ip any any', 'ip nat everything', '^C', 'access-list 10 permit any')
  assert.equal(config?.unknowns.length, 0)
  assert.equal(verdict(config, '10', 'tcp 10.0.0.1 -> 10.0.0.2:1'), 'permit')
})

test('a mask that belongs to the other system is read as IOS reads it, and said', () => {
  const { config, diagnostics } = readIos('ip access-list extended X\n permit ip 10.0.0.0 255.255.255.0 any\n permit ip host 10.0.0.1 any',
    'r.cfg')
  assert.equal(verdict(config, 'X', 'tcp 192.0.2.0 -> 10.0.0.2:1'), 'permit')
  assert.deepEqual(diagnostics.map((d) => [d.code, d.line]), [['cisco-ios/mask-trap', 2]])
})

test('lines that no table names are unknown; text of an ASA or of another maker is refused', () => {
  assert.deepEqual(read('hostname r', 'frobnicate the packets')?.unknowns.map((u) => [u.line, u.reason]), [[2,
    'the reader does not know this line']])
  const asa = readIos('ASA Version 9.9\naccess-list a extended permit ip any any\n', 'fw.cfg')
  assert.equal(asa.config, null)
  assert.match(asa.diagnostics[0]?.message ?? '', /masks mean the opposite/)
  assert.equal(readIos('set system host-name x\n', 'j.cfg').config, null)
  assert.equal(readIos('', 'empty.cfg').config, null)
})

const WORDS = ['access-list', 'ip', 'ipv6', 'extended', 'permit', 'deny', 'tcp', 'udp', 'icmp', 'any', 'host', '10.0.0.1', '0.0.255.0',
  'eq', 'range',
  '80', '99999', 'object-group', 'network', 'service', 'G', 'established', 'match-all', '+syn', 'interface', 'evaluate', 'constructor',
  '__proto__',
  'access-group', 'in', 'route', '2001:db8::/200', '!', '^C', 'banner motd ^C', 'toString', '-1', 'sequence', 'remark']

test('any words in any order never throw, and every line of a list is understood or unknown', () => {
  const line = fc.tuple(fc.constantFrom('', ' '), fc.array(fc.constantFrom(...WORDS), { maxLength: 9 })).map(([indent,
    words]) => indent + words.join(' '))
  fc.assert(fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
    const { config } = readIos(lines.join('\n'), 'fuzz.cfg')
    for (const chain of config?.chains.values() ?? []) {
      for (const rule of chain.rules) assert.ok(rule.line >= 0 && rule.line <= lines.length)
    }
  }), { numRuns: 500 })
})
