// Tests of MUD in and out: three dialects, refusals by name, who opens what, and files written that read back as they were meant.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePrefix, type Prefix } from '../../base/ip.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import { internetWitnesses, mudConduits, peerText, unresolvedNames } from './conduits.ts'
import type { Mud, MudOptions, MudResult } from './model.ts'
import { readMud } from './read.ts'
import { protocolText, writeMud, type MudDevice, type MudFlow, type WritablePeer } from './write.ts'

function block(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok)
  return parsed.value
}

type Ace = { readonly [key: string]: PlainValue }

/** An RFC 8520 file with these matches, from the device and to it. */
function fileOf(from: readonly Ace[], to: readonly Ace[] = [], action = 'accept'): PlainValue {
  const list = (name: string, matches: readonly Ace[]): PlainValue => ({
    name, type: 'ipv4-acl-type',
    aces: { ace: matches.map((m, i) => ({ name: `${name}-${i}`, matches: m, actions: { forwarding: action } })) },
  })
  const named = (name: string): PlainValue => ({ 'access-lists': { 'access-list': [{ name }] } })
  return {
    'ietf-mud:mud': {
      'mud-version': 1, 'mud-url': 'https://pump.example/mud', systeminfo: 'pump',
      'from-device-policy': named('fr'), 'to-device-policy': named('to'),
    },
    'ietf-access-control-list:acls': { acl: [list('fr', from), list('to', to)] },
  }
}

const read = (file: PlainValue, options?: MudOptions): MudResult => readMud(treeFromValue(file, 'pump.json'), options)
const codes = (r: MudResult): readonly string[] => r.diagnostics.map((d) => d.code)
const eq = (port: number): PlainValue => ({ operator: 'eq', port })
const BY_DEVICE = { 'ietf-mud:direction-initiated': 'from-device' }
const BY_PEER = { 'ietf-mud:direction-initiated': 'to-device' }
const LOCAL: Ace = { 'ietf-mud:mud': { 'local-networks': [null] } }

function mudOf(r: MudResult): Mud {
  assert.ok(r.mud !== null, JSON.stringify(r.diagnostics))
  return r.mud
}

const says = (r: MudResult): readonly string[] => mudConduits(mudOf(r)).map((c) => {
  const head = `${c.opens} ${c.action} ${c.peers.map(peerText).join('&')} ${protocolText(c.protocol, c.ports)}`
  return [head, ...c.inexact.map((i) => `(${i})`)].join(' ')
})

test('a question and its answer are one conduit, whoever opens it', () => {
  const r = read(fileOf(
    [{ ipv4: { protocol: 6, 'ietf-acldns:dst-dnsname': 'Station.Example' }, tcp: { 'destination-port': eq(8104), ...BY_DEVICE } },
      { ...LOCAL, ipv4: { protocol: 6 }, tcp: { 'source-port': eq(22), ...BY_PEER } }],
    [{ ipv4: { protocol: 6, 'ietf-acldns:src-dnsname': 'station.example' }, tcp: { 'source-port': eq(8104), ...BY_DEVICE } },
      { ...LOCAL, ipv4: { protocol: 6 }, tcp: { 'destination-port': eq(22), ...BY_PEER } }],
  ))
  assert.deepEqual([says(r), codes(r)], [['device allow station.example tcp 8104', 'peer allow local-networks tcp 22'], []])
  assert.deepEqual(unresolvedNames(mudConduits(mudOf(r))), ['station.example'])
})

test('a way out does not hide behind a local question on the same port', () => {
  const r = read(fileOf(
    [{ ipv4: { protocol: 17, 'ietf-acldns:dst-dnsname': 'cloud.example' }, udp: { 'source-port': eq(5000) } }],
    [{ ...LOCAL, ipv4: { protocol: 17 }, udp: { 'destination-port': eq(5000) } }],
  ))
  assert.deepEqual(internetWitnesses(mudConduits(mudOf(r))).map((w) => [w.opens, w.port, w.peer]), [['peer', 5000, 'cloud.example']])
})

