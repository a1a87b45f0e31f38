// Tests of the detectors: synthetic beats at every rate, real records against reference beats, and the reader of the records.
// Keeps the caveat of the facts: clean data makes anything look perfect, so the noisy rows and the disagreement are tested too.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../../base/rng.ts'
import { ecgTable, ecgTableText, precision, sensitivity, type EcgTable } from '../../../testing/ecg-table.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { applyBiquad } from '../../../testing/slow-detectors.ts'
import { beatsOf, readAnnotations, readWfdb } from '../../../testing/wfdb.ts'
import { ImaginaryPatient } from '../../../twin/core/waveform.ts'
import { elgendi } from './elgendi.ts'
import { highPass, lowPass, movingMean } from './filter.ts'
import { panTompkins } from './pan-tompkins.ts'
import { heartRate, isFlat, matchPeaks, pulseRate, ratePerMinute } from './rate.ts'

let table: EcgTable | null = null
/** Made once: the records are long. */
function figures(): EcgTable {
  table ??= ecgTable()
  return table
}

/** Narrow bumps and a broad T wave, every 60/rate seconds, with a little seeded noise. */
function beats(perMinute: number, rate: number, seconds: number, seed = 1, noise = 1): { samples: Float64Array; peaks: number[] } {
  const rng = seededRng(seed)
  const peaks: number[] = []
  for (let t = 0.4; t < seconds - 0.3; t += 60 / perMinute) peaks.push(Math.round(t * rate))
  const samples = Float64Array.from({ length: seconds * rate }, () => 128 + noise * (rng.next() - 0.5))
  for (const peak of peaks) {
    for (const [offset, width, height] of [[0, 0.012, 70], [0.03, 0.01, -14], [0.22, 0.05, 16], [-0.14, 0.025, 8]] as const) {
      for (let i = -Math.round(0.3 * rate); i < 0.45 * rate; i++) {
        const at = peak + i
        if (at >= 0 && at < samples.length) samples[at] = (samples[at] as number) + height * Math.exp(-0.5 * ((i / rate - offset) / width) ** 2)
      }
    }
  }
  return { samples, peaks }
}

test('both detectors find every synthetic beat and no T wave, from 40 to 170 a minute, at 125 to 500 Hz', () => {
  fc.assert(fc.property(fc.integer({ min: 40, max: 170 }), fc.constantFrom(125, 250, 256, 360, 500), fc.nat(), (perMinute, rate, seed) => {
    const { samples, peaks } = beats(perMinute, rate, 15, seed)
    for (const find of [panTompkins, elgendi]) {
      const found = find(samples, rate)
      ok(Math.abs(found.length - peaks.length) <= 1, `${find.name}: ${found.length} of ${peaks.length}`)
      ok(matchPeaks(found, peaks, 0.05 * rate) >= peaks.length - 1)
    }
    const read = heartRate(samples, rate)
    ok(read.perMinute !== null && Math.abs(read.perMinute - perMinute) < 1.5)
  }), { numRuns: 60 })
})

test('scale and offset change nothing: only the shape counts', () => {
  const { samples } = beats(72, 256, 15)
  for (const find of [panTompkins, elgendi]) {
    deepEqual(find(samples.map((x) => x * 37 - 9000), 256), find(samples, 256))
  }
})

test('the twin\'s own waves: rate of ECG and pleth within 2 /min of what it reports', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const patient = new ImaginaryPatient(seededRng(seed))
    const cycles = Array.from({ length: 15 }, () => patient.waves(1))
    const join = (pick: (c: (typeof cycles)[number]) => Uint8Array): Float64Array => Float64Array.from(cycles.flatMap((c) => [...pick(c)]))
    const expected = patient.vitals().heartRate
    for (const read of [heartRate(join((c) => c.ecg[1]), 256), heartRate(join((c) => c.ecg[0]), 256), pulseRate(join((c) => c.pleth), 256)]) {
      ok(read.perMinute !== null && Math.abs(read.perMinute - expected) < 2, `${JSON.stringify(read)} for ${expected}`)
    }
  }
})

test('a flat line, too short a window and pure noise give no rate, with the reason', () => {
  deepEqual(heartRate(new Float64Array(4000).fill(128), 256), { perMinute: null, why: 'the trace is flat' })
  deepEqual(heartRate(new Float64Array(0), 256), { perMinute: null, why: 'the trace is flat' })
  equal(heartRate(beats(60, 256, 1).samples, 256).perMinute, null)
  equal(isFlat(Float64Array.of(1, 2, 1)), true)
  let rates = 0
  for (let seed = 0; seed < 40; seed++) {
    const rng = seededRng(seed)
    if (heartRate(Float64Array.from({ length: 15 * 256 }, () => 255 * rng.next()), 256).perMinute !== null) rates += 1
  }
  ok(rates <= 2, `${rates} of 40 noises have a rate`)
})

