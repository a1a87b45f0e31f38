// Side: one direction of an HTTP/1 connection as messages: heads line by line, bodies by length, by chunks or until the end (RFC 9112 section 6).
// Keeps house habit 7: states are a table that is printed in the README; every line has a bound, every body is counted, not kept.

import { LineReader } from '../line-reader.ts'
import type { MessageBody } from './body.ts'
import { FIELDS_MAX, LINE_BYTES_MAX } from './codes.ts'
import { chunkSize } from './message.ts'

/**
 * `start`: a start line must come. `fields`: a field or the blank line. `counted`: a body of known length. `chunk`: the size of a chunk must
 * come. `chunk-data`, `chunk-end`: its bytes, and the line end behind them. `trailer`: fields behind the last chunk. `rest`: everything to the
 * end is the body. `lost`: a start line is looked for. `done`: the connection speaks something else now.
 */
export type SideState = 'start' | 'fields' | 'counted' | 'chunk' | 'chunk-data' | 'chunk-end' | 'trailer' | 'rest' | 'lost' | 'done'

/** What happens in each state; printed in the README. */
export const SIDE_STATES: readonly { readonly state: SideState; readonly event: string; readonly next: SideState }[] = [
  { state: 'start', event: 'start line', next: 'fields' },
  { state: 'start', event: 'another line, or a gap', next: 'lost' },
  { state: 'fields', event: 'blank line, a length', next: 'counted' },
  { state: 'fields', event: 'blank line, chunks', next: 'chunk' },
  { state: 'fields', event: 'blank line, no body', next: 'start' },
  { state: 'fields', event: 'blank line, neither', next: 'rest' },
  { state: 'fields', event: 'blank line, CONNECT or Upgrade granted', next: 'done' },
  { state: 'fields', event: 'a gap', next: 'lost' },
  { state: 'counted', event: 'all bytes passed, or lost in a gap', next: 'start' },
  { state: 'counted', event: 'a gap beyond the body', next: 'lost' },
  { state: 'chunk', event: 'a size', next: 'chunk-data' },
  { state: 'chunk', event: 'size 0', next: 'trailer' },
  { state: 'chunk', event: 'another line, or a gap', next: 'lost' },
  { state: 'chunk-data', event: 'all bytes passed, or lost in a gap', next: 'chunk-end' },
  { state: 'chunk-data', event: 'a gap beyond the chunk', next: 'lost' },
  { state: 'chunk-end', event: 'a line', next: 'chunk' },
  { state: 'chunk-end', event: 'a gap', next: 'lost' },
  { state: 'trailer', event: 'blank line', next: 'start' },
  { state: 'trailer', event: 'a gap', next: 'lost' },
  { state: 'lost', event: 'start line', next: 'fields' },
]

/** How the body of a message ends. */
export type Framing =
  | { readonly kind: 'none' } | { readonly kind: 'counted'; readonly bytes: number } | { readonly kind: 'chunked' } | { readonly kind: 'rest' }
  | { readonly kind: 'done' }

/** What a side tells its owner. Bytes are borrowed. */
export interface SideSink {
  /** False: the line is no start line. */
  start(buf: Uint8Array, off: number, end: number): boolean
  field(buf: Uint8Array, off: number, end: number): void
  /** The head is over: how its body ends, and the body when it has one. */
  headEnd(): { readonly framing: Framing; readonly body: MessageBody | null }
  /** The message is over; `isWhole` is false when its end was lost. */
  messageEnd(body: MessageBody | null, isWhole: boolean): void
  malformed(reason: string): void
}

export class Side {
  readonly #sink: SideSink
  readonly #lines = new LineReader(LINE_BYTES_MAX)
  #state: SideState = 'start'
  #fields = 0
  #left = 0
  #body: MessageBody | null = null

  constructor(sink: SideSink) {
    this.#sink = sink
  }

  get state(): SideState {
    return this.#state
  }

