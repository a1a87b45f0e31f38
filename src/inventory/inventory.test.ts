// The inventory from facts to assets: who is who, on what evidence, and who is nobody.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { ipScope } from '../base/ip-scope.ts'
import { parseIp, parsePrefix, type Ip } from '../base/ip.ts'
import { formatMac, parseMac, type Mac } from '../base/mac.ts'
import { MICROS_PER_SECOND } from '../base/time.ts'
import type { ArpFact } from '../protocols/arp/facts.ts'
import type { DhcpMessage } from '../protocols/dhcp/facts.ts'
import type { Fact } from '../protocols/facts.ts'
import { compileOui, OUI_FILE } from '../../scripts/compile-oui.ts'
import type { AssembleOptions } from './assemble.ts'
import { CENTRAL_PROFILE, CMS8000_PROFILE } from './evidence.ts'
import { HOSTS_MAX, Inventory } from './inventory.ts'
import { OuiTable } from './oui.ts'

const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}
const mac = (n: number): Mac => formatMac(0x02_00_5e_00_00_00 + n)
const macNumber = (n: number): number => parseMac(mac(n)) ?? -1

const OPTIONS: AssembleOptions = {
  profiles: new Map([
    [CMS8000_PROFILE, { id: CMS8000_PROFILE, vendor: 'CONTEC', model: 'CMS8000', role: 'patient-monitor' as const }],
    [CENTRAL_PROFILE, { id: CENTRAL_PROFILE, vendor: 'CONTEC', model: 'Central Station', role: 'central-station' as const }],
  ]),
  oui: null,
  isInside: (address) => ipScope(address) === 'private',
  zoneOf: () => null,
}

let frame = 0
const at = (second: number): { at: number; frame: number } => ({ at: second * MICROS_PER_SECOND, frame: ++frame })

function claim(n: number, address: string, second: number, operation: 'request' | 'reply' = 'request'): ArpFact {
  const card = mac(n)
  return { protocol: 'arp', kind: 'claim', vlan: 0, ...at(second), operation, gratuitous: false, solicited: null, mac: card, ip: ip(address), frameMac: card }
}

function lease(n: number, address: string | null, type: string, more: Partial<DhcpMessage> = {}): DhcpMessage {
  return {
    protocol: 'dhcp', kind: 'message', vlan: 0, ...at(1), type, client: mac(n), transactionId: 1, address: address === null ? null : ip(address),
    server: ip('10.0.0.2'), hostName: null, vendorClass: null, parameterList: null, router: null, subnetMask: null,
    vendorOptions: null, clientIdentifier: null, fullName: null, circuit: null, remote: null, ...more,
  }
}

const flowKey = (src: string, dst: string, dstPort = 515) =>
  ({ vlan: 0, innerVlan: 0, src: ip(src), dst: ip(dst), proto: 6, srcPort: 40_000, dstPort })

const stream = (second = 5): Fact => ({ protocol: 'cms8000', kind: 'stream', flowId: 1, monitorSide: 0, firstType: 0x45, ...at(second) })
const bed = (n: number): Fact => ({ protocol: 'cms8000', kind: 'bed', flowId: 1, monitorSide: 0, bed: n, ...at(5) })

test('an ARP claim makes an asset with a card; a question makes none of its target', () => {
  const inventory = new Inventory([])
  inventory.fact(claim(1, '10.0.0.5', 1), null)
  inventory.fact({ protocol: 'arp', kind: 'ask', vlan: 0, ...at(1), mac: mac(1), ip: ip('10.0.0.5'), target: ip('10.0.0.99') }, null)
  const assets = inventory.assets(OPTIONS)
  assert.equal(assets.length, 1)
  assert.deepEqual(assets[0]?.interfaces.map((i) => [i.ip, i.mac, i.evidence]), [['10.0.0.5', mac(1), 'arp']])
  assert.equal(assets[0]?.label, '10.0.0.5')
})

test('the CMS8000 fingerprint names the monitor at level C, with its bed, and the receiver as a central station by inference', () => {
  const inventory = new Inventory([])
  for (const [n, address] of [[1, '10.0.0.7'], [2, '10.0.0.19']] as const) inventory.fact(claim(n, address, 1), null)
  const flow = flowKey('10.0.0.7', '10.0.0.19')
  inventory.fact(stream(), flow)
  inventory.fact(bed(7), flow)
  const [monitor, central] = inventory.assets(OPTIONS).sort((a) => (a.role === 'patient-monitor' ? -1 : 1))
  assert.equal(monitor?.label, 'CMS8000 monitor, bed 7')
  assert.deepEqual([monitor?.level, monitor?.bed, monitor?.profile, monitor?.vendor], ['C', 7, CMS8000_PROFILE, 'CONTEC'])
  assert.equal(central?.role, 'central-station')
  assert.ok(central?.claims.filter((c) => c.what === 'model').every((c) => c.inferred))
})

