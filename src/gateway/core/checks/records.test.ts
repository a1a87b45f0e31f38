// Tests of the data checks on real records: a false asystole, lead algebra with a tampered lead, thresholds of a bedside monitor.
// Keeps the figures of facts gateway E.3 repeatable; skipped by name without the records.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { readWfdb } from '../../../testing/wfdb.ts'
import { checkLeadAlgebra, LEAD_TOLERANCE_STEPS } from './invariants.ts'
import { panTompkins } from './pan-tompkins.ts'
import { heartRate, pulseRate } from './rate.ts'

const skip = clinicalMissing

test('a103l, a false asystole: around the alarm the ECG gives no agreed low rate, the pleth a living one', { skip }, () => {
  const [ii, , pleth] = readWfdb(sharedClinical('ecg-wfdb', 'a103l')).signals
  ok(ii !== undefined && pleth !== undefined)
  const window = (samples: Float64Array, from: number): Float64Array => samples.slice(from * 250, (from + 10) * 250)
  // The alarm stands at 300 s (PhysioNet challenge 2015: five minutes before, thirty seconds after).
  const around = [285, 290, 295, 300].map((from) => ({ ecg: heartRate(window(ii.samples, from), 250), pulse: pulseRate(window(pleth.samples, from), 250) }))
  for (const { ecg, pulse } of around) {
    ok(pulse.perMinute !== null && pulse.perMinute > 115 && pulse.perMinute < 130)
    ok(ecg.perMinute === null || ecg.perMinute > 100, 'no agreed rate that would confirm an asystole')
  }
  ok(around.filter(({ ecg }) => ecg.perMinute === null).length >= 3)
  const alone = panTompkins(window(ii.samples, 300), 250).length
  ok(alone <= 5, `one detector alone saw ${alone} beats in ten seconds: it would have confirmed the false alarm`)
})

test('a103l: before the trouble ECG and pleth agree', { skip }, () => {
  const [ii, , pleth] = readWfdb(sharedClinical('ecg-wfdb', 'a103l')).signals
  ok(ii !== undefined && pleth !== undefined)
  for (const from of [20, 60, 100]) {
    const [ecg, pulse] = [heartRate(ii.samples.slice(from * 250, (from + 15) * 250), 250), pulseRate(pleth.samples.slice(from * 250, (from + 15) * 250), 250)]
    ok(ecg.perMinute !== null && pulse.perMinute !== null && Math.abs(ecg.perMinute - pulse.perMinute) < 3)
  }
})

test('s0010_re: III = II - I within 2 steps on all 38,400 samples; 10 microvolts on one lead are seen', { skip }, () => {
  const { signals } = readWfdb(sharedClinical('ecg-wfdb', 's0010_re'))
  const lead = (name: string): Float64Array => signals.find((s) => s.description === name)?.samples ?? new Float64Array(0)
  const [one, two, three, avr] = [lead('i'), lead('ii'), lead('iii'), lead('avr')]
  equal(one.length, 38_400)
  const worst = one.reduce((most, x, i) => Math.max(most, Math.abs((three[i] as number) - ((two[i] as number) - x))), 0)
  const worstAvr = avr.reduce((most, x, i) => Math.max(most, Math.abs(x + ((one[i] as number) + (two[i] as number)) / 2)), 0)
  ok(worst <= LEAD_TOLERANCE_STEPS && worstAvr <= LEAD_TOLERANCE_STEPS, `${worst} ${worstAvr}`)
  const judge = (third: Float64Array): string => (
    checkLeadAlgebra({ one, two, three: third, zero: 0, rails: [-32_768, 32_767] }, 'known').result)
  equal(judge(three), 'fits')
  // 2000 steps per millivolt: 10 microvolts are 20 steps.
  deepEqual([5, 10].map((microvolts) => judge(three.map((x, i) => (i > 20_000 ? x + microvolts * 2 : x)))), ['differs', 'differs'])
  equal(judge(three.map((x, i) => (i < 20 ? x + 20 : x))), 'fits', 'twenty samples of 38,400 are forgiven: a spike')
})

