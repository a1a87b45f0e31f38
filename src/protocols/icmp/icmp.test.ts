// Tests of ICMP: goldens by way of a row that wraps a packet, hostile bytes, the hop limit, floods, and captures against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromWords, type Ip } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { ipRow, packetFactsOf } from '../../testing/packet-row.ts'
import { Frame, IpProto } from '../../wire/frame.ts'
import { FIRST_SEEN_MAX } from '../first-seen.ts'
import type { Fact } from '../facts.ts'
import { PacketFacts } from '../packets.ts'
import { unreachableReason } from './codes.ts'
import { decodeAdvertisement, decodeRouterAdvertisement, decodeSolicitation, encodeNeighbour, encodeRouterAdvertisement } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const ROW = ipRow('icmp', IpProto.icmp)

runGoldens(TESTDATA, ROW)

test('no bytes make it throw or say too much', () => {
  neverThrows(ROW, { cases: loadGoldens(TESTDATA), runs: 300 })
})

const word = fc.integer({ min: 0, max: 0xffffffff })
const ip6 = fc.tuple(word, word, word, word).map(([a, b, c, d]): Ip => ipFromWords(a, b, c, d))
const mac = fc.integer({ min: 1, max: 2 ** 48 - 1 })

test('decode gives back what encode wrote', () => {
  fc.assert(fc.property(ip6, mac, fc.boolean(), fc.boolean(), (target, link, isRouter, solicited) => {
    const asked = encodeNeighbour('solicitation', target, link)
    const { options } = decodeSolicitation(asked, 0, asked.length) ?? {}
    deepEqual([options?.sourceLink, options?.problem], [link, null])
    const told = encodeNeighbour('advertisement', target, link, { isRouter, solicited })
    const message = decodeAdvertisement(told, 0, told.length)
    deepEqual([message?.target, message?.options.targetLink, message?.isRouter, message?.solicited], [target, link, isRouter, solicited])
  }))
  const servers = fc.array(ip6, { maxLength: 3 })
  fc.assert(fc.property(ip6, fc.nat({ max: 128 }), fc.nat({ max: 9000 }), fc.boolean(), servers, (ip, length, seconds, managed, dns) => {
    const bytes = encodeRouterAdvertisement(seconds, { managed }, null, { ip, length }, dns)
    const told = decodeRouterAdvertisement(bytes, 0, bytes.length)
    deepEqual([told?.lifetimeSeconds, told?.managed, told?.options.prefixes, told?.options.dnsServers], [seconds, managed, [`${ip}/${length}`], dns])
  }))
})

function hear(packets: PacketFacts, bytes: Uint8Array, parts: Partial<Frame>, facts: Fact[]): void {
  const frame = Object.assign(new Frame(), {
    ipVersion: 6, proto: IpProto.icmp6, ttl: 255, srcMac: 0x02005e000001, l4Off: 0, l4End: bytes.length, payloadOff: 8, payloadEnd: bytes.length, ...parts,
  })
  frame.addresses[3] = 1
  packets.ip(bytes, frame, (fact) => facts.push(fact))
}

test('an advertisement that a router passed on is no claim (hop limit below 255)', () => {
  const facts: Fact[] = []
  hear(new PacketFacts(), encodeNeighbour('advertisement', ipFromWords(0xfe800000, 0, 0, 9), 0x02005e000001), { ttl: 254 }, facts)
  deepEqual(facts.map((f) => (f.kind === 'malformed' ? f.reason : f.kind)), ['hop-limit'])
})

test('a flood of one neighbour is one fact; of forged ones each, with bounded memory', () => {
  const packets = new PacketFacts()
  const facts: Fact[] = []
  const own = encodeNeighbour('advertisement', ipFromWords(0xfe800000, 0, 0, 9), 0x02005e000001)
  for (let i = 0; i < 1000; i++) hear(packets, own, {}, facts)
  equal(facts.length, 1)
  for (let i = 0; i < 2 * FIRST_SEEN_MAX; i++) hear(packets, encodeNeighbour('advertisement', ipFromWords(0xfe800000, 0, 1, i), 0x02005e000001), {}, facts)
  equal(facts.length, 1 + 2 * FIRST_SEEN_MAX)
})

test('words for why a packet did not arrive; unknown codes stay numbers', () => {
  deepEqual([unreachableReason(4, 13), unreachableReason(6, 1), unreachableReason(4, 99)],
    ['administratively-prohibited', 'administratively-prohibited', 'code-99'])
})

/** Numbers by tshark 4.0: distinct (sender, target, card) of types 135 and 136, routers of 134. */
const CAPTURES = [
  {
    name: 'community-id/cid__icmp6.pcap', claims: ['fe80::200:86ff:fe05:80da', 'fe80::260:97ff:fe07:69ea'], routers: ['fe80::260:97ff:fe07:69ea'],
  },
  {
    name: 'scan/ws__community-shares_attack_扫描原理ping_解析sweep攻击.pcap',
    claims: ['fe80::ac5b:8f91:34e0:3d7d', 'fe80::35b3:91a:388e:65af'], routers: [],
  },
  { name: 'inventory/ws__adsl-cpe_nb6-startup.pcap', claims: [], routers: ['fe80::ca4c:75ff:fe78:ed00'] },
] as const

for (const { name, claims, routers } of CAPTURES) {
  test(`capture ${name}: neighbours and routers as tshark reads them`, { skip: skipWithout(name) }, () => {
    const facts = packetFactsOf(sharedCapture(name) ?? '').filter((f) => f.protocol === 'icmp')
    const claimed = new Set(facts.flatMap((f) => (f.kind === 'claim' && f.by === 'advertisement' ? [f.ip as string] : [])))
    deepEqual([...claimed].sort(), [...claims].sort())
    deepEqual([...new Set(facts.flatMap((f) => (f.kind === 'router' ? f.routers : [])))], routers)
    ok(facts.every((f) => f.kind !== 'malformed'))
  })
}
