// FlowTable: from frames to flows. Both directions of a 5-tuple in one VLAN are one Flow, with counters, state and an end.
// Keeps the rules: bounded, packet time only, same frames give the same flows, and no allocation but for a new flow.

import { isGroupMac } from '../base/mac.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { FlowAges } from './flow-ages.ts'
import { FlowIndex } from './flow-index.ts'
import { FlowKeyWords } from './flow-key.ts'
import { FLOW_STRIDE, FLOW_STRIDE_NUMBERS, FlowKnown, FlowNumber, FlowWord } from './flow-record.ts'
import { DATAGRAM_CODE, FIRST_CODE, FLOW_STATES, MIDSTREAM_CODE, nextStateCode } from './flow-state.ts'
import type { FlowSum } from './flow-sum.ts'
import { FlowViews } from './flow-views.ts'
import type { Direction, Flow, FlowState } from './flow.ts'
import { FrameFlag, IpProto, TcpFlag, type Frame } from './frame.ts'

/** 2^18 live flows: Linux's nf_conntrack_max on a host above 4 GB, and 50 MB here. */
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

/** Age class by state code. */
const CLASS_OF_CODE = Uint8Array.from(FLOW_STATES.map((state) => CLASS_OF_STATE[state]))

/**
 * Silence is looked for, and a flow moves to the young end of its list, once in this much packet time: to the second is enough for limits
 * of minutes, and a busy flow then costs nothing. A flow that speaks again after its limit is another flow all the same, to the microsecond.
 */
const TICK_MICROS = MICROS_PER_SECOND

/** Why a flow ended. `reused`: a SYN with another sequence number began a new connection on the same 5-tuple. */
export type FlowEnd = 'idle' | 'evicted' | 'reused' | 'finish'

/** What one frame did. One object, overwritten by every observe. */
export interface FlowStep {
  /** The flow's place in the table while it lives; given to another flow after its end. */
  readonly slot: number
  readonly direction: Direction
  readonly isNew: boolean
  /** The first packet of this direction, or one that came from another card than the one before it. */
  readonly isNewSender: boolean
  /** The flow itself, made when first asked for. */
  readonly flow: Flow
}

export interface FlowTableOptions {
  readonly flowsMax?: number
  /** Hash seed; a live sensor passes a random one. It never shows in the output. */
  readonly seed?: number
  /** Called once per flow, before the step of the frame that ended it is returned. The flow is valid during the call. */
  readonly onEnd?: (flow: Flow, why: FlowEnd, slot: number) => void
  /** The same for an owner who reads the record: no view is made. */
  readonly onSlotEnd?: (slot: number, why: FlowEnd) => void
  /** Ids of flows, where several tables share one sequence; left out: this table's own, from 1. */
  readonly nextId?: () => number
}

export interface FlowTableCounters {
  readonly live: number
  /** Flows opened so far. */
  readonly opened: number
  /** Flows ended to make room: above 0 the flow list is incomplete in its counters, never in its first packets. */
  readonly evicted: number
}

class Step implements FlowStep {
  slot = 0
  direction: Direction = 0
  isNew = false
  isNewSender = false
  readonly #table: FlowTable

  constructor(table: FlowTable) {
    this.#table = table
  }

  get flow(): Flow {
    return this.#table.flowAt(this.slot)
  }
}

/**
 * Feed it every frame that has an IP header, in capture order: whole datagrams only, later fragments go to IpReassembler
 * and come back once. A frame with a TCP or UDP protocol but no readable header counts in a flow with ports 0:
 * traffic that left is never left out. Both directions must carry the same VLAN tags.
 */
export class FlowTable {
  readonly #index: FlowIndex
  readonly #ages = new FlowAges(IDLE_MICROS.length)
  readonly #views: FlowViews
  readonly #key = new FlowKeyWords()
  readonly #onEnd: (flow: Flow, why: FlowEnd, slot: number) => void
  readonly #onSlotEnd: ((slot: number, why: FlowEnd) => void) | null
  readonly #nextId: (() => number) | null
  readonly #step = new Step(this)
  #tick = -1
  #opened = 0
  #evicted = 0

