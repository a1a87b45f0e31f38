// TLS stream: one direction's bytes to records, and handshake records to messages (RFC 8446 section 5.1), until encryption begins.
// Keeps the rule that a message whole in one segment is decoded in place, and that encrypted bytes cost nothing.

import { u16be, u8 } from '../../wire/bytes.ts'
import { CarryBuffer } from '../session-tools.ts'
import { TlsContent, TlsHandshake } from './codes.ts'
import { decodeSsl2Hello } from './message.ts'

export const RECORD_HEAD_BYTES = 5
/** 2^14 and what encryption may add at most, 2048 in TLS 1.2 (RFC 5246 section 6.2.3). */
export const RECORD_BYTES_MAX = 16_384 + 2048
const HANDSHAKE_HEAD_BYTES = 4
/** Level and description (RFC 8446 section 6). */
const ALERT_BYTES = 2
/** What decodeSsl2Hello looks at. */
const SSL2_LOOK_BYTES = 11
/**
 * Bytes of one handshake message that are kept: OpenSSL takes no hello above 2^14. Of a longer chain of certificates the beginning is
 * enough, for the server's own comes first.
 */
export const MESSAGE_BYTES_MAX = HANDSHAKE_HEAD_BYTES + 16_384

/**
 * `head`: at a record's first byte. `body`: inside a record. `over`: encrypted from here on, and nothing more is looked at.
 * `lost`: bytes were lost or are no record; this direction is given up.
 */
export type TlsStreamState = 'head' | 'body' | 'over' | 'lost'

/** What happens to each state; printed in the README. */
export const TLS_STREAM_STATES: readonly { readonly state: TlsStreamState; readonly event: string; readonly next: TlsStreamState }[] = [
  { state: 'head', event: 'handshake or alert', next: 'body' },
  { state: 'head', event: 'hello in SSL 2.0 form, at the very beginning', next: 'body' },
  { state: 'head', event: 'change cipher spec or application data', next: 'over' },
  { state: 'head', event: 'no record, or a gap', next: 'lost' },
  { state: 'body', event: 'all its bytes passed', next: 'head' },
  { state: 'body', event: 'a gap, or a hello longer than 16384 bytes', next: 'lost' },
]

export interface TlsStreamSink {
  /** A handshake message of a wanted type; its body is [off, end), cut at the bound for a certificate. Valid during the call. */
  message(type: number, buf: Uint8Array, off: number, end: number): void
  ssl2Hello(version: number): void
  alert(level: number, description: number): void
  /** The direction entered `over`; `isData` when application data came. */
  over(isData: boolean): void
  lost(reason: 'record' | 'handshake-length' | 'gap'): void
}

/** One direction of one TCP flow. */
export class TlsStream {
  readonly #sink: TlsStreamSink
  /** A record's head, an alert, or the look at an older hello: never two of them at once. */
  readonly #head = new CarryBuffer(SSL2_LOOK_BYTES)
  readonly #message = new CarryBuffer(MESSAGE_BYTES_MAX)
  #state: TlsStreamState = 'head'
  #content = 0
  /** Bytes of the record still to come. */
  #left = 0
  /** Bytes of a handshake message that nobody wants, still to come. */
  #skip = 0
  #isFirst = true

  constructor(sink: TlsStreamSink) {
    this.#sink = sink
  }

  /** Nothing will be read of this direction any more. */
  get isDone(): boolean {
    return this.#state === 'over' || this.#state === 'lost'
  }

