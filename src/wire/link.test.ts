// Tests of the link headers: each link type, VLAN stacks, LLC, and what is cut or unknown.
// Keeps the rule that a link without IP or ARP is still a link, never an error.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus } from './frame.ts'
import { be16, be32, bytes, counted, decoded, DST_MAC, ethernet, ip4, ip6, mac, SRC_MAC, tcp, udp } from './test-frames.ts'

const TCP4 = ip4(6, tcp(40000, 515, counted(10)))
const UDP6 = ip6(17, udp(546, 547, counted(10)))

test('Ethernet II gives both addresses and the EtherType', () => {
  const { frame, status } = decoded(ethernet(0x0800, TCP4))
  assert.equal(status, FrameStatus.transport)
  assert.deepEqual([frame.srcMac, frame.dstMac, frame.etherType, frame.vlan, frame.innerVlan], [SRC_MAC, DST_MAC, 0x0800, 0, 0])
  assert.equal(frame.ipOff, 14)
  assert.equal(frame.flags, 0)
})

test('an unknown EtherType is a link with its number kept', () => {
  const { frame, status } = decoded(ethernet(0x88cc, counted(30)))
  assert.equal(status, FrameStatus.link)
  assert.equal(frame.etherType, 0x88cc)
  assert.equal(frame.proto, -1)
  assert.equal(frame.flags, 0)
})

test('every length below 14 is no Ethernet header', () => {
  for (let captured = 0; captured < 14; captured++) {
    const { frame, status } = decoded(ethernet(0x0800, TCP4), 1, captured)
    assert.equal(status, FrameStatus.undecoded)
    assert.equal(frame.flags & FrameFlag.linkTruncated, FrameFlag.linkTruncated)
    assert.equal(frame.srcMac, -1)
  }
})

test('VLAN tags: one, two, and the three kinds of TPID', () => {
  for (const tpid of [0x8100, 0x88a8, 0x9100]) {
    const one = decoded(ethernet(0x0800, TCP4, [[tpid, 0xe014]])).frame
    assert.deepEqual([one.vlan, one.innerVlan, one.ipOff], [0x14, 0, 18], 'priority and drop bits are no part of the id')
    const two = decoded(ethernet(0x0800, TCP4, [[tpid, 300], [0x8100, 7]])).frame
    assert.deepEqual([two.vlan, two.innerVlan, two.ipOff, two.flags], [300, 7, 22, 0])
  }
})

test('a priority tag has VLAN 0', () => {
  const { frame, status } = decoded(ethernet(0x0800, TCP4, [[0x8100, 0xa000]]))
  assert.equal(status, FrameStatus.transport)
  assert.equal(frame.vlan, 0)
})

test('a third tag is read through and flagged, because a frame keeps two', () => {
  const { frame, status } = decoded(ethernet(0x0800, TCP4, [[0x88a8, 1], [0x8100, 2], [0x8100, 3]]))
  assert.equal(status, FrameStatus.transport)
  assert.deepEqual([frame.vlan, frame.innerVlan], [1, 2])
  assert.equal(frame.flags, FrameFlag.tooManyTags)
})

test('eight tags are stepped over, a ninth ends the decode', () => {
  const tags = (count: number) => Array.from({ length: count }, (_, i) => [0x8100, i + 1] as const)
  const eight = decoded(ethernet(0x0800, TCP4, tags(8)))
  assert.deepEqual([eight.status, eight.frame.flags], [FrameStatus.transport, FrameFlag.tooManyTags])
  const nine = decoded(ethernet(0x0800, TCP4, tags(9)))
  assert.deepEqual([nine.status, nine.frame.flags, nine.frame.etherType], [FrameStatus.link, FrameFlag.tooManyTags, 0])
})

test('a tag cut short leaves a link with its addresses', () => {
  const { frame, status } = decoded(ethernet(0x0800, TCP4, [[0x8100, 20]]), 1, 17)
  assert.equal(status, FrameStatus.link)
  assert.equal(frame.srcMac, SRC_MAC)
  assert.equal(frame.flags, FrameFlag.linkTruncated | FrameFlag.cutBySnaplen)
  assert.equal(frame.vlan, 0)
})

test('802.3: SNAP with an EtherType OUI is honoured, any other LLC is a link', () => {
  const snap = (oui: number[]) => ethernet(60, bytes(0xaa, 0xaa, 3, oui, be16(0x0800), TCP4))
  for (const oui of [[0, 0, 0], [0, 0, 0xf8]]) {
    const { frame, status } = decoded(snap(oui))
    assert.deepEqual([status, frame.etherType, frame.ipOff], [FrameStatus.transport, 0x0800, 22])
  }
  const cisco = decoded(snap([0, 0, 0x0c]))
  assert.deepEqual([cisco.status, cisco.frame.etherType, cisco.frame.flags], [FrameStatus.link, 0, 0])
  const spanningTree = decoded(ethernet(38, bytes(0x42, 0x42, 3, counted(35))))
  assert.deepEqual([spanningTree.status, spanningTree.frame.etherType], [FrameStatus.link, 0])
  const short = decoded(ethernet(3, bytes(0xaa, 0xaa, 3)))
  assert.deepEqual([short.status, short.frame.etherType], [FrameStatus.link, 0])
})

