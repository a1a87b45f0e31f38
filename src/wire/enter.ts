// Going in: the frame stops being the packet around and becomes the packet inside. What carried it is kept, level by level.
// Keeps the rule that nothing is left of the packet around but what `outers`, the tunnel counts and the flags say.

import { clearNetwork } from './clear.ts'
import { decodeEthernet } from './ethernet.ts'
import type { Frame, OuterPacket } from './frame.ts'
import { ipAt } from './plausible.ts'
import { openPpp } from './ppp.ts'

/** Into a tunnel of `kind` (a TunnelKind bit). MACs and VLANs stay: a packet without a link of its own came over this one. */
export function enterTunnel(frame: Frame, kind: number): void {
  if (frame.ipVersion !== 0) keepOuter(frame, frame.outers[frame.outerCount++] as OuterPacket)
  frame.tunnels += 1
  frame.tunnelKinds |= kind
  clearNetwork(frame)
}

/** Into an IP packet: `etherType` says which. */
export function enterIp(frame: Frame, kind: number, etherType: number): void {
  enterTunnel(frame, kind)
  frame.etherType = etherType
}

/**
 * Into an Ethernet frame at `off`: its MACs and tags replace those around. `mirroredVlan` is the id a mirror took off the frame and
 * noted in its own header; it stands when the frame has no tag. Returns where the frame's content begins.
 */
export function enterEthernet(buf: Uint8Array, off: number, end: number, frame: Frame, kind: number, mirroredVlan = 0): number {
  enterTunnel(frame, kind)
  frame.vlan = 0
  frame.innerVlan = 0
  const pos = decodeEthernet(buf, off, end, frame)
  if (frame.vlan === 0) frame.vlan = mirroredVlan
  return pos
}

/**
 * Into the IP packet of the PPP packet [off, end): where it begins, or -1 and the frame as it was. PPP may be encrypted, compressed or
 * speak of itself: then it stays what carries it.
 */
export function enterPpp(buf: Uint8Array, off: number, end: number, frame: Frame, kind: number): number {
  const around = frame.etherType
  const pos = openPpp(buf, off, end, frame)
  if (pos >= 0 && ipAt(buf, pos, end) === frame.etherType) {
    enterTunnel(frame, kind)
    return pos
  }
  frame.etherType = around
  return -1
}

/** A frame is entered at most LAYERS_MAX times, and has as many places. */
function keepOuter(frame: Frame, outer: OuterPacket): void {
  const isPorted = frame.payloadOff >= 0
  outer.ipVersion = frame.ipVersion
  for (let i = 0; i < 8; i++) outer.addresses[i] = frame.addresses[i] as number
  outer.proto = frame.proto
  outer.srcPort = isPorted ? frame.srcPort : 0
  outer.dstPort = isPorted ? frame.dstPort : 0
  outer.srcMac = frame.srcMac
  outer.dstMac = frame.dstMac
  outer.vlan = frame.vlan
  outer.innerVlan = frame.innerVlan
  const l4Bytes = isPorted ? frame.payloadOff - frame.l4Off + frame.payloadWireLength : frame.l4End - frame.l4Off
  outer.ipBytes = frame.l4Off - frame.ipOff + l4Bytes
}

/** Makes `into` the packet `outer` that carried `frame`, without content: for who counts both. Offsets are absent. */
export function asOuterFrame(frame: Frame, outer: OuterPacket, into: Frame): Frame {
  clearNetwork(into)
  into.number = frame.number
  into.at = frame.at
  into.ipVersion = outer.ipVersion
  for (let i = 0; i < 8; i++) into.addresses[i] = outer.addresses[i] as number
  into.proto = outer.proto
  into.srcPort = outer.srcPort
  into.dstPort = outer.dstPort
  into.srcMac = outer.srcMac
  into.dstMac = outer.dstMac
  into.vlan = outer.vlan
  into.innerVlan = outer.innerVlan
  return into
}
