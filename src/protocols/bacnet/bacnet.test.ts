// Tests of BACnet: goldens, hostile bytes, the probe, round trips, cuts and totals.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeContext } from '../../testing/fake-context.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { bacnet } from './index.ts'
import { encodeConfirmed, encodeIAm, encodeReadAnswer, encodeWhoIs } from './encode.ts'
import { decodeBacnet, decodeIAm } from './message.ts'
import { decodeReadAnswer } from './read.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, bacnet)

test('no bytes make it throw or say too much', () => {
  neverThrows(bacnet, { cases: loadGoldens(TESTDATA) })
})

const NAMING = new Set([12, 28, 44, 58, 70, 77, 121, 372])

const probe = (bytes: Uint8Array): string => bacnet.probe('udp', 0, bytes, 0, bytes.length)

test('probe wants the type, a function, the whole datagram and version 1', () => {
  const whoIs = encodeWhoIs()
  equal(probe(whoIs), 'yes')
  for (let length = 0; length < whoIs.length; length++) equal(probe(whoIs.slice(0, length)), 'no', `${length}`)
  equal(probe(Uint8Array.of(0x81, 5, 0, 6, 0, 60)), 'yes', 'registration of a foreign device')
  for (const wrong of [[0x82, 0x0b], [0x81, 0x0d], [0x81, 0x0b, 0, 9], [0x81, 0x0b, 0, 8, 2]]) {
    equal(probe(Uint8Array.from([...wrong, ...whoIs.slice(wrong.length)])), 'no', String(wrong))
  }
})

test('random bytes are never BACnet', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 100 }), (bytes) => equal(probe(bytes), 'no')), { numRuns: 500 })
})

test('decode gives back instance, vendor and property, on this network or behind a router', () => {
  const instance = fc.nat({ max: 0x3fffff })
  fc.assert(fc.property(instance, fc.nat({ max: 65_535 }), fc.constantFrom(null, 7, 65_000), (number, vendor, network) => {
    const bytes = encodeIAm({ instance: number, vendor }, network)
    const message = decodeBacnet(bytes, 0, bytes.length)
    ok(message)
    deepEqual([message.network, decodeIAm(bytes, message)], [network, { instance: number, vendor }])
  }))
  fc.assert(fc.property(instance, fc.oneof(fc.nat({ max: 500 }), fc.constantFrom(...NAMING)), fc.stringMatching(/^[!-~]{1,60}$/), (number, property, text) => {
    const bytes = encodeReadAnswer({ instance: number, property, text })
    const message = decodeBacnet(bytes, 0, bytes.length)
    deepEqual(message && decodeReadAnswer(bytes, message), { names: NAMING.has(property) ? [{ instance: number, property, text }] : [], isMalformed: false })
  }))
})

test('cut at every byte nothing throws and nothing is made up', () => {
  for (const whole of [encodeIAm({ instance: 1, vendor: 7 }), encodeReadAnswer({ instance: 1, property: 70, text: 'EX-1' })]) {
    for (let end = 0; end < whole.length; end++) {
      const cut = whole.slice(0, end)
      if (end > 3) cut[3] = end
      const message = decodeBacnet(cut, 0, end)
      if (message) deepEqual([decodeIAm(cut, message), decodeReadAnswer(cut, message)?.names.every(({ text }) => text === 'EX-1') ?? true], [null, true])
    }
  }
})

test('a thousand announcements are one fact; totals count services and writes', () => {
  const context = fakeContext('udp')
  const session = bacnet.open(context)
  const iAm = encodeIAm({ instance: 401, vendor: 260 })
  for (let i = 0; i < 1000; i++) session.feed(0, iAm, 0, iAm.length, i)
  for (const service of [12, 12, 15, 20]) {
    const bytes = encodeConfirmed(service, [])
    session.feed(0, bytes, 0, bytes.length, 1000)
  }
  session.end(1001)
  equal(context.facts.length, 2)
  const [, total] = context.facts
  ok(total?.protocol === 'bacnet' && total.kind === 'total')
  deepEqual([total.messages, total.writes, total.services], [1004, 2, [{ service: 12, count: 2 }, { service: 15, count: 1 }, { service: 20, count: 1 }]])
})
