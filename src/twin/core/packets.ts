// Packets: Ethernet, IPv4, UDP and TCP written byte by byte, with right checksums, padding and fragments.
// Keeps the rule that the twin yields what a switch port would show; nothing here can reach a network.

import { assert } from '../../base/assert.ts'
import { ipValue, type Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import { IpProto } from '../../wire/frame.ts'

/** One Ethernet frame without its check sequence, and the packet time a SPAN port would stamp. */
export interface WardFrame {
  readonly at: Micros
  readonly bytes: Uint8Array
}

/** Who sends to whom on this segment: hardware addresses of the hop, IP addresses of the ends (32-bit integers). */
export interface Route {
  readonly srcMac: MacNumber
  readonly dstMac: MacNumber
  readonly src: number
  readonly dst: number
  /** Time to live as seen at the capture point. */
  readonly ttl: number
}

/** One TCP segment; `data` may be empty. `mss` is sent as option kind 2 (RFC 9293 section 3.2) when it is not null. */
export interface TcpSegment {
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly ack: number
  /** TcpFlag bits. */
  readonly flags: number
  readonly window: number
  readonly mss: number | null
}

/** For a generator that has nothing to say. */
export const NO_FRAMES: readonly WardFrame[] = []

export const ETHER_TYPE_IP4 = 0x0800
export const ETHER_TYPE_ARP = 0x0806

/** IEEE 802.3: 64 octets with the check sequence, which captures do not hold. */
const ETHERNET_BYTES_MIN = 60
const ETHERNET_HEADER = 14
const IP4_HEADER = 20
const UDP_HEADER = 8
const TCP_HEADER = 20
const TCP_MSS_OPTION = 4
/** Ethernet's usual MTU less the IPv4 header; fragments are cut in units of eight octets (RFC 791 section 3.2), and 1480 is one. */
export const IP4_PAYLOAD_MAX = 1480
/** Largest segment that fits one packet: MTU 1500 less 20 and 20. */
export const TCP_MSS = 1460
/** 65 535 less the IPv4 and UDP headers (RFC 768 with RFC 791). */
const UDP_PAYLOAD_MAX = 65_507
const IP4_MORE_FRAGMENTS = 0x2000
const IP4_DO_NOT_FRAGMENT = 0x4000

const NO_BYTES = new Uint8Array(0)

/** IPv4 text as the 32-bit integer a Route holds. */
export function ip4Number(ip: Ip): number {
  return Number(ipValue(ip))
}

/** An Ethernet II frame, zero-padded to the minimum a switch port carries. */
export function ethernetFrame(dstMac: MacNumber, srcMac: MacNumber, etherType: number, payload: Uint8Array): Uint8Array {
  const frame = emptyFrame(dstMac, srcMac, etherType, payload.length)
  frame.set(payload, ETHERNET_HEADER)
  return frame
}

function emptyFrame(dstMac: MacNumber, srcMac: MacNumber, etherType: number, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(Math.max(ETHERNET_BYTES_MIN, ETHERNET_HEADER + payloadBytes))
  putMac(frame, 0, dstMac)
  putMac(frame, 6, srcMac)
  put16(frame, 12, etherType)
  return frame
}

/**
 * One UDP datagram as one frame, or as IPv4 fragments when it exceeds the MTU, in order.
 * `id` is the IPv4 identification all fragments share (RFC 6864).
 */
export function udpFrames(route: Route, srcPort: number, dstPort: number, payload: Uint8Array, id: number): Uint8Array[] {
  assert(payload.length <= UDP_PAYLOAD_MAX, 'a UDP payload fits one IPv4 datagram')
  const datagram = new Uint8Array(UDP_HEADER + payload.length)
  put16(datagram, 0, srcPort)
  put16(datagram, 2, dstPort)
  put16(datagram, 4, datagram.length)
  datagram.set(payload, UDP_HEADER)
  const sum = transportChecksum(route, IpProto.udp, datagram, 0, datagram.length)
  // RFC 768: a computed zero is sent as all ones, because zero means "no checksum".
  put16(datagram, 6, sum === 0 ? 0xffff : sum)
  return ip4Frames(route, IpProto.udp, datagram, id)
}

function ip4Frames(route: Route, proto: number, payload: Uint8Array, id: number): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let off = 0; off < payload.length; off += IP4_PAYLOAD_MAX) {
    const end = Math.min(payload.length, off + IP4_PAYLOAD_MAX)
    const frame = emptyFrame(route.dstMac, route.srcMac, ETHER_TYPE_IP4, IP4_HEADER + end - off)
    const more = end < payload.length ? IP4_MORE_FRAGMENTS : 0
    putIp4Header(frame, ETHERNET_HEADER, route, proto, end - off, id, more | (off >> 3))
    frame.set(payload.subarray(off, end), ETHERNET_HEADER + IP4_HEADER)
    frames.push(frame)
  }
  return frames
}