  constructor(options: FlowTableOptions = {}) {
    this.#index = new FlowIndex(options.flowsMax ?? FLOWS_MAX, options.seed ?? 0, FLOW_STRIDE)
    this.#views = new FlowViews(this.#index)
    this.#onEnd = options.onEnd ?? ((): void => {})
    this.#onSlotEnd = options.onSlotEnd ?? null
    this.#nextId = options.nextId ?? null
  }

  counters(): FlowTableCounters {
    return { live: this.#index.size, opened: this.#opened, evicted: this.#evicted }
  }

  /**
   * Counts one frame (or one reassembled datagram) in its flow. The step is valid until the next call.
   * `packets` and `ipBytes` are given for a reassembled datagram: how many packets and IP bytes it came in.
   */
  observe(frame: Frame, packets = 1, ipBytes = ipBytesOf(frame)): FlowStep {
    const tick = tickOf(frame.at)
    if (tick !== this.#tick) for (const slot of this.overdue(frame.at)) this.end(slot, 'idle')
    const sourceIsLow = this.#key.fill(frame)
    let slot = this.#index.find(this.#key.words)
    if (slot >= 0 && this.#isOver(slot, frame, sourceIsLow)) slot = -1
    const isNew = slot < 0
    if (isNew) slot = this.#open(frame, sourceIsLow, tick)
    const words = this.#index.words
    const base = slot * FLOW_STRIDE
    const srcIsLow = (words[base + FlowWord.srcIsLow] as number) === 1
    const direction: Direction = srcIsLow === sourceIsLow ? 0 : 1
    const step = this.#step
    step.slot = slot
    step.direction = direction
    step.isNew = isNew
    step.isNewSender = this.#count(slot, direction, frame, packets, ipBytes)
    if (frame.proto === IpProto.tcp) advance(words, base, direction, frame, isNew)
    const ageClass = CLASS_OF_CODE[words[base + FlowWord.state] as number] as number
    const before = words[base + FlowWord.ageClass] as number
    if (ageClass !== before || words[base + FlowWord.tick] !== tick) {
      this.#ages.touch(slot, before, ageClass)
      words[base + FlowWord.ageClass] = ageClass
      words[base + FlowWord.tick] = tick
    }
    return step
  }

  /** The flow of a live slot, valid until its onEnd has returned (copyFlow keeps it longer). */
  flowAt(slot: number): Flow {
    return this.#views.at(slot)
  }

  /** Nobody holds the flow any more: its view goes, what it has learnt stays with the flow. */
  release(slot: number): void {
    this.#views.release(slot)
  }

  /** The flow as numbers, which stand until `into` is filled again. */
  sum(slot: number, into: FlowSum): FlowSum {
    return into.fromRecord(this.#index, slot, this.#views.learnt(slot))
  }

  /** Flows that somebody may hold at this moment. */
  get viewed(): number {
    return this.#views.size
  }

  /** A number that the owner of the table keeps with a live flow; 0 when the flow is new. */
  attention(slot: number): number {
    return this.#index.words[slot * FLOW_STRIDE + FlowWord.attention] as number
  }

  setAttention(slot: number, attention: number): void {
    this.#index.words[slot * FLOW_STRIDE + FlowWord.attention] = attention
  }

  /** Sequence number of the last SYN of this direction, or -1. */
  synOf(slot: number, direction: Direction): number {
    const base = slot * FLOW_STRIDE
    const isKnown = ((this.#index.words[base + FlowWord.known] as number) & (FlowKnown.syn << direction)) !== 0
    return isKnown ? (this.#index.words[base + FlowWord.syn + direction] as number) >>> 0 : -1
  }

  /** Live flows in order of first packet. */
  live(): Flow[] {
    return this.liveSlots().map((slot) => this.#views.at(slot))
  }

  /** Live flows by place, in no order, with the time of their last packet. */
  eachSlot(tell: (slot: number, lastAt: Micros) => void): void {
    for (let ageClass = 0; ageClass < IDLE_MICROS.length; ageClass++) {
      for (let slot = this.#ages.oldest(ageClass); slot >= 0; slot = this.#ages.younger(slot)) tell(slot, this.#lastAt(slot))
    }
  }

  /** Ends every live flow, in id order. The table may be used again after it; ids go on. */
  finish(): void {
    for (const slot of this.liveSlots()) this.end(slot, 'finish')
  }

  /** Every flow has ended: what they took is given back before the report is made. The table may be used again; ids go on. */
  shrink(): void {
    this.#index.shrink()
    this.#ages.shrink()
    this.#views.shrink()
  }

  /** Places of the live flows, in order of id. */
  liveSlots(): number[] {
    const slots: number[] = []
    for (let ageClass = 0; ageClass < IDLE_MICROS.length; ageClass++) this.#ages.collect(ageClass, slots)
    return this.#inIdOrder(slots)
  }

  #inIdOrder(slots: number[]): number[] {
    return slots.sort((a, b) => this.idOf(a) - this.idOf(b))
  }

  /** The id of the flow that has this place. */
  idOf(slot: number): number {
    return this.#index.words[slot * FLOW_STRIDE + FlowWord.id] as number
  }

  /** Ends the flow when the frame cannot belong to it: its time is over, or a new connection begins. */
  #isOver(slot: number, frame: Frame, sourceIsLow: boolean): boolean {
    const { words, numbers } = this.#index
    const base = slot * FLOW_STRIDE
    const silence = frame.at - (numbers[slot * FLOW_STRIDE_NUMBERS + FlowNumber.lastAt] as number)
    if (silence > (IDLE_MICROS[words[base + FlowWord.ageClass] as number] as Micros)) this.end(slot, 'idle')
    else if (isTcp(frame) && isReuse(words, base, frame, sourceIsLow)) this.end(slot, 'reused')
    else return false
    return true
  }

  #open(frame: Frame, sourceIsLow: boolean, tick: number): number {
    if (this.#index.isFull) this.#evict()
    const swapped = isAnswer(frame)
    const slot = this.#index.add(this.#key.words)
    const { words, numbers } = this.#index
    const base = slot * FLOW_STRIDE
    const first = slot * FLOW_STRIDE_NUMBERS
    words[base + FlowWord.srcIsLow] = sourceIsLow === swapped ? 0 : 1
    this.#opened++
    words[base + FlowWord.id] = this.#nextId === null ? this.#opened : this.#nextId()
    words[base + FlowWord.tick] = tick
    words[base + FlowWord.attention] = 0
    words[base + FlowWord.flags] = words[base + FlowWord.flags + 1] = 0
    words[base + FlowWord.known] = words[base + FlowWord.learnt] = 0
    words[base + FlowWord.state] = DATAGRAM_CODE
    words[base + FlowWord.ageClass] = AgeClass.datagram
    words[base + FlowWord.firstFrame] = frame.number
    words[base + FlowWord.ports] = swapped ? (frame.dstPort << 16) | frame.srcPort : (frame.srcPort << 16) | frame.dstPort
    numbers[first + FlowNumber.lastAt] = numbers[first + FlowNumber.firstAt] = frame.at
    for (let i = 0; i < 2; i++) {
      numbers[first + FlowNumber.bytes + i] = 0
      numbers[first + FlowNumber.payloadBytes + i] = 0
      numbers[first + FlowNumber.packets + i] = 0
      numbers[first + FlowNumber.mac + i] = -1
    }
    this.#ages.add(slot, AgeClass.datagram)
    return slot
  }

  /** True when the direction speaks for the first time, or from another card. */
  #count(slot: number, direction: Direction, frame: Frame, packets: number, ipBytes: number): boolean {
    const numbers = this.#index.numbers
    const first = slot * FLOW_STRIDE_NUMBERS
    const mine = first + direction
    const isFirst = numbers[mine + FlowNumber.packets] === 0
    numbers[mine + FlowNumber.packets] = (numbers[mine + FlowNumber.packets] as number) + packets
    numbers[mine + FlowNumber.bytes] = (numbers[mine + FlowNumber.bytes] as number) + ipBytes
    if (frame.payloadOff >= 0) {
      numbers[mine + FlowNumber.payloadBytes] = (numbers[mine + FlowNumber.payloadBytes] as number) + frame.payloadWireLength
    }
    if (frame.at > (numbers[first + FlowNumber.lastAt] as number)) numbers[first + FlowNumber.lastAt] = frame.at
    const isOtherCard = frame.srcMac >= 0 && numbers[mine + FlowNumber.mac] !== frame.srcMac
    if (isOtherCard) numbers[mine + FlowNumber.mac] = frame.srcMac
    // Until the other side speaks, the address the frame was sent to stands for it; a group address names nobody.
    const other = first + FlowNumber.mac + (direction === 0 ? 1 : 0)
    if ((numbers[other] as number) < 0 && frame.dstMac >= 0 && !isGroupMac(frame.dstMac)) numbers[other] = frame.dstMac
    return isFirst || isOtherCard
  }

  /** Ends a live flow. */
  end(slot: number, why: FlowEnd): void {
    this.#ages.remove(slot, this.#index.words[slot * FLOW_STRIDE + FlowWord.ageClass] as number)
    if (this.#onSlotEnd === null) this.#onEnd(this.#views.at(slot), why, slot)
    else this.#onSlotEnd(slot, why)
    this.#views.drop(slot)
    this.#index.remove(slot)
  }

  /**
   * Whoever was silent too long, in order of id; the caller ends them. Looks at the flows that came to rest in a second old enough, and
   * stops at the first one after it: each is told now or, at most once per second, looked at again. Nothing twice in the same second.
   */
  overdue(at: Micros): readonly number[] {
    const tick = tickOf(at)
    if (tick === this.#tick) return NO_SLOTS
    this.#tick = tick
    const over: number[] = []
    for (let ageClass = 0; ageClass < IDLE_MICROS.length; ageClass++) {
      const idleMax = IDLE_MICROS[ageClass] as Micros
      const ticksMax = idleMax / TICK_MICROS
      for (let slot = this.#ages.oldest(ageClass); slot >= 0 && tick - this.#tickOf(slot) >= ticksMax; slot = this.#ages.younger(slot)) {
        if (at - this.#lastAt(slot) > idleMax) over.push(slot)
      }
    }
    return over.length > 1 ? this.#inIdOrder(over) : over
  }

  #tickOf(slot: number): number {
    return this.#index.words[slot * FLOW_STRIDE + FlowWord.tick] as number
  }

  #lastAt(slot: number): Micros {
    return this.#index.numbers[slot * FLOW_STRIDE_NUMBERS + FlowNumber.lastAt] as Micros
  }

  /** Makes room: the least recently active of the most numerous class, so that a flood of one kind pushes out itself. */
  #evict(): void {
    this.#evicted++
    this.end(this.#ages.oldest(this.#ages.largest()), 'evicted')
  }
}

const NO_SLOTS: readonly number[] = []

function tickOf(at: Micros): number {
  return Math.floor(at / TICK_MICROS) | 0
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

/** As Wireshark's tcp.stream: a SYN without ACK whose number differs from where this direction began. */
function isReuse(words: Int32Array, base: number, frame: Frame, sourceIsLow: boolean): boolean {
  if ((frame.tcpFlags & (TcpFlag.syn | TcpFlag.ack)) !== TcpFlag.syn) return false
  const direction = ((words[base + FlowWord.srcIsLow] as number) === 1) === sourceIsLow ? 0 : 1
  const isKnown = ((words[base + FlowWord.known] as number) & (FlowKnown.isn << direction)) !== 0
  return isKnown && words[base + FlowWord.isn + direction] !== (frame.tcpSeq | 0)
}

/** TCP only: flags, the first sequence number, the last SYN, the state. */
function advance(words: Int32Array, base: number, direction: Direction, frame: Frame, isNew: boolean): void {
  if (!isTcp(frame)) {
    if (isNew) words[base + FlowWord.state] = MIDSTREAM_CODE
    return
  }
  const flags = frame.tcpFlags
  const otherFlags = words[base + FlowWord.flags + (direction === 0 ? 1 : 0)] as number
  words[base + FlowWord.flags + direction] = (words[base + FlowWord.flags + direction] as number) | flags
  const isSyn = (flags & TcpFlag.syn) !== 0
  const known = words[base + FlowWord.known] as number
  if ((known & (FlowKnown.isn << direction)) === 0) {
    words[base + FlowWord.isn + direction] = isSyn ? frame.tcpSeq : frame.tcpSeq - 1
    words[base + FlowWord.known] = known | (FlowKnown.isn << direction)
  }
  if (isSyn) {
    words[base + FlowWord.syn + direction] = frame.tcpSeq
    words[base + FlowWord.known] = (words[base + FlowWord.known] as number) | (FlowKnown.syn << direction)
  }
  const before = isNew ? FIRST_CODE : (words[base + FlowWord.state] as number)
  words[base + FlowWord.state] = nextStateCode(before, flags, direction, (otherFlags & TcpFlag.fin) !== 0)
}
