// Tests of the decode seam as a whole: any bytes, any cut, any place in a buffer; and datagrams put together again.
// Keeps the rules of the frame path: nothing thrown, no read and no offset outside [off, end].

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { beginFrame, decodeFrame, decodeTransport } from './decode.ts'
import { Frame, FrameFlag, frameFlagNames, FrameStatus } from './frame.ts'
import {
  counted, decoded, ethernet, frameFields, fragment6, ip4, ip6, OFFSET_FIELDS, sampleFrames, SRC_IP4, tcp, udp,
} from './test-frames.ts'
import { sampleTunnels } from './test-tunnels.ts'

/** Every kind of frame and of tunnel. */
const SAMPLES = [...sampleFrames(), ...sampleTunnels()]
const LINK_TYPES = [0, 1, 9, 12, 50, 104, 105, 127, 204, 14, 101, 108, 113, 228, 229, 276, 4711] as const
/** Bytes before and after the packet in its buffer; every read of one would change the result. */
const GUARD_BYTES = 64

/** Decodes `packet` in the middle of a buffer filled with `guard`. */
function decodedBetween(packet: Uint8Array, guard: number, linkType: number, wireLength: number): { frame: Frame; status: FrameStatus } {
  const buf = new Uint8Array(packet.length + 2 * GUARD_BYTES).fill(guard)
  buf.set(packet, GUARD_BYTES)
  const before = buf.slice()
  const frame = new Frame()
  beginFrame(frame, 1, 0, wireLength, packet.length)
  const status = decodeFrame(buf, GUARD_BYTES, GUARD_BYTES + packet.length, linkType, frame)
  assert.deepEqual(buf, before, 'decoding writes nothing')
  return { frame, status }
}

function assertOffsets(frame: Frame, off: number, end: number): void {
  for (const name of OFFSET_FIELDS) {
    const value = frame[name]
    assert.ok(Number.isInteger(value) && (value === -1 || (value >= off && value <= end)), `${name} is ${value}, outside ${off}..${end}`)
  }
  for (const [from, to] of [['arpOff', 'arpEnd'], ['l4Off', 'l4End'], ['payloadOff', 'payloadEnd']] as const) {
    assert.ok(frame[from] <= frame[to], `${from} ${frame[from]} is after ${to} ${frame[to]}`)
    assert.equal(frame[from] === -1, frame[to] === -1)
  }
  assert.ok(frame.payloadWireLength >= 0 && frame.payloadWireLength <= 0xffff + 262_144)
}

function assertStatus(frame: Frame, status: FrameStatus): void {
  assert.equal(status >= FrameStatus.network, frame.ipVersion !== 0)
  assert.equal(frame.ipVersion !== 0, frame.proto !== -1)
  assert.equal(status === FrameStatus.transport, frame.payloadOff !== -1)
  if (frame.arpOff !== -1) assert.equal(status, FrameStatus.link)
  assert.ok(frameFlagNames(frame.flags).length >= (status === FrameStatus.undecoded ? 1 : 0), 'what is undecoded says why')
}

function shifted(frame: Frame, by: number): Record<string, unknown> {
  const fields = frameFields(frame)
  for (const name of OFFSET_FIELDS) if (frame[name] !== -1) fields[name] = frame[name] + by
  return fields
}

function assertSafe(packet: Uint8Array, linkType: number, wireLength: number): void {
  const one = decodedBetween(packet, 0x00, linkType, wireLength)
  const other = decodedBetween(packet, 0xff, linkType, wireLength)
  assert.deepEqual(frameFields(one.frame), frameFields(other.frame), 'bytes around the packet were read')
  assert.equal(one.status, other.status)
  assertOffsets(one.frame, GUARD_BYTES, GUARD_BYTES + packet.length)
  assertStatus(one.frame, one.status)
}

test('the samples decode as their names say', () => {
  const rows = sampleFrames().map(({ name, linkType, packet }) => {
    const { frame, status } = decoded(packet, linkType)
    return `${name}: ${status} ${frame.proto} ${frameFlagNames(frame.flags).join(' ')}`.trimEnd()
  })
  assert.deepEqual(rows, [
    'ethernet tcp4: 3 6', 'ethernet udp6: 3 17', 'vlan: 3 6', 'qinq: 3 17', 'three tags: 3 6 tooManyTags', 'arp: 1 -1',
    'icmp4 options: 3 1', 'icmp6: 3 58', 'sctp: 3 132', 'gre: 2 47', 'extension chain: 3 6', 'ah: 3 17', 'esp: 2 50',
    'first fragment 4: 3 17 fragment', 'later fragment 4: 2 17 fragment',
    'first fragment 6: 3 17 fragment', 'later fragment 6: 2 17 fragment',
    'snap: 3 17', 'spanning tree: 1 -1', 'pppoe: 3 6', 'sll: 3 6', 'sll2: 3 17', 'null: 3 6', 'loop: 3 17',
    'raw: 3 6', 'raw legacy: 3 17', 'ipv4: 3 6', 'ipv6: 3 17',
  ])
})

test('beginFrame leaves nothing of the packet before', () => {
  const used = new Frame()
  for (const { packet, linkType } of SAMPLES) {
    beginFrame(used, 1, 5, packet.length, packet.length)
    decodeFrame(packet, 0, packet.length, linkType, used)
    beginFrame(used, 9, 7, 60, 60)
    const fresh = new Frame()
    beginFrame(fresh, 9, 7, 60, 60)
    assert.deepEqual(frameFields(used), frameFields(fresh))
  }
})

