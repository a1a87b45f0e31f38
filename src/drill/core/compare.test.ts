// Tests of the comparison: each difference has its name and its words, explained stops are counted, assertions are broken only by what they speak of.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEvaluator } from '../../policy/index.ts'
import { ipValue } from '../../base/ip.ts'
import { drillWard, ip, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import { countFromMedical, differenceOf, tallyAssertions, tallyProbes } from './compare.ts'
import { predict, type Fate } from './predict.ts'
import { planProbes, type Probe } from './probes.ts'

const WARD = drillWard(KEEP_INSIDE)
const OUTSIDE_BIT = 1 << 3
const CENTRAL_BIT = 1 << 1

const probe = (src: string, dst: string, dport: number, proto = 6): Probe =>
  ({ version: 4, side: 0, src: ipValue(ip(src)), dst: ipValue(ip(dst)), proto, sport: proto === 6 ? 20_000 : 0, dport, icmpType: 0 })
const TELEMETRY = probe('10.20.3.7', '202.114.4.119', 515)
const LEAK = probe('10.20.3.7', '202.114.4.1', 515)
const MEMBERSHIP = probe('10.20.3.7', '224.0.0.22', 0, 2)
const THREE = [TELEMETRY, LEAK, MEMBERSHIP]
const FATES: readonly Fate[] = THREE.map((one) => predict(WARD.full, one, one.side))

function tally(seen: readonly number[]) {
  return tallyProbes(THREE, FATES, Uint32Array.from(seen), WARD.layout)
}

test('what comes out exactly as predicted is equal, and a stop by no rule is explained', () => {
  const { sent, predicted, passed, equal, wrong, explained, examples } = tally([CENTRAL_BIT, 0, 0])
  assert.deepEqual({ sent, predicted, passed, equal, wrong, examples }, { sent: 3, predicted: 1, passed: 1, equal: 3, wrong: 0, examples: [] })
  assert.deepEqual(explained, [{ reason: 'multicast is not routed', count: 1 }])
})

test('a leak is named with its packet, its rule and where it came out', () => {
  const { wrong, examples } = tally([CENTRAL_BIT, OUTSIDE_BIT, 0])
  assert.equal(wrong, 1)
  assert.deepEqual(examples, [{
    kind: 'leaked',
    words: '10.20.3.7 -> 202.114.4.1, tcp 515, sent by bedside, should not come out: the policy denies it (default); it came out at the outside',
  }])
})

test('a packet that is missing, or that goes astray, is no success', () => {
  assert.deepEqual(tally([0, 0, 0]).examples.map(({ kind }) => kind), ['missing'])
  assert.match(tally([0, 0, 0]).examples[0]?.words ?? '', /should reach central: the policy allows it \(bedside-vitals\); it came out nowhere/)
  assert.deepEqual(tally([OUTSIDE_BIT, 0, 0]).examples.map(({ kind }) => kind), ['astray'])
  assert.deepEqual(tally([OUTSIDE_BIT | CENTRAL_BIT, 0, 0]).examples.map(({ kind }) => kind), ['astray'])
})

test('differences are symmetric in nothing: each side of each bit counts', () => {
  const at = (side: number | null): Fate => ({ side, allowed: true, rule: 'x', why: null })
  assert.equal(differenceOf(at(31), 2 ** 31), null)
  assert.equal(differenceOf(at(null), 0), null)
  assert.equal(differenceOf(at(0), 2), 'astray')
})

function asserted(seen: readonly number[], probes: readonly Probe[] = THREE, fates = FATES) {
  const evaluator = createEvaluator(WARD.policy, WARD.names)
  const rows = tallyAssertions(WARD.policy, WARD.policy.assertions, (address) => evaluator.zoneOf(address), probes, fates, Uint32Array.from(seen))
  return new Map(rows.map((row) => [row.text, row]))
}

test('assertions are asked of the packets they speak of', () => {
  const good = asserted([CENTRAL_BIT, 0, 0])
  assert.deepEqual([...good.values()].filter(({ broken }) => broken > 0), [])
  assert.equal(good.get('never any -> factory-block')?.asked, 1)
  assert.equal(good.get('always bedside -> central on cms8000, cms8000-hl7')?.asked, 1)
  assert.equal(good.get('never internet -> central')?.asked, 0)
})

test('never is broken by what passes, always by what does not, each with a packet', () => {
  const bad = asserted([0, OUTSIDE_BIT, 0])
  assert.deepEqual(bad.get('never any -> factory-block'), {
    text: 'never any -> factory-block', asked: 1, broken: 1, example: '10.20.3.7 -> 202.114.4.1, tcp 515',
  })
  assert.equal(bad.get('always bedside -> central on cms8000, cms8000-hl7')?.broken, 1)
})

test('only is broken by another service', () => {
  const telnet = [probe('10.20.3.7', '202.114.4.119', 23)]
  const fates = telnet.map((one) => predict(WARD.full, one, 0))
  assert.equal(asserted([CENTRAL_BIT], telnet, fates).get('only bedside -> central on cms8000, cms8000-hl7')?.broken, 1)
  assert.equal(asserted([0], telnet, fates).get('only bedside -> central on cms8000, cms8000-hl7')?.broken, 0)
})

test('a kernel that does what is predicted breaks no assertion of the shipped policies', () => {
  for (const ward of [WARD, drillWard()]) {
    const probes = planProbes({ layout: ward.layout, chains: ward.chains, asked: ward.asked, count: 2000, seed: 5, text: null })
    const fates = probes.map((one) => predict(ward.full, one, one.side))
    const seen = Uint32Array.from(fates, ({ side }) => (side === null ? 0 : 1 << side))
    const evaluator = createEvaluator(ward.policy, ward.names)
    const rows = tallyAssertions(ward.policy, ward.policy.assertions, (address) => evaluator.zoneOf(address), probes, fates, seen)
    assert.deepEqual(rows.filter(({ broken, asked }) => broken > 0 || asked === 0), [])
  }
})

test('packets of the ward at a side are counted by their source', () => {
  const medical = (one: Probe): boolean => one.src === TELEMETRY.src
  assert.equal(countFromMedical(THREE, Uint32Array.from([OUTSIDE_BIT, OUTSIDE_BIT | 1, 1]), 3, medical), 2)
  assert.equal(countFromMedical(THREE, Uint32Array.from([OUTSIDE_BIT, 0, 0]), 3, () => false), 0)
})
