// FlowTable: from frames to flows. Both directions of a 5-tuple in one VLAN are one Flow, with counters, state and an end.
// Keeps the rules: bounded, packet time only, same frames give the same flows, and no allocation but for a new flow.

import { ipFromV4, ipFromWords, type Ip } from '../base/ip.ts'
import { isGroupMac, type MacNumber } from '../base/mac.ts'
import { MICROS_PER_MINUTE, type Micros } from '../base/time.ts'
import { communityId } from './community-id.ts'
import { FlowAges } from './flow-ages.ts'
import { FlowIndex } from './flow-index.ts'
import { FlowKeyWords } from './flow-key.ts'
import { nextTcpState, tcpEvent, type TcpState } from './flow-state.ts'
import type { Direction, Flow, FlowState } from './flow.ts'
import { FrameFlag, IpProto, TcpFlag, type AddressWords, type Frame } from './frame.ts'

/** 2^18 live flows: Linux's nf_conntrack_max on a host above 4 GB, and some 200 MB here. */
export const FLOWS_MAX = 262_144

/** RFC 5382 REQ-5: an established connection may be silent for 2 hours 4 minutes. */
export const TCP_OPEN_IDLE_MICROS = 124 * MICROS_PER_MINUTE
/** RFC 5382 REQ-5: transitory connections (opening, refused, closing) get 4 minutes. */
export const TCP_TRANSITORY_IDLE_MICROS = 4 * MICROS_PER_MINUTE
/** RFC 4787 REQ-5 recommends 5 minutes or more for UDP; ICMP and the rest follow, so that a slow poll stays one flow. */
export const DATAGRAM_IDLE_MICROS = 5 * MICROS_PER_MINUTE

/** Classes of patience; the index into IDLE_MICROS. */
const AgeClass = { open: 0, transitory: 1, datagram: 2 } as const
const IDLE_MICROS: readonly Micros[] = [TCP_OPEN_IDLE_MICROS, TCP_TRANSITORY_IDLE_MICROS, DATAGRAM_IDLE_MICROS]
const CLASS_OF_STATE: { readonly [S in FlowState]: number } = {
  attempt: AgeClass.transitory, refused: AgeClass.transitory, closed: AgeClass.transitory,
  established: AgeClass.open, midstream: AgeClass.open, datagram: AgeClass.datagram,
}

/** Why a flow ended. `reused`: a SYN with another sequence number began a new connection on the same 5-tuple. */
export type FlowEnd = 'idle' | 'evicted' | 'reused' | 'finish'

/** What one frame did. One object, overwritten by every observe. */
export interface FlowStep {
  readonly flow: Flow
  readonly direction: Direction
  readonly isNew: boolean
}

export interface FlowTableOptions {
  readonly flowsMax?: number
  /** Hash seed; a live sensor passes a random one. It never shows in the output. */
  readonly seed?: number
  /** Called once per flow, before the step of the frame that ended it is returned. */
  readonly onEnd?: (flow: Flow, why: FlowEnd) => void
}

export interface FlowTableCounters {
  readonly live: number
  /** Flows opened so far. */
  readonly opened: number
  /** Flows ended to make room: above 0 the flow list is incomplete in its counters, never in its first packets. */
  readonly evicted: number
}

class FlowRecord implements Flow {
  readonly id: number
  readonly vlan: number
  readonly innerVlan: number
  readonly src: Ip
  readonly dst: Ip
  readonly proto: number
  readonly srcPort: number
  readonly dstPort: number
  readonly firstAt: Micros
  readonly firstFrame: number
  // Starts as a number, not undefined: V8 then keeps the field as a double and a store allocates nothing (flow-alloc.test.ts).
  lastAt: Micros = 0
  readonly macs: [MacNumber, MacNumber] = [-1, -1]
  readonly packets: [number, number] = [0, 0]
  readonly bytes: [number, number] = [0, 0]
  readonly payloadBytes: [number, number] = [0, 0]
  readonly tcpFlags: [number, number] = [0, 0]
  state: FlowState = 'datagram'
  protocol: string | null = null
  gapBytes = 0
  #communityId: string | null = null

  /** `swapped`: the sender of this first frame is the responder. */
  constructor(id: number, frame: Frame, swapped: boolean) {
    this.id = id
    this.vlan = frame.vlan
    this.innerVlan = frame.innerVlan
    this.src = addressText(frame.ipVersion, frame.addresses, swapped ? 4 : 0)
    this.dst = addressText(frame.ipVersion, frame.addresses, swapped ? 0 : 4)
    this.proto = frame.proto
    this.srcPort = swapped ? frame.dstPort : frame.srcPort
    this.dstPort = swapped ? frame.srcPort : frame.dstPort
    this.firstAt = frame.at
    this.firstFrame = frame.number
    this.lastAt = frame.at
  }

