// Tests of the CMS intake: readings in any split, unknown and malformed frames counted, resync told, floods closed.
// Keeps the promise that an unknown thing is shown, not dropped in silence (facts gateway A.1, OpenICE #140).

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  encodeBed, encodeCmsFrame, encodeCycleEnd, encodeEcg, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
} from '../../../protocols/cms8000/message.ts'
import {
  ECG, NIBP, PATIENT, SPO2, SPO2_ABSENT, TEMPERATURE, ecgs, nibps, spo2s, stream, temperatures,
} from '../../../protocols/cms8000/testdata/samples.ts'
import { BENCH_START, atOnce, lastOf, numericsOf, readingsOf, rulesOf, runIntake, seconds } from '../../../testing/intake-bench.ts'
import { BYTES_PER_SECOND_MAX, FRAMELESS_CMS_BYTES_MAX, LOGS_PER_MINUTE_MAX, UNKNOWN_KINDS_MAX } from './bounds.ts'

const CYCLE = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeNibp(NIBP), encodeTemperature(TEMPERATURE), encodeCycleEnd())

test('one cycle gives every parameter and channel, each with its times', () => {
  const { commands } = runIntake('cms', atOnce(CYCLE))
  deepEqual(numericsOf(commands).map((r) => [r.parameter, r.value]), [
    ['hr', 61], ['rr', 13], ['st1', 0.5], ['st2', -0.25], ['st3', null], ['spo2', 97], ['pr', 62],
    ['nibp-sys', 121], ['nibp-dia', 81], ['nibp-mean', 93], ['t1', 36.5], ['t2', 37.25], ['td', 0.75],
  ])
  deepEqual(readingsOf(commands).flatMap((r) => (r.kind === 'wave' ? [[r.channel, r.samples.length, r.rate]] : [])), [
    ['ecg1', 256, 256], ['ecg2', 256, 256], ['ecg3', 256, 256], ['resp', 128, 128], ['pleth', 256, 256],
  ])
  ok(readingsOf(commands).every((r) => r.times.received === BENCH_START))
  deepEqual(lastOf(commands, 'hr')?.limits, { low: 50, high: 120 })
  const nibp = lastOf(commands, 'nibp-sys')
  equal(nibp?.times.device?.at, Date.UTC(2001, 1, 3, 4, 5, 6) * 1000)
  equal(nibp?.times.measured, null, 'the first stamp of a connection may be hours old')
})

test('the same commands at any split', () => {
  const bytes = stream(encodeBed(3), encodePatient(PATIENT), CYCLE, encodeStatus(1, 'T1 SENSOR OFF'), CYCLE)
  const whole = runIntake('cms', atOnce(bytes)).commands
  for (let cut = 1; cut < bytes.length; cut += cut < 40 ? 1 : 37) deepEqual(runIntake('cms', atOnce(bytes, [cut])).commands, whole, `cut at ${cut}`)
  deepEqual(runIntake('cms', atOnce(bytes, [...bytes.keys()])).commands, whole, 'byte by byte')
  fc.assert(fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 }), (cuts) => {
    deepEqual(runIntake('cms', atOnce(bytes, cuts)).commands, whole)
  }), { numRuns: 40 })
})

test('what is encoded is what is read, for all blocks', () => {
  fc.assert(fc.property(ecgs, spo2s, nibps, temperatures, (ecg, spo2, nibp, temperature) => {
    const { commands } = runIntake('cms', atOnce(stream(encodeEcg(ecg), encodeSpo2(spo2), encodeNibp(nibp), encodeTemperature(temperature))))
    const shown = [ecg.heartRate, ecg.respRate, ...ecg.st, spo2.spo2, spo2.pulse, nibp.systolic, nibp.diastolic, nibp.mean]
    deepEqual(numericsOf(commands).slice(0, shown.length).map((r) => r.value), shown)
    ok(numericsOf(commands).every((r) => (r.value === null) === (r.absent !== null)))
    ok(readingsOf(commands).length === 18)
  }), { numRuns: 60 })
})

test('a sensor that came off is a reading without a value, not the absence of a reading', () => {
  const { commands } = runIntake('cms', atOnce(stream(encodeSpo2(SPO2), encodeSpo2(SPO2_ABSENT))))
  deepEqual(numericsOf(commands).map((r) => [r.parameter, r.value, r.absent]), [
    ['spo2', 97, null], ['pr', 62, null], ['spo2', null, 'not-measured'], ['pr', null, 'not-measured'],
  ])
})

test('unknown types and sub-types are counted by name, told once each, and the next frame is read', () => {
  const odd = encodeCmsFrame(0x46, Uint8Array.of(0, 0, 0x1b, 0, 1))
  const { commands, session } = runIntake('cms', atOnce(stream(odd, odd, encodeCmsFrame(0x99, Uint8Array.of(1)), encodeBed(2), CYCLE)))
  deepEqual(session.figures().unknown, [['46/1b', 2], ['99', 1]])
  deepEqual(rulesOf(commands).filter((rule) => rule === 'frame-unknown').length, 2)
  equal(lastOf(commands, 'hr')?.value, 61)
})

