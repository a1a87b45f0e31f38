// Translation of an ASA: twice NAT both ways, objects in the order of the device, exemptions, services, and the commands before version 8.3.
// Keeps "never dropped": each line that translates is a row or an unknown, and what is not exact says so.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { natText } from '../text/nat-rows.test.ts'
import { firewallsMissing, firewallText } from '../text/testing.test.ts'
import { readAsa } from './read.ts'

const BOX = ['interface G0/0', ' nameif inside', ' security-level 100', ' ip address 10.0.0.1 255.255.255.0', 'interface G0/1', ' nameif outside',
  ' ip address 192.0.2.1 255.255.255.0', 'object network PUMP', ' host 10.0.0.5', 'object network OUTER', ' host 192.0.2.5',
  'object network WARD', ' subnet 10.0.0.0 255.255.255.0', 'object network FAR', ' subnet 172.16.0.0 255.255.0.0',
  'object network POOL', ' range 192.0.2.10 192.0.2.20']
const FIRST = BOX.length + 1

function read(...lines: readonly string[]): ReturnType<typeof readAsa>['config'] {
  return readAsa([...BOX, ...lines].join('\n'), 'fw.cfg').config
}

/** Rows without their line numbers. */
function rows(...lines: readonly string[]): readonly string[] {
  return natText(read(...lines)).map((row) => row.slice(row.indexOf(' ') + 1))
}

test('twice NAT: static is met from both sides, dynamic from one', () => {
  assert.deepEqual(rows('nat (inside,outside) source static PUMP OUTER'),
    ['source iif=inside oif=outside src=10.0.0.5 -> 192.0.2.5', 'destination iif=outside dst=192.0.2.5 -> 10.0.0.5'])
  assert.deepEqual(rows('nat (inside,outside) 1 source static PUMP OUTER unidirectional no-proxy-arp'),
    ['source iif=inside oif=outside src=10.0.0.5 -> 192.0.2.5'])
  assert.deepEqual(rows('nat (inside,outside) source dynamic WARD interface'), ['source iif=inside oif=outside src=10.0.0.0-10.0.0.255 -> 192.0.2.1'])
  assert.deepEqual(rows('nat (any,outside) source dynamic any pat-pool POOL round-robin'), ['source oif=outside -> 192.0.2.10-192.0.2.20'])
  assert.deepEqual(rows('nat (inside,outside) source static PUMP OUTER inactive'), [])
})

test('a destination of its own: the destination becomes real in front, the source mapped behind', () => {
  assert.deepEqual(rows('object network SEEN', ' host 10.9.9.9', 'object network SERVER', ' host 198.51.100.9',
    'nat (inside,outside) source static PUMP OUTER destination static SEEN SERVER description to the server'), [
    'destination iif=inside src=10.0.0.5 dst=10.9.9.9 -> 198.51.100.9', 'source iif=inside oif=outside src=10.0.0.5 dst=198.51.100.9 -> 192.0.2.5',
    'destination iif=outside src=198.51.100.9 dst=192.0.2.5 -> 10.0.0.5', 'source iif=outside oif=inside src=198.51.100.9 dst=10.0.0.5 -> 10.9.9.9',
  ])
})

test('an exemption keeps both addresses and stands in front of what comes after', () => {
  assert.deepEqual(rows('nat (inside,outside) after-auto source dynamic any interface',
    'nat (inside,outside) source static WARD WARD destination static FAR FAR no-proxy-arp route-lookup'), [
    'none destination iif=inside src=10.0.0.0-10.0.0.255 dst=172.16.0.0-172.16.255.255 -> null',
    'none source iif=inside oif=outside src=10.0.0.0-10.0.0.255 dst=172.16.0.0-172.16.255.255 -> null',
    'none destination iif=outside src=172.16.0.0-172.16.255.255 dst=10.0.0.0-10.0.0.255 -> null',
    'none source iif=outside oif=inside src=172.16.0.0-172.16.255.255 dst=10.0.0.0-10.0.0.255 -> null',
    'source iif=inside oif=outside -> 192.0.2.1',
  ])
})

test('services: one port each, of the source or of the destination', () => {
  const services = ['object service HTTP', ' service tcp source eq www', 'object service HIGH', ' service tcp source eq 8080',
    'object service D1', ' service udp destination eq 53', 'object service D2', ' service udp destination eq 5353']
  assert.deepEqual(rows(...services, 'nat (inside,outside) source static PUMP OUTER service HTTP HIGH'), [
    'source iif=inside oif=outside src=10.0.0.5 proto=6 sport=80 -> 192.0.2.5:8080', 'destination iif=outside dst=192.0.2.5 proto=6 dport=8080 -> 10.0.0.5:80',
  ])
  assert.deepEqual(rows(...services, 'nat (inside,outside) source dynamic WARD interface service D1 D2'), [
    'destination iif=inside src=10.0.0.0-10.0.0.255 proto=17 dport=53 -> null:5353',
    'source iif=inside oif=outside src=10.0.0.0-10.0.0.255 proto=17 dport=5353 -> 192.0.2.1',
  ])
  assert.ok(rows(...services, 'nat (inside,outside) source static PUMP OUTER service HTTP D2').every((row) => row.includes('not one port each')))
})

