// Tests of probe frames: what is written is what the frame decoder reads, checksums are right, and a changed packet is no longer the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internetChecksum } from '../../twin/core/packets.ts'
import { LinkType } from '../../wire/capture/capture.ts'
import { beginFrame, decodeFrame } from '../../wire/decode.ts'
import { Frame } from '../../wire/frame.ts'
import { drillWard, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import type { Packet } from './predict.ts'
import { addressOf, isSamePacket, MARK_BYTES, PROBE_BYTES_MAX, probeNumber, putProbe } from './probe-frame.ts'
import { planProbes } from './probes.ts'

const MAC = Uint8Array.of(2, 0, 0x5e, 0x7f, 1, 0)

function decoded(packet: Packet, number: number): { readonly frame: Frame; readonly buf: Uint8Array; readonly end: number } {
  const buf = new Uint8Array(PROBE_BYTES_MAX + 3)
  const end = putProbe(buf, 3, packet, number, MAC, MAC)
  const frame = new Frame()
  beginFrame(frame, 1, 0, end - 3, end - 3)
  decodeFrame(buf, 3, end, LinkType.ethernet, frame)
  return { frame, buf, end }
}

const PROBES = [KEEP_INSIDE, undefined].flatMap((file) => {
  const { layout, chains, asked } = drillWard(file)
  return planProbes({ layout, chains, asked, count: 2000, seed: 3, text: null })
})

test('every probe is read back with its number and its header fields', () => {
  for (const [number, probe] of PROBES.entries()) {
    const { frame, buf } = decoded(probe, number)
    assert.equal(probeNumber(buf, frame), number, JSON.stringify(probe, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)))
    assert.ok(isSamePacket(frame, probe))
  }
})

test('a packet with another address, protocol, port or version is not the same', () => {
  const probe: Packet = { version: 4, src: 0x0a140307n, dst: 0xca720477n, proto: 6, sport: 20_000, dport: 515, icmpType: 0 }
  const { frame } = decoded(probe, 1)
  assert.ok(isSamePacket(frame, probe))
  for (const change of [{ src: 1n }, { dst: 1n }, { proto: 17 }, { sport: 1 }, { dport: 1 }, { version: 6 as const }]) {
    assert.equal(isSamePacket(frame, { ...probe, ...change }), false, Object.keys(change)[0])
  }
  assert.equal(addressOf(frame, 0), probe.src)
  assert.equal(addressOf(frame, 4), probe.dst)
})

test('a packet without the magic is no probe, whatever its length', () => {
  const { frame, buf, end } = decoded({ version: 4, src: 1n << 24n, dst: 2n << 24n, proto: 17, sport: 20_000, dport: 53, icmpType: 0 }, 5)
  buf[end - MARK_BYTES] = 0
  assert.equal(probeNumber(buf, frame), null)
  beginFrame(frame, 1, 0, 10, 10)
  assert.equal(probeNumber(buf, frame), null)
})

test('checksums of IPv4, TCP, UDP and ICMPv6 sum to zero, so that no kernel calls them invalid', () => {
  for (const probe of PROBES.filter(({ version, proto }) => [6, 17].includes(proto) || (version === 6 && proto === 58))) {
    const { frame, buf, end } = decoded(probe, 77)
    if (probe.version === 4) assert.equal(internetChecksum(buf, frame.ipOff, frame.ipOff + 20, 0), 0)
    const addresses = frame.ipOff + (probe.version === 4 ? 12 : 8)
    let pseudo = probe.proto + end - frame.l4Off
    for (let i = addresses; i < addresses + (probe.version === 4 ? 8 : 32); i += 2) pseudo += ((buf[i] as number) << 8) | (buf[i + 1] as number)
    assert.equal(internetChecksum(buf, frame.l4Off, end, pseudo), 0)
  }
})
