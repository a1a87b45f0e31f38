// Probe frames: a probe as bytes on a link, and its number read back from a capture.
// Keeps the rule that a packet is told by what it carries: magic and number at its end, and every header field as sent.

import type { IpVersion } from '../../base/ip.ts'
import { internetChecksum } from '../../twin/core/packets.ts'
import { u32be } from '../../wire/bytes.ts'
import type { Frame } from '../../wire/frame.ts'
import type { Packet } from './predict.ts'

const ETHERNET = 14
const HEADER: Readonly<Record<IpVersion, number>> = { 4: 20, 6: 40 }
const ETHER_TYPE: Readonly<Record<IpVersion, number>> = { 4: 0x0800, 6: 0x86dd }
const TTL = 64
/** `CDRL`, then the number. */
const MAGIC = 0x4344_524c
export const MARK_BYTES = 8

const TCP = 6
const UDP = 17
const SCTP = 132
const ICMP = 1
const ICMP6 = 58
const TRANSPORT_BYTES: Readonly<Record<number, number>> = { [TCP]: 20, [UDP]: 8, [SCTP]: 12, [ICMP]: 8, [ICMP6]: 8 }
/** Of protocols without a header here: zeros, so that no byte of the mark is taken for one. */
const OTHER_BYTES = 8
const SYN = 2

/** Bytes of the longest probe. */
export const PROBE_BYTES_MAX = ETHERNET + 40 + 20 + MARK_BYTES

/** Writes probe `number` at `off`; returns the offset after it. Both hardware addresses are six bytes. */
export function putProbe(out: Uint8Array, off: number, probe: Packet, number: number, dstMac: Uint8Array, srcMac: Uint8Array): number {
  const l4 = TRANSPORT_BYTES[probe.proto] ?? OTHER_BYTES
  const ip = off + ETHERNET
  const transport = ip + HEADER[probe.version]
  const end = transport + l4 + MARK_BYTES
  out.fill(0, off, end)
  out.set(dstMac, off)
  out.set(srcMac, off + 6)
  put16(out, off + 12, ETHER_TYPE[probe.version])
  if (probe.version === 4) putIp4(out, ip, end, probe, number)
  else putIp6(out, ip, end, probe)
  put32(out, end - 8, MAGIC)
  put32(out, end - 4, number)
  putTransport(out, transport, end, probe, number)
  return end
}

function putIp4(out: Uint8Array, ip: number, end: number, probe: Packet, number: number): void {
  out[ip] = 0x45
  put16(out, ip + 2, end - ip)
  put16(out, ip + 4, number & 0xffff)
  out[ip + 8] = TTL
  out[ip + 9] = probe.proto
  put32(out, ip + 12, Number(probe.src))
  put32(out, ip + 16, Number(probe.dst))
  put16(out, ip + 10, internetChecksum(out, ip, ip + HEADER[4], 0))
}

function putIp6(out: Uint8Array, ip: number, end: number, probe: Packet): void {
  out[ip] = 0x60
  put16(out, ip + 4, end - ip - HEADER[6])
  out[ip + 6] = probe.proto
  out[ip + 7] = TTL
  putBig(out, ip + 8, probe.src)
  putBig(out, ip + 24, probe.dst)
}

function putTransport(out: Uint8Array, off: number, end: number, probe: Packet, number: number): void {
  const { proto } = probe
  if (proto === ICMP || proto === ICMP6) {
    out[off] = probe.icmpType
    put16(out, off + 4, number >>> 16)
    put16(out, off + 6, number & 0xffff)
    put16(out, off + 2, checksum(out, off, end, proto === ICMP6 ? pseudo(out, off, end, probe) : 0))
    return
  }
  if (proto !== TCP && proto !== UDP && proto !== SCTP) return
  put16(out, off, probe.sport)
  put16(out, off + 2, probe.dport)
  if (proto === UDP) {
    put16(out, off + 4, end - off)
    const sum = checksum(out, off, end, pseudo(out, off, end, probe))
    put16(out, off + 6, sum === 0 ? 0xffff : sum)
  }
  if (proto === TCP) {
    put32(out, off + 4, number)
    out[off + 12] = 0x50
    out[off + 13] = SYN
    put16(out, off + 14, 0x2000)
    put16(out, off + 16, checksum(out, off, end, pseudo(out, off, end, probe)))
  }
}

function checksum(out: Uint8Array, off: number, end: number, start: number): number {
  return internetChecksum(out, off, end, start)
}

/** Sum of the pseudo header (RFC 768, RFC 8200 section 8.1): both addresses, length and protocol, as 16-bit words. */
function pseudo(out: Uint8Array, off: number, end: number, probe: Packet): number {
  const addresses = off - (probe.version === 4 ? 8 : 32)
  let sum = probe.proto + end - off
  for (let i = addresses; i < off; i += 2) sum += ((out[i] as number) << 8) | (out[i + 1] as number)
  return sum
}

function put16(out: Uint8Array, off: number, value: number): void {
  out[off] = (value >>> 8) & 0xff
  out[off + 1] = value & 0xff
}

function put32(out: Uint8Array, off: number, value: number): void {
  put16(out, off, value >>> 16)
  put16(out, off + 2, value)
}

function putBig(out: Uint8Array, off: number, value: bigint): void {
  for (let i = 0; i < 16; i++) out[off + 15 - i] = Number((value >> BigInt(8 * i)) & 0xffn)
}

/** The number at the end of a decoded IP packet's payload, or null when it is no probe. */
export function probeNumber(buf: Uint8Array, frame: Frame): number | null {
  const at = frame.l4End - MARK_BYTES
  if (frame.l4Off < 0 || at < frame.l4Off || u32be(buf, at) !== MAGIC) return null
  return u32be(buf, at + 4)
}

/** Whether the captured packet has the header fields that were sent: a number alone is not an identity. */
export function isSamePacket(frame: Frame, probe: Packet): boolean {
  const ports = probe.proto === TCP || probe.proto === UDP || probe.proto === SCTP
  return frame.ipVersion === probe.version && frame.proto === probe.proto
    && addressOf(frame, 0) === probe.src && addressOf(frame, 4) === probe.dst
    && (!ports || (frame.srcPort === probe.sport && frame.dstPort === probe.dport))
}

/** Source (0) or destination (4) as an integer. */
export function addressOf(frame: Frame, first: 0 | 4): bigint {
  const word = (i: number): bigint => BigInt(frame.addresses[first + i] as number)
  if (frame.ipVersion === 4) return word(3)
  return (word(0) << 96n) | (word(1) << 64n) | (word(2) << 32n) | word(3)
}
