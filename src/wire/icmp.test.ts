// Tests of ICMP and ICMPv6: type and code in the place of ports.
// Keeps the rule that the message itself is left to who asks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus, IpProto } from './frame.ts'
import { counted, decoded, ethernet, icmp, ip4, ip6 } from './test-frames.ts'

test('type and code, the message as payload after eight bytes', () => {
  const message = icmp(3, 13, counted(28))
  for (const packet of [ethernet(0x0800, ip4(IpProto.icmp, message)), ethernet(0x86dd, ip6(IpProto.icmp6, message))]) {
    const { frame, status } = decoded(packet)
    assert.deepEqual([status, frame.srcPort, frame.dstPort, frame.flags], [FrameStatus.transport, 3, 13, 0])
    assert.deepEqual([frame.payloadOff - frame.l4Off, frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [8, 28, 28])
  }
})

test('numbers above 127 stay positive', () => {
  const { frame } = decoded(ethernet(0x86dd, ip6(IpProto.icmp6, icmp(255, 254, counted(1)))))
  assert.deepEqual([frame.srcPort, frame.dstPort], [255, 254])
})

test('fewer than eight bytes is no message (RFC 792, RFC 4443)', () => {
  for (let length = 0; length < 8; length++) {
    const { frame, status } = decoded(ethernet(0x0800, ip4(IpProto.icmp, counted(length))))
    assert.deepEqual([status, frame.flags, frame.srcPort], [FrameStatus.network, FrameFlag.transportTruncated, 0])
  }
})

test('a snap length cuts the message, and its length on the wire is known', () => {
  const { frame } = decoded(ethernet(0x0800, ip4(IpProto.icmp, icmp(8, 0, counted(56)))), 1, 14 + 20 + 8 + 4)
  assert.deepEqual([frame.payloadEnd - frame.payloadOff, frame.payloadWireLength], [4, 56])
})
