// Tests of the TCP header: fields, options, data offsets that lie, and segments cut short.
// Keeps the rule that a segment a host would drop has no payload here either.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus, TcpFlag } from './frame.ts'
import { counted, decoded, ethernet, ip4, tcp, type TcpFields } from './test-frames.ts'

const DATA = counted(30)

function segment(fields: TcpFields, payload = DATA, captured?: number) {
  const packet = ethernet(0x0800, ip4(6, tcp(40001, 515, payload, fields)))
  return decoded(packet, 1, captured ?? packet.length)
}

test('every field, with numbers above 2^31', () => {
  const { frame, status } = segment({ seq: 0xfffffff0, ack: 0x80000001, flags: 0xff })
  assert.equal(status, FrameStatus.transport)
  assert.deepEqual([frame.srcPort, frame.dstPort, frame.tcpSeq, frame.tcpAck, frame.tcpWindow], [40001, 515, 0xfffffff0, 0x80000001, 8192])
  assert.equal(frame.tcpFlags, 0x3f, 'ECN bits are left out')
  assert.deepEqual([frame.payloadOff, frame.payloadEnd, frame.payloadWireLength], [54, 84, 30])
})

test('each flag alone', () => {
  for (const flag of Object.values(TcpFlag)) assert.equal(segment({ flags: flag }).frame.tcpFlags, flag)
})

test('options move the payload', () => {
  const { frame } = segment({ options: counted(40) })
  assert.deepEqual([frame.payloadOff, frame.payloadEnd - frame.payloadOff], [94, 30])
})

test('a segment without data has an empty payload, not an absent one', () => {
  const { frame } = segment({ flags: TcpFlag.syn }, new Uint8Array(0))
  assert.deepEqual([frame.payloadOff, frame.payloadEnd, frame.payloadWireLength], [54, 54, 0])
})

test('a data offset below five words, or past the segment, is invalid: ports stand, payload is empty', () => {
  for (const words of [0, 4, 13, 15]) {
    const { frame, status } = segment({ words })
    assert.deepEqual([status, frame.flags, frame.srcPort], [FrameStatus.transport, FrameFlag.transportInvalid, 40001], `${words} words`)
    assert.deepEqual([frame.payloadOff, frame.payloadEnd, frame.payloadWireLength], [84, 84, 0])
  }
  assert.equal(segment({ words: 12 }).frame.flags, 0, 'exactly to the end is fine')
})

test('options lost to the snap length are no lie of the sender', () => {
  const { frame, status } = segment({ options: counted(40) }, DATA, 14 + 20 + 30)
  assert.deepEqual([status, frame.flags], [FrameStatus.transport, FrameFlag.transportTruncated | FrameFlag.cutBySnaplen])
  assert.deepEqual([frame.dstPort, frame.payloadOff, frame.payloadEnd], [515, 64, 64])
})

test('every length below 20 has no ports', () => {
  for (let captured = 34; captured < 54; captured++) {
    const { frame, status } = segment({}, DATA, captured)
    assert.deepEqual([status, frame.flags], [FrameStatus.network, FrameFlag.transportTruncated | FrameFlag.cutBySnaplen])
    assert.deepEqual([frame.srcPort, frame.dstPort, frame.tcpSeq, frame.tcpFlags, frame.payloadOff], [0, 0, 0, 0, -1])
  }
})

test('a short segment in a whole frame is cut by its sender', () => {
  const { frame, status } = decoded(ethernet(0x0800, ip4(6, counted(12))))
  assert.deepEqual([status, frame.flags], [FrameStatus.network, FrameFlag.transportTruncated])
})