/** One TCP segment with data [off, end) of `data` in one frame; do-not-fragment is set, as hosts with path MTU discovery do. */
export function tcpFrame(
  route: Route, segment: TcpSegment, id: number, data: Uint8Array = NO_BYTES, off = 0, end = data.length,
): Uint8Array {
  const headerBytes = TCP_HEADER + (segment.mss === null ? 0 : TCP_MSS_OPTION)
  const tcpBytes = headerBytes + end - off
  assert(tcpBytes <= IP4_PAYLOAD_MAX, 'a TCP segment fits one packet')
  const frame = emptyFrame(route.dstMac, route.srcMac, ETHER_TYPE_IP4, IP4_HEADER + tcpBytes)
  putIp4Header(frame, ETHERNET_HEADER, route, IpProto.tcp, tcpBytes, id, IP4_DO_NOT_FRAGMENT)
  const tcp = ETHERNET_HEADER + IP4_HEADER
  put16(frame, tcp, segment.srcPort)
  put16(frame, tcp + 2, segment.dstPort)
  put32(frame, tcp + 4, segment.seq)
  put32(frame, tcp + 8, segment.ack)
  frame[tcp + 12] = (headerBytes >> 2) << 4
  frame[tcp + 13] = segment.flags
  put16(frame, tcp + 14, segment.window)
  if (segment.mss !== null) {
    put16(frame, tcp + TCP_HEADER, 0x0204)
    put16(frame, tcp + TCP_HEADER + 2, segment.mss)
  }
  for (let i = off; i < end; i++) frame[tcp + headerBytes + i - off] = data[i] as number
  put16(frame, tcp + 16, transportChecksum(route, IpProto.tcp, frame, tcp, tcp + tcpBytes))
  return frame
}

function putIp4Header(
  buf: Uint8Array, off: number, route: Route, proto: number, payloadBytes: number, id: number, flagsAndOffset: number,
): void {
  buf[off] = 0x45
  put16(buf, off + 2, IP4_HEADER + payloadBytes)
  put16(buf, off + 4, id)
  put16(buf, off + 6, flagsAndOffset)
  buf[off + 8] = route.ttl
  buf[off + 9] = proto
  put32(buf, off + 12, route.src)
  put32(buf, off + 16, route.dst)
  put16(buf, off + 10, internetChecksum(buf, off, off + IP4_HEADER, 0))
}

/** RFC 793/768 checksum with the IPv4 pseudo header; the checksum field inside [off, end) must still be zero. */
function transportChecksum(route: Route, proto: number, buf: Uint8Array, off: number, end: number): number {
  const pseudo = (route.src >>> 16) + (route.src & 0xffff) + (route.dst >>> 16) + (route.dst & 0xffff) + proto + (end - off)
  return internetChecksum(buf, off, end, pseudo)
}

/** RFC 1071: complement of the one's-complement sum of 16-bit words; an odd last byte counts as its high half. */
export function internetChecksum(buf: Uint8Array, off: number, end: number, start: number): number {
  // At most 65 535 bytes are summed: 32 768 words of 16 bits stay far below 2^53, so the carries may be folded at the end.
  let sum = start
  for (let i = off; i + 1 < end; i += 2) sum += ((buf[i] as number) << 8) | (buf[i + 1] as number)
  if ((end - off) % 2 === 1) sum += (buf[end - 1] as number) << 8
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + (sum % 0x10000)
  return ~sum & 0xffff
}

function putMac(buf: Uint8Array, off: number, mac: MacNumber): void {
  put16(buf, off, Math.floor(mac / 0x1_0000_0000))
  put32(buf, off + 2, mac % 0x1_0000_0000)
}

function put16(buf: Uint8Array, off: number, value: number): void {
  buf[off] = value >>> 8
  buf[off + 1] = value
}

function put32(buf: Uint8Array, off: number, value: number): void {
  put16(buf, off, value >>> 16)
  put16(buf, off + 2, value & 0xffff)
}
