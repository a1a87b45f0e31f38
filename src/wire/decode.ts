// The decode seam: bytes of one packet to one reused Frame, link by network by transport.
// Keeps the rules of the frame path: every read is bounded by `end`, nothing is thrown, nothing is allocated.

import type { Micros } from '../base/time.ts'
import { decodeArp, ETHERTYPE_ARP } from './arp-header.ts'
import { type Frame, FrameFlag, FrameStatus } from './frame.ts'
import { decodeIp4, ETHERTYPE_IPV4 } from './ip4.ts'
import { decodeIp6, ETHERTYPE_IPV6, walkExtensions } from './ip6.ts'
import { decodeLink, NO_LINK } from './link.ts'
import { decodeTransportHeader } from './transport.ts'

/** Empties `frame` for the next packet and notes what the capture says about it. Call before decodeFrame. */
export function beginFrame(frame: Frame, number: number, at: Micros, wireLength: number, capturedLength: number): void {
  frame.number = number
  frame.at = at
  frame.wireLength = wireLength > capturedLength ? wireLength : capturedLength
  frame.capturedLength = capturedLength
  frame.flags = capturedLength < wireLength ? FrameFlag.cutBySnaplen : 0
  frame.srcMac = -1
  frame.dstMac = -1
  frame.etherType = 0
  frame.vlan = 0
  frame.innerVlan = 0
  frame.arpOff = -1
  frame.arpEnd = -1
  frame.ipVersion = 0
  frame.ipOff = -1
  for (let i = 0; i < 8; i++) frame.addresses[i] = 0
  frame.proto = -1
  frame.ttl = 0
  frame.fragmentId = 0
  frame.fragmentOffset = 0
  frame.moreFragments = false
  frame.l4Off = -1
  frame.l4End = -1
  clearTransport(frame)
}

function clearTransport(frame: Frame): void {
  frame.srcPort = 0
  frame.dstPort = 0
  frame.tcpSeq = 0
  frame.tcpAck = 0
  frame.tcpFlags = 0
  frame.tcpWindow = 0
  frame.payloadOff = -1
  frame.payloadEnd = -1
  frame.payloadWireLength = 0
}

/**
 * Decodes the packet [off, end) of link type `linkType` (LINKTYPE_ value) into a frame fresh from beginFrame.
 * All offsets set are into `buf` and inside [off, end]. Says how far it came; flags on the frame say what was odd.
 */
export function decodeFrame(buf: Uint8Array, off: number, end: number, linkType: number, frame: Frame): FrameStatus {
  const pos = decodeLink(buf, off, end, linkType, frame)
  if (pos === NO_LINK) return FrameStatus.undecoded
  const wireEnd = off + frame.wireLength > end ? off + frame.wireLength : end
  switch (frame.etherType) {
    case ETHERTYPE_IPV4: return decodeIp4(buf, pos, end, wireEnd, frame)
    case ETHERTYPE_IPV6: return decodeIp6(buf, pos, end, wireEnd, frame)
    case ETHERTYPE_ARP: return decodeArp(buf, pos, end, frame)
    default: return FrameStatus.link
  }
}

const REASSEMBLED_CLEARS = FrameFlag.fragment | FrameFlag.transportTruncated | FrameFlag.transportInvalid

/**
 * Decodes a datagram put together from fragments: [off, end) is the whole IP payload, in any buffer. frame.proto, ipVersion and the
 * addresses must be those of a fragment of it. Sets l4Off, l4End, ports and payload anew, as offsets into THIS buffer, and clears the
 * fragment and transport flags; for IPv6 it also walks extension headers that were inside the fragments and updates proto.
 */
export function decodeTransport(buf: Uint8Array, off: number, end: number, frame: Frame): FrameStatus {
  frame.flags &= ~REASSEMBLED_CLEARS
  clearTransport(frame)
  frame.fragmentOffset = 0
  frame.moreFragments = false
  frame.l4Off = off
  frame.l4End = end
  return frame.ipVersion === 6 ? walkExtensions(buf, off, end, end, frame) : decodeTransportHeader(buf, off, end, end, frame)
}
