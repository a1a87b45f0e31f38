// Flow: one 5-tuple session in one VLAN, as counters and times. What the inventory, policy and console see of packets.

import type { Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'

/** 0: from the initiator (the one who spoke first, or sent the SYN); 1: from the responder. */
export type Direction = 0 | 1

/** The other end's. */
export function opposite(direction: Direction): Direction {
  return direction === 0 ? 1 : 0
}

/** What a TCP flow has shown so far. `attempt`: SYN without any answer. `refused`: RST to a SYN. */
export type FlowState = 'attempt' | 'refused' | 'established' | 'midstream' | 'closed' | 'datagram'

/** Identity of a flow: initiator first. Ports carry ICMP type and code for ICMP. */
export interface FlowKey {
  readonly vlan: number
  readonly innerVlan: number
  readonly src: Ip
  readonly dst: Ip
  /** IP protocol number. */
  readonly proto: number
  readonly srcPort: number
  readonly dstPort: number
}

/** A flow with its counters, as they are now; the flow table counts. The pairs are made when read: take one once where it matters. */
export interface Flow extends FlowKey {
  /** 1-based, in order of first packet. */
  readonly id: number
  readonly firstAt: Micros
  readonly firstFrame: number
  readonly lastAt: Micros
  /** Hardware address last seen for each side; -1 when the link has none. */
  readonly macs: readonly [MacNumber, MacNumber]
  /** Per direction, index 0 from the initiator. */
  readonly packets: readonly [number, number]
  /** IP bytes on the wire per direction. */
  readonly bytes: readonly [number, number]
  /** Application payload bytes on the wire per direction. */
  readonly payloadBytes: readonly [number, number]
  /** OR of all TCP flags per direction. */
  readonly tcpFlags: readonly [number, number]
  readonly state: FlowState
  /** Protocol id once identified by content; null until then. */
  protocol: string | null
  /** Bytes that never came (capture loss or a late start), both directions. */
  gapBytes: number
  /** The content says that the responder is the side that connects (Talks.turn). */
  isTurned?: boolean
  /** Community ID v1, seed 0. Computed once when first asked. */
  communityId(): string
}
