// TCP record marking (RFC 5531 section 11): fragments in any split become messages; bulk data passes through without being kept.
// Keeps the rules of named bounds and of split independence: what is decided follows from positions in the record, never in the segment.

import { u32be } from '../../wire/bytes.ts'
import { copyBytes } from '../session-tools.ts'

/** What a stream tells its owner. `direction` is the owner's own word for the stream. */
export interface RecordSink {
  /** While framing is lost: can the bytes after a record mark be a message? Sees exactly RESYNC_MESSAGE_BYTES. */
  plausible(direction: 0 | 1, buf: Uint8Array, off: number, end: number): boolean
  /** The first HEAD_BYTES of a longer record: is the rest data that shall pass through (READ, WRITE)? */
  isBulk(direction: 0 | 1, buf: Uint8Array, off: number, end: number): boolean
  /** One message. `whole` is false when the record goes on as bulk, or was cut by a loss. */
  message(direction: 0 | 1, buf: Uint8Array, off: number, end: number, whole: boolean): void
  /** The bytes after such a message, in order. */
  bulk(direction: 0 | 1, buf: Uint8Array, off: number, end: number): void
  /** `bytes` of the current record never came. */
  hole(direction: 0 | 1, bytes: number): void
  /** The record is over; called once after each message. */
  recordEnd(direction: 0 | 1): void
  /** Framing was lost: `record-mark`, `fragment-count` (both bytes that cannot be) or `lost-sync` (after a gap). */
  lost(direction: 0 | 1, reason: string): void
}

/**
 * Longest fragment believed. Linux sends READ records of 1 MiB, some servers 4 MiB; a text protocol's first four bytes
 * read as a mark are above 0x20000000, so this also ends a wrong identification at once.
 */
const FRAGMENT_BYTES_MAX = 16 * 1024 * 1024
/** Fragments in one record; real senders use one to a few hundred (Sun's 8 KiB send buffer and a 1 MiB record: 128). */
const FRAGMENTS_MAX = 1024
/**
 * Where a READ reply's data starts at the latest: 24 bytes of header, a verifier of 400, status 4, attributes 88, count 4, eof 4,
 * length 4 = 528; a WRITE call's: 24 + two auths of 408 + handle 68 + 20 = 928.
 */
export const HEAD_BYTES = 960
/** Most bytes of a record kept for decoding: READDIRPLUS of 2.6 to 4.x Linux stays below 32 KiB; the rest of a longer one is skipped. */
export const RECORD_BYTES_MAX = 128 * 1024
/** A flood of records that break off holds this much each; a call of MOUNT or of the port mapper is shorter. */
const RECORD_BYTES_START = 256
/** High byte of the longest fragment, without the last-fragment bit: most bytes of a lost stream are refused by it alone. */
const MARK_FIRST_BYTE_MAX = FRAGMENT_BYTES_MAX >>> 24
/** Buffer kept between records: most replies but listings fit; a sensor has many idle flows. */
const RECORD_BYTES_IDLE_MAX = 4096
/** How much of a message is judged when framing is looked for: a snaplen of 96 leaves 30 bytes of TCP payload, four are the mark. */
export const RESYNC_MESSAGE_BYTES = 24
const WINDOW = 4 + RESYNC_MESSAGE_BYTES
/** Shortest message: a denied reply (RFC 5531 section 9). */
const MESSAGE_BYTES_MIN = 20

/** A record mark that may start a message: sane length, and a multiple of four when it is the only fragment. */
export function isPlausibleMark(mark: number): boolean {
  const length = mark & 0x7fff_ffff
  if (length < MESSAGE_BYTES_MIN || length > FRAGMENT_BYTES_MAX) return false
  return mark <= 0x7fff_ffff || length % 4 === 0
}

type Phase = 'mark' | 'body' | 'scan'

const NO_BYTES = new Uint8Array(0)

