// The rules on devices that lead others astray: false routers, redirects, second DHCP servers, answers for names that are not their own.
// Keeps what ordinary networks do silent: pairs of servers, shared cards, aliases, laptops with two cards.

import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { formatMac, type MacNumber } from '../base/mac.ts'
import { Bindings } from '../inventory/bindings.ts'
import type { DhcpMessage } from '../protocols/dhcp/facts.ts'
import type { Fact } from '../protocols/facts.ts'
import type { IcmpRedirect, IcmpRouter } from '../protocols/icmp/facts.ts'
import { asset, CARD, findings, flow, ip, seconds, world } from '../testing/world.ts'
import type { Flow } from '../wire/flow.ts'
import { namePoisoning, NAMES_MIN } from './rules/name-poisoning.ts'
import { rogueRouter } from './rules/rogue-router.ts'
import { secondDhcpServer } from './rules/second-dhcp-server.ts'

const PC = '10.20.4.66'
const GATEWAY = '10.20.4.1'
const MONITOR = '10.20.4.31'
const AT = { at: seconds(3), frame: 7 } as const

/** The router owns the gateway's address; the stranger got 10.20.4.66 by DHCP unless `static`. */
function ward(lease = true) {
  const bindings = new Bindings()
  bindings.claim(0, ip(GATEWAY), CARD.router, 'arp-reply', 1, 1)
  bindings.claim(0, ip(PC), CARD.stranger, 'arp-request', 1, 2)
  if (lease) bindings.claim(0, ip(PC), CARD.stranger, 'dhcp', 1, 3)
  return world({ assets: [asset('patient-monitor', MONITOR, 7), asset('unknown', PC, null, CARD.stranger)], bindings })
}

function router(card: MacNumber, more: Partial<IcmpRouter> = {}): [Fact, null] {
  return [{
    ...AT, protocol: 'icmp', kind: 'router', vlan: 0, version: 6, frameMac: formatMac(card), from: ip('fe80::66'), routers: [ip('fe80::66')],
    lifetimeSeconds: 1800, prefixes: ['2001:db8:66::/64'], managed: false, otherConfig: false, dnsServers: [], ...more,
  }, null]
}

test('rogue-router: advertisements of a card that got its address by DHCP; not of the router, nor of one with an address of its own', () => {
  const [found, ...more] = findings(rogueRouter, ward(), [router(CARD.stranger)])
  deepEqual([found?.severity, found?.assetId, more], ['high', `a-${PC}`, []])
  match(found?.ward ?? '', /tells all devices around it to send their data through it\.$/)
  deepEqual(findings(rogueRouter, ward(), [router(CARD.router)]), [])
  deepEqual(findings(rogueRouter, ward(false), [router(CARD.stranger)]), [])
})

test('rogue-router: a lifetime of 0 leads nobody, unless it brings a name server; a link without cards tells nothing', () => {
  deepEqual(findings(rogueRouter, ward(), [router(CARD.stranger, { lifetimeSeconds: 0 })]), [])
  equal(findings(rogueRouter, ward(), [router(CARD.stranger, { lifetimeSeconds: 0, dnsServers: [ip('fe80::66')] })]).length, 1)
  deepEqual(findings(rogueRouter, ward(), [router(CARD.stranger, { frameMac: null })]), [])
})

function redirect(card: MacNumber, gateway: string, more: Partial<IcmpRedirect> = {}): [Fact, null] {
  return [{
    ...AT, protocol: 'icmp', kind: 'redirect', vlan: 0, version: 4, frameMac: formatMac(card), from: ip(GATEWAY), to: ip(MONITOR),
    destination: ip('10.30.0.5'), gateway: ip(gateway), ...more,
  }, null]
}

test('rogue-router: a redirect in the router\'s name from another card, or to a device that is no router; critical when a monitor is misled', () => {
  const [forged] = findings(rogueRouter, ward(false), [redirect(CARD.stranger, '10.20.4.99')])
  deepEqual([forged?.severity, forged?.assetId], ['critical', `a-${PC}`])
  match(forged?.technical ?? '', /does not own 10\.20\.4\.1/)
  const [through] = findings(rogueRouter, ward(), [redirect(CARD.router, PC, { to: ip('10.20.4.50') })])
  deepEqual([through?.severity, through?.assetId], ['high', `a-${PC}`])
  deepEqual(findings(rogueRouter, ward(false), [redirect(CARD.router, '10.20.4.2')]), [], 'a second router, as it should be')
  deepEqual(findings(rogueRouter, ward(), [redirect(CARD.router, PC, { destination: ip(PC) })]), [], 'the destination is on the link')
})

