// ICMP and ICMPv6 (RFC 792, RFC 4443): type and code stand where other protocols have ports.
// Keeps the rule that the message itself is left to who asks: only the fixed 8 bytes are read here.

import { u8 } from './bytes.ts'
import { type Frame, FrameStatus } from './frame.ts'
import { setPayload, transportCut } from './ports.ts'

/** Type, code, checksum, and the four bytes every message of both versions has after them. */
const HEADER_BYTES = 8

/** srcPort becomes the type, dstPort the code. Decodes [off, end); `promised` is where the IP length puts the end. */
export function decodeIcmp(buf: Uint8Array, off: number, end: number, promised: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) return transportCut(frame)
  frame.srcPort = u8(buf, off)
  frame.dstPort = u8(buf, off + 1)
  setPayload(frame, off + HEADER_BYTES, end, promised)
  return FrameStatus.transport
}
