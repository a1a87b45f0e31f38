// Tests of the IPv6 header and its extensions: every kind, broken ones, long chains, fragments and jumbograms.
// Keeps the rule that a forged chain costs a bounded number of steps and reads nothing past the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTransport } from './decode.ts'
import { FrameFlag, FrameStatus } from './frame.ts'
import { bytes, counted, decoded, DST_IP6, ethernet, extension, fragment6, icmp, ip6, SRC_IP6, tcp, udp } from './test-frames.ts'

const DATA = counted(20)
const UDP = udp(546, 547, DATA)

function onEthernet(next: number, payload: Uint8Array, length?: number, captured?: number) {
  const packet = ethernet(0x86dd, ip6(next, payload, length))
  return decoded(packet, 1, captured ?? packet.length)
}

test('addresses fill all eight words', () => {
  const { frame, status } = onEthernet(17, UDP)
  assert.equal(status, FrameStatus.transport)
  assert.deepEqual([...frame.addresses], [...SRC_IP6, ...DST_IP6])
  assert.deepEqual([frame.ipVersion, frame.ipOff, frame.proto, frame.ttl, frame.l4Off, frame.l4End], [6, 14, 17, 64, 54, 82])
  assert.deepEqual([frame.srcPort, frame.dstPort, frame.flags], [546, 547, 0])
})

test('a header cut short, and another version', () => {
  for (let captured = 14; captured < 54; captured++) {
    const { frame, status } = onEthernet(17, UDP, undefined, captured)
    assert.deepEqual([status, frame.flags], [FrameStatus.link, FrameFlag.ipHeaderTruncated | FrameFlag.cutBySnaplen])
  }
  const wrong = ethernet(0x86dd, ip6(17, UDP))
  wrong[14] = 0x45
  const { frame, status } = decoded(wrong)
  assert.deepEqual([status, frame.flags, frame.ipVersion], [FrameStatus.link, FrameFlag.ipHeaderInvalid, 0])
})

test('each extension of the common form is stepped over', () => {
  for (const kind of [0, 43, 60, 135, 139, 140]) {
    const { frame, status } = onEthernet(kind, extension(17, 1, UDP))
    assert.deepEqual([status, frame.proto, frame.l4Off, frame.srcPort], [FrameStatus.transport, 17, 54 + 16, 546], `extension ${kind}`)
  }
})

test('AH counts in units of four bytes; ESP and no-next-header end the walk', () => {
  const ah = onEthernet(51, bytes(6, 4, new Uint8Array(22), tcp(1025, 515, DATA)))
  assert.deepEqual([ah.status, ah.frame.proto, ah.frame.dstPort, ah.frame.l4Off], [FrameStatus.transport, 6, 515, 54 + 24])
  const short = onEthernet(51, bytes(17, 0, new Uint8Array(6), UDP))
  assert.deepEqual([short.status, short.frame.flags, short.frame.proto], [FrameStatus.network, FrameFlag.ipExtensionInvalid, 51])
  for (const next of [50, 59]) {
    const { frame, status } = onEthernet(next, DATA)
    assert.deepEqual([status, frame.proto, frame.flags, frame.l4Off], [FrameStatus.network, next, 0, 54])
  }
})

test('an extension that runs over its packet is invalid, and no transport is made up from it', () => {
  for (const kind of [0, 43, 60]) {
    const { frame, status } = onEthernet(kind, extension(17, 40, new Uint8Array(0)).slice(0, 24))
    assert.deepEqual([status, frame.flags, frame.l4Off, frame.l4End], [FrameStatus.network, FrameFlag.ipExtensionInvalid, -1, -1])
    assert.equal(frame.proto, kind)
  }
  const empty = onEthernet(0, new Uint8Array(0), 0)
  assert.deepEqual([empty.status, empty.frame.flags], [FrameStatus.network, FrameFlag.ipExtensionInvalid])
  const oneByte = onEthernet(60, bytes(17))
  assert.equal(oneByte.frame.flags, FrameFlag.ipExtensionInvalid)
})

test('fifteen extensions are walked, a longer chain is refused', () => {
  const chain = (count: number): Uint8Array => (count === 0 ? UDP : extension(count === 1 ? 17 : 60, 0, chain(count - 1)))
  assert.equal(onEthernet(60, chain(15)).status, FrameStatus.transport)
  for (const count of [16, 17, 100]) {
    const { frame, status } = onEthernet(60, chain(count))
    assert.deepEqual([status, frame.flags], [FrameStatus.network, FrameFlag.ipExtensionInvalid])
  }
})

