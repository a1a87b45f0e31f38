// Talks: flows added up by who spoke to whom, over which card and service. The table that rules and conversations read.
// Bounded: a scan of millions of ports is counted, not kept.

import type { Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import type { Flow } from '../wire/flow.ts'
import { IpProto, TcpFlag } from '../wire/frame.ts'
import { markOf, type FlowMark } from './flow-mark.ts'
import { TalkTable } from './talk-table.ts'

/** All flows of one initiator, responder, service and next-hop card. */
export interface Talk {
  readonly vlan: number
  readonly src: Ip
  readonly dst: Ip
  readonly proto: number
  /** Responder port; ICMP type for ICMP; 0 without ports. */
  readonly port: number
  /** Card the initiator's packets were sent to: tells a neighbour from a router. -1 when the link has none. */
  readonly nextHop: MacNumber
  /** Sent to a broadcast or multicast card and never answered: no single receiver, whatever the IP address looks like. */
  readonly toGroup: boolean
  readonly protocol: string | null
  readonly flows: number
  /** TCP connections that were only tried, by what came back. */
  readonly unanswered: number
  readonly refused: number
  /** Flows with at least one packet back. */
  readonly answered: number
  /** TCP flows without a packet back whose initiator sent payload: the other side must have accepted, out of this capture's view. */
  readonly oneSided: number
  readonly packets: number
  readonly packetsBack: number
  readonly bytes: number
  readonly bytesBack: number
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** First frames of its flows, ascending, bounded. */
  readonly frames: readonly number[]
  /** The first of its flows that ended, bounded. */
  readonly evidence: readonly FlowMark[]
}

/** One CMS8000 connection in time: what streams-lost compares. */
export interface StreamSpan {
  readonly flowId: number
  readonly vlan: number
  readonly monitor: Ip
  readonly central: Ip
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** FIN or RST was seen. */
  readonly closed: boolean
  readonly nextHop: MacNumber
  readonly evidence: FlowMark
}

/** Rows kept; twice the pairs a hospital of 10 000 assets with six services each makes. */
export const TALKS_MAX = 131_072
/** CMS8000 connections remembered: 64 beds reconnecting a thousand times. */
const SPANS_MAX = 65_536

export class Talks {
  #table: TalkTable
  /** Somebody holds rows of the table: the next flow goes to a copy. */
  #isShown = false
  readonly #spans: StreamSpan[] = []
  /** Flows whose first captured packet was an answer, so that the flow table took the responder for the initiator. */
  readonly #turned = new WeakSet<Flow>()
  #notKept = 0

  /** `seed` of the table's hashes: a live sensor passes a random one. It never shows in the output. */
  constructor(seed = 0) {
    this.#table = new TalkTable(TALKS_MAX, seed)
  }

  /** Flows that found no row because the table is full. */
  get notKept(): number {
    return this.#notKept
  }

  /**
   * The content says that the flow's responder is the side that connects. Heeded only without a SYN in the capture: who was
   * seen to connect did connect.
   */
  turn(flow: Flow): void {
    if (flow.proto === IpProto.tcp && ((flow.tcpFlags[0] | flow.tcpFlags[1]) & TcpFlag.syn) === 0) this.#turned.add(flow)
  }

  /** The flow as the content has it. */
  #facing(flow: Flow): Flow {
    return this.#turned.has(flow) ? turned(flow) : flow
  }

  /** A flow is over: its counters are added for good. */
  ended(flow: Flow): void {
    if (this.#isShown) this.#table = this.#table.clone()
    this.#isShown = false
    const facing = this.#facing(flow)
    this.#notKept += this.#table.add(facing) ? 0 : 1
    if (flow.protocol === 'cms8000' && this.#spans.length < SPANS_MAX) this.#spans.push(spanOf(facing))
  }

  /** The table as of now, with live flows added to a copy: reading changes nothing. In order of first appearance. */
  snapshot(live: Iterable<Flow>): { talks: Talk[]; spans: StreamSpan[] } {
    const spans = [...this.#spans]
    let copy: TalkTable | null = null
    for (const flow of live) {
      const facing = this.#facing(flow)
      copy ??= this.#table.clone()
      copy.add(facing)
      if (flow.protocol === 'cms8000') spans.push(spanOf(facing))
    }
    this.#isShown ||= copy === null
    return { talks: (copy ?? this.#table).talks(), spans: spans.sort((a, b) => a.flowId - b.flowId) }
  }
}

function swap<T>([a, b]: readonly [T, T]): [T, T] {
  return [b, a]
}

/** A copy with both sides changed over; the Community ID is the same for both (its specification orders the endpoints). */
function turned(flow: Flow): Flow {
  return {
    id: flow.id, vlan: flow.vlan, innerVlan: flow.innerVlan, proto: flow.proto,
    src: flow.dst, dst: flow.src, srcPort: flow.dstPort, dstPort: flow.srcPort,
    firstAt: flow.firstAt, firstFrame: flow.firstFrame, lastAt: flow.lastAt,
    macs: swap(flow.macs), packets: swap(flow.packets), bytes: swap(flow.bytes), payloadBytes: swap(flow.payloadBytes),
    tcpFlags: swap(flow.tcpFlags), state: flow.state, protocol: flow.protocol, gapBytes: flow.gapBytes, communityId: () => flow.communityId(),
  }
}

function spanOf(flow: Flow): StreamSpan {
  return {
    flowId: flow.id, vlan: flow.vlan, monitor: flow.src, central: flow.dst, firstAt: flow.firstAt, lastAt: flow.lastAt,
    closed: flow.state === 'closed', nextHop: flow.macs[1], evidence: markOf(flow),
  }
}
