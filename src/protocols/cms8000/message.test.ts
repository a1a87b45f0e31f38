// Tests of the CMS8000 message: published vectors, classification by length, decode of every kind, and no throw on any bytes.
// Keeps the rule that wrong bytes are a value and that no value from a patient can be printed.

import { deepEqual, doesNotMatch, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { CMS_SUBTYPES, CmsType } from './codes.ts'
import {
  classifyCms, cmsSubtype, decodeCms, decodeCmsFrame, encodeBed, encodeCmsFrame, encodeCycleEnd, encodeEcg, encodeHello, encodeNibp,
  encodePatient, encodeSpo2, encodeStatus, encodeTemperature, type CmsMessage,
} from './message.ts'
import { ECG, NIBP, PATIENT, SPO2, TEMPERATURE } from './testdata/samples.ts'

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex')
const decoded = (frame: Uint8Array): CmsMessage => decodeCmsFrame(frame, 0, frame.length)

test('the minimal frames of the facts file, byte for byte', () => {
  equal(hex(encodeHello()), '02000543')
  equal(hex(encodeBed(7)), '06000545000007ff')
  equal(hex(encodeCycleEnd()), '02000547')
})

test('small messages come back as written', () => {
  deepEqual(decoded(encodeHello()), { kind: 'hello' })
  deepEqual(decoded(encodeCycleEnd()), { kind: 'cycle-end' })
  fc.assert(fc.property(fc.nat({ max: 255 }), (bed) => deepEqual(decoded(encodeBed(bed)), { kind: 'bed', bed })))
  fc.assert(fc.property(fc.nat({ max: 255 }), fc.stringMatching(/^[!-~]{1,5}( [!-~]{1,5}){0,3}$/), (code, text) => {
    const message = decoded(encodeStatus(code, text))
    if (message.kind !== 'status') throw new Error(message.kind)
    equal(message.code, code)
    equal(message.text.reveal(), text)
  }))
})

test('status text may hold NULs and need not exist', () => {
  const holed = decoded(encodeStatus(9, 'SPO2\0\0SENSOR OFF\0\0'))
  equal(holed.kind === 'status' && holed.text.reveal(), 'SPO2 SENSOR OFF')
  const empty = decoded(encodeStatus(9, ''))
  equal(empty.kind === 'status' && empty.text.reveal(), '')
})

test('a patient record tells its length, bed and filled fields; the rest is tainted', () => {
  const message = decoded(encodePatient(PATIENT, 3))
  if (message.kind !== 'patient') throw new Error(message.kind)
  equal(message.length, 0xaf + 3)
  equal(message.bed, 7)
  equal(message.filled.length, 9)
  deepEqual(message.record.reveal(), PATIENT)
})

test('each telemetry sub-type decodes to its block', () => {
  const blocks: readonly (readonly [string, Uint8Array, unknown])[] = [
    ['ecg', encodeEcg(ECG), ECG], ['spo2', encodeSpo2(SPO2), SPO2], ['nibp', encodeNibp(NIBP), NIBP],
    ['temperature', encodeTemperature(TEMPERATURE), TEMPERATURE],
  ]
  for (const [kind, frame, value] of blocks) {
    const message = decoded(frame)
    equal(message.kind, kind)
    deepEqual('block' in message ? message.block.reveal() : null, value)
  }
})

test('unknown types and sub-types are values that keep their numbers', () => {
  deepEqual(decoded(encodeCmsFrame(0x99, Uint8Array.of(1))), { kind: 'unknown', type: 0x99, subtype: -1 })
  deepEqual(decoded(encodeCmsFrame(0x46, Uint8Array.of(0, 0, 0x1b, 0, 9))), { kind: 'unknown', type: 0x46, subtype: 0x1b })
})

test('a known type with a body too short for its fields is malformed', () => {
  const malformed: readonly (readonly [number, Uint8Array])[] = [
    [0x3e, new Uint8Array(0xac)], [0x45, new Uint8Array(3)], [0x46, new Uint8Array(3)], [0x49, new Uint8Array(0)],
    ...CMS_SUBTYPES.map((row) => [0x46, Uint8Array.from({ length: row.bodyMin - 1 }, (_, i) => (i === 2 ? row.subtype : 0))] as const),
  ]
  for (const [type, body] of malformed) equal(decoded(encodeCmsFrame(type, body)).kind, 'malformed', `${type.toString(16)} ${body.length}`)
})

test('text in an end-of-cycle or hello frame is tolerated', () => {
  equal(decoded(encodeCmsFrame(CmsType.cycleEnd, Uint8Array.of(0x41, 0x42))).kind, 'cycle-end')
  equal(decoded(encodeCmsFrame(CmsType.hello, Uint8Array.of(0x41))).kind, 'hello')
})

test('the sub-type is -1 where there is none to read', () => {
  const body = Uint8Array.of(0, 0, 0x14, 0)
  equal(cmsSubtype(CmsType.telemetry, body, 0, 4), 0x14)
  equal(cmsSubtype(CmsType.telemetry, body, 0, 3), -1)
  equal(cmsSubtype(CmsType.patient, body, 0, 4), -1)
})

test('classification and decoding agree on any type and any bytes, and never throw', () => {
  const type = fc.oneof(fc.constantFrom(...Object.values(CmsType)), fc.nat({ max: 255 }))
  const head = fc.tuple(fc.constantFrom(0x14, 0x15, 0x16, 0x17, 0x18), fc.uint8Array({ maxLength: 300 }))
    .map(([subtype, rest]) => Uint8Array.of(0, 0, subtype, 0, ...rest))
  fc.assert(fc.property(type, fc.oneof(head, fc.uint8Array({ maxLength: 300 })), (t, body) => {
    const kind = classifyCms(t, body, 0, body.length)
    const message = decodeCms(t, body, 0, body.length)
    equal(message.kind === 'unknown' || message.kind === 'malformed' ? message.kind : 'known', kind)
  }))
})

test('every frame cut at every byte decodes to something', () => {
  for (const frame of [encodePatient(PATIENT), encodeSpo2(SPO2), encodeNibp(NIBP), encodeBed(1), encodeStatus(1, 'OFF')]) {
    for (let end = 4; end <= frame.length; end++) equal(typeof decodeCmsFrame(frame, 0, end).kind, 'string')
  }
})

test('no decoded message shows patient text or vital values when printed', () => {
  for (const frame of [encodePatient(PATIENT), encodeEcg(ECG), encodeNibp(NIBP), encodeStatus(1, 'ZZTEST CANARY')]) {
    const message = decoded(frame)
    for (const shown of [JSON.stringify(message), inspect(message, { depth: 9 })]) doesNotMatch(shown, /ZZTEST|CANARY|121|127/)
  }
})
