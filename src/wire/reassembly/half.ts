// HalfStream: one direction of a TCP connection, from segments in any order to bytes in order and gaps with their size.
// Keeps the rules: bytes in order pass through uncopied, memory is bounded by name, a hole is loss only after patience.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { Direction } from '../flow.ts'
import type { Wins } from './overlap.ts'
import { PieceNote, Pieces } from './pieces.ts'
import { Recent } from './recent.ts'

/** Out-of-order bytes held per direction: a receive window of 1 MiB is the most a bedside device or a file server here uses. */
export const HELD_BYTES_MAX = 1024 * 1024
/** Out-of-order pieces held per direction: 1 MiB of 1 KiB segments. */
export const HELD_PIECES_MAX = 1024
/** Out-of-order bytes of all streams that share a budget: 64 busy holes at once, and small beside the 512 MiB a sensor may take. */
export const BUDGET_BYTES_MAX = 64 * 1024 * 1024
/**
 * An ACK beyond a hole means that the receiver has the bytes and this tap has not, or not yet: a mirror port may swap
 * the directions. 16 further packets (RFC 4653 expects reordering of a few) or one second (RFC 6298 section 2: minimum RTO).
 */
export const PATIENCE_PACKETS = 16
export const PATIENCE_MICROS = MICROS_PER_SECOND
/** Farther ahead of the last ACK than this no sender may be: twice Linux's largest default receive buffer (tcp_rmem, 6 MiB) and some. */
export const WINDOW_BYTES_MAX = 16 * 1024 * 1024

/** Where the ordered bytes go. `buf` is valid only during the call. Must not call back into the stream. */
export interface TcpSink {
  /** The next bytes of this direction, [off, end) of buf. */
  data(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void
  /** `bytes` of this direction are not to be had; the next data stands after them. */
  gap(direction: Direction, bytes: number, at: Micros): void
  /** Once, last. */
  end(at: Micros): void
}

/** Memory that many streams share. `held` never passes `max` by more than one segment. */
export class TcpBudget {
  held = 0
  readonly max: number

  constructor(max = BUDGET_BYTES_MAX) {
    this.max = max
  }
}

/** Where a direction stands. `guessed`: only an ACK or an empty segment told where it is; the first data may correct it. */
type Start = 'unknown' | 'guessed' | 'known'

/**
 * retransmission: all bytes were here before. overlap: some were. overlapDifferent: with another value. overlapBadChecksum: and with a
 * TCP checksum that no host takes. outOfOrder: held until its turn. gap: holes given up. keepAlive: probes at the byte before the next.
 * cutBySnaplen: segments whose tail the capture left out. boundExceeded: a hole given up for lack of room. outOfWindow: segments dropped
 * as farther ahead than any window. dataAfter*: segments after FIN, after RST (both delivered) and after the end (not). reset: RST
 * segments. resetOutOfWindow: such that no host takes. badHeader: segments no host would take. synData: a SYN with bytes. synConflict: a
 * second SYN that fits nothing. simultaneousOpen: SYNs of both sides without an ACK. urgent: segments with an urgent pointer.
 * ttlDiffers: another TTL than this side's segment before. midstream: directions whose data began without a SYN.
 */
export type TcpNote =
  | 'retransmission' | 'overlap' | 'overlapDifferent' | 'overlapBadChecksum' | 'outOfOrder' | 'gap' | 'keepAlive' | 'cutBySnaplen'
  | 'boundExceeded' | 'outOfWindow' | 'dataAfterFin' | 'dataAfterReset' | 'dataAfterEnd' | 'reset' | 'resetOutOfWindow' | 'badHeader'
  | 'synData' | 'synConflict' | 'simultaneousOpen' | 'urgent' | 'ttlDiffers' | 'midstream'
export type TcpCounts = Record<TcpNote, number>

/** All counters at 0. Spelled out: an object that is built field by field at run time is slower to count in. */
export function noCounts(): TcpCounts {
  return {
    retransmission: 0, overlap: 0, overlapDifferent: 0, overlapBadChecksum: 0, outOfOrder: 0, gap: 0, keepAlive: 0, cutBySnaplen: 0,
    boundExceeded: 0, outOfWindow: 0, dataAfterFin: 0, dataAfterReset: 0, dataAfterEnd: 0, reset: 0, resetOutOfWindow: 0, badHeader: 0,
    synData: 0, synConflict: 0, simultaneousOpen: 0, urgent: 0, ttlDiffers: 0, midstream: 0,
  }
}

/**
 * One direction. Positions are bytes since the start of this direction, exact numbers that never wrap. Sequence numbers are
 * signed 32-bit here: only their differences count (RFC 9293 section 3.4), and V8 keeps such numbers unboxed.
 */
export class HalfStream {
  /** Packet time; the owner sets it before each call. A field, not an argument: a double passed down is boxed at each call. */
  now: Micros = 0
  /** TTL of this side's last segment, or -1; the owner's. */
  ttl = -1
  readonly #direction: Direction
  readonly #counts: TcpCounts
  readonly #budget: TcpBudget
  readonly #wins: Wins
  #start: Start = 'unknown'
  /** Sequence number of the next byte, and its position. */
  #nextSeq = 0
  #pos = 0
  /** Where the FIN stands, or -1. */
  #finPos = -1
  /** What the other side acknowledged last (the latest word, not the highest: one forged ACK is soon taken back). */
  #ack = 0
  #acked = false
  #waitPackets = 0
  #waitSince: Micros = 0
  /** What was acknowledged when the waiting began: later ACKs get a patience of their own. */
  #waitTarget = 0
  readonly #pieces = new Pieces()
  readonly #recent = new Recent()

