// Tests of Modbus: goldens at every split, hostile bytes, the probe, round trips, gaps and totals.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { modbus } from './index.ts'
import { decodeHead, deviceIdData, deviceObjects, encodeModbus } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const READ = encodeModbus(1, 1, 3, [0, 0, 0, 2])

runGoldens(TESTDATA, modbus)

test('no bytes make it throw or say too much', () => {
  neverThrows(modbus, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => modbus.probe('tcp', 0, bytes, 0, bytes.length)

test('probe answers more until the first message is whole, and never takes it back', () => {
  for (let length = 0; length < READ.length; length++) equal(probe(READ.slice(0, length)), 'more', `${length}`)
  equal(probe(READ), 'yes')
  equal(probe(Uint8Array.of(...READ, ...READ)), 'yes')
})

for (const [what, bytes] of [
  ['protocol 1', Uint8Array.of(0, 1, 0, 1, 0, 6, 1, 3, 0, 0, 0, 2)], ['length 0', Uint8Array.of(0, 1, 0, 0, 0, 0, 1, 3, 0, 0, 0, 2)],
  ['a length that does not fit reading', Uint8Array.of(0, 1, 0, 0, 0, 7, 1, 3, 0, 0, 0, 2, 0)], ['function 99', encodeModbus(1, 1, 99, [0, 0, 0, 2])],
  ['unit 250', encodeModbus(1, 250, 3, [0, 0, 0, 2])], ['zeros', new Uint8Array(64)], ['a TLS hello', Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3, 3)],
  ['text behind a message', Uint8Array.of(...READ, ...new TextEncoder().encode('GET / HTTP/1.1'))],
] as const) {
  test(`probe says no to ${what}`, () => equal(probe(bytes), 'no'))
}

test('random bytes are never Modbus', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 100 }), (bytes) => deepEqual(probe(bytes) === 'yes', false)), { numRuns: 1000 })
})

test('a head is read as written, and objects of an identification too', () => {
  fc.assert(fc.property(fc.nat({ max: 65535 }), fc.nat({ max: 247 }), fc.array(fc.nat({ max: 255 }), { maxLength: 200 }), (transaction, unit, data) => {
    deepEqual(decodeHead(encodeModbus(transaction, unit, 8, data), 0), { transaction, bytes: 8 + data.length, unit, function: 8, isException: false })
  }))
  const objects = [{ id: 0, text: 'Example' }, { id: 1, text: 'EX-1' }, { id: 5, text: 'Air handler' }]
  const answer = encodeModbus(1, 1, 43, deviceIdData(objects))
  deepEqual(deviceObjects(answer, 0, answer.length), objects)
  for (let end = 0; end < answer.length; end++) deviceObjects(answer, 0, end)
})

test('any run of requests and answers, at every split, gives the same totals and one first write', () => {
  const request = fc.constantFrom(READ, encodeModbus(2, 7, 6, [0, 1, 0, 2]), encodeModbus(3, 1, 16, [0, 0, 0, 1, 2, 0, 9]))
  fc.assert(fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
    const facts = everySplit(modbus, 'tcp', requests.map((bytes): Chunk => ({ direction: 0, bytes })), { trailing: false })
    const writing = requests.filter((bytes) => bytes !== READ).length
    deepEqual(facts.map((f) => (f.protocol === 'modbus' && f.kind === 'total' ? [f.requests, f.writes] : f.kind)),
      [...(writing > 0 ? ['write'] : []), [requests.length, writing]])
  }), { numRuns: 8 })
})

test('after a gap a direction goes on with a message, and is given up with other bytes', () => {
  const run = (bytes: Uint8Array): unknown[] => runSession(modbus, 'tcp', [
    { direction: 0, bytes: READ.slice(0, 9) }, { direction: 0, bytes, lost: 50 },
  ]).facts.map((f) => (f.kind === 'malformed' ? f.reason : f.kind))
  deepEqual(run(READ), ['total'])
  deepEqual(run(new Uint8Array(20).fill(0x41)), ['gap'])
})