/** One direction of one TCP flow. */
export class RecordStream {
  readonly #direction: 0 | 1
  readonly #sink: RecordSink
  #phase: Phase = 'mark'
  #mark = 0
  #markBytes = 0
  #last = false
  #left = 0
  #fragments = 0
  /** False once the record's message was handed over and the rest is bulk. */
  #collecting = true
  #peeked = false
  #head: Uint8Array = NO_BYTES
  #headBytes = 0
  readonly #carry = new Uint8Array(2 * WINDOW)
  #carryBytes = 0

  constructor(direction: 0 | 1, sink: RecordSink) {
    this.#direction = direction
    this.#sink = sink
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) {
      if (this.#phase === 'mark') at = this.#readMark(buf, at)
      else if (this.#phase === 'body') at = this.#readBody(buf, at, end)
      else at = this.#scan(buf, at, end)
    }
  }

  /** Inside a fragment the count of missing bytes keeps the framing; across its end it is lost. */
  gap(bytes: number): void {
    this.#carryBytes = 0
    if (this.#phase === 'scan') return
    if (this.#phase === 'body' && bytes <= this.#left) {
      this.#cut(bytes)
      this.#left -= bytes
      if (this.#left === 0) this.#endFragment()
      return
    }
    this.#abandon()
    this.#loseFraming('lost-sync')
  }

  /** The flow is over: what was collected of an unfinished record is handed over as cut. */
  end(): void {
    this.#abandon()
  }

  #readMark(buf: Uint8Array, off: number): number {
    this.#mark = ((this.#mark << 8) | (buf[off] as number)) >>> 0
    this.#markBytes++
    if (this.#markBytes === 4) this.#startFragment(this.#mark & 0x7fff_ffff, this.#mark > 0x7fff_ffff)
    return off + 1
  }

  #startFragment(length: number, last: boolean): void {
    this.#mark = 0
    this.#markBytes = 0
    if (length > FRAGMENT_BYTES_MAX) return this.#giveUp('record-mark', length)
    if (++this.#fragments > FRAGMENTS_MAX) return this.#giveUp('fragment-count', length)
    this.#left = length
    this.#last = last
    this.#phase = 'body'
    if (length === 0) this.#endFragment()
  }

  #readBody(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + this.#left)
    const wholeRecord = this.#last && this.#fragments === 1 && this.#headBytes === 0 && this.#collecting && stop - off === this.#left
    if (wholeRecord) this.#takeWhole(buf, off, stop)
    else this.#take(buf, off, stop)
    this.#left -= stop - off
    if (this.#left === 0) this.#endFragment()
    return stop
  }

  /** The common case: a record of one fragment in one segment is decoded in place. */
  #takeWhole(buf: Uint8Array, off: number, end: number): void {
    const bulk = end - off > HEAD_BYTES && this.#sink.isBulk(this.#direction, buf, off, off + HEAD_BYTES)
    const messageEnd = bulk ? off + HEAD_BYTES : Math.min(end, off + RECORD_BYTES_MAX)
    this.#sink.message(this.#direction, buf, off, messageEnd, messageEnd === end)
    this.#collecting = false
    if (messageEnd < end) this.#sink.bulk(this.#direction, buf, messageEnd, end)
  }

  #take(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) {
      if (this.#collecting && !this.#peeked && this.#headBytes === HEAD_BYTES) this.#peek()
      if (this.#collecting && this.#headBytes === RECORD_BYTES_MAX) this.#handOver(false)
      if (!this.#collecting) return this.#sink.bulk(this.#direction, buf, at, end)
      at = this.#collect(buf, at, end)
    }
  }

  #peek(): void {
    this.#peeked = true
    if (this.#sink.isBulk(this.#direction, this.#head, 0, HEAD_BYTES)) this.#handOver(false)
  }

  #collect(buf: Uint8Array, off: number, end: number): number {
    const limit = this.#peeked ? RECORD_BYTES_MAX : HEAD_BYTES
    const stop = Math.min(end, off + limit - this.#headBytes)
    const need = this.#headBytes + stop - off
    if (need > this.#head.length) {
      const bigger = new Uint8Array(Math.max(need, RECORD_BYTES_START, Math.min(RECORD_BYTES_MAX, this.#head.length * 2)))
      bigger.set(this.#head)
      this.#head = bigger
    }
    copyBytes(buf, off, stop, this.#head, this.#headBytes)
    this.#headBytes = need
    return stop
  }

  #handOver(whole: boolean): void {
    this.#collecting = false
    this.#sink.message(this.#direction, this.#head, 0, this.#headBytes, whole)
  }

  #endFragment(): void {
    if (!this.#last) {
      this.#phase = 'mark'
      return
    }
    if (this.#collecting) this.#handOver(true)
    this.#sink.recordEnd(this.#direction)
    this.#reset()
  }

  /** `bytes` of the running record are missing: what was collected is all there will be of its message. */
  #cut(bytes: number): void {
    if (this.#collecting) this.#handOver(false)
    this.#sink.hole(this.#direction, bytes)
  }

  #abandon(): void {
    const begun = this.#phase === 'body' || this.#fragments > 0
    if (begun) {
      this.#cut(this.#left)
      this.#sink.recordEnd(this.#direction)
    }
    this.#reset()
  }

  #reset(): void {
    this.#phase = 'mark'
    this.#mark = 0
    this.#markBytes = 0
    this.#fragments = 0
    this.#left = 0
    this.#headBytes = 0
    this.#collecting = true
    this.#peeked = false
    if (this.#head.length > RECORD_BYTES_IDLE_MAX) this.#head = new Uint8Array(0)
  }

  /** Bytes that cannot be: the record begun, if any, is over, and the next one is looked for from the mark's second byte on. */
  #giveUp(reason: string, mark: number): void {
    if (this.#headBytes > 0 || !this.#collecting) {
      this.#cut(0)
      this.#sink.recordEnd(this.#direction)
    }
    this.#reset()
    this.#loseFraming(reason)
    for (let i = 0; i < 3; i++) this.#carry[i] = (mark >>> (16 - 8 * i)) & 255
    this.#carryBytes = 3
  }

  #loseFraming(reason: string): void {
    this.#phase = 'scan'
    this.#carryBytes = 0
    this.#sink.lost(this.#direction, reason)
  }

  /** Looks for a mark followed by a plausible message at every byte; at most WINDOW - 1 bytes wait for the next segment. */
  #scan(buf: Uint8Array, off: number, end: number): number {
    if (this.#carryBytes > 0) {
      const next = this.#scanCarry(buf, off, end)
      if (next >= 0) return next
    }
    for (let at = off; at + WINDOW <= end; at++) {
      if (!this.#isStart(buf, at)) continue
      this.#phase = 'mark'
      return at
    }
    const keep = Math.min(WINDOW - 1, end - off)
    for (let i = 0; i < keep; i++) this.#carry[i] = buf[end - keep + i] as number
    this.#carryBytes = keep
    return end
  }

  /** Windows that start in the carried bytes. Gives where to go on in `buf`, or -1 to go on scanning at `off`. */
  #scanCarry(buf: Uint8Array, off: number, end: number): number {
    const carried = this.#carryBytes
    const joint = carried + Math.min(WINDOW - 1, end - off)
    for (let i = carried; i < joint; i++) this.#carry[i] = buf[off + i - carried] as number
    for (let at = 0; at < carried && at + WINDOW <= joint; at++) {
      if (!this.#isStart(this.#carry, at)) continue
      this.#carryBytes = 0
      this.#phase = 'mark'
      this.feed(this.#carry, at, carried)
      return off
    }
    if (end - off >= WINDOW - 1) return -1
    const keep = Math.min(WINDOW - 1, joint)
    this.#carry.copyWithin(0, joint - keep, joint)
    this.#carryBytes = keep
    return end
  }

  #isStart(buf: Uint8Array, at: number): boolean {
    if (((buf[at] as number) & 0x7f) > MARK_FIRST_BYTE_MAX) return false
    return isPlausibleMark(u32be(buf, at)) && this.#sink.plausible(this.#direction, buf, at + 4, at + WINDOW)
  }
}