test('an answer without a question is said to be inferred', () => {
  const r = read(fileOf([], [{ ...LOCAL, ipv4: { protocol: 17 }, udp: { 'source-port': eq(69) } }]))
  assert.deepEqual(says(r), ['device allow local-networks udp 69 (the file has the answer only: the question is inferred from it)'])
})

test('an entry without other side is refused by name, or widened with a named warning', () => {
  const file = fileOf([{ ipv4: { protocol: 6 }, tcp: { 'destination-port': eq(443) } }])
  const refused = read(file)
  assert.deepEqual([codes(refused), mudOf(refused).rules.length], [['mud/no-peer'], 0])
  assert.deepEqual(mudOf(refused).refused.map((x) => [x.acl, x.ace, x.code]), [['fr', 'fr-0', 'no-peer']])
  const widened = read(file, { withoutPeer: 'widen' })
  assert.deepEqual([codes(widened), says(widened)], [['mud/widened'], ['device allow any tcp 443']])
  assert.equal(internetWitnesses(mudConduits(mudOf(widened))).length, 1)
})

test('operator eq with a range is read as the range, with a named warning; any other operator refuses', () => {
  const ports = (operator: string): PlainValue => ({ operator, 'lower-port': 1024, 'upper-port': 2048 })
  const eqRange = read(fileOf([{ ...LOCAL, ipv4: { protocol: 17 }, udp: { 'destination-port': ports('eq') } }]))
  assert.deepEqual([codes(eqRange), says(eqRange)], [['mud/eq-with-range'], ['device allow local-networks udp 1024-2048']])
  const codesOf = (operator: string): readonly string[] =>
    codes(read(fileOf([{ ...LOCAL, ipv4: { protocol: 17 }, udp: { 'destination-port': ports(operator) } }])))
  assert.deepEqual([codesOf('range'), codesOf('neq')], [[], ['mud/bad-value']])
})

test('the operators of RFC 8519', () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ['eq', 80, '80'], ['lte', 80, '0-80'], ['gte', 80, '80-65535'], ['neq', 80, '0-79, 81-65535'], ['neq', 0, '1-65535'],
  ]
  for (const [operator, port, text] of cases) {
    const r = read(fileOf([{ ...LOCAL, ipv4: { protocol: 17 }, udp: { 'destination-port': { operator, port } } }]))
    assert.deepEqual(says(r), [`device allow local-networks udp ${text}`], operator)
  }
})

test('what cannot be read refuses the entry, never widens it', () => {
  const cases: readonly (readonly [string, Ace])[] = [
    ['mud/unknown-match', { ...LOCAL, ipv4: { protocol: 6, dscp: 3 } }],
    ['mud/unknown-match', { ...LOCAL, mpls: {} }],
    ['mud/unknown-match', { ...LOCAL, ipv4: {}, eth: { ethertype: '0x0800', 'destination-mac-address': '02:00:00:00:00:01' } }],
    ['mud/not-ip', { ...LOCAL, eth: { ethertype: '0x888e' } }],
    ['mud/bad-value', { ...LOCAL, ipv4: { protocol: 300 } }],
    ['mud/bad-value', { ipv4: { 'destination-ipv4-network': '10.0.0.1/8' } }],
    ['mud/bad-value', { ipv6: { 'destination-ipv6-network': '10.0.0.0/8' } }],
    ['mud/bad-value', { ipv4: { 'ietf-acldns:dst-dnsname': 'two words' } }],
    ['mud/bad-value', { ...LOCAL, ipv4: { protocol: 6 }, udp: { 'destination-port': eq(1) } }],
    ['mud/bad-value', { ...LOCAL, ipv4: 7 }],
    ['mud/own-address', { ...LOCAL, ipv4: { 'source-ipv4-network': '10.0.0.7/32' } }],
  ]
  for (const [code, matches] of cases) {
    const r = read(fileOf([matches]))
    assert.deepEqual([codes(r), mudOf(r).rules.length, mudOf(r).refused.length], [[code], 0, 1], JSON.stringify(matches))
  }
  assert.deepEqual(codes(read(fileOf([{ ...LOCAL }], [], 'log'))), ['mud/no-action'])
})