test('rogue-router: routers that share a card (VRRP), a card nobody knows, and an address nobody owns are left alone', () => {
  const bindings = new Bindings()
  bindings.claim(0, ip(GATEWAY), 0x00005e000107, 'arp-reply', 1, 1)
  bindings.claim(0, ip('10.20.4.2'), CARD.stranger, 'arp-reply', 1, 1)
  deepEqual(findings(rogueRouter, world({ bindings, routers: new Set() }), [redirect(CARD.stranger, '10.20.4.99')]), [])
  deepEqual(findings(rogueRouter, ward(), [redirect(0x020000000077, '10.20.4.99')]), [])
  deepEqual(findings(rogueRouter, world(), [redirect(CARD.stranger, '10.20.4.99')]), [])
})

const forgedNames = (n: number) => Array.from({ length: n }, (_, i) => ip(`10.77.${i >> 8}.${i & 255}`))

test('rogue-router: one card that writes four thousand senders and gateways is one finding of each kind, and the bindings are gone through a few times', () => {
  let passes = 0
  class Counted extends Bindings {
    override all() {
      passes++
      return super.all()
    }
  }
  const bindings = new Counted()
  bindings.claim(0, ip(GATEWAY), CARD.router, 'arp-reply', 1, 1)
  bindings.claim(0, ip(PC), CARD.stranger, 'dhcp', 1, 3)
  const w = world({ assets: [asset('unknown', PC, null, CARD.stranger)], bindings })
  const heard = forgedNames(4096).flatMap((from) => [router(CARD.stranger, { from }), redirect(CARD.stranger, from)])
  const found = findings(rogueRouter, w, heard)
  deepEqual(found.map((f) => [f.assetId, f.count]), [[`a-${PC}`, 4096], [`a-${PC}`, 256]])
  match(found[0]?.technical ?? '', /from at least 64: 10\.77\.0\.0, .* and 56 more, a card that got/)
  match(found[1]?.technical ?? '', /^at least 256 ICMP redirects in the name of 10\.20\.4\.1 to 10\.20\.4\.31, leading to at least 64: 10\.77\.0\.0/)
  equal(passes <= 4, true, `${passes} passes in two questions`)
})

test('rogue-router: a router that leads to another router too: only what leads to the device counts, and a flood of one card leaves room for others', () => {
  const mixed = [redirect(CARD.router, '10.20.4.2', { to: ip('10.20.4.40') }), redirect(CARD.router, PC, { to: ip('10.20.4.50') })]
  const [through, ...more] = findings(rogueRouter, ward(), mixed)
  deepEqual([through?.assetId, through?.count, more], [`a-${PC}`, 1, []])
  match(through?.technical ?? '', /to 10\.20\.4\.50, leading to 10\.20\.4\.66; 10\.20\.4\.66 got its address by DHCP\.$/)
  const flood = forgedNames(4096).map((from) => redirect(0x020000000077, '10.20.4.2', { from }))
  equal(findings(rogueRouter, ward(), [...flood, redirect(CARD.router, PC)]).length, 1)
})

test('rogue-router: who was given the router\'s address by DHCP does not forge it', () => {
  const bindings = new Bindings()
  bindings.claim(0, ip(GATEWAY), CARD.router, 'arp-reply', 1, 1)
  for (const address of [GATEWAY, PC]) bindings.claim(0, ip(address), CARD.stranger, 'dhcp', 1, 2)
  deepEqual(findings(rogueRouter, world({ bindings }), [redirect(CARD.stranger, '10.20.4.2')]), [])
})

function offer(server: string, address: string, routerIp: string | null, more: Partial<DhcpMessage> = {}): [Fact, Flow] {
  return [{
    ...AT, protocol: 'dhcp', kind: 'message', vlan: 0, type: 'offer', client: formatMac(CARD.monitor), transactionId: 5, address: ip(address),
    server: ip(server), hostName: null, vendorClass: null, parameterList: null, router: routerIp === null ? null : ip(routerIp),
    subnetMask: ip('255.255.255.0'), vendorOptions: null, clientIdentifier: null, fullName: null, circuit: null, remote: null, ...more,
  }, flow(server, '255.255.255.255', 68, { proto: 17, macs: [CARD.router, 0xffffffffffff] })]
}

