// Tests of waveform.ts: the waves are believable (one QRS per beat, leads that agree) and the numbers stay in range.
// Keeps the rule that all of it follows from the seed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../base/rng.ts'
import { ECG_SAMPLES, ImaginaryPatient, MID_SCALE, RESP_SAMPLES } from './waveform.ts'

/** Rising edges through half of the R peak of lead II. */
function beatsIn(lead: readonly number[]): number {
  const threshold = MID_SCALE + 40
  return lead.filter((value, i) => value >= threshold && i > 0 && (lead[i - 1] as number) < threshold).length
}

function record(seed: number, cycles: number): { two: number[]; resp: number[]; pleth: number[]; patient: ImaginaryPatient } {
  const patient = new ImaginaryPatient(seededRng(seed))
  const all = Array.from({ length: cycles }, () => patient.waves(1))
  return {
    two: all.flatMap((w) => [...w.ecg[1]]),
    resp: all.flatMap((w) => [...w.resp]),
    pleth: all.flatMap((w) => [...w.pleth]),
    patient,
  }
}

test('one cycle has 256 samples of three leads and of pleth, and 128 of breathing', () => {
  const waves = new ImaginaryPatient(seededRng(1)).waves(1)
  assert.deepEqual(waves.ecg.map((lead) => lead.length), [ECG_SAMPLES, ECG_SAMPLES, ECG_SAMPLES])
  assert.deepEqual([waves.resp.length, waves.pleth.length], [RESP_SAMPLES, ECG_SAMPLES])
})

test('a minute of lead II shows as many QRS complexes as the heart rate says, across cycle borders', () => {
  for (const seed of [1, 2, 3, 4]) {
    const { two, patient } = record(seed, 60)
    assert.ok(Math.abs(beatsIn(two) - patient.vitals().heartRate) <= 1, `seed ${seed}`)
  }
})

test('a longer cycle holds proportionally more beats', () => {
  const patient = new ImaginaryPatient(seededRng(9))
  const lead = Array.from({ length: 15 }, () => patient.waves(2)).flatMap((w) => [...w.ecg[1]])
  assert.ok(Math.abs(beatsIn(lead) - patient.vitals().heartRate / 2) <= 1)
})

test('breathing crosses its zero line upwards once per breath', () => {
  const { resp, patient } = record(5, 60)
  const rises = resp.filter((v, i) => i > 0 && v > MID_SCALE && (resp[i - 1] as number) <= MID_SCALE).length
  assert.ok(Math.abs(rises - patient.vitals().respirationRate) <= 1)
})

test('the R peak comes before the pulse peak', () => {
  const patient = new ImaginaryPatient({ next: () => 0 })
  const waves = patient.waves(60 / patient.vitals().heartRate)
  assert.ok(waves.ecg[1].indexOf(Math.max(...waves.ecg[1])) < waves.pleth.indexOf(Math.max(...waves.pleth)))
})

test('lead III is II minus I in every sample, pleth stays in 7..93, and nothing touches the rails', () => {
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, cycles) => {
    const patient = new ImaginaryPatient(seededRng(seed))
    for (let c = 0; c < cycles; c++) {
      patient.drift()
      const { ecg: [one, two, three], pleth, resp } = patient.waves(1)
      assert.ok(three.every((v, i) => v - MID_SCALE === (two[i] as number) - (one[i] as number)))
      assert.ok(pleth.every((v) => v >= 7 && v <= 93))
      assert.ok([one, two, three, resp].every((wave) => wave.every((v) => v > 0 && v < 255)))
    }
  }), { numRuns: 25 })
})

test('the numbers drift, stay in range, and keep systolic above mean above diastolic', () => {
  const patient = new ImaginaryPatient(seededRng(11))
  const first = JSON.stringify(patient.vitals())
  let changed = 0
  for (let i = 0; i < 2000; i++) {
    patient.drift()
    const v = patient.vitals()
    if (JSON.stringify(v) !== first) changed++
    assert.ok(v.heartRate >= 58 && v.heartRate <= 96 && v.spo2 >= 95 && v.spo2 <= 99)
    assert.ok(v.temperature1 >= 36.2 && v.temperature1 <= 37.4)
    assert.ok(v.systolic > v.mean && v.mean > v.diastolic)
    assert.equal(v.temperature1, Math.round(v.temperature1 * 10) / 10)
  }
  assert.ok(changed > 1000)
})

test('same seed, same waves; another seed, others', () => {
  assert.deepEqual(record(3, 5).two, record(3, 5).two)
  assert.notDeepEqual(record(3, 5).two, record(4, 5).two)
})
