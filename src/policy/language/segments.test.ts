// Tests of segments: the model of good ones, and that a segment is accepted exactly when its zone holds the whole block.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, ipFromValue, prefixContains, type Prefix } from '../../base/ip.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import { policyNames, zoneOf } from '../eval/names.ts'
import { prefixRange } from '../policy-rules.ts'
import { parsePolicy, type PolicyResult } from './policy.ts'

const ZONES: PlainValue = [
  { name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/8', 'fd00::/16'] },
  { name: 'ward', kind: 'medical', inside: 'hospital', prefixes: ['10.20.0.0/16'] },
  { name: 'room', kind: 'medical', inside: 'ward', prefixes: ['10.20.3.0/24'] },
]
const parse = (...segments: readonly PlainValue[]): PolicyResult =>
  parsePolicy(treeFromValue({ version: 1, zones: ZONES, conduits: [], segments }, 'p.yaml'))

test('segments become their model, next hops once and in order', () => {
  const { policy, diagnostics } = parse(
    { prefix: '10.20.3.0/24', zone: 'room', via: ['10.9.0.2', '10.9.0.1', '10.9.0.2'], elsewhere: 'blackhole', description: 'Beds.' },
    { prefix: 'fd00::/32', zone: 'hospital', via: 'fe80::1' },
    { prefix: '10.30.0.7', zone: 'hospital', elsewhere: 'prohibit' },
  )
  assert.deepEqual(diagnostics, [])
  assert.deepEqual(policy?.segments.map((s) => [formatPrefix(s.prefix), s.zone, s.via, s.elsewhere, s.description]), [
    ['10.20.3.0/24', 'room', ['10.9.0.2', '10.9.0.1'], 'blackhole', 'Beds.'],
    ['fd00::/32', 'hospital', ['fe80::1'], null, null],
    ['10.30.0.7/32', 'hospital', [], 'prohibit', null],
  ])
})

test('a policy without segments has none', () => {
  assert.deepEqual(parsePolicy(treeFromValue({ version: 1, zones: [], conduits: [] }, 'x')).policy?.segments, [])
})

const EDGES = [0x0a000000, 0x0a140000, 0x0a140300, 0x0a1403ff, 0x08080808]
const block = fc.record({ length: fc.integer({ min: 6, max: 30 }), low: fc.constantFrom(...EDGES) })
  .map(({ length, low }): Prefix => {
    const hostBits = BigInt(32 - length)
    return { version: 4, network: (BigInt(low) >> hostBits) << hostBits, length }
  })

test('accepted exactly when the block\'s edges are in the zone and no other zone\'s block holds it', () => {
  let good = 0
  fc.assert(fc.property(block, fc.constantFrom('hospital', 'ward', 'room'), (prefix, zone) => {
    const { policy, diagnostics } = parse({ prefix: formatPrefix(prefix), zone })
    const empty = parse().policy ?? assert.fail()
    const names = policyNames(empty, new Map())
    // Carved blocks may start where the outer one does, so edges alone do not decide: a carved zone is longer than what it is carved from.
    const inner = [...names].flatMap(([name, list]) => list.map((p) => ({ name, p })))
      .filter(({ p }) => p.length <= prefix.length && prefixContains(p, ipFromValue(4, prefix.network)))
      .sort((a, b) => b.p.length - a.p.length)[0]
    assert.equal(policy !== null, inner?.name === zone)
    assert.deepEqual(diagnostics.map((d) => d.code), policy === null ? ['policy/segment-owner'] : [])
    if (policy === null) return
    good++
    // What it holds beyond carved blocks is the zone's: unless a carved zone begins right there, the first address says so.
    const first = zoneOf(names, ipFromValue(4, prefixRange(prefix).low))
    assert.ok(first === zone || parse({ prefix: formatPrefix(prefix), zone: first }).policy === null)
  }), { numRuns: 300 })
  assert.ok(good > 10)
})

test('next hops: one row per way to get one wrong', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['10.20.3.9', 'inside the block it leads to'], ['fd00::1', 'of the other IP version'], ['224.0.0.5', 'multicast'],
    ['255.255.255.255', 'broadcast'], ['0.0.0.0', 'the unspecified address'], ['127.0.0.1', 'loopback'], ['router', 'no address'],
    ['10.20.0.1/24', 'no address'],
  ]
  for (const [via, words] of rows) {
    const { policy, diagnostics } = parse({ prefix: '10.20.3.0/24', zone: 'room', via: ['10.9.0.1', via] })
    assert.equal(policy, null)
    assert.deepEqual(diagnostics.map((d) => [d.code, d.message.includes(words)]), [['policy/bad-next-hop', true]], via)
  }
})

test('a blackhole beside an attached block is a warning, in each other combination there is none', () => {
  const codes = (more: { readonly [key: string]: PlainValue }): string[] =>
    parse({ prefix: '10.20.3.0/24', zone: 'room', ...more }).diagnostics.map((d) => `${d.severity} ${d.code}`)
  assert.deepEqual(codes({ elsewhere: 'blackhole' }), ['warning policy/attached-blackhole'])
  assert.deepEqual(codes({ elsewhere: 'prohibit' }), [])
  assert.deepEqual(codes({ elsewhere: 'blackhole', via: '10.9.0.1' }), [])
  assert.deepEqual(codes({}), [])
})
