// Tests of names: the zone of an address against a brute force on bits, and what assets add to a zone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, ipFromValue, ipValue, ipVersion, IP_BITS, parseIp, parsePrefix, type Ip, type IpVersion,
  type Prefix } from '../../base/ip.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import type { Policy } from '../language/model.ts'
import { parsePolicy } from '../language/policy.ts'
import { builtInZoneOf, hostPrefix, policyNames, zoneOf, type NameMap } from './names.ts'

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

const names = (zones: Readonly<Record<string, readonly string[]>>): NameMap =>
  new Map(Object.entries(zones).map(([zone, list]) => [zone, list.map(prefix)]))

test('where an address goes that no zone holds', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['202.114.4.119', 'internet'], ['8.8.8.8', 'internet'], ['2400:cb00::1', 'internet'],
    // Documentation and reserved blocks: a default route carries them out, so in doubt they leave.
    ['203.0.113.7', 'internet'], ['198.18.0.1', 'internet'], ['240.0.0.1', 'internet'], ['2001:db8::1', 'internet'],
    ['64:ff9b::808:808', 'internet'],
    ['10.0.0.1', 'unzoned'], ['172.31.255.255', 'unzoned'], ['192.168.1.1', 'unzoned'], ['100.64.0.1', 'unzoned'],
    ['169.254.3.3', 'unzoned'],
    ['127.0.0.1', 'unzoned'], ['0.0.0.0', 'unzoned'], ['::', 'unzoned'], ['::1', 'unzoned'], ['fd00::1', 'unzoned'], ['fe80::1', 'unzoned'],
    ['224.0.0.251', 'group'], ['239.255.255.250', 'group'], ['255.255.255.255', 'group'], ['ff02::1', 'group'],
    // Next to the private blocks, and outside of them.
    ['11.0.0.1', 'internet'], ['172.32.0.1', 'internet'], ['172.15.255.255', 'internet'], ['192.169.0.1', 'internet'],
    ['100.128.0.1', 'internet'],
  ]
  for (const [text, zone] of rows) {
    assert.equal(builtInZoneOf(ip(text)), zone, text)
    assert.equal(zoneOf(new Map(), ip(text)), zone, text)
  }
})

test('the longest prefix wins, whichever zone comes first', () => {
  for (const order of [['bedside', 'hospital', 'campus'], ['campus', 'hospital', 'bedside']]) {
    const all: Record<string, readonly string[]> = { bedside: ['10.20.3.7/32'], hospital: ['10.0.0.0/8'], campus: ['10.20.0.0/16'] }
    const map = names(Object.fromEntries(order.map((zone) => [zone, all[zone] ?? []])))
    assert.deepEqual(['10.20.3.7', '10.20.3.8', '10.21.0.1'].map((text) => zoneOf(map, ip(text))), ['bedside', 'campus', 'hospital'])
  }
})

test('of two equal prefixes the earlier zone wins', () => {
  assert.equal(zoneOf(names({ a: ['10.0.0.1/32'], b: ['10.0.0.1/32'] }), ip('10.0.0.1')), 'a')
  assert.equal(zoneOf(names({ b: ['10.0.0.1/32'], a: ['10.0.0.1/32'] }), ip('10.0.0.1')), 'b')
})

test('an address that a zone holds is no Internet, and a group address never is a zone', () => {
  const map = names({ campus: ['202.114.4.0/24'], all: ['0.0.0.0/0', '::/0'] })
  assert.equal(zoneOf(map, ip('202.114.4.119')), 'campus')
  assert.equal(zoneOf(map, ip('8.8.8.8')), 'all')
  assert.equal(zoneOf(map, ip('224.0.0.1')), 'group')
  assert.equal(zoneOf(map, ip('ff02::1')), 'group')
})

test('the two IP versions do not mix', () => {
  assert.equal(zoneOf(names({ four: ['0.0.0.0/0'] }), ip('2400::1')), 'internet')
  assert.equal(zoneOf(names({ six: ['::/0'] }), ip('8.8.8.8')), 'internet')
})

/** Bits as text: what an address block is, on paper. */
const bitsOf = (value: bigint, version: IpVersion): string => value.toString(2).padStart(IP_BITS[version], '0')