test('802.3 behind a tag, and a number between length and EtherType', () => {
  const tagged = decoded(ethernet(60, bytes(0xaa, 0xaa, 3, 0, 0, 0, be16(0x0800), TCP4), [[0x8100, 9]]))
  assert.deepEqual([tagged.status, tagged.frame.vlan], [FrameStatus.transport, 9])
  const between = decoded(ethernet(1501, TCP4))
  assert.deepEqual([between.status, between.frame.etherType], [FrameStatus.link, 1501])
})

test('PPPoE session: IP inside is read, control protocols and discovery are links', () => {
  const session = (ppp: number, inner: Uint8Array) => ethernet(0x8864, bytes(0x11, 0, 0, 1, be16(inner.length + 2), be16(ppp), inner))
  assert.deepEqual([decoded(session(0x21, TCP4)).status, decoded(session(0x21, TCP4)).frame.etherType], [FrameStatus.transport, 0x0800])
  assert.deepEqual([decoded(session(0x57, UDP6)).status, decoded(session(0x57, UDP6)).frame.etherType], [FrameStatus.transport, 0x86dd])
  const control = decoded(session(0xc021, counted(8)))
  assert.deepEqual([control.status, control.frame.etherType], [FrameStatus.link, 0x8864])
  assert.equal(decoded(ethernet(0x8864, bytes(0x11, 0, 0))).status, FrameStatus.link)
  assert.equal(decoded(ethernet(0x8863, counted(20))).status, FrameStatus.link)
})

function sll(protocol: number, hardware: number, addressBytes: number, payload: Uint8Array): Uint8Array {
  return bytes(be16(4), be16(hardware), be16(addressBytes), mac(SRC_MAC), 0, 0, be16(protocol), payload)
}

function sll2(protocol: number, hardware: number, addressBytes: number, payload: Uint8Array): Uint8Array {
  return bytes(be16(protocol), 0, 0, be32(3), be16(hardware), 4, addressBytes, mac(SRC_MAC), 0, 0, payload)
}

test('Linux cooked, both versions: the sender MAC when it is six bytes long', () => {
  for (const [linkType, build, header] of [[113, sll, 16], [276, sll2, 20]] as const) {
    const ether = decoded(build(0x0800, 1, 6, TCP4), linkType)
    assert.equal(ether.status, FrameStatus.transport)
    assert.deepEqual([ether.frame.srcMac, ether.frame.dstMac, ether.frame.ipOff], [SRC_MAC, -1, header])
    const loopback = decoded(build(0x86dd, 772, 0, UDP6), linkType)
    assert.deepEqual([loopback.status, loopback.frame.srcMac], [FrameStatus.transport, -1])
    const arp = decoded(build(0x0806, 1, 6, counted(28)), linkType)
    assert.deepEqual([arp.status, arp.frame.arpOff], [FrameStatus.link, header])
  }
})

test('Linux cooked: tags, LLC, netlink and a cut header', () => {
  for (const [linkType, build, header] of [[113, sll, 16], [276, sll2, 20]] as const) {
    const tagged = decoded(build(0x8100, 1, 6, bytes(be16(42), be16(0x0800), TCP4)), linkType)
    assert.deepEqual([tagged.status, tagged.frame.vlan, tagged.frame.ipOff], [FrameStatus.transport, 42, header + 4])
    const llc = decoded(build(4, 1, 6, bytes(0xaa, 0xaa, 3, 0, 0, 0, be16(0x0800), TCP4)), linkType)
    assert.equal(llc.status, FrameStatus.transport)
    const netlink = decoded(build(0x0800, 824, 0, TCP4), linkType)
    assert.deepEqual([netlink.status, netlink.frame.ipVersion, netlink.frame.etherType], [FrameStatus.link, 0, 0])
    const can = decoded(build(0x000c, 280, 0, counted(16)), linkType)
    assert.deepEqual([can.status, can.frame.etherType], [FrameStatus.link, 0])
    assert.equal(decoded(build(0x0800, 1, 6, TCP4), linkType, header - 1).status, FrameStatus.undecoded)
  }
})

test('BSD loopback: both byte orders, every number of AF_INET6, and others are links', () => {
  for (const linkType of [0, 108]) {
    for (const order of [(v: number) => [v, 0, 0, 0], (v: number) => [0, 0, 0, v]]) {
      assert.equal(decoded(bytes(order(2), TCP4), linkType).frame.ipVersion, 4)
      for (const family of [10, 24, 28, 30]) assert.equal(decoded(bytes(order(family), UDP6), linkType).frame.ipVersion, 6)
      const other = decoded(bytes(order(7), counted(20)), linkType)
      assert.deepEqual([other.status, other.frame.etherType], [FrameStatus.link, 0])
    }
    assert.equal(decoded(bytes(2, 0, 1, 0, TCP4), linkType).status, FrameStatus.link, 'no family has a number that large')
    assert.equal(decoded(bytes(2, 0, 0), linkType).status, FrameStatus.undecoded)
  }
})

