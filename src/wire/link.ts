// Link headers: Ethernet with its VLAN tags, Linux cooked captures, BSD loopback, and raw IP. They end in an EtherType and an offset.
// Keeps the rule that each link type is one row of a switch, and that what is no IP or ARP is still a link.

import { u16be, u16le, u32be, u48be, u8 } from './bytes.ts'
import { type Frame, FrameFlag } from './frame.ts'
import { LinkType } from './capture/capture.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'

/** Returned in place of an offset when there is not even a link header. */
export const NO_LINK = -1

/** DLT_RAW as platforms numbered it before LINKTYPE_RAW: 12 on most, 14 on OpenBSD (tcpdump.org/linktypes.html). */
const RAW_LEGACY = 12
const RAW_LEGACY_OPENBSD = 14

/** Lengths up to here are 802.3 lengths, EtherTypes start at 1536 (IEEE 802.3 clause 3.2.6). */
const LENGTH_MAX = 1500
const ETHERTYPE_MIN = 0x600
const ETHERNET_BYTES = 14
const TAG_BYTES = 4
const VLAN_ID_MASK = 0x0fff
/**
 * A frame keeps two ids; a third tag is flagged, because two VLANs could then look like one.
 * Deeper than this nothing is read: no switch stacks so many, Suricata and Zeek give up at 3.
 */
const TAGS_MAX = 8

/** LLC with the SNAP access points and an unnumbered control field, then OUI and EtherType (IEEE 802 section 9.5). */
const SNAP_BYTES = 8
const SNAP_LLC = 0xaaaa03
/** OUIs under which SNAP carries EtherTypes: RFC 1042, and 802.1H bridge tunnels. */
const SNAP_OUI_RFC1042 = 0x000000
const SNAP_OUI_BRIDGE = 0x0000f8

/** PPPoE session stage (RFC 2516 section 4) up to and with the PPP protocol number (RFC 1332, RFC 5072): a clinic's DSL line. */
const ETHERTYPE_PPPOE_SESSION = 0x8864
const PPPOE_BYTES = 8
const PPP_IPV4 = 0x0021
const PPP_IPV6 = 0x0057

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
    case LinkType.ipv6: return asIs(off, end, ETHERTYPE_IPV6, frame)
    default:
      frame.flags |= FrameFlag.linkUnsupported
      return NO_LINK
  }
}

function linkCut(frame: Frame): number {
  frame.flags |= FrameFlag.linkTruncated
  return NO_LINK
}

function decodeEthernet(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < ETHERNET_BYTES) return linkCut(frame)
  frame.dstMac = u48be(buf, off)
  frame.srcMac = u48be(buf, off + 6)
  const pos = readTags(buf, u16be(buf, off + 12), off + ETHERNET_BYTES, end, frame)
  if (frame.etherType === ETHERTYPE_PPPOE_SESSION) return readPppoe(buf, pos, end, frame)
  return frame.etherType > LENGTH_MAX ? pos : readLlc(buf, pos, end, frame)
}

/** PPPoE session stage: six bytes, then the PPP protocol. IP inside gets its EtherType, control protocols none. */
function readPppoe(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < PPPOE_BYTES) return off
  const protocol = u16be(buf, off + 6)
  if (protocol !== PPP_IPV4 && protocol !== PPP_IPV6) return off
  frame.etherType = protocol === PPP_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6
  return off + PPPOE_BYTES
}

/** Steps over VLAN tags from `pos`, where `type` announced them; leaves the type after them in etherType, 0 when it cannot be told. */
function readTags(buf: Uint8Array, type: number, off: number, end: number, frame: Frame): number {
  let tags = 0
  let pos = off
  frame.etherType = type
  while (isTag(frame.etherType)) {
    if (tags === TAGS_MAX || end - pos < TAG_BYTES) {
      frame.flags |= tags === TAGS_MAX ? FrameFlag.tooManyTags : FrameFlag.linkTruncated
      frame.etherType = 0
      return end
    }
    const id = u16be(buf, pos) & VLAN_ID_MASK
    if (tags === 0) frame.vlan = id
    else if (tags === 1) frame.innerVlan = id
    else frame.flags |= FrameFlag.tooManyTags
    frame.etherType = u16be(buf, pos + 2)
    pos += TAG_BYTES
    tags += 1
  }
  return pos
}

/** 802.1Q, 802.1ad, and the number used for stacking before 802.1ad. */
function isTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100
}

/** 802.2 LLC at `off`: only SNAP names an EtherType; any other (spanning tree, NetBEUI) is a link without one. */
function readLlc(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  frame.etherType = 0
  if (end - off < SNAP_BYTES || u32be(buf, off) >>> 8 !== SNAP_LLC) return off
  const oui = (u16be(buf, off + 3) << 8) | u8(buf, off + 5)
  if (oui !== SNAP_OUI_RFC1042 && oui !== SNAP_OUI_BRIDGE) return off
  frame.etherType = u16be(buf, off + 6)
  return off + SNAP_BYTES
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
