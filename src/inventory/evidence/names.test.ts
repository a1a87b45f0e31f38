// Tests of what the ground protocols prove: each claim with its evidence, nobody named by another's words, and no wrong role.
// Keeps "wrong labels cost more than missing ones".

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, type Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { DhcpMessage } from '../../protocols/dhcp/facts.ts'
import type { Dhcp6Message } from '../../protocols/dhcp6/facts.ts'
import type { Fact } from '../../protocols/facts.ts'
import { announcementClaims, nbnsClaims, ssdpClaims } from './announcement.ts'
import { bacnetClaims, modbusClaims, ntpClaims } from './building.ts'
import { dhcpClaims } from './dhcp.ts'
import { dhcp6Claims } from './dhcp6.ts'
import { claimsOf, type TargetedClaim } from '../evidence.ts'
import { Inventory } from '../inventory.ts'
import { icmpClaims, igmpClaims } from './link.ts'

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

const AT = { at: 1, frame: 1 } as const
const DEVICE = ip('10.0.0.9')
const OTHER = ip('10.0.0.66')
const MAC = '02:00:5e:00:00:09' as Mac
const said = (claims: readonly TargetedClaim[]): string[] =>
  claims.map(({ target, claim }) => `${'ip' in target ? target.ip : target.mac} ${claim.what}: ${claim.value}`)

const DHCP: DhcpMessage = {
  ...AT, protocol: 'dhcp', kind: 'message', vlan: 0, type: 'request', client: MAC, transactionId: 1, address: null, server: null, hostName: 'bed-7',
  vendorClass: 'EX 1', parameterList: null, router: null, subnetMask: null, vendorOptions: null, clientIdentifier: null, fullName: 'bed-7.ward',
  circuit: 'Gi1/0/7', remote: 'sw-4w',
}

test('DHCP: a client\'s names and software are its card\'s, the relay\'s port too; a server\'s echo of them only the port', () => {
  assert.deepEqual(said(dhcpClaims(DHCP, true)),
    [`${MAC} host-name: bed-7`, `${MAC} host-name: bed-7.ward`, `${MAC} software: EX 1`, `${MAC} attached-to: sw-4w, port Gi1/0/7`])
  assert.deepEqual(said(dhcpClaims({ ...DHCP, type: 'ack', server: OTHER }, true)), [`${OTHER} role: dhcp-server`, `${MAC} attached-to: sw-4w, port Gi1/0/7`])
  assert.deepEqual(said(dhcpClaims({ ...DHCP, circuit: null, hostName: null, fullName: null, vendorClass: null }, true)), [`${MAC} attached-to: relay sw-4w`])
})

const DHCP6: Dhcp6Message = {
  ...AT, protocol: 'dhcp6', kind: 'message', vlan: 0, type: 'solicit', relayed: false, from: ip('fe80::9'), client: MAC, clientDuid: null, serverDuid: null,
  addresses: [], prefixes: [], dnsServers: [], fullName: 'bed-7.ward', enterprise: 1, vendorClass: 'EX 1', requestedList: null, interfaceId: 'Gi7',
}

test('DHCPv6: words are of the sender, behind a relay of the card it saw, and of nobody when it saw none', () => {
  assert.deepEqual(said(dhcp6Claims(DHCP6)), ['fe80::9 host-name: bed-7.ward', 'fe80::9 software: EX 1', 'fe80::9 attached-to: port Gi7'])
  assert.deepEqual(said(dhcp6Claims({ ...DHCP6, relayed: true }))[0], `${MAC} host-name: bed-7.ward`)
  assert.deepEqual(dhcp6Claims({ ...DHCP6, relayed: true, client: null }), [])
  assert.deepEqual(said(dhcp6Claims({ ...DHCP6, type: 'reply' })), ['fe80::9 role: dhcp-server'])
  assert.deepEqual(dhcp6Claims({ ...DHCP6, type: 'reply', relayed: true }), [])
})

test('mDNS: a name for its own address, services, product words; a name for another\'s address is no claim, and nobody is a name server', () => {
  const fact: Fact = {
    ...AT, protocol: 'dns', kind: 'announcement', flowId: 1, device: DEVICE, how: 'mdns', services: ['_ipp._tcp'],
    hosts: [{ name: 'prn.local', addresses: [DEVICE] }, { name: 'other.local', addresses: [OTHER] }],
    product: [{ key: 'ty', text: 'EX-1' }, { key: 'fv', text: '2' }, { key: 'sn', text: 'S1' }],
  }
  const expected = ['host-name: prn', 'service: _ipp._tcp', 'product: EX-1', 'software: 2', 'serial-number: S1'].map((words) => `${DEVICE} ${words}`)
  assert.deepEqual(said(announcementClaims(fact, 0)), expected)
  assert.deepEqual(said(claimsOf(fact, null)), expected)
})

