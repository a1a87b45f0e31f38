// Tests of neighbours: who announces itself is an asset; a port is claimed only when exactly one was heard and the device spoke for itself.
// Keeps the rule that a wrong label costs more than a missing one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, type Ip } from '../base/ip.ts'
import type { Mac } from '../base/mac.ts'
import type { LldpNeighbour } from '../protocols/lldp/facts.ts'
import { check } from '../testing/check.ts'
import { capturesMissing, sharedCapture } from '../testing/shared.ts'
import type { Asset } from './asset.ts'
import { Inventory } from './inventory.ts'
import { isForwarder, neighbourRole } from './evidence/neighbour.ts'
import { NEIGHBOURS_MAX } from './neighbours.ts'

const OPTIONS = { profiles: new Map(), oui: null, isInside: () => true, zoneOf: () => null }

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function neighbour(parts: Partial<LldpNeighbour> & { readonly mac: Mac }): LldpNeighbour {
  return {
    at: 1, frame: 1, protocol: 'lldp', kind: 'neighbour', vlan: 0, chassis: parts.mac, chassisKind: 'mac', port: 'Gi1/0/7', portKind: 'interface',
    lifetimeSeconds: 120, portDescription: null, systemName: null, systemDescription: null, capabilities: [], addresses: [], portVlan: null, med: null,
    ...parts,
  }
}

const SWITCH = neighbour({ mac: '02:00:5e:00:0a:01' as Mac, systemName: 'sw-4w', capabilities: ['bridge'] })
const NO_MED = { deviceClass: 1, hardware: null, firmware: '1.4', software: null, serial: 'SN-1', manufacturer: 'Example', model: 'PM-1', assetId: null }
const DEVICE = neighbour({ mac: '02:00:5e:00:00:31' as Mac, port: 'eth0', capabilities: ['station'], med: NO_MED })

function assetsAfter(...facts: readonly LldpNeighbour[]): Asset[] {
  const inventory = new Inventory([])
  for (const fact of facts) inventory.fact(fact, null)
  return inventory.assets(OPTIONS)
}

const claimsOf = (asset: Asset | undefined): string[] => (asset?.claims ?? []).map((c) => `${c.what}: ${c.value}${c.inferred ? ' (inferred)' : ''}`)

test('a switch and a device that announce themselves are assets; the device hangs on the only port heard, as inferred', () => {
  const assets = assetsAfter(SWITCH, DEVICE)
  assert.deepEqual(assets.map((a) => a.label), ['device 02:00:5e:00:00:31', 'sw-4w'])
  assert.deepEqual(claimsOf(assets[0]), ['product: Example PM-1', 'serial-number: SN-1', 'software: 1.4', 'attached-to: sw-4w, port Gi1/0/7 (inferred)'])
  assert.deepEqual(claimsOf(assets[1]), ['host-name: sw-4w', 'role: switch'])
})

test('what announces itself without saying what it is may be a small switch: no port is claimed of it', () => {
  const silent = { ...DEVICE, capabilities: [], med: null }
  assert.ok(assetsAfter(SWITCH, silent).every((a) => a.claims.every((c) => c.what !== 'attached-to')))
})

test('two ports heard: nobody can say which device hangs where', () => {
  const other = { ...SWITCH, mac: '02:00:5e:00:0a:02' as Mac, port: 'Gi1/0/8' }
  assert.ok(assetsAfter(SWITCH, other, DEVICE).every((a) => a.claims.every((c) => c.what !== 'attached-to')))
})

test('a device that only sent packets gets no port: it may be anywhere behind it', () => {
  const inventory = new Inventory([])
  inventory.fact(SWITCH, null)
  inventory.sender(0, 0x02005e000099, ip('10.0.0.9'), 2, 2)
  const assets = inventory.assets(OPTIONS)
  assert.deepEqual(assets.map((a) => [a.label, a.claims.some((c) => c.what === 'attached-to')]), [['10.0.0.9', false], ['sw-4w', false]])
})

test('a switch with a management address is one asset, and its announcement names the address', () => {
  const [asset, ...rest] = assetsAfter({ ...SWITCH, addresses: [ip('10.20.4.250')] })
  assert.deepEqual([asset?.label, asset?.interfaces.map((i) => i.ip), rest.length], ['sw-4w', ['10.20.4.250'], 0])
})

test('a goodbye claims nothing, and forged announcers are bounded and counted', () => {
  assert.deepEqual(assetsAfter({ ...SWITCH, lifetimeSeconds: 0 }), [])
  const inventory = new Inventory([])
  for (let i = 0; i < NEIGHBOURS_MAX + 10; i++) {
    const mac = `02:00:5e:01:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}` as Mac
    inventory.fact({ ...SWITCH, mac }, null)
  }
  assert.equal(inventory.assets(OPTIONS).length, NEIGHBOURS_MAX)
  assert.equal(inventory.refused, 10)
})

test('what passes on packets is told from what sits at the end of a cable', () => {
  const sets = [['bridge', 'telephone'], ['bridge', 'router'], ['router'], ['access-point', 'bridge'], ['station'], []]
  assert.deepEqual(sets.map((c) => [neighbourRole(c), isForwarder(c)]), [
    ['telephone', false], ['switch', true], ['router', true], ['access-point', true], [null, false], [null, false],
  ])
})

test('captures of a switch: model, software and port are in the inventory with their evidence', { skip: capturesMissing }, async () => {
  const cisco = await check(sharedCapture('inventory/ws__cisco_cdp_v2.pcap'))
  const [asset] = cisco.assets
  assert.equal(asset?.label, 'myswitch')
  assert.ok(asset.claims.some((c) => c.what === 'product' && c.value === 'cisco WS-C2950-12' && c.evidence === 'CDP platform'))
  assert.ok(asset.claims.some((c) => c.what === 'software' && c.value.includes('12.1(22)EA14')))
  const extreme = await check(sharedCapture('inventory/ws__link-layer-discovery-protocol-lldp_lldp.detailed.pcap'))
  assert.deepEqual(extreme.assets.map((a) => [a.label, a.interfaces[0]?.mac]), [['Summit300-48', '00:01:30:f9:ad:a0']])
  assert.ok(extreme.assets[0]?.claims.some((c) => c.what === 'software' && c.value.startsWith('Summit300-48 - Version 7.4e.1')))
})
