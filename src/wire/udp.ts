// The UDP header (RFC 768): ports and a length of its own, which must agree with the IP length.
// Keeps the rule that a length that lies is a flag; the payload is what both lengths and the bytes allow.

import { u16be } from './bytes.ts'
import { type Frame, FrameFlag, FrameStatus } from './frame.ts'
import { setPayload, transportCut, transportWithoutPayload } from './ports.ts'

const HEADER_BYTES = 8

/**
 * Decodes [off, end); `promised` is where the IP length puts the end.
 * A length of 0 means the rest (RFC 2675 section 4, segmentation offload).
 */
export function decodeUdp(buf: Uint8Array, off: number, end: number, promised: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) return transportCut(frame)
  frame.srcPort = u16be(buf, off)
  frame.dstPort = u16be(buf, off + 2)
  const length = u16be(buf, off + 4)
  if (length !== 0 && length < HEADER_BYTES) return transportWithoutPayload(frame, end, FrameFlag.transportInvalid)
  const ownEnd = length === 0 ? promised : off + length
  if (ownEnd > promised && (frame.flags & FrameFlag.fragment) === 0) frame.flags |= FrameFlag.transportInvalid
  const wireEnd = ownEnd < promised ? ownEnd : promised
  setPayload(frame, off + HEADER_BYTES, wireEnd < end ? wireEnd : end, wireEnd)
  return FrameStatus.transport
}
