// From the packet on the wire to the innermost one: label stacks, sessions and tunnels, one inside the other, in one bounded loop.
// Keeps the rule that a frame is either the outer packet or the inner one, whole; what is deeper than the bound is flagged and not read.

import { type Frame, FrameFlag, FrameStatus, IpProto, LAYERS_MAX, TunnelKind } from './frame.ts'
import { openGre, openIp } from './gre.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'
import { ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST, openMpls } from './mpls.ts'
import { decodeNetwork } from './network.ts'
import { ETHERTYPE_PPPOE_SESSION, openPppoe } from './ppp.ts'
import { hintsAtTunnel } from './tunnel-ports.ts'
import { openUdpTunnel } from './udp-tunnels.ts'

/** What follows may be opened; nothing is said yet about its bytes. */
const Wrapping = { none: 0, label: 1, session: 2, gre: 3, ip4: 4, ip6: 5, udp: 6 } as const
type Wrapping = (typeof Wrapping)[keyof typeof Wrapping]

/**
 * Opens what the decoded packet carries, as deep as it goes. `off` is where its network header began, `end` and `wireEnd` where the bytes
 * end, captured and on the wire; `status` is what decodeNetwork or decodeTransport said. Returns the status of the innermost packet.
 */
export function openLayers(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame, status: FrameStatus): FrameStatus {
  let result = status
  let pos = off
  let stop = end
  let wireStop = wireEnd
  for (;;) {
    const wrapping = wrappingOf(frame, result)
    if (wrapping === Wrapping.none) return result
    if (frame.layers === LAYERS_MAX) {
      frame.flags |= FrameFlag.tunnelTooDeep
      return result
    }
    if (wrapping >= Wrapping.gre) {
      pos = wrapping === Wrapping.udp ? frame.payloadOff : frame.l4Off
      if (wrapping === Wrapping.udp) wireStop = frame.payloadOff + frame.payloadWireLength
      else if (frame.l4End < stop) wireStop = frame.l4End
      stop = wrapping === Wrapping.udp ? frame.payloadEnd : frame.l4End
    }
    pos = open(wrapping, buf, pos, stop, wireStop, frame)
    if (pos < 0) return result
    frame.layers += 1
    result = decodeNetwork(buf, pos, stop, wireStop, frame)
  }
}

/** A fragment is opened only when its datagram is whole (decodeTransport). */
function wrappingOf(frame: Frame, status: FrameStatus): Wrapping {
  if (frame.proto === IpProto.tcp || (frame.flags & FrameFlag.fragment) !== 0) return Wrapping.none
  if (status === FrameStatus.transport) return frame.proto === IpProto.udp && hintsAtTunnel(frame.srcPort, frame.dstPort) ? Wrapping.udp : Wrapping.none
  if (status === FrameStatus.network) return frame.l4Off < 0 ? Wrapping.none : ipWrapping(frame.proto)
  switch (frame.etherType) {
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST: return Wrapping.label
    case ETHERTYPE_PPPOE_SESSION: return Wrapping.session
    default: return Wrapping.none
  }
}

function ipWrapping(proto: number): Wrapping {
  switch (proto) {
    case IpProto.gre: return Wrapping.gre
    case IpProto.ipv4: return Wrapping.ip4
    case IpProto.ipv6: return Wrapping.ip6
    default: return Wrapping.none
  }
}

/** Where the content begins, the frame being in it and its etherType saying what it is; -1 and the frame as it was when it stays closed. */
function open(wrapping: Wrapping, buf: Uint8Array, pos: number, end: number, wireEnd: number, frame: Frame): number {
  switch (wrapping) {
    case Wrapping.label: return openMpls(buf, pos, end, wireEnd, frame)
    case Wrapping.session: return openPppoe(buf, pos, end, frame)
    case Wrapping.gre: return openGre(buf, pos, end, frame)
    case Wrapping.ip4: return openIp(buf, pos, end, frame, TunnelKind.ipInIp, ETHERTYPE_IPV4)
    case Wrapping.ip6: return openIp(buf, pos, end, frame, TunnelKind.ipInIp, ETHERTYPE_IPV6)
    default: return openUdpTunnel(buf, pos, end, wireEnd, frame)
  }
}
