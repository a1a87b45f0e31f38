// Tests of any ward: whatever options are drawn, the frames are ordered, right, decodable, and tell the sensor only what was played.
// Keeps the rule that a twin used as ground truth holds for every seed, not for the seeds its author looked at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatMac, isGroupMac, isLocalMac } from '../base/mac.ts'
import { loadKnowledge } from '../cli/load-knowledge.ts'
import type { Fact } from '../protocols/facts.ts'
import { behavioursOf } from '../sensor/knowledge.ts'
import { takePicture } from '../sensor/picture.ts'
import { Sensor } from '../sensor/sensor.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { inspect } from './core/inspect.ts'
import {
  bedsNeeded, describeWard, playWard, SCENARIOS, wardOptions, wardOptionsProblem, type Scenario, type WardFrame, type WardOptions,
} from './core/ward.ts'

const loaded = loadKnowledge(undefined)
assert.ok(loaded.ok)
const knowledge = loaded.value

/** Which rules a story may wake. A rule outside the union of the played stories would be a false alarm. */
const WAKES: { readonly [S in Scenario]: readonly string[] } = {
  leak: ['talks-outside', 'patient-data-in-clear', 'indicator-contact'],
  update: ['update-pulled', 'update-attempted', 'indicator-contact'],
  mitm: ['address-claimed-twice', 'one-card-two-addresses', 'server-payload'],
  udp: ['inbound-udp', 'streams-lost'],
}

/** Small wards of any kind; short, because hundreds are played. */
const anyOptions: fc.Arbitrary<WardOptions> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  extraBeds: fc.integer({ min: 0, max: 4 }),
  scenarios: fc.subarray([...SCENARIOS]).map((list) => new Set<Scenario>(list)),
  durationSeconds: fc.integer({ min: 1, max: 25 }),
  cyclePeriodMicros: fc.constantFrom(500_000, 1_000_000, 1_234_567, 10_000_000),
  jitterShare: fc.constantFrom(0, 0.01, 0.25),
  startAt: fc.constantFrom(0, 1_767_598_200_000_000, 4_294_967_000_000_000),
  updateTransport: fc.constantFrom('udp' as const, 'tcp' as const),
  updateSynRetries: fc.integer({ min: 0, max: 6 }),
  recordEveryCycles: fc.constantFrom(1, 7, 60),
}).map(({ extraBeds, jitterShare, ...rest }) => wardOptions({
  ...rest,
  beds: bedsNeeded(rest.scenarios) + extraBeds,
  jitterMicros: Math.floor(rest.cyclePeriodMicros * jitterShare),
}))

function watch(frames: readonly WardFrame[]): { sensor: Sensor; facts: Fact[] } {
  const facts: Fact[] = []
  const sensor = new Sensor({ behaviours: behavioursOf(knowledge), onFact: (fact) => void facts.push(fact) })
  for (const { at, bytes } of frames) sensor.packet(bytes, 0, bytes.length, at, bytes.length, LinkType.ethernet)
  return { sensor, facts }
}

test('the drawn options are options a person could have asked for', () => {
  fc.assert(fc.property(anyOptions, (options) => {
    assert.equal(wardOptionsProblem(options), null)
  }), { numRuns: 200 })
})

test('any ward is in time order, inside its time, of whole frames with right checksums', () => {
  fc.assert(fc.property(anyOptions, (options) => {
    let last = options.startAt
    for (const { at, bytes } of playWard(options)) {
      assert.ok(Number.isInteger(at) && at >= last && at < options.startAt + options.durationSeconds * 1e6)
      last = at
      assert.ok(bytes.length >= 60 && bytes.length <= 1514)
      assert.deepEqual(inspect(bytes).wrong, [])
    }
  }), { numRuns: 25 })
})

test('in any ward every sender has a made-up hardware address, and every receiver one or the group\'s', () => {
  fc.assert(fc.property(anyOptions, (options) => {
    const macs = new Set(describeWard(options).members.map((m) => m.mac))
    for (const { bytes } of playWard(options)) {
      const { srcMac, dstMac } = inspect(bytes)
      assert.ok(isLocalMac(srcMac) && !isGroupMac(srcMac))
      assert.ok(isGroupMac(dstMac) || macs.has(formatMac(dstMac)))
    }
  }), { numRuns: 15 })
})

test('no decoder calls anything in any ward malformed, resynchronises or misses a byte', () => {
  fc.assert(fc.property(anyOptions, (options) => {
    const { sensor, facts } = watch([...playWard(options)])
    assert.deepEqual(facts.filter((f) => f.kind === 'malformed' || f.kind === 'resync'), [])
    for (const flow of sensor.liveFlows()) assert.equal(flow.gapBytes, 0)
    for (const fact of facts) {
      if (fact.protocol === 'cms8000' && fact.kind === 'totals') assert.equal(fact.unknownFrames + fact.malformedFrames, 0)
    }
  }), { numRuns: 20 })
})

test('in any ward the sensor raises nothing that was not played', () => {
  fc.assert(fc.property(anyOptions, (options) => {
    const { sensor } = watch([...playWard(options)])
    const expected = new Set([...options.scenarios].flatMap((s) => WAKES[s]))
    const raised = takePicture(sensor.heard(), knowledge).findings.map((f) => f.rule)
    assert.deepEqual(raised.filter((rule) => !expected.has(rule)), [])
  }), { numRuns: 20 })
})

test('in any ward without a leak the canary is nowhere, in any ward with one it is only behind the gateway', () => {
  fc.assert(fc.property(anyOptions, (options) => {
    const gateway = describeWard(options).members.find((m) => m.role === 'router')?.mac
    const holders = [...playWard(options)].filter((f) => Buffer.from(f.bytes).includes('ZZTEST^CANARY'))
    if (!options.scenarios.has('leak')) assert.deepEqual(holders, [])
    assert.ok(holders.every((f) => formatMac(inspect(f.bytes).dstMac) === gateway))
  }), { numRuns: 20 })
})

test('any ward can be left early and begun again: the first frames are the same', () => {
  fc.assert(fc.property(anyOptions, fc.integer({ min: 1, max: 200 }), (options, count) => {
    const first = (): string[] => {
      const out: string[] = []
      for (const { at, bytes } of playWard(options)) {
        if (out.length === count) break
        out.push(`${at} ${Buffer.from(bytes).toString('base64')}`)
      }
      return out
    }
    assert.deepEqual(first(), first())
  }), { numRuns: 15 })
})
