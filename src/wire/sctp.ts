// The SCTP common header (RFC 9260 section 3.1): ports; the chunks are the payload.
// Keeps the rule that a frame decoder knows no more than the 5-tuple needs.

import { u16be } from './bytes.ts'
import { type Frame, FrameStatus } from './frame.ts'
import { setPayload, transportCut } from './ports.ts'

const HEADER_BYTES = 12

/** Decodes [off, end); `promised` is where the IP length puts the end. */
export function decodeSctp(buf: Uint8Array, off: number, end: number, promised: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) return transportCut(frame)
  frame.srcPort = u16be(buf, off)
  frame.dstPort = u16be(buf, off + 2)
  setPayload(frame, off + HEADER_BYTES, end, promised)
  return FrameStatus.transport
}
