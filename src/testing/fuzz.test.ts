// Tests of neverThrows: it must pass a sound row and fail on one that throws or says too much.
// Keeps house habit 14: a fuzzer comes with a canary that must fail.

import { doesNotThrow, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../protocols/facts.ts'
import { FAKE_EPOCH } from './fake-context.ts'
import { assertPlainFacts, neverThrows } from './fuzz.ts'
import { toyRow } from './toy-row.ts'

const CASES = [{ transport: 'tcp' as const, chunks: [{ direction: 0 as const, bytes: Uint8Array.of(2, 0x41, 0xed) }] }]

const fact = (queue: unknown): Fact => ({
  at: FAKE_EPOCH, frame: 1, protocol: 'lpd', kind: 'command', flowId: 1, command: 'toy', queue: queue as string,
})

test('neverThrows passes a sound row, with and without cases', () => {
  doesNotThrow(() => neverThrows(toyRow(), { runs: 60 }))
  doesNotThrow(() => neverThrows(() => toyRow(), { runs: 60, cases: CASES }))
})

test('neverThrows finds the row that throws on one byte value', () => {
  throws(() => neverThrows(toyRow('throws'), { cases: CASES, runs: 400 }), /Property failed/)
})

test('neverThrows finds the row whose facts grow', () => {
  throws(() => neverThrows(toyRow('long-text'), { cases: CASES }), /Property failed/)
})

test('neverThrows finds too many facts', () => {
  const many = [{ transport: 'tcp' as const, chunks: [{ direction: 0 as const, bytes: new Uint8Array(40).fill(1) }] }]
  throws(() => neverThrows(toyRow(), { factsMax: 3, cases: many }), /Property failed/)
})

for (const [what, value] of [
  ['a control character', 'a\nb'], ['a byte above ASCII', 'caf\u00e9'], ['a bigint', 1n], ['undefined', undefined],
  ['NaN', Number.NaN], ['a nested long string', ['x'.repeat(1025)]], ['a function', () => 0],
] as const) {
  test(`assertPlainFacts refuses ${what}`, () => throws(() => assertPlainFacts([fact(value)]), /queue/))
}

test('assertPlainFacts takes what facts are made of', () => {
  doesNotThrow(() => assertPlainFacts([fact('lp'), fact(null), fact(['a', 1, true, { b: null }])]))
})
