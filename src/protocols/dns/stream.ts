// DNS over TCP: one direction's bytes to whole messages by their two length bytes (RFC 1035 section 4.2.2, RFC 7766 section 8).
// Keeps the rule that a message whole in one segment is decoded in place; after a loss the next bytes must prove themselves.

import { u16be } from '../../wire/bytes.ts'
import { CarryBuffer } from '../session-tools.ts'
import { DNS_HEADER_BYTES } from './message.ts'
import { probeDnsStream } from './probe.ts'

/** Two length bytes and the 65535 they can announce. */
export const DNS_STREAM_BYTES_MAX = 2 + 0xffff
/** After a loss: bytes looked at before giving up. Length, header, a name of 255 and its type and class are 273. */
const RESYNC_BYTES_MAX = 300

/**
 * `framed`: at a message's first length byte or inside it. `resync`: bytes were lost; the next ones must look like a message.
 * `lost`: no boundary is known; this direction is given up.
 */
export type DnsStreamState = 'framed' | 'resync' | 'lost'

/** What happens to each state; printed in the README. */
export const DNS_STREAM_STATES: readonly { readonly state: DnsStreamState; readonly event: string; readonly next: DnsStreamState }[] = [
  { state: 'framed', event: 'whole message', next: 'framed' },
  { state: 'framed', event: 'length below a header', next: 'lost' },
  { state: 'framed', event: 'gap', next: 'resync' },
  { state: 'resync', event: 'probe says yes', next: 'framed' },
  { state: 'resync', event: 'probe says no, or 300 bytes without yes', next: 'lost' },
  { state: 'resync', event: 'gap', next: 'resync' },
  { state: 'lost', event: 'gap', next: 'resync' },
]

export interface DnsStreamSink {
  /** A whole message in [off, end), without its length bytes; valid during the call. */
  message(buf: Uint8Array, off: number, end: number): void
  /** The direction entered `lost`: `tcp-length` or `gap`. */
  lost(reason: 'tcp-length' | 'gap'): void
}

/** One direction of one TCP flow. */
export class DnsStream {
  readonly #sink: DnsStreamSink
  readonly #carry = new CarryBuffer(DNS_STREAM_BYTES_MAX)
  #state: DnsStreamState = 'framed'

  constructor(sink: DnsStreamSink) {
    this.#sink = sink
  }

  gap(): void {
    this.#carry.clear()
    this.#state = 'resync'
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    if (this.#state === 'resync') at = this.#resync(buf, at, end)
    while (this.#state === 'framed' && at < end) at = this.#carry.length > 0 ? this.#carried(buf, at, end) : this.#inPlace(buf, at, end)
  }

  /** Whole messages straight from the segment; the beginning of a cut one goes to the carry buffer. */
  #inPlace(buf: Uint8Array, off: number, end: number): number {
    if (end - off < 2) return off + this.#carry.fill(buf, off, end, 2)
    const length = u16be(buf, off)
    if (length < DNS_HEADER_BYTES) return this.#lose('tcp-length', end)
    if (off + 2 + length > end) return off + this.#carry.fill(buf, off, end, 2 + length)
    this.#sink.message(buf, off + 2, off + 2 + length)
    return off + 2 + length
  }

  /** Completes the message in the carry buffer, first its length, then the rest. */
  #carried(buf: Uint8Array, off: number, end: number): number {
    let at = off + this.#carry.fill(buf, off, end, 2)
    if (this.#carry.length < 2) return at
    const length = u16be(this.#carry.bytes, 0)
    if (length < DNS_HEADER_BYTES) return this.#lose('tcp-length', end)
    at += this.#carry.fill(buf, at, end, 2 + length)
    if (this.#carry.length < 2 + length) return at
    this.#sink.message(this.#carry.bytes, 2, 2 + length)
    this.#carry.clear()
    return at
  }

  /** Collects bytes until the probe decides; on yes the bytes stay in the carry buffer as the message's beginning. */
  #resync(buf: Uint8Array, off: number, end: number): number {
    const taken = this.#carry.fill(buf, off, end, RESYNC_BYTES_MAX)
    const answer = probeDnsStream(this.#carry.bytes, 0, this.#carry.length)
    if (answer === 'more' && this.#carry.length < RESYNC_BYTES_MAX) return off + taken
    if (answer !== 'yes') return this.#lose('gap', end)
    this.#state = 'framed'
    this.#replayCarry()
    return off + taken
  }

  /** The bytes collected for the probe may hold several messages: take out the whole ones. */
  #replayCarry(): void {
    const bytes = this.#carry.bytes.slice(0, this.#carry.length)
    this.#carry.clear()
    let at = 0
    while (this.#state === 'framed' && at < bytes.length) {
      at = this.#carry.length > 0 ? this.#carried(bytes, at, bytes.length) : this.#inPlace(bytes, at, bytes.length)
    }
  }

  #lose(reason: 'tcp-length' | 'gap', end: number): number {
    this.#state = 'lost'
    this.#carry.clear()
    this.#sink.lost(reason)
    return end
  }
}
