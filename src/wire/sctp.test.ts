// Tests of the SCTP common header: ports, and a packet too short for one.
// Keeps the rule that a frame decoder knows no more than the 5-tuple needs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus, IpProto } from './frame.ts'
import { be16, bytes, counted, decoded, ethernet, ip4, ip6 } from './test-frames.ts'

const PACKET = bytes(be16(2905), be16(65535), counted(8), counted(16))

test('ports, and the chunks as payload', () => {
  for (const packet of [ethernet(0x0800, ip4(IpProto.sctp, PACKET)), ethernet(0x86dd, ip6(IpProto.sctp, PACKET))]) {
    const { frame, status } = decoded(packet)
    assert.deepEqual([status, frame.srcPort, frame.dstPort, frame.flags], [FrameStatus.transport, 2905, 65535, 0])
    assert.deepEqual([frame.payloadOff - frame.l4Off, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [12, 16, 16])
  }
})

test('fewer than twelve bytes have no ports', () => {
  for (let length = 0; length < 12; length++) {
    const { frame, status } = decoded(ethernet(0x0800, ip4(IpProto.sctp, PACKET.slice(0, length))))
    assert.deepEqual([status, frame.flags, frame.dstPort], [FrameStatus.network, FrameFlag.transportTruncated, 0])
  }
})
