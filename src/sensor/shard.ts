// Shard: every flow between the pairs of addresses that fall to it, read from packet to fact. What it hears leaves it as events, in order.
// Keeps the rules that a flow has one owner, that a flow nobody reads costs a record and no object, and that each table has a bound.

import { longerWords } from '../base/longer.ts'
import { MAC_BROADCAST } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { addFlow, noFlows, type FlowTally } from '../detect/sensor-health.ts'
import { SPANS_MAX, Talks, TALKS_MAX } from '../detect/talks.ts'
import { readSyn, type SynSeen } from '../inventory/hints/syn.ts'
import { SENDERS_MAX, SenderTable } from '../inventory/senders.ts'
import type { Fact } from '../protocols/facts.ts'
import { compileRegistry, datagramRow, IDENTIFY_DATAGRAMS_MAX, IdentifyingSession, type CompiledRegistry } from '../protocols/identify.ts'
import type { ProtocolRow, Session, SessionContext, Transport } from '../protocols/protocol.ts'
import { createRegistry } from '../protocols/registry.ts'
import { FLOWS_MAX, FlowTable, type FlowStep } from '../wire/flow-table.ts'
import { FlowSum } from '../wire/flow-sum.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import { IpProto, TcpFlag, type Frame } from '../wire/frame.ts'
import type { OverlapOf } from '../wire/reassembly/overlap.ts'
import { BUDGET_BYTES_MAX, TcpBudget, TcpStream, type OverlapPair, type TcpCounts, type TcpSink } from '../wire/reassembly/tcp.ts'
import { Readers } from './readers.ts'
import { SHARDS } from './shards.ts'

/**
 * TCP connections read at once, of all shards together, at 3 to 5 kB each: one that is open all day and another of every second asset, of a
 * hospital's 10 000. Who was silent longest makes room, and is counted.
 */
export const STREAMS_MAX = 16_384
/** The same of UDP flows, which hold a tenth of it but live on for minutes after each question: three of each asset. */
export const DATAGRAM_READERS_MAX = 32_768
/** Each shard's part of a bound. */
const PER_SHARD = 1 / SHARDS

/** How much of a live flow is still read; kept in the flow table, so that a flow nobody reads costs no look-up. From `tried` on: datagrams refused. */
const Attention = { none: 0, reading: 1, givenUp: 2, tried: 3 } as const

/** What a shard tells, in the order it happened. Flows are valid during the call. */
export interface ShardEvents {
  /** The number of the packet at work. */
  frame(): number
  /** The next flow's id. */
  nextId(): number
  /** A card was heard with an address for the first time in this shard: `row` of its senders. */
  sender(shard: Shard, row: number, frame: Frame): void
  started(flow: Flow, frame: Frame): void
  /** A flow began with this SYN; `row` is its sender, -1 when there was no room for one. */
  opened(shard: Shard, row: number, syn: SynSeen): void
  broadcast(flow: Flow, frame: Frame): void
  fact(fact: Fact, flow: Flow): void
  /** Called when flows are told one by one; the flow ends now. */
  ended(flow: Flow): void
}

export interface ShardOptions {
  readonly seed: number
  readonly events: ShardEvents
  /** Counters of all streams together. */
  readonly tcpCounts: TcpCounts
  /** Responder ports whose connections are told. */
  readonly startPorts: ReadonlySet<number>
  /** False: nobody wants to hear of each flow that ends. */
  readonly tellsEnded: boolean
  readonly overlapOf: OverlapOf | undefined
}

/** A flow that is read: its session and, on TCP, what puts its bytes in order. */
export class Reading implements SessionContext, TcpSink {
  readonly flow: Flow
  readonly transport: Transport
  readonly #events: ShardEvents
  readonly #talks: Talks
  session: Session | null = null
  identifying: IdentifyingSession | null = null
  stream: TcpStream | null = null

  constructor(flow: Flow, transport: Transport, events: ShardEvents, talks: Talks) {
    this.flow = flow
    this.transport = transport
    this.#events = events
    this.#talks = talks
  }

  frame(): number {
    return this.#events.frame()
  }

  emit(fact: Fact): void {
    // The monitor is the one that connects (facts on the device, section 1), whoever was heard first.
    if (fact.protocol === 'cms8000' && fact.kind === 'stream' && fact.monitorSide === 1) this.#talks.turn(this.flow)
    this.#events.fact(fact, this.flow)
  }

  data(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.session?.feed(direction, buf, off, end, at)
  }

  /** Lost bytes count in the flow, too. */
  gap(direction: Direction, bytes: number, at: Micros): void {
    this.flow.gapBytes += bytes
    this.session?.gap(direction, bytes, at)
  }

  /** The flow table says when a flow is over; a stream's end is not yet that. */
  end(): void {}
}

