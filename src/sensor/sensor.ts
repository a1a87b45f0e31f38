// Sensor: the loop from packets to facts. Capture -> frame -> datagram or stream -> protocol -> facts -> inventory and rules.
// Keeps S1 by having nothing to transmit with, and honesty by counting what it could not read.

import { ipFromV4, ipFromWords, type Ip } from '../base/ip.ts'
import { MAC_BROADCAST } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { listenersOf } from '../detect/listeners.ts'
import type { Detector } from '../detect/rule.ts'
import { RULES } from '../detect/rules.ts'
import { SensorHealth, type HealthCounts } from '../detect/sensor-health.ts'
import { Talks } from '../detect/talks.ts'
import { Inventory, type Behaviour, type Host } from '../inventory/inventory.ts'
import { arpFacts } from '../protocols/arp/index.ts'
import type { Fact } from '../protocols/facts.ts'
import { compileRegistry, IdentifyingSession, type CompiledRegistry } from '../protocols/identify.ts'
import type { SessionContext } from '../protocols/protocol.ts'
import { createRegistry } from '../protocols/registry.ts'
import type { PacketSink } from '../wire/capture/capture.ts'
import { wholeDatagram } from '../wire/datagram.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { asOuterFrame } from '../wire/enter.ts'
import { FlowTable, type FlowStep } from '../wire/flow-table.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import { Frame, FrameFlag, frameFlagNames, FrameStatus, IpProto, TcpFlag, tunnelKindNames } from '../wire/frame.ts'
import type { OuterPacket, TunnelKindName } from '../wire/frame.ts'
import { IpReassembler, type Incomplete } from '../wire/reassembly/ip.ts'
import type { OverlapOf } from '../wire/reassembly/overlap.ts'
import { noCounts, TcpBudget, TcpStream, type OverlapPair, type TcpSink } from '../wire/reassembly/tcp.ts'
import { FlowSlices, type FlowSlice } from './flow-slices.ts'

export interface SensorOptions {
  /** Mixed into every hash, so that a stranger cannot aim at one place of a table: random when live. It never shows in the output. */
  readonly seed?: number
  /** Start-up behaviours of the profiles (evidence level D). */
  readonly behaviours: readonly Behaviour[]
  /** Called with what each flow did, piece by piece; the store's feed. */
  readonly onSlice?: (slice: FlowSlice) => void
  /** Called with each fact, in order. */
  readonly onFact?: (fact: Fact) => void
  /** How the host at an address puts overlapping fragments and segments together; left out: the product's default for all. */
  readonly overlapOf?: OverlapOf | undefined
}

/** Frame.flags is a 32-bit number. */
const FLAG_BITS = 32

/** How much of a live flow is still read; kept in the flow table, so that a flow nobody reads costs no look-up. */
const Attention = { none: 0, reading: 1, givenUp: 2 } as const

/** What the sensor remembers beside a live flow that carries something. A flow that nobody understands has none. */
interface Conversing {
  readonly flow: Flow
  readonly session: IdentifyingSession
  readonly tcp: { readonly stream: TcpStream; readonly sink: SessionSink } | null
}

/** Ordered bytes into the session, lost bytes into the flow's counter. */
class SessionSink implements TcpSink {
  readonly #flow: Flow
  readonly #session: IdentifyingSession

  constructor(flow: Flow, session: IdentifyingSession) {
    this.#flow = flow
    this.#session = session
  }

  data(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#session.feed(direction, buf, off, end, at)
  }

  gap(direction: Direction, bytes: number, at: Micros): void {
    this.#flow.gapBytes += bytes
    this.#session.gap(direction, bytes, at)
  }

  /** The flow table says when a flow is over; a stream's end is not yet that. */
  end(): void {}
}

export interface SensorCounters {
  packets: number
  bytes: number
  firstAt: Micros | null
  lastAt: Micros | null
  arpFrames: number
  ipPackets: number
  facts: number
}

