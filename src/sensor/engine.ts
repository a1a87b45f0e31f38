// Engine: from the bytes of a capture to events in packet order: frames, datagrams put together, and the shard each packet falls to.
// Keeps the rule that what is heard does not depend on how many threads hear it: each engine walks all packets and owns some shards.

import { mix, mixed } from '../base/mix.ts'
import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { SensorHealth, sumFlows, type FlowCounts } from '../detect/sensor-health.ts'
import { arpFacts } from '../protocols/arp/index.ts'
import { ArpMemory } from '../protocols/arp/memory.ts'
import type { Fact } from '../protocols/facts.ts'
import { PacketFacts } from '../protocols/packets.ts'
import type { PacketSink } from '../wire/capture/capture.ts'
import { wholeDatagram } from '../wire/datagram.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { asOuterFrame } from '../wire/enter.ts'
import type { Flow } from '../wire/flow.ts'
import { Frame, FrameFlag, frameFlagNames, FrameStatus, IpProto, tunnelKindNames } from '../wire/frame.ts'
import type { OuterPacket, TunnelKindName } from '../wire/frame.ts'
import { IpReassembler, type Incomplete } from '../wire/reassembly/ip.ts'
import type { OverlapOf } from '../wire/reassembly/overlap.ts'
import { noCounts } from '../wire/reassembly/tcp.ts'
import { Shard, type ShardEvents } from './shard.ts'
import { SHARDS } from './shards.ts'

/** Frame.flags is a 32-bit number. */
const FLAG_BITS = 32

/**
 * When in a packet something happened: what ends by silence before it, then what the link says, then its flow, then the flows around it.
 * With the number of the packet this is the order of all events, whoever tells them.
 */
export const Phase = { silence: 0, link: 1, flow: 2 } as const

export interface EngineEvents extends Omit<ShardEvents, 'frame' | 'nextId' | 'fact'> {
  /** `flow` is null for what the link says. */
  fact(fact: Fact, flow: Flow | null): void
}

export interface EngineOptions {
  /** Mixed into every hash, so that a stranger cannot aim at one place of a table: random when live. It never shows in the output. */
  readonly seed: number
  readonly events: EngineEvents
  readonly startPorts: ReadonlySet<number>
  readonly tellsEnded: boolean
  readonly overlapOf: OverlapOf | undefined
  /** Called for each flow that is opened, before anything is told of it. */
  readonly onOpen?: () => void
  /** Shards that are this engine's; left out: all. */
  readonly owned?: readonly number[]
  /** Of several engines one says what belongs to no flow; left out: this one. */
  readonly isLead?: boolean
}

export interface EngineCounters {
  readonly packets: number
  readonly bytes: number
  readonly firstAt: Micros | null
  readonly lastAt: Micros | null
  readonly arpFrames: number
  readonly ipPackets: number
}

/** What an engine has counted, to be added up with those of others. */
export interface EngineCounts {
  readonly counters: EngineCounters
  readonly opened: number
  /** By name. */
  readonly observations: Readonly<Record<string, number>>
  readonly ended: FlowCounts
}

export class Engine implements PacketSink {
  readonly health = new SensorHealth()
  /** Those it owns, in order. */
  readonly shards: readonly Shard[]
  /** Phase of the event being told, and within `silence` the id of the flow. */
  phase: number = Phase.silence
  order = 0
  readonly #events: EngineEvents
  readonly #isLead: boolean
  /** By shard number; null for those of others. */
  readonly #byNumber: readonly (Shard | null)[]
  readonly #frame = new Frame()
  /** A packet around the one in #frame. */
  readonly #around = new Frame()
  readonly #fragments: IpReassembler
  readonly #packets = new PacketFacts()
  readonly #arp: ArpMemory
  /** By bit of Frame.flags. */
  readonly #flagCounts = new Float64Array(FLAG_BITS)
  readonly #tunnelCounts = new Map<TunnelKindName, number>()
  /** Of all streams together. */
  readonly #tcpCounts = noCounts()
  /** Fragments whose datagram never became whole: they are in no flow, so they are counted here. */
  #incompletePackets = 0
  #second = Number.NaN
  #packetCount = 0
  #bytes = 0
  /** Not null while there is none: a number that may be null is an object, made anew for each packet. */
  #firstAt: Micros = Number.POSITIVE_INFINITY
  #lastAt: Micros = Number.NEGATIVE_INFINITY
  #arpFrames = 0
  #ipPackets = 0
  #opened = 0
  readonly #emitLink = (fact: Fact): void => this.#events.fact(fact, null)

