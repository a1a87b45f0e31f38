// Tests of coverage: exact against brute force over every protocol and port of a small world.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIp, type Ip } from '../../base/ip.ts'
import { processorMs } from '../../testing/processor-time.ts'
import { serviceMatches, type FiveTuple } from '../eval/evaluate.ts'
import { silencedConduits } from './coverage.ts'
import { TRANSPORTS, type Action, type Conduit, type PolicyTransport, type Service } from './model.ts'
import { hasPorts } from './services.ts'

const at = { file: 'x', line: 1, column: 1 }
const PORTS = 6

function service(name: string, transports: readonly PolicyTransport[], low: number, high: number): Service {
  const ports = transports.some(hasPorts) ? [{ low, high }] : []
  return { name, transports, ports, protocol: null, description: null, builtIn: false, at }
}

function conduit(name: string, services: readonly string[], action: Action, to = 'b'): Conduit {
  return { name, from: 'a', to, services, action, fail: 'closed', owner: null, reason: 'r', at }
}

const byName = (services: readonly Service[]): ReadonlyMap<string, Service> => new Map(services.map((s) => [s.name, s]))

test('a conduit whose ports were all taken by an opposite one never decides', () => {
  const services = byName([service('all', ['tcp'], 1, 6), service('some', ['tcp'], 2, 3), service('more', ['tcp'], 2, 7)])
  const first = conduit('first', ['all'], 'deny')
  assert.deepEqual(silencedConduits([first, conduit('second', ['some'], 'allow')], services).map((s) => s.conduit.name), ['second'])
  assert.deepEqual(silencedConduits([first, conduit('second', ['more'], 'allow')], services), [])
  assert.deepEqual(silencedConduits([first, conduit('second', ['some'], 'deny')], services), [], 'redundant is not silenced')
  assert.deepEqual(silencedConduits([first, conduit('second', ['some'], 'allow', 'c')], services), [], 'another pair of zones')
})

test('two together can silence a third, and only they are named', () => {
  const services = byName([
    service('low', ['tcp'], 1, 3), service('high', ['tcp'], 4, 6), service('all', ['tcp'], 1, 6), service('other', ['udp'], 1, 6),
  ])
  const found = silencedConduits([
    conduit('one', ['low'], 'deny'), conduit('two', ['other'], 'deny'), conduit('three', ['high'], 'allow'),
    conduit('four', ['all'], 'allow'),
  ], services)
  assert.deepEqual(found.map((s) => [s.conduit.name, s.by.map((c) => c.name)]), [['four', ['one', 'three']]])
})

test('tcp and udp on the same port are two things', () => {
  const services = byName([service('tcp', ['tcp'], 1, 6), service('both', ['tcp', 'udp'], 1, 6)])
  assert.deepEqual(silencedConduits([conduit('one', ['tcp'], 'deny'), conduit('two', ['both'], 'allow')], services), [])
})

test('any covers every protocol, and nothing but any covers any', () => {
  const services = byName([service('any', ['any'], 0, 0), service('tcp', ['tcp'], 0, 65535), service('icmp', ['icmp'], 0, 0)])
  assert.equal(silencedConduits([conduit('one', ['any'], 'deny'), conduit('two', ['icmp'], 'allow')], services).length, 1)
  assert.equal(silencedConduits([conduit('one', ['tcp', 'icmp'], 'deny'), conduit('two', ['any'], 'allow')], services).length, 0)
})

/** One packet per protocol and port of the small world; 47 stands for every protocol without a name. */
const ip = parseIp('10.0.0.1')
const WORLD: readonly FiveTuple[] = [1, 2, 6, 17, 58, 47].flatMap((proto) =>
  Array.from({ length: PORTS + 2 }, (_, dstPort) =>
    ({ src: (ip.ok ? ip.value : '') as Ip, dst: (ip.ok ? ip.value : '') as Ip, proto, srcPort: 0, dstPort })))

const anyService = fc.record({
  transports: fc.uniqueArray(fc.constantFrom(...TRANSPORTS), { minLength: 1, maxLength: 3 }),
  a: fc.integer({ min: 0, max: PORTS }),
  b: fc.integer({ min: 0, max: PORTS }),
})

test('silenced is exactly "no packet reaches it, and an opposite one before it shares a packet"', () => {
  const world = fc.record({
    services: fc.array(anyService, { minLength: 1, maxLength: 5 }),
    conduits: fc.array(fc.record({ services: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }), allow: fc.boolean() }), { maxLength: 6 }),
  })
  fc.assert(fc.property(world, ({ services: raw, conduits: rawConduits }) => {
    const services = raw.map((s, i) => service(`s${i}`, s.transports, Math.min(s.a, s.b), Math.max(s.a, s.b)))
    const conduits = rawConduits.map((c, i) => conduit(`c${i}`, c.services.map((n) => `s${n % services.length}`),
      c.allow ? 'allow' : 'deny'))
    const map = byName(services)
    const packets = (c: Conduit): FiveTuple[] => WORLD.filter((t) => c.services.some((name) => serviceMatches(map.get(name) as Service, t)))
    const expected = conduits.filter((c, i) => {
      const mine = packets(c)
      const before = conduits.slice(0, i)
      const reached = mine.some((t) => !before.some((b) => packets(b).includes(t)))
      const opposite = before.some((b) => b.action !== c.action && packets(b).some((t) => mine.includes(t)))
      return !reached && opposite
    })
    assert.deepEqual(silencedConduits(conduits, map).map((s) => s.conduit.name), expected.map((c) => c.name))
  }), { numRuns: 300 })
})

test('a pair of zones with thousands of conduits is answered in time', () => {
  const services = byName([service('s', ['tcp'], 1, 6), service('t', ['udp'], 1, 6)])
  const conduits = Array.from({ length: 4096 }, (_, i) => conduit(`c${i}`, [i % 2 === 0 ? 's' : 't'], i % 3 === 0 ? 'allow' : 'deny'))
  const took = processorMs(() => assert.ok(silencedConduits(conduits, services).length > 0))
  assert.ok(took < 10_000, `${took} ms`)
})