test('NetBIOS: only a machine\'s own unique name; SSDP: software and device types, nothing of a goodbye', () => {
  const name = {
    ...AT, protocol: 'nbns', kind: 'name', flowId: 1, from: DEVICE, owner: DEVICE, name: 'BED-7', suffix: 0, isGroup: false, how: 'status', mac: null,
  } as const
  assert.deepEqual(said(nbnsClaims(name, 0)), [`${DEVICE} host-name: BED-7`])
  for (const wrong of [{ ...name, isGroup: true }, { ...name, suffix: 0x1b }, { ...name, owner: OTHER }]) assert.deepEqual(nbnsClaims(wrong, 0), [])
  const ssdp = {
    ...AT, protocol: 'ssdp', kind: 'announce', flowId: 1, device: DEVICE, type: 'urn:x:device:TV:1', udn: null, server: 'Linux', location: null,
    state: 'ssdp:alive',
  } as const
  assert.deepEqual(said(ssdpClaims(ssdp, 0)), [`${DEVICE} software: Linux`, `${DEVICE} service: urn:x:device:TV:1`])
  assert.deepEqual(ssdpClaims({ ...ssdp, state: 'ssdp:byebye' }, 0), [])
})

test('NTP, Modbus and BACnet: a clock that is synchronised, a controller that answers, words of devices that are here', () => {
  const clock = { ...AT, protocol: 'ntp', kind: 'server', flowId: 1, server: OTHER, client: DEVICE, version: 4, stratum: 2, reference: null } as const
  assert.deepEqual(said(ntpClaims(clock, 0)), [`${OTHER} role: time-server`])
  for (const stratum of [0, 16]) assert.deepEqual(ntpClaims({ ...clock, stratum }, 0), [])
  const software = { ...AT, protocol: 'ntp', kind: 'software', flowId: 1, server: OTHER, version: 'ntpd 4.2.8', system: 'Linux/5.10', processor: null } as const
  assert.deepEqual(said(ntpClaims(software, 0)), [`${OTHER} software: ntpd 4.2.8`, `${OTHER} software: Linux/5.10`])
  const model = { ...AT, protocol: 'modbus', kind: 'device', flowId: 1, unit: 1, serverSide: 1, object: 'model', text: 'AHU' } as const
  assert.deepEqual(said(modbusClaims(model, { vlan: 0, ip: OTHER })), [`${OTHER} product: AHU`])
  assert.deepEqual(modbusClaims({ ...model, object: 'vendor-url' }, { vlan: 0, ip: OTHER }), [])
  const device = { ...AT, protocol: 'bacnet', kind: 'device', flowId: 1, device: OTHER, instance: 4, vendor: 7, network: null } as const
  assert.deepEqual(said(bacnetClaims(device, 0)), [`${OTHER} role: building-controller`, `${OTHER} service: BACnet device 4, maker number 7`])
  assert.deepEqual(said(bacnetClaims({ ...device, network: 9 }, 0)), [`${OTHER} service: BACnet router to network 9`])
})

test('ICMP and IGMP: a router says so itself, a querier is only that; a lifetime of 0 is no router', () => {
  const router = {
    ...AT, protocol: 'icmp', kind: 'router', vlan: 0, version: 6, frameMac: null, from: ip('fe80::1'), routers: [ip('fe80::1')],
    lifetimeSeconds: 1800, prefixes: [],
    managed: false, otherConfig: false, dnsServers: [],
  } as const
  assert.deepEqual(said(icmpClaims(router)), ['fe80::1 role: router'])
  assert.deepEqual(icmpClaims({ ...router, lifetimeSeconds: 0 }), [])
  const querier = { ...AT, protocol: 'igmp', kind: 'querier', vlan: 0, family: 'igmp', from: OTHER, version: 2 } as const
  assert.deepEqual(said(igmpClaims(querier)), [`${OTHER} service: multicast querier`])
})

test('neighbour discovery binds an IPv6 address to its card as ARP does, and a second card is a rival', () => {
  const inventory = new Inventory([])
  const claim = (mac: string, solicited: boolean, at: number): Fact => ({
    at, frame: at, protocol: 'icmp', kind: 'claim', vlan: 0, version: 6, from: ip('fe80::9'), by: 'advertisement', ip: ip('fe80::9'), mac: mac as Mac,
    frameMac: null, solicited, isRouter: false,
  })
  inventory.fact(claim(MAC, true, 1), null)
  inventory.fact(claim('02:00:5e:00:00:66', false, 2), null)
  const claimants = inventory.bindings.claimants(0, ip('fe80::9'))
  assert.deepEqual([claimants.length, claimants[0]?.solicitedReplies], [2, 1])
  const [asset] = inventory.assets({ profiles: new Map(), oui: null, isInside: () => true, zoneOf: () => null })
  assert.deepEqual(asset?.interfaces.map((i) => [i.mac, i.ip, i.evidence]), [[MAC, 'fe80::9', 'arp']])
})
