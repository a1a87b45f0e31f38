// Tests of the readers of Linux routes and rules: JSON and text mean the same, and what is not modelled is said.
// Keeps "never dropped", and "one routing table is not the network": rules are read with their selectors.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { address } from '../text/testing.test.ts'
import { readLinuxRoutes } from './read-routes.ts'
import { readLinuxRules } from './read-rules.ts'

const TEXT = `default via 192.0.2.1 dev eth0 proto dhcp metric 100
10.0.0.0/24 dev eth1 proto kernel scope link src 10.0.0.1 linkdown
10.9.0.0/24 proto static metric 10
\tnexthop via 10.0.0.2 dev eth1 weight 2
\tnexthop via 10.0.0.3 dev eth1@if7 weight 1
blackhole 202.114.4.0/25
prohibit 202.114.4.128/25 metric 900000
unreachable 10.7.0.1
10.5.0.0/24 via 10.0.0.9 dev eth1 table 100
broadcast 10.0.0.255 dev eth1 table local proto kernel scope link src 10.0.0.1
`

const JSON_TEXT = JSON.stringify([
  { dst: 'default', gateway: '192.0.2.1', dev: 'eth0', protocol: 'dhcp', metric: 100, flags: [] },
  { dst: '10.0.0.0/24', dev: 'eth1', protocol: 'kernel', scope: 'link', prefsrc: '10.0.0.1', flags: ['linkdown'] },
  { dst: '10.9.0.0/24', protocol: 'static', metric: 10, flags: [], nexthops: [
    { gateway: '10.0.0.2', dev: 'eth1', weight: 2, flags: [] }, { gateway: '10.0.0.3', dev: 'eth1', weight: 1, flags: [] }] },
  { type: 'blackhole', dst: '202.114.4.0/25', flags: [] },
  { type: 'prohibit', dst: '202.114.4.128/25', metric: 900_000, flags: [] },
  { type: 'unreachable', dst: '10.7.0.1', flags: [] },
  { dst: '10.5.0.0/24', gateway: '10.0.0.9', dev: 'eth1', table: '100', flags: [] },
  { type: 'broadcast', dst: '10.0.0.255', dev: 'eth1', table: 'local', flags: [] },
  {},
])

test('text and JSON of the same routes mean the same', () => {
  const fromText = readLinuxRoutes(TEXT, 'r.txt')
  const fromJson = readLinuxRoutes(JSON_TEXT, 'r.json')
  const withoutLines = (read: typeof fromText) => read.routes.map((route) => ({ ...route, line: 0 }))
  assert.deepEqual(withoutLines(fromText), withoutLines(fromJson))
  assert.deepEqual(fromText.interfaces, ['eth0', 'eth1'])
  assert.deepEqual([fromText.unknowns, fromJson.unknowns], [[], []])
  assert.deepEqual(fromText.routes.map((r) => [r.kind, r.length, r.metric, r.table, r.iface]), [
    ['via', 0, 100, 'main', 0], ['connected', 24, 0, 'main', 1], ['via', 24, 10, 'main', 1], ['via', 24, 10, 'main', 1],
    ['blackhole', 25, 0, 'main', null], ['prohibit', 25, 900_000, 'main', null], ['unreachable', 32, 0, 'main', null], ['via', 24, 0,
      '100', 1]])
  assert.deepEqual(fromText.routes.map((r) => r.line), [1, 2, 3, 3, 6, 7, 8, 9])
})

test('IPv6: the kernel\'s default metric, link-local next hops, the family of default', () => {
  const read = readLinuxRoutes(
    'default via fe80::1 dev eth0 proto ra pref medium\n2001:db8::/64 dev eth0 metric 256 pref medium\ndefault dev tun0\n',
    'r6', { version: 6, interfaces: ['lo'] })
  assert.deepEqual(read.routes.map((r) => [r.version, r.kind, r.metric, r.iface]), [[6, 'via', 1024, 1], [6, 'connected', 256, 1], [6,
    'connected', 1024, 2]])
  assert.equal(read.routes[0]?.nextHop, address('fe80::1'))
})

test('routes that are not modelled are unknown, with line and reason', () => {
  const read = readLinuxRoutes(['throw 10.1.0.0/16', '10.2.0.0/16 encap mpls 7 via 10.0.0.1 dev eth0',
    '10.3.0.0/16 via inet6 fe80::1 dev eth0',
    '10.4.0.0/16 via 10.0.0.1 dev eth0 dead linkdown', 'rubbish dev eth0', '10.5.0.0/16 nhid 4',
    '10.6.0.0/16 tos 0x10 dev eth0'].join('\n'), 'r')
  assert.deepEqual(read.routes, [])
  assert.deepEqual(read.unknowns.map((u) => u.line), [1, 2, 3, 4, 5, 6, 7])
  assert.equal(read.diagnostics.length, 7)
  assert.equal(readLinuxRoutes('[{"dst":', 'r').diagnostics[0]?.code, 'iproute2/not-json')
  assert.equal(readLinuxRoutes('[1]', 'r').diagnostics[0]?.code, 'iproute2/not-json')
})