  communityId(): string {
    this.#communityId ??= communityId(this)
    return this.#communityId
  }
}

function addressText(version: number, words: AddressWords, off: number): Ip {
  if (version === 4) return ipFromV4(words[off + 3] as number)
  return ipFromWords(words[off] as number, words[off + 1] as number, words[off + 2] as number, words[off + 3] as number)
}

/** What the table knows of a live flow beside the Flow others see. */
interface Live {
  flow: FlowRecord
  ageClass: number
  /** The initiator is the low endpoint of the key. */
  initiatorIsLow: boolean
  /** Sequence number before the first byte per direction, or -1: tells a retried SYN from a new connection. */
  isn: [number, number]
}

/**
 * Feed it every frame that has an IP header, in capture order: whole datagrams only, later fragments go to IpReassembler
 * and come back once. A frame with a TCP or UDP protocol but no readable header counts in a flow with ports 0:
 * traffic that left is never left out. Both directions must carry the same VLAN tags.
 */
export class FlowTable {
  readonly #index: FlowIndex
  readonly #ages = new FlowAges(IDLE_MICROS.length)
  readonly #live: (Live | null)[] = []
  readonly #key = new FlowKeyWords()
  readonly #onEnd: (flow: Flow, why: FlowEnd) => void
  readonly #step: { flow: Flow | null; direction: Direction; isNew: boolean } = { flow: null, direction: 0, isNew: false }
  #opened = 0
  #evicted = 0

  constructor(options: FlowTableOptions = {}) {
    this.#index = new FlowIndex(options.flowsMax ?? FLOWS_MAX, options.seed ?? 0)
    this.#onEnd = options.onEnd ?? ((): void => {})
  }

  counters(): FlowTableCounters {
    return { live: this.#index.size, opened: this.#opened, evicted: this.#evicted }
  }

  /**
   * Counts one frame (or one reassembled datagram) in its flow. The step is valid until the next call.
   * `packets` and `ipBytes` are given for a reassembled datagram: how many packets and IP bytes it came in.
   */
  observe(frame: Frame, packets = 1, ipBytes = ipBytesOf(frame)): FlowStep {
    this.#expire(frame)
    const sourceIsLow = this.#key.fill(frame)
    let slot = this.#index.find(this.#key.words)
    if (slot >= 0 && this.#isReuse(this.#live[slot] as Live, frame, sourceIsLow)) {
      this.#end(slot, 'reused')
      slot = -1
    }
    const isNew = slot < 0
    if (isNew) slot = this.#open(frame, sourceIsLow)
    const live = this.#live[slot] as Live
    const direction: Direction = live.initiatorIsLow === sourceIsLow ? 0 : 1
    count(live.flow, direction, frame, packets, ipBytes)
    advance(live, direction, frame, isNew)
    const ageClass = CLASS_OF_STATE[live.flow.state]
    this.#ages.touch(slot, live.ageClass, ageClass)
    live.ageClass = ageClass
    return this.#answer(live.flow, direction, isNew)
  }

  /** Ends every live flow, in id order. The table may be used again after it; ids go on. */
  finish(): void {
    const slots: number[] = []
    this.#live.forEach((live, slot) => {
      if (live !== null) slots.push(slot)
    })
    slots.sort((a, b) => (this.#live[a] as Live).flow.id - (this.#live[b] as Live).flow.id)
    for (const slot of slots) this.#end(slot, 'finish')
  }

  #answer(flow: Flow, direction: Direction, isNew: boolean): FlowStep {
    const step = this.#step
    step.flow = flow
    step.direction = direction
    step.isNew = isNew
    return step as FlowStep
  }

