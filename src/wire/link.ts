// Link headers by link type: Linux cooked captures, BSD loopback and raw IP here; Ethernet, serial lines and Wi-Fi in their own files.
// Keeps the rule that each link type is one row of a switch, and that what is no IP or ARP is still a link.

import { u16be, u16le, u48be, u8 } from './bytes.ts'
import { decodeEthernet, ETHERTYPE_MIN, linkCut, NO_LINK, readLlc, readTags } from './ethernet.ts'
import { type Frame, FrameFlag } from './frame.ts'
import { LinkType } from './capture/capture.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'
import { decodeSerial } from './ppp.ts'
import { decodeRadiotap, decodeWlan } from './wlan.ts'

/** DLT_RAW as platforms numbered it before LINKTYPE_RAW: 12 on most, 14 on OpenBSD (tcpdump.org/linktypes.html). */
const RAW_LEGACY = 12
const RAW_LEGACY_OPENBSD = 14

const SLL_BYTES = 16
const SLL2_BYTES = 20
const MAC_BYTES = 6
/** ARPHRD_NETLINK: the protocol field is a netlink family, not an EtherType (tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html). */
const ARPHRD_NETLINK = 824
/** Values of the SLL protocol field that say "802.2 LLC follows" (linux/if_ether.h ETH_P_802_2). */
const SLL_LLC = 0x0004

const FAMILY_BYTES = 4
const FAMILY_INET = 2
/** AF_INET6 on Linux, NetBSD/OpenBSD, FreeBSD, macOS (tcpdump.org/linktypes.html, LINKTYPE_NULL). */
const FAMILIES_INET6: readonly number[] = [10, 24, 28, 30]

/**
 * Reads the link header of [off, end): sets MACs, VLANs and etherType (0 when the link names none).
 * Returns the offset of what follows, or NO_LINK with linkTruncated or linkUnsupported set.
 */
export function decodeLink(buf: Uint8Array, off: number, end: number, linkType: number, frame: Frame): number {
  switch (linkType) {
    case LinkType.ethernet: return decodeEthernet(buf, off, end, frame)
    case LinkType.linuxSll: return decodeSll(buf, off, end, frame)
    case LinkType.linuxSll2: return decodeSll2(buf, off, end, frame)
    case LinkType.null:
    case LinkType.loop: return decodeFamily(buf, off, end, frame)
    case LinkType.raw:
    case RAW_LEGACY:
    case RAW_LEGACY_OPENBSD: return decodeRaw(buf, off, end, frame)
    case LinkType.ipv4: return asIs(off, end, ETHERTYPE_IPV4, frame)
    case LinkType.ppp:
    case LinkType.pppHdlc:
    case LinkType.pppWithDirection:
    case LinkType.ciscoHdlc: return decodeSerial(buf, off, end, linkType, frame)
    case LinkType.wlan: return decodeWlan(buf, off, end, frame)
    case LinkType.wlanRadiotap: return decodeRadiotap(buf, off, end, frame)
    case LinkType.ipv6: return asIs(off, end, ETHERTYPE_IPV6, frame)
    default:
      frame.flags |= FrameFlag.linkUnsupported
      return NO_LINK
  }
}

function decodeSll(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < SLL_BYTES) return linkCut(frame)
  if (u16be(buf, off + 4) === MAC_BYTES) frame.srcMac = u48be(buf, off + 6)
  return readSllProtocol(buf, u16be(buf, off + 14), u16be(buf, off + 2), off + SLL_BYTES, end, frame)
}

function decodeSll2(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < SLL2_BYTES) return linkCut(frame)
  if (u8(buf, off + 11) === MAC_BYTES) frame.srcMac = u48be(buf, off + 12)
  return readSllProtocol(buf, u16be(buf, off), u16be(buf, off + 8), off + SLL2_BYTES, end, frame)
}

function readSllProtocol(buf: Uint8Array, protocol: number, hardware: number, off: number, end: number, frame: Frame): number {
  if (hardware === ARPHRD_NETLINK) return off
  const pos = readTags(buf, protocol, off, end, frame)
  if (frame.etherType === SLL_LLC) return readLlc(buf, pos, end, frame)
  if (frame.etherType < ETHERTYPE_MIN) frame.etherType = 0
  return pos
}

/** BSD loopback: an address family of four bytes, in the byte order of the capturing host (NULL) or the network (LOOP). */
function decodeFamily(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < FAMILY_BYTES) return linkCut(frame)
  const family = u16be(buf, off) === 0 ? u16be(buf, off + 2) : u16be(buf, off + 2) === 0 ? u16le(buf, off) : 0
  if (family === FAMILY_INET) frame.etherType = ETHERTYPE_IPV4
  else if (FAMILIES_INET6.includes(family)) frame.etherType = ETHERTYPE_IPV6
  return off + FAMILY_BYTES
}

/** No header at all: the version nibble tells. */
function decodeRaw(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end <= off) return linkCut(frame)
  const version = u8(buf, off) >>> 4
  if (version === 4) frame.etherType = ETHERTYPE_IPV4
  else if (version === 6) frame.etherType = ETHERTYPE_IPV6
  else frame.flags |= FrameFlag.ipHeaderInvalid
  return off
}

function asIs(off: number, end: number, etherType: number, frame: Frame): number {
  if (end <= off) return linkCut(frame)
  frame.etherType = etherType
  return off
}
