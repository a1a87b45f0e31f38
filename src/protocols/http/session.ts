// HTTP/1 session: requests meet their responses in order; software, hosts, credentials and files leave as facts, each once.
// Keeps the rule of few facts: what was told is not told again on the same connection, and every list has a bound.

import type { Micros } from '../../base/time.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { TransferPlace } from '../file-transfer/facts.ts'
import { extensionOf, shownName } from '../file-transfer/names.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import type { FileMeasure } from '../file-transfer/seen.ts'
import { Body, type MessageBody } from './body.ts'
import { DEVICE_EXTENSIONS, hasNoBody, PENDING_MAX } from './codes.ts'
import { contentRange, dispositionName, holdsWord, numberAt, readRequestLine, readStatusLine, type RequestLine, valueOf, valueText } from './message.ts'
import { formBoundary, Multipart } from './multipart.ts'
import { Side, type Framing, type SideSink } from './side.ts'

/** Distinct requests, and distinct words of software, told per connection: enough to see what it is for. */
const TOLD_MAX = 16
const MALFORMED_MAX = 8

/** What a head says of its body and its sender. */
interface Head {
  length: number | null
  isChunked: boolean
  isCoded: boolean
  /** Of a form. */
  boundary: string | null
  attachment: string | null
  isAttachment: boolean
  range: ReturnType<typeof contentRange>
  host: string | null
}

function emptyHead(): Head {
  return { length: null, isChunked: false, isCoded: false, boundary: null, attachment: null, isAttachment: false, range: null, host: null }
}

/** A request whose response has not come. */
interface Pending {
  readonly line: RequestLine
  host: string | null
}

const NO_REQUEST: Pending = { line: { method: '', shape: '', name: null, extension: '' }, host: null }

export class HttpSession implements Session {
  readonly #context: SessionContext
  readonly #held: HeldBudget
  readonly #sides: readonly [Side, Side]
  readonly #talkers: readonly [Talker, Talker]
  readonly #pending: Pending[] = []
  readonly #told = new Set<string>()
  /** Who asks: the side whose start line was a request. */
  #client: Direction = 0
  #at: Micros = 0
  #requests = 0
  #responses = 0
  #refused = 0
  #malformed = 0

  constructor(context: SessionContext, held: HeldBudget) {
    this.#context = context
    this.#held = held
    this.#talkers = [new Talker(0, this), new Talker(1, this)]
    this.#sides = [new Side(this.#talkers[0]), new Side(this.#talkers[1])]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    this.#sides[direction].feed(buf, off, end)
  }

  gap(direction: Direction, bytes: number, at: Micros): void {
    this.#at = at
    this.#sides[direction].gap(bytes)
  }