function slowZone(map: NameMap, address: Ip): string | null {
  const version = ipVersion(address)
  const bits = bitsOf(ipValue(address), version)
  const holding = [...map].flatMap(([zone, list]) => list.map((p) => ({ zone, p })))
    .filter(({ p }) => p.version === version && bits.startsWith(bitsOf(p.network, version).slice(0, p.length)))
  return holding.sort((a, b) => b.p.length - a.p.length)[0]?.zone ?? null
}

/** Blocks and addresses close together, so that they meet. */
const version = fc.constantFrom<IpVersion>(4, 6)
const nearby = fc.record({ version, low: fc.nat(255), length: fc.nat(8) })
const base: Readonly<Record<IpVersion, bigint>> = { 4: 10n << 24n, 6: 0xfd00n << 112n }
const somePrefix = nearby.map(({ version: v, low, length }): Prefix => {
  const hostBits = BigInt(8 - length)
  return { version: v, network: base[v] + ((BigInt(low) >> hostBits) << hostBits), length: IP_BITS[v] - 8 + length }
})
const someIp = nearby.map(({ version: v, low }) => ipFromValue(v, base[v] + BigInt(low)))

test('zoneOf is the longest match on paper', () => {
  const someNames = fc.array(fc.array(somePrefix, { maxLength: 4 }), { maxLength: 4 })
  fc.assert(fc.property(someNames, someIp, (lists, address) => {
    const map: NameMap = new Map(lists.map((list, i) => [`z${i}`, list]))
    assert.equal(zoneOf(map, address), slowZone(map, address) ?? builtInZoneOf(address))
  }), { numRuns: 500 })
})

const policy = ((): Policy => {
  const zones: PlainValue = [
    { name: 'bedside', kind: 'medical', profiles: ['contec-cms8000', 'epsimed-mn-120'] },
    { name: 'central', kind: 'medical', profiles: ['cms-central-station'], prefixes: ['10.20.0.0/24'], inside: 'hospital' },
    { name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/9'], inside: 'outer' },
    { name: 'outer', kind: 'it', prefixes: ['10.0.0.0/8'] },
  ]
  const result = parsePolicy(treeFromValue({ version: 1, zones, conduits: [] }, 'p.yaml'))
  assert.deepEqual(result.diagnostics, [])
  assert.ok(result.policy)
  return result.policy
})()

test('assets bring their addresses into the zones that select their profile', () => {
  const map = policyNames(policy, new Map([
    ['contec-cms8000', [ip('10.1.1.1'), ip('202.114.4.20'), ip('fe80::7')]],
    ['epsimed-mn-120', [ip('10.1.1.2')]],
    ['cms-central-station', [ip('202.114.4.119')]],
    ['unheard-of', [ip('10.9.9.9')]],
  ]))
  assert.deepEqual([...map].map(([zone, list]) => [zone, list.map(formatPrefix)]), [
    ['bedside', ['10.1.1.1/32', '202.114.4.20/32', 'fe80::7/128', '10.1.1.2/32']],
    ['central', ['10.20.0.0/24', '202.114.4.119/32']],
    ['hospital', ['10.0.0.0/9']],
    ['outer', ['10.0.0.0/8']],
  ])
  assert.equal(zoneOf(map, ip('202.114.4.119')), 'central', 'answered on the segment, the factory address is the central station')
  assert.equal(zoneOf(map, ip('202.114.4.120')), 'internet', 'not answered, it is the Internet')
})

test('addresses that name no single device pull nobody into a zone', () => {
  const map = policyNames(policy, new Map([['contec-cms8000',
    [ip('0.0.0.0'), ip('::'), ip('255.255.255.255'), ip('224.0.0.1'), ip('ff02::1')]]]))
  assert.deepEqual(map.get('bedside'), [])
})

test('a host prefix holds its address and no other', () => {
  assert.equal(formatPrefix(hostPrefix(ip('10.0.0.1'))), '10.0.0.1/32')
  assert.equal(formatPrefix(hostPrefix(ip('fd00::1'))), 'fd00::1/128')
})
