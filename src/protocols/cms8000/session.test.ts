// Tests of the CMS8000 session: which facts, in which order, on which evidence, and from which side.
// Keeps the patient-data rule: a canary in every text of a record must not reach any fact.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk, type RunOptions } from '../../testing/everysplit.ts'
import { fakeTime } from '../../testing/fake-context.ts'
import { assertPlainFacts } from '../../testing/fuzz.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Fact } from '../facts.ts'
import type { Cms8000Fact, CmsTotals } from './facts.ts'
import { cms8000 } from './index.ts'
import {
  encodeBed, encodeCmsFrame, encodeCycleEnd, encodeEcg, encodeHello, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
} from './message.ts'
import { CANARY, ECG, EMPTY_PATIENT, NIBP, PATIENT, SPO2, TEMPERATURE, stream } from './testdata/samples.ts'

const CYCLE = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeNibp(NIBP), encodeTemperature(TEMPERATURE), encodeCycleEnd())
const chunk = (bytes: Uint8Array, direction: Direction = 0, lost = 0): Chunk => ({ direction, bytes, lost })
const MIDSTREAM: RunOptions = { flow: { state: 'midstream' } }

/** downstream.bytes counts the bytes of a packet by definition, so a cut changes it. */
const normalise = (fact: Fact): unknown => (fact.kind === 'downstream' ? { ...fact, bytes: 0 } : fact)

function run(chunks: readonly Chunk[], options: RunOptions = {}): readonly Cms8000Fact[] {
  const { facts } = runSession(cms8000, 'tcp', chunks, options)
  assertPlainFacts(facts)
  return facts.filter((fact) => fact.protocol === 'cms8000')
}

const kinds = (facts: readonly Cms8000Fact[]): string[] => facts.map((fact) => fact.kind)

function totals(facts: readonly Cms8000Fact[]): CmsTotals {
  const last = facts.at(-1)
  if (last?.kind !== 'totals') throw new Error('no totals at the end')
  return last
}

test('a start as expected: stream once, bed, patient, totals', () => {
  const facts = run([chunk(stream(encodeHello(), encodeBed(7), encodePatient(PATIENT))), chunk(CYCLE), chunk(CYCLE)])
  deepEqual(kinds(facts), ['stream', 'bed', 'patient', 'totals'])
  const shared = { protocol: 'cms8000', flowId: 1, monitorSide: 0, at: fakeTime(1), frame: 1 } as const
  deepEqual(facts[0], { ...shared, kind: 'stream', firstType: 0x43 })
  deepEqual(facts[1], { ...shared, kind: 'bed', bed: 7 })
  deepEqual(facts[2], {
    ...shared, kind: 'patient', length: 0xaf,
    filled: ['department', 'name', 'number', 'admission', 'birth', 'doctor', 'height', 'weight', 'bloodType'],
  })
  deepEqual(totals(facts), {
    ...shared, at: fakeTime(3), frame: 3, kind: 'totals', unknownFrames: 0, malformedFrames: 0, cycles: 2,
    frames: [['3e', 1], ['43', 1], ['45', 1], ['46/14', 2], ['46/15', 2], ['46/16', 2], ['46/17', 2], ['47', 2]],
    opening: ['43', '45', '3e', '46/14', '46/15', '46/16', '46/17', '47'], cycleMillis: null, statusCodes: [], unnamed: [],
    readings: ['heart-rate', 'respiration-rate', 'st', 'spo2', 'pulse-rate', 'pressure', 'temperature'],
  })
})

test('the same facts in every split, with other bytes around and after', () => {
  const facts = everySplit(cms8000, 'tcp', [
    chunk(stream(encodeHello(), encodeBed(7))), chunk(encodePatient(PATIENT)), chunk(stream(encodeSpo2(SPO2), encodeCycleEnd())),
    chunk(Uint8Array.of(0x06), 1), chunk(stream(encodeStatus(1, 'SPO2 SENSOR OFF'), encodeBed(8))),
  ], { normalise })
  deepEqual(facts.map((fact) => fact.kind), ['stream', 'bed', 'patient', 'downstream', 'bed', 'totals'])
})

