// From an EtherType to its network decoder: one switch for the packet itself and for the one inside a tunnel.
// Keeps the rule that what is no IP or ARP is a link, and no error.

import { decodeArp, ETHERTYPE_ARP } from './arp-header.ts'
import { type Frame, FrameStatus } from './frame.ts'
import { decodeIp4, ETHERTYPE_IPV4 } from './ip4.ts'
import { decodeIp6, ETHERTYPE_IPV6 } from './ip6.ts'

/** Decodes [off, end) by frame.etherType; `wireEnd` (>= end) is where the frame ended on the wire. */
export function decodeNetwork(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): FrameStatus {
  switch (frame.etherType) {
    case ETHERTYPE_IPV4: return decodeIp4(buf, off, end, wireEnd, frame)
    case ETHERTYPE_IPV6: return decodeIp6(buf, off, end, wireEnd, frame)
    case ETHERTYPE_ARP: return decodeArp(buf, off, end, frame)
    default:
      frame.linkOff = off
      return FrameStatus.link
  }
}
