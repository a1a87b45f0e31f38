// Tests of the check bench: a feed of the twin through the intake, honest and altered in the ways that the checks are for.
// Keeps the rules that values are never touched, that a deviation must last, and that evidence of one patient ends with them.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../../../base/rng.ts'
import { encodeCycleEnd, encodeEcg, encodeNibp, encodeSpo2, encodeTemperature } from '../../../protocols/cms8000/message.ts'
import { ECG, NIBP, SPO2, TEMPERATURE, stream } from '../../../protocols/cms8000/testdata/samples.ts'
import { BENCH_START, runIntake, seconds } from '../../../testing/intake-bench.ts'
import { ImaginaryPatient, type CycleWaves, type Vitals } from '../../../twin/core/waveform.ts'
import { CheckBench, type BenchOptions } from './bench.ts'
import type { CheckId } from './evidence.ts'

interface Cycle {
  readonly waves: CycleWaves
  readonly vitals: Vitals
}

/** The twin's waves repeat exactly, as no real ones do: seeded noise of one step makes them honest, kept equal in the algebra. */
function honest(seed: number, count: number): Cycle[] {
  const rng = seededRng(seed)
  const patient = new ImaginaryPatient(seededRng(seed))
  return Array.from({ length: count }, () => {
    const waves = patient.waves(1)
    const noise = (wave: Uint8Array): Uint8Array => wave.map((x) => x + Math.round(2 * (rng.next() - 0.5)))
    const [one, two] = [noise(waves.ecg[0]), noise(waves.ecg[1])]
    return { waves: { ...waves, ecg: [one, two, one.map((x, i) => 128 + (two[i] as number) - x)] as const }, vitals: patient.vitals() }
  })
}

function bytes({ waves, vitals }: Cycle): Uint8Array {
  return stream(
    encodeEcg({ ...ECG, ecg: waves.ecg, resp: waves.resp, heartRate: vitals.heartRate }),
    encodeSpo2({ ...SPO2, pleth: waves.pleth, pulse: vitals.heartRate, spo2: vitals.spo2 }),
    encodeTemperature({ ...TEMPERATURE, t1: vitals.temperature1, t2: vitals.temperature2, difference: Math.abs(vitals.temperature1 - vitals.temperature2) }),
    encodeNibp({ ...NIBP, systolic: vitals.systolic, diastolic: vitals.diastolic, mean: vitals.mean }), encodeCycleEnd(),
  )
}

function bench(cycles: readonly Cycle[], options: Partial<BenchOptions> = {}): CheckBench {
  const result = new CheckBench({ leads: 'inferred', isPaced: false, ...options })
  feed(result, cycles, 0)
  return result
}

function feed(into: CheckBench, cycles: readonly Cycle[], from: number): void {
  const pieces = cycles.map((cycle, i) => ({ bytes: bytes(cycle), at: BENCH_START + seconds(from + i) }))
  for (const command of runIntake('cms', pieces, false).commands) if (command.kind === 'publish') into.take(command.readings, command.at)
}

const deviations = (b: CheckBench): CheckId[] => b.verdict().reasons.map((e) => e.check)
const report = (cycles: readonly Cycle[], heartRate: number): Cycle[] => cycles.map((c) => ({ ...c, vitals: { ...c.vitals, heartRate } }))

test('an honest feed is OK, and says which checks could not judge', () => {
  for (const seed of [1, 2, 3]) {
    const { word, fits, untold } = bench(honest(seed, 70)).verdict()
    equal(word, 'OK')
    deepEqual([...fits].sort(), ['ecg-rate', 'exact-repeat', 'lead-algebra', 'pleth-rate', 'pressure-mean', 'pressure-order', 'pulse-against-heart',
      'rate-of-change', 'temperature-difference'])
    deepEqual(untold.map((e) => e.check).sort(), ['address-binding', 'tcp-continuity', 'two-tap'])
  }
})

