// fuzz: hostile bytes for a protocol row: random, mutated goldens, random splits, gaps; never a throw, never a runaway fact.
// Keeps house habit 3 (wrong bytes are an observation) and the patient-data rule (facts are short, plain, printable).

import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Fact } from '../protocols/facts.ts'
import type { Transport } from '../protocols/protocol.ts'
import type { Direction } from '../wire/flow.ts'
import { openRow, runSession, type Chunk, type RowSource } from './everysplit.ts'

export interface FuzzOptions {
  /** Conversations to mutate, e.g. `loadGoldens(dir)`. Their transport decides where they are used. */
  readonly cases?: readonly { readonly transport: Transport; readonly chunks: readonly Chunk[] }[]
  /** Random conversations per transport. Default 150: about a second. */
  readonly runs?: number
  /** Longest string a fact may hold. Default 1024 (NFS paths, RFC 1813 MNTPATHLEN). */
  readonly textMax?: number
  /** Most facts one conversation may cause. Default 4096. */
  readonly factsMax?: number
}

/** Longest random chunk: above every fixed header, below what makes a run slow. */
const CHUNK_BYTES_MAX = 400
const CHUNKS_MAX = 6

const chunkArbitrary: fc.Arbitrary<Chunk> = fc.record({
  direction: fc.constantFrom<Direction>(0, 1),
  bytes: fc.uint8Array({ maxLength: CHUNK_BYTES_MAX }),
  lost: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }) }),
})

/** One edit of a conversation: a byte set, a stretch dropped, a stretch repeated, a cut, a loss. Positions are fractions. */
const editArbitrary = fc.record({
  kind: fc.constantFrom('set', 'drop', 'repeat', 'cut', 'lose', 'turn'),
  chunk: fc.nat({ max: 1000 }),
  at: fc.nat({ max: 100_000 }),
  length: fc.integer({ min: 1, max: 64 }),
  value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xc0, 0xff), fc.nat({ max: 255 })),
})
type Edit = typeof editArbitrary extends fc.Arbitrary<infer T> ? T : never

/** Asserts that the row survives anything, on each of its transports. Prints fast-check's seed and path when it fails. */
export function neverThrows(source: RowSource, options: FuzzOptions = {}): void {
  const row = openRow(source)
  for (const transport of row.transports) {
    const seeds = (options.cases ?? []).filter((c) => c.transport === transport && c.chunks.length > 0).map((c) => c.chunks)
    const random = fc.array(chunkArbitrary, { maxLength: CHUNKS_MAX })
    const mutated = fc.tuple(fc.nat({ max: 10_000 }), fc.array(editArbitrary, { maxLength: 8 }))
      .map(([pick, edits]) => edits.reduce(applyEdit, seeds[pick % seeds.length] ?? []))
    const conversation = seeds.length === 0 ? random : fc.oneof({ weight: 1, arbitrary: random }, { weight: 2, arbitrary: mutated })
    fc.assert(fc.property(conversation, (chunks) => survives(source, transport, chunks, options)), { numRuns: options.runs ?? 150 })
  }
}

function survives(source: RowSource, transport: Transport, chunks: readonly Chunk[], options: FuzzOptions): void {
  const row = openRow(source)
  for (const chunk of chunks) {
    const answer = row.probe(transport, chunk.direction, chunk.bytes, 0, chunk.bytes.length)
    ok(answer === 'yes' || answer === 'no' || answer === 'more', `probe answered ${String(answer)}`)
  }
  assertPlainFacts(runSession(source, transport, chunks).facts, options)
}

function applyEdit(chunks: readonly Chunk[], edit: Edit): readonly Chunk[] {
  const index = edit.chunk % Math.max(1, chunks.length)
  const chunk = chunks[index]
  if (!chunk) return chunks
  return [...chunks.slice(0, index), ...edited(chunk, edit), ...chunks.slice(index + 1)]
}

function edited(chunk: Chunk, edit: Edit): Chunk[] {
  const at = edit.at % (chunk.bytes.length + 1)
  const head = chunk.bytes.slice(0, at)
  const tail = chunk.bytes.slice(at)
  switch (edit.kind) {
    case 'set': return [{ ...chunk, bytes: Uint8Array.from(chunk.bytes, (byte, i) => (i === at ? edit.value : byte)) }]
    case 'drop': return [{ ...chunk, bytes: Uint8Array.from([...head, ...tail.slice(edit.length)]) }]
    case 'repeat': return [{ ...chunk, bytes: Uint8Array.from([...head, ...tail.slice(0, edit.length), ...tail]) }]
    case 'cut': return [{ ...chunk, bytes: head }, { ...chunk, lost: 0, bytes: tail }]
    case 'lose': return [{ ...chunk, bytes: head }, { ...chunk, lost: edit.length, bytes: tail.slice(edit.length) }]
    default: return [{ ...chunk, direction: chunk.direction === 0 ? 1 : 0 }]
  }
}

/** Facts must be few, JSON-safe, and hold only short strings without control characters. */
export function assertPlainFacts(facts: readonly Fact[], options: FuzzOptions = {}): void {
  ok(facts.length <= (options.factsMax ?? 4096), `${facts.length} facts from one conversation`)
  for (const fact of facts) assertPlain(fact, options.textMax ?? 1024, fact.kind)
}

function assertPlain(value: unknown, textMax: number, where: string): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'number') return ok(Number.isFinite(value), `${where} is not a finite number`)
  if (typeof value === 'string') {
    ok(value.length <= textMax, `${where} is a string of ${value.length} characters`)
    return ok(/^[\x20-\x7e]*$/.test(value), `${where} holds characters that are not printable ASCII: ${JSON.stringify(value)}`)
  }
  if (Array.isArray(value)) return value.forEach((item, i) => assertPlain(item, textMax, `${where}[${i}]`))
  ok(typeof value === 'object', `${where} is a ${typeof value}`)
  for (const [key, item] of Object.entries(value)) assertPlain(item, textMax, `${where}.${key}`)
}
