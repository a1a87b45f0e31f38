// Tests of bedside evidence: each protocol's facts claim what their bytes say, about the right side, and nothing more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, type Ip } from '../../base/ip.ts'
import type { Fact } from '../../protocols/facts.ts'
import { loadProfiles } from '../../config/index.ts'
import { claimsOf } from '../evidence.ts'
import { Inventory } from '../inventory.ts'

const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

const BASE = { at: 1, frame: 1, flowId: 1 } as const

/** `target what=value` per claim; `?` when inferred. */
function said(fact: Fact, proto = 6, dst = '10.20.4.9', dstPort = 9500): string[] {
  const flow = { vlan: 0, innerVlan: 0, src: ip('10.20.4.41'), dst: ip(dst), proto, srcPort: 40_000, dstPort }
  return claimsOf(fact, flow).map(({ target, claim }) =>
    `${'ip' in target ? target.ip : target.mac} ${claim.what}=${claim.value}${claim.inferred ? '?' : ''}`)
}

test('vista120: the monitor by its framing, whichever side it is; the central by inference, or by its own words', () => {
  const stream = (monitorSide: 0 | 1): Fact => ({ ...BASE, protocol: 'vista120', kind: 'stream', model: 'vista-120', number: 1, monitorSide })
  assert.deepEqual(said(stream(0)), [
    '10.20.4.41 model=draeger-vista-120', '10.20.4.41 role=patient-monitor', '10.20.4.9 role=central-station?',
  ])
  assert.deepEqual(said(stream(1)).map((text) => text.split(' ')[0]), ['10.20.4.9', '10.20.4.9', '10.20.4.41'])
  const announce: Fact = {
    ...BASE, protocol: 'vista120', kind: 'announce', name: 'CMS', institution: 'HOSPITAL', port: 9500, address: ip('10.20.4.41'), secondAddress: null,
  }
  assert.deepEqual(said(announce, 17), ['10.20.4.41 role=central-station'])
  assert.deepEqual(said({ ...BASE, protocol: 'vista120', kind: 'resync', monitorSide: 0, skipped: 3 }), [])
})

test('intellivue: family by the message, vendor, software, label and serial by the monitor\'s own words', () => {
  const words = { manufacturer: 'Philips', model: 'M8007A', serial: 'DE1', software: 'G.01', label: 'ROOM 15', mac: null, address: null, port: null }
  const device = (kind: 'system' | 'connect-indication', direction: 0 | 1, more = {}): Fact =>
    ({ ...BASE, protocol: 'intellivue', kind, direction, ...words, ...more })
  assert.deepEqual(said(device('connect-indication', 0), 17), [
    '10.20.4.41 model=philips-intellivue', '10.20.4.41 role=patient-monitor', '10.20.4.41 vendor=Philips', '10.20.4.41 software=Philips M8007A G.01',
    '10.20.4.41 host-name=ROOM 15?', '10.20.4.41 device-identifier=Philips M8007A, serial DE1',
  ])
  const silent = { manufacturer: null, model: null, serial: null, software: null, label: null }
  assert.deepEqual(said(device('system', 1, silent), 17), ['10.20.4.9 model=philips-intellivue', '10.20.4.9 role=patient-monitor'])
  assert.deepEqual(said({ ...BASE, protocol: 'intellivue', kind: 'association', direction: 0, event: 'request' }, 17), [])
})

test('carescape: a node of the family and where it stands, no role', () => {
  const node = (unit: string | null, bed: string | null): Fact =>
    ({ ...BASE, protocol: 'carescape', kind: 'node', direction: 0, address: ip('10.20.4.41'), unit, bed, ports: [2000] })
  assert.deepEqual(said(node('ICU', 'BED3'), 17), ['10.20.4.41 software=GE Unity or CARESCAPE network node', '10.20.4.41 host-name=ICU BED3'])
  assert.deepEqual(said(node(null, null), 17), ['10.20.4.41 software=GE Unity or CARESCAPE network node'])
})

