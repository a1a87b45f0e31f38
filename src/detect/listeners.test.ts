// Who hears what: a detector told only its own protocols finds what one that is told everything finds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../protocols/facts.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { flow, world } from '../testing/world.ts'
import { behavioursOf } from '../sensor/knowledge.ts'
import { Sensor } from '../sensor/sensor.ts'
import { playWard, WARD_DEFAULTS } from '../twin/core/ward.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { listenersOf } from './listeners.ts'
import type { Detector } from './rule.ts'
import { RULES } from './rules.ts'

const facts: Fact[] = []
const sensor = new Sensor({ behaviours: behavioursOf(shippedKnowledge()), onFact: (fact) => facts.push(fact) })
for (const { at, bytes } of playWard({ ...WARD_DEFAULTS, beds: 4, scenarios: new Set(['leak', 'update', 'mitm', 'udp']) })) {
  sensor.packet(bytes, 0, bytes.length, at, bytes.length, LinkType.ethernet)
}
sensor.finish()

test('every rule that hears facts says of which protocols, and misses nothing by it', () => {
  const of = flow('10.20.4.31', '202.114.4.119', 515)
  let findings = 0
  for (const rule of RULES) {
    const [whole, own] = [rule.open(), rule.open()]
    assert.equal(whole.hears !== undefined, whole.fact !== undefined, rule.id)
    const listeners = listenersOf([own])
    for (const fact of facts) {
      whole.fact?.(fact, of)
      for (const detector of listeners(fact.protocol)) detector.fact?.(fact, of)
    }
    assert.deepEqual(own.findings(world()), whole.findings(world()), rule.id)
    findings += own.findings(world()).length
  }
  assert.ok(findings > 0)
  assert.ok(new Set(facts.map((f) => f.protocol)).size > 3)
})

test('listeners keep the order of the rules; one that names no protocol hears all, one without ears none', () => {
  const detector = (more: Partial<Detector>): Detector => ({ findings: () => [], ...more })
  const [all, arp, deaf, both] = [
    detector({ fact: () => {} }), detector({ hears: ['arp'], fact: () => {} }), detector({ hears: ['arp'] }),
    detector({ hears: ['dns', 'arp'], fact: () => {} }),
  ]
  const listeners = listenersOf([all, arp, deaf, both])
  assert.deepEqual(listeners('arp'), [all, arp, both])
  assert.deepEqual(listeners('dns'), [all, both])
  assert.deepEqual(listeners('rpc'), [all])
})
