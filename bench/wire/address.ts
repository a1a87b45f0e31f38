// Address shift: gives a copy of a real frame hosts of its own, so that repeating a capture makes new flows instead of longer ones.
// Keeps the rule that both directions of a talk stay one talk, that private stays private, and that a right checksum stays right.

import { u16be, u32be } from '../../src/wire/bytes.ts'

const VLAN_TYPES: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100])
/** More tags than any capture of the folder has. */
const VLAN_TAGS_MAX = 4
/** An ICMP error quotes a packet, an IP-in-IP packet carries one: deeper than any capture of the folder goes. */
const NESTING_MAX = 4
/** Odd, and more /24s than the private ones in use: up to 131 copies of 192.168/16 lie side by side in 10/8. */
const STRIDE = 499
/** First octets with a private or reserved part: only the third octet moves, so that public stays public. */
const PARTLY_RESERVED: ReadonlySet<number> = new Set([100, 169, 172, 192, 198, 203])
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12])

/** Rewrites buf[off, end) in place for copy `copy`; 0 leaves it as it is. Addresses inside GRE, VXLAN, MPLS and PPPoE stay. */
export function shiftFrame(buf: Uint8Array, off: number, end: number, copy: number): void {
  if (copy === 0 || end - off < 14) return
  shiftMac(buf, off, copy)
  shiftMac(buf, off + 6, copy)
  const network = networkOffset(buf, off, end)
  const type = u16be(buf, network - 2)
  if (type === 0x0800) shiftIp4(buf, network, end, copy, 0)
  else if (type === 0x86dd) shiftIp6(buf, network, end, copy, 0)
  else if (type === 0x0806) shiftArp(buf, network, end, copy)
}

/** Where the payload of the last VLAN tag starts; the two bytes before it are its type. */
export function networkOffset(buf: Uint8Array, off: number, end: number): number {
  let network = off + 14
  for (let tags = 0; tags < VLAN_TAGS_MAX && end - network >= 4 && VLAN_TYPES.has(u16be(buf, network - 2)); tags++) network += 4
  return network
}

/** The address of copy `copy`. Private networks all move inside 10/8; loopback, multicast, broadcast and 0/8 stay. */
export function copyOfIp4(address: number, copy: number): number {
  const first = address >>> 24
  const net = address >>> 8
  const host = address & 0xff
  if (copy === 0 || first === 0 || first === 127 || first >= 224) return address
  if (first === 10) return privateNet(net & 0xffff, host, copy)
  if (address >>> 20 === 0xac1) return privateNet(256 + (net & 0xfff), host, copy)
  if (address >>> 16 === 0xc0a8) return privateNet(net & 0xff, host, copy)
  if (PARTLY_RESERVED.has(first)) return ((address & 0xffff0000) | (((net + copy) & 0xff) << 8) | host) >>> 0
  return ((first << 24) | (((net + copy * STRIDE) & 0xffff) << 8) | host) >>> 0
}

function privateNet(index: number, host: number, copy: number): number {
  return ((10 << 24) | (((index + copy * STRIDE) & 0xffff) << 8) | host) >>> 0
}

/** The maker's half of the address stays; group and all-zero addresses too. */
function shiftMac(buf: Uint8Array, at: number, copy: number): void {
  if (((buf[at] as number) & 1) !== 0 || (u16be(buf, at) === 0 && u32be(buf, at + 2) === 0)) return
  put16(buf, at + 3, (u16be(buf, at + 3) + copy * STRIDE) & 0xffff)
}

function shiftArp(buf: Uint8Array, at: number, end: number, copy: number): void {
  if (end - at < 28 || u32be(buf, at) !== 0x00010800 || u16be(buf, at + 4) !== 0x0604) return
  for (const mac of [at + 8, at + 18]) shiftMac(buf, mac, copy)
  for (const ip of [at + 14, at + 24]) put32(buf, ip, copyOfIp4(u32be(buf, ip), copy))
}

/** With the header checksum, and the pseudo header's part of TCP's and UDP's where the fragment holds it. */
function shiftIp4(buf: Uint8Array, at: number, end: number, copy: number, depth: number): void {
  const header = ((buf[at] ?? 0) & 15) * 4
  if (depth > NESTING_MAX || end - at < 20 || (buf[at] as number) >>> 4 !== 4 || header < 20) return
  let carry = 0
  for (const ip of [at + 12, at + 16]) {
    const old = u32be(buf, ip)
    const now = copyOfIp4(old, copy)
    put32(buf, ip, now)
    carry += (~(old >>> 16) & 0xffff) + (~old & 0xffff) + (now >>> 16) + (now & 0xffff)
  }
  adjust(buf, at + 10, carry)
  if ((u16be(buf, at + 6) & 0x1fff) !== 0) return
  shiftInside(buf, at + header, end, buf[at + 9] as number, { carry, copy, depth })
}

interface Shift {
  /** What the changed addresses add to a sum in ones' complement (RFC 1624, equation 3). */
  readonly carry: number
  readonly copy: number
  readonly depth: number
}

function shiftInside(buf: Uint8Array, at: number, end: number, proto: number, { carry, copy, depth }: Shift): void {
  if (proto === 6 && end - at >= 18) adjust(buf, at + 16, carry)
  else if (proto === 17 && end - at >= 8 && u16be(buf, at + 6) !== 0) {
    adjust(buf, at + 6, carry)
    // RFC 768: zero would mean "no checksum".
    if (u16be(buf, at + 6) === 0) put16(buf, at + 6, 0xffff)
  } else if (proto === 1 && end - at >= 28 && ICMP_ERRORS.has(buf[at] as number)) quoted(buf, at + 8, end, copy, depth)
  else if (proto === 4) shiftIp4(buf, at, end, copy, depth + 1)
  else if (proto === 41) shiftIp6(buf, at, end, copy, depth + 1)
}

/** The header quoted by an error: its own checksum makes good what its addresses change, so ICMP's stays right; what follows it stays. */
function quoted(buf: Uint8Array, at: number, end: number, copy: number, depth: number): void {
  const header = ((buf[at] as number) & 15) * 4
  shiftIp4(buf, at, Math.min(end, at + header), copy, depth + 1)
}

/** Neutral to every checksum, as RFC 6296 translates prefixes: what one word gains its neighbour loses. */
function shiftIp6(buf: Uint8Array, at: number, end: number, copy: number, depth: number): void {
  if (depth > NESTING_MAX || end - at < 40 || (buf[at] as number) >>> 4 !== 6) return
  for (const ip of [at + 8, at + 24]) {
    const first = u16be(buf, ip)
    if (first === 0 || first >= 0xff00) continue
    const word = (first & 0xffc0) === 0xfe80 ? ip + 8 : ip + 4
    const gain = (copy * STRIDE) % 0xffff
    put16(buf, word, endAround(u16be(buf, word) + gain))
    put16(buf, word + 2, endAround(u16be(buf, word + 2) + 0xffff - gain))
  }
}

function adjust(buf: Uint8Array, at: number, carry: number): void {
  put16(buf, at, ~endAround((~u16be(buf, at) & 0xffff) + carry) & 0xffff)
}

function endAround(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16)
  return folded
}

function put16(buf: Uint8Array, at: number, value: number): void {
  buf[at] = value >>> 8
  buf[at + 1] = value & 0xff
}

function put32(buf: Uint8Array, at: number, value: number): void {
  put16(buf, at, value >>> 16)
  put16(buf, at + 2, value & 0xffff)
}