test('mindray: an admission of no sender by UDP to 4600 is its announcement, inferred; on any other port or with a sender it is not', () => {
  const hl7 = (sendingApplication: string, messageType = 'ADT^A01') => ({
    ...BASE, protocol: 'hl7', kind: 'message', times: 1, direction: 0, messageType, version: '2.3.1', sendingApplication, sendingFacility: '',
    receivingApplication: '', receivingFacility: '', segments: [], filledPatientFields: [], devices: [], framing: 'mllp',
    profile: '', content: 'patient-administration',
  }) as const
  const mindray = (texts: readonly string[]): string[] => texts.filter((text) => /Mindray|patient-monitor/.test(text))
  assert.deepEqual(mindray(said(hl7(''), 17, '255.255.255.255', 4600)), ['10.20.4.41 vendor=Mindray?', '10.20.4.41 role=patient-monitor?'])
  for (const [fact, proto, port] of [[hl7(''), 6, 4600], [hl7(''), 17, 4601], [hl7('ADT1'), 17, 4600], [hl7('', 'ORU^R01'), 17, 4600]] as const) {
    assert.deepEqual(mindray(said(fact, proto, '255.255.255.255', port)), [])
  }
})

test('sdc: a medical device with its codes and place, its consumer; printers, goodbyes and other searches are nothing', () => {
  const words = { endpoint: 'urn:uuid:1', types: ['MedicalDevice'], isMedical: true, deviceTypes: ['70041'], location: 'CU1 Bed42', addresses: [], people: [] }
  const target = (more = {}): Fact => ({ ...BASE, protocol: 'sdc', kind: 'target', direction: 0, message: 'hello', ...words, ...more })
  assert.deepEqual(said(target(), 17, '239.255.255.250', 3702), [
    '10.20.4.41 software=IEEE 11073 SDC device, type MDC 70041', '10.20.4.41 host-name=CU1 Bed42',
  ])
  assert.deepEqual(said(target({ isMedical: false }), 17), [])
  assert.deepEqual(said(target({ message: 'bye' }), 17), [])
  const search = (isMedical: boolean): Fact => ({ ...BASE, protocol: 'sdc', kind: 'search', direction: 0, message: 'probe', isMedical })
  assert.deepEqual(said(search(true), 17), ['10.20.4.41 software=IEEE 11073 SDC consumer'])
  assert.deepEqual(said(search(false), 17), [])
})

test('assets bear the shipped profile of their family, and what the monitor calls itself', () => {
  const loaded = loadProfiles()
  assert.ok(loaded.ok)
  const inventory = new Inventory([])
  const flow = (src: string, dst: string, proto: number) => ({ vlan: 0, innerVlan: 0, src: ip(src), dst: ip(dst), proto, srcPort: 40_000, dstPort: 9500 })
  inventory.fact({ ...BASE, protocol: 'vista120', kind: 'stream', model: 'vista-120', number: 1, monitorSide: 0 }, flow('10.20.4.41', '10.20.4.9', 6))
  inventory.fact({
    ...BASE, protocol: 'intellivue', kind: 'connect-indication', direction: 0, manufacturer: 'Philips', model: 'M8007A', serial: 'DE1', software: null,
    label: null, mac: null, address: null, port: null,
  }, flow('10.20.4.51', '10.20.4.255', 17))
  const assets = inventory.assets({ profiles: loaded.value.profiles, oui: null, isInside: () => true, zoneOf: () => null })
  assert.deepEqual(assets.filter((a) => a.profile !== null).map((a) => [a.label, a.profile, a.vendor, a.role, a.level]), [
    ['Philips M8007A, serial DE1', 'philips-intellivue', 'Philips', 'patient-monitor', 'A'],
    ['Vista 120 monitor 10.20.4.41', 'draeger-vista-120', 'Draeger', 'patient-monitor', 'C'],
  ])
  assert.equal(assets.find((a) => a.label.endsWith('10.20.4.9'))?.role, 'central-station')
})
