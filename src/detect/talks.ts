// Talks: flows added up by who spoke to whom, over which card and service. The table that rules and conversations read.
// Bounded: a scan of millions of ports is counted, not kept.

import type { Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import type { Flow } from '../wire/flow.ts'
import { IpProto, TcpFlag } from '../wire/frame.ts'
import type { EvidenceFlow } from './finding.ts'

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
  protocol: string | null
  flows: number
  /** TCP connections that were only tried, by what came back. */
  unanswered: number
  refused: number
  /** Flows with at least one packet back. */
  answered: number
  /** TCP flows without a packet back whose initiator sent payload: the other side must have accepted, out of this capture's view. */
  oneSided: number
  packets: number
  packetsBack: number
  bytes: number
  bytesBack: number
  firstAt: Micros
  lastAt: Micros
  /** First frames of its flows, ascending, bounded. */
  readonly frames: number[]
  readonly evidence: EvidenceFlow[]
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
  readonly evidence: EvidenceFlow
}

/** Rows kept; twice the pairs a hospital of 10 000 assets with six services each makes. */
export const TALKS_MAX = 131_072
const FRAMES_MAX = 20
const EVIDENCE_MAX = 10
/** CMS8000 connections remembered: 64 beds reconnecting a thousand times. */
const SPANS_MAX = 65_536

export class Talks {
  readonly #rows = new Map<string, Talk>()
  readonly #spans: StreamSpan[] = []
  /** Flows whose first captured packet was an answer, so that the flow table took the responder for the initiator. */
  readonly #turned = new WeakSet<Flow>()
  #notKept = 0

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
    const facing = this.#facing(flow)
    this.#notKept += addFlow(this.#rows, facing) ? 0 : 1
    if (flow.protocol === 'cms8000' && this.#spans.length < SPANS_MAX) this.#spans.push(spanOf(facing))
  }

  /** The table as of now, with live flows added to copies: reading changes nothing. In order of first appearance. */
  snapshot(live: Iterable<Flow>): { talks: Talk[]; spans: StreamSpan[] } {
    const rows = new Map([...this.#rows].map(([key, talk]) => [key, { ...talk, frames: [...talk.frames], evidence: [...talk.evidence] }]))
    const spans = [...this.#spans]
    for (const flow of live) {
      const facing = this.#facing(flow)
      addFlow(rows, facing)
      if (flow.protocol === 'cms8000') spans.push(spanOf(facing))
    }
    const talks = [...rows.values()].sort((a, b) => (a.frames[0] ?? 0) - (b.frames[0] ?? 0))
    return { talks, spans: spans.sort((a, b) => a.flowId - b.flowId) }
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

function addFlow(rows: Map<string, Talk>, flow: Flow): boolean {
  const key = `${flow.vlan}|${flow.src}|${flow.dst}|${flow.proto}|${servicePort(flow)}|${flow.macs[1]}|${flow.protocol ?? ''}`
  const known = rows.get(key)
  if (!known && rows.size >= TALKS_MAX) return false
  const talk = known ?? emptyTalk(flow)
  if (!known) rows.set(key, talk)
  talk.flows++
  talk.unanswered += flow.state === 'attempt' && !isOneSided(flow) ? 1 : 0
  talk.refused += flow.state === 'refused' ? 1 : 0
  talk.answered += flow.packets[1] > 0 && flow.state !== 'refused' ? 1 : 0
  talk.oneSided += isOneSided(flow) ? 1 : 0
  talk.packets += flow.packets[0]
  talk.packetsBack += flow.packets[1]
  talk.bytes += flow.bytes[0]
  talk.bytesBack += flow.bytes[1]
  talk.firstAt = Math.min(talk.firstAt, flow.firstAt)
  talk.lastAt = Math.max(talk.lastAt, flow.lastAt)
  insertFrame(talk.frames, flow.firstFrame)
  if (talk.evidence.length < EVIDENCE_MAX) talk.evidence.push(evidenceOf(flow))
  return true
}

/** Payload beyond a SYN's needs a completed handshake (RFC 9293 section 3.5); a mirror of one direction does not show it. */
function isOneSided(flow: Flow): boolean {
  return flow.proto === IpProto.tcp && flow.packets[1] === 0 && flow.payloadBytes[0] > 0 && flow.state !== 'attempt'
}

function emptyTalk(flow: Flow): Talk {
  return {
    vlan: flow.vlan, src: flow.src, dst: flow.dst, proto: flow.proto, port: servicePort(flow), nextHop: flow.macs[1],
    toGroup: flow.macs[0] >= 0 && flow.macs[1] < 0, protocol: flow.protocol,
    flows: 0, unanswered: 0, refused: 0, answered: 0, oneSided: 0, packets: 0, packetsBack: 0, bytes: 0, bytesBack: 0,
    firstAt: flow.firstAt, lastAt: flow.lastAt, frames: [], evidence: [],
  }
}

/** Keeps the smallest FRAMES_MAX frame numbers, ascending: flows end in another order than they begin. */
function insertFrame(frames: number[], frame: number): void {
  const at = frames.findIndex((f) => f > frame)
  frames.splice(at < 0 ? frames.length : at, 0, frame)
  if (frames.length > FRAMES_MAX) frames.pop()
}

function servicePort(flow: Flow): number {
  return flow.proto === IpProto.icmp || flow.proto === IpProto.icmp6 ? flow.srcPort : flow.dstPort
}

function spanOf(flow: Flow): StreamSpan {
  return {
    flowId: flow.id, vlan: flow.vlan, monitor: flow.src, central: flow.dst, firstAt: flow.firstAt, lastAt: flow.lastAt,
    closed: flow.state === 'closed', nextHop: flow.macs[1], evidence: evidenceOf(flow),
  }
}

const TRANSPORT_NAMES: ReadonlyMap<number, string> = new Map([
  [IpProto.icmp, 'icmp'], [IpProto.tcp, 'tcp'], [IpProto.udp, 'udp'], [IpProto.icmp6, 'ipv6-icmp'], [IpProto.sctp, 'sctp'],
])

/** `tcp`, `udp`, ... or `ip-47` for protocols without a name here. */
export function transportName(proto: number): string {
  return TRANSPORT_NAMES.get(proto) ?? `ip-${proto}`
}

export function evidenceOf(flow: Flow): EvidenceFlow {
  return {
    flowId: flow.id, communityId: flow.communityId(), src: flow.src, srcPort: flow.srcPort, dst: flow.dst, dstPort: flow.dstPort,
    transport: transportName(flow.proto), vlan: flow.vlan,
  }
}
