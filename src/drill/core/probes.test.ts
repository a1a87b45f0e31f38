// Tests of the probes: same seed, same probes; every border of every rule; none is the answer of another; none that kernels differ about.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillWard, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import { homes, outsideOf } from './layout.ts'
import { bordersOf, EXTENSIONS, planProbes, SPORT_HIGH, SPORT_LOW, type Probe, type ProbePlan } from './probes.ts'

const WARDS = [drillWard(KEEP_INSIDE), drillWard()]
const plan = (i: number, more: Partial<ProbePlan> = {}): ProbePlan =>
  ({ layout: WARDS[i]!.layout, chains: WARDS[i]!.chains, asked: WARDS[i]!.asked, count: 4000, seed: 7, text: null, ...more })
const KEEP = planProbes(plan(0))
const SHIPPED = planProbes(plan(1))

test('the same plan gives the same probes, another seed gives others', () => {
  assert.deepEqual(planProbes(plan(0)), KEEP)
  assert.notDeepEqual(planProbes(plan(0, { seed: 8 })), KEEP)
  assert.equal(KEEP.length, 4000)
  assert.equal(planProbes(plan(0, { count: 0 })).length, 0)
})

for (const [name, probes] of [['keep-inside', KEEP], ['default', SHIPPED]] as const) {
  test(`${name}: no probe is the answer of another, so none is let through by connection state`, () => {
    const key = ({ version, proto, src, dst, sport, dport }: Probe): string => `${version} ${proto} ${src} ${dst} ${sport} ${dport}`
    const sent = new Set(probes.map(key))
    const answers = probes.filter((one) => sent.has(key({ ...one, src: one.dst, dst: one.src, sport: one.dport, dport: one.sport })))
    assert.deepEqual(answers, [])
  })

  test(`${name}: fields that a protocol does not have are 0, source ports are the drill's own`, () => {
    for (const { proto, sport, dport, icmpType, version } of probes) {
      const ports = [6, 17, 132].includes(proto)
      assert.ok(ports ? sport >= SPORT_LOW && sport <= SPORT_HIGH : sport === 0 && dport === 0)
      assert.ok(icmpType === 0 || proto === 1 || proto === 58)
      assert.ok(version === 4 || !EXTENSIONS.has(proto))
    }
  })
}

test('every border of every rule is stepped on and stepped over', () => {
  for (const [i, probes] of [[0, KEEP], [1, SHIPPED]] as const) {
    for (const rule of WARDS[i]!.chains[4].rules) {
      for (const [field, constraint] of rule.matches.flatMap((match) => match.fields)) {
        if (constraint.kind !== 'ranges' || (field !== 'src' && field !== 'dst' && field !== 'dport')) continue
        const max = field === 'dport' ? 65_535n : 0xffff_ffffn
        const values = new Set(probes.filter(({ version }) => version === 4).map((probe) => BigInt(probe[field])))
        const missing = bordersOf(constraint.ranges, max).filter((value) => !values.has(value) && !(field !== 'dport' && value < 0x0100_0000n))
        assert.deepEqual(missing, [], `${rule.text} ${field}`)
      }
    }
  }
})

test('a probe is sent from where its source lives; strangers of the outside may be plugged in anywhere', () => {
  const { layout } = WARDS[0]!
  const home = homes(layout)
  const strangers = KEEP.filter((probe) => probe.side !== home(probe.version, probe.src))
  assert.ok(strangers.length > 0 && strangers.length < KEEP.length / 2)
  assert.ok(strangers.every((probe) => home(probe.version, probe.src) === outsideOf(layout)))
  assert.equal(new Set(KEEP.map(({ side }) => side)).size, layout.sides.length)
})

test('IPv6 is asked about even where the policy has no IPv6 zone, and more where it has one', () => {
  const share = (probes: readonly Probe[]): number => probes.filter(({ version }) => version === 6).length / probes.length
  assert.ok(share(KEEP) > 0.02 && share(SHIPPED) > share(KEEP))
})

test('kernels differ about network 0, so no probe uses it but for its first address', () => {
  const odd = [...KEEP, ...SHIPPED].filter(({ version, src, dst }) => [src, dst].some((a) => (version === 4 ? a > 0n && a < 0x0100_0000n : a === 0n)))
  assert.deepEqual(odd, [])
})

test('packets that are known to show a difference come first', () => {
  const packet = { version: 4 as const, src: 0x0a140307n, dst: 0x08080808n, proto: 6, sport: 20_000, dport: 80, icmpType: 0 }
  const probes = planProbes(plan(0, { text: { matches: { 4: [], 6: [] }, packets: [packet] } }))
  assert.deepEqual(probes[0], { ...packet, side: 0 })
})

test('borders are the ends of each range and their neighbours, inside what the field can hold', () => {
  assert.deepEqual(bordersOf([{ low: 0n, high: 5n }, { low: 255n, high: 255n }], 255n), [0n, 1n, 4n, 5n, 6n, 254n, 255n].filter((v) => ![1n, 4n].includes(v)))
})
