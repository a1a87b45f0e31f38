// Tests of packets.ts: frames read back by inspect.ts, which shares no code with the writer, and RFC vectors.
// Keeps the rule that a twin's frame is what a strict reader accepts: right checksums, padding and fragments.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, type Ip } from '../../base/ip.ts'
import { TcpFlag } from '../../wire/frame.ts'
import { inspect, joinFragments } from './inspect.ts'
import {
  ethernetFrame, ETHER_TYPE_ARP, internetChecksum, ip4Number, IP4_PAYLOAD_MAX, tcpFrame, TCP_MSS, udpFrames, type Route,
} from './packets.ts'

const ROUTE: Route = {
  srcMac: 0x02_00_5e_00_00_01,
  dstMac: 0x02_00_5e_00_00_02,
  src: ip4Number('202.114.4.25' as Ip),
  dst: ip4Number('202.114.4.119' as Ip),
  ttl: 64,
}
const SEGMENT = { srcPort: 1025, dstPort: 515, seq: 0xfffffff0, ack: 7, flags: TcpFlag.ack | TcpFlag.psh, window: 100, mss: null }

const anyRoute: fc.Arbitrary<Route> = fc.record({
  srcMac: fc.maxSafeNat().map((n) => n % 2 ** 48),
  dstMac: fc.maxSafeNat().map((n) => n % 2 ** 48),
  src: fc.nat({ max: 2 ** 31 - 1 }).map((n) => n * 2 + 1),
  dst: fc.nat({ max: 2 ** 31 - 1 }).map((n) => n * 2),
  ttl: fc.integer({ min: 1, max: 255 }),
})

test('the checksum is that of the worked example in RFC 1071 section 3', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
  assert.equal(internetChecksum(bytes, 0, 8, 0), ~0xddf2 & 0xffff)
})

test('an odd last byte counts as the high half of its word', () => {
  const odd = Uint8Array.of(0x12, 0x34, 0x56)
  const padded = Uint8Array.of(0x12, 0x34, 0x56, 0x00)
  assert.equal(internetChecksum(odd, 0, 3, 0), internetChecksum(padded, 0, 4, 0))
})

test('addresses become 32-bit integers and come back', () => {
  assert.equal(ip4Number('202.114.4.119' as Ip), 0xca720477)
  assert.equal(ipFromV4(ip4Number('255.255.255.255' as Ip)), '255.255.255.255')
})

test('short frames are padded with zeros to 60 bytes, long ones are not', () => {
  const short = ethernetFrame(1, 2, ETHER_TYPE_ARP, Uint8Array.of(9, 9))
  assert.equal(short.length, 60)
  assert.deepEqual([...short.subarray(14, 18)], [9, 9, 0, 0])
  assert.equal(ethernetFrame(1, 2, ETHER_TYPE_ARP, new Uint8Array(200)).length, 214)
})

test('hardware addresses are written most significant octet first', () => {
  const frame = ethernetFrame(0xffffffffffff, 0x02_00_5e_10_00_07, ETHER_TYPE_ARP, new Uint8Array(28))
  assert.deepEqual([...frame.subarray(0, 14)], [255, 255, 255, 255, 255, 255, 2, 0, 0x5e, 0x10, 0, 7, 8, 6])
})

test('a TCP segment reads back field by field', () => {
  const read = inspect(tcpFrame(ROUTE, SEGMENT, 77, Uint8Array.of(1, 2, 3)))
  assert.deepEqual(read.wrong, [])
  assert.deepEqual([read.srcMac, read.dstMac], [ROUTE.srcMac, ROUTE.dstMac])
  assert.deepEqual([read.ip?.src, read.ip?.dst, read.ip?.ttl, read.ip?.id], ['202.114.4.25', '202.114.4.119', 64, 77])
  assert.deepEqual([read.tcp?.srcPort, read.tcp?.dstPort, read.tcp?.seq, read.tcp?.ack], [1025, 515, 0xfffffff0, 7])
  assert.equal((read.tcp?.end ?? 0) - (read.tcp?.off ?? 0), 3)
})

test('a SYN carries the segment size option and no data', () => {
  const frame = tcpFrame(ROUTE, { ...SEGMENT, flags: TcpFlag.syn, ack: 0, mss: TCP_MSS }, 1)
  const read = inspect(frame)
  assert.deepEqual(read.wrong, [])
  assert.deepEqual([...frame.subarray(54, 58)], [2, 4, TCP_MSS >> 8, TCP_MSS & 255])
  assert.equal(read.tcp?.off, read.tcp?.end)
})