  /** As Wireshark's tcp.stream: a SYN without ACK whose number differs from where this direction began. */
  #isReuse(live: Live, frame: Frame, sourceIsLow: boolean): boolean {
    if (!isTcp(frame) || (frame.tcpFlags & (TcpFlag.syn | TcpFlag.ack)) !== TcpFlag.syn) return false
    const isn = live.isn[live.initiatorIsLow === sourceIsLow ? 0 : 1]
    return isn >= 0 && isn !== frame.tcpSeq
  }

  #open(frame: Frame, sourceIsLow: boolean): number {
    if (this.#index.isFull) this.#evict()
    const swapped = isAnswer(frame)
    const flow = new FlowRecord(++this.#opened, frame, swapped)
    const slot = this.#index.add(this.#key.words)
    const ageClass = AgeClass.datagram
    this.#live[slot] = { flow, ageClass, initiatorIsLow: sourceIsLow !== swapped, isn: [-1, -1] }
    this.#ages.add(slot, ageClass)
    return slot
  }

  #end(slot: number, why: FlowEnd): void {
    const live = this.#live[slot] as Live
    this.#ages.remove(slot, live.ageClass)
    this.#index.remove(slot)
    this.#live[slot] = null
    this.#onEnd(live.flow, why)
  }

  /** Ends what was silent too long. Each pass ends a flow, so the loop is bounded by the flows there are. */
  #expire(frame: Frame): void {
    for (let ageClass = 0; ageClass < IDLE_MICROS.length; ageClass++) {
      const idleMax = IDLE_MICROS[ageClass] as Micros
      let slot = this.#ages.oldest(ageClass)
      while (slot >= 0 && frame.at - (this.#live[slot] as Live).flow.lastAt > idleMax) {
        this.#end(slot, 'idle')
        slot = this.#ages.oldest(ageClass)
      }
    }
  }

  /** Makes room: the least recently active of the most numerous class, so that a flood of one kind pushes out itself. */
  #evict(): void {
    this.#evicted++
    this.#end(this.#ages.oldest(this.#ages.largest()), 'evicted')
  }
}

/** A segment a host would look at: a header that could not be is counted as a packet, but moves no state. */
function isTcp(frame: Frame): boolean {
  return frame.proto === IpProto.tcp && frame.payloadOff >= 0 && (frame.flags & FrameFlag.transportInvalid) === 0
}

/** A SYN+ACK is an answer: its sender is the responder, even when the SYN was not captured. */
function isAnswer(frame: Frame): boolean {
  const both = TcpFlag.syn | TcpFlag.ack
  return isTcp(frame) && (frame.tcpFlags & both) === both && !isToItself(frame)
}

/** The same endpoint on both sides (a LAND packet, or a forged one): all of it counts as direction 0. */
function isToItself(frame: Frame): boolean {
  if (frame.srcPort !== frame.dstPort) return false
  for (let i = 0; i < 4; i++) if (frame.addresses[i] !== frame.addresses[i + 4]) return false
  return true
}

/** IP bytes on the wire; where there is no transport header, the captured ones, which is the least it was. */
function ipBytesOf(frame: Frame): number {
  if (frame.payloadOff >= 0) return frame.payloadOff - frame.ipOff + frame.payloadWireLength
  return Math.max(0, frame.l4End - frame.ipOff)
}

function count(flow: FlowRecord, direction: Direction, frame: Frame, packets: number, ipBytes: number): void {
  flow.packets[direction] += packets
  flow.bytes[direction] += ipBytes
  if (frame.payloadOff >= 0) flow.payloadBytes[direction] += frame.payloadWireLength
  if (frame.at > flow.lastAt) flow.lastAt = frame.at
  if (frame.srcMac >= 0) flow.macs[direction] = frame.srcMac
  // Until the other side speaks, the address the frame was sent to stands for it; a group address names nobody.
  const other: Direction = direction === 0 ? 1 : 0
  if (flow.macs[other] < 0 && frame.dstMac >= 0 && !isGroupMac(frame.dstMac)) flow.macs[other] = frame.dstMac
}

/** TCP only: flags, the first sequence number, the state. */
function advance(live: Live, direction: Direction, frame: Frame, isNew: boolean): void {
  if (frame.proto !== IpProto.tcp) return
  const flow = live.flow
  const before = isNew ? null : (flow.state as TcpState)
  if (!isTcp(frame)) {
    if (isNew) flow.state = 'midstream'
    return
  }
  const other: Direction = direction === 0 ? 1 : 0
  flow.tcpFlags[direction] |= frame.tcpFlags
  if (live.isn[direction] < 0) {
    const isSyn = (frame.tcpFlags & TcpFlag.syn) !== 0
    live.isn[direction] = isSyn ? frame.tcpSeq : (frame.tcpSeq - 1) >>> 0
  }
  const event = tcpEvent(frame.tcpFlags, direction, (flow.tcpFlags[other] & TcpFlag.fin) !== 0)
  flow.state = nextTcpState(before, event)
}