test('a malformed frame is an observation, and so are bytes that fit no frame', () => {
  const bytes = stream(encodeCmsFrame(0x3e, new Uint8Array(20)), CYCLE, new Uint8Array(33).fill(0xee), CYCLE)
  const { commands, session } = runIntake('cms', atOnce(bytes))
  deepEqual(rulesOf(commands).filter((rule) => rule !== 'record-seen'), ['frame-malformed', 'resync', 'connection-over'])
  const { malformed, resyncs, skippedBytes, frames } = session.figures()
  deepEqual([malformed, resyncs, skippedBytes, frames], [1, 1, 33, 10])
})

test('Nightscout #2343: one bad record does not stop the display', () => {
  const bad = encodeNibp({ ...NIBP, measuredAt: null, systolic: null })
  const { commands } = runIntake('cms', atOnce(stream(encodeCmsFrame(0x46, Uint8Array.of(0)), bad, Uint8Array.of(9, 9, 9), CYCLE)))
  equal(lastOf(commands, 'nibp-sys')?.value, 121)
  equal(lastOf(commands, 'hr')?.value, 61)
})

test('a bed change is told once per change', () => {
  const { commands } = runIntake('cms', atOnce(stream(encodeBed(7), encodeBed(7), encodeBed(9))))
  const told = commands.flatMap((c) => (c.kind === 'log' && c.verdict.rule === 'bed-changed' ? [c.verdict.why] : []))
  deepEqual(told, ['bed 7', 'bed 7 became bed 9'])
})

test('a status of technical words is told in words, any other by its length', () => {
  const { commands } = runIntake('cms', atOnce(stream(encodeStatus(1, 'spo2 sensor off'), encodeStatus(2, 'SENSOR OFF SMITH'))))
  const told = commands.flatMap((c) => (c.kind === 'log' && c.verdict.rule === 'status-text' ? [c.verdict.why] : []))
  deepEqual(told, ['technical status 1: SPO2 SENSOR OFF', 'technical status 2: a text of 16 characters'])
})

test('a peer that shows no frame is sent away with the count; a monitor is not, whatever it mixes in', () => {
  const noise = new Uint8Array(FRAMELESS_CMS_BYTES_MAX + 1).fill(0xee)
  const away = runIntake('cms', atOnce(noise), false).commands
  deepEqual(away.map((c) => c.kind), ['close'])
  match(away[0]?.kind === 'close' ? away[0].verdict.why : '', /64017 bytes without one whole frame/)
  const monitor = Array.from({ length: 40 }, (_, i) => ({ bytes: stream(new Uint8Array(4000).fill(0xee), CYCLE), at: BENCH_START + seconds(i) }))
  ok(!runIntake('cms', monitor, false).commands.some((c) => c.kind === 'close'))
})

test('a flood is closed once, and nothing is read after it', () => {
  const bytes = new Uint8Array(BYTES_PER_SECOND_MAX)
  const pieces = Array.from({ length: 12 }, () => ({ bytes: stream(CYCLE, encodeCmsFrame(0x99, bytes.slice(0, 7000))), at: BENCH_START }))
  const flood = Array.from({ length: 40 }, () => pieces).flat()
  const { commands } = runIntake('cms', flood)
  const closes = commands.flatMap((c, i) => (c.kind === 'close' ? [[c.verdict.rule, i]] : []))
  deepEqual(closes, [['too-fast', commands.length - 1]])
})

test('log lines are bounded, and the bound is told and counted', () => {
  const frames = Array.from({ length: 100 }, (_, i) => encodeBed(i))
  const { commands, session } = runIntake('cms', atOnce(stream(...frames)), false)
  const logs = commands.filter((c) => c.kind === 'log')
  equal(logs.length, LOGS_PER_MINUTE_MAX + 1)
  equal(logs.at(-1)?.kind === 'log' && logs.at(-1)?.kind, 'log')
  equal(session.figures().untoldLogs, 100 - LOGS_PER_MINUTE_MAX)
})

test('names of unknown kinds are bounded; what finds no room is still counted', () => {
  const frames = Array.from({ length: 300 }, (_, i) => encodeCmsFrame(0x46, Uint8Array.of(0, 0, i & 0xff, 1 + (i >> 8), 0)))
  const { session } = runIntake('cms', atOnce(stream(...frames)))
  const rows = session.figures().unknown
  equal(rows.length, UNKNOWN_KINDS_MAX + 1)
  equal(rows.reduce((sum, [, n]) => sum + n, 0), 300)
})