test('raw IP by version nibble, on each of its link types', () => {
  for (const linkType of [101, 12, 14]) {
    assert.deepEqual([decoded(TCP4, linkType).status, decoded(TCP4, linkType).frame.etherType], [FrameStatus.transport, 0x0800])
    assert.deepEqual([decoded(UDP6, linkType).status, decoded(UDP6, linkType).frame.etherType], [FrameStatus.transport, 0x86dd])
    const neither = decoded(bytes(0x50, counted(40)), linkType)
    assert.deepEqual([neither.status, neither.frame.flags], [FrameStatus.link, FrameFlag.ipHeaderInvalid])
    assert.equal(decoded(new Uint8Array(0), linkType).status, FrameStatus.undecoded)
  }
})

test('IPV4 and IPV6 link types hold that version and no other', () => {
  assert.equal(decoded(TCP4, 228).status, FrameStatus.transport)
  assert.equal(decoded(UDP6, 229).status, FrameStatus.transport)
  assert.deepEqual([decoded(UDP6, 228).status, decoded(UDP6, 228).frame.flags], [FrameStatus.link, FrameFlag.ipHeaderInvalid])
  assert.deepEqual([decoded(TCP4, 229).status, decoded(TCP4, 229).frame.flags], [FrameStatus.link, FrameFlag.ipHeaderInvalid])
  assert.equal(decoded(new Uint8Array(0), 228).status, FrameStatus.undecoded)
})

test('a link type nobody here reads is undecoded, and says so', () => {
  for (const linkType of [6, 119, 187, 253, 65535, -1]) {
    const { frame, status } = decoded(ethernet(0x0800, TCP4), linkType)
    assert.deepEqual([status, frame.flags], [FrameStatus.undecoded, FrameFlag.linkUnsupported])
  }
})

test('PPP: with and without address and control, one byte of protocol, a direction byte before, Cisco HDLC', () => {
  const told = (packet: Uint8Array, linkType: number): readonly number[] => {
    const { frame, status } = decoded(packet, linkType)
    return [status, frame.etherType, frame.flags]
  }
  const ip4Told = [FrameStatus.transport, 0x0800, 0]
  assert.deepEqual(told(bytes(0xff, 3, 0, 0x21, TCP4), 9), ip4Told)
  assert.deepEqual(told(bytes(0, 0x21, TCP4), 9), ip4Told)
  assert.deepEqual(told(bytes(0x21, TCP4), 50), ip4Told)
  assert.deepEqual(told(bytes(1, 0xff, 3, 0, 0x21, TCP4), 204), ip4Told)
  assert.deepEqual(told(bytes(0xff, 3, 0, 0x57, UDP6), 50), [FrameStatus.transport, 0x86dd, 0])
  assert.deepEqual(told(bytes(0x0f, 0, 8, 0, TCP4), 50), ip4Told)
  assert.deepEqual(told(bytes(0x8f, 0, 0x86, 0xdd, UDP6), 104), [FrameStatus.transport, 0x86dd, 0])
  assert.deepEqual(told(bytes(0x8f, 0, 0x80, 0x35, counted(18)), 104), [FrameStatus.link, 0x8035, 0], 'SLARP')
  assert.deepEqual(told(bytes(0xff, 3, 0xc0, 0x21, counted(20)), 9), [FrameStatus.link, 0, 0], 'LCP')
  assert.deepEqual(told(bytes(0xff, 3, 0), 9), [FrameStatus.undecoded, 0, FrameFlag.linkTruncated])
})

test('ISL: the frame inside, in the VLAN that the header names', () => {
  const isl = (vlan: number, inner: Uint8Array): Uint8Array => {
    const head = bytes(1, 0, 0x0c, 0, 0, 0, mac(7), be16(inner.length), 0xaa, 0xaa, 3, 0, 0, 0x0c, be16(vlan << 1), 0, 0, 0, 0)
    return bytes(head, inner, 1, 2, 3, 4)
  }
  const { frame, status } = decoded(isl(555, ethernet(0x0800, TCP4)))
  assert.deepEqual([status, frame.vlan, frame.srcMac, frame.dstMac], [FrameStatus.transport, 555, SRC_MAC, DST_MAC])
  assert.equal(decoded(isl(555, ethernet(0x0800, TCP4, [[0x8100, 9]]))).frame.vlan, 9, 'a tag inside counts')
  assert.equal(decoded(isl(555, counted(13)).slice(0, 39)).status, FrameStatus.link, 'no frame inside')
  const twice = decoded(isl(1, isl(2, ethernet(0x0800, TCP4))))
  assert.deepEqual([twice.status, twice.frame.vlan], [FrameStatus.link, 1], 'one in another is not read')
})
