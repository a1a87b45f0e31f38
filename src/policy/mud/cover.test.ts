// Tests of coverage: entries against traffic, flow tables, gaps between two files, and a slow twin that asks packet by packet.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePrefix, type IpVersion, type Prefix } from '../../base/ip.ts'
import { checkFlows, gaps } from './compare.ts'
import { coverage, NO_SITE, prefixWithin, type MudSite, type MudTraffic } from './cover.ts'
import { readFlowTable } from './flow-csv.ts'
import type { Mud, MudPeer, MudRule } from './model.ts'

function block(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

const port = (low: number, high = low): MudRule['peerPorts'] => [{ low, high }]
const at = { file: 'x', line: 1, column: 1 }
const name = (text: string): MudPeer => ({ kind: 'name', name: text })
const net = (text: string): MudPeer => ({ kind: 'prefix', prefix: block(text) })

function rule(more: Partial<MudRule>): MudRule {
  return {
    direction: 'from-device', acl: 'fr', ace: 'e0', family: 4, protocol: 6, peers: [name('cloud.example')], devicePorts: null,
    peerPorts: port(443), icmp: null, initiated: null, action: 'allow', at, ...more,
  }
}

function mud(...rules: readonly MudRule[]): Mud {
  return { dialect: 'acls', url: '', systeminfo: null, manufacturer: null, model: null, lastUpdate: null, rules, refused: [] }
}

function traffic(more: Partial<MudTraffic> = {}): MudTraffic {
  return {
    direction: 'from-device', family: 4, protocol: 6, peers: [name('cloud.example')], devicePorts: null, peerPorts: port(443), icmp: null,
    opens: null, ...more,
  }
}

const site = (pairs: Readonly<Record<string, string>>, local: readonly string[] | null = null): MudSite => ({
  addresses: new Map(Object.entries(pairs).map(([key, text]) => [key, [block(text)]])), local: local?.map(block) ?? null,
})

const answer = (rules: readonly MudRule[], t: MudTraffic, s: MudSite = NO_SITE): string => coverage(mud(...rules), t, s).answer

test('the same name is covered, another is not, and an address depends on what the site says of the name', () => {
  const address = traffic({ peers: [net('198.51.100.7/32')] })
  assert.equal(answer([rule({})], traffic()), 'yes')
  assert.equal(answer([rule({})], traffic({ peers: [name('other.example')] })), 'no')
  assert.equal(answer([rule({})], traffic({ peers: [name('other.example'), name('cloud.example')] })), 'yes', 'two names of one address')
  assert.equal(answer([rule({})], address), 'perhaps')
  assert.equal(answer([rule({})], address, site({ 'cloud.example': '198.51.100.0/24' })), 'yes')
  assert.equal(answer([rule({})], address, site({ 'cloud.example': '198.51.101.0/24' })), 'no')
})

test('direction, family, protocol, ports, ICMP and who opens each decide alone', () => {
  const cases: readonly (readonly [Partial<MudRule>, Partial<MudTraffic>, string])[] = [
    [{}, { direction: 'to-device' }, 'no'],
    [{}, { family: 6 }, 'no'], [{}, { family: null }, 'perhaps'], [{ family: null }, { family: 6 }, 'yes'],
    [{}, { protocol: 17 }, 'no'], [{ protocol: null, peerPorts: null }, { protocol: 17 }, 'yes'],
    [{}, { peerPorts: port(80) }, 'no'], [{ peerPorts: port(400, 500) }, {}, 'yes'], [{}, { peerPorts: port(400, 500) }, 'perhaps'],
    [{}, { peerPorts: null }, 'perhaps'], [{ devicePorts: port(68) }, {}, 'perhaps'],
    [{ protocol: 1, peerPorts: null, icmp: { type: 8, code: null } }, { protocol: 1, peerPorts: null, icmp: { type: 8, code: 0 } }, 'yes'],
    [{ protocol: 1, peerPorts: null, icmp: { type: 8, code: null } }, { protocol: 1, peerPorts: null, icmp: { type: 0, code: 0 } }, 'no'],
    [{ initiated: 'from-device' }, { opens: 'to-device' }, 'no'], [{ initiated: 'from-device' }, { opens: 'from-device' }, 'yes'],
  ]
  for (const [r, t, expected] of cases) assert.equal(answer([rule(r)], traffic(t)), expected, JSON.stringify([r, t]))
})

test('local networks are what the site says, else what can only be inside', () => {
  const local = rule({ peers: [{ kind: 'local-networks' }] })
  const ask = (text: string, s = NO_SITE): string => answer([local], traffic({ peers: [net(text)] }), s)
  assert.deepEqual(['192.168.1.1/32', '8.8.8.8/32', '224.0.0.251/32', '169.254.1.1/32'].map((t) => ask(t)), ['yes', 'no', 'yes', 'yes'])
  assert.deepEqual(['192.168.1.1/32', '10.20.3.1/32'].map((t) => ask(t, site({}, ['10.20.0.0/16']))), ['no', 'yes'])
  assert.deepEqual(['printer.local', 'cloud.example'].map((t) => answer([local], traffic({ peers: [name(t)] }))), ['yes', 'perhaps'])
})

test('a controller is whom the site names', () => {
  const dns = rule({ protocol: 17, peerPorts: port(53), peers: [{ kind: 'controller', uri: 'urn:ietf:params:mud:dns' }] })
  const ask = (s: MudSite): string => answer([dns], traffic({ protocol: 17, peerPorts: port(53), peers: [net('10.0.0.53/32')] }), s)
  assert.deepEqual([ask(NO_SITE), ask(site({ 'controller urn:ietf:params:mud:dns': '10.0.0.53/32' })),
    ask(site({ 'controller urn:ietf:params:mud:dns': '10.0.0.54/32' }))], ['perhaps', 'yes', 'no'])
})

test('entries are read in order: a denial before an allowance wins, and one that may match leaves doubt', () => {
  const deny = rule({ ace: 'd', action: 'deny' })
  assert.equal(answer([deny, rule({})], traffic()), 'no')
  assert.equal(answer([rule({}), deny], traffic()), 'yes')
  assert.equal(answer([{ ...deny, devicePorts: port(1) }, rule({})], traffic()), 'perhaps')
})

test('the nearest entry and what it misses are named', () => {
  const far = rule({ ace: 'far', protocol: 17, peerPorts: port(53), peers: [name('a.example')] })
  const near = rule({ ace: 'near', peerPorts: port(80) })
  const found = coverage(mud(far, near), traffic())
  assert.deepEqual([found.answer, found.rule?.ace, found.doubts], ['no', 'near', [{ tri: 'no', words: 'port of the other side 80, not 443' }]])
})

const HEAD = 'srcMac,dstMac,ethType,vlanId,srcIp,dstIp,ipProto,srcPort,dstPort,priority,icmpType,icmpCode,volumeTransmitted,packetCount'
const OWN = '02:00:00:00:00:01'
const ROWS = [
  `${OWN},02:00:00:00:00:02,0x0800,*,*,cloud.example,6,*,443,855,*,*,100,2`, `02:00:00:00:00:02,${OWN},0x0800,*,10.0.0.1,*,17,53,*,1001,*,*,1,1`,
  `${OWN},ff:ff:ff:ff:ff:ff,0x0800,*,*,255.255.255.255,17,*,67,1300,*,*,0,0`, `${OWN},*,0x0806,*,*,*,*,*,*,1000,*,*,42,1`,
  `${OWN},02:00:00:00:00:02,*,*,*,*,17,*,53,1000,*,*,72,1`, '02:00:00:00:00:09,02:00:00:00:00:02,0x0800,*,*,a.example,6,*,80,1,*,*,1,1',
  `${OWN},02:00:00:00:00:02,0x0800,*,*,a.example|b.example,6,*,443,855,*,*,100,2`,
]

test('a flow table: rows of the device that were seen, the rest counted', () => {
  const found = readFlowTable([HEAD, ...ROWS, ''].join('\r\n'), 'x.csv', OWN.toUpperCase())
  assert.deepEqual([found.flows.map((f) => f.line), found.notIp, found.unseen, found.others, found.diagnostics], [[2, 3, 6, 8], 1, 1, 1, []])
  assert.deepEqual(found.flows.map((f) => [f.direction, f.family, f.peers.length]),
    [['from-device', 4, 1], ['to-device', 4, 1], ['from-device', null, 0], ['from-device', 4, 2]])
})

test('rows that cannot be read are said with their line, tables of another kind refused', () => {
  const bad = (cells: string): readonly (string | number)[] =>
    readFlowTable(`${HEAD}\n${cells}`, 'x.csv', OWN).diagnostics.flatMap((d) => [d.code, d.line])
  assert.deepEqual(bad(`${OWN},*,0x0800,*,*,two words,6,*,443,1,*,*,1,1`), ['mud-flows/row', 2])
  assert.deepEqual(bad(`${OWN},*,0x0800,*,*,a.example,999,*,443,1,*,*,1,1`), ['mud-flows/row', 2])
  assert.deepEqual(bad(`${OWN},*,0x0800,*,*,a.example,6,*,70000,1,*,*,1,1`), ['mud-flows/row', 2])
  assert.deepEqual(readFlowTable('a,b\n1,2', 'x.csv', OWN).diagnostics.map((d) => d.code), ['mud-flows/columns'])
})

test('what was done against what is allowed: uncovered, undecided, unnamed, never used', () => {
  const { flows } = readFlowTable([HEAD, ...ROWS].join('\n'), 'x.csv', OWN)
  const unused = rule({ ace: 'unused', peerPorts: port(8443) })
  const check = checkFlows(mud(rule({}), unused), flows, NO_SITE)
  assert.deepEqual([check.covered.map((j) => j.flow.line), check.uncovered.map((j) => j.flow.line), check.unnamed.map((f) => f.line)],
    [[2], [3, 8], [6]])
  assert.deepEqual(check.neverUsed.map((r) => r.ace), ['unused'])
})

test('gaps: what one file allows and the other does not, in whole or in part', () => {
  const a = mud(rule({ ace: 'a' }), rule({ ace: 'b', peerPorts: null }), rule({ ace: 'c', peers: [name('new.example')] }))
  assert.deepEqual(gaps(a, mud(rule({})), NO_SITE).map((g) => [g.rule.ace, g.coverage.answer]), [['b', 'perhaps'], ['c', 'no']])
  assert.deepEqual(gaps(a, a, NO_SITE), [])
})

/** Slow twin: a rule and a traffic over four addresses and four ports, asked packet by packet. */
const smallBlock = fc.constantFrom('10.0.0.0/30', '10.0.0.0/31', '10.0.0.2/31', '10.0.0.0/32', '10.0.0.3/32')
const smallPorts = fc.option(fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) })))
const side = fc.record({ network: smallBlock, ports: smallPorts, family: fc.constantFrom<IpVersion | null>(4, null), protocol: fc.constantFrom(6, 17) })

