// A device that leads others astray, from frames to findings: a lease, a router advertisement, a redirect, a second DHCP server, names.
// Keeps the rule that what the rules need (cards, leases, who answered) does reach them through the whole sensor.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../detect/finding.ts'
import { encodeArp } from '../protocols/arp/index.ts'
import { DhcpOption } from '../protocols/dhcp/codes.ts'
import { dhcpReply, dhcpRequest, encodeDhcp, optionAddress, optionByte } from '../protocols/dhcp/message.ts'
import { dnsQuery, dnsReply, DnsType, encodeDns } from '../protocols/dns/index.ts'
import { encodeRouterAdvertisement } from '../protocols/icmp/message.ts'
import { encodeNbAnswer } from '../protocols/nbns/message.ts'
import type { Decision } from '../inventory/decision.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { CARD, ip } from '../testing/world.ts'
import { ETHER_TYPE_ARP, ethernetFrame, ip4Number, udpFrames } from '../twin/core/packets.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { behavioursOf } from './knowledge.ts'
import { takePicture } from './picture.ts'
import { Sensor } from './sensor.ts'

const ROUTER = '10.20.4.1'
const STRANGER = '10.20.4.66'
const VICTIM = '10.20.4.50'
const EVERYBODY = 0xffffffffffff
const ETHER_TYPE_IP6 = 0x86dd

function findings(frames: readonly Uint8Array[], decisions: readonly Decision[] = []): Finding[] {
  const sensor = new Sensor({ behaviours: behavioursOf(shippedKnowledge()) })
  for (const [i, bytes] of frames.entries()) sensor.packet(bytes, 0, bytes.length, (i + 1) * 100_000, bytes.length, LinkType.ethernet)
  sensor.finish()
  const { profiles } = shippedKnowledge()
  const knowledge = { ...shippedKnowledge(), knowing: { decisions, listed: [], listedAt: 0, profiles } }
  return [...takePicture(sensor.heard(), knowledge).findings]
}

const udp = (from: string, srcMac: number, to: string, dstMac: number, ports: readonly [number, number], payload: Uint8Array, ttl = 64): Uint8Array =>
  udpFrames({ src: ip4Number(ip(from)), dst: ip4Number(ip(to)), srcMac, dstMac, ttl }, ports[0], ports[1], payload, 1)[0] as Uint8Array

function dhcp(type: number, server: string, card: number, address: string, routerIp: string, client: number = CARD.stranger, transaction = 7): Uint8Array {
  const reply = dhcpReply(dhcpRequest(client, transaction, []), ip(address), [
    optionByte(DhcpOption.messageType, type), optionAddress(DhcpOption.server, ip(server)), optionAddress(DhcpOption.subnetMask, ip('255.255.255.0')),
    optionAddress(DhcpOption.router, ip(routerIp)),
  ])
  return udp(server, card, '255.255.255.255', EVERYBODY, [67, 68], encodeDhcp(reply))
}

const OFFER = 2
const ACK = 5
/** The hospital's DHCP server gives the stranger its address; the router says by ARP who it is. */
const BEFORE: readonly Uint8Array[] = [
  arp(CARD.router, ROUTER), dhcp(ACK, '10.20.4.2', CARD.central, STRANGER, ROUTER), arp(CARD.stranger, STRANGER), arp(CARD.monitor, VICTIM),
]

function arp(mac: number, address: string): Uint8Array {
  const bytes = encodeArp({ operation: 1, senderMac: mac, senderIp: ip4Number(ip(address)), targetMac: 0, targetIp: ip4Number(ip('10.20.4.250')) })
  return ethernetFrame(EVERYBODY, mac, ETHER_TYPE_ARP, bytes)
}

/** An ICMPv6 message from a link-local address; hop limit 255 as on the link. */
function icmp6(card: number, from: string, message: Uint8Array): Uint8Array {
  const packet = new Uint8Array(40 + message.length)
  packet.set([0x60, 0, 0, 0, message.length >> 8, message.length & 255, 58, 255])
  packet.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Number(from)], 8)
  packet.set([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 24)
  packet.set(message, 40)
  return ethernetFrame(0x333300000001, card, ETHER_TYPE_IP6, packet)
}

const told = (frames: readonly Uint8Array[]): string[] => findings([...BEFORE, ...frames]).map((f) => `${f.rule} ${f.assetLabel}`)

test('a lease, and then: a router advertisement of the same card is a finding, one of the router\'s card is none', () => {
  const advertisement = encodeRouterAdvertisement(1800, {}, null, { ip: ip('2001:db8:66::'), length: 64 }, [])
  assert.deepEqual(told([icmp6(CARD.stranger, '102', advertisement)]), [`rogue-router router ${STRANGER}`])
  assert.deepEqual(told([icmp6(CARD.router, '1', advertisement)]), [])
})

