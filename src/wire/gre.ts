// GRE (RFC 2784, RFC 2890), its PPTP form (RFC 2637), NVGRE (RFC 7637) and ERSPAN, the mirror of a switch sent over IP.
// Keeps the rule that a header no host would accept is flagged, and that a protocol not read here stays a flow of GRE.

import { u16be, u32be, u8 } from './bytes.ts'
import { enterEthernet, enterIp, enterPpp } from './enter.ts'
import { ETHERNET_BYTES } from './ethernet.ts'
import { type Frame, FrameFlag, TunnelKind } from './frame.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'
import { ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST } from './mpls.ts'
import { ipAt } from './plausible.ts'

const HEADER_BYTES = 4
const FIELD_BYTES = 4
const CHECKSUM = 0x8000
const ROUTING = 0x4000
const KEY = 0x2000
const SEQUENCE = 0x1000
/** Only in version 1: an acknowledgement follows (RFC 2637 section 4.1). */
const ACKNOWLEDGEMENT = 0x0080
const VERSION_MASK = 0x0007
const VERSION_PPTP = 1

const TRANSPARENT_ETHERNET = 0x6558
const PPP = 0x880b
/** ERSPAN I and II share a number; II has a sequence number and its own header, I has neither (draft-foschiano-erspan-03 section 4). */
const ERSPAN_1_AND_2 = 0x88be
const ERSPAN_3 = 0x22eb
const ERSPAN_2_BYTES = 8
const ERSPAN_2_VERSION = 1
const ERSPAN_3_BYTES = 12
const ERSPAN_3_VERSION = 2
/** Last bit of the ERSPAN III header: eight more bytes follow. Frame type (5 bits, from bit 10 of the last 16): 0 Ethernet, 2 IP. */
const ERSPAN_3_SUBHEADER = 1
const ERSPAN_3_SUBHEADER_BYTES = 8
const ERSPAN_3_TYPE_ETHERNET = 0
const ERSPAN_3_TYPE_IP = 2
const VLAN_ID_MASK = 0x0fff

function refused(frame: Frame, flag: number): number {
  frame.flags |= flag
  return -1
}

/** Offset of the packet in the GRE packet [off, end), entered; -1 when it stays what it is. */
export function openGre(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < HEADER_BYTES) return refused(frame, FrameFlag.tunnelTruncated)
  const flags = u16be(buf, off)
  const protocol = u16be(buf, off + 2)
  const version = flags & VERSION_MASK
  if (version === VERSION_PPTP) return protocol === PPP ? openPptp(buf, off, end, flags, frame) : -1
  // Source routing was taken back with RFC 2784 section 2.3; a receiver drops such a packet.
  if (version !== 0 || (flags & ROUTING) !== 0) return refused(frame, FrameFlag.tunnelInvalid)
  const pos = off + HEADER_BYTES + fieldBytes(flags)
  if (pos > end) return refused(frame, FrameFlag.tunnelTruncated)
  const isSequenced = (flags & SEQUENCE) !== 0
  return openPayload(buf, pos, end, frame, protocol, (flags & KEY) === 0 ? 0 : networkOf(buf, off, flags), isSequenced)
}

function fieldBytes(flags: number): number {
  return ((flags & CHECKSUM) === 0 ? 0 : FIELD_BYTES) + ((flags & KEY) === 0 ? 0 : FIELD_BYTES) + ((flags & SEQUENCE) === 0 ? 0 : FIELD_BYTES)
}

/** The virtual network that a key on bridged Ethernet is: 24 bits of it, then 8 of flow (NVGRE, RFC 7637 section 3.2). */
function networkOf(buf: Uint8Array, off: number, flags: number): number {
  return u32be(buf, off + HEADER_BYTES + ((flags & CHECKSUM) === 0 ? 0 : FIELD_BYTES)) >>> 8
}