test('what is no MUD file is refused whole', () => {
  const values: readonly PlainValue[] = ['{"ietf-mud:mud": {}}', 7, [], {}, { 'ietf-mud:mud': {} }]
  for (const value of values) {
    assert.deepEqual([read(value).mud, codes(read(value))], [null, ['mud/not-mud']])
  }
})

test('lists that no policy names, that are missing, or that are there twice are said', () => {
  const file = fileOf([LOCAL]) as { readonly [key: string]: { readonly acl: readonly PlainValue[] } }
  const acl = file['ietf-access-control-list:acls']?.acl ?? []
  const head = (fileOf([]) as { readonly [key: string]: PlainValue })['ietf-mud:mud'] ?? null
  const withLists = (lists: readonly PlainValue[]): MudResult =>
    read({ 'ietf-mud:mud': head, 'ietf-access-control-list:acls': { acl: lists } })
  assert.deepEqual(codes(withLists(acl.slice(0, 1))), ['mud/missing-acl'])
  assert.deepEqual(codes(withLists([...acl, { name: 'spare', aces: { ace: [] } }])), ['mud/unused-acl'])
  assert.deepEqual([codes(withLists([...acl, ...acl])), withLists([...acl, ...acl]).mud], [['mud/duplicate-acl'], null])
})

test('the Internet is found by name, by block and by a block that only begins inside', () => {
  const count = (ace: Ace, action = 'accept'): number => internetWitnesses(mudConduits(mudOf(read(fileOf([ace], [], action))))).length
  const witnesses = (network: string): number => count({ ipv4: { protocol: 6, 'destination-ipv4-network': network } })
  assert.deepEqual(['8.8.8.8/32', '0.0.0.0/0', '10.0.0.0/7', '128.0.0.0/1'].map(witnesses), [1, 1, 1, 1])
  assert.deepEqual(['10.0.0.0/8', '192.168.1.0/24', '224.0.0.0/4', '255.255.255.255/32'].map(witnesses), [0, 0, 0, 0])
  const named = (name: string): number => count({ ipv4: { 'ietf-acldns:dst-dnsname': name } })
  assert.deepEqual(['cloud.example', 'printer.local', 'station.home.arpa', 'station'].map(named), [1, 0, 0, 0])
  assert.equal(count({ ...LOCAL, ipv4: { 'ietf-acldns:dst-dnsname': 'cloud.example' } }), 0, 'on the local networks only')
  assert.equal(count({ ipv4: { 'ietf-acldns:dst-dnsname': 'cloud.example' } }, 'drop'), 0)
})

const DEVICE: MudDevice = {
  url: 'https://hospital.example/mud/cms8000', systeminfo: 'CMS8000 patient monitor', manufacturer: 'Contec', model: 'CMS8000',
  lastUpdate: '2026-01-05T00:00:00Z', cacheHours: 48, flows: [],
}

test('a file for a device that never had one: the central station is the controller, and nothing reaches the Internet', () => {
  const vitals: MudFlow = { opens: 'device', peer: { kind: 'my-controller' }, protocol: 6, ports: [{ low: 515, high: 520 }] }
  const written = writeMud({ ...DEVICE, flows: [vitals] })
  assert.ok(written.ok)
  const r = readMud(treeFromValue(JSON.parse(written.value) as PlainValue, 'written'))
  assert.deepEqual([codes(r), mudOf(r).dialect, mudOf(r).model], [[], 'acls', 'CMS8000'])
  assert.deepEqual(says(r), ['device allow my-controller tcp 515-520', 'device allow my-controller tcp 515-520'], 'one per IP version')
  assert.deepEqual(internetWitnesses(mudConduits(mudOf(r))), [])
})

