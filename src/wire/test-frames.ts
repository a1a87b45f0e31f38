// Frames for tests: small builders, one per header, nested by hand so that a test shows the packet it means.
// Keeps the rule that test bytes are made, never copied from a patient's network. Imported by tests and bench only.

import { Frame, type FrameStatus } from './frame.ts'
import { beginFrame, decodeFrame } from './decode.ts'

export const SRC_MAC = 0x020000000001
export const DST_MAC = 0x020000000002
export const SRC_IP4 = 0x0a000001
export const DST_IP4 = 0x0a000002
export const SRC_IP6 = [0x20010db8, 0, 0, 1] as const
export const DST_IP6 = [0x20010db8, 0, 0, 2] as const

/** Joins byte lists and arrays in order. */
export function bytes(...parts: readonly (number | Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))
}

export function be16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255]
}

export function be32(value: number): number[] {
  return [...be16(value >>> 16), ...be16(value & 0xffff)]
}

export function mac(value: number): number[] {
  return [...be16(Math.floor(value / 2 ** 32)), ...be32(value % 2 ** 32)]
}

/** `count` bytes 0, 1, 2, ... so that a wrong offset shows. */
export function counted(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => i & 255)
}

/** Ethernet II; `tags` are TPID and TCI, outermost first. */
export function ethernet(etherType: number, payload: Uint8Array, tags: readonly (readonly [number, number])[] = []): Uint8Array {
  return bytes(mac(DST_MAC), mac(SRC_MAC), tags.flatMap(([tpid, tci]) => [...be16(tpid), ...be16(tci)]), be16(etherType), payload)
}

export interface Ip4Fields {
  readonly version?: number
  readonly headerWords?: number
  readonly options?: Uint8Array
  readonly total?: number
  readonly id?: number
  /** In units of 8 bytes. */
  readonly fragmentUnits?: number
  readonly more?: boolean
}

export function ip4(proto: number, payload: Uint8Array, fields: Ip4Fields = {}): Uint8Array {
  const options = fields.options ?? new Uint8Array(0)
  const headerWords = fields.headerWords ?? 5 + options.length / 4
  const total = fields.total ?? 20 + options.length + payload.length
  const fragment = (fields.more === true ? 0x2000 : 0) | (fields.fragmentUnits ?? 0)
  const first = ((fields.version ?? 4) << 4) | headerWords
  return bytes(first, 0, be16(total), be16(fields.id ?? 7), be16(fragment), 64, proto, 0, 0, be32(SRC_IP4), be32(DST_IP4), options, payload)
}

export function ip6(next: number, payload: Uint8Array, length = payload.length): Uint8Array {
  return bytes(0x60, 0, 0, 0, be16(length), next, 64, SRC_IP6.flatMap(be32), DST_IP6.flatMap(be32), payload)
}

/** An IPv6 extension header of the common form: next header, length in units of 8 bytes beyond the first 8. */
export function extension(next: number, units: number, payload: Uint8Array): Uint8Array {
  return bytes(next, units, new Uint8Array(6 + units * 8), payload)
}

export function fragment6(next: number, offset: number, more: boolean, id: number, payload: Uint8Array): Uint8Array {
  return bytes(next, 0, be16(offset | (more ? 1 : 0)), be32(id), payload)
}

export function udp(srcPort: number, dstPort: number, payload: Uint8Array, length = 8 + payload.length): Uint8Array {
  return bytes(be16(srcPort), be16(dstPort), be16(length), 0, 0, payload)
}

export interface TcpFields {
  readonly seq?: number
  readonly ack?: number
  readonly flags?: number
  readonly words?: number
  readonly options?: Uint8Array
}

export function tcp(srcPort: number, dstPort: number, payload: Uint8Array, fields: TcpFields = {}): Uint8Array {
  const options = fields.options ?? new Uint8Array(0)
  const words = fields.words ?? 5 + options.length / 4
  const numbers = [...be32(fields.seq ?? 1000), ...be32(fields.ack ?? 2000)]
  return bytes(be16(srcPort), be16(dstPort), numbers, words << 4, fields.flags ?? 0x18, be16(8192), 0, 0, 0, 0, options, payload)
}

export function icmp(type: number, code: number, payload: Uint8Array): Uint8Array {
  return bytes(type, code, 0, 0, 0, 1, 0, 2, payload)
}

export function arp(operation: number, senderMac: number, senderIp: number, targetMac: number, targetIp: number): Uint8Array {
  return bytes(be16(1), be16(0x0800), 6, 4, be16(operation), mac(senderMac), be32(senderIp), mac(targetMac), be32(targetIp))
}

