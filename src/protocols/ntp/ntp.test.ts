// Tests of NTP: goldens, hostile bytes, the probe, round trips, totals, and a capture against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { fakeContext } from '../../testing/fake-context.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replayCapture } from '../../testing/replay.ts'
import { ntp } from './index.ts'
import { decodeNtp, encodeNtp, type NtpMessage } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const NOW = 3_976_000_000
const ASK: NtpMessage = { leap: 0, version: 4, mode: 3, stratum: 0, poll: 6, precision: -20, reference: null }
const SAY: NtpMessage = { leap: 0, version: 4, mode: 4, stratum: 2, poll: 6, precision: -23, reference: '10.20.0.1' }

runGoldens(TESTDATA, ntp)

test('no bytes make it throw or say too much', () => {
  neverThrows(ntp, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => ntp.probe('udp', 0, bytes, 0, bytes.length)
const edited = (off: number, ...bytes: number[]): Uint8Array => {
  const copy = encodeNtp(SAY, NOW, NOW)
  copy.set(bytes, off)
  return copy
}

test('probe: fields that can be true together, and nothing else', () => {
  equal(probe(encodeNtp(ASK, 0, NOW)), 'yes')
  equal(probe(encodeNtp({ ...ASK, leap: 3, version: 3, poll: 0, precision: 0 })), 'yes')
  equal(probe(encodeNtp(SAY, NOW, NOW + 1)), 'yes')
  equal(probe(Uint8Array.from([...encodeNtp(SAY, NOW, NOW), ...new Uint8Array(20)])), 'yes')
  for (const [what, bytes] of [
    ['short', encodeNtp(ASK, 0, NOW).slice(0, 47)], ['odd length', Uint8Array.from([...encodeNtp(SAY, NOW, NOW), 1])], ['version 0', edited(0, 4)],
    ['version 7', edited(0, 0x3c)], ['mode 0', edited(0, 0x20)], ['mode 6', edited(0, 0x26)], ['stratum 17', edited(1, 17)], ['poll 18', edited(2, 18)],
    ['precision of a second', edited(3, 1)], ['root delay of an hour', edited(4, 0x0e, 0x10)], ['no transmit time', edited(40, 0, 0, 0, 0)],
    ['an answer that took a year', edited(40, 0x10)], ['zeros', new Uint8Array(48)], ['ones', new Uint8Array(48).fill(0xff)],
  ] as const) equal(probe(bytes), 'no', what)
})

test('random bytes are hardly ever NTP', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (bytes) => equal(probe(bytes), 'no')), { numRuns: 1000 })
})

test('decode gives back what encode wrote', () => {
  const message = fc.record({
    leap: fc.nat({ max: 3 }), version: fc.integer({ min: 1, max: 4 }), mode: fc.integer({ min: 1, max: 5 }), stratum: fc.constant(2),
    poll: fc.nat({ max: 17 }), precision: fc.integer({ min: -40, max: 0 }), reference: fc.constantFrom(null, '10.20.0.1'),
  })
  fc.assert(fc.property(message, (value) => deepEqual(decodeNtp(encodeNtp(value, 1, 2), 0, 48), { ...value })))
  deepEqual(decodeNtp(encodeNtp({ ...SAY, stratum: 1, reference: 'GPS' }), 0, 48)?.reference, 'GPS')
})

test('a clock that says the same a thousand times is one fact and a total', () => {
  const context = fakeContext('udp')
  const session = ntp.open(context)
  for (let i = 0; i < 1000; i++) {
    for (const [direction, bytes] of [[0, encodeNtp(ASK, 0, NOW + i)], [1, encodeNtp(SAY, NOW + i, NOW + i)]] as const) session.feed(direction, bytes, 0, 48, i)
  }
  session.end(1000)
  const said = context.facts.map((f) => (f.protocol === 'ntp' && f.kind === 'total' ? [f.requests, f.replies, f.client] : f.kind))
  deepEqual(said, ['server', [1000, 1000, '192.0.2.10']])
})

const STARTUP = 'inventory/ws__adsl-cpe_nb6-startup.pcap'

test('capture nb6-startup: 34 messages as tshark counts them, clocks with stratum and reference', { skip: skipWithout(STARTUP) }, () => {
  const facts = replayCapture(sharedCapture(STARTUP) ?? '', [ntp]).filter((f) => f.protocol === 'ntp')
  equal(facts.reduce((sum, f) => sum + (f.kind === 'total' ? f.requests + f.replies : 0), 0), 34)
  ok(facts.some((f) => f.kind === 'server' && f.stratum >= 1 && f.stratum < 16 && f.reference !== null))
})
