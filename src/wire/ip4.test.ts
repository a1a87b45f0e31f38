// Tests of the IPv4 header: lengths that lie, options, fragments, padding and captures cut by a snap length.
// Keeps the rule that the payload never passes the captured bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus } from './frame.ts'
import { bytes, counted, decoded, DST_IP4, ethernet, ip4, type Ip4Fields, SRC_IP4, tcp, udp } from './test-frames.ts'

const DATA = counted(20)
const UDP = udp(68, 67, DATA)

function onEthernet(fields: Ip4Fields, payload = UDP, padding = 0) {
  return decoded(ethernet(0x0800, bytes(ip4(17, payload, fields), new Uint8Array(padding))))
}

test('addresses stand in words 3 and 7, the rest is 0', () => {
  const { frame, status } = onEthernet({})
  assert.equal(status, FrameStatus.transport)
  assert.deepEqual([...frame.addresses], [0, 0, 0, SRC_IP4, 0, 0, 0, DST_IP4])
  assert.deepEqual([frame.ipVersion, frame.ipOff, frame.proto, frame.ttl, frame.l4Off, frame.l4End], [4, 14, 17, 64, 34, 62])
})

test('padding after the datagram is no payload', () => {
  const { frame } = onEthernet({}, udp(1, 2, counted(2)), 16)
  assert.deepEqual([frame.payloadEnd - frame.payloadOff, frame.l4End, frame.flags], [2, 44, 0])
})

test('options move the transport header', () => {
  const { frame, status } = onEthernet({ options: counted(40) })
  assert.deepEqual([status, frame.l4Off, frame.srcPort], [FrameStatus.transport, 74, 68])
})

test('a header of less than 20 bytes, in claim or in fact', () => {
  for (const headerWords of [0, 1, 4]) {
    const { frame, status } = onEthernet({ headerWords })
    assert.deepEqual([status, frame.flags, frame.ipVersion], [FrameStatus.link, FrameFlag.ipHeaderInvalid, 0])
  }
  const packet = ethernet(0x0800, ip4(17, UDP))
  for (let captured = 14; captured < 34; captured++) {
    const { frame, status } = decoded(packet, 1, captured)
    assert.deepEqual([status, frame.flags], [FrameStatus.link, FrameFlag.ipHeaderTruncated | FrameFlag.cutBySnaplen])
  }
})

test('another version under the IPv4 EtherType is invalid', () => {
  for (const version of [0, 5, 6, 15]) {
    const { frame, status } = onEthernet({ version })
    assert.deepEqual([status, frame.flags, frame.proto], [FrameStatus.link, FrameFlag.ipHeaderInvalid, -1])
  }
})

test('options that are not all there: the addresses stand, nothing follows', () => {
  const { frame, status } = decoded(ethernet(0x0800, ip4(17, UDP, { options: counted(40) })), 1, 14 + 30)
  assert.deepEqual([status, frame.flags], [FrameStatus.network, FrameFlag.ipHeaderTruncated | FrameFlag.cutBySnaplen])
  assert.deepEqual([frame.addresses[3], frame.proto, frame.l4Off, frame.payloadOff], [SRC_IP4, 17, -1, -1])
})

test('a total length below the header length', () => {
  const { frame, status } = onEthernet({ total: 19 })
  assert.deepEqual([status, frame.flags, frame.l4Off], [FrameStatus.network, FrameFlag.ipHeaderInvalid, -1])
  const bare = onEthernet({ total: 20 })
  assert.deepEqual([bare.status, bare.frame.flags], [FrameStatus.network, FrameFlag.transportTruncated])
  assert.equal(bare.frame.l4End - bare.frame.l4Off, 0)
})

test('total length 0 is segmentation offload: what is there counts', () => {
  const { frame, status } = onEthernet({ total: 0 })
  assert.deepEqual([status, frame.flags, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [FrameStatus.transport, 0, 20, 20])
  const cut = decoded(ethernet(0x0800, ip4(6, tcp(1, 2, counted(2000)), { total: 0 })), 1, 100)
  assert.deepEqual([cut.frame.payloadEnd - cut.frame.payloadOff, cut.frame.payloadWireLength], [46, 2000])
})

test('a claim beyond the frame is flagged and bounded; the promise is kept', () => {
  const { frame, status } = onEthernet({ total: 1000 }, tcp(1, 2, DATA))
  assert.deepEqual([status, frame.flags & FrameFlag.ipPayloadTruncated], [FrameStatus.transport, FrameFlag.ipPayloadTruncated])
  assert.equal(frame.l4End, 14 + 20 + 40)
})

test('a snap length is no lie: only cutBySnaplen, and the wire length of the payload is known', () => {
  const { frame, status } = decoded(ethernet(0x0800, ip4(6, tcp(1, 2, counted(500)))), 1, 96)
  assert.deepEqual([status, frame.flags], [FrameStatus.transport, FrameFlag.cutBySnaplen])
  assert.deepEqual([frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [42, 500])
})

test('fragments: the first is parsed, the later ones are not, and both say where they belong', () => {
  const first = onEthernet({ id: 0xbeef, more: true }, udp(2049, 700, DATA, 1400))
  assert.deepEqual([first.status, first.frame.flags, first.frame.srcPort], [FrameStatus.transport, FrameFlag.fragment, 2049])
  assert.deepEqual([first.frame.fragmentId, first.frame.fragmentOffset, first.frame.moreFragments], [0xbeef, 0, true])
  const middle = onEthernet({ id: 0xbeef, more: true, fragmentUnits: 100 })
  assert.deepEqual([middle.status, middle.frame.fragmentOffset, middle.frame.srcPort], [FrameStatus.network, 800, 0])
  const last = onEthernet({ id: 0xbeef, fragmentUnits: 0x1fff })
  assert.deepEqual([last.status, last.frame.fragmentOffset, last.frame.moreFragments], [FrameStatus.network, 65528, false])
  assert.deepEqual([last.frame.l4Off, last.frame.l4End, last.frame.payloadOff], [34, 62, -1])
})

test('a first fragment too small for its transport header has no ports (RFC 1858)', () => {
  const { frame, status } = decoded(ethernet(0x0800, ip4(6, tcp(1, 515, new Uint8Array(0)).slice(0, 8), { more: true })))
  assert.equal(status, FrameStatus.network)
  assert.equal(frame.flags, FrameFlag.fragment | FrameFlag.transportTruncated)
  assert.equal(frame.dstPort, 0)
})

test('ICMPv6 over IPv4, and protocols without ports, end at the network layer', () => {
  for (const proto of [58, 47, 50, 51, 2, 89, 253]) {
    const { frame, status } = decoded(ethernet(0x0800, ip4(proto, DATA)))
    assert.deepEqual([status, frame.proto, frame.srcPort, frame.flags, frame.l4Off], [FrameStatus.network, proto, 0, 0, 34])
  }
})