test('a stream that names two beds gets no bed: a wrong label costs more than a missing one', () => {
  const inventory = new Inventory([])
  inventory.sender(0, macNumber(1), ip('10.0.0.7'), 1, 1)
  const flow = flowKey('10.0.0.7', '10.0.0.19')
  for (const fact of [stream(), bed(7), bed(8)]) inventory.fact(fact, flow)
  const monitor = inventory.assets(OPTIONS).find((a) => a.role === 'patient-monitor')
  assert.equal(monitor?.bed, null)
  assert.equal(monitor?.label, 'CMS8000 monitor 10.0.0.7')
})

test('address and port of a factory default make a level D, the address alone does not', () => {
  const block = parsePrefix('202.114.4.119')
  assert.ok(block.ok)
  const inventory = new Inventory([{ profile: CMS8000_PROFILE, blocks: [block.value], ports: [515] }])
  for (const [n, address] of [[1, '10.0.0.7'], [2, '10.0.0.8']] as const) inventory.sender(0, macNumber(n), ip(address), 1, 1)
  inventory.started(flowKey('10.0.0.7', '202.114.4.119', 515), 1, 1)
  inventory.started(flowKey('10.0.0.8', '202.114.4.119', 443), 1, 1)
  const assets = inventory.assets(OPTIONS)
  const named = assets.filter((a) => a.model !== null)
  assert.deepEqual(named.map((a) => [a.label, a.level]), [['10.0.0.7, behaves like a CMS8000', 'D']])
})

test('an OUI alone names nobody', () => {
  const inventory = new Inventory([])
  const contec = parseMac('00:80:4c:00:00:01') ?? -1
  inventory.sender(0, contec, ip('10.0.0.7'), 1, 1)
  const oui = new OuiTable('00804c\tCONTEC CO., LTD.\n')
  const [asset] = inventory.assets({ ...OPTIONS, oui })
  assert.deepEqual([asset?.model, asset?.vendor, asset?.level, asset?.profile, asset?.label], [null, null, null, null, '10.0.0.7'])
  assert.deepEqual(asset?.claims.map((c) => [c.what, c.value, c.level]), [['nic-vendor', 'CONTEC CO., LTD.', 'E']])
})

test('a router\'s card names nobody: addresses behind it stand for themselves, outside ones are no assets', () => {
  const inventory = new Inventory([])
  inventory.fact(claim(1, '10.0.0.1', 1), null)
  for (const far of ['10.9.0.1', '10.9.0.2', '8.8.8.8']) inventory.sender(0, macNumber(1), ip(far), 2, 2)
  const assets = inventory.assets(OPTIONS)
  assert.deepEqual(assets.map((a) => [a.label, a.interfaces[0]?.mac ?? null]), [['10.9.0.1', null], ['10.9.0.2', null], ['router 10.0.0.1', mac(1)]])
})

test('one public peer behind one card is not the card\'s own address', () => {
  const inventory = new Inventory([])
  inventory.sender(0, macNumber(1), ip('10.0.0.5'), 1, 1)
  inventory.sender(0, macNumber(2), ip('8.8.8.8'), 1, 1)
  assert.deepEqual(inventory.assets(OPTIONS).map((a) => a.label), ['10.0.0.5'])
})

test('a card that claims thirty thousand addresses and carries as many others is a router, and soon', { timeout: 20_000 }, () => {
  const inventory = new Inventory([])
  for (let i = 0; i < 30_000; i++) {
    inventory.bindings.claim(0, ip(`10.1.${i >> 8}.${i & 255}`), macNumber(1), 'arp-reply', i, i + 1)
    inventory.sender(0, macNumber(1), ip(`10.3.${i >> 8}.${i & 255}`), i, i + 1)
  }
  const assets = inventory.assets(OPTIONS)
  assert.equal(assets.length, 30_000)
  assert.ok(assets.every((a) => a.interfaces[0]?.mac === null))
})

