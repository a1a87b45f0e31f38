// everySplit: one conversation, cut in every way a network may cut it, must teach the same facts.
// Keeps the seam's promise that TCP bytes come "in any split" and that (buf, off, end) are borrowed: buffers are scrubbed after each feed.

import { deepStrictEqual } from 'node:assert/strict'
import type { Fact } from '../protocols/facts.ts'
import type { ProtocolRow, Transport } from '../protocols/protocol.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import { fakeContext, fakeTime } from './fake-context.ts'

/** What one packet adds to one direction. Packet time follows from the frame number (fakeTime). */
export interface Chunk {
  readonly direction: Direction
  readonly bytes: Uint8Array
  /** 1-based; default: position in the list. */
  readonly frame?: number
  /** Bytes of this direction that were lost just before this chunk: Session.gap is called first. */
  readonly lost?: number
}

/** A row, or a factory for rows that keep a memory across flows: each run then starts with a fresh one. */
export type RowSource = ProtocolRow | (() => ProtocolRow)

export interface RunOptions {
  /** Overrides of the fake flow, e.g. `{ dstPort: 53 }`. */
  readonly flow?: Partial<Flow>
}

export interface SplitOptions extends RunOptions {
  /**
   * What is compared of each fact. Pieces of a chunk keep its frame number and time, so the default compares facts whole.
   * Give one only for a field that by definition counts the bytes of a packet, and say which.
   */
  readonly normalise?: (fact: Fact) => unknown
  /** False when bytes glued to the last segment may rightly change facts already emitted. Default true on TCP. */
  readonly trailing?: boolean
  /** UDP: true when padding after the message must change nothing (DHCP). Default false: only "does not throw" is checked. */
  readonly padding?: boolean
}

export interface RunResult {
  /** All facts, in order, end() included. */
  readonly facts: readonly Fact[]
  /** How many of them came before end(). */
  readonly beforeEnd: number
}

/** Above this many positions, every position near a chunk's ends is tried and the rest are sampled evenly: N positions cost N^2 bytes. */
const SPLIT_POSITIONS_MAX = 1500
/** How near is near: framing heads of the stream protocols here are below 32 bytes. */
const EDGE_BYTES = 32
/** Bytes of filler before and after each chunk in the buffer the session is handed. */
const GUARD_BYTES = 5

export function openRow(source: RowSource): ProtocolRow {
  return typeof source === 'function' ? source() : source
}

/** Feeds the chunks to a fresh session, then ends it. `guard` is the filler byte around each chunk. */
export function runSession(
  source: RowSource, transport: Transport, chunks: readonly Chunk[], options: RunOptions = {}, guard = 0,
): RunResult {
  const context = fakeContext(transport, options.flow)
  const session = openRow(source).open(context)
  let frame = 1
  for (const [index, chunk] of chunks.entries()) {
    frame = chunk.frame ?? index + 1
    context.setFrame(frame)
    if (chunk.lost) session.gap(chunk.direction, chunk.lost, fakeTime(frame))
    if (chunk.bytes.length === 0 && transport === 'tcp') continue
    const buf = new Uint8Array(chunk.bytes.length + 2 * GUARD_BYTES).fill(guard)
    buf.set(chunk.bytes, GUARD_BYTES)
    session.feed(chunk.direction, buf, GUARD_BYTES, GUARD_BYTES + chunk.bytes.length, fakeTime(frame))
    buf.fill(guard ^ 0xa5)
  }
  const beforeEnd = context.facts.length
  session.end(fakeTime(frame))
  return { facts: context.facts, beforeEnd }
}

/**
 * Runs the conversation whole and in every other way, asserts equal facts, and returns the facts of the whole run.
 * TCP: two guard fillers, cut in two at every position, byte by byte, neighbours of one direction joined (frame and time
 * ignored there), and with bytes glued to the last segment (facts known before end() must stay).
 * UDP: two guard fillers; each datagram cut short at every byte and padded must not throw.
 */
export function everySplit(
  source: RowSource, transport: Transport, chunks: readonly Chunk[], options: SplitOptions = {},
): readonly Fact[] {
  const numbered = chunks.map((chunk, index) => ({ ...chunk, frame: chunk.frame ?? index + 1 }))
  const whole = runSession(source, transport, numbered, options)
  const expected = whole.facts.map((fact) => comparable(fact, options))
  const check = (name: string, variant: readonly Chunk[], guard = 0): void => {
    const facts = runSession(source, transport, variant, options, guard).facts
    deepStrictEqual(facts.map((fact) => comparable(fact, options)), expected, `facts differ: ${name}`)
  }
  check('other bytes around each chunk', numbered, 0xff)
  if (transport === 'udp') {
    datagramRuns(source, numbered, options, check)
    return whole.facts
  }
  for (const position of splitPositions(numbered)) check(`cut at byte ${position}`, cutAt(numbered, position))
  check('byte by byte', byteByByte(numbered))
  joinedRun(source, numbered, whole, options)
  if (options.trailing !== false) trailingRuns(source, numbered, whole, options)
  return whole.facts
}