test('matchPeaks: slow twin', () => {
  const list = fc.uniqueArray(fc.nat({ max: 400 }), { maxLength: 7 }).map((x) => x.toSorted((a, b) => a - b))
  const slow = (one: readonly number[], two: readonly number[], reach: number): number => {
    if (one.length === 0 || two.length === 0) return 0
    const rest = slow(one.slice(1), two, reach)
    const pairs = two.map((peak, j) => (Math.abs((one[0] as number) - peak) <= reach ? 1 + slow(one.slice(1), two.slice(j + 1), reach) : 0))
    return Math.max(rest, ...pairs)
  }
  fc.assert(fc.property(list, list, fc.nat({ max: 30 }), (one, two, reach) => {
    equal(matchPeaks(one, two, reach), slow(one, two, reach))
  }), { numRuns: 80 })
})

test('filters: a constant passes a low pass and not a high pass; a moving mean is the mean', () => {
  const flat = new Float64Array(500).fill(7)
  ok(applyBiquad(flat, lowPass(15, 256)).every((x) => Math.abs(x - 7) < 1e-9))
  ok(applyBiquad(flat, highPass(5, 256)).every((x) => Math.abs(x) < 1e-9))
  fc.assert(fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (list, width) => {
    const out = movingMean(Float64Array.from(list), width)
    for (const [i, value] of out.entries()) {
      const near = list.slice(Math.max(0, i - Math.floor((width - 1) / 2)), i + Math.floor(width / 2) + 1)
      ok(Math.abs(value - near.reduce((a, b) => a + b, 0) / near.length) < 1e-9)
    }
  }))
})

test('record 100 adds up to its checksum and has 2,273 reference beats, 1 PVC and 33 APC', { skip: clinicalMissing }, () => {
  const record = readWfdb(sharedClinical('ecg-wfdb', '100'))
  deepEqual(record.signals.map((s) => [s.description, s.checksum, s.headerChecksum]), [['MLII', -22131, -22131], ['V5', 20052, 20052]])
  const annotations = readAnnotations(sharedClinical('ecg-wfdb', '100.atr'))
  equal(beatsOf(annotations).length, 2273)
  deepEqual([5, 8].map((code) => annotations.filter((a) => a.code === code).length), [1, 33])
  equal(beatsOf(readAnnotations(sharedClinical('ecg-wfdb', '100.qrs'))).length, 2273)
  ok(Math.abs(ratePerMinute(beatsOf(annotations), 360) - 75.51) < 0.05)
})

test('formats 16, 80 and 212: every record in the folder adds up to its header', { skip: clinicalMissing }, () => {
  const names = ['a103l', 's0010_re', '3000003_0003', 's00001/3975656_0005', 's00001/3975656_0013', 's00001/s00001-2896-10-10-00-31n']
  for (const name of names) {
    const { signals } = readWfdb(sharedClinical('ecg-wfdb', name))
    ok(signals.length > 0)
    for (const signal of signals) equal(signal.checksum, signal.headerChecksum, `${name} ${signal.description}`)
  }
})

test('annotations with skips, notes and modifiers are read', { skip: clinicalMissing }, () => {
  for (const name of ['1003.atr', '12726.wabp', '12726.wqrs']) {
    const annotations = readAnnotations(sharedClinical('ecg-wfdb', name))
    ok(annotations.length > 500, name)
    ok(annotations.every((a, i) => a.at >= (annotations[i - 1]?.at ?? 0)), `${name} is in order`)
  }
})

test('record 100: each detector finds the beats, as recorded and as a monitor would send it', { skip: clinicalMissing }, () => {
  for (const row of figures().detectors) {
    const isNoisy = /noise at (?:0|-6) dB/.test(row.note)
    ok(sensitivity(row) >= (isNoisy ? 0.95 : 0.995), `${row.lead} ${row.note} ${row.detector}: sensitivity ${sensitivity(row)}`)
    ok(isNoisy || precision(row) >= 0.995, `${row.lead} ${row.note} ${row.detector}: PPV ${precision(row)}`)
  }
})

test('where both detectors agree the rate is right; where noise wins they stop agreeing', { skip: clinicalMissing }, () => {
  const rows = figures().agreements.filter((row) => row.errorMax !== null)
  // White noise of four times the signal's power can fool both in the same window: that is why a difference must last for 30 s.
  for (const row of rows.slice(0, -1)) ok((row.errorMax ?? 0) <= 10, `${row.note}: ${row.errorMax}`)
  const [clean, noisy] = [rows[0], rows.at(-1)]
  ok(clean !== undefined && clean.withRate >= 0.99 * clean.windows)
  ok(noisy !== undefined && noisy.withRate < 0.25 * noisy.windows, `at -6 dB ${noisy?.withRate} of ${noisy?.windows} windows still have a rate`)
})

test('the tables of docs/gateway.md are what the command prints', { skip: clinicalMissing }, () => {
  const page = fs.readFileSync(path.join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'gateway.md'), 'utf8')
  ok(page.includes(ecgTableText(figures())), 'run npm run table:ecg and put its tables into docs/gateway.md')
})
