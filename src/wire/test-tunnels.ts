// Tunnel headers for tests: small builders, one per kind, to be nested by hand around the packets of test-frames.ts.
// Keeps the rule that test bytes are made, never copied from a patient's network. Imported by tests and bench only.

import { be16, be32, bytes, counted, DST_MAC, ethernet, extension, ip4, ip6, mac, SRC_MAC, tcp, udp } from './test-frames.ts'

export interface GreFields {
  readonly checksum?: boolean
  readonly key?: number
  readonly sequence?: number
  /** Or-ed into the flags: routing, version, what is reserved. */
  readonly bits?: number
}

export function gre(protocol: number, payload: Uint8Array, fields: GreFields = {}): Uint8Array {
  const { checksum = false, key, sequence, bits = 0 } = fields
  const flags = (checksum ? 0x8000 : 0) | (key === undefined ? 0 : 0x2000) | (sequence === undefined ? 0 : 0x1000) | bits
  const optional = [...(checksum ? be32(0) : []), ...(key === undefined ? [] : be32(key)), ...(sequence === undefined ? [] : be32(sequence))]
  return bytes(be16(flags), be16(protocol), optional, payload)
}

/** PPTP's GRE: the payload's length and a call number stand where the key is. */
export function pptp(payload: Uint8Array, sequence: number, acknowledgement?: number): Uint8Array {
  const flags = 0x3001 | (acknowledgement === undefined ? 0 : 0x80)
  return bytes(be16(flags), be16(0x880b), be16(payload.length), be16(7), be32(sequence), acknowledgement === undefined ? [] : be32(acknowledgement), payload)
}

export function erspan1(frame: Uint8Array): Uint8Array {
  return gre(0x88be, frame)
}

export function erspan2(vlan: number, frame: Uint8Array): Uint8Array {
  return gre(0x88be, bytes(be16(0x1000 | vlan), be16(100), be32(0), frame), { sequence: 5 })
}

/** `type` 0 is an Ethernet frame, 2 an IP packet; with `subheader` eight more bytes follow the header. */
export function erspan3(vlan: number, content: Uint8Array, type = 0, subheader = false): Uint8Array {
  const last = (type << 10) | (subheader ? 1 : 0)
  return gre(0x22eb, bytes(be16(0x2000 | vlan), be16(100), be32(99), be16(0), be16(last), subheader ? new Uint8Array(8) : [], content), { sequence: 5 })
}

export function vxlan(network: number, frame: Uint8Array, port = 4789): Uint8Array {
  return udp(50_000, port, bytes(8, 0, 0, 0, be32(network * 256), frame))
}

export function geneve(network: number, protocol: number, payload: Uint8Array, optionWords = 0): Uint8Array {
  return udp(50_001, 6081, bytes(optionWords, 0, be16(protocol), be32(network * 256), new Uint8Array(optionWords * 4), payload))
}

/** `extensions`: each is its type and its content, of 2, 6, 10 ... bytes. */
export function gtpU(payload: Uint8Array, extensions: readonly (readonly [number, Uint8Array])[] = []): Uint8Array {
  const after = (i: number): number => extensions[i]?.[0] ?? 0
  const list = extensions.flatMap(([, content], i) => [(content.length + 2) / 4, ...content, after(i + 1)])
  const optional = extensions.length === 0 ? [] : [0, 0, 0, after(0), ...list]
  const body = bytes(optional, payload)
  return udp(2152, 2152, bytes(extensions.length === 0 ? 0x30 : 0x34, 0xff, be16(body.length), be32(0x1234), body))
}

export function l2tp(ppp: Uint8Array): Uint8Array {
  return udp(1701, 1701, bytes(be16(0x4002), be16(ppp.length + 8), be16(3), be16(4), ppp))
}

/** Labels from 16 on, the last with the bottom bit. */
export function labels(count: number, payload: Uint8Array): Uint8Array {
  return bytes(Array.from({ length: count }, (_, i) => be32(((16 + i) << 12) | (i === count - 1 ? 0x100 : 0) | 64)).flat(), payload)
}

export function pppoe(protocol: number, payload: Uint8Array): Uint8Array {
  return bytes(0x11, 0, be16(1), be16(payload.length + 2), be16(protocol), payload)
}

/** An IPv6 packet whose source has Teredo's prefix. */
export function teredo(next: number, payload: Uint8Array, before: readonly number[] = []): Uint8Array {
  const packet = ip6(next, payload)
  packet.set(be32(0x20010000), 8)
  return udp(3544, 50_002, bytes(before, packet))
}

