// Tests that the clever engines of the checks say what their slow twins say: detectors on any mixture of pieces, the bench over any feed.
// Keeps the rule that working memory is shared and never seen: a window's peaks do not depend on what was judged before it.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../../base/rng.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { applyBiquad, elgendiSlow, panTompkinsSlow, pulsePeaksSlow } from '../../../testing/slow-detectors.ts'
import { readWfdb } from '../../../testing/wfdb.ts'
import { ImaginaryPatient } from '../../../twin/core/waveform.ts'
import { BENCH_START, seconds as micros } from '../../../testing/intake-bench.ts'
import { SlowBench, SlowRepeatWatch } from '../../../testing/slow-bench.ts'
import { missing, present, type Reading, type Times } from '../intake/reading.ts'
import { CheckBench } from './bench.ts'
import { elgendi } from './elgendi.ts'
import { bandPassZeroPhase, highPass, lowPass } from './filter.ts'
import { panTompkins } from './pan-tompkins.ts'
import { pulsePeaks } from './rate.ts'
import { RepeatWatch, WINDOWS_KEPT } from './repeat.ts'

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

test('slow twin: both sections in one pass are the printed coefficients, one behind the other, forward and backward', () => {
  const bands = fc.constantFrom([5, 15] as const, [8, 20] as const, [0.5, 8] as const)
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 3 }), bands, (pieces, [low, high]) => {
    const samples = Float64Array.from(pieces.flatMap(samplesOf))
    const both = (x: Float64Array): Float64Array => applyBiquad(applyBiquad(x, highPass(low, 256)), lowPass(high, 256))
    const expected = both(both(samples).reverse()).reverse()
    const found = bandPassZeroPhase(samples, low, high, 256, new Float64Array(samples.length))
    for (const [i, x] of found.entries()) ok(Math.abs(x - (expected[i] as number)) < 1e-6, `${i}: ${x} ${expected[i]}`)
  }), { numRuns: 40 })
})

test('slow twin: windows of real records', { skip: clinicalMissing }, () => {
  for (const name of ['100', 'a103l', 's00001/3975656_0005']) {
    const record = readWfdb(sharedClinical('ecg-wfdb', name))
    for (const { samples } of record.signals) {
      for (let i = 0; i < 12; i++) same(samples.slice(i * 15 * record.rate, (i + 1) * 15 * record.rate), record.rate)
    }
  }
})

test('slow twin: repeats of pieces taken from anywhere before, with holes and changes of patient', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('new' as const), length: fc.integer({ min: 1, max: 1500 }), seed: fc.nat() }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('again' as const), from: fc.nat({ max: 4000 }), length: fc.integer({ min: 600, max: 2000 }) }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: 'gap' as const }, { kind: 'clear' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('flat' as const), length: fc.integer({ min: 1, max: 1500 }) }) },
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const [fast, slow] = [new RepeatWatch(), new SlowRepeatWatch()]
    let all: number[] = []
    for (const next of steps) {
      if (next.kind === 'gap' || next.kind === 'clear') {
        fast[next.kind]()
        slow[next.kind]()
        continue
      }
      let samples = all.slice(next.kind === 'again' ? next.from : 0).slice(0, next.length)
      if (next.kind === 'new') samples = samplesOf({ kind: 'noise', seconds: 6, size: 90, seed: next.seed }).slice(0, next.length)
      if (next.kind === 'flat') samples = samples.map(() => 128)
      all = [...all, ...samples]
      for (let i = 0; i < samples.length; i += 97) {
        const bytes = Uint8Array.from(samples.slice(i, i + 97))
        fast.feed(bytes)
        slow.feed(bytes)
        deepEqual(fast.repeat, slow.repeat)
      }
    }
  }), { numRuns: 60 })
})

test('slow twin: more than ten minutes of windows: the oldest leave in the same order', () => {
  const rng = seededRng(9)
  const [fast, slow] = [new RepeatWatch(), new SlowRepeatWatch()]
  const all = Uint8Array.from({ length: 256 * (WINDOWS_KEPT + 40) }, () => Math.floor(256 * rng.next()))
  for (const from of [0, 256 * 20, 256 * 35, 256 * 50, 256 * 400, 256 * 630]) {
    for (const samples of from === 0 ? [all] : [all.slice(from, from + 1500), all.slice(0, 700)]) {
      fast.feed(samples)
      slow.feed(samples)
      deepEqual(fast.repeat, slow.repeat)
    }
  }
})

