// SMB over TCP: a four-byte length before each message (MS-SMB2 2.1, RFC 1002 section 4.3); READ and WRITE data pass through without being kept.
// Keeps the rules of named bounds and of split independence: what is decided follows from places in the message.

import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { CarryBuffer } from '../session-tools.ts'
import { Magic, Session } from './codes.ts'

export interface SmbSink {
  /** The first HEAD_BYTES of a longer message: where data begins that shall pass through, or -1. */
  bulkAt(direction: Direction, buf: Uint8Array, off: number, end: number): number
  /** One message without its length; `whole` is false when bulk follows or the rest is missing. */
  message(direction: Direction, buf: Uint8Array, off: number, end: number, whole: boolean): void
  bulk(direction: Direction, buf: Uint8Array, off: number, end: number): void
  hole(direction: Direction, bytes: number): void
  messageEnd(direction: Direction): void
  /** A session packet that is no message: its type and its first bytes. */
  sessionPacket(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void
  lost(direction: Direction, reason: string): void
}

/** READ and WRITE tell where their data is within the header and 49 bytes (MS-SMB2 2.2.20, 2.2.21), SMB1 within 64. */
export const HEAD_BYTES = 160
/** Most of a message kept for decoding: CREATE with contexts, SESSION_SETUP with a Kerberos ticket (below 64 KiB), chains of small ones. */
const MESSAGE_BYTES_MAX = 128 * 1024
/** Longest message: 24 bits; servers offer 8 MiB (MS-SMB2 section 3.3.5.4). */
const LENGTH_BYTES_MAX = 0xff_ffff
const MARK_BYTES = 4
/** What is looked for when framing was lost: a length and the four bytes of the protocol. */
const WINDOW_BYTES = 8

type Phase = 'mark' | 'body' | 'scan'

export class SmbStream {
  readonly #direction: Direction
  readonly #sink: SmbSink
  readonly #carry = new CarryBuffer(MESSAGE_BYTES_MAX)
  readonly #mark = new Uint8Array(WINDOW_BYTES)
  #markBytes = 0
  #phase: Phase = 'mark'
  #type = 0
  #left = 0
  /** The message was handed over; the rest is bulk, or is not wanted. */
  #handed = false
  #isBulk = false
  #isPeeked = false

