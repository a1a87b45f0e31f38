// TcpStream: a TCP connection seen from outside, both directions in order, with gaps where bytes never came.
// Keeps the rule that nobody on the wire can end the reading alone: a RST or a lone FIN is noted, and data after it still flows.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../flow.ts'
import { FrameFlag, TcpFlag, type Frame } from '../frame.ts'
import { isChecksumWrong } from './checksum.ts'
import { HalfStream, noCounts, TcpBudget, type TcpCounts, type TcpSink } from './half.ts'
import { OVERLAP_DEFAULT, SEGMENT_WINS, type OverlapPolicy } from './overlap.ts'

export {
  BUDGET_BYTES_MAX, HELD_BYTES_MAX, HELD_PIECES_MAX, noCounts, PATIENCE_MICROS, PATIENCE_PACKETS, TcpBudget, WINDOW_BYTES_MAX,
  type TcpCounts, type TcpNote, type TcpSink,
} from './half.ts'

/** Flags that the many segments of a connection do not have. */
const RARE_FLAGS = TcpFlag.fin | TcpFlag.syn | TcpFlag.rst | TcpFlag.urg
const BOTH_SIDES = 3
/** Of direction 0 and of direction 1. */
export type OverlapPair = readonly [OverlapPolicy, OverlapPolicy]
const DEFAULT_OVERLAP: OverlapPair = [OVERLAP_DEFAULT, OVERLAP_DEFAULT]

/**
 * One per flow. Feed every segment of the flow in capture order, then finish() when the flow ends. Calls the sink's data and gap
 * in stream order per direction, and end once: when both sides' FINs were reached, or at finish.
 *
 * A RST does not end the stream: endpoints may ignore one (PAWS, RFC 5961; capture frag/sv__bug-3286-03 goes on after RST and FIN),
 * and an eye that closes then can be closed by anyone.
 */
export class TcpStream {
  readonly #counts: TcpCounts
  readonly #halves: readonly [HalfStream, HalfStream]
  #reset = false
  #ended = false
  /** A bit per direction: a SYN without ACK came from there. */
  #calls = 0

  /**
   * Streams of one sensor share a budget, which bounds the sum of what they hold, and may count into one object: a flow is cheaper
   * without its own. `overlap`, per direction, is the policy of the host which receives it.
   */
  constructor(budget: TcpBudget = new TcpBudget(), counts: TcpCounts = noCounts(), overlap: OverlapPair = DEFAULT_OVERLAP) {
    this.#counts = counts
    this.#halves = [
      new HalfStream(0, counts, budget, SEGMENT_WINS[overlap[0]]), new HalfStream(1, counts, budget, SEGMENT_WINS[overlap[1]]),
    ]
  }

  /** No more data will come out. */
  get ended(): boolean {
    return this.#ended
  }

  /** A RST was seen. */
  get wasReset(): boolean {
    return this.#reset
  }

  /** Counters by name; every name is always there. A copy; of all streams when they share one object. */
  observations(): TcpCounts {
    return { ...this.#counts }
  }

  /** Where a direction begins, from a SYN that came before this stream was needed. */
  begin(direction: Direction, seq: number): void {
    this.#halves[direction].syn(seq)
  }

  /** One decoded TCP segment; the frame's payload offsets are into `buf`. Never throws on bytes. */
  segment(direction: Direction, buf: Uint8Array, frame: Frame, sink: TcpSink): void {
    if (frame.payloadOff < 0 || (frame.flags & FrameFlag.transportInvalid) !== 0) {
      this.#counts.badHeader++
      return
    }
    const half = this.#halves[direction]
    if (this.#ended) {
      if (frame.payloadWireLength > 0) half.late(frame.tcpSeq | 0, frame.payloadWireLength)
      return
    }
    this.#setTime(frame.at)
    if (half.ttl !== frame.ttl) this.#onTtl(half, frame.ttl)
    const flags = frame.tcpFlags
    if ((flags & RARE_FLAGS) === 0) this.#data(half, frame.tcpSeq | 0, buf, frame, sink)
    else if ((flags & TcpFlag.rst) !== 0) this.#onReset(half, frame.tcpSeq | 0)
    else this.#rare(direction, buf, frame, sink)
    if ((flags & (TcpFlag.ack | TcpFlag.rst)) === TcpFlag.ack) this.#halves[direction === 0 ? 1 : 0].acknowledged(frame.tcpAck | 0)
    this.#halves[0].settle(sink)
    this.#halves[1].settle(sink)
    if (this.#halves[0].isFinished && this.#halves[1].isFinished) this.#end(sink, frame.at)
  }

  /** The flow is over: hands on what is held, with its gaps, and ends. Does nothing when already ended. */
  finish(at: Micros, sink: TcpSink): void {
    if (this.#ended) return
    this.#setTime(at)
    this.#end(sink, at)
  }

  /** Nobody reads this stream any more: gives held memory back to the budget and tells the sink nothing. */
  discard(): void {
    this.#ended = true
    this.#halves[0].discard()
    this.#halves[1].discard()
  }

  /** A RST carries no stream bytes (RFC 9293 section 3.5.3), and its ACK field often is made up. */
  #onReset(half: HalfStream, seq: number): void {
    this.#counts.reset++
    if (!half.mayReset(seq)) this.#counts.resetOutOfWindow++
    this.#reset = true
  }

  #onTtl(half: HalfStream, ttl: number): void {
    if (half.ttl >= 0) this.#counts.ttlDiffers++
    half.ttl = ttl
  }

  /** A SYN without ACK (RFC 9293 section 3.5, figure 7). */
  #onCall(direction: Direction): void {
    if (this.#calls === BOTH_SIDES) return
    this.#calls |= 1 << direction
    if (this.#calls === BOTH_SIDES) this.#counts.simultaneousOpen++
  }

  /** `seq` is that of the first byte. */
  #data(half: HalfStream, seq: number, buf: Uint8Array, frame: Frame, sink: TcpSink): void {
    const wire = frame.payloadWireLength
    if (wire === 0) {
      half.empty(seq)
      return
    }
    if (this.#reset) this.#counts.dataAfterReset++
    if (half.data(seq, buf, frame.payloadOff, frame.payloadEnd, wire, sink)) return
    if (isChecksumWrong(buf, frame)) this.#counts.overlapBadChecksum++
  }

  /** A segment with SYN, FIN or URG. A SYN takes one number; data in it (RFC 7413) starts behind. */
  #rare(direction: Direction, buf: Uint8Array, frame: Frame, sink: TcpSink): void {
    const half = this.#halves[direction]
    const flags = frame.tcpFlags
    const isSyn = (flags & TcpFlag.syn) !== 0
    const seq = (frame.tcpSeq + (isSyn ? 1 : 0)) | 0
    if ((flags & TcpFlag.urg) !== 0) this.#counts.urgent++
    if (isSyn) {
      if ((flags & TcpFlag.ack) === 0) this.#onCall(direction)
      half.syn(frame.tcpSeq | 0)
      if (frame.payloadWireLength > 0) this.#counts.synData++
    }
    if (!isSyn || frame.payloadWireLength > 0) this.#data(half, seq, buf, frame, sink)
    if ((flags & TcpFlag.fin) !== 0) half.fin((seq + frame.payloadWireLength) | 0)
  }

  #setTime(at: Micros): void {
    this.#halves[0].now = at
    this.#halves[1].now = at
  }

  #end(sink: TcpSink, at: Micros): void {
    this.#ended = true
    this.#halves[0].flush(sink)
    this.#halves[1].flush(sink)
    sink.end(at)
  }
}
