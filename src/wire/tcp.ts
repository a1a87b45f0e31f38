// The TCP header (RFC 9293 section 3.1): ports, numbers, flags, and where the data starts.
// Keeps the rule that an impossible data offset is a flag and gives no payload: a host would drop the segment.

import { u16be, u32be, u8 } from './bytes.ts'
import { type Frame, FrameFlag, FrameStatus } from './frame.ts'
import { setPayload, transportCut, transportWithoutPayload } from './ports.ts'

const HEADER_BYTES = 20
const KNOWN_FLAGS = 0x3f

/** Decodes [off, end); `promised` is where the IP length puts the end. */
export function decodeTcp(buf: Uint8Array, off: number, end: number, promised: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) return transportCut(frame)
  frame.srcPort = u16be(buf, off)
  frame.dstPort = u16be(buf, off + 2)
  frame.tcpSeq = u32be(buf, off + 4)
  frame.tcpAck = u32be(buf, off + 8)
  frame.tcpFlags = u8(buf, off + 13) & KNOWN_FLAGS
  frame.tcpWindow = u16be(buf, off + 14)
  const payloadOff = off + (u8(buf, off + 12) >>> 4) * 4
  if (payloadOff < off + HEADER_BYTES || payloadOff > promised) return transportWithoutPayload(frame, end, FrameFlag.transportInvalid)
  if (payloadOff > end) return transportWithoutPayload(frame, end, FrameFlag.transportTruncated)
  setPayload(frame, payloadOff, end, promised)
  return FrameStatus.transport
}
