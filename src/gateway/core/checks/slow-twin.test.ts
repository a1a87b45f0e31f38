// Tests that the detectors of the gateway name the same samples as their slow twin, on beats, noise, flat stretches, spikes and real records.
// Keeps the rule that working memory is shared and never seen: a window's peaks do not depend on what was judged before it.

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../../base/rng.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { elgendiSlow, panTompkinsSlow, pulsePeaksSlow } from '../../../testing/slow-detectors.ts'
import { readWfdb } from '../../../testing/wfdb.ts'
import { ImaginaryPatient } from '../../../twin/core/waveform.ts'
import { elgendi } from './elgendi.ts'
import { panTompkins } from './pan-tompkins.ts'
import { pulsePeaks } from './rate.ts'

const PAIRS = [[panTompkins, panTompkinsSlow], [elgendi, elgendiSlow], [pulsePeaks, pulsePeaksSlow]] as const

function same(samples: Float64Array, rate: number): void {
  for (const [fast, slow] of PAIRS) deepEqual(fast(samples, rate), slow(samples, rate), fast.name)
}

/** Samples as pieces: the twin's waves, noise, a level, a ramp, a spike; each of its own length and strength. */
const piece = fc.record({
  kind: fc.constantFrom('beats' as const, 'pleth' as const, 'noise' as const, 'flat' as const, 'ramp' as const, 'spike' as const),
  seconds: fc.integer({ min: 1, max: 6 }), size: fc.integer({ min: 1, max: 120 }), seed: fc.nat(),
})
type Piece = (typeof piece) extends fc.Arbitrary<infer T> ? T : never

function samplesOf({ kind, seconds, size, seed }: Piece): number[] {
  const rng = seededRng(seed)
  const patient = new ImaginaryPatient(rng)
  const length = 256 * seconds
  if (kind === 'beats' || kind === 'pleth') {
    return Array.from({ length: seconds }, () => patient.waves(1)).flatMap((w) => [...(kind === 'pleth' ? w.pleth : w.ecg[1])].map((x) => (x * size) / 120))
  }
  if (kind === 'noise') return Array.from({ length }, () => 128 + size * (rng.next() - 0.5))
  if (kind === 'ramp') return Array.from({ length }, (_, i) => 128 + (size * i) / length)
  return Array.from({ length }, (_, i) => (kind === 'spike' && i === length >> 1 ? 255 : 128 + (size % 3)))
}

test('slow twin: any mixture of pieces at any rate gives the same peaks, whatever was judged before', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 6 }), fc.constantFrom(100, 125, 250, 256, 360, 500), fc.nat({ max: 300 }), (pieces, rate, cut) => {
    const samples = Float64Array.from(pieces.flatMap(samplesOf)).map(Math.round).slice(cut)
    same(samples, rate)
  }), { numRuns: 150 })
})

test('slow twin: short windows, from nothing on', () => {
  const samples = Float64Array.from(samplesOf({ kind: 'beats', seconds: 5, size: 100, seed: 1 }))
  for (let length = 0; length < 900; length += length < 40 ? 1 : 23) same(samples.slice(0, length), 256)
})

test('slow twin: windows of real records', { skip: clinicalMissing }, () => {
  for (const name of ['100', 'a103l', 's00001/3975656_0005']) {
    const record = readWfdb(sharedClinical('ecg-wfdb', name))
    for (const { samples } of record.signals) {
      for (let i = 0; i < 12; i++) same(samples.slice(i * 15 * record.rate, (i + 1) * 15 * record.rate), record.rate)
    }
  }
})