  end(at: Micros): void {
    this.#at = at
    for (const side of this.#sides) side.end()
    if (this.#requests + this.#responses === 0) return
    const { requests, responses, refused } = { requests: this.#requests, responses: this.#responses, refused: this.#refused }
    this.#context.emit({ ...this.#base(), kind: 'totals', requests, responses, refused })
  }

  // ---- what talkers tell

  /** A start line came: its side asks, or it answers. */
  speaks(direction: Direction, isRequest: boolean): void {
    this.#client = isRequest === (direction === 0) ? 0 : 1
  }

  requested(line: RequestLine, head: Head): void {
    this.#requests++
    const { method, shape } = line
    if (this.#pending.length < PENDING_MAX) this.#pending.push({ line, host: head.host })
    if (this.#isNew(`request ${method} ${head.host} ${shape}`)) {
      this.#context.emit({ ...this.#base(), kind: 'request', method, host: head.host, shape })
    }
  }

  /** The request that this response answers; an interim one (1xx) answers none. */
  responded(status: number): Pending {
    if (status < 200 && status !== 101) return this.#pending[0] ?? NO_REQUEST
    this.#responses++
    if (status >= 400) this.#refused++
    return this.#pending.shift() ?? NO_REQUEST
  }

  software(side: 'client' | 'server', text: string): void {
    if (text !== '' && this.#isNew(`${side} ${text}`)) this.#context.emit({ ...this.#base(), kind: 'software', side, software: text })
  }

  credentials(): void {
    if (this.#isNew('credentials')) this.#context.emit({ ...this.#base(), kind: 'credentials', scheme: 'basic' })
  }

  malformed(reason: string): void {
    if (++this.#malformed <= MALFORMED_MAX) this.#context.emit({ ...this.#base(), kind: 'malformed', reason })
  }

  body(request: Pending, head: Head, isResponse: boolean, counted: number | null): MessageBody {
    const tell = (shown: string | null, measure: FileMeasure): void => this.#passed(shown, measure, isResponse, request.host)
    if (head.boundary !== null && !head.isCoded) return new Multipart(head.boundary, this.#held, tell, () => this.malformed('files'))
    const name = head.attachment === null ? request.line.name : shownName(head.attachment)
    const extension = head.attachment === null ? request.line.extension : extensionOf(head.attachment)
    const isFile = DEVICE_EXTENSIONS.has(extension) || (isResponse && head.isAttachment)
    const from = head.range?.from ?? 0
    const wholeSize = head.range === null ? counted : head.range.size
    return new Body({ name, isFile, isCoded: head.isCoded, from, wholeSize }, this.#held, tell)
  }

  #passed(name: string | null, measure: FileMeasure, isResponse: boolean, host: string | null): void {
    const { at, frame, flowId, client, server } = this.#base()
    const way: TransferPlace = { kind: isResponse ? 'read' : 'write', over: 'http', flowId, client, server, transport: 'tcp', place: host, name }
    this.#context.emit({ at, frame, protocol: 'file-transfer', ...way, ...measure })
  }

  /** CONNECT or Upgrade was granted: what follows is another protocol. */
  leave(): void {
    for (const side of this.#sides) side.stop()
  }

  #isNew(words: string): boolean {
    if (this.#told.has(words) || this.#told.size >= TOLD_MAX) return false
    this.#told.add(words)
    return true
  }

  #base() {
    const { flow } = this.#context
    const client = sender(flow, this.#client)
    return { at: this.#at, frame: this.#context.frame(), protocol: 'http' as const, flowId: flow.id, client, server: receiver(flow, this.#client) }
  }
}

/** One direction's heads: a start line says whether it asks or answers. */
class Talker implements SideSink {
  readonly #direction: Direction
  readonly #session: HttpSession
  #line: RequestLine | null = null
  #status = 0
  #head = emptyHead()
  #request: Pending = NO_REQUEST

  constructor(direction: Direction, session: HttpSession) {
    this.#direction = direction
    this.#session = session
  }

  start(buf: Uint8Array, off: number, end: number): boolean {
    const status = readStatusLine(buf, off, end)
    this.#line = status === null ? readRequestLine(buf, off, end) : null
    this.#status = status ?? 0
    this.#head = emptyHead()
    const isStart = status !== null || this.#line !== null
    if (isStart) this.#session.speaks(this.#direction, status === null)
    return isStart
  }

  field(buf: Uint8Array, off: number, end: number): void {
    switch (u8(buf, off) | 0x20) {
      case 0x63: return this.#content(buf, off, end)
      case 0x74: {
        const value = valueOf(buf, off, end, 'transfer-encoding')
        if (value >= 0) this.#head.isChunked = holdsWord(buf, value, end, 'chunked')
        return
      }
      case 0x68: {
        const value = valueOf(buf, off, end, 'host')
        if (value >= 0) this.#head.host = valueText(buf, value, end)
        return
      }
      case 0x73: return this.#software(buf, off, end, 'server')
      case 0x75: return this.#software(buf, off, end, 'user-agent')
      case 0x61: {
        const value = valueOf(buf, off, end, 'authorization')
        if (value >= 0 && value + 6 <= end && holdsWord(buf, value, value + 6, 'basic ')) this.#session.credentials()
      }
    }
  }

  #software(buf: Uint8Array, off: number, end: number, name: 'server' | 'user-agent'): void {
    const value = valueOf(buf, off, end, name)
    // A request has no Server field, a response no User-Agent: whoever writes one anyway says nothing about itself.
    if (value < 0 || (name === 'server') !== (this.#line === null)) return
    this.#session.software(name === 'server' ? 'server' : 'client', valueText(buf, value, end))
  }

  #content(buf: Uint8Array, off: number, end: number): void {
    const head = this.#head
    const length = valueOf(buf, off, end, 'content-length')
    if (length >= 0) {
      head.length = numberAt(buf, length, trimmed(buf, length, end))
      if (head.length === null) this.malformed('length')
    }
    const coding = valueOf(buf, off, end, 'content-encoding')
    if (coding >= 0) head.isCoded = !holdsWord(buf, coding, end, 'identity')
    const type = valueOf(buf, off, end, 'content-type')
    if (type >= 0) head.boundary = formBoundary(valueText(buf, type, end))
    const range = valueOf(buf, off, end, 'content-range')
    if (range >= 0) head.range = contentRange(valueText(buf, range, end))
    const disposition = valueOf(buf, off, end, 'content-disposition')
    if (disposition < 0) return
    const text = valueText(buf, disposition, end)
    head.isAttachment = text.toLowerCase().startsWith('attachment')
    head.attachment = dispositionName(text)
  }

  headEnd(): { framing: Framing; body: MessageBody | null } {
    const head = this.#head
    if (this.#line !== null) {
      this.#request = { line: this.#line, host: head.host }
      this.#session.requested(this.#line, head)
    } else this.#request = this.#session.responded(this.#status)
    const framing = this.#framing()
    if (framing.kind === 'done') this.#session.leave()
    const hasBody = framing.kind !== 'none' && framing.kind !== 'done'
    const counted = framing.kind === 'counted' ? framing.bytes : null
    return { framing, body: hasBody ? this.#session.body(this.#request, head, this.#line === null, counted) : null }
  }

  /** RFC 9112 section 6.3. */
  #framing(): Framing {
    const { isChunked, length } = this.#head
    const isResponse = this.#line === null
    const { method } = this.#request.line
    if (isResponse && (this.#status === 101 || (method === 'CONNECT' && this.#status >= 200 && this.#status < 300))) return { kind: 'done' }
    if (isResponse && hasNoBody(method, this.#status)) return { kind: 'none' }
    if (isChunked) return { kind: 'chunked' }
    if (length !== null) return { kind: 'counted', bytes: length }
    return isResponse ? { kind: 'rest' } : { kind: 'none' }
  }

  messageEnd(body: MessageBody | null, isWhole: boolean): void {
    body?.finish(isWhole)
  }

  malformed(reason: string): void {
    this.#session.malformed(reason === 'start' ? 'start-line' : reason)
  }
}

/** Without blanks at the end. */
function trimmed(buf: Uint8Array, off: number, end: number): number {
  let stop = end
  while (stop > off && (u8(buf, stop - 1) === 0x20 || u8(buf, stop - 1) === 9)) stop--
  return stop
}