test('one card with IPv4, link-local and global IPv6 is one asset', () => {
  const inventory = new Inventory([])
  for (const address of ['10.0.0.5', 'fe80::5', 'fd00::5']) inventory.sender(0, macNumber(1), ip(address), 1, 1)
  inventory.fact(claim(1, '10.0.0.5', 1), null)
  const assets = inventory.assets({ ...OPTIONS, isInside: (a) => ['private', 'link-local'].includes(ipScope(a)) })
  assert.equal(assets.length, 1)
  assert.equal(assets[0]?.interfaces.length, 3)
})

test('DHCP: the lease binds, the host name names, and a forged flood of requests makes no asset', () => {
  const inventory = new Inventory([])
  const flow = { ...flowKey('10.0.0.2', '10.0.0.50', 68), proto: 17 }
  for (let n = 100; n < 600; n++) inventory.fact(lease(n, null, 'discover', { server: null }), { ...flow, src: ip('0.0.0.0'), dst: ip('255.255.255.255') })
  assert.equal(inventory.assets(OPTIONS).length, 0)
  inventory.fact(lease(3, null, 'request', { hostName: 'NURSE-PC-04', server: null }), { ...flow, src: ip('0.0.0.0'), dst: ip('255.255.255.255') })
  inventory.fact(lease(3, '10.0.0.50', 'ack', { router: ip('10.0.0.1') }), flow)
  for (let n = 700; n < 760; n++) inventory.fact(lease(n, `10.0.0.${n - 600}`, 'ack', { router: ip('10.0.0.1') }), flow)
  assert.ok(!inventory.assets(OPTIONS).some((a) => a.label === 'NURSE-PC-04'), 'nobody has spoken from a leased address yet')
  inventory.sender(0, macNumber(3), ip('10.0.0.50'), 2, 2)
  const assets = inventory.assets(OPTIONS)
  assert.deepEqual(assets.map((a) => [a.label, a.role, a.interfaces[0]?.evidence]), [
    ['NURSE-PC-04', 'unknown', 'dhcp'], ['DHCP server 10.0.0.2', 'dhcp-server', 'traffic'], ['router 10.0.0.1', 'router', 'traffic'],
  ].sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)))
})

const hl7 = (devices: readonly string[]): Fact => ({
  protocol: 'hl7', kind: 'message', times: 1, flowId: 1, direction: 0, framing: 'mllp', ...at(1), sendingApplication: 'PUMPGW', sendingFacility: '',
  receivingApplication: '', receivingFacility: '', messageType: 'ADT^A01', version: '2.8', profile: '', content: 'patient-administration',
  devices: devices.map((text) => ({ source: 'PRT-16', text })), filledPatientFields: [], segments: [],
})

test('interfaces follow DHCP: a card with a new lease is the same asset', () => {
  const inventory = new Inventory([])
  const talk = (n: number, address: string, second: number): void => void inventory.sender(0, macNumber(n), ip(address), second * MICROS_PER_SECOND, ++frame)
  inventory.fact(lease(1, '10.0.0.50', 'ack'), null)
  talk(1, '10.0.0.50', 2)
  inventory.fact({ ...lease(1, '10.0.0.60', 'ack'), at: 100 * MICROS_PER_SECOND }, null)
  talk(1, '10.0.0.60', 101)
  const one = inventory.assets(OPTIONS).find((a) => a.interfaces.some((i) => i.ip === '10.0.0.50'))
  assert.deepEqual([one?.interfaces.map((i) => i.ip), one?.interfaces.every((i) => i.mac === mac(1))], [['10.0.0.50', '10.0.0.60'], true])
})

test('an address given on by DHCP is another device\'s from then on, with its own claims; the card that only carries it is nobody', () => {
  const inventory = new Inventory([])
  const talk = (n: number, second: number): void => void inventory.sender(0, macNumber(n), ip('10.0.0.50'), second * MICROS_PER_SECOND, ++frame)
  const flow = flowKey('10.0.0.50', '10.0.0.19')
  inventory.fact(lease(1, '10.0.0.50', 'ack'), null)
  talk(1, 2)
  inventory.fact(stream(5), flow)
  inventory.fact({ ...lease(2, '10.0.0.50', 'ack'), at: 9000 * MICROS_PER_SECOND }, null)
  // Granted is not yet spoken: what the first still says is its own.
  inventory.fact(bed(7), flow)
  talk(2, 9001)
  talk(3, 9002)
  inventory.fact({ ...bed(4), at: 9003 * MICROS_PER_SECOND }, flow)
  const held = inventory.assets(OPTIONS).filter((a) => a.interfaces.some((i) => i.ip === '10.0.0.50'))
  const told = held.map((a) => [a.interfaces[0]?.mac, a.profile, a.bed])
  assert.deepEqual(told.sort(), [[mac(1), CMS8000_PROFILE, 7], [mac(2), null, 4]])
  talk(1, 9004)
  talk(2, 9005)
  assert.equal(inventory.assets(OPTIONS).filter((a) => a.interfaces.some((i) => i.ip === '10.0.0.50')).length, 2)
})