/** One second of a feed: what comes, what the numbers say, and what happens beside it. */
const second = fc.record({
  heart: fc.option(fc.integer({ min: 50, max: 130 })), pulse: fc.option(fc.integer({ min: 50, max: 130 })),
  spo2: fc.option(fc.integer({ min: 85, max: 100 })), difference: fc.constantFrom(0, 0, 0, 1, null),
  cuff: fc.constantFrom(null, null, null, [120, 93, 80] as const, [80, 93, 120] as const, [120, 118, 80] as const),
  lead: fc.constantFrom(0, 0, 0, 5), pause: fc.constantFrom(1, 1, 1, 1, 2, 4, 11), isAgain: fc.boolean(),
})
const stretch = fc.record({ second, times: fc.integer({ min: 1, max: 45 }), after: fc.constantFrom('', '', '', 'reset', 'taps', 'link', 'links') })
const LINK = {
  ip: '202.114.4.21', mac: '02:00:5e:00:00:01', switchPort: null, ttl: 64, mss: 1460, window: 5840, tcpOptions: [2, 4], rivalMacs: [],
  conflictingRetransmissions: 0, strayResets: 0,
}

test('slow twin: the bench says the same evidence, word for word, and the same verdict, over any feed', () => {
  fc.assert(fc.property(fc.array(stretch, { minLength: 1, maxLength: 5 }), fc.nat(), fc.boolean(), fc.nat({ max: 9 }), (stretches, seed, isPaced, phase) => {
    const options = { leads: 'inferred', isPaced } as const
    const [fast, slow] = [new CheckBench(options, micros(phase)), new SlowBench(options, micros(phase))]
    const feed = feedOf(seed)
    for (const { second: what, times, after } of stretches) {
      for (let i = 0; i < times; i++) {
        const { readings, at } = feed(what)
        for (const frame of readings) {
          for (const bench of [fast, slow]) bench.take(frame, at)
          deepEqual(fast.verdict(), slow.verdict())
        }
        equal(fast.verdict(), fast.verdict(), 'one object until something changes')
      }
      for (const bench of [fast, slow]) {
        if (after === 'reset') bench.reset()
        if (after === 'link') bench.takeLink(LINK)
        if (after === 'links') bench.takeLink({ ...LINK, ttl: 60 })
        if (after === 'taps') bench.takeTaps({ firstBlock: 0, hashes: ['a'], lostBytes: 0 }, { firstBlock: 0, hashes: [`b${seed % 2}`], lostBytes: 0 })
      }
      deepEqual(fast.evidence(), slow.evidence())
      deepEqual(fast.verdict(), slow.verdict())
    }
  }), { numRuns: 40 })
})

/** Frames second by second: waves of the twin with noise, or the ones of before again. */
function feedOf(seed: number): (what: Second) => { readings: Reading[][]; at: number } {
  const rng = seededRng(seed)
  const patient = new ImaginaryPatient(seededRng(seed))
  let at = BENCH_START
  const old: Uint8Array[] = []
  return ({ heart, pulse, spo2, difference, cuff, lead, pause, isAgain }) => {
    at += micros(pause)
    const times: Times = { device: null, received: at, measured: at }
    const waves = patient.waves(1)
    const two = isAgain && old.length > 8 ? (old[old.length - 8] as Uint8Array) : waves.ecg[1].map((x) => x + Math.round(2 * (rng.next() - 0.5)))
    old.push(two)
    const three = two.map((x, i) => 128 + x - (waves.ecg[0][i] as number) + lead)
    const value = (name: 'hr' | 'pr' | 'spo2', number: number | null): Reading => (
      number === null ? missing(name, 'not-measured', times) : present(name, number, times))
    const wave = (channel: 'ecg1' | 'ecg2' | 'ecg3' | 'pleth', samples: Uint8Array): Reading => ({ kind: 'wave', channel, samples, rate: 256, times })
    const readings = [
      [wave('ecg1', waves.ecg[0]), wave('ecg2', two), wave('ecg3', three), value('hr', heart)],
      [wave('pleth', waves.pleth), value('spo2', spo2), value('pr', pulse)],
    ]
    if (difference !== null) readings.push([present('t1', 37, times), present('t2', 36.5, times), present('td', 0.5 + difference, times)])
    if (cuff !== null) readings.push([present('nibp-sys', cuff[0], times), present('nibp-dia', cuff[2], times), present('nibp-mean', cuff[1], times)])
    return { readings, at }
  }
}
type Second = (typeof second) extends fc.Arbitrary<infer T> ? T : never
