// Tests of the shape: what a stream shows of the unpublished, by names and counts, and when it says nothing.
// Keeps the rule that an answer needs enough to stand on: no period from a few cycles, no opening from a middle.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import { CMS_HEADER_BYTES, CmsSubtype, CmsType, EcgAt, PatientAt } from './codes.ts'
import type { CmsTotals } from './facts.ts'
import { cms8000 } from './index.ts'
import {
  decodeCms, encodeBed, encodeCycleEnd, encodeEcg, encodeHello, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
} from './message.ts'
import { CmsShape } from './shape.ts'
import { CANARY, ECG, ecgs, EMPTY_PATIENT, NIBP, nibps, PATIENT, SPO2_ABSENT, SPO2, spo2s, stream, TEMPERATURE, temperatures } from './testdata/samples.ts'

function totalsOf(chunks: readonly Chunk[], midstream = false): CmsTotals {
  const last = runSession(cms8000, 'tcp', chunks, midstream ? { flow: { state: 'midstream' } } : {}).facts.at(-1)
  ok(last?.protocol === 'cms8000' && last.kind === 'totals')
  return last
}

const one = (...frames: readonly Uint8Array[]): Chunk => ({ direction: 0, bytes: stream(...frames) })
const CYCLE = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd())

test('the opening is the order of first appearance, and nothing when the beginning was not seen', () => {
  deepEqual(totalsOf([one(encodeBed(7), encodeHello(), encodeBed(8), encodeCycleEnd(), encodePatient(PATIENT))]).opening, ['45', '43', '47', '3e'])
  deepEqual(totalsOf([one(encodeBed(7), encodeHello(), CYCLE)], true).opening, [])
  const interrupted = totalsOf([one(encodeBed(7)), { ...one(encodeHello(), CYCLE), lost: 40 }])
  deepEqual(interrupted.opening, ['45'], 'nothing after a loss')
})

test('the period is the mean between ends of cycles, from ten in a row on; a loss starts anew', () => {
  const shape = new CmsShape(true)
  const at = (seconds: number): number => seconds * 1_000_000
  const end = encodeCycleEnd()
  for (let i = 0; i < 9; i++) shape.add(CmsType.cycleEnd, -1, end, CMS_HEADER_BYTES, end.length, at(i * 1.25))
  equal(shape.said().cycleMillis, null)
  shape.add(CmsType.cycleEnd, -1, end, CMS_HEADER_BYTES, end.length, at(9 * 1.25))
  equal(shape.said().cycleMillis, 1250)
  shape.interrupt()
  equal(shape.said().cycleMillis, null)
})

test('readings are told by name when a value is there, and only then', () => {
  deepEqual(totalsOf([one(encodeSpo2(SPO2_ABSENT))]).readings, [])
  const none = { ...ECG, heartRate: null, respRate: null, st: [null, null, null] as const }
  const cold = encodeTemperature({ ...TEMPERATURE, t1: null, t2: null, difference: null })
  deepEqual(totalsOf([one(encodeEcg(none), encodeNibp({ ...NIBP, systolic: null }), cold)]).readings, [])
  deepEqual(totalsOf([one(encodeEcg({ ...none, heartRate: 0 }))]).readings, ['heart-rate'])
  deepEqual(totalsOf([one(encodeTemperature({ ...TEMPERATURE, t1: null, difference: null }))]).readings, ['temperature'])
})

test('a reading is told when the decoder has a value there, for any block', () => {
  const told = (frame: Uint8Array): string[] => [...totalsOf([one(frame)]).readings]
  const body = (frame: Uint8Array) => decodeCms(CmsType.telemetry, frame, CMS_HEADER_BYTES, frame.length)
  fc.assert(fc.property(ecgs, spo2s, nibps, temperatures, (ecg, spo2, nibp, temperature) => {
    equal(body(encodeEcg(ecg)).kind, 'ecg')
    deepEqual(told(encodeEcg(ecg)), [
      ...(ecg.heartRate === null ? [] : ['heart-rate']), ...(ecg.respRate === null ? [] : ['respiration-rate']),
      ...(ecg.st.every((value) => value === null) ? [] : ['st']),
    ])
    deepEqual(told(encodeSpo2(spo2)), [...(spo2.spo2 === null ? [] : ['spo2']), ...(spo2.pulse === null ? [] : ['pulse-rate'])])
    deepEqual(told(encodeNibp(nibp)), nibp.systolic === null ? [] : ['pressure'])
    deepEqual(told(encodeTemperature(temperature)), temperature.t1 === null && temperature.t2 === null ? [] : ['temperature'])
  }), { numRuns: 60 })
})

test('status codes are counted by number, bounded, without their text', () => {
  const totals = totalsOf([one(encodeStatus(5, CANARY), encodeStatus(2, 'SPO2 SENSOR OFF'), encodeStatus(5, 'X'))])
  deepEqual(totals.statusCodes, [[2, 1], [5, 2]])
  doesNotMatch(JSON.stringify(totals), /ZZTEST|CANARY|SENSOR/)
  equal(totalsOf([one(...Array.from({ length: 200 }, (_, i) => encodeStatus(i, 'X')))]).statusCodes.length, 32)
})

test('unnamed bytes: that they hold something, never what', () => {
  deepEqual(totalsOf([one(encodePatient(EMPTY_PATIENT), encodeEcg(ECG))]).unnamed, [])
  const patient = encodePatient(EMPTY_PATIENT)
  patient[CMS_HEADER_BYTES + PatientAt.unnamed78 + 3] = 0x77
  const ecg = encodeEcg(ECG)
  ecg[CMS_HEADER_BYTES + EcgAt.unnamed394 + 14] = 1
  deepEqual(totalsOf([one(patient, ecg)]).unnamed, ['3e/78', '46/14/394'])
  patient[CMS_HEADER_BYTES + PatientAt.unnamed8b] = 1
  deepEqual(totalsOf([one(patient)]).unnamed, ['3e/78', '3e/8b'])
})

test('a shape of any sub-type keeps its key whole', () => {
  const shape = new CmsShape(true)
  const frame = encodeSpo2(SPO2)
  shape.add(CmsType.telemetry, CmsSubtype.spo2, frame, CMS_HEADER_BYTES, frame.length, 0)
  deepEqual(shape.said().opening, ['46/15'])
})