const RULES = `0:\tfrom all lookup local
500:\tfrom all to 10.6.0.0/24 prohibit
600:\tfrom 10.1.0.0/16 to 10.2.0.0/16 iif eth1 [detached] ipproto tcp dport 80-90 lookup 100
650:\tfrom all fwmark 0x1/0xff lookup 200
499:\tnot from 10.3.0.0/16 lookup 100 suppress_prefixlength 0
32766:\tfrom all lookup main
`
const RULES_JSON = JSON.stringify([
  { priority: 0, src: 'all', table: 'local' }, { priority: 500, src: 'all', dst: '10.6.0.0', dstlen: 24, action: 'prohibit' },
  { priority: 600, src: '10.1.0.0', srclen: 16, dst: '10.2.0.0', dstlen: 16, iif: 'eth1', iif_detached: null, ipproto: 'tcp',
    dport_start: 80,
    dport_end: 90, table: '100' },
  { priority: 650, src: 'all', fwmark: '0x1', fwmask: '0xff', table: '200' },
  { priority: 499, not: null, src: '10.3.0.0', srclen: 16, table: '100', suppress_prefixlen: 0 }, { priority: 32766, src: 'all',
    table: 'main' },
])

test('rules in the order the kernel asks them, JSON and text alike', () => {
  const fromText = readLinuxRules(RULES, 'rules')
  const fromJson = readLinuxRules(RULES_JSON, 'rules.json')
  const shape = (read: typeof fromText) => read.rules.map((r) => [r.priority, r.action, r.match.fields.toSorted((a,
    b) => (a[0] < b[0] ? -1 : 1))])
  assert.deepEqual(shape(fromText), shape(fromJson))
  assert.deepEqual(fromText.rules.map((r) => r.priority), [0, 499, 500, 600, 650, 32_766])
  assert.deepEqual(fromText.rules[2]?.action, { kind: 'prohibit' })
  assert.deepEqual(fromText.rules[3]?.match.fields.map(([field]) => field), ['src', 'dst', 'iif', 'proto', 'dport'])
})

test('marks, negation and suppression make the match unknown; a goto or an odd line is said', () => {
  const { rules, unknowns } = readLinuxRules(`${RULES}496:\tfrom 10.4.0.1 goto 32766\n497:\tfrom all frobnicate 3\n`, 'rules')
  assert.deepEqual(rules.find((r) => r.priority === 650)?.match.unknown.map((u) => u.reason), ['fwmark is not modelled'])
  const negated = rules.find((r) => r.priority === 499)
  assert.deepEqual(negated?.match.fields, [])
  assert.deepEqual(negated?.match.unknown.map((u) => u.reason).sort(), ['not is not modelled', 'suppress_prefixlen is not modelled'])
  assert.ok(unknowns.some((u) => u.text.includes('goto')))
  assert.ok(unknowns.some((u) => u.text.includes('frobnicate')))
})

const ROUTE_WORDS = ['default', 'via', 'dev', 'eth0', '10.0.0.0/8', '10.0.0.1', 'inet6', 'fe80::1', 'metric', '7', 'blackhole', 'nexthop',
  'dead',
  'constructor', '[', '{', 'table', '500:', 'from', 'all', 'to', 'lookup', 'not', 'prohibit', 'ipproto', 'tcp', '1.2.3.4/99']

test('iif lo is what the machine itself sends: no interface of the model, so the match is unknown, in both spellings', () => {
  for (const text of ['100:\tfrom all iif lo lookup 77\n', '[{"priority":100,"src":"all","iif":"lo","table":"77"}]']) {
    const { rules, unknowns, interfaces } = readLinuxRules(text, 'rules')
    assert.deepEqual(rules.map(({ match }) => [match.fields, match.unknown.map(({ reason }) => reason)]), [[[], ['iif is not modelled']]], text)
    assert.deepEqual([unknowns.length, interfaces], [1, []])
  }
})

test('any words, and any JSON, never throw; every line is a route, kept by the kernel, or unknown', () => {
  fc.assert(fc.property(fc.array(fc.array(fc.constantFrom(...ROUTE_WORDS), { maxLength: 8 }), { maxLength: 8 }), (words) => {
    const text = words.map((line) => line.join(' ')).join('\n')
    const routes = readLinuxRoutes(text, 'fuzz')
    const rules = readLinuxRules(text, 'fuzz')
    assert.ok(routes.routes.every((r) => r.iface === null || routes.interfaces[r.iface] !== undefined))
    assert.ok(rules.rules.every((r) => r.priority >= 0))
  }), { numRuns: 300 })
  fc.assert(fc.property(fc.json(), (json) => {
    assert.ok(Array.isArray(readLinuxRoutes(`[${json}]`, 'fuzz').routes))
    assert.ok(Array.isArray(readLinuxRules(`[${json}]`, 'fuzz').rules))
  }), { numRuns: 200 })
})
