// Tests of the IntelliVue row: goldens, hostile bytes, a slow twin of the attribute walk, and what never leaves.
// Keeps the patient-data rule: an admitted ZZTEST^CANARY is told by attribute names.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import type { Direction } from '../../wire/flow.ts'
import { PATIENT_ATTRIBUTES, PATIENT_CLASS } from './codes.ts'
import {
  deviceAttributes, encodeAssociation, encodeConnectIndication, encodeMdsCreate, encodePatient, encodePoll, encodePollResult, wideText, type Attribute,
} from './encode.ts'
import type { IntellivueFact } from './facts.ts'
import { intellivue } from './index.ts'
import { decodeIntellivue } from './message.ts'

const TESTDATA = fileURLToPath(new URL('./testdata', import.meta.url))
const WORDS = deviceAttributes('M8007A', 'DE00000000', 'ROOM 15')
const probe = (bytes: Uint8Array): string => intellivue.probe('udp', 0, bytes, 0, bytes.length)
const chunk = (bytes: Uint8Array, direction: Direction = 0): Chunk => ({ direction, bytes })

runGoldens(TESTDATA, intellivue)

test('no bytes make it throw or say too much', () => {
  neverThrows(intellivue, { cases: loadGoldens(TESTDATA) })
})

function factsOf(...bytes: readonly Uint8Array[]): IntellivueFact[] {
  return runSession(intellivue, 'udp', bytes.map((each) => chunk(each))).facts.flatMap((f) => (f.protocol === 'intellivue' ? [f] : []))
}

test('a monitor in its own words', () => {
  const message = decodeIntellivue(encodeConnectIndication(WORDS), 0, encodeConnectIndication(WORDS).length)
  deepEqual(message, {
    kind: 'connect-indication',
    words: {
      manufacturer: 'Philips', model: 'M8007A', serial: 'DE00000000', software: 'G.01.78', label: 'ROOM 15', mac: '02:00:5e:00:00:09',
      address: '10.20.4.51', port: 24105,
    },
  })
  equal(factsOf(encodeMdsCreate(WORDS))[0]?.kind, 'system')
})

test('a label stands behind its length or without one, as in the connect indication that is public', () => {
  const bare = encodeConnectIndication([[0xf135, [0, 69, 0, 67, 0, 67, 0, 32, 0, 49, 0, 0, 0, 0]]])
  const message = decodeIntellivue(bare, 0, bare.length)
  ok(message?.kind === 'connect-indication')
  equal(message.words.label, 'ECC 1')
})

test('every message is a yes whole and a no with a byte less or more', () => {
  const all = [
    encodeConnectIndication(WORDS), encodeMdsCreate(WORDS), encodePoll(6), encodePatient('ZZTEST'), encodePatient('ZZTEST', true),
    ...[0x0d, 0x0e, 0x0c, 0x09, 0x0a, 0x19].flatMap((type) => [encodeAssociation(type, 18), encodeAssociation(type, 300)]),
  ]
  for (const [i, bytes] of all.entries()) {
    equal(probe(bytes), 'yes', String(i))
    equal(probe(bytes.slice(0, -1)), 'no', String(i))
    equal(probe(Uint8Array.from([...bytes, 0])), 'no', String(i))
  }
})

test('names of filled patient attributes leave, nothing they hold does', () => {
  const facts = factsOf(encodePatient('ZZTEST^CANARY'), encodePatient('ZZTEST^CANARY', true), encodePatient('ZZTEST^CANARY'))
  deepEqual(facts.flatMap((f) => (f.kind === 'patient' ? [f.filled] : [])), [['family-name', 'given-name', 'sex']])
  equal(/ZZTEST|CANARY/.test(JSON.stringify(facts)), false)
})

test('a result of another object names no patient attribute, whatever it holds', () => {
  deepEqual(factsOf(encodePollResult(6, [[0x095c, wideText('ZZTEST')]])).map((f) => f.kind), ['totals'])
})

test('each patient attribute is known by its id alone', () => {
  for (const [id, name] of PATIENT_ATTRIBUTES) {
    const [fact] = factsOf(encodePollResult(PATIENT_CLASS, [[0x7777, [1, 2]], [id, [0, 4, 0, 65, 0, 0]]]))
    ok(fact?.kind === 'patient')
    deepEqual(fact.filled, [name])
  }
})

/** Slow twin: filled names by walking a list that is known to be well formed. */
function slowNames(attributes: readonly Attribute[]): string[] {
  const filled = attributes.filter(([, value]) => value.slice(value.length > 2 ? 2 : 0).some((byte) => byte !== 0))
  return [...new Set(filled.flatMap(([id]) => PATIENT_ATTRIBUTES.get(id) ?? []))].sort()
}

test('the walk names what a slow walk names', () => {
  const id = fc.oneof(fc.constantFrom(...PATIENT_ATTRIBUTES.keys()), fc.integer({ min: 0, max: 0xffff }))
  const attribute = fc.tuple(id, fc.array(fc.constantFrom(0, 0, 1, 65), { maxLength: 6 }))
  fc.assert(fc.property(fc.array(attribute, { maxLength: 12 }), (attributes) => {
    const bytes = encodePollResult(PATIENT_CLASS, attributes)
    const message = decodeIntellivue(bytes, 0, bytes.length)
    ok(message?.kind === 'poll-result')
    deepEqual(message.patient, slowNames(attributes))
  }), { numRuns: 200 })
})

test('lengths that lie end the walk; nothing beyond the datagram is read', () => {
  const good = encodeConnectIndication(WORDS)
  for (let at = 26; at < good.length; at++) {
    const bytes = good.slice()
    bytes[at] = 0xff
    const padded = Uint8Array.from([...bytes, ...new Uint8Array(300).fill(0x41)])
    deepEqual(decodeIntellivue(padded, 0, bytes.length), decodeIntellivue(bytes, 0, bytes.length))
  }
})

test('what a monitor says is told once, and a flood of changes is bounded', () => {
  const many = Array.from({ length: 40 }, (_, i) => encodeConnectIndication(deviceAttributes('M8007A', 'DE1', `ROOM ${i}`)))
  const facts = factsOf(...many, ...many)
  equal(facts.filter((f) => f.kind === 'connect-indication').length, 16)
  const totals = facts.at(-1)
  ok(totals?.kind === 'totals')
  equal(totals.messages, 80)
})

test('events of an association are told once each, and strangers in the flow are counted', () => {
  const facts = factsOf(encodeAssociation(0x0d), encodeAssociation(0x0d), encodeAssociation(0x0e), Uint8Array.of(1, 2, 3), encodePoll(54))
  deepEqual(facts.map((f) => (f.kind === 'association' ? f.event : f.kind)), ['request', 'accept', 'totals'])
  const totals = facts.at(-1)
  ok(totals?.kind === 'totals')
  deepEqual([totals.messages, totals.objects, totals.foreign], [4, ['alarms'], 1])
})
