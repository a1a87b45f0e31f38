// Tests of tunnels: each kind opened, each header that lies left closed, the depth bound, and the work a nesting bomb costs.
// Keeps the rule that a frame is the outer packet or the inner one, whole.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginFrame, decodeFrame, decodeTransport } from './decode.ts'
import { asOuterFrame } from './enter.ts'
import { Frame, FrameFlag, frameFlagNames, FrameStatus, LAYERS_MAX, tunnelKindNames, type OuterPacket } from './frame.ts'
import { LABELS_MAX } from './mpls.ts'
import { arp, be16, be32, bytes, counted, decoded, DST_IP4, DST_MAC, ethernet, fragment6, ip4, ip6, SRC_IP4, SRC_MAC, tcp, udp } from './test-frames.ts'
import {
  erspan1, erspan2, erspan3, geneve, gre, gtpU, l2tp, labels, over4, PPP_HDLC_IPV4, PPP_IPV4, pppoe, pptp, sampleTunnels, teredo, vxlan,
} from './test-tunnels.ts'

const DATA = counted(40)
const TCP4 = ip4(6, tcp(1025, 515, DATA))
const UDP6 = ip6(17, udp(5353, 5354, DATA))
/** Other cards than those of ethernet(): 02:00:00:00:00:0a sends to ...:0b. */
const INNER_SRC = 0x02000000000a
const INNER_DST = 0x02000000000b

/** An Ethernet frame of the inner cards. */
function inside(etherType: number, payload: Uint8Array, tags: readonly (readonly [number, number])[] = []): Uint8Array {
  const frame = ethernet(etherType, payload, tags)
  frame.set([2, 0, 0, 0, 0, 0x0b, 2, 0, 0, 0, 0, 0x0a])
  return frame
}

function outerOf(frame: Frame, at = 0): OuterPacket {
  assert.ok(at < frame.outerCount, 'there is a packet around')
  return frame.outers[at] ?? assert.fail('no place for it')
}

/** What a frame says of its way, in one line: kinds, segment, VLANs, then protocol and ports. */
function told(packet: Uint8Array, linkType = 1): string {
  const { frame } = decoded(packet, linkType)
  const kinds = tunnelKindNames(frame.tunnelKinds).join('+') || 'plain'
  const flags = frameFlagNames(frame.flags).join(' ')
  return `${kinds} ${frame.segment} ${frame.vlan}.${frame.innerVlan} ${frame.proto} ${frame.srcPort}>${frame.dstPort} ${flags}`.trim()
}

test('the samples open as their names say', () => {
  assert.deepEqual(sampleTunnels().map(({ name, packet, linkType }) => `${name}: ${told(packet, linkType)}`), [
    'gre: gre 0 0.0 6 1025>515',
    'gre with all fields: gre 0 0.0 17 5353>5353',
    'gre ethernet: gre 0 20.0 6 1025>515',
    'nvgre: gre 1193046 20.0 6 1025>515',
    'gre mpls: gre 0 0.0 6 1025>515',
    'pptp: gre 0 0.0 6 1025>515',
    'erspan 1: erspan 0 20.0 6 1025>515',
    'erspan 2: erspan 0 30.0 17 5353>5353',
    'erspan 3: erspan 0 30.0 17 5353>5353',
    'erspan 3 of an IP packet: erspan 0 30.0 6 1025>515',
    'vxlan: vxlan 1193046 20.0 6 1025>515',
    'geneve: geneve 77 0.0 17 5353>5353',
    'geneve of IP: geneve 77 0.0 6 1025>515',
    'gtp-u: gtpU 0 0.0 6 1025>515',
    'gtp-u with extensions: gtpU 0 0.0 17 5353>5353',
    'l2tp: l2tp 0 0.0 6 1025>515',
    'teredo: teredo 0 0.0 17 1>2',
    '4in4: ipInIp 0 0.0 6 1025>515',
    '6in4: ipInIp 0 0.0 17 5353>5353',
    '4in6: ipInIp 0 0.0 6 1025>515',
    '6in6 behind an extension: ipInIp 0 0.0 17 5353>5353',
    'mpls: plain 0 0.0 6 1025>515',
    'mpls ipv6: plain 0 0.0 17 5353>5353',
    'pseudowire: pseudowire 0 20.0 6 1025>515',
    'pseudowire with control word: pseudowire 0 20.0 6 1025>515',
    'mirror of an overlay: gre+erspan+vxlan 9 0.0 6 1025>515',
    'ppp: plain 0 0.0 6 1025>515',
    'ppp in one byte: plain 0 0.0 6 1025>515',
    'cisco hdlc: plain 0 0.0 17 5353>5353',
    'wlan: plain 0 0.0 6 1025>515',
  ])
})