function comparable(fact: Fact, options: SplitOptions): unknown {
  return options.normalise ? options.normalise(fact) : fact
}

function withoutPlace(fact: unknown): unknown {
  return typeof fact === 'object' && fact !== null ? { ...fact, at: 0, frame: 0 } : fact
}

/** Positions in the concatenation of all chunks, each strictly inside a chunk. */
function splitPositions(chunks: readonly Chunk[]): number[] {
  const total = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
  const stride = Math.max(1, Math.ceil(total / SPLIT_POSITIONS_MAX))
  const positions: number[] = []
  let start = 0
  for (const chunk of chunks) {
    const length = chunk.bytes.length
    for (let i = 1; i < length; i++) {
      if (i <= EDGE_BYTES || i >= length - EDGE_BYTES || i % stride === 0) positions.push(start + i)
    }
    start += length
  }
  return positions
}

function cutAt(chunks: readonly Chunk[], position: number): Chunk[] {
  const out: Chunk[] = []
  let start = 0
  for (const chunk of chunks) {
    const at = position - start
    start += chunk.bytes.length
    if (at <= 0 || at >= chunk.bytes.length) out.push(chunk)
    else out.push({ ...chunk, bytes: chunk.bytes.slice(0, at) }, { ...chunk, lost: 0, bytes: chunk.bytes.slice(at) })
  }
  return out
}

function byteByByte(chunks: readonly Chunk[]): Chunk[] {
  return chunks.flatMap((chunk) =>
    chunk.bytes.length === 0 ? [chunk] : Array.from(chunk.bytes, (byte, i) => (
      { ...chunk, lost: i === 0 ? chunk.lost ?? 0 : 0, bytes: Uint8Array.of(byte) })))
}

/** Neighbours of one direction with nothing lost between them become one segment. */
function joined(chunks: readonly Chunk[]): Chunk[] {
  const out: Chunk[] = []
  for (const chunk of chunks) {
    const last = out.at(-1)
    if (!last || last.direction !== chunk.direction || chunk.lost) out.push(chunk)
    else out[out.length - 1] = { ...last, frame: chunk.frame ?? 0, bytes: glue(last.bytes, chunk.bytes) }
  }
  return out
}

function glue(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length)
  bytes.set(head)
  bytes.set(tail, head.length)
  return bytes
}

function joinedRun(source: RowSource, chunks: readonly Chunk[], whole: RunResult, options: SplitOptions): void {
  const bare = (facts: readonly Fact[]): unknown[] => facts.map((fact) => withoutPlace(comparable(fact, options)))
  const facts = runSession(source, 'tcp', joined(chunks), options).facts
  deepStrictEqual(bare(facts), bare(whole.facts), 'facts differ: neighbours joined into one segment')
}

function trailingRuns(source: RowSource, chunks: readonly Chunk[], whole: RunResult, options: SplitOptions): void {
  const last = chunks.at(-1)
  if (!last) return
  const known = whole.facts.slice(0, whole.beforeEnd).map((fact) => comparable(fact, options))
  for (const [name, tail] of Object.entries({ zero: Uint8Array.of(0), ff: Uint8Array.of(0xff), repeat: last.bytes })) {
    const glued: Chunk[] = [...chunks.slice(0, -1), { ...last, bytes: glue(last.bytes, tail) }]
    const facts: unknown[] = runSession(source, 'tcp', glued, options).facts.map((fact) => comparable(fact, options))
    deepStrictEqual(facts.slice(0, known.length), known, `facts already known changed: trailing ${name}`)
  }
}

function datagramRuns(
  source: RowSource, chunks: readonly Chunk[], options: SplitOptions, check: (name: string, variant: readonly Chunk[]) => void,
): void {
  const padded = chunks.map((chunk) => ({ ...chunk, bytes: glue(chunk.bytes, new Uint8Array(7)) }))
  if (options.padding) check('seven zero bytes after each datagram', padded)
  else runSession(source, 'udp', padded, options)
  for (const [index, chunk] of chunks.entries()) {
    const stride = Math.max(1, Math.ceil(chunk.bytes.length / SPLIT_POSITIONS_MAX))
    for (let length = 0; length < chunk.bytes.length; length += stride) {
      runSession(source, 'udp', chunks.map((c, i) => (i === index ? { ...c, bytes: c.bytes.slice(0, length) } : c)), options)
    }
  }
}
