// identify: which protocol a flow speaks, by content; the one place below the sensor that looks at ports, and only as hints.
// Keeps "a port is a hint, the probe is the judge", and bounds what an undecided flow may hold: bytes, packets, datagrams, restarts.

import { assert } from '../base/assert.ts'
import type { Micros } from '../base/time.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import type { Fact } from './facts.ts'
import type { ProbeAnswer, ProtocolRow, Session, SessionContext, Transport } from './protocol.ts'
import { CarryBuffer } from './session-tools.ts'

/** Bytes of one direction a probe may see: above a DNS question (273), an RPC call head (844) and a full Ethernet payload. */
export const IDENTIFY_BYTES_MAX = 2048
/** Packets with payload a TCP flow may need, both directions together: one-byte writers included, a chatty unknown flow is cut off. */
export const IDENTIFY_PACKETS_MAX = 256
/** Datagrams without a yes after which a UDP flow is unknown: an idle start or a keep-alive may come first. */
export const IDENTIFY_DATAGRAMS_MAX = 4
/**
 * Fresh starts at a segment boundary, per direction, for a flow whose beginning was not captured (or was lost): senders begin
 * most messages with a segment. A CMS8000 writes some five blocks a cycle, so this covers several cycles.
 */
export const IDENTIFY_RESTARTS_MAX = 32
/** One bit per row in a direction's set of refusals. */
const ROWS_MAX = 31

/** `undecided` until a probe says yes (`identified`) or the bounds are spent (`unknown`). */
export type Verdict = 'undecided' | 'identified' | 'unknown'

/** Rows by transport and port, made once at start. */
export interface CompiledRegistry {
  readonly rows: readonly ProtocolRow[]
  /** Those that may know a flow beforehand. */
  readonly expecting: readonly ProtocolRow[]
  /**
   * Every row of the transport: those hinted by `responderPort`, then by `initiatorPort` (sides may be swapped in a late start),
   * then the rest.
   */
  candidates(transport: Transport, responderPort: number, initiatorPort: number): readonly ProtocolRow[]
}

/** Rows in registry order: strongest signature first. Ids must be distinct. */
export function compileRegistry(rows: readonly ProtocolRow[]): CompiledRegistry {
  assert(new Set(rows.map((row) => row.id)).size === rows.length, 'two registry rows share an id')
  const tables = { tcp: compileTransport(rows, 'tcp'), udp: compileTransport(rows, 'udp') }
  for (const { all } of Object.values(tables)) assert(all.length <= ROWS_MAX, 'more registry rows of a transport than bits')
  return {
    rows,
    expecting: rows.filter((row) => row.expects !== undefined),
    candidates(transport, responderPort, initiatorPort): readonly ProtocolRow[] {
      const { all, hinted, pairs } = tables[transport]
      const first = hinted.get(responderPort)
      const second = hinted.get(initiatorPort)
      if (!first || !second) return first ?? second ?? all
      const pair = responderPort * PORTS + initiatorPort
      const known = pairs.get(pair)
      if (known) return known
      const both = [...new Set([...first.filter((row) => row.hints.includes(responderPort)), ...second])]
      pairs.set(pair, both)
      return both
    },
  }
}

interface TransportTable {
  readonly all: readonly ProtocolRow[]
  /** Port to the full list with the hinted rows in front. */
  readonly hinted: ReadonlyMap<number, readonly ProtocolRow[]>
  /** The same for both ports hinted, once asked for; as many as there are hints, squared. */
  readonly pairs: Map<number, readonly ProtocolRow[]>
}

const PORTS = 65_536

function compileTransport(rows: readonly ProtocolRow[], transport: Transport): TransportTable {
  const all = rows.filter((row) => row.transports.includes(transport))
  const ports = new Set(all.flatMap((row) => row.hints))
  const inFront = (port: number): readonly ProtocolRow[] => [...new Set([...all.filter((row) => row.hints.includes(port)), ...all])]
  return { all, hinted: new Map([...ports].map((port) => [port, inFront(port)])), pairs: new Map() }
}

/** The first row that says yes to one datagram, which is judged alone; null when all say no. */
export function datagramRow(
  registry: CompiledRegistry, responderPort: number, initiatorPort: number, direction: Direction, buf: Uint8Array, off: number, end: number,
): ProtocolRow | null {
  return firstYes(registry.candidates('udp', responderPort, initiatorPort), direction, buf, off, end)
}

function firstYes(rows: readonly ProtocolRow[], direction: Direction, buf: Uint8Array, off: number, end: number): ProtocolRow | null {
  for (const row of rows) if (row.probe('udp', direction, buf, off, end) === 'yes') return row
  return null
}