test('an Ethernet frame inside gives its own cards and tags; those around are kept as the outer ones', () => {
  const around = ethernet(0x0800, ip4(17, vxlan(9, inside(0x0800, TCP4, [[0x88a8, 7], [0x8100, 8]]))), [[0x8100, 5]])
  const { frame, status } = decoded(around)
  assert.equal(status, FrameStatus.transport)
  assert.deepEqual([frame.srcMac, frame.dstMac, frame.vlan, frame.innerVlan, frame.segment], [INNER_SRC, INNER_DST, 7, 8, 9])
  const outer = outerOf(frame)
  assert.deepEqual([outer.srcMac, outer.dstMac, outer.vlan, outer.innerVlan], [SRC_MAC, DST_MAC, 5, 0])
  assert.deepEqual([outer.ipVersion, outer.proto, outer.srcPort, outer.dstPort], [4, 17, 50_000, 4789])
  assert.deepEqual([...outer.addresses], [0, 0, 0, SRC_IP4, 0, 0, 0, DST_IP4])
  assert.deepEqual([frame.layers, frame.tunnels], [1, 1])
})

test('an untagged frame inside has no VLAN, whatever the link around had', () => {
  const { frame } = decoded(ethernet(0x0800, ip4(17, vxlan(9, inside(0x0800, TCP4))), [[0x8100, 5]]))
  assert.deepEqual([frame.vlan, outerOf(frame).vlan], [0, 5])
})

test('an IP packet inside came over the link around: MACs and VLAN stay', () => {
  for (const payload of [gre(0x0800, TCP4), gre(0x86dd, UDP6)]) {
    const { frame } = decoded(ethernet(0x0800, ip4(47, payload), [[0x8100, 5]]))
    assert.deepEqual([frame.srcMac, frame.dstMac, frame.vlan, outerOf(frame).vlan], [SRC_MAC, DST_MAC, 5, 5])
  }
})

test('the VLAN that ERSPAN notes stands when the mirrored frame has no tag, and only then', () => {
  for (const [build, vlan] of [[erspan2, 30], [erspan3, 30]] as const) {
    assert.equal(decoded(over4(47, build(vlan, inside(0x0800, TCP4)))).frame.vlan, 30)
    assert.equal(decoded(over4(47, build(vlan, inside(0x0800, TCP4, [[0x8100, 20]])))).frame.vlan, 20)
    assert.equal(decoded(over4(47, build(vlan, inside(0x0800, TCP4, [[0x8100, 0xe000]])))).frame.vlan, 30, 'a priority tag names none')
  }
  assert.equal(decoded(over4(47, erspan1(inside(0x0800, TCP4)))).frame.vlan, 0)
})

test('ARP and spanning tree inside a tunnel are links: no IP packet is left of the one around', () => {
  const { frame, status } = decoded(over4(17, vxlan(9, inside(0x0806, arp(1, INNER_SRC, SRC_IP4, 0, DST_IP4)))))
  assert.equal(status, FrameStatus.link)
  assert.ok(frame.arpOff > 0)
  assert.deepEqual([frame.ipVersion, frame.proto, frame.l4Off, frame.payloadOff, frame.srcPort, frame.addresses[3]], [0, -1, -1, -1, 0, 0])
  assert.equal(outerOf(frame).addresses[3], SRC_IP4)
  const tree = decoded(over4(47, erspan2(30, inside(38, bytes(0x42, 0x42, 3, counted(35))))))
  assert.deepEqual([tree.status, tree.frame.etherType, tree.frame.vlan], [FrameStatus.link, 0, 30])
})

