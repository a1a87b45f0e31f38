// Inspect: reads a twin's frame back, checksums included. Used by tests only, so that the writer does not judge itself.
// Keeps the rule that every frame is checked by something that shares no code with what wrote it.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import { u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'

/** What one frame says; absent parts are null. Payload offsets are into the frame. */
export interface Inspected {
  readonly dstMac: MacNumber
  readonly srcMac: MacNumber
  readonly etherType: number
  readonly ip: InspectedIp | null
  readonly tcp: InspectedTcp | null
  readonly udp: { readonly srcPort: number; readonly dstPort: number; readonly off: number; readonly end: number } | null
  /** Names of the checksums that are wrong: `ip`, `tcp`, `udp`. Empty is good. */
  readonly wrong: readonly string[]
}

export interface InspectedIp {
  readonly src: Ip
  readonly dst: Ip
  readonly ttl: number
  readonly proto: number
  readonly id: number
  /** Bytes from the start of the datagram. */
  readonly fragmentOffset: number
  readonly moreFragments: boolean
  readonly off: number
  readonly end: number
}

export interface InspectedTcp {
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly off: number
  readonly end: number
}

/** Reads an Ethernet frame of the twin: IPv4 without options, TCP, UDP; anything else keeps nulls. */
export function inspect(frame: Uint8Array): Inspected {
  const link = { dstMac: u48be(frame, 0), srcMac: u48be(frame, 6), etherType: u16be(frame, 12) }
  if (link.etherType !== 0x0800) return { ...link, ip: null, tcp: null, udp: null, wrong: [] }
  const ip = inspectIp(frame, 14)
  const wrong = sumOf(frame, 14, 34) === 0xffff ? [] : ['ip']
  const fragment = ip.moreFragments || ip.fragmentOffset > 0
  const tcp = ip.proto === 6 && !fragment ? inspectTcp(frame, ip) : null
  const udp = ip.proto === 17 && !fragment ? inspectUdp(frame, ip) : null
  if ((tcp !== null || udp !== null) && !transportSumIsRight(frame, ip)) wrong.push(tcp === null ? 'udp' : 'tcp')
  return { ...link, ip, tcp, udp, wrong }
}

function inspectIp(frame: Uint8Array, off: number): InspectedIp {
  const bits = u16be(frame, off + 6)
  return {
    src: ipFromV4(u32be(frame, off + 12)),
    dst: ipFromV4(u32be(frame, off + 16)),
    ttl: u8(frame, off + 8),
    proto: u8(frame, off + 9),
    id: u16be(frame, off + 4),
    fragmentOffset: (bits & 0x1fff) * 8,
    moreFragments: (bits & 0x2000) !== 0,
    off: off + 20,
    end: off + u16be(frame, off + 2),
  }
}

function inspectTcp(frame: Uint8Array, ip: InspectedIp): InspectedTcp {
  return {
    srcPort: u16be(frame, ip.off),
    dstPort: u16be(frame, ip.off + 2),
    seq: u32be(frame, ip.off + 4),
    ack: u32be(frame, ip.off + 8),
    flags: u8(frame, ip.off + 13),
    off: ip.off + (u8(frame, ip.off + 12) >> 4) * 4,
    end: ip.end,
  }
}

function inspectUdp(frame: Uint8Array, ip: InspectedIp): Inspected['udp'] {
  return { srcPort: u16be(frame, ip.off), dstPort: u16be(frame, ip.off + 2), off: ip.off + 8, end: ip.off + u16be(frame, ip.off + 4) }
}

/** RFC 1071: with the transmitted checksum included, the sum of everything is all ones. */
function transportSumIsRight(frame: Uint8Array, ip: InspectedIp): boolean {
  const pseudo = new Uint8Array(12)
  pseudo.set(frame.subarray(ip.off - 8, ip.off), 0)
  pseudo[9] = ip.proto
  pseudo[10] = (ip.end - ip.off) >> 8
  pseudo[11] = ip.end - ip.off
  return fold(sumOf(pseudo, 0, 12) + sumOf(frame, ip.off, ip.end)) === 0xffff
}

function sumOf(buf: Uint8Array, off: number, end: number): number {
  let sum = 0
  for (let i = off; i < end; i++) sum = fold(sum + ((i - off) % 2 === 0 ? u8(buf, i) * 256 : u8(buf, i)))
  return sum
}

function fold(sum: number): number {
  return sum > 0xffff ? sum - 0xffff : sum
}

/** Puts the fragments of one datagram together again; null while a piece is missing. */
export function joinFragments(frames: readonly Uint8Array[]): Uint8Array | null {
  const parts = frames.map((bytes) => ({ bytes, ip: inspect(bytes).ip }))
  const last = parts.find((p) => p.ip !== null && !p.ip.moreFragments)
  if (last === undefined || last.ip === null) return null
  const whole = new Uint8Array(last.ip.fragmentOffset + last.ip.end - last.ip.off)
  let covered = 0
  for (const { bytes, ip } of parts) {
    if (ip === null) return null
    whole.set(bytes.subarray(ip.off, ip.end), ip.fragmentOffset)
    covered += ip.end - ip.off
  }
  return covered === whole.length ? whole : null
}
