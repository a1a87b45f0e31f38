// Tests of the evaluator: it must equal its slow twin on random policies, names and flows, and stay bounded and quick.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromValue, IP_BITS, parseIp, type Ip, type IpVersion, type Prefix } from '../../base/ip.ts'
import { processorMs } from '../../testing/processor-time.ts'
import { BUILT_IN_ZONES, type Conduit, type Policy, type Zone } from '../language/model.ts'
import { BUILT_IN_SERVICES } from '../language/services.ts'
import { evaluate, type FiveTuple } from './evaluate.ts'
import { createEvaluator } from './evaluator.ts'
import { zoneOf, type NameMap } from './names.ts'

const at = { file: 'x', line: 1, column: 1 }
const ZONE_NAMES = ['a', 'b', 'c'] as const

/** Blocks around three addresses, so that zones nest, tie and miss each other. */
const CENTRES: readonly (readonly [IpVersion, bigint])[] = [[4, 0x0a000000n], [4, 0xca720477n], [6, 0xfd000000000000000000000000000000n]]
const near = fc.record({ centre: fc.constantFrom(...CENTRES), low: fc.nat(15), length: fc.nat(4) })
const prefix = near.map(({ centre: [version, base], low, length }): Prefix => {
  const hostBits = BigInt(4 - length)
  const value = ((base >> 4n) << 4n) + BigInt(low)
  return { version, network: (value >> hostBits) << hostBits, length: IP_BITS[version] - 4 + length }
})
const special = fc.constantFrom('0.0.0.0', '255.255.255.255', '224.0.0.1', 'ff02::1', '::', 'fe80::1', '8.8.8.8').map((text) => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
})
const address = fc.oneof(near.map(({ centre: [version, base], low }): Ip => ipFromValue(version, ((base >> 4n) << 4n) + BigInt(low))),
  special)
const names = fc.array(fc.array(prefix, { maxLength: 5 }), { minLength: 3, maxLength: 3 })
  .map((lists): NameMap => new Map(lists.map((list, i) => [ZONE_NAMES[i] ?? 'a', list])))
const zoneName = fc.constantFrom(...ZONE_NAMES, ...BUILT_IN_ZONES)
const service = fc.constantFrom('dns', 'any', 'icmp', 'cms8000', 'lpd', 'igmp', 'portmap')
const conduits = fc.array(fc.record({ from: zoneName, to: zoneName, services: fc.array(service, { minLength: 1, maxLength: 3 }),
  allow: fc.boolean() }), { maxLength: 12 })

function policyOf(raw: readonly { from: string; to: string; services: string[]; allow: boolean }[], open: boolean): Policy {
  const zones = ZONE_NAMES.map((name): Zone => ({ name, kind: 'it', prefixes: [], profiles: [], inside: null, overlap: null, description: null, at }))
  const list = raw.map(({ from, to, services, allow }, i): Conduit => (
    { name: `c${i}`, from, to, services, action: allow ? 'allow' : 'deny', fail: 'open', owner: null, reason: `reason ${i}`, at }))
  return { name: 'p', description: null, zones, services: BUILT_IN_SERVICES, conduits: list, default: open ? 'allow' : 'deny' }
}

const tuple: fc.Arbitrary<FiveTuple> = fc.record({
  src: address, dst: address, proto: fc.constantFrom(1, 2, 6, 17, 47, 58), srcPort: fc.nat(65535),
  dstPort: fc.constantFrom(0, 53, 111, 515, 517, 520, 521, 65535),
})

test('the evaluator equals its slow twin', () => {
  fc.assert(fc.property(conduits, names, fc.boolean(), fc.array(tuple, { minLength: 1, maxLength: 20 }), (raw, map, open, tuples) => {
    const policy = policyOf(raw, open)
    const evaluator = createEvaluator(policy, map)
    for (const t of tuples) {
      assert.deepEqual(evaluator.evaluate(t), evaluate(policy, map, t))
      assert.equal(evaluator.zoneOf(t.src), zoneOf(map, t.src))
      assert.equal(evaluator.zoneOf(t.dst), zoneOf(map, t.dst))
    }
  }), { numRuns: 1000 })
})

test('the same question twice has the same answer', () => {
  fc.assert(fc.property(conduits, names, tuple, (raw, map, t) => {
    const evaluator = createEvaluator(policyOf(raw, false), map)
    assert.deepEqual(evaluator.evaluate(t), evaluator.evaluate(t))
  }))
})

test('a scan over more addresses than are remembered is answered like any other', () => {
  const map: NameMap = new Map([['a', [{ version: 4, network: 0x0a000000n, length: 9 }]]])
  const evaluator = createEvaluator(policyOf([], false), map)
  for (let i = 0; i < 140_000; i++) {
    const expected = i < 0x800000 ? 'a' : 'unzoned'
    if (evaluator.zoneOf(ipFromV4(0x0a000000 + i)) !== expected) assert.fail(`address ${i}`)
  }
  assert.equal(evaluator.zoneOf(ipFromV4(0x0a000000)), 'a')
  assert.equal(evaluator.zoneOf(ipFromV4(0x0a800000)), 'unzoned')
})

test('a hundred thousand flows of a busy hospital take seconds, not minutes', () => {
  const hosts = Array.from({ length: 5000 }, (_, i): Prefix => ({ version: 4, network: 0x0a140000n + BigInt(i), length: 32 }))
  const map: NameMap = new Map([['a', hosts], ['b', [{ version: 4, network: 0x0a000000n, length: 8 }]], ['c', []]])
  const raw = Array.from({ length: 300 }, (_, i) => ({ from: 'a', to: 'b', services: ['dns', 'cms8000'], allow: i % 2 === 0 }))
  const evaluator = createEvaluator(policyOf(raw, false), map)
  const took = processorMs(() => {
    for (let i = 0; i < 100_000; i++) {
      const flow = { src: ipFromV4(0x0a140000 + (i % 5000)), dst: ipFromV4(0x0a000000 + (i % 3000)), proto: 6, srcPort: 40000, dstPort: 515 }
      if (evaluator.evaluate(flow).rule !== 'c0') assert.fail(`flow ${i}`)
    }
  })
  assert.ok(took < 10_000, `${took} ms`)
})