test('the next frame knows nothing of the tunnel before', () => {
  const frame = new Frame()
  const tunnel = over4(17, vxlan(9, inside(0x0800, TCP4, [[0x8100, 7]])))
  beginFrame(frame, 1, 0, tunnel.length, tunnel.length)
  decodeFrame(tunnel, 0, tunnel.length, 1, frame)
  const plain = ethernet(0x0800, TCP4)
  beginFrame(frame, 2, 0, plain.length, plain.length)
  decodeFrame(plain, 0, plain.length, 1, frame)
  assert.deepEqual([frame.layers, frame.tunnels, frame.tunnelKinds, frame.segment, frame.outerCount, frame.vlan], [0, 0, 0, 0, 0, 0])
})

test('a datagram on 4789 whose header is not VXLAN to the bit stays plain UDP, unflagged', () => {
  const good = bytes(8, 0, 0, 0, be32(9 * 256), inside(0x0800, TCP4))
  assert.equal(told(over4(17, udp(5, 4789, good))), 'vxlan 9 0.0 6 1025>515')
  for (const [at, value] of [[0, 0], [0, 0x0c], [0, 0x18], [1, 1], [2, 1], [3, 1], [7, 1]] as const) {
    const bad = good.slice()
    bad[at] = value
    assert.equal(told(over4(17, udp(5, 4789, bad))), 'plain 0 0.0 17 5>4789', `byte ${at} is ${value}`)
  }
  assert.equal(told(over4(17, udp(5, 4790, good))), 'plain 0 0.0 17 5>4790', 'another port is no hint')
  assert.equal(told(over4(17, udp(4789, 5, good))), 'plain 0 0.0 17 4789>5', 'nor is the source port')
  assert.equal(told(over4(17, vxlan(9, inside(0x0800, TCP4), 8472))), 'vxlan 9 0.0 6 1025>515', "Linux's own number is")
})

test('VXLAN with a group policy is opened; with bits that the draft does not give it is not', () => {
  const head = (flags: number, second: number): Uint8Array => bytes(flags, second, be16(99), be32(9 * 256), inside(0x0800, TCP4))
  assert.equal(told(over4(17, udp(5, 4789, head(0x88, 0x48)))), 'vxlan 9 0.0 6 1025>515')
  assert.equal(told(over4(17, udp(5, 4789, head(0x88, 0x01)))), 'plain 0 0.0 17 5>4789')
  assert.equal(told(over4(17, udp(5, 4789, head(0x80, 0x48)))), 'plain 0 0.0 17 5>4789')
})

test('where no Ethernet frame can begin, a right VXLAN header is no tunnel', () => {
  const contents: readonly Uint8Array[] = [
    inside(0x0800, UDP6), inside(0x86dd, TCP4), inside(0x0806, counted(28)), inside(0x9999, counted(40)), inside(900, counted(40)),
    inside(0x0800, TCP4).slice(0, 13), counted(60), inside(0x8100, counted(3)),
  ]
  for (const content of contents) assert.equal(told(over4(17, vxlan(9, content))), 'plain 0 0.0 17 50000>4789')
  const group = inside(0x0800, TCP4)
  group[6] = 3
  assert.equal(told(over4(17, vxlan(9, group))), 'vxlan 9 0.0 6 1025>515', 'a group as source hides nothing')
})