  /** `wins` is the overlap policy of the host that these bytes go to. */
  constructor(direction: Direction, counts: TcpCounts, budget: TcpBudget, wins: Wins) {
    this.#direction = direction
    this.#counts = counts
    this.#budget = budget
    this.#wins = wins
  }

  /** Everything up to the FIN has been handed on. */
  get isFinished(): boolean {
    return this.#finPos >= 0 && this.#pos >= this.#finPos
  }

  /** A SYN: the byte after it is the first. Overrules what was guessed; ignored when it contradicts delivered bytes. */
  syn(seq: number): void {
    const first = (seq + 1) | 0
    if (this.#start === 'known' && this.#position(first) === 0) return
    if (this.#start === 'known' && this.#pos > 0) {
      this.#counts.synConflict++
      return
    }
    this.discard()
    this.#start = 'known'
    this.#nextSeq = first
    this.#finPos = -1
  }

  /** Data of `wire` bytes at `seq`, of which [off, end) were captured. False when they contradict bytes that came before. */
  data(seq: number, buf: Uint8Array, off: number, end: number, wire: number, sink: TcpSink): boolean {
    if (this.#start !== 'known') this.#begin(seq)
    const start = this.#position(seq)
    if (start !== this.#pos || this.#pieces.count > 0) return this.#sort(start, buf, off, end, wire, sink)
    this.#pass(buf, off, end, wire, sink)
    return true
  }

  /**
   * Whether the receiver could take a RST at `seq` (RFC 9293 section 3.10.7.4): not before what it has acknowledged, nor farther ahead than
   * any window. The window itself is not known: its scale stands in a SYN that may not have been seen.
   */
  mayReset(seq: number): boolean {
    if (this.#start === 'unknown') return true
    const at = this.#position(seq)
    const acked = this.#acked ? this.#position(this.#ack) : 0
    const furthest = Math.max(this.#pos, acked, this.#pieces.last()?.end ?? 0)
    return at >= Math.min(this.#pos, acked) && at <= furthest + WINDOW_BYTES_MAX
  }

  /** A segment without data tells where the sender is. */
  empty(seq: number): void {
    if (this.#start === 'unknown') this.#guess(seq)
    else if (seq === ((this.#nextSeq - 1) | 0)) this.#counts.keepAlive++
  }

  /** A FIN at `seq`. The first plausible one stays. */
  fin(seq: number): void {
    const at = this.#position(seq)
    if (this.#finPos < 0 && at >= this.#pos) this.#finPos = at
  }

  /** Data after the stream has ended: old bytes again, or bytes nobody will read. */
  late(seq: number, wire: number): void {
    if (this.#position((seq + wire) | 0) <= this.#pos) this.#counts.retransmission++
    else this.#counts.dataAfterEnd++
  }

  /** The other side acknowledged everything before `ack`. */
  acknowledged(ack: number): void {
    if (this.#start === 'unknown') this.#guess(ack)
    // A keep-alive probe stands one byte back (RFC 9293 section 3.8.4); a guess made from one is put right here.
    else if (this.#start === 'guessed' && this.#pos === 0 && ack === ((this.#nextSeq + 1) | 0)) this.#nextSeq = ack
    this.#ack = ack
    this.#acked = true
  }

  /** Called once per packet of the connection: gives up a hole that the other side has long acknowledged. */
  settle(sink: TcpSink): void {
    // Nearly always: no ACK is beyond what was handed on.
    const ahead = ((this.#ack - this.#nextSeq) | 0) <= 0 ? 0 : this.#ackedAhead()
    if (ahead <= 0) {
      this.#waitPackets = 0
      return
    }
    if (this.#waitPackets++ === 0) {
      this.#waitSince = this.now
      this.#waitTarget = this.#pos + ahead
    }
    if (this.#waitPackets <= PATIENCE_PACKETS && this.now - this.#waitSince <= PATIENCE_MICROS) return
    this.#giveUpTo(Math.min(this.#waitTarget, this.#pos + ahead), sink)
  }

  /** The connection is over: what is held goes out with its gaps, then what the other side acknowledged and nobody saw. */
  flush(sink: TcpSink): void {
    this.#dropImplausible()
    while (this.#pieces.count > 0) this.#jump(sink)
    const ahead = this.#ackedAhead()
    if (ahead > 0) this.#giveUpTo(this.#pos + ahead, sink)
  }

  /** Lets go of all that is held, without a word. */
  discard(): void {
    this.#budget.held -= this.#pieces.held
    this.#pieces.clear()
  }

  #position(seq: number): number {
    return this.#pos + ((seq - this.#nextSeq) | 0)
  }

  #guess(seq: number): void {
    this.#start = 'guessed'
    this.#nextSeq = seq
  }

  /** First data of a direction whose SYN was not seen: here it starts, unless the other side already has bytes before it. */
  #begin(seq: number): void {
    const keep = this.#pos > 0 || (this.#start === 'guessed' && this.#position(seq) > 0 && this.#ackedAhead() > 0)
    if (!keep) this.#nextSeq = seq
    this.#start = 'known'
    this.#counts.midstream++
  }

  /** In order and nothing held: no copy, no allocation. */
  #pass(buf: Uint8Array, off: number, end: number, wire: number, sink: TcpSink): void {
    if (end > off) this.#deliver(buf, off, end, sink)
    const missing = wire - (end - off)
    if (missing > 0) {
      this.#counts.cutBySnaplen++
      this.#skip(missing, sink)
    }
  }

  /** Old, early, or both. False when it contradicts bytes that came before. */
  #sort(start: number, buf: Uint8Array, off: number, end: number, wire: number, sink: TcpSink): boolean {
    const behind = this.#pos - start
    if (wire <= 1 && behind === 1) {
      this.#counts.keepAlive++
      return true
    }
    const agrees = behind <= 0 || this.#recent.agrees(start, buf, off, end)
    if (!agrees) this.#counts.overlapDifferent++
    if (behind >= wire) {
      this.#counts.retransmission++
      return agrees
    }
    if (behind > 0) this.#counts.overlap++
    const from = Math.max(0, behind)
    const dataOff = Math.min(end, off + from)
    if (from === 0 || this.#pieces.count > 0) return this.#hold(start + from, buf, dataOff, end, wire - from, sink) && agrees
    this.#pass(buf, dataOff, end, wire - from, sink)
    return agrees
  }

  /** False when it contradicts what is held. */
  #hold(start: number, buf: Uint8Array, off: number, end: number, wire: number, sink: TcpSink): boolean {
    const before = this.#pieces.held
    let notes = this.#pieces.insert(start, buf, off, end, this.#wins, start + wire)
    if (wire > end - off) {
      this.#counts.cutBySnaplen++
      notes |= this.#pieces.insertLost(start + (end - off), start + wire, start)
    }
    this.#budget.held += this.#pieces.held - before
    this.#countHeld(start, notes)
    this.#drain(sink)
    while (this.#isOverBound()) this.#makeRoom(sink)
    return (notes & PieceNote.different) === 0
  }

  #countHeld(start: number, notes: number): void {
    const fresh = (notes & PieceNote.fresh) !== 0
    if (fresh && start > this.#pos) this.#counts.outOfOrder++
    if (!fresh) this.#counts.retransmission++
    else if ((notes & PieceNote.overlap) !== 0) this.#counts.overlap++
    if ((notes & PieceNote.different) !== 0) this.#counts.overlapDifferent++
  }

  #isOverBound(): boolean {
    const pieces = this.#pieces
    if (pieces.count === 0) return false
    return pieces.count > HELD_PIECES_MAX || pieces.held > HELD_BYTES_MAX || this.#budget.held > this.#budget.max
  }

  #makeRoom(sink: TcpSink): void {
    this.#counts.boundExceeded++
    if (this.#dropImplausible() === 0) this.#jump(sink)
  }

  /** Drops what lies farther ahead of the last ACK than any window, so that forged segments cannot drag the stream away. */
  #dropImplausible(): number {
    if (!this.#acked) return 0
    const limit = Math.max(this.#pos, this.#position(this.#ack)) + WINDOW_BYTES_MAX
    let dropped = 0
    for (let last = this.#pieces.last(); last !== null && last.start > limit; last = this.#pieces.last()) {
      this.#budget.held -= last.bytes?.length ?? 0
      this.#pieces.pop()
      dropped++
    }
    this.#counts.outOfWindow += dropped
    return dropped
  }

  /** Gives up the hole before the first held piece and hands on what follows it. */
  #jump(sink: TcpSink): void {
    const first = this.#pieces.first()
    if (first === null) return
    if (first.start > this.#pos) this.#giveUp(first.start - this.#pos, sink)
    this.#drain(sink)
  }

  /** Gives up every hole before `target`; held pieces on the way go out in their turn. */
  #giveUpTo(target: number, sink: TcpSink): void {
    this.#waitPackets = 0
    while (this.#pos < target) {
      const next = this.#pieces.first()?.start ?? target
      this.#giveUp(Math.min(next, target) - this.#pos, sink)
      this.#drain(sink)
    }
  }

  #giveUp(bytes: number, sink: TcpSink): void {
    this.#counts.gap++
    this.#skip(bytes, sink)
  }

  #drain(sink: TcpSink): void {
    for (let first = this.#pieces.first(); first !== null && first.start <= this.#pos; first = this.#pieces.first()) {
      this.#pieces.shift()
      this.#budget.held -= first.bytes?.length ?? 0
      if (first.bytes === null) this.#skip(first.end - first.start, sink)
      else this.#deliver(first.bytes, 0, first.bytes.length, sink)
    }
  }

  #deliver(buf: Uint8Array, off: number, end: number, sink: TcpSink): void {
    if (this.#finPos >= 0 && this.#pos >= this.#finPos) this.#counts.dataAfterFin++
    this.#recent.add(this.#pos, buf, off, end)
    this.#advance(end - off)
    sink.data(this.#direction, buf, off, end, this.now)
  }

  #skip(bytes: number, sink: TcpSink): void {
    this.#advance(bytes)
    sink.gap(this.#direction, bytes, this.now)
  }

  #advance(bytes: number): void {
    this.#nextSeq = (this.#nextSeq + bytes) | 0
    this.#pos += bytes
    this.#waitPackets = 0
  }

  /** Bytes the other side has and this tap has not handed on. The FIN's own number is no byte. */
  #ackedAhead(): number {
    if (!this.#acked) return 0
    const acked = this.#position(this.#ack)
    const ahead = (this.#finPos >= 0 ? Math.min(acked, Math.max(this.#finPos, this.#pos)) : acked) - this.#pos
    return ahead <= WINDOW_BYTES_MAX || this.#isPlausible(acked) ? ahead : 0
  }

  /**
   * An ACK farther ahead than any window is believed only where no data was ever seen, or where data was seen near it (the capture
   * lost a long stretch). A host ignores such an ACK (RFC 9293 section 3.10.7.4), so a sender could blind us with it at no cost.
   */
  #isPlausible(acked: number): boolean {
    const last = this.#pieces.last()
    return this.#start !== 'known' || (last !== null && Math.abs(last.end - acked) <= WINDOW_BYTES_MAX)
  }
}
