// Tests of the ARP header: where it ends, and which lengths contradict its types.
// Keeps the rule that a corrupt header is a flag; protocols/arp decides what to make of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus } from './frame.ts'
import { arp, be16, bytes, counted, decoded, DST_IP4, ethernet, SRC_IP4, SRC_MAC } from './test-frames.ts'

const ARP = 0x0806
const REQUEST = arp(1, SRC_MAC, SRC_IP4, 0, DST_IP4)

test('a request: bounds of the packet, padding left out', () => {
  const { frame, status } = decoded(ethernet(ARP, bytes(REQUEST, new Uint8Array(18))))
  assert.equal(status, FrameStatus.link)
  assert.deepEqual([frame.arpOff, frame.arpEnd, frame.flags], [14, 42, 0])
  assert.deepEqual([frame.ipVersion, frame.proto], [0, -1])
})

test('behind a VLAN tag the bounds move', () => {
  const { frame } = decoded(ethernet(ARP, REQUEST, [[0x8100, 12]]))
  assert.deepEqual([frame.arpOff, frame.arpEnd, frame.vlan], [18, 46, 12])
})

test('lengths that no IPv4-over-Ethernet ARP has (the corrupt headers of zeek arp-leak)', () => {
  for (const [hardware, protocol] of [[255, 4], [6, 255], [0, 4], [6, 0], [255, 255]] as const) {
    const { frame } = decoded(ethernet(ARP, bytes(be16(1), be16(0x0800), hardware, protocol, be16(1), counted(30))))
    assert.equal(frame.flags, FrameFlag.arpMalformed, `${hardware}/${protocol}`)
    assert.equal(frame.arpOff, 14)
    assert.ok(frame.arpEnd <= 14 + 38)
  }
})

test('other hardware keeps its own lengths: InfiniBand has 20 bytes (RFC 4391)', () => {
  const { frame } = decoded(ethernet(ARP, bytes(be16(32), be16(0x0800), 20, 4, be16(1), counted(48))))
  assert.deepEqual([frame.flags, frame.arpEnd - frame.arpOff], [0, 56])
})

test('cut short: addresses missing is malformed, no header is no ARP', () => {
  const packet = ethernet(ARP, REQUEST)
  for (let captured = 14; captured < packet.length; captured++) {
    const { frame, status } = decoded(packet, 1, captured)
    assert.equal(status, FrameStatus.link)
    assert.equal(frame.flags, FrameFlag.arpMalformed | FrameFlag.cutBySnaplen)
    assert.deepEqual([frame.arpOff, frame.arpEnd], captured < 22 ? [-1, -1] : [14, captured])
  }
})

test('RARP is a link of its own: its operations are no ARP claims', () => {
  const { frame, status } = decoded(ethernet(0x8035, REQUEST))
  assert.deepEqual([status, frame.arpOff], [FrameStatus.link, -1])
})
