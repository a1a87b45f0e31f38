// The IPv4 header (RFC 791 section 3.1): addresses, protocol, fragment fields, and the bytes it promises.
// Keeps the rule that the payload never passes the captured bytes, and that padding after the datagram is no payload.

import { u16be, u32be, u8 } from './bytes.ts'
import { type Frame, FrameFlag, FrameStatus } from './frame.ts'
import { decodeTransportHeader } from './transport.ts'

export const ETHERTYPE_IPV4 = 0x0800

const HEADER_BYTES = 20
const VERSION = 4
const MORE_FRAGMENTS = 0x2000
const OFFSET_MASK = 0x1fff
const OFFSET_UNIT_BYTES = 8

/** Decodes [off, end); `wireEnd` (>= end) is where the frame ended on the wire. */
export function decodeIp4(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) {
    frame.flags |= FrameFlag.ipHeaderTruncated
    return FrameStatus.link
  }
  const headerBytes = (u8(buf, off) & 0x0f) * 4
  if (u8(buf, off) >>> 4 !== VERSION || headerBytes < HEADER_BYTES) {
    frame.flags |= FrameFlag.ipHeaderInvalid
    return FrameStatus.link
  }
  readFixedHeader(buf, off, frame)
  const total = u16be(buf, off + 2)
  // 0 is left by segmentation offload: the card cuts the packet after the capture point, so what is there counts.
  const promised = total === 0 ? wireEnd : off + total
  if (promised > wireEnd) frame.flags |= FrameFlag.ipPayloadTruncated
  const l4Off = off + headerBytes
  if (promised < l4Off) frame.flags |= FrameFlag.ipHeaderInvalid
  else if (l4Off > end) frame.flags |= FrameFlag.ipHeaderTruncated
  else return decodePayload(buf, l4Off, promised < end ? promised : end, promised, frame)
  return FrameStatus.network
}

function readFixedHeader(buf: Uint8Array, off: number, frame: Frame): void {
  const fragment = u16be(buf, off + 6)
  frame.ipVersion = VERSION
  frame.ipOff = off
  frame.ttl = u8(buf, off + 8)
  frame.proto = u8(buf, off + 9)
  frame.addresses[3] = u32be(buf, off + 12)
  frame.addresses[7] = u32be(buf, off + 16)
  frame.fragmentId = u16be(buf, off + 4)
  frame.fragmentOffset = (fragment & OFFSET_MASK) * OFFSET_UNIT_BYTES
  frame.moreFragments = (fragment & MORE_FRAGMENTS) !== 0
  if (frame.moreFragments || frame.fragmentOffset > 0) frame.flags |= FrameFlag.fragment
}

function decodePayload(buf: Uint8Array, l4Off: number, l4End: number, promised: number, frame: Frame): FrameStatus {
  frame.l4Off = l4Off
  frame.l4End = l4End
  return frame.fragmentOffset > 0 ? FrameStatus.network : decodeTransportHeader(buf, l4Off, l4End, promised, frame)
}
