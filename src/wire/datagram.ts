// From fragments to the packet they are: put together, decoded, and again when a tunnel in the datagram carries fragments itself.
// Keeps the rule that this ends: each round opens at least one more layer, of which a frame has LAYERS_MAX.

import { decodeTransport } from './decode.ts'
import { type Frame, FrameFlag, type OuterPacket } from './frame.ts'
import type { IpReassembler } from './reassembly/ip.ts'

/** What the flow table is to count for a datagram of several packets; undefined where the frame itself says it. */
export interface WholeDatagram {
  readonly buf: Uint8Array
  readonly packets: number
  readonly ipBytes: number | undefined
}

/**
 * Gives the fragment `frame` of `buf` to `ip`. Null while the datagram is not whole, and when it carried no IP packet in a tunnel. Else the
 * frame is the packet, with offsets into the answer's buffer: the datagram, or the innermost packet in it, which then counts as one packet.
 */
export function wholeDatagram(ip: IpReassembler, buf: Uint8Array, frame: Frame): WholeDatagram | null {
  let bytes = buf
  let packets = 1
  let ipBytes: number | undefined
  while ((frame.flags & FrameFlag.fragment) !== 0) {
    const whole = ip.add(bytes, frame)
    if (whole === null) return null
    const outerCount = frame.outerCount
    decodeTransport(whole.buf, whole.off, whole.end, frame)
    bytes = whole.buf
    const isOpened = frame.outerCount > outerCount
    packets = isOpened ? 1 : whole.packets
    ipBytes = isOpened ? undefined : whole.ipBytes
    if (isOpened) countIn(frame.outers[outerCount] as OuterPacket, whole.packets, whole.ipBytes)
  }
  return frame.ipVersion === 0 ? null : { buf: bytes, packets, ipBytes }
}

/** The packet around came in pieces. */
function countIn(outer: OuterPacket, packets: number, ipBytes: number): void {
  outer.packets = packets
  outer.ipBytes = ipBytes
}