export class Shard {
  readonly flows: FlowTable
  readonly talks: Talks
  readonly senders: SenderTable
  readonly #options: ShardOptions
  readonly #events: ShardEvents
  readonly #registry: CompiledRegistry = compileRegistry(createRegistry())
  readonly #budget = new TcpBudget(BUDGET_BYTES_MAX * PER_SHARD)
  /** By slot of the flow table; a flow is in one of them. */
  readonly #streams: Readers<Reading>
  readonly #datagrams: Readers<Reading>
  /** By slot and direction: row of the sender, or -1. */
  #senderRows = new Int32Array(0)
  readonly #sum = new FlowSum()
  readonly #ended: FlowTally = noFlows()

  constructor(options: ShardOptions) {
    const { seed, events } = options
    this.#options = options
    this.#events = events
    this.talks = new Talks(seed, TALKS_MAX * PER_SHARD, SPANS_MAX * PER_SHARD)
    this.senders = new SenderTable(SENDERS_MAX, seed)
    this.#streams = new Readers(STREAMS_MAX * PER_SHARD, (slot) => this.#readNoMore(slot))
    this.#datagrams = new Readers(DATAGRAM_READERS_MAX * PER_SHARD, (slot) => this.#readNoMore(slot))
    this.flows = new FlowTable({ flowsMax: FLOWS_MAX * PER_SHARD, seed, nextId: () => events.nextId(), onSlotEnd: (slot) => this.#onEnd(slot) })
  }

  /** Flows that were read no longer because there was no room. */
  get notRead(): number {
    return this.#streams.pushedOut + this.#datagrams.pushedOut
  }

  /** TCP flows that ended, as numbers. */
  get ended(): FlowTally {
    return this.#ended
  }

  /** One packet or datagram of this shard. `packets` and `ipBytes` as FlowTable.observe has them. */
  take(buf: Uint8Array, frame: Frame, packets: number, ipBytes: number | undefined): void {
    const step = this.flows.observe(frame, packets, ipBytes)
    if (step.isNew && frame.proto === IpProto.tcp) this.#started(step, frame)
    if (step.isNewSender) this.#heard(step, buf, frame)
    if (frame.payloadOff < 0) return
    if (frame.proto === IpProto.tcp) this.#tcp(step, buf, frame)
    else if (frame.proto === IpProto.udp) this.#udp(step, buf, frame)
  }

  #started(step: FlowStep, frame: Frame): void {
    const { startPorts } = this.#options
    // Either port: the first packet captured may be an answer.
    if (!startPorts.has(frame.dstPort) && !startPorts.has(frame.srcPort)) return
    this.#events.started(step.flow, frame)
    this.flows.release(step.slot)
  }

  #heard(step: FlowStep, buf: Uint8Array, frame: Frame): void {
    const known = this.senders.size
    const row = this.senders.heard(frame.vlan, frame.ipVersion, frame.addresses, frame.srcMac, frame.at, frame.number)
    const place = 2 * step.slot
    if (place >= this.#senderRows.length) this.#growSenderRows()
    if (step.isNew) this.#senderRows[place] = this.#senderRows[place + 1] = -1
    this.#senderRows[place + step.direction] = row
    if (this.senders.size > known) this.#events.sender(this, row, frame)
    if (!step.isNew || row < 0 || frame.proto !== IpProto.tcp || (frame.tcpFlags & (TcpFlag.syn | TcpFlag.ack)) !== TcpFlag.syn) return
    const syn = readSyn(buf, frame)
    if (syn !== null) this.#events.opened(this, row, syn)
  }

  #growSenderRows(): void {
    const { length } = this.#senderRows
    this.#senderRows = longerWords(this.#senderRows, Math.max(2048, 2 * length)).fill(-1, length)
  }

