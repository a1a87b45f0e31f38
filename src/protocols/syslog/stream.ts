// Syslog over TCP: one direction's bytes to messages, by a length in front or a line feed behind (RFC 6587 section 3.4).
// Keeps the rule that only a message's head is ever held: the rest is counted off or skipped to the line's end.

import { u8 } from '../../wire/bytes.ts'
import { CarryBuffer } from '../session-tools.ts'
import { readCount, SYSLOG_HEAD_BYTES_MAX } from './message.ts'

/** `start`: at a message's first byte. `counted`, `line`: inside one. `lost`: no boundary is known until the next line feed. */
export type SyslogStreamState = 'start' | 'counted' | 'line' | 'lost'

/** What happens to each state; printed in the README. */
export const SYSLOG_STREAM_STATES: readonly { readonly state: SyslogStreamState; readonly event: string; readonly next: SyslogStreamState }[] = [
  { state: 'start', event: 'digits and a blank', next: 'counted' },
  { state: 'start', event: 'a priority', next: 'line' },
  { state: 'start', event: 'anything else', next: 'lost' },
  { state: 'counted', event: 'so many bytes', next: 'start' },
  { state: 'line', event: 'line feed or zero', next: 'start' },
  { state: 'lost', event: 'line feed or zero', next: 'start' },
]

export interface SyslogStreamSink {
  /** The first bytes of a message, at most SYSLOG_HEAD_BYTES_MAX. */
  message(buf: Uint8Array, off: number, end: number): void
  lost(): void
}

const LF = 0x0a
const LESS = 0x3c

/** One direction of one TCP flow. */
export class SyslogStream {
  readonly #sink: SyslogStreamSink
  readonly #carry = new CarryBuffer(SYSLOG_HEAD_BYTES_MAX)
  #state: SyslogStreamState = 'start'
  /** Bytes of a counted message still to come. */
  #left = 0

  constructor(sink: SyslogStreamSink) {
    this.#sink = sink
  }

  gap(): void {
    this.#lose()
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) at = this.#step(buf, at, end)
  }

  #step(buf: Uint8Array, off: number, end: number): number {
    if (this.#state === 'counted') return this.#counted(buf, off, end)
    return this.#state === 'start' ? this.#start(buf, off) : this.#line(buf, off, end)
  }

  #start(buf: Uint8Array, off: number): number {
    const byte = u8(buf, off)
    if (this.#carry.length === 0 && byte === LESS) {
      this.#state = 'line'
      return off
    }
    // Empty lines between messages.
    if (this.#carry.length === 0 && (byte === LF || byte === 0)) return off + 1
    this.#carry.fill(buf, off, off + 1, this.#carry.length + 1)
    const count = readCount(this.#carry.bytes, 0, this.#carry.length)
    if (count === 'more') return off + 1
    this.#carry.clear()
    if (count === null) {
      this.#lose()
      return off
    }
    this.#left = count.count
    this.#state = 'counted'
    return off + 1
  }

  #counted(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + this.#left)
    this.#keep(buf, off, stop)
    this.#left -= stop - off
    if (this.#left === 0) this.#done()
    return stop
  }

  #line(buf: Uint8Array, off: number, end: number): number {
    let at = off
    while (at < end && u8(buf, at) !== LF && u8(buf, at) !== 0) at++
    if (this.#state === 'line') this.#keep(buf, off, at)
    if (at >= end) return end
    if (this.#state === 'line') this.#done()
    this.#state = 'start'
    return at + 1
  }

  #keep(buf: Uint8Array, off: number, end: number): void {
    this.#carry.fill(buf, off, end, Math.min(SYSLOG_HEAD_BYTES_MAX, this.#carry.length + end - off))
  }

  #done(): void {
    this.#sink.message(this.#carry.bytes, 0, this.#carry.length)
    this.#carry.clear()
    this.#state = 'start'
  }

  #lose(): void {
    this.#carry.clear()
    this.#state = 'lost'
    this.#sink.lost()
  }
}