function openPayload(buf: Uint8Array, pos: number, end: number, frame: Frame, protocol: number, network: number, sequenced: boolean): number {
  switch (protocol) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6: return openIp(buf, pos, end, frame, TunnelKind.gre, protocol)
    case TRANSPARENT_ETHERNET: return openBridged(buf, pos, end, frame, network)
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      enterIp(frame, TunnelKind.gre, protocol)
      return pos
    case PPP: return enterPpp(buf, pos, end, frame, TunnelKind.gre)
    case ERSPAN_1_AND_2: return sequenced ? openErspan2(buf, pos, end, frame) : openMirrored(buf, pos, end, frame, 0)
    case ERSPAN_3: return openErspan3(buf, pos, end, frame)
    default: return -1
  }
}

/** An IP packet of which the header around told the version. Also used where the IP protocol number tells it. */
export function openIp(buf: Uint8Array, pos: number, end: number, frame: Frame, kind: number, etherType: number): number {
  const found = ipAt(buf, pos, end)
  if (found === etherType) {
    enterIp(frame, kind, etherType)
    return pos
  }
  const least = etherType === ETHERTYPE_IPV4 ? 20 : 40
  return refused(frame, end - pos < least ? FrameFlag.tunnelTruncated : FrameFlag.tunnelInvalid)
}

function openBridged(buf: Uint8Array, pos: number, end: number, frame: Frame, network: number): number {
  if (end - pos < ETHERNET_BYTES) return refused(frame, FrameFlag.tunnelTruncated)
  const inner = enterEthernet(buf, pos, end, frame, TunnelKind.gre)
  if (network !== 0) frame.segment = network
  return inner
}

function openPptp(buf: Uint8Array, off: number, end: number, flags: number, frame: Frame): number {
  const fields = HEADER_BYTES + FIELD_BYTES + ((flags & SEQUENCE) === 0 ? 0 : FIELD_BYTES) + ((flags & ACKNOWLEDGEMENT) === 0 ? 0 : FIELD_BYTES)
  if (end - off < fields) return refused(frame, FrameFlag.tunnelTruncated)
  const payload = u16be(buf, off + HEADER_BYTES)
  // Without a sequence number it is only an acknowledgement (RFC 2637 section 4.1).
  if ((flags & KEY) === 0 || (flags & SEQUENCE) === 0 || payload === 0) return -1
  const stop = off + fields + payload
  return enterPpp(buf, off + fields, stop < end ? stop : end, frame, TunnelKind.gre)
}

function openErspan2(buf: Uint8Array, pos: number, end: number, frame: Frame): number {
  if (end - pos < ERSPAN_2_BYTES) return refused(frame, FrameFlag.tunnelTruncated)
  if (u8(buf, pos) >>> 4 !== ERSPAN_2_VERSION) return refused(frame, FrameFlag.tunnelInvalid)
  return openMirrored(buf, pos + ERSPAN_2_BYTES, end, frame, u16be(buf, pos) & VLAN_ID_MASK)
}

function openErspan3(buf: Uint8Array, pos: number, end: number, frame: Frame): number {
  if (end - pos < ERSPAN_3_BYTES) return refused(frame, FrameFlag.tunnelTruncated)
  if (u8(buf, pos) >>> 4 !== ERSPAN_3_VERSION) return refused(frame, FrameFlag.tunnelInvalid)
  const last = u16be(buf, pos + 10)
  const vlan = u16be(buf, pos) & VLAN_ID_MASK
  const inner = pos + ERSPAN_3_BYTES + ((last & ERSPAN_3_SUBHEADER) === 0 ? 0 : ERSPAN_3_SUBHEADER_BYTES)
  const type = (last >>> 10) & 0x1f
  if (type === ERSPAN_3_TYPE_ETHERNET) return openMirrored(buf, inner, end, frame, vlan)
  if (type !== ERSPAN_3_TYPE_IP || inner > end) return -1
  const etherType = ipAt(buf, inner, end)
  if (etherType === 0) return refused(frame, FrameFlag.tunnelInvalid)
  enterIp(frame, TunnelKind.erspan, etherType)
  if (vlan !== 0) frame.vlan = vlan
  return inner
}

function openMirrored(buf: Uint8Array, pos: number, end: number, frame: Frame, vlan: number): number {
  if (end - pos < ETHERNET_BYTES) return refused(frame, FrameFlag.tunnelTruncated)
  return enterEthernet(buf, pos, end, frame, TunnelKind.erspan, vlan)
}
