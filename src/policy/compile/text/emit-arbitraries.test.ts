// Random policies as plain chains, for the tests that write them, read them back and compare sets of packets.
// Keeps translation validation honest: the generator knows nothing of what a platform can say.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IP_BITS, type IpVersion } from '../../../base/ip.ts'
import type { Chain, Constraint, Field, Match, Rule, ValueRange } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { address } from './testing.test.ts'
import { inRanges } from './ranges.ts'

const BASE: Readonly<Record<IpVersion, bigint>> = { 4: address('10.20.0.0'), 6: address('2001:db8:20::') }

/** Ranges close to each other, some of them blocks, some not, seldom everything. */
function addresses(version: IpVersion): fc.Arbitrary<Constraint> {
  const whole: ValueRange = { low: 0n, high: (1n << BigInt(IP_BITS[version])) - 1n }
  const near = fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 300 }))
    .map(([from, size]): ValueRange => ({ low: BASE[version] + BigInt(from), high: BASE[version] + BigInt(from + size) }))
  return fc.oneof({ weight: 9, arbitrary: fc.array(near, { minLength: 1, maxLength: 2 }) }, { weight: 1, arbitrary: fc.constant([whole]) })
    .map((ranges) => inRanges(ranges))
}

const port = fc.tuple(fc.integer({ min: 500, max: 530 }), fc.integer({ min: 0, max: 20 }))
  .map(([low, size]): ValueRange => ({ low: BigInt(low), high: BigInt(low + size) }))
const everyPort = fc.constant<ValueRange>({ low: 0n, high: 65_535n })

/** Protocol with what belongs to it: ports for TCP and UDP together or alone, types for the family's ICMP, or nothing. */
function service(version: IpVersion): fc.Arbitrary<readonly (readonly [Field, Constraint])[]> {
  const one = (value: bigint): ValueRange => ({ low: value, high: value })
  const proto = (...values: readonly bigint[]): readonly [Field, Constraint] => ['proto', inRanges(values.map((value) => one(value)))]
  const ports = fc.array(fc.oneof(port, everyPort), { minLength: 1, maxLength: 2 }).map((list): readonly [Field, Constraint] => ['dport',
    inRanges(list)])
  return fc.oneof(
    fc.constant([]),
    ports.map((dport) => [dport]),
    fc.tuple(fc.constantFrom([6n], [17n], [6n, 17n]), ports).map(([protos, dport]) => [proto(...protos), dport]),
    fc.constant([proto(6n)]),
    fc.constantFrom(1n, 2n, 47n, 58n, 89n).map((value) => [proto(value)]),
    fc.integer({ min: 0, max: 255 }).map((type) => [proto(version === 4 ? 1n : 58n), ['icmpType', inRanges([one(BigInt(type))])] as const]),
  )
}

function match(version: IpVersion): fc.Arbitrary<Match> {
  return fc.tuple(fc.option(addresses(version)), fc.option(addresses(version)), service(version)).map(([dst, src, fields]) => ({
    fields: [...(dst === null ? [] : [['dst', dst] as const]), ...(src === null ? [] : [['src', src] as const]), ...fields], unknown: [],
  }))
}

const action = fc.constantFrom<Rule['action']>({ kind: 'permit' }, { kind: 'deny', reject: false })

export function plainChain(version: IpVersion, rulesMax = 5): fc.Arbitrary<Chain> {
  const rule = fc.tuple(fc.array(match(version), { maxLength: 2 }), action, fc.string({ maxLength: 12 }))
    .map(([matches, does, text]): Rule => ({ line: 0, text, family: version, matches, action: does }))
  return fc.tuple(fc.array(rule, { maxLength: rulesMax }), fc.constantFrom('permit' as const, 'deny' as const))
    .map(([rules, policy]) => ({ name: `policy${version}`, rules, policy }))
}

export function compileInput(options: Readonly<Record<string, string>>): fc.Arbitrary<CompileInput> {
  return fc.tuple(plainChain(4), plainChain(6), fc.string({ maxLength: 40 })).map(([four, six, name]) => (
    { name, policyHash: '0123456789abcdef', chains: { 4: four, 6: six }, ruleBudget: 100_000, options }))
}

test('the generator makes permits, denies, ports and types', () => {
  const chains = fc.sample(plainChain(4), { numRuns: 200, seed: 1 })
  const fields = new Set(chains.flatMap((c) => c.rules).flatMap((r) => r.matches).flatMap((m) => m.fields).map(([field]) => field))
  assert.deepEqual([...fields].sort(), ['dport', 'dst', 'icmpType', 'proto', 'src'])
  assert.deepEqual([...new Set(chains.flatMap((c) => c.rules).map((r) => r.action.kind))].sort(), ['deny', 'permit'])
})
