// Translation of IOS: rows by their meaning, the sides of interfaces, lists with denies, route maps, pools, and what stays unknown.
// Keeps "never dropped": each line of `ip nat` that may translate is a row or an unknown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewallsMissing, firewallText } from '../text/testing.test.ts'
import { natText } from '../text/nat-rows.test.ts'
import { readIos } from './read.ts'

const BOX = ['interface Gi0/0', ' ip address 192.0.2.1 255.255.255.0', ' ip nat outside', 'interface Gi0/1', ' ip nat inside', 'interface Gi0/2',
  ' ip nat inside', 'access-list 1 deny host 10.0.0.9', 'access-list 1 permit 10.0.0.0 0.0.0.255']

function rows(...lines: readonly string[]): readonly string[] {
  return natText(readIos([...BOX, ...lines].join('\n'), 'r.cfg').config)
}

test('inside source: static both ways, by port, by the address of an interface', () => {
  assert.deepEqual(rows('ip nat inside source static 10.0.0.5 192.0.2.5 extendable',
    'ip nat inside source static tcp 10.0.0.6 80 interface Gi0/0 8080', 'ip nat inside source static udp 10.0.0.7 53 192.0.2.7 5353 no-alias'), [
    '11 source iif=Gi0/1,Gi0/2 oif=Gi0/0 src=10.0.0.6 proto=6 sport=80 -> 192.0.2.1:8080',
    '11 destination iif=Gi0/0 dst=192.0.2.1 proto=6 dport=8080 -> 10.0.0.6:80',
    '12 source iif=Gi0/1,Gi0/2 oif=Gi0/0 src=10.0.0.7 proto=17 sport=53 -> 192.0.2.7:5353',
    '12 destination iif=Gi0/0 dst=192.0.2.7 proto=17 dport=5353 -> 10.0.0.7:53',
    '10 source iif=Gi0/1,Gi0/2 oif=Gi0/0 src=10.0.0.5 -> 192.0.2.5', '10 destination iif=Gi0/0 dst=192.0.2.5 -> 10.0.0.5',
  ])
})

test('by list: what the list permits, denies taken out; overload of the outside interface is a masquerade', () => {
  assert.deepEqual(rows('ip nat inside source list 1 interface Gi0/0 overload'),
    ['10 masquerade iif=Gi0/1,Gi0/2 oif=Gi0/0 src!10.0.0.9 src=10.0.0.0-10.0.0.255 -> null'])
  const pool = 'ip nat pool P 192.0.2.10 192.0.2.20 netmask 255.255.255.0'
  assert.deepEqual(rows(pool, 'ip nat inside source list 1 pool P overload'),
    ['11 source iif=Gi0/1,Gi0/2 oif=Gi0/0 src!10.0.0.9 src=10.0.0.0-10.0.0.255 -> 192.0.2.10-192.0.2.20'])
  assert.deepEqual(rows(pool, 'ip nat inside source list 1 pool P')[1],
    '11 destination iif=Gi0/0 dst=192.0.2.10-192.0.2.20 -> null ? while an entry lives, it is met from the other side, too')
  assert.deepEqual(rows('ip nat pool P prefix-length 24', ' address 192.0.2.10 192.0.2.11', ' address 192.0.2.12 192.0.2.20',
    'ip nat inside source list 1 pool P overload')[0]?.split(' -> ')[1], '192.0.2.10-192.0.2.20')
})

test('the other kinds: outside source, rotary, route maps, VRFs', () => {
  assert.deepEqual(rows('ip nat outside source static 6.6.6.6 10.7.7.7'), ['10 source iif=Gi0/0 src=6.6.6.6 -> 10.7.7.7',
    '10 destination iif=Gi0/1,Gi0/2 dst=10.7.7.7 -> 6.6.6.6 ? the destination changes after the route is chosen'])
  assert.deepEqual(rows('ip nat pool S 10.0.0.20 10.0.0.29 prefix-length 24 type rotary', 'access-list 2 permit host 192.0.2.9',
    'ip nat inside destination list 2 pool S'), ['12 destination iif=Gi0/0 proto=6 dst=192.0.2.9 -> 10.0.0.20-10.0.0.29'])
  assert.deepEqual(rows('route-map M permit 10', ' match ip address 1', ' match interface Gi0/0',
    'ip nat inside source route-map M interface Gi0/0 overload'),
  ['13 masquerade iif=Gi0/1,Gi0/2 oif=Gi0/0 src!10.0.0.9 src=10.0.0.0-10.0.0.255 oif=Gi0/0 -> null'])
  assert.deepEqual(rows('interface Gi0/3', ' vrf forwarding WARD', ' ip nat inside', 'interface Gi0/4', ' vrf forwarding WARD', ' ip nat outside',
    'ip nat inside source static 10.0.0.5 192.0.2.5 vrf WARD')[0], '16 source iif=Gi0/3 oif=Gi0/4 src=10.0.0.5 -> 192.0.2.5')
})