test('what RFC 8520 does not allow is not written', () => {
  const wrong: readonly Partial<MudDevice>[] = [
    { url: 'http://hospital.example/mud' }, { systeminfo: 'x'.repeat(61) }, { cacheHours: 0 }, { cacheHours: 169 },
    { flows: [{ opens: 'device', peer: { kind: 'local-networks' }, protocol: 6, ports: [] }] },
    { flows: [{ opens: 'device', peer: { kind: 'local-networks' }, protocol: 1, ports: [{ low: 1, high: 1 }] }] },
  ]
  for (const change of wrong) assert.equal(writeMud({ ...DEVICE, ...change }).ok, false, JSON.stringify(change))
})

const peerArb: fc.Arbitrary<WritablePeer> = fc.oneof(
  fc.constantFrom<WritablePeer>({ kind: 'local-networks' }, { kind: 'my-controller' },
    { kind: 'controller', uri: 'urn:ietf:params:mud:dns' }),
  fc.constantFrom('a.example', 'b.local').map((name): WritablePeer => ({ kind: 'name', name })),
  fc.constantFrom('10.0.0.7/32', '192.168.0.0/16', 'fd00:20::/32').map((text): WritablePeer => ({ kind: 'prefix', prefix: block(text) })),
)
const flowArb: fc.Arbitrary<MudFlow> = fc.record({
  opens: fc.constantFrom('device' as const, 'peer' as const), peer: peerArb, protocol: fc.constantFrom(6, 17),
  ports: fc.tuple(fc.integer({ min: 1, max: 65_000 }), fc.nat(500)).map(([low, more]) => [{ low, high: low + more }]),
})

test('property: what is written reads back as the same conduits, each in the families it has', () => {
  fc.assert(fc.property(fc.array(flowArb, { maxLength: 6 }), (flows) => {
    const written = writeMud({ ...DEVICE, flows })
    assert.ok(written.ok)
    const r = readMud(treeFromValue(JSON.parse(written.value) as PlainValue, 'written'))
    assert.deepEqual([codes(r), mudOf(r).refused], [[], []])
    const text = (opens: string, family: number | null, peer: WritablePeer, protocol: number, ports: MudFlow['ports']): string =>
      `${opens} v${family} ${peerText(peer)} ${protocolText(protocol, ports)}`
    const got = mudConduits(mudOf(r)).map((c) => text(c.opens, c.family, c.peers[0] as WritablePeer, c.protocol ?? -1, c.ports ?? []))
    const families = (f: MudFlow): readonly number[] => (f.peer.kind === 'prefix' ? [f.peer.prefix.version] : [4, 6])
    const meant = flows.flatMap((f) => families(f).map((v) => text(f.opens, v, f.peer, f.protocol, f.ports)))
    assert.deepEqual([...got].sort(), [...meant].sort())
    assert.deepEqual(mudConduits(mudOf(r)).flatMap((c) => c.inexact), [])
  }), { numRuns: 150 })
})

test('property: no tree makes the reader throw, and every entry of a named list is a rule or refused', () => {
  const leaf = fc.constantFrom<PlainValue>(null, 1, 'accept', '10.0.0.0/8', [null], { operator: 'eq', port: 5 }, { protocol: 6 })
  const keys = ['ipv4', 'tcp', 'ietf-mud:mud', 'eth', 'ethertype', 'protocol', 'local-networks', 'destination-port', 'x']
  const inner = fc.dictionary(fc.constantFrom(...keys), leaf, { maxKeys: 4 })
  const matches = fc.dictionary(fc.constantFrom(...keys), fc.oneof(leaf, inner), { maxKeys: 4 })
  fc.assert(fc.property(fc.array(matches, { maxLength: 5 }), (aces) => {
    const mud = mudOf(read(fileOf(aces)))
    assert.equal(mud.rules.length + mud.refused.length, aces.length)
    for (const rule of mud.rules) assert.ok(rule.peers.length > 0)
  }), { numRuns: 200 })
})