export class Sensor implements PacketSink {
  readonly inventory: Inventory
  readonly talks: Talks
  readonly #health = new SensorHealth()
  readonly detectors: readonly Detector[] = RULES.map((rule) => rule.open())
  readonly #listeners = listenersOf(this.detectors)
  readonly counters: SensorCounters = { packets: 0, bytes: 0, firstAt: null, lastAt: null, arpFrames: 0, ipPackets: 0, facts: 0 }
  readonly #options: SensorOptions
  readonly #registry: CompiledRegistry = compileRegistry(createRegistry())
  readonly #frame = new Frame()
  /** A packet around the one in #frame. */
  readonly #around = new Frame()
  readonly #fragments: IpReassembler
  readonly #budget = new TcpBudget()
  readonly #flows: FlowTable
  /** By slot of the flow table and direction: who was heard. */
  readonly #senders: (Host | null)[] = []
  /** By slot of the flow table. */
  readonly #conversing: (Conversing | null)[] = []
  readonly #slices: FlowSlices | null
  /** By bit of Frame.flags. */
  readonly #flagCounts = new Float64Array(FLAG_BITS)
  readonly #tunnelCounts = new Map<TunnelKindName, number>()
  /** Of all streams together. */
  readonly #tcpCounts = noCounts()
  /** Fragments whose datagram never became whole: they are in no flow, so they are counted here. */
  #incompletePackets = 0
  readonly #emitLink = (fact: Fact): void => this.#emit(fact, null)

  constructor(options: SensorOptions) {
    const seed = options.seed ?? 0
    this.#options = options
    this.#slices = options.onSlice ? new FlowSlices(options.onSlice) : null
    const onIncomplete = (datagram: Incomplete): number => (this.#incompletePackets += datagram.packets)
    this.#fragments = new IpReassembler({ onIncomplete, overlapOf: options.overlapOf, seed })
    this.inventory = new Inventory(options.behaviours)
    this.talks = new Talks(seed)
    this.#flows = new FlowTable({ seed, onEnd: (flow, _why, slot) => this.#ended(flow, slot) })
  }

  packet(buf: Uint8Array, off: number, end: number, at: Micros, wireLength: number, linkType: number): void {
    const frame = this.#frame
    const counters = this.counters
    counters.packets++
    counters.bytes += wireLength
    counters.firstAt = counters.firstAt === null ? at : Math.min(counters.firstAt, at)
    counters.lastAt = counters.lastAt === null ? at : Math.max(counters.lastAt, at)
    if (this.#slices?.isDue(at)) this.#slices.tell(this.#flows.live(), at)
    beginFrame(frame, counters.packets, at, wireLength, end - off)
    const status = decodeFrame(buf, off, end, linkType, frame)
    this.#health.packet(frame)
    if (frame.arpOff >= 0) {
      counters.arpFrames++
      arpFacts(buf, frame, this.#emitLink)
    }
    if (status >= FrameStatus.network) this.#datagram(buf, frame)
    if (frame.flags !== 0) this.#countFlags(frame.flags)
    if (frame.tunnels !== 0) this.#tunnelled(buf, frame)
  }

  /** Who carried it spoke to somebody too: each packet around is counted in a flow of its own, so that no tunnel hides where it leads. */
  #tunnelled(buf: Uint8Array, frame: Frame): void {
    for (const name of tunnelKindNames(frame.tunnelKinds)) this.#tunnelCounts.set(name, (this.#tunnelCounts.get(name) ?? 0) + 1)
    for (let i = 0; i < frame.outerCount; i++) {
      const outer = frame.outers[i] as OuterPacket
      this.#flow(buf, asOuterFrame(frame, outer, this.#around), outer.packets, outer.ipBytes)
    }
  }

  #countFlags(flags: number): void {
    for (let rest = flags; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest)
      this.#flagCounts[bit] = (this.#flagCounts[bit] as number) + 1
    }
  }

  #datagram(buf: Uint8Array, frame: Frame): void {
    this.counters.ipPackets++
    if ((frame.flags & FrameFlag.fragment) === 0) {
      this.#flow(buf, frame, 1, undefined)
      return
    }
    const whole = wholeDatagram(this.#fragments, buf, frame)
    if (whole) this.#flow(whole.buf, frame, whole.packets, whole.ipBytes)
  }