  constructor(options: EngineOptions) {
    const { seed, events, startPorts, tellsEnded, overlapOf, owned, isLead, onOpen } = options
    this.#events = events
    this.#isLead = isLead ?? true
    this.#arp = new ArpMemory(seed)
    const onIncomplete = (datagram: Incomplete): number => (this.#incompletePackets += datagram.packets)
    this.#fragments = new IpReassembler({ onIncomplete, overlapOf, seed })
    const shardEvents: ShardEvents = {
      frame: () => this.#frame.number, nextId: () => (onOpen?.(), ++this.#opened), fact: (fact, flow) => events.fact(fact, flow),
      sender: (shard, row, frame) => events.sender(shard, row, frame), started: (flow, frame) => events.started(flow, frame),
      opened: (shard, row, syn) => events.opened(shard, row, syn), broadcast: (flow, frame) => events.broadcast(flow, frame),
      ended: (flow) => events.ended(flow),
    }
    const open = (): Shard => new Shard({ seed, events: shardEvents, tcpCounts: this.#tcpCounts, startPorts, tellsEnded, overlapOf })
    this.#byNumber = Array.from({ length: SHARDS }, (_, i) => (owned === undefined || owned.includes(i) ? open() : null))
    this.shards = this.#byNumber.filter((shard) => shard !== null)
  }

  /** Number of the packet at work. */
  get frameNumber(): number {
    return this.#frame.number
  }

  get counters(): EngineCounters {
    const isAny = this.#packetCount > 0
    return {
      packets: this.#packetCount, bytes: this.#bytes, firstAt: isAny ? this.#firstAt : null, lastAt: isAny ? this.#lastAt : null,
      arpFrames: this.#arpFrames, ipPackets: this.#ipPackets,
    }
  }

  get opened(): number {
    return this.#opened
  }

  packet(buf: Uint8Array, off: number, end: number, at: Micros, wireLength: number, linkType: number): void {
    const frame = this.#frame
    this.#packetCount++
    this.#bytes += wireLength
    if (at < this.#firstAt) this.#firstAt = at
    if (at > this.#lastAt) this.#lastAt = at
    beginFrame(frame, this.#packetCount, at, wireLength, end - off)
    const second = Math.floor(at / MICROS_PER_SECOND)
    if (second !== this.#second) this.#silence(at, second)
    const status = decodeFrame(buf, off, end, linkType, frame)
    if (this.#isLead) this.#once(buf, frame, end)
    if (status >= FrameStatus.network) this.#datagram(buf, frame)
    if (this.#isLead && frame.flags !== 0) this.#countFlags(frame.flags)
    if (frame.tunnels !== 0) this.#tunnelled(buf, frame)
  }

  /** What is said once, whoever owns the flow. */
  #once(buf: Uint8Array, frame: Frame, end: number): void {
    this.health.packet(frame)
    this.phase = Phase.link
    if (frame.linkOff >= 0) this.#packets.link(buf, frame, end, this.#emitLink)
    if (frame.arpOff < 0) return
    this.#arpFrames++
    arpFacts(buf, frame, this.#emitLink, this.#arp)
  }

  /** Who carried it spoke to somebody too: each packet around is counted in a flow of its own, so that no tunnel hides where it leads. */
  #tunnelled(buf: Uint8Array, frame: Frame): void {
    if (this.#isLead) for (const name of tunnelKindNames(frame.tunnelKinds)) this.#tunnelCounts.set(name, (this.#tunnelCounts.get(name) ?? 0) + 1)
    for (let i = 0; i < frame.outerCount; i++) {
      const outer = frame.outers[i] as OuterPacket
      this.phase = Phase.flow + 1 + i
      const around = asOuterFrame(frame, outer, this.#around)
      this.#byNumber[shardOf(around)]?.take(buf, around, outer.packets, outer.ipBytes)
    }
  }

  #countFlags(flags: number): void {
    for (let rest = flags; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest)
      this.#flagCounts[bit] = (this.#flagCounts[bit] as number) + 1
    }
  }

  #datagram(buf: Uint8Array, frame: Frame): void {
    this.#ipPackets++
    if ((frame.flags & FrameFlag.fragment) === 0) this.#whole(buf, frame, 1, undefined)
    else {
      const whole = wholeDatagram(this.#fragments, buf, frame)
      if (whole) this.#whole(whole.buf, frame, whole.packets, whole.ipBytes)
    }
  }

  /** What a packet without ports teaches belongs to no flow. */
  #whole(buf: Uint8Array, frame: Frame, packets: number, ipBytes: number | undefined): void {
    if (this.#isLead && frame.proto !== IpProto.tcp && frame.proto !== IpProto.udp) {
      this.phase = Phase.link
      this.#packets.ip(buf, frame, this.#emitLink)
    }
    this.phase = Phase.flow
    this.#byNumber[shardOf(frame)]?.take(buf, frame, packets, ipBytes)
  }

  /** Once in a second of packet time: ends the flows that were silent too long, in order of id. */
  #silence(at: Micros, second: number): void {
    this.#second = second
    let over: EndingOf[] | null = null
    for (const shard of this.shards) {
      const slots = shard.flows.overdue(at)
      if (slots.length > 0) (over ??= []).push({ shard, slots, at: 0 })
    }
    if (over !== null) this.#end(over, 'idle')
  }

  /** In order of id, as the list of each shard is. No object per flow: a flood leaves as many as there is room for. */
  #end(over: readonly EndingOf[], why: 'idle' | 'finish'): void {
    this.phase = Phase.silence
    for (let next = firstOf(over); next !== null; next = firstOf(over)) {
      const slot = next.slots[next.at++] as number
      this.order = next.shard.flows.idOf(slot)
      next.shard.flows.end(slot, why)
    }
    this.order = 0
  }

  /** Live flows, in order of first packet. */
  live(): Flow[] {
    return this.shards.flatMap((shard) => shard.flows.live()).sort((a, b) => a.id - b.id)
  }

  /** Ends every flow. The capture is over, or the watch stops. */
  finish(): void {
    this.#fragments.finish()
    this.#end(this.shards.map((shard) => ({ shard, slots: shard.flows.liveSlots(), at: 0 })), 'finish')
    for (const shard of this.shards) shard.shrink()
    this.tellRepeats()
  }

  /** Tells what was counted and not told since the last time. */
  tellRepeats(): void {
    this.phase = Phase.link
    this.#arp.drain(this.#emitLink)
  }

  counts(): EngineCounts {
    return { counters: this.counters, opened: this.#opened, observations: this.#observations(), ended: sumFlows(this.shards.map((s) => s.ended)) }
  }

  /** What was odd, by name. */
  #observations(): Record<string, number> {
    const counts: Record<string, number> = {}
    this.#flagCounts.forEach((count, bit) => {
      for (const name of frameFlagNames(1 << bit)) counts[name] = count
    })
    addCounts(counts, this.#tcpCounts, 'tcp ')
    if (this.#isLead) {
      addCounts(counts, this.#fragments.observations(), 'ip ')
      addCounts(counts, Object.fromEntries(this.#tunnelCounts), 'tunnel ')
      addCounts(counts, { 'ip packetsOfIncompleteDatagrams': this.#incompletePackets })
    }
    for (const shard of this.shards) {
      const { evicted } = shard.flows.counters()
      addCounts(counts, { flowsEvicted: evicted, flowsNotRead: shard.notRead, talksNotKept: shard.talks.notKept, hostsNotKept: shard.senders.refused })
      addCounts(counts, { streamsNotKept: shard.talks.spansNotKept })
    }
    return counts
  }
}

/** Flows of a shard that end, and how many of them have. */
interface EndingOf {
  readonly shard: Shard
  readonly slots: readonly number[]
  at: number
}

/** Whose next flow came first; null when all have ended. */
function firstOf(lists: readonly EndingOf[]): EndingOf | null {
  let first: EndingOf | null = null
  let firstId = Number.POSITIVE_INFINITY
  for (const list of lists) {
    if (list.at >= list.slots.length) continue
    const id = list.shard.flows.idOf(list.slots[list.at] as number)
    if (id >= firstId) continue
    first = list
    firstId = id
  }
  return first
}

/** By the two addresses, the same both ways. */
function shardOf({ addresses }: Frame): number {
  let sum = 0
  let either = 0
  for (let i = 0; i < 4; i++) {
    const a = (addresses[i] as number) | 0
    const b = (addresses[i + 4] as number) | 0
    sum = (((sum + a) | 0) + b) | 0
    either = mix(either, a ^ b)
  }
  return mixed(mix(either, sum)) & (SHARDS - 1)
}

export function addCounts(into: Record<string, number>, counts: Readonly<Record<string, number>>, prefix = ''): void {
  for (const [key, count] of Object.entries(counts)) into[prefix + key] = (into[prefix + key] ?? 0) + count
}