test('a reported rate that fits neither waveform is suspected after 30 s, not before', () => {
  const cycles = honest(5, 90)
  const hr = cycles[0]?.vitals.heartRate ?? 0
  const early = bench(report(cycles, hr + 25).slice(0, 35))
  deepEqual(deviations(early), [])
  const late = bench(report(cycles, hr + 25))
  equal(late.verdict().word, 'CHECK BEDSIDE')
  deepEqual(deviations(late), ['ecg-rate', 'pleth-rate'])
})

test('one bad window is no deviation', () => {
  const cycles = honest(6, 60)
  const hr = cycles[0]?.vitals.heartRate ?? 0
  const mixed = [...cycles.slice(0, 20), ...report(cycles.slice(20, 35), hr + 25), ...cycles.slice(35)]
  deepEqual(deviations(bench(mixed)), [])
})

test('one lead altered in place is seen; if the leads are not known it cannot be', () => {
  const tampered = honest(7, 30).map((c) => ({ ...c, waves: { ...c.waves, ecg: [c.waves.ecg[0], c.waves.ecg[1], c.waves.ecg[2].map((x) => x + 5)] as const } }))
  deepEqual(deviations(bench(tampered)), ['lead-algebra'])
  deepEqual(deviations(bench(tampered, { leads: 'unknown' })), [])
})

test('a replayed feed is seen although every other check fits', () => {
  const live = honest(8, 30)
  const b = bench([...live, ...live.slice(10, 22)])
  deepEqual(deviations(b), ['exact-repeat'])
  equal(b.verdict().word, 'CHECK BEDSIDE')
})

test('pressures out of order and a wrong difference: two strong deviations end trust', () => {
  const wrong = honest(9, 20).map((c) => ({ ...c, vitals: { ...c.vitals, systolic: 70, diastolic: 90, mean: 80 } }))
  deepEqual(deviations(bench(wrong)), ['pressure-order'])
  const b = bench(wrong)
  const piece = [{ bytes: encodeTemperature({ ...TEMPERATURE, t1: 37, t2: 36, difference: 3 }), at: BENCH_START + seconds(20) }]
  for (const command of runIntake('cms', piece, false).commands) if (command.kind === 'publish') b.take(command.readings, command.at)
  equal(b.verdict().word, 'NOT TRUSTED')
})

test('a paced patient: the rate of the waveform is not compared', () => {
  const b = bench(report(honest(10, 90), 180), { isPaced: true })
  ok(!deviations(b).includes('ecg-rate'))
  ok(b.verdict().untold.some((e) => e.check === 'ecg-rate' && e.why === 'the patient is paced'))
})

test('reset: nothing of the last patient\'s evidence is left but what is known of the link', () => {
  const b = bench(report(honest(11, 90), 200))
  const sight = {
    ip: '202.114.4.21', mac: '02:00:5e:00:00:01', switchPort: null, ttl: 64, mss: null, window: null, tcpOptions: null, rivalMacs: [],
    conflictingRetransmissions: 0, strayResets: 0,
  }
  b.takeLink(sight)
  b.takeLink({ ...sight, ttl: 60 })
  b.reset()
  deepEqual(deviations(b), ['tcp-continuity'])
  feed(b, honest(12, 40), 200)
  deepEqual(deviations(b), ['tcp-continuity'])
})

test('two taps that differ end trust at once', () => {
  const b = bench(honest(13, 30))
  b.takeTaps({ firstBlock: 0, hashes: ['a', 'b'], lostBytes: 0 }, { firstBlock: 0, hashes: ['a', 'c'], lostBytes: 0 })
  deepEqual([b.verdict().word, deviations(b)], ['NOT TRUSTED', ['two-tap']])
})

test('a silent feed leaves the rates untold, not fitting', () => {
  const b = bench(honest(14, 40))
  b.take([], BENCH_START + seconds(90))
  ok(b.verdict().untold.some((e) => e.check === 'ecg-rate'))
})