  #flow(buf: Uint8Array, frame: Frame, packets: number, ipBytes: number | undefined): void {
    const step = this.#flows.observe(frame, packets, ipBytes)
    if (step.isNew && frame.proto === IpProto.tcp) this.#started(step, frame)
    if (step.isNewSender) this.#tell(step, buf, frame)
    if (frame.payloadOff < 0) return
    if (frame.proto === IpProto.tcp) this.#tcp(step, buf, frame)
    else if (frame.proto === IpProto.udp) this.#udp(step, buf, frame)
  }

  #started(step: FlowStep, frame: Frame): void {
    const { inventory } = this
    // Either port: the first packet captured may be an answer.
    if (inventory.isStartPort(frame.dstPort) || inventory.isStartPort(frame.srcPort)) inventory.started(step.flow, frame.at, frame.number)
  }

  #contextOf(flow: Flow, transport: 'tcp' | 'udp'): SessionContext {
    return { flow, transport, frame: () => this.#frame.number, emit: (fact) => this.#emit(fact, flow) }
  }

  #tell(step: FlowStep, buf: Uint8Array, frame: Frame): void {
    const host = this.inventory.sender(frame.vlan, frame.srcMac, senderOf(frame), frame.at, frame.number)
    this.#senders[2 * step.slot + step.direction] = host
    if (host && step.isNew && frame.proto === IpProto.tcp && (frame.tcpFlags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn) {
      this.inventory.opened(host, buf, frame)
    }
  }

  #udp(step: FlowStep, buf: Uint8Array, frame: Frame): void {
    const { slot, direction } = step
    if (frame.dstMac === MAC_BROADCAST) for (const d of this.detectors) d.broadcast?.(step.flow, frame.at, frame.number)
    if (this.#flows.attention(slot) === Attention.givenUp) return
    const { session } = this.#conversing[slot] ?? this.#openDatagrams(slot, step.flow)
    session.feed(direction, buf, frame.payloadOff, frame.payloadEnd, frame.at)
    if (isGivenUp(session)) this.#giveUp(slot)
  }

  /** A session is opened with the first payload: of a flood of bare SYNs nothing is kept but the flow. */
  #tcp(step: FlowStep, buf: Uint8Array, frame: Frame): void {
    const { slot, direction } = step
    const attention = this.#flows.attention(slot)
    if (attention === Attention.givenUp) return
    if (attention === Attention.none && frame.payloadWireLength === 0) {
      // Direction 0 sent the first SYN; one without ACK from the other side crossed it.
      if (direction === 1 && (frame.tcpFlags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn) this.#tcpCounts.simultaneousOpen++
      return
    }
    const conversing = this.#conversing[slot] ?? this.#openStream(slot, step.flow)
    if (!conversing.tcp) return
    conversing.tcp.stream.segment(direction, buf, frame, conversing.tcp.sink)
    if (isGivenUp(conversing.session)) this.#giveUp(slot)
  }

  #openDatagrams(slot: number, flow: Flow): Conversing {
    return this.#keep(slot, { flow, session: new IdentifyingSession(this.#registry, this.#contextOf(flow, 'udp')), tcp: null })
  }

  #openStream(slot: number, flow: Flow): Conversing {
    const session = new IdentifyingSession(this.#registry, this.#contextOf(flow, 'tcp'))
    const stream = new TcpStream(this.#budget, this.#tcpCounts, this.#overlapOf(flow))
    for (const direction of [0, 1] as const) {
      const syn = this.#flows.synOf(slot, direction)
      if (syn >= 0) stream.begin(direction, syn)
    }
    return this.#keep(slot, { flow, session, tcp: { stream, sink: new SessionSink(flow, session) } })
  }

  /** What direction 0 says is read by the responder. */
  #overlapOf(flow: Flow): OverlapPair | undefined {
    const { overlapOf } = this.#options
    return overlapOf && [overlapOf(flow.dst), overlapOf(flow.src)]
  }

  #keep(slot: number, conversing: Conversing): Conversing {
    this.#conversing[slot] = conversing
    this.#flows.setAttention(slot, Attention.reading)
    return conversing
  }

  /** Nobody will read this flow: its session and buffers go, its counts stay. */
  #giveUp(slot: number): void {
    this.#closeStream(this.#conversing[slot] ?? null)
    this.#conversing[slot] = null
    this.#flows.setAttention(slot, Attention.givenUp)
  }

  #closeStream(conversing: Conversing | null): void {
    if (!conversing?.tcp) return
    conversing.tcp.stream.discard()
  }

  #ended(flow: Flow, slot: number): void {
    const conversing = this.#conversing[slot] ?? null
    if (conversing) {
      this.#conversing[slot] = null
      conversing.tcp?.stream.finish(flow.lastAt, conversing.tcp.sink)
      conversing.session.end(flow.lastAt)
      this.#closeStream(conversing)
    }
    this.#seen(slot, flow.lastAt)
    this.#senders[2 * slot] = this.#senders[2 * slot + 1] = null
    this.talks.ended(flow)
    this.#health.ended(flow)
    this.#slices?.ended(flow)
  }

  #seen(slot: number, at: Micros): void {
    for (let i = 2 * slot; i < 2 * slot + 2; i++) {
      const host = this.#senders[i]
      if (host) this.inventory.seen(host, at)
    }
  }

  #emit(fact: Fact, flow: Flow | null): void {
    this.counters.facts++
    this.inventory.fact(fact, flow)
    // The monitor is the one that connects (facts on the device, section 1), whoever was heard first.
    if (flow && fact.protocol === 'cms8000' && fact.kind === 'stream' && fact.monitorSide === 1) this.talks.turn(flow)
    for (const detector of this.#listeners[fact.protocol]) detector.fact?.(fact, flow)
    this.#options.onFact?.(fact)
  }

  /** Live flows, in order of first packet. */
  liveFlows(): Flow[] {
    this.#flows.eachSlot((slot, lastAt) => this.#seen(slot, lastAt))
    return this.#flows.live()
  }

  /** Ends every flow. The capture is over, or the watch stops. */
  finish(): void {
    this.#fragments.finish()
    this.#flows.finish()
  }

  /** What was odd, by name, with counts; names sorted. */
  observations(): { readonly name: string; readonly count: number }[] {
    const counts = new Map<string, number>()
    this.#flagCounts.forEach((count, bit) => {
      for (const name of frameFlagNames(1 << bit)) counts.set(name, count)
    })
    addCounts(counts, this.#tcpCounts, 'tcp ')
    addCounts(counts, this.#fragments.observations(), 'ip ')
    addCounts(counts, Object.fromEntries(this.#tunnelCounts), 'tunnel ')
    const flows = this.#flows.counters()
    addCounts(counts, {
      'ip packetsOfIncompleteDatagrams': this.#incompletePackets,
      flowsEvicted: flows.evicted, talksNotKept: this.talks.notKept, hostsNotKept: this.inventory.refused,
    })
    return [...counts].filter(([, count]) => count > 0).map(([name, count]) => ({ name, count })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** What the sensor knows of itself as of now; `dropped` is what the capturing machine says it lost. */
  healthCounts(dropped: number): HealthCounts {
    return this.#health.counts(this.#flows.live(), dropped)
  }

  flowsOpened(): number {
    return this.#flows.counters().opened
  }
}

function senderOf({ ipVersion, addresses }: Frame): Ip {
  if (ipVersion === 4) return ipFromV4(addresses[3] as number)
  return ipFromWords(addresses[0] as number, addresses[1] as number, addresses[2] as number, addresses[3] as number)
}

function isGivenUp(session: IdentifyingSession): boolean {
  return session.verdict === 'unknown'
}

function addCounts(into: Map<string, number>, counts: Readonly<Record<string, number>>, prefix = ''): void {
  for (const [key, count] of Object.entries(counts)) {
    const name = prefix + key
    into.set(name, (into.get(name) ?? 0) + count)
  }
}
