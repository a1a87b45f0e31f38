// isChecksumWrong on segments whose sums another writer computed, and what a stream says of a contradiction nobody would take.
// Keeps the rule that a cut segment is never called wrong.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ear } from '../../testing/tcp-ear.ts'
import { tcpFrame, type Route } from '../../twin/core/packets.ts'
import { LinkType } from '../capture/capture.ts'
import { beginFrame, decodeFrame } from '../decode.ts'
import { Frame, TcpFlag } from '../frame.ts'
import { isChecksumWrong } from './checksum.ts'
import { TcpStream } from './tcp.ts'

const ROUTE: Route = { srcMac: 2, dstMac: 4, src: 0x0a140305, dst: 0xca720477, ttl: 64 }
const SEGMENT = { srcPort: 40_000, dstPort: 515, seq: 100, ack: 500, flags: TcpFlag.ack, window: 8192, mss: null }
const TCP_OFF = 14 + 20

function decoded(bytes: Uint8Array, end = bytes.length): Frame {
  const frame = new Frame()
  beginFrame(frame, 1, 0, bytes.length, end)
  decodeFrame(bytes, 0, end, LinkType.ethernet, frame)
  return frame
}

test('IPv4: right as another writer computed it, wrong with any bit of the segment turned', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40, size: 'max' }), fc.nat(1000), fc.nat(7), (payload, place, bit) => {
    const bytes = tcpFrame(ROUTE, SEGMENT, 1, payload)
    assert.equal(isChecksumWrong(bytes, decoded(bytes)), false)
    const at = TCP_OFF + 14 + (place % (6 + payload.length))
    bytes[at] = (bytes[at] as number) ^ (1 << bit)
    assert.equal(isChecksumWrong(bytes, decoded(bytes)), true)
  }))
})

test('IPv6: the pseudo header of RFC 8200', () => {
  // One's-complement sum of fd00::1, fd00::2, next header 6, length 20 and the header below, worked out by hand.
  const bytes = new Uint8Array(60)
  bytes.set([0x60, 0, 0, 0, 0, 20, 6, 64, 0xfd])
  bytes[23] = 1
  bytes[24] = 0xfd
  bytes[39] = 2
  bytes.set([0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0x50, 0x10, 0, 0], 40)
  const sum = 0xfd00 + 1 + 0xfd00 + 2 + 6 + 20 + 1 + 2 + 3 + 0x5010
  const carried = (sum & 0xffff) + (sum >>> 16)
  bytes.set([(~carried >>> 8) & 0xff, ~carried & 0xff], 56)
  const frame = new Frame()
  beginFrame(frame, 1, 0, bytes.length, bytes.length)
  decodeFrame(bytes, 0, bytes.length, LinkType.ipv6, frame)
  assert.equal(isChecksumWrong(bytes, frame), false)
  bytes[44] = 9
  assert.equal(isChecksumWrong(bytes, frame), true)
})

test('of a segment the capture cut nothing is said', () => {
  const bytes = tcpFrame(ROUTE, SEGMENT, 1, new Uint8Array(40).fill(7))
  bytes[TCP_OFF + 30] = 1
  assert.equal(isChecksumWrong(bytes, decoded(bytes)), true)
  assert.equal(isChecksumWrong(bytes, decoded(bytes, bytes.length - 1)), false)
})

test('a contradiction that no host would take is told as such; a wrong sum alone says nothing (checksum offload)', () => {
  const ear = new Ear()
  const stream = new TcpStream()
  const send = (text: string, isWrong: boolean): void => {
    const bytes = tcpFrame(ROUTE, SEGMENT, 1, Buffer.from(text))
    if (isWrong) bytes[TCP_OFF + 16] = (bytes[TCP_OFF + 16] as number) ^ 0xff
    stream.segment(0, bytes, decoded(bytes), ear)
  }
  send('GOOD', true)
  send('EVIL', false)
  assert.deepEqual([stream.observations().overlapDifferent, stream.observations().overlapBadChecksum], [1, 0])
  send('EVIL', true)
  send('GOOD', true)
  assert.deepEqual([ear.out[0], stream.observations().overlapDifferent, stream.observations().overlapBadChecksum], ['GOOD', 2, 1])
})