test('fragments: fields, the place of the payload, and transport only in the first', () => {
  const first = onEthernet(44, fragment6(17, 0, true, 0xdeadbeef, udp(2049, 700, DATA, 3000)))
  assert.deepEqual([first.status, first.frame.flags, first.frame.srcPort], [FrameStatus.transport, FrameFlag.fragment, 2049])
  assert.deepEqual([first.frame.fragmentId, first.frame.fragmentOffset, first.frame.moreFragments], [0xdeadbeef, 0, true])
  assert.equal(first.frame.l4Off, 54 + 8)
  const later = onEthernet(44, fragment6(17, 1448, false, 0xdeadbeef, DATA))
  assert.deepEqual([later.status, later.frame.fragmentOffset, later.frame.moreFragments], [FrameStatus.network, 1448, false])
  assert.deepEqual([later.frame.proto, later.frame.l4Off, later.frame.payloadOff, later.frame.srcPort], [17, 62, -1, 0])
})

test('an atomic fragment is a whole packet (RFC 6946)', () => {
  const { frame, status } = onEthernet(44, fragment6(17, 0, false, 5, UDP))
  assert.deepEqual([status, frame.flags, frame.fragmentId, frame.srcPort], [FrameStatus.transport, 0, 5, 546])
})

test('a second Fragment header is told, and still read', () => {
  const twice = onEthernet(44, fragment6(44, 0, false, 5, fragment6(17, 0, false, 6, UDP)))
  assert.deepEqual([twice.status, twice.frame.flags, twice.frame.srcPort], [FrameStatus.transport, FrameFlag.ipFragmentHeaderAgain, 546])
})

test('options nobody assigned are told wherever they stand; padding and known ones are not', () => {
  const options = (kind: number, ...tlv: number[]) => onEthernet(kind, bytes(17, 0, tlv, UDP))
  for (const kind of [0, 60]) {
    assert.equal(options(kind, 5, 2, 0, 0, 1, 0).frame.flags, 0, 'router alert, PadN')
    assert.equal(options(kind, 0, 0, 0, 0, 0, 0).frame.flags, 0, 'six times Pad1')
    const hidden = options(kind, 0, 1, 1, 7, 0x1e, 0)
    assert.deepEqual([hidden.status, hidden.frame.flags, hidden.frame.srcPort], [FrameStatus.transport, FrameFlag.ipOptionUnknown, 546])
    assert.equal(options(kind, 1, 200, 0x1e, 0x1e, 0x1e, 0x1e).frame.flags, 0, 'a length beyond the header ends it')
    assert.equal(options(kind, 0, 0, 0, 0, 0, 1).frame.flags, 0, 'a type without a length ends it')
  }
  assert.equal(options(43, 0x1e, 0, 0, 0, 0, 0).frame.flags, 0, 'a routing header has no options')
})

test('a Fragment header that is not all there', () => {
  const { frame, status } = onEthernet(44, fragment6(17, 0, true, 5, new Uint8Array(0)).slice(0, 7))
  assert.deepEqual([status, frame.flags, frame.fragmentId], [FrameStatus.network, FrameFlag.ipExtensionInvalid, 0])
})

test('extensions inside fragments wait for the whole datagram, then decodeTransport walks them', () => {
  const whole = extension(6, 0, tcp(1025, 2575, DATA))
  const { frame, status } = onEthernet(44, fragment6(60, 0, true, 5, whole.slice(0, 16)))
  assert.deepEqual([status, frame.proto, frame.l4Off, frame.flags], [FrameStatus.network, 60, 62, FrameFlag.fragment])
  assert.equal(decodeTransport(whole, 0, whole.length, frame), FrameStatus.transport)
  assert.deepEqual([frame.proto, frame.dstPort, frame.l4Off, frame.payloadOff, frame.payloadEnd], [6, 2575, 8, 28, 48])
  assert.equal(frame.flags, 0)
})

test('payload length 0 is a jumbogram: what is there counts (RFC 2675)', () => {
  const jumbo = onEthernet(0, bytes(6, 0, 0xc2, 4, 0, 1, 0x11, 0x70, tcp(1, 2, DATA)), 0)
  assert.deepEqual([jumbo.status, jumbo.frame.flags, jumbo.frame.payloadEnd - jumbo.frame.payloadOff], [FrameStatus.transport, 0, 20])
})

test('a payload length beyond the frame is flagged, a snap length is not', () => {
  const lying = onEthernet(6, tcp(1, 2, DATA), 900)
  assert.deepEqual([lying.status, lying.frame.flags], [FrameStatus.transport, FrameFlag.ipPayloadTruncated])
  const cut = onEthernet(6, tcp(1, 2, counted(400)), undefined, 14 + 40 + 20 + 8)
  assert.deepEqual([cut.status, cut.frame.flags], [FrameStatus.transport, FrameFlag.cutBySnaplen])
  assert.deepEqual([cut.frame.payloadEnd - cut.frame.payloadOff, cut.frame.payloadWireLength], [8, 400])
})

test('ICMPv6 has type and code; ICMP over IPv6 has no meaning', () => {
  const solicit = onEthernet(58, icmp(135, 0, DATA))
  assert.deepEqual([solicit.status, solicit.frame.srcPort, solicit.frame.dstPort], [FrameStatus.transport, 135, 0])
  assert.equal(onEthernet(1, icmp(8, 0, DATA)).status, FrameStatus.network)
})