test('Geneve: version, control, reserved bits, options that run over, and unknown content leave it closed', () => {
  const good = geneve(77, 0x6558, inside(0x0800, TCP4), 2)
  assert.equal(told(over4(17, good)), 'geneve 77 0.0 6 1025>515')
  for (const [at, value] of [[8, 0x42], [8, 0x3f], [9, 0x80], [9, 1], [10, 0x12], [15, 1]] as const) {
    const bad = good.slice()
    bad[at] = value
    assert.equal(told(over4(17, bad)), 'plain 0 0.0 17 50001>6081', `byte ${at} is ${value}`)
  }
  assert.equal(told(over4(17, geneve(77, 0x86dd, TCP4))), 'plain 0 0.0 17 50001>6081')
})

test('GTP-U: only a user packet whose length is exact is opened; extension headers are walked to a bound', () => {
  const good = gtpU(TCP4)
  for (const [at, value] of [[8, 0x50], [8, 0x20], [8, 0x38], [9, 0xfe], [11, 1]] as const) {
    const bad = good.slice()
    bad[at] = value
    assert.equal(told(over4(17, bad)), 'plain 0 0.0 17 2152>2152', `byte ${at} is ${value}`)
  }
  const chain = (count: number): Uint8Array => gtpU(TCP4, Array.from({ length: count }, () => [0x85, counted(2)] as const))
  assert.equal(told(over4(17, chain(8))), 'gtpU 0 0.0 6 1025>515')
  assert.equal(told(over4(17, chain(9))), 'plain 0 0.0 17 2152>2152 tunnelTooDeep')
  const empty = chain(2)
  empty[20] = 0
  assert.equal(told(over4(17, empty)), 'plain 0 0.0 17 2152>2152', 'an extension of length 0')
  assert.equal(told(over4(17, gtpU(counted(40)))), 'plain 0 0.0 17 2152>2152')
})

test('Teredo: the IPv6 packet must fill the datagram and have an address of Teredo', () => {
  const packet = udp(1, 2, DATA)
  assert.equal(told(over4(17, teredo(17, packet))), 'teredo 0 0.0 17 1>2')
  assert.equal(told(over4(17, teredo(17, packet, [0, 0, 1, 2, 3, 4, 5, 6]))), 'teredo 0 0.0 17 1>2', 'an origin indication')
  assert.equal(told(over4(17, teredo(17, packet, [0, 1, 0, 0, ...be32(1), ...be32(2), 0]))), 'teredo 0 0.0 17 1>2', 'an authentication')
  assert.equal(told(over4(17, udp(3544, 9, UDP6))), 'plain 0 0.0 17 3544>9', 'addresses of the Internet')
  assert.equal(told(over4(17, bytes(udp(3544, 9, bytes(teredo(17, packet).slice(8), 0))))), 'plain 0 0.0 17 3544>9', 'a byte behind it')
})

test('L2TP: data with a right length is opened, control messages and other versions are not', () => {
  assert.equal(told(over4(17, l2tp(bytes(PPP_HDLC_IPV4, TCP4)))), 'l2tp 0 0.0 6 1025>515')
  for (const [at, value] of [[8, 0xc0], [9, 3], [11, 1], [8, 0x60]] as const) {
    const bad = l2tp(bytes(PPP_IPV4, TCP4))
    bad[at] = value
    assert.equal(told(over4(17, bad)), 'plain 0 0.0 17 1701>1701', `byte ${at} is ${value}`)
  }
  assert.equal(told(over4(17, l2tp(bytes(0xc0, 0x21, counted(20))))), 'plain 0 0.0 17 1701>1701', 'LCP')
  const shifted = bytes(be16(0x0a02), be16(3), be16(4), be16(1), be16(2), be16(3), 9, 9, 9, PPP_IPV4, TCP4)
  assert.equal(told(over4(17, udp(1701, 1701, shifted))), 'l2tp 0 0.0 6 1025>515', 'sequence and offset, no length')
})