test('s00001: waveform rate against the bedside number over two hours, as in the facts', { skip }, () => {
  const numerics = readWfdb(sharedClinical('ecg-wfdb', 's00001', 's00001-2896-10-10-00-31n')).signals[0]
  const ecg = readWfdb(sharedClinical('ecg-wfdb', 's00001', '3975656_0005')).signals[0]
  ok(numerics !== undefined && ecg !== undefined)
  // The segment begins at 33:01.911, the numbers at 31:25.894, one a minute.
  const start = 33 * 60 + 1.911 - (31 * 60 + 25.894)
  const differences: number[] = []
  let minutes = 0
  for (let minute = Math.ceil(start / 60); ; minute++) {
    const from = Math.round((minute * 60 - start) * 125)
    if (from + 7500 > ecg.samples.length) break
    minutes += 1
    const found = heartRate(ecg.samples.slice(from, from + 7500), 125)
    const reported = (numerics.samples[minute] ?? 0) / 10
    if (found.perMinute !== null && reported > 0) differences.push(found.perMinute - reported)
  }
  const middle = (list: readonly number[], share: number): number => list.toSorted((a, b) => a - b)[Math.floor(list.length * share)] as number
  const median = middle(differences, 0.5)
  const mad = middle(differences.map((d) => Math.abs(d - median)), 0.5)
  const p95 = middle(differences.map(Math.abs), 0.95)
  console.log(`s00001: ${differences.length} minutes, difference median ${median.toFixed(2)}, MAD ${mad.toFixed(2)}, |d| p95 ${p95.toFixed(2)} /min`)
  equal(minutes, 120)
  ok(differences.length >= 118, 'in nearly every minute the two detectors agree')
  ok(Math.abs(median) < 0.2, `median ${median} (facts: 0.06)`)
  ok(mad < 0.5, `MAD ${mad} (facts: 0.37)`)
  ok(p95 < 3.5, `p95 ${p95} (facts: 3.2)`)
  ok(Math.max(...differences.map(Math.abs)) < 10, 'the threshold of 10 /min is not crossed once (facts: max 9.1)')
})

test('s00001: steps and pulse differences of 1,936 numeric minutes are below the thresholds', { skip }, () => {
  const { signals } = readWfdb(sharedClinical('ecg-wfdb', 's00001', 's00001-2896-10-10-00-31n'))
  const series = (name: string): Float64Array => (signals.find((s) => s.description === name)?.samples ?? new Float64Array(0)).map((x) => x / 10)
  const [hr, pulse, spo2] = [series('HR'), series('PULSE'), series('SpO2')]
  const steps = (list: Float64Array): number[] => (
    [...list].slice(1).flatMap((x, i) => (x > 0 && (list[i] as number) > 0 ? [Math.abs(x - (list[i] as number))] : [])))
  const apart = [...hr].flatMap((x, i) => (x > 0 && (pulse[i] as number) > 0 ? [Math.abs(x - (pulse[i] as number))] : []))
  const p = (list: readonly number[], share: number): number => list.toSorted((a, b) => a - b)[Math.floor(list.length * share)] as number
  const [hrStep, spo2Step] = [Math.max(...steps(hr)), Math.max(...steps(spo2))].map((x) => x.toFixed(1))
  console.log(`s00001: HR step max ${hrStep}, SpO2 step max ${spo2Step}, |HR-PULSE| p99 ${p(apart, 0.99).toFixed(1)} of ${apart.length}`)
  ok(Math.max(...steps(hr)) < 42 && Math.max(...steps(spo2)) <= 6)
  // The facts count over minutes that have a value, so that a step may span a hole: 1,890 minutes, p95 5.8, p99 10.1, max 41.7.
  const measured = [...hr].filter((x) => x > 0)
  const overHoles = measured.slice(1).map((x, i) => Math.abs(x - (measured[i] as number)))
  deepEqual([measured.length, ...[p(overHoles, 0.95), p(overHoles, 0.99), Math.max(...overHoles)].map((x) => x.toFixed(1))], [1890, '5.8', '10.1', '41.7'])
  ok(p(apart, 0.99) < 15 && p(apart, 0.99) > 5)
})