test('beginFrame: a wire length below the captured length is raised to it', () => {
  const frame = new Frame()
  beginFrame(frame, 3, 1_000_000, 10, 60)
  assert.deepEqual([frame.number, frame.at, frame.wireLength, frame.capturedLength, frame.flags], [3, 1_000_000, 60, 60, 0])
  beginFrame(frame, 4, 0, 1500, 96)
  assert.equal(frame.flags, FrameFlag.cutBySnaplen)
})

test('every sample cut at every byte: safe, and never further than the whole', () => {
  for (const { packet, linkType } of SAMPLES) {
    const whole = decoded(packet, linkType).status
    for (let length = 0; length <= packet.length; length++) {
      const cut = packet.slice(0, length)
      assertSafe(cut, linkType, packet.length)
      assertSafe(cut, linkType, length)
      assert.ok(decoded(packet, linkType, length).status <= whole)
    }
  }
})

test('every sample at another place in a buffer gives the same, shifted', () => {
  for (const { packet, linkType } of SAMPLES) {
    const home = decoded(packet, linkType)
    const away = decodedBetween(packet, 0xaa, linkType, packet.length)
    assert.deepEqual(shifted(home.frame, GUARD_BYTES), frameFields(away.frame))
    assert.equal(home.status, away.status)
  }
})

test('random bytes on every link type', () => {
  for (const linkType of LINK_TYPES) {
    const isSafe = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), (packet, extra) => {
      assertSafe(packet, linkType, packet.length + extra)
    })
    fc.assert(isSafe, { numRuns: 150 })
  }
})

test('samples with random bytes overwritten', () => {
  const patches = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(fc.nat(SAMPLES.length - 1), patches, fc.nat(140), (index, changes, length) => {
    const { packet, linkType } = SAMPLES[index] ?? assert.fail('no such sample')
    const changed = packet.slice(0, length)
    for (const [at, value] of changes) if (at < changed.length) changed[at] = value
    assertSafe(changed, linkType, packet.length)
  }), { numRuns: 3000 })
})

test('decodeTransport: a datagram in its own buffer replaces the transport part of the fragment', () => {
  const { frame } = decoded(ethernet(0x0800, ip4(6, counted(24), { id: 77, fragmentUnits: 3 })))
  assert.equal(frame.flags, FrameFlag.fragment)
  const whole = tcp(2049, 701, counted(3000), { seq: 0x90000000 })
  const buf = new Uint8Array(whole.length + 20)
  buf.set(whole, 10)
  assert.equal(decodeTransport(buf, 10, 10 + whole.length, frame), FrameStatus.transport)
  assert.deepEqual([frame.flags, frame.srcPort, frame.dstPort, frame.tcpSeq], [0, 2049, 701, 0x90000000])
  assert.deepEqual([frame.l4Off, frame.l4End, frame.payloadOff, frame.payloadEnd], [10, 10 + whole.length, 30, 10 + whole.length])
  assert.deepEqual([frame.payloadWireLength, frame.moreFragments, frame.fragmentOffset, frame.addresses[3]], [3000, false, 0, SRC_IP4])
})

test('decodeTransport: UDP is held to its own length once whole', () => {
  const { frame } = decoded(ethernet(0x86dd, ip6(44, fragment6(17, 0, true, 9, udp(2049, 700, counted(40), 1400)))))
  const lying = udp(2049, 700, counted(100), 1400)
  assert.equal(decodeTransport(lying, 0, lying.length, frame), FrameStatus.transport)
  assert.deepEqual([frame.flags, frame.payloadEnd - frame.payloadOff], [FrameFlag.transportInvalid, 100])
  const right = udp(2049, 700, counted(1392))
  assert.equal(decodeTransport(right, 0, right.length, frame), FrameStatus.transport)
  assert.deepEqual([frame.flags, frame.payloadEnd - frame.payloadOff], [0, 1392])
})

test('decodeTransport: other protocols and short datagrams end at the network layer', () => {
  const { frame } = decoded(ethernet(0x0800, ip4(47, counted(24), { more: true })))
  assert.equal(decodeTransport(counted(50), 0, 50, frame), FrameStatus.network)
  assert.deepEqual([frame.l4Off, frame.l4End, frame.payloadOff, frame.flags], [0, 50, -1, 0])
  frame.proto = 6
  assert.equal(decodeTransport(counted(50), 0, 19, frame), FrameStatus.network)
  assert.deepEqual([frame.flags, frame.srcPort], [FrameFlag.transportTruncated, 0])
})

test('decodeTransport: random bytes for every protocol and version', () => {
  const protocols = fc.constantFrom(0, 1, 4, 6, 17, 41, 43, 44, 47, 51, 58, 60, 132, 200)
  const arbitrary = fc.tuple(fc.uint8Array({ maxLength: 120 }), protocols, fc.constantFrom(4, 6))
  fc.assert(fc.property(arbitrary, ([payload, proto, version]) => {
    const frame = new Frame()
    beginFrame(frame, 1, 0, 0, 0)
    frame.proto = proto
    frame.ipVersion = version
    const buf = new Uint8Array(payload.length + 2 * GUARD_BYTES).fill(0xff)
    buf.set(payload, GUARD_BYTES)
    decodeTransport(buf, GUARD_BYTES, GUARD_BYTES + payload.length, frame)
    assertOffsets(frame, GUARD_BYTES, GUARD_BYTES + payload.length)
  }), { numRuns: 2000 })
})