test('GRE: routing and versions nobody has are invalid; a protocol not read here is a flow of GRE; cut is truncated', () => {
  const stays = 'plain 0 0.0 47 0>0'
  assert.equal(told(over4(47, gre(0x0800, TCP4, { bits: 0x4000 }))), `${stays} tunnelInvalid`)
  assert.equal(told(over4(47, gre(0x0800, TCP4, { bits: 2 }))), `${stays} tunnelInvalid`)
  assert.equal(told(over4(47, gre(0x0800, UDP6))), `${stays} tunnelInvalid`)
  assert.equal(told(over4(47, gre(0x2001, DATA))), stays)
  assert.equal(told(over4(47, gre(0, new Uint8Array(0)))), stays, 'a keepalive')
  assert.equal(told(over4(47, gre(0x0800, TCP4.slice(0, 19)))), `${stays} tunnelTruncated`)
  assert.equal(told(over4(47, gre(0x6558, counted(13)))), `${stays} tunnelTruncated`)
  assert.equal(told(over4(47, Uint8Array.of(0, 0, 8))), `${stays} tunnelTruncated`)
  assert.equal(told(over4(47, Uint8Array.of(0x20, 0, 8, 0, 1))), `${stays} tunnelTruncated`)
})

test('PPTP: IP in PPP is opened, acknowledgements and encrypted content are not', () => {
  assert.equal(told(over4(47, pptp(bytes(0x21, TCP4), 1))), 'gre 0 0.0 6 1025>515')
  assert.equal(told(over4(47, pptp(bytes(0x00, 0xfd, counted(40)), 1))), 'plain 0 0.0 47 0>0')
  assert.equal(told(over4(47, bytes(be16(0x2081), be16(0x880b), be16(0), be16(7), be32(5)))), 'plain 0 0.0 47 0>0')
})

test('ERSPAN: a version that does not fit its number is invalid; a type of frame not read here stays GRE', () => {
  const second = erspan2(30, inside(0x0800, TCP4))
  second[8] = 0x20
  assert.equal(told(over4(47, second)), 'plain 0 0.0 47 0>0 tunnelInvalid')
  const third = erspan3(30, inside(0x0800, TCP4))
  third[8] = 0x10
  assert.equal(told(over4(47, third)), 'plain 0 0.0 47 0>0 tunnelInvalid')
  assert.equal(told(over4(47, erspan3(30, inside(0x0800, TCP4), 5))), 'plain 0 0.0 47 0>0')
})

test('IP in IP: a protocol number without such a packet behind it is invalid', () => {
  assert.equal(told(over4(4, UDP6)), 'plain 0 0.0 4 0>0 tunnelInvalid')
  assert.equal(told(over4(41, TCP4)), 'plain 0 0.0 41 0>0 tunnelInvalid')
  assert.equal(told(over4(41, UDP6.slice(0, 39))), 'plain 0 0.0 41 0>0 tunnelTruncated')
})

test('MPLS: what the labels carry is told by its bytes, and what cannot be told stays a link', () => {
  const { frame, status } = decoded(ethernet(0x8847, labels(1, counted(60))))
  assert.deepEqual([status, frame.etherType, frame.flags], [FrameStatus.link, 0x8847, 0])
  assert.equal(decoded(ethernet(0x8847, labels(LABELS_MAX, TCP4))).status, FrameStatus.transport)
  assert.equal(told(ethernet(0x8847, labels(LABELS_MAX + 1, TCP4))), 'plain 0 0.0 -1 0>0 tunnelTooDeep')
  assert.equal(told(ethernet(0x8847, labels(3, TCP4).slice(0, 10))), 'plain 0 0.0 -1 0>0 tunnelTruncated')
  assert.equal(told(ethernet(0x8847, labels(1, TCP4), [[0x8100, 5]])), 'plain 0 5.0 6 1025>515', 'the link around stays')
})

test('MPLS: a frame to a card whose address begins like an IP version is a pseudowire, for no IP length fits', () => {
  for (const first of [0x45, 0x60]) {
    const frame = inside(0x0800, TCP4)
    frame[0] = first
    frame.set([0xff, 0xff], first === 0x45 ? 2 : 4)
    assert.equal(told(ethernet(0x8847, labels(1, frame))), 'pseudowire 0 0.0 6 1025>515')
  }
  const group = inside(0x0800, TCP4)
  group[6] = 3
  assert.equal(told(ethernet(0x8847, labels(1, group))), 'plain 0 0.0 -1 0>0', 'no card sends from a group address')
})

