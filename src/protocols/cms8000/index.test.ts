// Tests of the CMS8000 row: its probe, the golden conversations, and hostile bytes.
// Keeps the rule that the probe is the judge: printers on 515 and other makers' monitors must never be called a CMS8000.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { Fact } from '../facts.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { cms8000 } from './index.ts'
import {
  encodeBed, encodeCmsFrame, encodeCycleEnd, encodeEcg, encodeHello, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
} from './message.ts'
import { ECG, NIBP, PATIENT, SPO2, TEMPERATURE, stream } from './testdata/samples.ts'

const TESTDATA = fileURLToPath(new URL('./testdata', import.meta.url))
const text = (s: string): Uint8Array => new TextEncoder().encode(s)
const probe = (bytes: Uint8Array): string => cms8000.probe('tcp', 0, bytes, 0, bytes.length)

/** downstream.bytes counts the bytes of a packet by definition, so a cut changes it. */
const normalise = (fact: Fact): unknown => (fact.kind === 'downstream' ? { ...fact, bytes: 0 } : fact)

runGoldens(TESTDATA, cms8000, { normalise })

test('any known frame at the start is a yes, alone or followed by another', () => {
  const frames = [
    encodeHello(), encodeBed(7), encodePatient(PATIENT), encodeEcg(ECG), encodeSpo2(SPO2), encodeNibp(NIBP), encodeTemperature(TEMPERATURE),
    encodeCycleEnd(), encodeStatus(1, 'SPO2 SENSOR OFF'),
  ]
  for (const first of frames) {
    equal(probe(first), 'yes')
    for (const second of frames) equal(probe(stream(first, second)), 'yes')
  }
})

test('a yes needs the head only, and less than that asks for more', () => {
  const frame = encodeEcg(ECG)
  for (let length = 0; length < 8; length++) equal(probe(frame.slice(0, length)), 'more', String(length))
  for (let length = 8; length < frame.length; length += 37) equal(probe(frame.slice(0, length)), 'yes', String(length))
})

test('frames of a type nobody knows may come first, a few of them', () => {
  const unknown = encodeCmsFrame(0x51, text('newer'))
  const subtype = encodeCmsFrame(0x46, Uint8Array.of(0, 0, 0x1b, 0, 1, 2))
  equal(probe(unknown), 'more')
  equal(probe(stream(unknown, subtype)), 'more')
  equal(probe(stream(unknown, subtype, encodeBed(7))), 'yes')
  equal(probe(stream(unknown, unknown, unknown, unknown, unknown)), 'no')
  equal(probe(stream(unknown, text('GET / HTTP/1.1'))), 'no')
  equal(probe(encodeCmsFrame(0x99, text('newer'))), 'no')
})

test('a frame whose follower is no frame is a no', () => {
  equal(probe(stream(encodeCycleEnd(), text('GET / HTTP/1.1\r\n'))), 'no')
  equal(probe(stream(encodeHello(), Uint8Array.of(0, 0, 0, 0))), 'no')
  equal(probe(stream(encodeCycleEnd(), encodeCmsFrame(0x99, Uint8Array.of(1)))), 'yes')
})

test('LPD is never a CMS8000 (RFC 1179 section 5): no command, job or acknowledgement, at any length', () => {
  const printing = [
    '\x01lp\n', '\x02lp\n', '\x03lp\n', '\x04lp user\n', '\x05lp user\n', '\x05lp user 1 2\n',
    '\x02lp\n\x02\x31\x32\x20cfA001host\n', '\0',
  ]
  for (const line of printing) {
    for (let length = 2; length <= line.length; length++) {
      equal(probe(text(line.slice(0, length))), 'no', `${JSON.stringify(line)} ${length}`)
    }
  }
  equal(probe(text('\x05\x05\x05\x05')), 'no')
})

test('other talkers on these ports are a no: the sibling monitor, HL7, TLS, HTTP, RPC, DICOM', () => {
  const others: readonly Uint8Array[] = [
    Uint8Array.of(0xac, 0x02, 0x01, 0x12, 0x0a, 0x00, 0x00, 0x00), text('\x0bMSH|^~\\&|A|B\r'), Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1),
    text('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Uint8Array.of(0x80, 0, 0, 0x28, 1, 2, 3, 4, 0, 0, 0, 0),
    Uint8Array.of(1, 0, 0, 0, 0, 0xcd, 0, 1),
    new Uint8Array(64), new Uint8Array(64).fill(0xff), new Uint8Array(64).fill(0x05),
  ]
  for (const bytes of others) equal(probe(bytes), 'no', Buffer.from(bytes.slice(0, 8)).toString('hex'))
})

test('a capture that begins inside a frame is known by the next head in the same segment', () => {
  const cycle = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd())
  const inside = (bytes: Uint8Array): unknown => cms8000.probeInside?.('tcp', 0, bytes, 0, bytes.length)
  for (const from of [1, 3, 100, 500, 982]) {
    equal(inside(cycle.slice(from)), 'yes', String(from))
    equal(probe(cycle.slice(from)), 'no', 'of a flow seen from its start it is content of something else')
  }
  equal(inside(stream(new Uint8Array(20).fill(0x80), encodeCycleEnd())), 'no')
  equal(inside(stream(new Uint8Array(20).fill(0x80), encodeCycleEnd(), encodeBed(1))), 'yes')
})

test('UDP is never a CMS8000: its UDP services are not published', () => {
  const frame = encodeBed(7)
  equal(cms8000.probe('udp', 0, frame, 0, frame.length), 'no')
})

test('random bytes are no CMS8000', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 80 }), (bytes) => probe(bytes) !== 'yes'))
})

test('the probe respects off and end', () => {
  const padded = stream(Uint8Array.of(9, 9, 9), encodeBed(7), Uint8Array.of(9, 9, 9))
  equal(cms8000.probe('tcp', 1, padded, 3, 11), 'yes')
  equal(cms8000.probe('tcp', 1, padded, 3, 9), 'more')
})

test('hostile bytes: no throw, few and plain facts', () => {
  neverThrows(cms8000, { cases: loadGoldens(TESTDATA), textMax: 64, factsMax: 1000 })
})

test('the row names its ports as hints and itself', () => {
  equal(cms8000.id, 'cms8000')
  equal(cms8000.hints.join(), '515,516,517,518,519,520')
  equal(cms8000.transports.join(), 'tcp')
})
