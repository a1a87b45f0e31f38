// Hostile bytes for RPC: random, mutated goldens, gaps, truncation at each byte; never a throw, never unbounded facts or text.
// Keeps house habit 3. Longer runs: raise numRuns locally.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { assertPlainFacts, neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens } from '../../testing/golden.ts'
import { procedureRow } from './decoders.ts'
import { encodeCall, encodeReply, withRecordMark } from './encode.ts'
import { createRpc } from './index.ts'
import { emptyArguments, emptyResult } from './procedure.ts'
import { MONITOR } from './testdata/talk.ts'
import { XdrReader } from './xdr.ts'

const cases = loadGoldens(new URL('testdata', import.meta.url))

test('random and mutated conversations', () => {
  neverThrows(createRpc, { cases, runs: 400 })
})

test('each golden, each chunk cut at each byte', () => {
  for (const c of cases) {
    for (const [index, chunk] of c.chunks.entries()) {
      const step = Math.max(1, Math.floor(chunk.bytes.length / 200))
      for (let end = 0; end < chunk.bytes.length; end += step) {
        const cut = c.chunks.map((other, i) => (i === index ? { ...other, bytes: chunk.bytes.slice(0, end) } : other))
        assertPlainFacts(runSession(createRpc, c.transport, cut, { flow: c.flow }).facts)
      }
    }
  }
})

const PROCEDURES: readonly (readonly [number, number, number])[] = [100000, 100003, 100005].flatMap((program) => (
  [1, 2, 3, 4].flatMap((version) => Array.from({ length: 23 }, (_, procedure) => [program, version, procedure] as const))))

/** Arguments and results as XDR-like noise: small words are likely, so that counts, flags and lengths make sense now and then. */
const noise = fc.array(fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 8 }) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 100 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
), { maxLength: 120 }).map((words) => Uint8Array.from(words.flatMap((w) => [w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255])))

test('every decoder on noise stays inside its bytes', () => {
  const r = new XdrReader()
  fc.assert(fc.property(fc.constantFrom(...PROCEDURES), noise, ([program, version, procedure], body) => {
    const row = procedureRow(program, version, procedure)
    for (const read of [() => row?.args?.(r, emptyArguments()), () => row?.result?.(r, emptyResult())]) {
      const padded = Uint8Array.from([1, 2, 3, ...body, 4, 5])
      r.reset(padded, 3, 3 + body.length)
      read()
      equal(r.off >= 3 && r.off <= 3 + body.length, true)
    }
  }), { numRuns: 1000 })
})

const call = fc.record({
  procedure: fc.constantFrom(...PROCEDURES),
  args: noise,
  result: noise,
  fragment: fc.integer({ min: 16, max: 4000 }),
  answered: fc.boolean(),
})
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

function conversation(calls: readonly Call[]): Chunk[] {
  return calls.flatMap((c, i) => {
    const [program, version, procedure] = c.procedure
    const message = encodeCall(i, { program, version, procedure, args: c.args }, MONITOR)
    const chunks: Chunk[] = [{ direction: 0, bytes: withRecordMark(message, c.fragment) }]
    if (c.answered) chunks.push({ direction: 1, bytes: withRecordMark(encodeReply(i, c.result), c.fragment) })
    return chunks
  })
}

test('valid headers around noise: the same facts in every split', () => {
  fc.assert(fc.property(fc.array(call, { minLength: 1, maxLength: 3 }), (calls) => {
    assertPlainFacts(everySplit(createRpc, 'tcp', conversation(calls)))
  }), { numRuns: 12 })
})

test('valid headers around noise, with losses anywhere', () => {
  const losses = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.integer({ min: 1, max: 3000 })), { maxLength: 3 })
  fc.assert(fc.property(fc.array(call, { minLength: 1, maxLength: 6 }), losses, (calls, lost) => {
    const chunks = conversation(calls).map((chunk, i) => ({ ...chunk, lost: lost.find(([at]) => at === i)?.[1] ?? 0 }))
    assertPlainFacts(runSession(createRpc, 'tcp', chunks).facts)
  }), { numRuns: 300 })
})
