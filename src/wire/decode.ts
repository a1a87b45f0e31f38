// The decode seam: bytes of one packet to one reused Frame, link by network by transport.
// Keeps the rules of the frame path: every read is bounded by `end`, nothing is thrown, nothing is allocated.

import type { Micros } from '../base/time.ts'
import { clearLayers, clearNetwork, clearTransport } from './clear.ts'
import { NO_LINK } from './ethernet.ts'
import { type Frame, FrameFlag, FrameStatus, IpProto, type OuterPacket } from './frame.ts'
import { walkExtensions } from './ip6.ts'
import { openLayers } from './layers.ts'
import { decodeLink } from './link.ts'
import { decodeNetwork } from './network.ts'
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
  frame.linkOff = -1
  frame.arpOff = -1
  frame.arpEnd = -1
  clearNetwork(frame)
  if (frame.layers !== 0) clearLayers(frame)
}

/**
 * Decodes the packet [off, end) of link type `linkType` (LINKTYPE_ value) into a frame fresh from beginFrame.
 * All offsets set are into `buf` and inside [off, end]. Says how far it came; flags on the frame say what was odd.
 */
export function decodeFrame(buf: Uint8Array, off: number, end: number, linkType: number, frame: Frame): FrameStatus {
  const pos = decodeLink(buf, off, end, linkType, frame)
  if (pos === NO_LINK) return FrameStatus.undecoded
  const wireEnd = off + frame.wireLength > end ? off + frame.wireLength : end
  const status = decodeNetwork(buf, pos, end, wireEnd, frame)
  // TCP is what most packets are, and carries none of the tunnels read here.
  return frame.proto === IpProto.tcp ? status : openLayers(buf, pos, end, wireEnd, frame, status)
}

const REASSEMBLED_CLEARS = FrameFlag.fragment | FrameFlag.transportTruncated | FrameFlag.transportInvalid

/**
 * Decodes a datagram put together from fragments: [off, end) is the whole IP payload, in any buffer. frame.proto, ipVersion and the
 * addresses must be those of a fragment of it. Sets l4Off, l4End, ports and payload anew, as offsets into THIS buffer, and clears the
 * fragment and transport flags; for IPv6 it also walks extension headers that were inside the fragments and updates proto.
 * A tunnel in it is opened: then the frame is the packet inside, which may be no IP packet (status link) or a fragment itself.
 */
export function decodeTransport(buf: Uint8Array, off: number, end: number, frame: Frame): FrameStatus {
  frame.flags &= ~REASSEMBLED_CLEARS
  clearTransport(frame)
  frame.fragmentOffset = 0
  frame.moreFragments = false
  frame.l4Off = off
  frame.l4End = end
  const status = frame.ipVersion === 6 ? walkExtensions(buf, off, end, end, frame) : decodeTransportHeader(buf, off, end, end, frame)
  if (frame.proto === IpProto.tcp) return status
  const outerCount = frame.outerCount
  const inner = openLayers(buf, off, end, end, frame, status)
  // ipOff was an offset into another buffer; who has the fragments counted their bytes.
  if (frame.outerCount > outerCount) (frame.outers[outerCount] as OuterPacket).ipBytes = 0
  return inner
}