test('PPPoE behind a tag and inside a tunnel', () => {
  assert.equal(told(ethernet(0x8864, pppoe(0x21, TCP4), [[0x8100, 7]])), 'plain 0 7.0 6 1025>515')
  assert.equal(told(over4(47, erspan1(inside(0x8864, pppoe(0x57, UDP6))))), 'erspan 0 0.0 17 5353>5354')
})

/** `count` IPv4 headers in one another, TCP in the last. */
function nested(count: number): Uint8Array {
  let packet = TCP4
  for (let i = 1; i < count; i++) packet = ip4(4, packet)
  return packet
}

test('the depth bound: that many tunnels are opened, one more is flagged and the frame stays at the last', () => {
  const most = decoded(ethernet(0x0800, nested(LAYERS_MAX + 1)))
  assert.deepEqual([most.status, most.frame.proto, most.frame.layers, most.frame.flags], [FrameStatus.transport, 6, LAYERS_MAX, 0])
  const more = decoded(ethernet(0x0800, nested(LAYERS_MAX + 2)))
  assert.deepEqual([more.status, more.frame.proto, more.frame.layers], [FrameStatus.network, 4, LAYERS_MAX])
  assert.equal(more.frame.flags, FrameFlag.tunnelTooDeep)
})

/** Bytes read while `packet` is decoded: every read of a byte is counted on its way through a proxy. */
function readsOf(packet: Uint8Array): number {
  let reads = 0
  const counting = new Proxy(packet, {
    get(target, key): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1
      return Reflect.get(target, key, target)
    },
  })
  const frame = new Frame()
  beginFrame(frame, 1, 0, packet.length, packet.length)
  decodeFrame(counting, 0, packet.length, 1, frame)
  return reads
}

/** One packet that is made of headers to the end: `one` around itself until 6000 bytes are full. */
function bomb(one: (inner: Uint8Array) => Uint8Array): Uint8Array {
  const step = one(new Uint8Array(0)).length
  let packet: Uint8Array = TCP4
  for (let i = 0; i < Math.floor(6000 / step); i++) packet = one(packet)
  return packet
}

test('a nesting bomb of any header costs no more than the bound allows, however long it is', () => {
  const frame = (payload: Uint8Array): Uint8Array => inside(0x0800, payload)
  const bombs: Readonly<Record<string, Uint8Array>> = {
    'IP in IP': ethernet(0x0800, bomb((p) => ip4(4, p))),
    '6in6': ethernet(0x86dd, bomb((p) => ip6(41, p))),
    GRE: ethernet(0x0800, ip4(47, bomb((p) => gre(0x0800, ip4(47, p))))),
    ERSPAN: bomb((p) => frame(ip4(47, erspan1(p)))),
    VXLAN: bomb((p) => frame(ip4(17, vxlan(9, p)))),
    Geneve: bomb((p) => frame(ip4(17, geneve(9, 0x6558, p)))),
    'GTP-U': ethernet(0x0800, bomb((p) => ip4(17, gtpU(p)))),
    'labels in pseudowires': bomb((p) => inside(0x8847, labels(LABELS_MAX, bytes(be32(0), p)))),
    'labels without end': ethernet(0x8847, bytes(Array.from({ length: 1500 }, () => be32(0x10000)).flat())),
    tags: ethernet(0x0800, TCP4, Array.from({ length: 1500 }, () => [0x8100, 5] as const)),
    'extension headers of GTP-U': ethernet(0x0800, ip4(17, gtpU(TCP4, Array.from({ length: 1000 }, () => [0x85, counted(2)] as const)))),
  }
  /** Ethernet with eight tags, IPv6 and UDP headers, a tunnel's own header and the look before it: below 250 bytes a layer. */
  const readsMax = 250 * (LAYERS_MAX + 1)
  for (const [name, packet] of Object.entries(bombs)) {
    const reads = readsOf(packet)
    assert.ok(reads > 20 && reads < readsMax, `${name}: ${reads} bytes read of ${packet.length}`)
    assert.ok(decoded(packet).frame.layers <= LAYERS_MAX, name)
  }
  const counts = [1000, 2000, 4000].map((length) => readsOf(ethernet(0x0800, nested(length / 20))))
  assert.equal(new Set(counts).size, 1, 'length adds nothing')
})

