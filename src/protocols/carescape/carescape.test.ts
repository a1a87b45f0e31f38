// Tests of the CARESCAPE row: golden, hostile bytes, what refutes a discovery message, and what never leaves.
// Keeps the patient-data rule: a broadcast ZZTEST,CANARY is told as "name".

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runSession } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { carescape } from './index.ts'
import { decodeDiscovery, encodeDiscovery } from './message.ts'

const TESTDATA = fileURLToPath(new URL('./testdata', import.meta.url))
const SERVICES = [[2, 2000], [0x32, 1793], [9, 2000]] as const
const NODE = encodeDiscovery(0x0a14_050b, 'ICU|BED3', 'ZZTEST,CANARY', SERVICES)
const probe = (bytes: Uint8Array): string => carescape.probe('udp', 0, bytes, 0, bytes.length)

runGoldens(TESTDATA, carescape)

test('no bytes make it throw or say too much', () => {
  neverThrows(carescape, { cases: loadGoldens(TESTDATA) })
})

test('a node: its address, place and ports, and that it names a patient', () => {
  deepEqual(decodeDiscovery(NODE, 0, NODE.length), { address: '10.20.5.11', unit: 'ICU', bed: 'BED3', hasPatient: true, ports: [1793, 2000] })
  const empty = encodeDiscovery(1, '|', ',', [])
  deepEqual(decodeDiscovery(empty, 0, empty.length), { address: '0.0.0.1', unit: null, bed: null, hasPatient: false, ports: [] })
})

test('what refutes it: another head, no address, a place without bar or with other bytes, services that do not fit', () => {
  equal(probe(NODE), 'yes')
  equal(probe(NODE.slice(0, 44 + 12)), 'yes', 'cut right behind its services')
  const changes: readonly (readonly [string, number, number])[] = [
    ['head', 1, 5], ['bar', 15, 65], ['control byte in the place', 13, 7], ['byte behind the text', 27, 65], ['many services', 43, 40],
  ]
  for (const [what, at, byte] of changes) {
    const wrong = NODE.slice()
    wrong[at] = byte
    equal(probe(wrong), 'no', what)
  }
  equal(probe(encodeDiscovery(0, 'ICU|BED3', '', SERVICES)), 'no', 'address')
  equal(probe(NODE.slice(0, 44 + 11)), 'no', 'a service cut off')
  equal(probe(Uint8Array.from([...NODE, ...new Uint8Array(100)])), 'no', 'too long')
})

test('facts are few and name no patient; changes are bounded', () => {
  const many = Array.from({ length: 200 }, (_, i) => ({ direction: 0 as const, bytes: encodeDiscovery(0x0a14_050b, `ICU|BED${i}`, 'ZZTEST,CANARY', SERVICES) }))
  const { facts } = runSession(carescape, 'udp', [...many, ...many])
  equal(facts.length, 64)
  equal(/ZZTEST|CANARY/.test(JSON.stringify(facts)), false)
})
