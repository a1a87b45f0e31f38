// UDP ports that hint at a tunnel: the only place below identify.ts that knows ports.
// Wire may know these because such a datagram is a link to the packet inside it, not a protocol two applications speak; the strict look at
// the tunnel's header is the judge, and what does not pass it stays a plain UDP datagram on a port that means nothing.

/** IANA's numbers; 8472 is what Linux used for VXLAN before it had one, and still does where nobody chose. */
export const TunnelPort = { l2tp: 1701, gtpU: 2152, teredo: 3544, vxlan: 4789, geneve: 6081, vxlanLinux: 8472 } as const

/** Senders of a tunnel choose their source port freely, so the destination tells; a Teredo server answers from its own port. */
export function hintsAtTunnel(srcPort: number, dstPort: number): boolean {
  switch (dstPort) {
    case TunnelPort.l2tp:
    case TunnelPort.vxlan:
    case TunnelPort.vxlanLinux:
    case TunnelPort.geneve:
    case TunnelPort.gtpU:
    case TunnelPort.teredo:
      return true
    default:
      return srcPort === TunnelPort.teredo
  }
}
