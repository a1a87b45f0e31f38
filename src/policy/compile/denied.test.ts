// Denied pieces: together exactly what first match denies, each named after the rule that denies it.
// Keeps "never wider, never narrower": compared packet by packet with first match on every cell, random policies included.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ValueRange } from '../rules/model.ts'
import type { CompileInput } from './target.ts'
import { assertSame, covers, inputArb, inputFromYaml, shippedInput, WARD_YAML, type ReadMatch } from '../../testing/emit-check.ts'
import { deniedPieces, type DeniedPiece, type DeniedScope } from './denied.ts'
import { makePlan } from './plan.ts'

const PORTS = new Set([6, 17, 132])

/** Ports belong to protocols that have them: a piece never mixes kinds. */
function matchOf({ protos, sub, src, dst }: DeniedPiece): ReadMatch {
  const proto = protos.map((number) => ({ low: BigInt(number), high: BigInt(number) }))
  return { src, dst, proto, ...(sub === null ? {} : PORTS.has(protos[0] ?? 0) ? { dport: sub } : { icmpType: sub }) }
}

const ALL: DeniedScope = { src: null, dst: null }

function pieces(input: CompileInput, version: 4 | 6, scope = ALL, alone: readonly number[] = []): readonly DeniedPiece[] {
  const plan = makePlan(input)
  assert.ok(plan.ok)
  return deniedPieces(plan.value.chains[version], scope, alone)
}

function assertExact(input: CompileInput): void {
  for (const version of [4, 6] as const) {
    const matches = pieces(input, version).map(matchOf)
    assertSame(input.chains[version], { matches, permits: (packet) => !matches.some((match) => covers(match, packet)) })
  }
}

test('the ward policy', () => assertExact(inputFromYaml(WARD_YAML)))
test('the shipped policy on a ward', () => assertExact(shippedInput()))
test('random policies', () => fc.assert(fc.property(inputArb(), assertExact), { numRuns: 60 }))

test('no packet is in two pieces', () => {
  fc.assert(fc.property(inputArb(), (input) => {
    const all = pieces(input, 4)
    const meet = (a: readonly ValueRange[], b: readonly ValueRange[]): boolean =>
      a.some((x) => b.some((y) => x.low <= y.high && y.low <= x.high))
    for (const [i, a] of all.entries()) {
      for (const b of all.slice(i + 1)) {
        const subs = a.sub === null || b.sub === null || meet(a.sub, b.sub)
        const both = a.protos.some((p) => b.protos.includes(p)) && meet(a.src, b.src) && meet(a.dst, b.dst) && subs
        assert.equal(both, false, `${a.rule} and ${b.rule}`)
      }
    }
  }), { numRuns: 60 })
})

test('each piece has the name of the first rule that decides its packets', () => {
  const input = inputFromYaml(WARD_YAML)
  const central = [{ low: 0x0a14040an, high: 0x0a14040an }]
  const named = new Set(pieces(input, 4, { src: null, dst: central }).map((piece) => piece.rule))
  assert.deepEqual(named, new Set(['no-ssh', 'default']))
  const ssh = pieces(input, 4).filter((piece) => piece.rule === 'no-ssh')
  assert.deepEqual(ssh.map((piece) => [piece.protos, piece.sub]), [[[6], [{ low: 22n, high: 22n }]]])
})

test('the scope cuts sources and destinations', () => {
  const one = [{ low: 5n, high: 5n }]
  for (const piece of pieces(inputFromYaml(WARD_YAML), 4, { src: one, dst: null })) assert.deepEqual(piece.src, one)
  for (const piece of pieces(inputFromYaml(WARD_YAML), 4, { src: null, dst: one })) assert.deepEqual(piece.dst, one)
})

test('protocols asked for alone get pieces of their own, the others stay together', () => {
  const all = pieces(inputFromYaml(WARD_YAML), 4, ALL, [47])
  assert.ok(all.some((piece) => piece.protos.length === 1 && piece.protos[0] === 47))
  assert.ok(all.filter((piece) => piece.rest).every((piece) => !piece.protos.includes(47) && piece.protos.length > 200))
})