test('a bed is told on change only, from 45 and from a record; bed 0 of a record is no bed', () => {
  const facts = run([chunk(stream(
    encodeBed(7), encodeBed(7), encodePatient(PATIENT), encodePatient(EMPTY_PATIENT), encodePatient({ ...PATIENT, bed: 9 }),
    encodeBed(7), encodeBed(0),
  ))])
  deepEqual(facts.flatMap((fact) => (fact.kind === 'bed' ? [fact.bed] : [])), [7, 9, 7, 0])
})

test('each record is told, an empty one with an empty list', () => {
  const facts = run([chunk(stream(encodePatient(PATIENT), encodePatient(PATIENT), encodePatient(EMPTY_PATIENT, 5)))])
  const patients = facts.flatMap((fact) => (fact.kind === 'patient' ? [[fact.length, fact.filled.length]] : []))
  deepEqual(patients, [[0xaf, 9], [0xaf, 9], [0xb4, 0]])
})

test('unknown types and sub-types are skipped by length and counted; malformed ones too', () => {
  const facts = run([chunk(stream(
    encodeCmsFrame(0x99, Uint8Array.of(1, 2, 3)), encodeCmsFrame(0x46, Uint8Array.of(0, 0, 0x1b, 0, 1)),
    encodeCmsFrame(0x46, Uint8Array.of(0)), encodeCmsFrame(0x3e, new Uint8Array(20)), encodeBed(2),
  ))])
  deepEqual(kinds(facts), ['stream', 'bed', 'totals'])
  equal(facts[0]?.kind === 'stream' && facts[0].firstType, 0x45)
  const { frames, unknownFrames, malformedFrames } = totals(facts)
  deepEqual(frames, [['3e', 1], ['45', 1], ['46', 1], ['46/1b', 1], ['99', 1]])
  deepEqual([unknownFrames, malformedFrames], [2, 2])
})

test('payload from the server is told once, with the count and the frame of the first', () => {
  const facts = run([chunk(encodeBed(1)), chunk(Uint8Array.of(1, 2, 3), 1), chunk(CYCLE, 1), chunk(encodeCycleEnd())])
  deepEqual(kinds(facts), ['stream', 'bed', 'downstream', 'totals'])
  const downstream = facts[2]
  deepEqual(downstream?.kind === 'downstream' && [downstream.bytes, downstream.frame, downstream.at], [3, 2, fakeTime(2)])
  equal(totals(facts).cycles, 1)
})

test('a server that sends first, even frames of its own, stays the server of an established flow', () => {
  const facts = run([chunk(CYCLE, 1), chunk(encodeBed(1))])
  deepEqual(kinds(facts), ['downstream', 'stream', 'bed', 'totals'])
  ok(facts.every((fact) => fact.monitorSide === 0))
})

test('midstream, the monitor is the side with the frames, whoever was seen first', () => {
  const facts = run([chunk(Uint8Array.of(9, 9), 0), chunk(CYCLE.slice(700), 1), chunk(CYCLE, 1)], MIDSTREAM)
  deepEqual(kinds(facts), ['downstream', 'resync', 'stream', 'totals'])
  ok(facts.every((fact) => fact.monitorSide === 1))
  const downstream = facts[0]
  deepEqual(downstream?.kind === 'downstream' && [downstream.bytes, downstream.frame], [2, 1])
  const first = run([chunk(CYCLE, 0), chunk(CYCLE, 0)], MIDSTREAM)
  deepEqual(kinds(first), ['stream', 'totals'])
  equal(first[0]?.monitorSide, 0)
})

test('midstream in every split, from inside a frame', () => {
  everySplit(cms8000, 'tcp', [chunk(CYCLE.slice(800), 1), chunk(Uint8Array.of(1), 0), chunk(encodeBed(3), 1)], { ...MIDSTREAM, normalise })
})

test('midstream with both sides speaking, the order of facts is the same in every split', () => {
  const frames = Uint8Array.of(2, 0, 5, 0x47, 7, 2, 0, 5, 0x47)
  everySplit(cms8000, 'tcp', [chunk(Uint8Array.of(9, 9), 0), chunk(frames, 1)], { ...MIDSTREAM, normalise })
})

