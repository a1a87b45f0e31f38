// Tests of datagrams put together from fragments: plain, with a tunnel in them, and with fragments inside that tunnel again.
// Keeps the rule that what counts as packets and bytes is what was on the wire, once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeDatagram, type WholeDatagram } from './datagram.ts'
import { beginFrame, decodeFrame } from './decode.ts'
import { Frame, FrameStatus } from './frame.ts'
import { IpReassembler } from './reassembly/ip.ts'
import { arp, bytes, counted, DST_IP4, ethernet, ip4, SRC_IP4, tcp, udp } from './test-frames.ts'
import { gre, vxlan } from './test-tunnels.ts'

const TCP4 = ip4(6, tcp(1025, 515, counted(100)))

/** An IPv4 payload in fragments of `size` bytes, each a packet. */
function pieces(proto: number, payload: Uint8Array, size: number, id: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(payload.length / size) }, (_, i) =>
    ip4(proto, payload.slice(i * size, (i + 1) * size), { id, fragmentUnits: (i * size) / 8, more: (i + 1) * size < payload.length }))
}

interface Run {
  readonly frame: Frame
  readonly answers: readonly (WholeDatagram | null)[]
}

/** Sends packets in order through decode and wholeDatagram; those that are no fragments give no answer. */
function run(packets: readonly Uint8Array[]): Run {
  const frame = new Frame()
  const ip = new IpReassembler()
  const answers = packets.map((packet) => {
    const around = ethernet(0x0800, packet)
    beginFrame(frame, 1, 0, around.length, around.length)
    assert.ok(decodeFrame(around, 0, around.length, 1, frame) >= FrameStatus.network)
    return wholeDatagram(ip, around, frame)
  })
  return { frame, answers }
}

test('a plain datagram counts its packets and their bytes', () => {
  const { frame, answers } = run(pieces(6, tcp(1, 2, counted(100)), 64, 9))
  assert.equal(answers[0], null)
  assert.deepEqual([answers[1]?.packets, answers[1]?.ipBytes, frame.proto, frame.srcPort, frame.tunnels], [2, 160, 6, 1, 0])
})

test('what is no fragment is the packet it is', () => {
  const { frame, answers } = run([TCP4])
  assert.deepEqual([answers[0]?.packets, answers[0]?.ipBytes, frame.srcPort], [1, undefined, 1025])
})

test('a tunnel in a datagram: the packet inside counts as one, the one around as its fragments', () => {
  const packets = pieces(47, gre(0x0800, TCP4), 48, 9)
  const { frame, answers } = run(packets)
  const last = answers.at(-1)
  assert.deepEqual([last?.packets, last?.ipBytes, frame.proto, frame.srcPort, frame.payloadWireLength], [1, undefined, 6, 1025, 100])
  assert.ok(last)
  assert.deepEqual([...last.buf.subarray(frame.payloadOff, frame.payloadEnd)], [...counted(100)])
  const [outer] = frame.outers
  assert.deepEqual([frame.outerCount, outer?.packets, outer?.ipBytes], [1, packets.length, packets.reduce((n, p) => n + p.length, 0)])
})

test('fragments inside a tunnel that itself came in fragments', () => {
  const inner = pieces(17, udp(7, 8, counted(120)), 64, 33)
  const packets = inner.flatMap((piece, i) => pieces(47, gre(0x0800, piece), 56, 50 + i))
  const { frame, answers } = run(packets)
  assert.deepEqual(answers.map((a) => a !== null), [false, false, false, true])
  assert.deepEqual([frame.proto, frame.srcPort, frame.payloadWireLength, frame.outerCount], [17, 7, 120, 1])
  assert.deepEqual([answers.at(-1)?.packets, answers.at(-1)?.ipBytes], [2, 128 + 40])
})

test('ARP in the tunnel: no packet, but the one around is told', () => {
  const { frame, answers } = run(pieces(17, vxlan(9, ethernet(0x0806, bytes(arp(1, 1, SRC_IP4, 0, DST_IP4)))), 32, 9))
  assert.deepEqual(answers.map((a) => a !== null), [false, false])
  assert.deepEqual([frame.ipVersion, frame.outerCount, frame.outers[0]?.dstPort, frame.outers[0]?.packets], [0, 1, 4789, 2])
})