test('only the asked part of the data goes into the segment', () => {
  const frame = tcpFrame(ROUTE, SEGMENT, 1, Uint8Array.of(10, 11, 12, 13, 14), 1, 4)
  const { tcp } = inspect(frame)
  assert.deepEqual([...frame.subarray(tcp?.off, tcp?.end)], [11, 12, 13])
})

test('a segment above the MTU is our bug, not a longer frame', () => {
  assert.throws(() => tcpFrame(ROUTE, SEGMENT, 1, new Uint8Array(TCP_MSS + 1)), /fits one packet/)
  assert.throws(() => udpFrames(ROUTE, 1, 2, new Uint8Array(65_508), 1), /fits one IPv4 datagram/)
})

test('TCP checksums hold for any route and data', () => {
  fc.assert(fc.property(anyRoute, fc.uint8Array({ maxLength: TCP_MSS }), (route, data) => {
    const read = inspect(tcpFrame(route, SEGMENT, 5, data))
    assert.deepEqual(read.wrong, [])
    assert.equal((read.tcp?.end ?? 0) - (read.tcp?.off ?? 0), data.length)
  }), { numRuns: 200 })
})

test('UDP of any length comes back whole, with one identification and a checksum that is right and never zero', () => {
  fc.assert(fc.property(anyRoute, fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 255 }), (route, length, fill) => {
    const payload = new Uint8Array(length).fill(fill)
    const frames = udpFrames(route, 800, 2049, payload, 4242)
    assert.equal(frames.length, Math.ceil((8 + length) / IP4_PAYLOAD_MAX))
    assert.ok(frames.every((f) => inspect(f).ip?.id === 4242 && inspect(f).wrong.length === 0))
    const whole = joinFragments(frames)
    assert.ok(whole !== null)
    assert.deepEqual(whole.subarray(8), payload)
    assert.notEqual((whole[6] as number) * 256 + (whole[7] as number), 0)
    assert.equal(pseudoSum(route, whole), 0xffff)
  }), { numRuns: 60 })
})

/** The receiver's sum over pseudo header and datagram, checksum included: all ones when right (RFC 768). */
function pseudoSum(route: Route, datagram: Uint8Array): number {
  const words = [route.src >>> 16, route.src & 0xffff, route.dst >>> 16, route.dst & 0xffff, 17, datagram.length]
  for (let i = 0; i < datagram.length; i += 2) words.push((datagram[i] as number) * 256 + (datagram[i + 1] ?? 0))
  return words.reduce((sum, word) => (sum + word > 0xffff ? sum + word - 0xffff : sum + word), 0)
}

test('a computed UDP checksum of zero is sent as all ones', () => {
  // Find a two-byte payload whose sum is all ones: the complement would be zero.
  const base = udpFrames(ROUTE, 1, 2, Uint8Array.of(0, 0), 1)[0] as Uint8Array
  const sum = (base[40] as number) * 256 + (base[41] as number)
  const frame = udpFrames(ROUTE, 1, 2, Uint8Array.of(sum >> 8, sum & 255), 1)[0] as Uint8Array
  assert.deepEqual([...frame.subarray(40, 42)], [255, 255])
  assert.deepEqual(inspect(frame).wrong, [])
})

test('fragments are whole eights of octets and only the last lacks more-fragments', () => {
  const frames = udpFrames(ROUTE, 800, 2049, new Uint8Array(8300), 9)
  const heads = frames.map((f) => inspect(f).ip)
  assert.deepEqual(heads.map((h) => h?.fragmentOffset), [0, 1480, 2960, 4440, 5920, 7400])
  assert.deepEqual(heads.map((h) => h?.moreFragments), [true, true, true, true, true, false])
  assert.equal(joinFragments(frames.slice(1)), null)
  assert.equal(joinFragments(frames.slice(0, -1)), null)
})

test('the reader does notice a flipped bit, or the tests above would prove nothing', () => {
  const frame = tcpFrame(ROUTE, SEGMENT, 1, Uint8Array.of(1, 2, 3))
  frame[55] = (frame[55] as number) ^ 1
  assert.deepEqual(inspect(frame).wrong, ['tcp'])
  frame[22] = (frame[22] as number) ^ 1
  assert.deepEqual(inspect(frame).wrong, ['ip', 'tcp'])
})