  #udp(step: FlowStep, buf: Uint8Array, frame: Frame): void {
    const { slot, direction } = step
    if (frame.dstMac === MAC_BROADCAST) this.#events.broadcast(step.flow, frame)
    const attention = this.flows.attention(slot)
    if (attention === Attention.givenUp) return
    if (attention === Attention.reading) {
      const session = this.#datagrams.touch(slot)?.session
      session?.feed(direction, buf, frame.payloadOff, frame.payloadEnd, frame.at)
      if (session?.isDone === true) this.#readNoMore(slot)
      return
    }
    if (frame.payloadOff >= frame.payloadEnd) return
    this.#tryDatagram(step, attention, buf, frame)
  }

  /** Each datagram of an unknown flow is judged alone; after some the flow is unknown for good. No object is made before a yes. */
  #tryDatagram(step: FlowStep, attention: number, buf: Uint8Array, frame: Frame): void {
    const { slot, direction } = step
    // Hints go by the flow's ports: which side spoke first is the table's to say.
    const to = direction === 0 ? frame.dstPort : frame.srcPort
    const from = direction === 0 ? frame.srcPort : frame.dstPort
    const announced = attention === Attention.none ? this.#announced(step, to, from) : null
    const row = announced ?? datagramRow(this.#registry, to, from, direction, buf, frame.payloadOff, frame.payloadEnd)
    if (row === null) {
      const tried = attention === Attention.none ? Attention.tried + 1 : attention + 1
      this.flows.setAttention(slot, tried - Attention.tried >= IDENTIFY_DATAGRAMS_MAX ? Attention.givenUp : tried)
      return
    }
    const reading = new Reading(step.flow, 'udp', this.#events, this.talks)
    step.flow.protocol = row.id
    reading.session = row.open(reading)
    this.#keep(slot, reading)
    reading.session.feed(direction, buf, frame.payloadOff, frame.payloadEnd, frame.at)
    if (reading.session.isDone === true) this.#readNoMore(slot)
  }

  /** The row of a flow that another one announced. */
  #announced(step: FlowStep, to: number, from: number): ProtocolRow | null {
    for (const row of this.#registry.expecting) if (row.expects?.ports(to, from) && row.expects.flow('udp', step.flow)) return row
    this.flows.release(step.slot)
    return null
  }

  /** A session is opened with the first payload: of a flood of bare SYNs nothing is kept but the flow. */
  #tcp(step: FlowStep, buf: Uint8Array, frame: Frame): void {
    const { slot, direction } = step
    const attention = this.flows.attention(slot)
    if (attention === Attention.givenUp) return
    if (attention === Attention.none && frame.payloadWireLength === 0) {
      // Direction 0 sent the first SYN; one without ACK from the other side crossed it.
      if (direction === 1 && (frame.tcpFlags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn) this.#options.tcpCounts.simultaneousOpen++
      return
    }
    const reading = this.#streams.touch(slot) ?? this.#openStream(slot, step.flow)
    reading.stream?.segment(direction, buf, frame, reading)
    if (reading.identifying?.verdict === 'unknown') this.#giveUp(slot)
    else if (reading.identifying?.isDone === true) this.#readNoMore(slot)
  }

  #openStream(slot: number, flow: Flow): Reading {
    const reading = new Reading(flow, 'tcp', this.#events, this.talks)
    reading.identifying = new IdentifyingSession(this.#registry, reading)
    reading.session = reading.identifying
    reading.stream = new TcpStream(this.#budget, this.#options.tcpCounts, this.#overlapOf(flow))
    for (const direction of [0, 1] as const) {
      const syn = this.flows.synOf(slot, direction)
      if (syn >= 0) reading.stream.begin(direction, syn)
    }
    this.#keep(slot, reading)
    return reading
  }

  /** What direction 0 says is read by the responder. */
  #overlapOf(flow: Flow): OverlapPair | undefined {
    const { overlapOf } = this.#options
    return overlapOf && [overlapOf(flow.dst), overlapOf(flow.src)]
  }

  #keep(slot: number, reading: Reading): void {
    ;(reading.transport === 'tcp' ? this.#streams : this.#datagrams).add(slot, reading)
    this.flows.setAttention(slot, Attention.reading)
  }

  /** Nobody will read this flow: its session and buffers go, its counts stay. */
  #giveUp(slot: number): void {
    this.#streams.take(slot)?.stream?.discard()
    this.flows.setAttention(slot, Attention.givenUp)
    this.flows.release(slot)
  }

  /** Nothing more can be read of it, or too many are read at once and it was silent longest: it says what it has, as at its end. */
  #readNoMore(slot: number): void {
    this.#finishReading(slot)
    this.flows.setAttention(slot, Attention.givenUp)
    this.flows.release(slot)
  }

  #finishReading(slot: number): void {
    const reading = this.#streams.take(slot) ?? this.#datagrams.take(slot)
    if (!reading) return
    const at = reading.flow.lastAt
    reading.stream?.finish(at, reading)
    reading.session?.end(at)
    reading.stream?.discard()
  }

  #onEnd(slot: number): void {
    if (this.flows.attention(slot) === Attention.reading) this.#finishReading(slot)
    const sum = this.flows.sum(slot, this.#sum)
    this.#seen(slot, sum.lastAt)
    if (2 * slot < this.#senderRows.length) this.#senderRows[2 * slot] = this.#senderRows[2 * slot + 1] = -1
    addFlow(this.#ended, sum)
    if (this.#options.tellsEnded) this.#events.ended(this.flows.flowAt(slot))
    this.talks.endedAs(sum)
  }

  #seen(slot: number, at: Micros): void {
    const rows = this.#senderRows
    for (let i = 2 * slot; i < 2 * slot + 2 && i < rows.length; i++) if ((rows[i] as number) >= 0) this.senders.seen(rows[i] as number, at)
  }

  /** Live flows in order of id, as numbers that stand until the next one is told. */
  eachLive(tell: (sum: FlowSum) => void): void {
    for (const slot of this.flows.liveSlots()) tell(this.flows.sum(slot, this.#sum))
  }

  /** Every flow has ended: what they took is given back before the report is made. */
  shrink(): void {
    this.flows.shrink()
    this.#streams.shrink()
    this.#datagrams.shrink()
    this.#senderRows = new Int32Array(0)
  }

  /** Brings what is known of live senders up to now. */
  settle(): void {
    this.flows.eachSlot((slot, lastAt) => this.#seen(slot, lastAt))
  }
}