/** A packet kept until the verdict: its bytes lie in its direction's carry buffer, in order. */
interface Piece {
  readonly direction: Direction
  readonly length: number
  readonly at: Micros
  readonly frame: number
}

/** What one direction of an undecided TCP flow has shown. */
class Window {
  readonly carry = new CarryBuffer(IDENTIFY_BYTES_MAX)
  /** Bit i: row i said no to these bytes. */
  refused = 0
  /** Index of a row that said yes while a row before it still said more; -1 without. */
  waiting = -1
  restarts = 0
  /** The bytes so far were refused by all; the next packet is judged on its own. */
  restartNext = false
  /** Bytes that were lost or given up before what the carry buffer holds. */
  skipped = 0
  /** The stream's beginning is not what we hold: a gap came first. */
  unsynchronised = false
}

/** Context of the session inside: during replay a fact's frame is that of the kept packet. */
class ReplayContext implements SessionContext {
  readonly flow: Flow
  readonly transport: Transport
  replayed: number | null = null
  readonly #outer: SessionContext

  constructor(outer: SessionContext) {
    this.flow = outer.flow
    this.transport = outer.transport
    this.#outer = outer
  }

  frame(): number {
    return this.replayed ?? this.#outer.frame()
  }

  emit(fact: Fact): void {
    this.#outer.emit(fact)
  }
}

/**
 * The session every TCP and UDP flow starts with. Once a probe says yes it sets `flow.protocol`, opens that row's session, hands
 * it the kept bytes in order of arrival with their own time and frame, and from then on passes everything through uncopied.
 * Of two rows that say yes the first candidate wins; a later row waits while an earlier one says `more`, so that the verdict does
 * not depend on where segments end. UDP: each datagram is judged alone and `more` is no; datagrams before the yes are not replayed.
 */
export class IdentifyingSession implements Session {
  readonly #context: ReplayContext
  readonly #rows: readonly ProtocolRow[]
  /** The capture does not hold the beginning of this flow. */
  readonly #isLate: boolean
  #session: Session | null = null
  #verdict: Verdict = 'undecided'
  #datagrams = 0
  #windows: readonly [Window, Window] | null = null
  #pieces: Piece[] = []

