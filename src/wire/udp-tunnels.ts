// Tunnels over UDP: VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (3GPP TS 29.281), L2TP (RFC 2661), Teredo (RFC 4380).
// Keeps the rule that a port only hints: every bit the standard fixes must be so, and a packet must begin where one has to,
// else the datagram stays plain UDP, unflagged. A monitor's data that happens to go to 4789 is not lost in a tunnel that is none.

import { u16be, u32be, u8 } from './bytes.ts'
import { enterEthernet, enterIp, enterPpp } from './enter.ts'
import { type Frame, FrameFlag, TunnelKind } from './frame.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'
import { ipAt, isEthernetAt } from './plausible.ts'
import { TunnelPort } from './tunnel-ports.ts'

/** Offset of the packet in frame's UDP payload [off, end), entered; -1 when it is no tunnel. `wireEnd` is where the UDP length puts the end. */
export function openUdpTunnel(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  switch (frame.dstPort) {
    case TunnelPort.vxlan:
    case TunnelPort.vxlanLinux: return openVxlan(buf, off, end, wireEnd, frame)
    case TunnelPort.geneve: return openGeneve(buf, off, end, wireEnd, frame)
    case TunnelPort.gtpU: return openGtp(buf, off, end, wireEnd, frame)
    case TunnelPort.l2tp: return openL2tp(buf, off, end, wireEnd, frame)
    default: return openTeredo(buf, off, end, wireEnd, frame)
  }
}

const OVERLAY_BYTES = 8
const VXLAN_FLAG_ID = 0x08
/** Group policy (draft-smith-vxlan-group-policy-05): with G set, D and A may be in the second byte and a group in the next two. */
const VXLAN_FLAG_GROUP = 0x80
const VXLAN_GROUP_BITS = 0x48

function openVxlan(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  if (end - off < OVERLAY_BYTES || !isVxlanHeader(buf, off) || !isEthernetAt(buf, off + OVERLAY_BYTES, end, wireEnd)) return -1
  const inner = enterEthernet(buf, off + OVERLAY_BYTES, end, frame, TunnelKind.vxlan)
  frame.segment = u32be(buf, off + 4) >>> 8
  return inner
}

/** The I flag, and every reserved bit 0 (RFC 7348 section 5). */
function isVxlanHeader(buf: Uint8Array, off: number): boolean {
  const flags = u8(buf, off)
  if (u8(buf, off + 7) !== 0) return false
  if (flags === VXLAN_FLAG_ID) return u8(buf, off + 1) === 0 && u16be(buf, off + 2) === 0
  return flags === (VXLAN_FLAG_ID | VXLAN_FLAG_GROUP) && (u8(buf, off + 1) & ~VXLAN_GROUP_BITS) === 0
}

/** Version 0 in the upper two bits of the first byte, length of the options in words in the lower six. */
const GENEVE_VERSION_SHIFT = 6
const GENEVE_OPTION_WORDS = 0x3f
/** A control packet carries no tenant's frame. */
const GENEVE_CONTROL = 0x80
const GENEVE_RESERVED = 0x3f
const GENEVE_ETHERNET = 0x6558

function openGeneve(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  if (end - off < OVERLAY_BYTES || u8(buf, off) >>> GENEVE_VERSION_SHIFT !== 0) return -1
  if ((u8(buf, off + 1) & (GENEVE_RESERVED | GENEVE_CONTROL)) !== 0 || u8(buf, off + 7) !== 0) return -1
  const pos = off + OVERLAY_BYTES + (u8(buf, off) & GENEVE_OPTION_WORDS) * 4
  const protocol = u16be(buf, off + 2)
  const network = u32be(buf, off + 4) >>> 8
  let inner = -1
  if (protocol === GENEVE_ETHERNET && isEthernetAt(buf, pos, end, wireEnd)) inner = enterEthernet(buf, pos, end, frame, TunnelKind.geneve)
  else if ((protocol === ETHERTYPE_IPV4 || protocol === ETHERTYPE_IPV6) && ipAt(buf, pos, end) === protocol) {
    enterIp(frame, TunnelKind.geneve, protocol)
    inner = pos
  }
  if (inner >= 0) frame.segment = network
  return inner
}

const GTP_BYTES = 8
/** Version 1, protocol type 1, spare 0 in the first byte; the lower three bits announce the optional word (TS 29.281 section 5.1). */
const GTP_FIXED_MASK = 0xf8
const GTP_FIXED = 0x30
const GTP_OPTIONAL_BITS = 0x07
const GTP_EXTENSION_BIT = 0x04
const GTP_OPTIONAL_BYTES = 4
/** Message type 255: a packet of a user. All others are the tunnel's own talk. */
const GTP_USER_PACKET = 0xff
/** TS 29.281 table 5.2.1-3 defines eight extension header types; each comes once. */
const GTP_EXTENSIONS_MAX = 8

