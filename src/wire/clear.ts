// Emptying parts of a Frame: for the next packet, and for the packet inside a tunnel.
// Keeps the rule that nothing of a packet before, or of the packet around, is taken for this one.

import type { Frame, OuterPacket } from './frame.ts'

/** Everything from the IP header on. */
export function clearNetwork(frame: Frame): void {
  frame.ipVersion = 0
  frame.ipOff = -1
  for (let i = 0; i < 8; i++) frame.addresses[i] = 0
  frame.proto = -1
  frame.ttl = 0
  frame.fragmentId = 0
  frame.fragmentOffset = 0
  frame.moreFragments = false
  frame.l4Off = -1
  frame.l4End = -1
  clearTransport(frame)
}

export function clearTransport(frame: Frame): void {
  frame.srcPort = 0
  frame.dstPort = 0
  frame.tcpSeq = 0
  frame.tcpAck = 0
  frame.tcpFlags = 0
  frame.tcpWindow = 0
  frame.payloadOff = -1
  frame.payloadEnd = -1
  frame.payloadWireLength = 0
}

/** What was noted of tunnels: rare, so callers look at `layers` first. */
export function clearLayers(frame: Frame): void {
  for (let i = 0; i < frame.outerCount; i++) clearOuter(frame.outers[i] as OuterPacket)
  frame.outerCount = 0
  frame.layers = 0
  frame.tunnels = 0
  frame.tunnelKinds = 0
  frame.segment = 0
}

function clearOuter(outer: OuterPacket): void {
  outer.ipVersion = 0
  for (let i = 0; i < 8; i++) outer.addresses[i] = 0
  outer.proto = -1
  outer.srcPort = 0
  outer.dstPort = 0
  outer.srcMac = -1
  outer.dstMac = -1
  outer.vlan = 0
  outer.innerVlan = 0
  outer.packets = 1
  outer.ipBytes = 0
}