export interface Decoded {
  readonly frame: Frame
  readonly status: FrameStatus
}

/** Decodes `packet` whole, or its first `captured` bytes with the rest said to have been on the wire. */
export function decoded(packet: Uint8Array, linkType = 1, captured = packet.length): Decoded {
  const frame = new Frame()
  beginFrame(frame, 1, 0, packet.length, captured)
  return { frame, status: decodeFrame(packet, 0, captured, linkType, frame) }
}

/** Everything a frame says, as plain values that deepEqual compares. */
export function frameFields(frame: Frame): Record<string, unknown> {
  return { ...Object.fromEntries(Object.entries(frame)), addresses: [...frame.addresses] }
}

/** Names of offset fields, for tests that shift or bound them. */
export const OFFSET_FIELDS = ['linkOff', 'arpOff', 'arpEnd', 'ipOff', 'l4Off', 'l4End', 'payloadOff', 'payloadEnd'] as const

/** One of each kind of frame, by name, with the link type to read it as: the corpus of the property and allocation tests. */
export function sampleFrames(): { name: string; linkType: number; packet: Uint8Array }[] {
  const data = counted(40)
  const tcp4 = ip4(6, tcp(1025, 515, data, { options: counted(12) }))
  const udp6 = ip6(17, udp(5353, 5353, data))
  const chain = ip6(0, extension(43, 0, extension(60, 1, extension(6, 0, tcp(1025, 2575, data)))))
  const row = (name: string, packet: Uint8Array, linkType = 1) => ({ name, linkType, packet })
  return [
    row('ethernet tcp4', ethernet(0x0800, tcp4)),
    row('ethernet udp6', ethernet(0x86dd, udp6)),
    row('vlan', ethernet(0x0800, tcp4, [[0x8100, 20]])),
    row('qinq', ethernet(0x86dd, udp6, [[0x88a8, 300], [0x8100, 20]])),
    row('three tags', ethernet(0x0800, tcp4, [[0x88a8, 300], [0x8100, 20], [0x9100, 5]])),
    row('arp', ethernet(0x0806, arp(1, SRC_MAC, SRC_IP4, 0, DST_IP4))),
    row('icmp4 options', ethernet(0x0800, ip4(1, icmp(8, 0, data), { options: counted(8) }))),
    row('icmp6', ethernet(0x86dd, ip6(58, icmp(135, 0, data)))),
    row('sctp', ethernet(0x0800, ip4(132, bytes(be16(2905), be16(2906), counted(8), data)))),
    row('gre', ethernet(0x0800, ip4(47, data))),
    row('extension chain', ethernet(0x86dd, chain)),
    row('ah', ethernet(0x86dd, ip6(51, bytes(17, 4, new Uint8Array(22), udp(1, 2, data))))),
    row('esp', ethernet(0x86dd, ip6(50, data))),
    row('first fragment 4', ethernet(0x0800, ip4(17, udp(2049, 700, data, 1400), { more: true }))),
    row('later fragment 4', ethernet(0x0800, ip4(17, data, { fragmentUnits: 5 }))),
    row('first fragment 6', ethernet(0x86dd, ip6(44, fragment6(17, 0, true, 9, udp(2049, 700, data, 1400))))),
    row('later fragment 6', ethernet(0x86dd, ip6(44, fragment6(17, 48, false, 9, data)))),
    row('snap', ethernet(48, bytes(0xaa, 0xaa, 3, 0, 0, 0, be16(0x0800), ip4(17, udp(67, 68, counted(12)))))),
    row('spanning tree', ethernet(38, bytes(0x42, 0x42, 3, counted(35)))),
    row('pppoe', ethernet(0x8864, bytes(0x11, 0, be16(1), be16(tcp4.length + 2), be16(0x0021), tcp4))),
    row('sll', bytes(be16(0), be16(1), be16(6), mac(SRC_MAC), 0, 0, be16(0x0800), tcp4), 113),
    row('sll2', bytes(be16(0x86dd), 0, 0, be32(2), be16(1), 0, 6, mac(SRC_MAC), 0, 0, udp6), 276),
    row('null', bytes(2, 0, 0, 0, tcp4), 0),
    row('loop', bytes(0, 0, 0, 24, udp6), 108),
    row('raw', tcp4, 101),
    row('raw legacy', udp6, 12),
    row('ipv4', tcp4, 228),
    row('ipv6', udp6, 229),
  ]
}
