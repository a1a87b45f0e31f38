// TcpStream: a TCP connection seen from outside, both directions in order, with gaps where bytes never came.
// Keeps the rule that nobody on the wire can end the reading alone: a RST or a lone FIN is noted, and data after it still flows.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../flow.ts'
import { FrameFlag, TcpFlag, type Frame } from '../frame.ts'
import { HalfStream, noCounts, TcpBudget, type TcpCounts, type TcpSink } from './half.ts'

export {
  BUDGET_BYTES_MAX, HELD_BYTES_MAX, HELD_PIECES_MAX, PATIENCE_MICROS, PATIENCE_PACKETS, TcpBudget, WINDOW_BYTES_MAX,
  type TcpCounts, type TcpNote, type TcpSink,
} from './half.ts'

/**
 * One per flow. Feed every segment of the flow in capture order, then finish() when the flow ends. Calls the sink's data and gap
 * in stream order per direction, and end once: when both sides' FINs were reached, or at finish.
 *
 * A RST does not end the stream: endpoints may ignore one (PAWS, RFC 5961; capture frag/sv__bug-3286-03 goes on after RST and FIN),
 * and an eye that closes then can be closed by anyone.
 */
export class TcpStream {
  readonly #counts: TcpCounts = noCounts()
  readonly #halves: readonly [HalfStream, HalfStream]
  #reset = false
  #ended = false

  /** Streams of one sensor share a budget, which bounds the sum of what they hold. */
  constructor(budget: TcpBudget = new TcpBudget()) {
    this.#halves = [new HalfStream(0, this.#counts, budget), new HalfStream(1, this.#counts, budget)]
  }

  /** No more data will come out. */
  get ended(): boolean {
    return this.#ended
  }

  /** A RST was seen. */
  get wasReset(): boolean {
    return this.#reset
  }

  /** Counters by name; every name is always there. A copy. */
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
    if (this.#ended) {
      if (frame.payloadWireLength > 0) this.#halves[direction].late(frame.tcpSeq | 0, frame.payloadWireLength)
      return
    }
    this.#setTime(frame.at)
    const flags = frame.tcpFlags
    if ((flags & TcpFlag.rst) !== 0) this.#onReset()
    else this.#read(this.#halves[direction], buf, frame, sink)
    if ((flags & TcpFlag.ack) !== 0 && (flags & TcpFlag.rst) === 0) this.#halves[direction === 0 ? 1 : 0].acknowledged(frame.tcpAck | 0)
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
  #onReset(): void {
    this.#counts.reset++
    this.#reset = true
  }

  #read(half: HalfStream, buf: Uint8Array, frame: Frame, sink: TcpSink): void {
    const isSyn = (frame.tcpFlags & TcpFlag.syn) !== 0
    if (isSyn) half.syn(frame.tcpSeq | 0)
    // A SYN takes one number; data in it (RFC 7413) starts behind.
    const seq = (frame.tcpSeq + (isSyn ? 1 : 0)) | 0
    const wire = frame.payloadWireLength
    if (wire > 0) {
      if (this.#reset) this.#counts.dataAfterReset++
      half.data(seq, buf, frame.payloadOff, frame.payloadEnd, wire, sink)
    } else if (!isSyn) half.empty(seq)
    if ((frame.tcpFlags & TcpFlag.fin) !== 0) half.fin((seq + wire) | 0)
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