test('a tunnel in a fragment waits; in the whole datagram it is opened, in that buffer', () => {
  const inner = gre(0x0800, TCP4)
  const first = decoded(ethernet(0x0800, ip4(47, inner.slice(0, 40), { more: true })))
  assert.deepEqual([first.status, first.frame.proto, first.frame.layers], [FrameStatus.network, 47, 0])
  const { frame } = first
  assert.equal(decodeTransport(inner, 0, inner.length, frame), FrameStatus.transport)
  assert.deepEqual([frame.proto, frame.srcPort, frame.ipOff, frame.l4Off, frame.tunnels, outerOf(frame).proto], [6, 1025, 4, 24, 1, 47])
  assert.equal(frame.flags, 0)
})

test('a fragment inside a whole datagram is a fragment again, with its own addresses', () => {
  const piece = ip4(17, udp(7, 8, counted(16)), { more: true, id: 99 })
  const { frame } = decoded(ethernet(0x86dd, ip6(44, fragment6(4, 0, true, 5, piece.slice(0, 24)))))
  assert.equal(decodeTransport(piece, 0, piece.length, frame), FrameStatus.transport)
  assert.deepEqual([frame.flags, frame.fragmentId, frame.ipVersion, outerOf(frame).ipVersion], [FrameFlag.fragment, 99, 4, 6])
})

test('a tunnelled packet that the capture cut promises what the lengths inside say', () => {
  const packet = over4(47, gre(0x0800, ip4(6, tcp(1, 2, counted(500)))))
  const { frame } = decoded(packet, 1, 120)
  assert.deepEqual([frame.flags, frame.payloadWireLength], [FrameFlag.cutBySnaplen, 500])
  assert.equal(frame.payloadEnd, 120)
})

test('every IP packet around is kept, outermost first, with its bytes', () => {
  const device = ip4(47, gre(0x0800, TCP4))
  const { frame } = decoded(over4(47, erspan2(30, inside(0x0800, device))))
  assert.equal(frame.outerCount, 2)
  const [mirror, tunnel] = [outerOf(frame, 0), outerOf(frame, 1)]
  assert.deepEqual([mirror.vlan, mirror.srcMac, mirror.ipBytes], [0, SRC_MAC, device.length + 14 + 16 + 20])
  assert.deepEqual([tunnel.vlan, tunnel.srcMac, tunnel.proto, tunnel.ipBytes], [30, INNER_SRC, 47, device.length])
  const over = decoded(over4(17, vxlan(9, inside(0x0800, TCP4)))).frame
  assert.equal(outerOf(over).ipBytes, 20 + 8 + 8 + 14 + TCP4.length)
})

test('the packet around as a frame of its own: addresses, ports, link, and no content', () => {
  const { frame } = decoded(ethernet(0x0800, ip4(17, vxlan(9, inside(0x0800, TCP4))), [[0x8100, 5]]))
  const into = asOuterFrame(frame, outerOf(frame), new Frame())
  assert.deepEqual([into.number, into.vlan, into.srcMac, into.dstMac], [frame.number, 5, SRC_MAC, DST_MAC])
  assert.deepEqual([into.ipVersion, into.proto, into.srcPort, into.dstPort, into.payloadOff, into.l4Off], [4, 17, 50_000, 4789, -1, -1])
  assert.deepEqual([...into.addresses], [0, 0, 0, SRC_IP4, 0, 0, 0, DST_IP4])
})