/** Around with Ethernet and IPv4. */
export function over4(proto: number, payload: Uint8Array): Uint8Array {
  return ethernet(0x0800, ip4(proto, payload))
}

/** PPP's number for IPv4 with and without the address and control bytes that peers may leave out, and in one byte. */
export const PPP_IPV4 = [0x00, 0x21] as const
export const PPP_HDLC_IPV4 = [0xff, 0x03, 0x00, 0x21] as const

/** An 802.11 QoS data frame to the distribution system with a radiotap header of ten bytes (one present word, rate, antenna). */
export function wlan(flags: number, etherType: number, payload: Uint8Array): Uint8Array {
  const radio = [0, 0, 10, 0, 0x04, 0x08, 0, 0, 2, 0]
  return bytes(radio, 0x88, 0x01 | flags, 0, 0, mac(BSS_MAC), mac(SRC_MAC), mac(DST_MAC), 0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, be16(etherType), payload)
}
export const BSS_MAC = 0x020000000003

/** One of each kind, by name and link type; all end in TCP or UDP. The corpus of the property and allocation tests beside sampleFrames. */
export function sampleTunnels(): { name: string; linkType: number; packet: Uint8Array }[] {
  const data = counted(40)
  const tcp4 = ip4(6, tcp(1025, 515, data))
  const udp6 = ip6(17, udp(5353, 5353, data))
  const tagged = ethernet(0x0800, tcp4, [[0x8100, 20]])
  const plain = ethernet(0x86dd, udp6)
  const row = (name: string, packet: Uint8Array, linkType = 1) => ({ name, linkType, packet })
  const rows = [
    row('gre', over4(47, gre(0x0800, tcp4))),
    row('gre with all fields', over4(47, gre(0x86dd, udp6, { checksum: true, key: 5, sequence: 6 }))),
    row('gre ethernet', over4(47, gre(0x6558, tagged))),
    row('nvgre', over4(47, gre(0x6558, tagged, { key: 0x12345607 }))),
    row('gre mpls', over4(47, gre(0x8847, labels(2, tcp4)))),
    row('pptp', over4(47, pptp(bytes(PPP_HDLC_IPV4, tcp4), 7, 8))),
    row('erspan 1', over4(47, erspan1(tagged))),
    row('erspan 2', over4(47, erspan2(30, plain))),
    row('erspan 3', over4(47, erspan3(30, plain, 0, true))),
    row('erspan 3 of an IP packet', over4(47, erspan3(30, tcp4, 2))),
    row('vxlan', over4(17, vxlan(0x123456, tagged))),
    row('geneve', over4(17, geneve(77, 0x6558, plain, 3))),
    row('geneve of IP', over4(17, geneve(77, 0x0800, tcp4))),
    row('gtp-u', over4(17, gtpU(tcp4))),
    row('gtp-u with extensions', over4(17, gtpU(udp6, [[0x85, counted(2)], [0x40, counted(6)]]))),
    row('l2tp', over4(17, l2tp(bytes(PPP_IPV4, tcp4)))),
    row('teredo', over4(17, teredo(17, udp(1, 2, data)))),
    row('4in4', over4(4, tcp4)),
    row('6in4', over4(41, udp6)),
    row('4in6', ethernet(0x86dd, ip6(4, tcp4))),
    row('6in6 behind an extension', ethernet(0x86dd, ip6(60, extension(41, 0, udp6)))),
    row('mpls', ethernet(0x8847, labels(3, tcp4))),
    row('mpls ipv6', ethernet(0x8848, labels(1, udp6))),
    row('pseudowire', ethernet(0x8847, labels(1, tagged))),
    row('pseudowire with control word', ethernet(0x8847, labels(1, bytes(be32(0), tagged)))),
    row('mirror of an overlay', over4(47, erspan2(30, over4(17, vxlan(9, ethernet(0x0800, ip4(47, gre(0x0800, tcp4)))))))),
    row('ppp', bytes(PPP_HDLC_IPV4, tcp4), 9),
    row('ppp in one byte', bytes(0x21, tcp4), 9),
    row('cisco hdlc', bytes(0x0f, 0, be16(0x86dd), udp6), 104),
    row('wlan', wlan(0, 0x0800, tcp4), 127),
  ]
  return rows
}