test('what is not exact is an unknown with its line', () => {
  const { config } = readIos([...BOX, 'ip nat inside source list 7 interface Gi0/0 overload', 'ip nat source static 10.0.0.1 192.0.2.8',
    'ip nat inside source static network 10.0.1.0 192.0.3.0 /24', 'ip nat inside source list 1 pool NONE overload',
    'ip nat inside source static 10.0.0.5 192.0.2.5 frobnicate', 'ip nat translation timeout 60', 'ip nat inside source route-map M pool NONE overload',
    'ip nat pool T 192.0.2.1 192.0.2.9 prefix-length 24 type match-host', 'interface Gi0/1', ' ip nat enable', ' ip access-group 1 out'].join('\n'), 'r')
  assert.deepEqual([...new Set(config?.unknowns.map((u) => u.line))], [10, 11, 12, 13, 14, 16, 17, 19, 20])
  assert.equal(config?.sees, 'before-dnat')
})

test('a text without marked interfaces translates nothing, and that is said', () => {
  const { config, diagnostics } = readIos('hostname r\nip nat inside source static 10.0.0.5 192.0.2.5', 'r')
  assert.deepEqual(natText(config), ['2 source iif= oif= src=10.0.0.5 -> 192.0.2.5', '2 destination iif= dst=192.0.2.5 -> 10.0.0.5'])
  assert.ok(diagnostics.some((d) => d.code === 'cisco-ios/nat-sides'))
})

test('the answers of real texts: translations with their hosts, pools and VRFs', { skip: firewallsMissing }, () => {
  const real = (name: string): readonly string[] => natText(readIos(firewallText(`batfish/cisco_ios/${name}`), name).config)
  assert.deepEqual(real('ios-nat-static').filter((row) => !row.includes('?')), [
    '27 source iif=Ethernet1 oif=Ethernet2 src=1.1.1.1 src=10.10.10.10 -> 2.2.2.2', '31 source iif=Ethernet2 src=6.6.6.6 -> 7.7.7.7',
    '33 source iif=Ethernet3 oif=Ethernet4 src=3.3.3.3 -> 4.4.4.4', '33 destination iif=Ethernet4 dst=4.4.4.4 -> 3.3.3.3',
    '34 source iif=Ethernet4 src=8.8.8.8 -> 9.9.9.9',
  ])
  assert.deepEqual(real('ios-nat-dynamic').filter((row) => !row.includes('?')), [
    '38 source iif=Ethernet1 oif=Ethernet2 src=10.10.10.10 -> 3.3.3.1-3.3.3.254', '39 source iif=Ethernet1 oif=Ethernet2 src=13.13.13.13 -> 1.1.1.1',
    '40 destination iif=Ethernet2 proto=6 dst=11.11.11.11 -> 3.3.4.1-3.3.4.254', '41 source iif=Ethernet2 src=22.22.22.22 -> 4.4.4.1-4.4.4.254',
    '43 source iif=Ethernet3 oif=Ethernet4 src=12.12.12.12 -> 5.5.5.1-5.5.5.254', '44 source iif=Ethernet4 src=23.23.23.23 -> 6.6.6.1-6.6.6.254',
  ])
  const maps = real('ios-nat-dynamic-route-maps')
  assert.ok(maps.includes('56 source iif=Ethernet2/0,Ethernet2/1 src=22.22.22.22 oif=Ethernet2/0 -> 4.4.4.1-4.4.4.254'))
  assert.ok(maps.includes('53 source iif=Ethernet1 oif=Ethernet2/0,Ethernet2/1 src=10.10.10.10 -> 3.3.3.1-3.3.3.254'))
})