test('second-dhcp-server: one question, two answers, another router or another network', () => {
  const [found, ...more] = findings(secondDhcpServer, ward(), [offer(GATEWAY, MONITOR, GATEWAY), offer('10.20.4.9', '10.20.4.200', '10.20.4.9')])
  deepEqual([found?.severity, found?.assetLabel, more], ['high', '10.20.4.9', []])
  match(found?.technical ?? '', /10\.20\.4\.1 and 10\.20\.4\.9 answered the same question 1 time with another router: 10\.20\.4\.1 and 10\.20\.4\.9/)
  const [home] = findings(secondDhcpServer, ward(), [offer('192.168.1.1', '192.168.1.20', null), offer(GATEWAY, MONITOR, GATEWAY)])
  match(home?.technical ?? '', /addresses of another network: 192\.168\.1\.20 and 10\.20\.4\.31/)
  match(home?.ward ?? '', /^Two machines hand out addresses here and disagree/)
})

test('second-dhcp-server: a pair that shares the work, other questions, other segments, and one server twice are none', () => {
  const own = offer(GATEWAY, MONITOR, GATEWAY)
  for (const other of [
    offer('10.20.4.9', '10.20.4.32', GATEWAY), offer('10.20.4.9', '10.20.4.32', null), offer('10.20.4.9', '10.30.0.9', '10.30.0.1', { transactionId: 6 }),
    offer('10.20.4.9', '10.30.0.9', '10.30.0.1', { vlan: 9 }), offer('10.20.4.9', '10.30.0.9', '10.30.0.1', { client: formatMac(CARD.central) }),
    offer(GATEWAY, '10.20.4.33', GATEWAY), offer('10.20.4.9', '10.20.4.32', '10.20.4.9', { type: 'ack' }),
  ]) deepEqual(findings(secondDhcpServer, ward(), [own, other]), [])
})

test('second-dhcp-server: a device that is a client itself gives addresses, by DHCP or DHCPv6; a relayed answer is its relay\'s', () => {
  const of = flow(PC, '255.255.255.255', 68, { proto: 17, macs: [CARD.stranger, 0xffffffffffff] })
  const [fact] = offer(PC, '192.168.137.9', PC, { type: 'ack' })
  const [found] = findings(secondDhcpServer, ward(), [[fact, of]])
  deepEqual([found?.severity, found?.assetId], ['high', `a-${PC}`])
  deepEqual(findings(secondDhcpServer, ward(false), [[fact, of]]), [])
  const six = (relayed: boolean): Fact => ({
    ...AT, protocol: 'dhcp6', kind: 'message', vlan: 0, from: ip('fe80::66'), type: 'advertise', relayed, client: null, clientDuid: null, serverDuid: null,
    addresses: [], prefixes: [], dnsServers: [], fullName: null, enterprise: null, vendorClass: null, requestedList: null, interfaceId: null,
  })
  const link = flow('fe80::66', 'fe80::31', 546, { proto: 17, macs: [CARD.stranger, CARD.monitor] })
  equal(findings(secondDhcpServer, ward(), [[six(false), link]]).length, 1)
  deepEqual(findings(secondDhcpServer, ward(), [[six(true), link]]), [])
})

const asker = (device: string, card: MacNumber = CARD.stranger): Flow => flow(device, MONITOR, 49_000, { proto: 17, macs: [card, CARD.monitor] })

function llmnr(name: string, device = PC): [Fact, Flow] {
  const hosts = [{ name, addresses: [ip(device)] }]
  return [{ ...AT, protocol: 'dns', kind: 'announcement', flowId: 1, device: ip(device), how: 'llmnr', hosts, services: [], product: [] }, asker(device)]
}

function mdns(name: string, device: string, card: MacNumber = CARD.stranger): [Fact, Flow] {
  const [fact] = llmnr(name, device)
  return [{ ...fact, how: 'mdns' } as Fact, asker(device, card)]
}

function nbns(name: string, how: 'answer' | 'registration', owner = PC, from = PC, more: { suffix?: number; isGroup?: boolean } = {}): [Fact, Flow] {
  return [{
    ...AT, protocol: 'nbns', kind: 'name', flowId: 1, from: ip(from), owner: ip(owner), name, suffix: 0x20, isGroup: false, how, mac: null, ...more,
  }, asker(from, from === PC ? CARD.stranger : CARD.central)]
}

test(`name-poisoning: ${NAMES_MIN} names by LLMNR or NetBIOS; critical when a monitor asked; no name is in the finding`, () => {
  const [found, ...more] = findings(namePoisoning, ward(), [llmnr('fileserver'), llmnr('print01.local'), nbns('INTRANET', 'answer'), llmnr('proxysrv')])
  deepEqual([found?.severity, found?.assetId, more], ['critical', `a-${PC}`, []])
  match(found?.technical ?? '', /answered for 4 names over LLMNR, NetBIOS, asked by 10\.20\.4\.31/)
  for (const name of ['fileserver', 'print01', 'INTRANET', 'proxysrv']) equal(JSON.stringify(found).toLowerCase().includes(name.toLowerCase()), false)
})

