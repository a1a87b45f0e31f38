// From an IP protocol number to its transport decoder, for a packet as it came and for a datagram put together again.
// Keeps the rule that a protocol without ports ends at the network layer, and is no error.

import { type Frame, FrameStatus, IpProto } from './frame.ts'
import { decodeIcmp } from './icmp.ts'
import { decodeSctp } from './sctp.ts'
import { decodeTcp } from './tcp.ts'
import { decodeUdp } from './udp.ts'

/** Decodes the IP payload [off, end) by frame.proto; `promised` (>= end) is where the IP length puts the end on the wire. */
export function decodeTransportHeader(buf: Uint8Array, off: number, end: number, promised: number, frame: Frame): FrameStatus {
  switch (frame.proto) {
    case IpProto.tcp: return decodeTcp(buf, off, end, promised, frame)
    case IpProto.udp: return decodeUdp(buf, off, end, promised, frame)
    case IpProto.icmp: return frame.ipVersion === 4 ? decodeIcmp(buf, off, end, promised, frame) : FrameStatus.network
    case IpProto.icmp6: return frame.ipVersion === 6 ? decodeIcmp(buf, off, end, promised, frame) : FrameStatus.network
    case IpProto.sctp: return decodeSctp(buf, off, end, promised, frame)
    default: return FrameStatus.network
  }
}