test('a loss inside a frame is told as a resync, and the stream goes on', () => {
  const ecg = encodeEcg(ECG)
  const facts = run([chunk(stream(encodeBed(4), ecg.slice(0, 500))), chunk(ecg.slice(700), 0, 200), chunk(CYCLE)])
  deepEqual(kinds(facts), ['stream', 'bed', 'resync', 'totals'])
  const resync = facts[2]
  equal(resync?.kind === 'resync' && resync.skipped, 500 + 283)
  deepEqual(totals(facts).frames, [['45', 1], ['46/14', 1], ['46/15', 1], ['46/16', 1], ['46/17', 1], ['47', 1]])
})

test('a loss in the other direction changes nothing', () => {
  const facts = run([chunk(encodeBed(4)), chunk(Uint8Array.of(1), 1, 900), chunk(encodeBed(5))])
  deepEqual(kinds(facts), ['stream', 'bed', 'downstream', 'bed', 'totals'])
})

test('an empty flow, a cut first frame and bare garbage end in totals of zero', () => {
  for (const chunks of [[], [chunk(encodeEcg(ECG).slice(0, 90))], [chunk(new Uint8Array(30).fill(0xee))]]) {
    const { frames, unknownFrames, malformedFrames, cycles } = totals(run(chunks))
    deepEqual([frames, unknownFrames, malformedFrames, cycles], [[], 0, 0, 0])
  }
})

test('the totals of an attacker who sends every type and sub-type stay short', () => {
  const frames = Array.from({ length: 600 }, (_, i) => (
    i < 256 ? encodeCmsFrame(i, Uint8Array.of(1)) : encodeCmsFrame(0x46, Uint8Array.of(0, 0, i & 0xff, i >> 8, 0))
  ))
  const facts = run([chunk(stream(...frames, encodeBed(1), encodeCycleEnd()))])
  const { frames: counted, unknownFrames } = totals(facts)
  ok(counted.length <= 64 + 9, `${counted.length} keys`)
  ok(counted.some(([key]) => key === '45') && counted.some(([key]) => key === '47'))
  ok(unknownFrames > 500)
})

test('a canary in every text field of a record, a status and an end mark reaches no fact, at any truncation', () => {
  const bytes = stream(
    encodePatient({ ...PATIENT, number: CANARY, department: CANARY, doctor: CANARY }), encodeStatus(1, CANARY),
    encodeCmsFrame(0x47, new TextEncoder().encode(CANARY)), encodeCmsFrame(0x99, new TextEncoder().encode(CANARY)),
  )
  for (let length = 0; length <= bytes.length; length++) {
    doesNotMatch(JSON.stringify(run([chunk(bytes.slice(0, length))])), /ZZTEST|CANARY/)
  }
  const late = run([chunk(bytes.slice(30))], MIDSTREAM)
  doesNotMatch(JSON.stringify(late), /ZZTEST|CANARY/)
})

test('no vital value reaches a fact: other readings, same facts', () => {
  const other = stream(
    encodeEcg({ ...ECG, heartRate: 199, respRate: 33 }), encodeSpo2({ ...SPO2, spo2: 70, pulse: 201 }),
    encodeNibp({ ...NIBP, systolic: 222 }), encodeTemperature({ ...TEMPERATURE, t1: 41 }), encodeCycleEnd(),
  )
  deepEqual(run([chunk(other)]), run([chunk(CYCLE)]))
})

test('any two halves of a conversation lost leave facts plain and totals true to what was framed', () => {
  fc.assert(fc.property(fc.nat({ max: CYCLE.length }), fc.integer({ min: 1, max: 3000 }), (at, lost) => {
    const facts = run([chunk(CYCLE.slice(0, at)), chunk(CYCLE.slice(at), 0, lost), chunk(CYCLE)])
    const { cycles } = totals(facts)
    ok(cycles >= 1 && cycles <= 2)
  }))
})