test('name-poisoning: two names are enough when one is wpad, or goes with another device', () => {
  equal(findings(namePoisoning, ward(), [llmnr('wpad'), llmnr('pc-66')]).length, 1)
  const owner = nbns('FILESERVER', 'registration', '10.20.4.5', '10.20.4.5')
  equal(findings(namePoisoning, ward(), [owner, llmnr('fileserver'), llmnr('pc-66')]).length, 1)
  deepEqual(findings(namePoisoning, ward(), [owner, llmnr('fileserver')]), [], 'a machine with two addresses')
  deepEqual(findings(namePoisoning, ward(), [llmnr('wpad')]), [], 'a proxy that is called so')
})

test('name-poisoning: own names, groups and domains, a name server\'s answers, aliases by mDNS and laptops with two cards are none', () => {
  const own = [llmnr('pc-66'), llmnr('PC-66.ward.local'), nbns('PC-66', 'answer'), nbns('PC-66', 'registration'), llmnr('pc-66-old')]
  deepEqual(findings(namePoisoning, ward(), own), [])
  const domain = ['WARD', 'HOSPITAL', 'LAB', 'ADMIN'].flatMap((name) => [
    nbns(name, 'answer', PC, PC, { suffix: 0x1b }), nbns(name, 'answer', PC, PC, { isGroup: true }), nbns(name, 'answer', '10.20.4.5'),
  ])
  deepEqual(findings(namePoisoning, ward(), domain), [])
  deepEqual(findings(namePoisoning, ward(), ['a', 'b', 'c', 'd', 'e'].map((n) => mdns(`${n}.local`, PC))), [])
  const laptop = ['mac.local', 'uuid.local'].flatMap((n) => [mdns(n, '10.20.4.70', 0x02005e000070), mdns(n, PC)])
  deepEqual(findings(namePoisoning, ward(), laptop), [])
})

test('name-poisoning: a file server that registered two names over IPv4 answers for them over IPv6, with the same card', () => {
  const registered = ['FILES', 'ARCHIVE'].map((name) => nbns(name, 'registration'))
  const answers = ['files', 'archive'].map((name) => llmnr(name, 'fe80::66'))
  deepEqual(findings(namePoisoning, ward(), [...registered, ...answers]), [])
  const other = answers.map(([fact]): [Fact, Flow] => [fact, asker('fe80::66', CARD.central)])
  equal(findings(namePoisoning, ward(), [...registered, ...other]).length, 1, 'with another card')
  const forAnother = ['FILES', 'ARCHIVE'].map((name) => nbns(name, 'registration', '10.20.4.5', PC))
  equal(findings(namePoisoning, ward(), [...forAnother, ...answers]).length, 1, 'a card that registers names for an address elsewhere owns none')
  const toIt = ['FILES', 'ARCHIVE'].map((name): [Fact, Flow] => [nbns(name, 'registration', '10.20.4.5', MONITOR)[0],
    flow(MONITOR, PC, 137, { proto: 17, macs: [CARD.monitor, CARD.stranger] })])
  equal(findings(namePoisoning, ward(), [...toIt, ...answers]).length, 1, 'nor does the card that is told of them')
})

test('name-poisoning by mDNS: four names that others said first', () => {
  const others = ['a', 'b', 'c', 'd'].flatMap((n, i) => [mdns(`${n}.local`, `10.20.4.8${i}`, 0x02005e000080 + i), mdns(`${n}.local`, PC)])
  const [found, ...more] = findings(namePoisoning, ward(), others)
  deepEqual([found?.assetId, more], [`a-${PC}`, []])
})

test('name-poisoning: names that DHCP clients call themselves are theirs', () => {
  const [message, of] = offer(GATEWAY, MONITOR, GATEWAY, { type: 'request', hostName: 'LAB-PC', client: formatMac(CARD.central) })
  equal(findings(namePoisoning, ward(), [[message, of], llmnr('lab-pc'), llmnr('pc-66')]).length, 1)
  const [mine] = offer(GATEWAY, PC, GATEWAY, { type: 'request', hostName: 'LAB-PC', client: formatMac(CARD.stranger) })
  deepEqual(findings(namePoisoning, ward(), [[mine, of], llmnr('lab-pc'), llmnr('pc-66')]), [])
})
