// Tests of the UDP header: its own length against the IP length, zero, and datagrams cut short.
// Keeps the rule that the payload is what both lengths and the bytes allow.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus } from './frame.ts'
import { counted, decoded, ethernet, ip4, type Ip4Fields, udp } from './test-frames.ts'

const DATA = counted(30)

function datagram(length: number | undefined, fields: Ip4Fields = {}, captured?: number) {
  const packet = ethernet(0x0800, ip4(17, udp(5353, 67, DATA, length), fields))
  return decoded(packet, 1, captured ?? packet.length)
}

test('ports and payload', () => {
  const { frame, status } = datagram(undefined)
  assert.deepEqual([status, frame.flags, frame.srcPort, frame.dstPort], [FrameStatus.transport, 0, 5353, 67])
  assert.deepEqual([frame.payloadOff, frame.payloadEnd, frame.payloadWireLength], [42, 72, 30])
})

test('a length below the IP length ends the payload there, what follows is not the datagram', () => {
  const { frame } = datagram(18)
  assert.deepEqual([frame.flags, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [0, 10, 10])
  assert.equal(frame.l4End, 72)
})

test('a length of 8 is an empty datagram', () => {
  const { frame } = datagram(8)
  assert.deepEqual([frame.payloadOff, frame.payloadEnd, frame.payloadWireLength], [42, 42, 0])
})

test('a length of 0 takes the rest', () => {
  const { frame, status } = datagram(0)
  assert.deepEqual([status, frame.flags, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [FrameStatus.transport, 0, 30, 30])
})

test('a length below the header is invalid: ports stand, payload is empty', () => {
  for (const length of [1, 7]) {
    const { frame, status } = datagram(length)
    assert.deepEqual([status, frame.flags, frame.srcPort], [FrameStatus.transport, FrameFlag.transportInvalid, 5353])
    assert.deepEqual([frame.payloadOff, frame.payloadEnd, frame.payloadWireLength], [72, 72, 0])
  }
})

test('a length above the IP length is invalid, and bounded by it', () => {
  for (const length of [39, 65535]) {
    const { frame } = datagram(length)
    assert.deepEqual([frame.flags, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [FrameFlag.transportInvalid, 30, 30])
  }
})

test('in a first fragment the length speaks of the whole datagram', () => {
  const { frame } = datagram(4000, { more: true })
  assert.deepEqual([frame.flags, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [FrameFlag.fragment, 30, 30])
})

test('a snap length cuts the payload, and the length on the wire is known', () => {
  const { frame } = datagram(undefined, {}, 52)
  assert.deepEqual([frame.flags, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [FrameFlag.cutBySnaplen, 10, 30])
})

test('every length below 8 has no ports', () => {
  for (let captured = 34; captured < 42; captured++) {
    const { frame, status } = datagram(undefined, {}, captured)
    assert.deepEqual([status, frame.flags, frame.srcPort], [FrameStatus.network, FrameFlag.transportTruncated | FrameFlag.cutBySnaplen, 0])
  }
})