  gap(): void {
    if (!this.isDone) this.#lose('gap')
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end && !this.isDone) at = this.#state === 'head' ? this.#readHead(buf, at, end) : this.#readBody(buf, at, end)
  }

  #readHead(buf: Uint8Array, off: number, end: number): number {
    const carried = this.#head.length
    if (carried === 0 && end - off >= RECORD_HEAD_BYTES && u8(buf, off) < 0x80) return this.#record(buf, off, off + RECORD_HEAD_BYTES)
    const isSsl2 = this.#isFirst && (carried > 0 ? u8(this.#head.bytes, 0) : u8(buf, off)) >= 0x80
    if (isSsl2) return this.#ssl2(buf, off, end)
    const at = off + this.#head.fill(buf, off, end, RECORD_HEAD_BYTES)
    if (this.#head.length < RECORD_HEAD_BYTES) return at
    this.#record(this.#head.bytes, 0, at)
    this.#head.clear()
    return at
  }

  /** The five bytes at `off`; the body begins at `next` of what is being read. */
  #record(buf: Uint8Array, off: number, next: number): number {
    const content = u8(buf, off)
    const length = u16be(buf, off + 3)
    const isKnown = content >= TlsContent.changeCipherSpec && content <= TlsContent.heartbeat
    if (!isKnown || u8(buf, off + 1) !== 3 || length > RECORD_BYTES_MAX) this.#lose('record')
    else if (content === TlsContent.changeCipherSpec || content === TlsContent.applicationData) this.#end(content === TlsContent.applicationData)
    else this.#begin(content, length)
    return next
  }

  #begin(content: number, length: number): void {
    this.#isFirst = false
    // An alert of another length is encrypted: passed over like a heartbeat.
    this.#content = content === TlsContent.alert && length !== ALERT_BYTES ? TlsContent.heartbeat : content
    this.#left = length
    this.#state = length > 0 ? 'body' : 'head'
  }

  /** RFC 5246 appendix E.2: one hello in the older form, and records behind it. */
  #ssl2(buf: Uint8Array, off: number, end: number): number {
    const at = off + this.#head.fill(buf, off, end, SSL2_LOOK_BYTES)
    if (this.#head.length < SSL2_LOOK_BYTES) return at
    const hello = decodeSsl2Hello(this.#head.bytes, 0, this.#head.length)
    this.#head.clear()
    if (hello === null) return this.#lose('record', end)
    this.#sink.ssl2Hello(hello.version)
    this.#begin(TlsContent.heartbeat, hello.length - SSL2_LOOK_BYTES)
    return at
  }

  #readBody(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + this.#left)
    this.#left -= stop - off
    if (this.#content === TlsContent.handshake) this.#handshake(buf, off, stop)
    else if (this.#content === TlsContent.alert) this.#alert(buf, off, stop)
    if (this.#left === 0 && !this.isDone) this.#state = 'head'
    return stop
  }

  #alert(buf: Uint8Array, off: number, end: number): void {
    this.#head.fill(buf, off, end, ALERT_BYTES)
    if (this.#left > 0) return
    if (this.#head.length === ALERT_BYTES) this.#sink.alert(u8(this.#head.bytes, 0), u8(this.#head.bytes, 1))
    this.#head.clear()
  }

  /** Handshake bytes; messages may share a record and may be cut by records. */
  #handshake(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end && this.#state === 'body') {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, end - at)
        this.#skip -= passed
        at += passed
      } else at = this.#message.length > 0 || end - at < HANDSHAKE_HEAD_BYTES ? this.#carried(buf, at, end) : this.#inPlace(buf, at, end)
    }
  }

  #inPlace(buf: Uint8Array, off: number, end: number): number {
    const length = messageLength(buf, off)
    if (!isWanted(u8(buf, off))) {
      this.#skip = length
      return off + HANDSHAKE_HEAD_BYTES
    }
    if (off + HANDSHAKE_HEAD_BYTES + length > end) return this.#carried(buf, off, end)
    this.#sink.message(u8(buf, off), buf, off + HANDSHAKE_HEAD_BYTES, off + HANDSHAKE_HEAD_BYTES + length)
    return off + HANDSHAKE_HEAD_BYTES + length
  }

  /** Completes the message in the carry buffer: first its head, then as much of it as is kept. */
  #carried(buf: Uint8Array, off: number, end: number): number {
    let at = off + this.#message.fill(buf, off, end, HANDSHAKE_HEAD_BYTES)
    if (this.#message.length < HANDSHAKE_HEAD_BYTES) return at
    const type = u8(this.#message.bytes, 0)
    const length = messageLength(this.#message.bytes, 0)
    const kept = isWanted(type) ? Math.min(HANDSHAKE_HEAD_BYTES + length, MESSAGE_BYTES_MAX) : HANDSHAKE_HEAD_BYTES
    if (isWanted(type) && type !== TlsHandshake.certificate && kept < HANDSHAKE_HEAD_BYTES + length) return this.#lose('handshake-length', end)
    at += this.#message.fill(buf, at, end, kept)
    if (this.#message.length < kept) return at
    if (isWanted(type)) this.#sink.message(type, this.#message.bytes, HANDSHAKE_HEAD_BYTES, kept)
    this.#skip = HANDSHAKE_HEAD_BYTES + length - kept
    this.#message.clear()
    return at
  }

  #end(isData: boolean): void {
    this.#state = 'over'
    this.#message.clear()
    this.#sink.over(isData)
  }

  #lose(reason: 'record' | 'handshake-length' | 'gap', end = 0): number {
    this.#state = 'lost'
    this.#head.clear()
    this.#message.clear()
    this.#sink.lost(reason)
    return end
  }
}

function messageLength(buf: Uint8Array, off: number): number {
  return u8(buf, off + 1) * 0x1_0000 + u16be(buf, off + 2)
}

function isWanted(type: number): boolean {
  return type === TlsHandshake.clientHello || type === TlsHandshake.serverHello || type === TlsHandshake.certificate
}