test('a claim of an asset with several addresses says which one it is about; a card with a made-up number says so', () => {
  const inventory = new Inventory([])
  inventory.fact(claim(1, '10.0.0.7', 1), null)
  inventory.fact(claim(1, '10.0.0.8', 1), null)
  inventory.fact(stream(), flowKey('10.0.0.7', '10.0.0.19'))
  const asset = inventory.assets(OPTIONS).find((a) => a.interfaces.length === 2)
  assert.deepEqual(asset?.claims.map((c) => [c.what, c.about]), [['model', ['10.0.0.7']], ['role', ['10.0.0.7']], ['card', undefined]])
})

test('a sender that names one device is called by it; one that names several reports about others', () => {
  const one = new Inventory([])
  one.sender(0, macNumber(1), ip('10.0.0.155'), 1, 1)
  one.fact(hl7(['Hospira Plum A+']), flowKey('10.0.0.155', '10.0.0.126', 6661))
  const named = one.assets(OPTIONS).find((a) => a.interfaces[0]?.ip === '10.0.0.155')
  assert.deepEqual([named?.label, named?.model, named?.level], ['Hospira Plum A+', 'Hospira Plum A+', 'A'])
  const many = new Inventory([])
  many.sender(0, macNumber(1), ip('10.0.0.155'), 1, 1)
  many.fact(hl7(['Pump A', 'Pump B']), flowKey('10.0.0.155', '10.0.0.126', 6661))
  const labels = many.assets(OPTIONS).map((a) => [a.label, a.interfaces.length])
  assert.deepEqual(labels.filter(([label]) => String(label).startsWith('Pump')), [['Pump A', 0], ['Pump B', 0]])
  assert.deepEqual(labels.filter(([label]) => String(label).endsWith('10.0.0.155')), [['ADT source 10.0.0.155', 1]])
})

test('asking twice gives the same answer, in the same order, whatever the order of facts about different hosts', () => {
  const facts = Array.from({ length: 12 }, (_, i) => claim(i + 1, `10.0.0.${i + 1}`, i))
  fc.assert(fc.property(fc.shuffledSubarray(facts, { minLength: facts.length }), (order) => {
    const inventory = new Inventory([])
    for (const fact of order) inventory.fact(fact, null)
    const first = inventory.assets(OPTIONS)
    assert.deepEqual(inventory.assets(OPTIONS), first)
    assert.deepEqual(first.map((a) => a.label), facts.map((f) => (f.kind === 'claim' ? f.ip : '')).sort())
    assert.equal(new Set(first.map((a) => a.id)).size, first.length)
  }), { numRuns: 20 })
})

test('a flood of cards without an address stops at the bound and is counted', () => {
  const inventory = new Inventory([])
  const flow = { ...flowKey('0.0.0.0', '255.255.255.255', 67), proto: 17 }
  for (let i = 0; i < HOSTS_MAX + 10; i++) inventory.fact({ ...lease(3, null, 'discover', { hostName: 'x' }), client: formatMac(0x0200_0000_0000 + i) }, flow)
  assert.equal(inventory.refused, 10)
})

test('a flood of senders stops at the bound and is counted', () => {
  const inventory = new Inventory([])
  const extra = 10
  for (let i = 0; i < HOSTS_MAX + extra; i++) inventory.sender(0, macNumber(1), ip(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), 1, 1)
  assert.ok(inventory.refused >= extra)
})

test('the shipped IEEE table is what the compile script makes of the package', () => {
  assert.ok(fs.readFileSync(OUI_FILE).equals(compileOui()), 'run: node scripts/compile-oui.ts')
  const oui = new OuiTable(brotliDecompressSync(fs.readFileSync(OUI_FILE)).toString('utf8'))
  assert.ok(oui.size > 50_000)
  assert.equal(oui.lookup(parseMac('00:80:4c:12:34:56') ?? 0), 'CONTEC CO., LTD.')
  assert.equal(oui.lookup(parseMac('02:80:4c:12:34:56') ?? 0), null)
})