  constructor(registry: CompiledRegistry, context: SessionContext) {
    this.#context = new ReplayContext(context)
    this.#rows = registry.candidates(context.transport, context.flow.dstPort, context.flow.srcPort)
    this.#isLate = context.flow.state === 'midstream'
    const { srcPort, dstPort } = context.flow
    for (const row of registry.expecting) {
      if (this.#session === null && row.expects?.ports(srcPort, dstPort) && row.expects.flow(context.transport, context.flow)) this.#open(row)
    }
  }

  get verdict(): Verdict {
    return this.#verdict
  }

  /** True when the verdict stands; with `unknown` further bytes are ignored and need not be brought. */
  get settled(): boolean {
    return this.#verdict !== 'undecided'
  }

  get isDone(): boolean {
    return this.#session?.isDone === true
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (this.#session) this.#session.feed(direction, buf, off, end, at)
    else if (this.#verdict === 'unknown' || off >= end) return
    else if (this.#context.transport === 'udp') this.#datagram(direction, buf, off, end, at)
    else this.#segment(direction, buf, off, end, at)
  }

  gap(direction: Direction, bytes: number, at: Micros): void {
    if (this.#session) this.#session.gap(direction, bytes, at)
    else if (this.#verdict === 'undecided' && this.#context.transport === 'tcp') {
      const window = this.#window(direction)
      window.unsynchronised = true
      this.#restart(direction, window, bytes)
    }
  }

  end(at: Micros): void {
    if (this.#verdict === 'undecided') this.#settle()
    this.#session?.end(at)
  }

  #datagram(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const row = firstYes(this.#rows, direction, buf, off, end)
    if (row) {
      this.#open(row).feed(direction, buf, off, end, at)
      return
    }
    this.#datagrams++
    if (this.#datagrams >= IDENTIFY_DATAGRAMS_MAX) this.#verdict = 'unknown'
  }

  #segment(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const window = this.#window(direction)
    if (window.restartNext) this.#restart(direction, window, 0)
    // The first bytes of a direction are judged where they are, so that the common flow is never copied.
    const first = window.carry.length === 0
    const row = first ? this.#judge(direction, window, buf, off, Math.min(end, off + IDENTIFY_BYTES_MAX)) : null
    if (row) {
      this.#replay(row, direction)?.feed(direction, buf, off, end, at)
      return
    }
    const rest = off + this.#keep(direction, window, buf, off, end, at)
    const later = first ? null : this.#judge(direction, window, window.carry.bytes, 0, window.carry.length)
    if (later) this.#replay(later, direction)
    else if (this.#isSpent(window)) this.#settle()
    if (this.#session && rest < end) this.#session.feed(direction, buf, rest, end, at)
    else if (!this.settled && rest < end) this.#restart(direction, window, end - rest)
  }

  /** Asks the rows that have not refused; the first yes counts once every row before it has refused. */
  #judge(direction: Direction, window: Window, buf: Uint8Array, off: number, end: number): ProtocolRow | null {
    let earlierWantsMore = false
    window.waiting = -1
    for (const [index, row] of this.#rows.entries()) {
      if ((window.refused & (1 << index)) !== 0) continue
      const answer = this.#answer(row, window, direction, buf, off, end)
      if (answer === 'no') window.refused |= 1 << index
      else if (answer === 'more') earlierWantsMore = true
      else if (!earlierWantsMore) return row
      else if (window.waiting < 0) window.waiting = index
    }
    if (this.#isRefused(window) && this.#isGuessing(window) && window.restarts < IDENTIFY_RESTARTS_MAX) window.restartNext = true
    return null
  }

  /** What we hold of this direction may begin anywhere in the stream. */
  #isGuessing(window: Window): boolean {
    return window.unsynchronised || this.#isLate
  }

  #answer(row: ProtocolRow, window: Window, direction: Direction, buf: Uint8Array, off: number, end: number): ProbeAnswer {
    const answer = row.probe('tcp', direction, buf, off, end)
    return answer === 'no' && row.probeInside && this.#isGuessing(window) ? row.probeInside('tcp', direction, buf, off, end) : answer
  }

  #isRefused(window: Window): boolean {
    return window.refused === (1 << this.#rows.length) - 1
  }

  /** Undecided for good: both directions refused, or a bound reached (a direction that will restart does not count its bytes). */
  #isSpent(window: Window): boolean {
    if (this.#pieces.length >= IDENTIFY_PACKETS_MAX) return true
    if (window.carry.length >= IDENTIFY_BYTES_MAX && !window.restartNext) return true
    return this.#windows?.every((w) => this.#isRefused(w) && !w.restartNext) === true
  }

  #keep(direction: Direction, window: Window, buf: Uint8Array, off: number, end: number, at: Micros): number {
    const length = window.carry.fill(buf, off, end, IDENTIFY_BYTES_MAX)
    this.#pieces.push({ direction, length, at, frame: this.#context.frame() })
    return length
  }

  /** Forgets this direction's bytes: the next ones are judged as a beginning. */
  #restart(direction: Direction, window: Window, lost: number): void {
    window.skipped += window.carry.length + lost
    window.carry.clear()
    window.refused = 0
    window.waiting = -1
    window.restarts += window.restartNext ? 1 : 0
    window.restartNext = false
    this.#pieces = this.#pieces.filter((piece) => piece.direction !== direction)
  }

  /** The bounds are spent: the best yes there is, or unknown. */
  #settle(): void {
    for (const direction of [0, 1] as const) {
      const row = this.#rows[this.#windows?.[direction].waiting ?? -1]
      if (row && !this.#session) this.#replay(row, direction)
    }
    if (this.#session) return
    this.#verdict = 'unknown'
    this.#forget()
  }

  /** Opens `row` and hands it the kept packets. The probe vouches for the start of `vouched`; the other direction is told of its losses. */
  #replay(row: ProtocolRow, vouched: Direction): Session | null {
    const session = this.#open(row)
    const windows = this.#windows
    const offsets: [number, number] = [0, 0]
    const other: Direction = vouched === 0 ? 1 : 0
    const skipped = windows?.[other].skipped ?? 0
    if (skipped > 0) session.gap(other, skipped, this.#pieces[0]?.at ?? this.#context.flow.firstAt)
    for (const { direction, length, at, frame } of this.#pieces) {
      const bytes = windows?.[direction].carry.bytes
      this.#context.replayed = frame
      if (bytes) session.feed(direction, bytes, offsets[direction], offsets[direction] + length, at)
      offsets[direction] += length
    }
    this.#context.replayed = null
    this.#forget()
    return session
  }

  #open(row: ProtocolRow): Session {
    this.#verdict = 'identified'
    this.#context.flow.protocol = row.id
    this.#session = row.open(this.#context)
    return this.#session
  }

  #window(direction: Direction): Window {
    this.#windows ??= [new Window(), new Window()]
    return this.#windows[direction]
  }

  #forget(): void {
    this.#windows = null
    this.#pieces = []
  }
}