  constructor(direction: Direction, sink: SmbSink) {
    this.#direction = direction
    this.#sink = sink
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) {
      if (this.#phase === 'mark') at = this.#readMark(buf, at)
      else if (this.#phase === 'scan') at = this.#scan(buf, at)
      else at = this.#readBody(buf, at, end)
    }
  }

  gap(bytes: number): void {
    if (this.#phase === 'scan') {
      this.#markBytes = 0
      return
    }
    if (this.#phase === 'body' && bytes <= this.#left) {
      if (!this.#handed) this.#hand(false, false)
      if (this.#isBulk) this.#sink.hole(this.#direction, bytes)
      this.#left -= bytes
      if (this.#left === 0) this.#endMessage()
      return
    }
    this.#lose('lost')
  }

  /** The flow is over. */
  end(): void {
    if (this.#phase === 'body') this.#endMessage()
  }

  #readMark(buf: Uint8Array, off: number): number {
    this.#mark[this.#markBytes++] = u8(buf, off)
    if (this.#markBytes === MARK_BYTES) this.#begin()
    return off + 1
  }

  #begin(): void {
    const [type, high, middle, low] = this.#mark as unknown as [number, number, number, number]
    this.#markBytes = 0
    this.#type = type
    this.#left = (high << 16) | (middle << 8) | low
    if (type !== Session.message && (type < Session.request || type > Session.keepAlive)) return this.#lose('message')
    this.#phase = 'body'
    this.#handed = this.#isBulk = this.#isPeeked = false
    if (this.#left === 0) this.#endMessage()
  }

  #readBody(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + this.#left)
    this.#left -= stop - off
    // Whole and here: decoded where it lies.
    if (!this.#handed && this.#carry.length === 0 && this.#left === 0 && stop - off <= MESSAGE_BYTES_MAX) this.#whole(buf, off, stop)
    else this.#collect(buf, off, stop)
    if (this.#left === 0) this.#endMessage()
    return stop
  }

  #whole(buf: Uint8Array, off: number, end: number): void {
    this.#handed = true
    const bulk = end - off > HEAD_BYTES && this.#type === Session.message ? this.#sink.bulkAt(this.#direction, buf, off, off + HEAD_BYTES) : -1
    this.#tell(buf, off, bulk < 0 ? end : off + HEAD_BYTES, bulk < 0)
    if (bulk >= 0) this.#sink.bulk(this.#direction, buf, off + HEAD_BYTES, end)
  }

  #collect(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) {
      if (this.#handed) {
        if (this.#isBulk) this.#sink.bulk(this.#direction, buf, at, end)
        return
      }
      const wanted = this.#isPeeked ? MESSAGE_BYTES_MAX : HEAD_BYTES
      at += this.#carry.fill(buf, at, end, wanted)
      if (this.#carry.length < wanted) return
      if (at === end && this.#left === 0) return
      this.#peek()
    }
  }

  /** HEAD_BYTES are here and more follows: is it data? Or as many as are kept. */
  #peek(): void {
    if (this.#isPeeked) return this.#hand(false, false)
    this.#isPeeked = true
    const bulk = this.#type === Session.message ? this.#sink.bulkAt(this.#direction, this.#carry.bytes, 0, HEAD_BYTES) : -1
    if (bulk >= 0) this.#hand(false, true)
  }

  #hand(whole: boolean, isBulk: boolean): void {
    this.#handed = true
    this.#isBulk = isBulk
    this.#tell(this.#carry.bytes, 0, this.#carry.length, whole)
    this.#carry.clear()
  }

  #tell(buf: Uint8Array, off: number, end: number, whole: boolean): void {
    if (this.#type === Session.message) this.#sink.message(this.#direction, buf, off, end, whole)
    else this.#sink.sessionPacket(this.#direction, this.#type, buf, off, end)
  }

  #endMessage(): void {
    if (!this.#handed) this.#hand(this.#left === 0, false)
    this.#sink.messageEnd(this.#direction)
    this.#phase = 'mark'
    this.#left = 0
    this.#markBytes = 0
  }

  #lose(reason: string): void {
    if (this.#phase === 'body') this.#endMessage()
    this.#phase = 'scan'
    this.#markBytes = 0
    this.#sink.lost(this.#direction, reason)
  }

  /** A length and `SMB` at any byte. */
  #scan(buf: Uint8Array, off: number): number {
    const mark = this.#mark
    if (this.#markBytes === WINDOW_BYTES) {
      mark.copyWithin(0, 1)
      this.#markBytes--
    }
    mark[this.#markBytes++] = u8(buf, off)
    if (this.#markBytes === WINDOW_BYTES && isMarkedMessage(mark, 0)) {
      const [a, b, c, d] = [mark[4] as number, mark[5] as number, mark[6] as number, mark[7] as number]
      this.#begin()
      this.#readBody(Uint8Array.of(a, b, c, d), 0, 4)
    }
    return off + 1
  }
}

/** Type 0, a length that holds a header, and the protocol's four bytes at `off`. */
export function isMarkedMessage(buf: Uint8Array, off: number): boolean {
  if (u8(buf, off) !== Session.message) return false
  const length = (u8(buf, off + 1) << 16) | (u8(buf, off + 2) << 8) | u8(buf, off + 3)
  const first = u8(buf, off + 4)
  if (length < 32 || length > LENGTH_BYTES_MAX || first < Magic.compressed) return false
  return u8(buf, off + 5) === 0x53 && u8(buf, off + 6) === 0x4d && u8(buf, off + 7) === 0x42
}