function openGtp(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  if (end - off < GTP_BYTES || (u8(buf, off) & GTP_FIXED_MASK) !== GTP_FIXED || u8(buf, off + 1) !== GTP_USER_PACKET) return -1
  if (u16be(buf, off + 2) !== wireEnd - off - GTP_BYTES) return -1
  const pos = afterGtpExtensions(buf, off, end, frame)
  const etherType = pos < 0 ? 0 : ipAt(buf, pos, end)
  if (etherType === 0) return -1
  enterIp(frame, TunnelKind.gtpU, etherType)
  return pos
}

/** Where the user's packet begins, or -1. */
function afterGtpExtensions(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  const bits = u8(buf, off) & GTP_OPTIONAL_BITS
  let pos = off + GTP_BYTES
  if (bits === 0) return pos
  if (end - pos < GTP_OPTIONAL_BYTES) return -1
  let next = (bits & GTP_EXTENSION_BIT) === 0 ? 0 : u8(buf, pos + 3)
  pos += GTP_OPTIONAL_BYTES
  for (let i = 0; next !== 0; i++) {
    if (i === GTP_EXTENSIONS_MAX) {
      frame.flags |= FrameFlag.tunnelTooDeep
      return -1
    }
    const bytes = pos < end ? u8(buf, pos) * 4 : 0
    if (bytes === 0 || bytes > end - pos) return -1
    next = u8(buf, pos + bytes - 1)
    pos += bytes
  }
  return pos
}

/** Version 2 of L2TP in the low bits; the high ones announce fields, one marks control messages, the rest are 0 (RFC 2661 section 3.1). */
const L2TP_FIXED_MASK = 0xb4ff
const L2TP_DATA = 0x0002
const L2TP_LENGTH = 0x4000
const L2TP_SEQUENCE = 0x0800
const L2TP_OFFSET = 0x0200
/** Flags, tunnel and session. */
const L2TP_BYTES_MIN = 6

function openL2tp(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  if (end - off < L2TP_BYTES_MIN) return -1
  const flags = u16be(buf, off)
  if ((flags & L2TP_FIXED_MASK) !== L2TP_DATA) return -1
  const hasLength = (flags & L2TP_LENGTH) !== 0
  if (hasLength && u16be(buf, off + 2) !== wireEnd - off) return -1
  let pos = off + L2TP_BYTES_MIN + (hasLength ? 2 : 0) + ((flags & L2TP_SEQUENCE) === 0 ? 0 : 4)
  if ((flags & L2TP_OFFSET) !== 0) pos = end - pos < 2 ? end : pos + 2 + u16be(buf, pos)
  return enterPpp(buf, pos, end, frame, TunnelKind.l2tp)
}

/** Before the IPv6 packet may stand an authentication and an origin indication (RFC 4380 section 5.1.1). */
const TEREDO_AUTHENTICATION = 0x0001
const TEREDO_AUTHENTICATION_BYTES = 13
const TEREDO_ORIGIN = 0x0000
const TEREDO_ORIGIN_BYTES = 8
const TEREDO_PREFIX = 0x20010000
const LINK_LOCAL_PREFIX = 0xfe800000
const IP6_BYTES = 40

function openTeredo(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  let pos = off
  if (end - pos >= 4 && u16be(buf, pos) === TEREDO_AUTHENTICATION) pos += TEREDO_AUTHENTICATION_BYTES + u8(buf, pos + 2) + u8(buf, pos + 3)
  if (end - pos >= 2 && u16be(buf, pos) === TEREDO_ORIGIN) pos += TEREDO_ORIGIN_BYTES
  if (ipAt(buf, pos, end) !== ETHERTYPE_IPV6 || u16be(buf, pos + 4) + IP6_BYTES !== wireEnd - pos) return -1
  if (!isTeredoAddress(u32be(buf, pos + 8)) && !isTeredoAddress(u32be(buf, pos + 24))) return -1
  enterIp(frame, TunnelKind.teredo, ETHERTYPE_IPV6)
  return pos
}

/** By the first word: 2001::/32, or the link-local address a client asks its server from. */
function isTeredoAddress(word: number): boolean {
  return word === TEREDO_PREFIX || word === LINK_LOCAL_PREFIX
}
