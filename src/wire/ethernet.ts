// The Ethernet header: addresses, VLAN tags, and 802.2 LLC where a length stands for the type. Also read behind tunnels and radio headers.
// Keeps the rule that tags are bounded, and that what cannot be told is EtherType 0.

import { u16be, u32be, u48be, u8 } from './bytes.ts'
import { type Frame, FrameFlag } from './frame.ts'

/** Returned in place of an offset when there is not even a link header. */
export const NO_LINK = -1

/** Lengths up to here are 802.3 lengths; EtherTypes start at 1536 (IEEE 802.3 clause 3.2.6). */
export const LENGTH_MAX = 1500
/** EtherTypes start here. */
export const ETHERTYPE_MIN = 0x600
export const ETHERNET_BYTES = 14
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

/** Flags a link header that is not all there. */
export function linkCut(frame: Frame): number {
  frame.flags |= FrameFlag.linkTruncated
  return NO_LINK
}

/** Reads an Ethernet header with its tags, of the frame itself or of one inside a tunnel. Same answers as decodeLink. */
export function decodeEthernet(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < ETHERNET_BYTES) return linkCut(frame)
  frame.dstMac = u48be(buf, off)
  frame.srcMac = u48be(buf, off + 6)
  const pos = readTags(buf, u16be(buf, off + 12), off + ETHERNET_BYTES, end, frame)
  if (frame.etherType >= ETHERTYPE_MIN) return pos
  if (isIsl(buf, off, end, frame)) return readIsl(buf, off, end, frame)
  return frame.etherType > LENGTH_MAX ? pos : readLlc(buf, pos, end, frame)
}

/** Cisco's trunk format before 802.1Q: a group address of its own and a SNAP header, then VLAN, then the whole Ethernet frame. */
const ISL_BYTES = 26
const ISL_VLAN_OFF = 20
/** The first 40 bits of the destination; the rest is the type and user bits. */
const ISL_GROUP = 0x01000c0000
const ISL_GROUP_OLD = 0x03000c0000

function isIsl(buf: Uint8Array, off: number, end: number, frame: Frame): boolean {
  const group = Math.floor(frame.dstMac / 256)
  if ((group !== ISL_GROUP && group !== ISL_GROUP_OLD) || end - off < ISL_BYTES + ETHERNET_BYTES) return false
  return u32be(buf, off + ETHERNET_BYTES) >>> 8 === SNAP_LLC
}

/** The frame inside is read without looking for ISL again, so this ends. Its id is 15 bits of which switches use 10. */
function readIsl(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  const inner = off + ISL_BYTES
  frame.dstMac = u48be(buf, inner)
  frame.srcMac = u48be(buf, inner + 6)
  const pos = readTags(buf, u16be(buf, inner + 12), inner + ETHERNET_BYTES, end, frame)
  if (frame.vlan === 0) frame.vlan = (u16be(buf, off + ISL_VLAN_OFF) >>> 1) & VLAN_ID_MASK
  return frame.etherType > LENGTH_MAX ? pos : readLlc(buf, pos, end, frame)
}

/** Steps over VLAN tags from `pos`, where `type` announced them; leaves the type after them in etherType, 0 when it cannot be told. */
export function readTags(buf: Uint8Array, type: number, off: number, end: number, frame: Frame): number {
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
export function isTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100
}

/** 802.2 LLC at `off`: only SNAP names an EtherType; any other (spanning tree, NetBEUI) is a link without one. */
export function readLlc(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  frame.etherType = 0
  if (end - off < SNAP_BYTES || u32be(buf, off) >>> 8 !== SNAP_LLC) return off
  const oui = (u16be(buf, off + 3) << 8) | u8(buf, off + 5)
  if (oui !== SNAP_OUI_RFC1042 && oui !== SNAP_OUI_BRIDGE) return off
  frame.etherType = u16be(buf, off + 6)
  return off + SNAP_BYTES
}