test('objects: static before dynamic, small before large, ports of one object, networks written by their first address', () => {
  assert.deepEqual(rows('object network WARD', ' nat (inside,outside) dynamic interface', 'object network PUMP',
    ' nat (inside,outside) static OUTER service tcp 80 8080', 'object network FAR', ' nat (inside,outside) static 10.50.0.0 net-to-net'), [
    'source iif=inside oif=outside src=10.0.0.5 proto=6 sport=80 -> 192.0.2.5:8080',
    'destination iif=outside dst=192.0.2.5 proto=6 dport=8080 -> 10.0.0.5:80',
    'source iif=inside oif=outside src=172.16.0.0-172.16.255.255 -> 10.50.0.0-10.50.255.255 ? each address becomes the one at its own place in the other',
    'destination iif=outside dst=10.50.0.0-10.50.255.255 -> 172.16.0.0-172.16.255.255 ? each address becomes the one at its own place in the other',
    'source iif=inside oif=outside src=10.0.0.0-10.0.0.255 -> 192.0.2.1',
  ])
})

test('an interface whose address another device gives is a masquerade', () => {
  const text = ['interface G0/1', ' nameif outside', ' ip address dhcp setroute', 'nat (any,outside) source dynamic any interface']
  const { config } = readAsa(text.join('\n'), 'f')
  assert.deepEqual(natText(config), ['4 masquerade oif=outside -> null'])
})

test('what is not exact or not understood is an unknown with its line', () => {
  const config = read('nat (inside,outside) source dynamic WARD POOL interface', 'nat (dmz,outside) source static PUMP OUTER',
    'nat (inside,outside) source static NONE OUTER',
    'nat (inside,outside) source magic PUMP OUTER', 'object network PUMP', ' nat (inside,outside) bidirectional')
  assert.deepEqual([...new Set(config?.unknowns.map((u) => u.line))], [0, 1, 2, 3, 5].map((more) => FIRST + more))
})

test('before version 8.3: static, nat with global, exemptions; lists see mapped addresses', () => {
  const config = read('access-list NONAT extended permit ip 10.0.0.0 255.255.255.0 172.16.0.0 255.255.0.0',
    'global (outside) 1 192.0.2.10-192.0.2.20 netmask 255.255.255.0',
    'global (outside) 1 interface', 'nat (inside) 1 10.0.0.0 255.255.255.0', 'nat (inside) 0 access-list NONAT',
    'static (inside,outside) 192.0.2.5 10.0.0.5 netmask 255.255.255.255',
    'static (inside,outside) tcp interface 8080 10.0.0.6 www netmask 255.255.255.255 0 0')
  assert.deepEqual(natText(config).map((row) => row.slice(row.indexOf(' ') + 1)), [
    'none source iif=inside dst=172.16.0.0-172.16.255.255 src=10.0.0.0-10.0.0.255 -> null',
    'source iif=inside oif=outside src=10.0.0.6 proto=6 sport=80 -> 192.0.2.1:8080', 'destination iif=outside dst=192.0.2.1 proto=6 dport=8080 -> 10.0.0.6:80',
    'source iif=inside oif=outside src=10.0.0.5 -> 192.0.2.5', 'destination iif=outside dst=192.0.2.5 -> 10.0.0.5',
    'source iif=inside oif=outside src=10.0.0.0-10.0.0.255 -> 192.0.2.10-192.0.2.20', 'source iif=inside oif=outside src=10.0.0.0-10.0.0.255 -> 192.0.2.1',
  ])
  assert.deepEqual([config?.sees, config?.unknowns.length], ['before-dnat', 0])
  assert.deepEqual(read('nat (inside) 1 access-list GONE', 'global (outside) 1 interface', 'static (inside,outside) 192.0.2.5 access-list X',
    'global (outside) 7 some words')?.unknowns.map((u) => u.line - FIRST), [0, 2, 3])
  assert.equal(read('nat (inside,outside) source static PUMP OUTER')?.sees, 'after-dnat')
})

test('the answers of real texts: sections, directions and the order of objects', { skip: firewallsMissing }, () => {
  const real = (name: string): readonly string[] => natText(readAsa(firewallText(`batfish/cisco_asa/${name}`), name).config)
  const twice = real('asa-nat-twice-static')
  assert.deepEqual(twice.slice(0, 2), ['37 source iif=inside oif=outside src=1.1.1.1 -> 2.2.2.2', '37 destination iif=outside dst=2.2.2.2 -> 1.1.1.1'])
  assert.deepEqual(twice.filter((row) => row.startsWith('41')), ['41 none source iif=outside oif=inside -> null', '41 none destination iif=inside -> null'])
  assert.deepEqual(twice.slice(-4), [
    '36 destination iif=inside src=1.1.1.1 dst=3.3.3.3 -> 4.4.4.4', '36 source iif=inside oif=outside src=1.1.1.1 dst=4.4.4.4 -> 2.2.2.2',
    '36 destination iif=outside src=4.4.4.4 dst=2.2.2.2 -> 1.1.1.1', '36 source iif=outside oif=inside src=4.4.4.4 dst=1.1.1.1 -> 3.3.3.3',
  ])
  assert.ok(!twice.some((row) => row.startsWith('39 ')), 'an inactive line translates nothing')
  const lines = real('asa-nat-mixed').map((row) => Number(row.split(' ')[0]))
  assert.deepEqual([...new Set(lines)], [24, 25, 39, 35, 31, 29, 37, 33, 23, 26], 'manual, objects static then dynamic, after-auto')
})