test('a false router is not called the router', () => {
  const advertisement = encodeRouterAdvertisement(1800, {}, null, { ip: ip('2001:db8:66::'), length: 64 }, [])
  const [found] = findings([...BEFORE, icmp6(CARD.stranger, '102', advertisement)])
  assert.match(found?.ward ?? '', /^The device at 10\.20\.4\.66 tells all devices/)
})

test('a forged redirect of IPv4, and the router\'s own', () => {
  const message = Uint8Array.from([5, 1, 0, 0, 10, 20, 4, 66, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 20, 4, 50, 10, 30, 0, 5, 0, 1, 0, 1, 0, 8, 0, 0])
  const redirect = (card: number, gateway = 66): Uint8Array => {
    const frame = udp(ROUTER, card, VICTIM, CARD.monitor, [0, 0], message.slice(8))
    // The same packet with ICMP in UDP's place: its eight bytes of header, then the quoted packet.
    frame[23] = 1
    frame.set([...message.slice(0, 7), gateway], 34)
    return frame
  }
  assert.deepEqual(told([redirect(CARD.stranger, 99)]), [`rogue-router ${STRANGER}`])
  assert.deepEqual(told([redirect(CARD.router, 66)]), [`rogue-router ${STRANGER}`], 'leads to an ordinary device')
  assert.deepEqual(told([redirect(CARD.router, 2)]), [])
})

test('two DHCP servers for one question, and the client that is one', () => {
  const question = [dhcp(OFFER, '10.20.4.2', CARD.central, '10.20.4.90', ROUTER, 0x020000000090, 9)]
  assert.deepEqual(told([...question, dhcp(OFFER, '192.168.1.1', 0x020000000077, '192.168.1.20', '192.168.1.1', 0x020000000090, 9)]),
    ['second-dhcp-server DHCP server 192.168.1.1'])
  assert.deepEqual(told([...question, dhcp(OFFER, '10.20.4.3', 0x020000000077, '10.20.4.91', ROUTER, 0x020000000090, 9)]), [])
  assert.deepEqual(told([dhcp(ACK, STRANGER, CARD.stranger, '10.20.4.91', STRANGER, 0x020000000090, 9)]), [`second-dhcp-server DHCP server ${STRANGER}`])
})

function llmnr(name: string, from = STRANGER, card: number = CARD.stranger): Uint8Array {
  const reply = dnsReply(dnsQuery(9, name, DnsType.a), [ip(from)])
  const bytes = encodeDns({ ...reply, authoritative: false, recursionAvailable: false, recursionDesired: false })
  assert.ok(bytes)
  return udp(from, card, VICTIM, CARD.monitor, [5355, 50_000], bytes)
}

test('names: one answer for oneself is none; four for others are a finding, by LLMNR and NetBIOS together', () => {
  const nb = (name: string): Uint8Array => udp(STRANGER, CARD.stranger, VICTIM, CARD.monitor, [137, 137], encodeNbAnswer({ name, suffix: 0x20 }, ip(STRANGER)))
  assert.deepEqual(told([llmnr('pc-66'), nb('PC-66')]), [])
  assert.deepEqual(told([llmnr('fileserver'), llmnr('print01'), nb('INTRANET'), nb('PROXYSRV')]), [`name-poisoning ${STRANGER}`], 'not by a name it took')
})

test('two addresses that a person says are one device: one asset, two findings, each with an id; and the name a person gave', () => {
  const other = ['10.20.4.67', CARD.central] as const
  const frames = [...BEFORE, arp(other[1], other[0]), ...['a', 'b', 'c', 'd'].flatMap((name) => [llmnr(name), llmnr(name, ...other)])]
  const ids = findings(frames).map((f) => f.assetId)
  assert.equal(new Set(ids).size, 2)
  const [asset = '', second = ''] = ids
  const of = { asset, called: 'x', by: 'anna', reason: 'one laptop', at: 1, undone: null } as const
  const known = findings(frames, [
    { ...of, id: 'd-0000000001', action: 'merge', others: [second] }, { ...of, id: 'd-0000000002', action: 'rename', label: 'Visitor laptop' },
  ])
  assert.deepEqual(known.map((f) => [f.assetId, f.assetLabel]), [[asset, 'Visitor laptop'], [asset, 'Visitor laptop']])
  assert.match(known[0]?.ward ?? '', /^Visitor laptop answers when others are called/)
  assert.equal(new Set(known.map((f) => f.id)).size, 2)
})