test('property: yes means every packet is in the entry, no means none is', () => {
  fc.assert(fc.property(side, side, (r, t) => {
    const found = answer([rule({ peers: [net(r.network)], peerPorts: r.ports === null ? null : [r.ports], protocol: r.protocol, family: r.family })],
      traffic({ peers: [net(t.network)], peerPorts: t.ports === null ? null : [t.ports], protocol: t.protocol, family: 4 }))
    const holds = (s: typeof r, address: number, p: number, protocol: number): boolean => s.protocol === protocol
      && (s.ports === null || (s.ports.low <= p && p <= s.ports.high)) && prefixWithin(block(`10.0.0.${address}/32`), block(s.network))
    const packets = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3, 9].flatMap((p) => [6, 17].map((x) => [a, p, x] as const)))
    const meant = packets.filter(([a, p, x]) => holds(t, a, p, x))
    const inside = meant.filter(([a, p, x]) => holds(r, a, p, x)).length
    if (found === 'yes') assert.equal(inside, meant.length)
    if (found === 'no') assert.equal(inside, 0)
  }), { numRuns: 500 })
})

test('property: a flow table of any text never throws, and lines stay inside it', () => {
  const cell = fc.oneof(fc.constantFrom('*', OWN, '0x0800', '6', '443', 'a.example', '10.0.0.1', '', '__proto__', '-1', '1e9'), fc.string())
  fc.assert(fc.property(fc.array(fc.array(cell, { maxLength: 16 }), { maxLength: 8 }), (rows) => {
    const text = [HEAD, ...rows.map((r) => r.join(','))].join('\n')
    const found = readFlowTable(text, 'x.csv', OWN)
    for (const flow of found.flows) assert.ok(flow.line >= 2 && flow.line <= text.split('\n').length)
  }), { numRuns: 300 })
})
