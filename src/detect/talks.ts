// Talks: flows added up by who spoke to whom, over which card and service. The table that rules and conversations read.
// Bounded: a scan of millions of ports is counted, not kept.

import { ipAt, type Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { FlowSum } from '../wire/flow-sum.ts'
import type { Flow } from '../wire/flow.ts'
import { IpProto, TcpFlag } from '../wire/frame.ts'
import type { FlowMark } from './flow-mark.ts'
import { TalkTable, type TalkRows } from './talk-table.ts'

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
/** CMS8000 connections remembered, of all tables together: 64 beds reconnecting a thousand times. */
export const SPANS_MAX = 65_536

/** Rows and spans of one table of talks. */
export interface TalksParts {
  readonly rows: TalkRows
  readonly spans: readonly StreamSpan[]
}

/** Tells live flows as numbers, one after the other in the same object. */
export type EachLive = (tell: (sum: FlowSum) => void) => void

export class Talks {
  #table: TalkTable
  /** Somebody holds rows of the table: the next flow goes to a copy. */
  #isShown = false
  readonly #spans: StreamSpan[] = []
  readonly #spansMax: number
  readonly #sum = new FlowSum()
  #notKept = 0
  #spansNotKept = 0

  /** `seed` of the table's hashes: a live sensor passes a random one. It never shows in the output. */
  constructor(seed = 0, talksMax = TALKS_MAX, spansMax = SPANS_MAX) {
    this.#table = new TalkTable(talksMax, seed)
    this.#spansMax = spansMax
  }

  /** Flows that found no row because the table is full. */
  get notKept(): number {
    return this.#notKept
  }

  /** CMS8000 connections whose times were not remembered because there were too many. */
  get spansNotKept(): number {
    return this.#spansNotKept
  }

  /**
   * The content says that the flow's responder is the side that connects: its first captured packet was an answer, so that the flow table
   * took the responder for the initiator. Heeded only without a SYN in the capture: who was seen to connect did connect.
   */
  turn(flow: Flow): void {
    if (flow.proto === IpProto.tcp && ((flow.tcpFlags[0] | flow.tcpFlags[1]) & TcpFlag.syn) === 0) flow.isTurned = true
  }

  /** A flow is over: its counters are added for good. */
  ended(flow: Flow): void {
    this.endedAs(this.#sum.fromFlow(flow))
  }

  /** The same of a flow as numbers, which are turned when its content said so. */
  endedAs(sum: FlowSum): void {
    if (this.#isShown) this.#table = this.#table.clone()
    this.#isShown = false
    if (!addTo(this.#table, sum)) this.#notKept++
    if (sum.protocol !== 'cms8000') return
    if (this.#spans.length < this.#spansMax) this.#spans.push(spanOf(sum))
    else this.#spansNotKept++
  }

  /** The table as of now, with live flows added to a copy: reading changes nothing. In order of first appearance. */
  snapshot(live: Iterable<Flow>): { talks: Talk[]; spans: StreamSpan[] } {
    return snapshotOf([{
      talks: this,
      eachLive: (tell) => {
        for (const flow of live) tell(this.#sum.fromFlow(flow))
      },
    }])
  }

  /** What is known of ended flows, as plain data that can be copied between threads. */
  parts(): TalksParts {
    return { rows: this.#table.parts(), spans: this.#spans }
  }

  /** Rows and spans as of now; live flows are in them. */
  shown(eachLive: EachLive): { readonly table: TalkTable; readonly spans: readonly StreamSpan[] } {
    const spans = [...this.#spans]
    const copies: TalkTable[] = []
    eachLive((sum) => {
      if (copies.length === 0) copies.push(this.#table.clone())
      addTo(copies[0] as TalkTable, sum)
      if (sum.protocol === 'cms8000') spans.push(spanOf(sum))
    })
    const [copy] = copies
    this.#isShown ||= copy === undefined
    return { table: copy ?? this.#table, spans }
  }
}

function addTo(table: TalkTable, sum: FlowSum): boolean {
  return table.add(sum.isTurned ? sum.turn() : sum)
}

/** The tables of several parts as one, in order of first appearance. No row is in two of them: they part by who talks to whom. */
export function snapshotOf(parts: readonly { readonly talks: Talks; readonly eachLive: EachLive }[]): { talks: Talk[]; spans: StreamSpan[] } {
  const shown = parts.map(({ talks, eachLive }) => talks.shown(eachLive))
  const spans = shown.flatMap((part) => part.spans).sort((a, b) => a.flowId - b.flowId)
  return { talks: merged(shown.map(({ table }) => table)), spans }
}

/** The same of parts that came from other threads; `idOf` gives their flows the ids they are to have. */
export function snapshotOfParts(
  parts: readonly { readonly parts: TalksParts; readonly idOf: (own: number) => number }[],
): { talks: Talk[]; spans: StreamSpan[] } {
  const spans = parts.flatMap(({ parts: { spans: own }, idOf }) => own.map((span): StreamSpan => {
    const flowId = idOf(span.flowId)
    return { ...span, flowId, evidence: { ...span.evidence, flowId } }
  }))
  return { talks: merged(parts.map(({ parts: { rows }, idOf }) => TalkTable.ofParts(rows, idOf))), spans: spans.sort((a, b) => a.flowId - b.flowId) }
}

/** The rows of several tables in order. A packet and the one around it begin a flow each with the same frame: the one inside was there first. */
function merged(tables: readonly TalkTable[]): Talk[] {
  const heads: TalkHead[] = tables.filter(({ size }) => size > 0).map((table) => ({ table, rows: table.inOrder(), at: 0 }))
  const talks: Talk[] = []
  while (heads.length > 0) {
    let first = heads[0] as TalkHead
    for (const head of heads) if (isBefore(head, first)) first = head
    talks.push(first.table.talk(first.rows[first.at++] as number))
    if (first.at === first.rows.length) heads.splice(heads.indexOf(first), 1)
  }
  return talks
}

/** A table and the place in its rows where the telling stands. */
interface TalkHead {
  readonly table: TalkTable
  readonly rows: readonly number[]
  at: number
}

function isBefore(a: TalkHead, b: TalkHead): boolean {
  const [one, other] = [a.rows[a.at] as number, b.rows[b.at] as number]
  const frames = a.table.firstFrame(one) - b.table.firstFrame(other)
  return frames < 0 || (frames === 0 && a.table.firstFlow(one) < b.table.firstFlow(other))
}

/** `sum` as the content has it; the Community ID is the same for both ways (its specification orders the endpoints). */
function spanOf(sum: FlowSum): StreamSpan {
  const [monitor, central] = [ipAt(sum.addresses, 0, sum.ipVersion), ipAt(sum.addresses, 4, sum.ipVersion)]
  const { id, vlan, proto, srcPort, dstPort, firstAt, lastAt } = sum
  return {
    flowId: id, vlan, monitor, central, firstAt, lastAt, closed: sum.state === 'closed', nextHop: sum.dstMac,
    evidence: { flowId: id, src: monitor, srcPort, dst: central, dstPort, proto, vlan },
  }
}