  /** The other side agreed to speak something else. */
  stop(): void {
    this.#state = 'done'
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end && this.#state !== 'done') {
      if (this.#state === 'rest') return this.#body?.add(buf, at, end)
      if (this.#state === 'counted' || this.#state === 'chunk-data') at = this.#pass(buf, at, end)
      else at = this.#lines.feed(buf, at, end, this.#onLine)
    }
  }

  gap(bytes: number): void {
    const isBody = this.#state === 'counted' || this.#state === 'chunk-data'
    if (this.#state === 'done') return
    if (this.#state === 'rest' || (isBody && bytes <= this.#left)) {
      this.#body?.lose(bytes)
      if (isBody) this.#passed(bytes)
      return
    }
    this.#lose('lost')
  }

  end(): void {
    if (this.#state === 'rest') this.#finish(true)
    else if (this.#body !== null) this.#finish(false)
    this.#state = 'done'
  }

  readonly #onLine = (buf: Uint8Array, off: number, end: number, isCut: boolean): boolean => {
    switch (this.#state) {
      case 'start': return this.#start(buf, off, end, isCut)
      case 'lost': return this.#resume(buf, off, end, isCut)
      case 'fields': return this.#field(buf, off, end, isCut)
      case 'chunk': return this.#chunk(buf, off, end)
      case 'chunk-end':
        this.#state = 'chunk'
        if (off !== end) this.#lose('chunk')
        return true
      default:
        if (off === end) this.#finish(true)
        return this.#state === 'trailer'
    }
  }

  /** A blank line before a start line is forgiven (RFC 9112 section 2.2). */
  #start(buf: Uint8Array, off: number, end: number, isCut: boolean): boolean {
    if (off === end) return true
    if (isCut || !this.#sink.start(buf, off, end)) this.#lose('start')
    else this.#begin()
    return true
  }

  #resume(buf: Uint8Array, off: number, end: number, isCut: boolean): boolean {
    if (!isCut && this.#sink.start(buf, off, end)) this.#begin()
    return true
  }

  #begin(): void {
    this.#state = 'fields'
    this.#fields = 0
  }

  #field(buf: Uint8Array, off: number, end: number, isCut: boolean): boolean {
    if (off < end) {
      if (isCut) this.#sink.malformed('line-length')
      else if (++this.#fields <= FIELDS_MAX) this.#sink.field(buf, off, end)
      return true
    }
    const { framing, body } = this.#sink.headEnd()
    this.#body = body
    switch (framing.kind) {
      case 'counted':
        this.#left = framing.bytes
        this.#state = 'counted'
        if (this.#left === 0) this.#finish(true)
        return false
      case 'chunked': this.#state = 'chunk'; return true
      case 'rest': this.#state = 'rest'; return false
      case 'done': this.#state = 'done'; return false
      default: this.#finish(true); return true
    }
  }

  #chunk(buf: Uint8Array, off: number, end: number): boolean {
    const size = chunkSize(buf, off, end)
    if (size === null) {
      this.#lose('chunk')
      return true
    }
    this.#left = size
    this.#state = size === 0 ? 'trailer' : 'chunk-data'
    return size === 0
  }

  #pass(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + this.#left)
    this.#body?.add(buf, off, stop)
    this.#passed(stop - off)
    return stop
  }

  #passed(bytes: number): void {
    this.#left -= bytes
    if (this.#left > 0) return
    if (this.#state === 'counted') this.#finish(true)
    else this.#state = 'chunk-end'
  }

  #finish(isWhole: boolean): void {
    const body = this.#body
    this.#body = null
    this.#state = 'start'
    this.#sink.messageEnd(body, isWhole)
  }

  #lose(reason: string): void {
    const isMidMessage = this.#state !== 'start' && this.#state !== 'lost'
    if (this.#state !== 'lost') this.#sink.malformed(reason)
    if (isMidMessage) this.#finish(false)
    this.#lines.reset()
    this.#state = 'lost'
  }
}
