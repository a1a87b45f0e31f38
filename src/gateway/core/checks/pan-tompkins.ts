// PanTompkins: R peaks by slope energy and two running levels (after Pan and Tompkins 1985, IEEE Trans. Biomed. Eng. 32:230-236).
// Keeps the rule that the two detectors share no decision: this one thresholds integrated slope, the other compares two averages.

import { absolute, argMax, bandPassZeroPhase, mean, movingMean, squared } from './filter.ts'

/** Band of the QRS (1985: 5 to 15 Hz), integration window, refractory time, and when a T wave is suspected, in seconds. */
const BAND = [5, 15] as const
const INTEGRATE_SECONDS = 0.15
const REFRACTORY_SECONDS = 0.2
const T_WAVE_SECONDS = 0.36
/** A gap of this many mean intervals is searched again with half the threshold (1985: 166 %). */
const SEARCH_BACK = 1.66
/** Levels learn from this many seconds before the first decision. */
const LEARN_SECONDS = 2
/** Shares with which a new peak moves its level, and of the way between the levels where the threshold lies (1985). */
const LEVEL_SHARE = 0.125
const THRESHOLD_SHARE = 0.25

interface Candidate {
  /** Place of the greatest integrated slope. */
  readonly at: number
  readonly height: number
  /** Steepest slope nearby: a T wave rises slower. */
  readonly slope: number
}

/** Places of R peaks in a window of one lead, in samples. Any unit: only shapes and ratios count. */
export function panTompkins(samples: Float64Array, rate: number): number[] {
  if (samples.length < LEARN_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, BAND[0], BAND[1], rate)
  const slope = derivative(band, rate)
  const energy = movingMean(squared(slope), Math.max(1, Math.round(INTEGRATE_SECONDS * rate)))
  const candidates = localMaxima(energy, slope, rate)
  const beats = decide(candidates, energy, rate)
  return refine(beats, band, rate)
}

/** Five-point derivative (1985, equation 10), stretched to the sampling rate. */
function derivative(x: Float64Array, rate: number): Float64Array {
  const step = Math.max(1, Math.round(rate / 200))
  const y = new Float64Array(x.length)
  const value = (i: number): number => x[Math.min(x.length - 1, Math.max(0, i))] as number
  for (let i = 0; i < x.length; i++) {
    y[i] = (2 * value(i + 2 * step) + value(i + step) - value(i - step) - 2 * value(i - 2 * step)) / 8
  }
  return y
}

/** Peaks of the energy that are the highest within the refractory time around them. */
function localMaxima(energy: Float64Array, slope: Float64Array, rate: number): Candidate[] {
  const reach = Math.round(REFRACTORY_SECONDS * rate)
  const half = Math.round((INTEGRATE_SECONDS / 2) * rate)
  const steep = absolute(slope)
  const found: Candidate[] = []
  for (let i = 1; i + 1 < energy.length; i++) {
    const height = energy[i] as number
    if (height <= 0 || height < (energy[i - 1] as number) || height < (energy[i + 1] as number)) continue
    const last = found.at(-1)
    const isNear = last !== undefined && i - last.at < reach
    if (isNear && last.height >= height) continue
    if (isNear) found.pop()
    found.push({ at: i, height, slope: steep[argMax(steep, Math.max(0, i - half), Math.min(energy.length, i + half + 1))] as number })
  }
  return found
}

class Levels {
  signal: number
  noise: number

  constructor(signal: number, noise: number) {
    this.signal = signal
    this.noise = noise
  }

  get threshold(): number {
    return this.noise + THRESHOLD_SHARE * (this.signal - this.noise)
  }

  beat(height: number, share = LEVEL_SHARE): void {
    this.signal += share * (height - this.signal)
  }

  noisePeak(height: number): void {
    this.noise += LEVEL_SHARE * (height - this.noise)
  }
}

function decide(candidates: readonly Candidate[], energy: Float64Array, rate: number): Candidate[] {
  const learn = energy.subarray(0, LEARN_SECONDS * rate)
  const levels = new Levels((learn[argMax(learn, 0, learn.length)] as number) * 0.5, mean(learn) * 0.5)
  const beats: Candidate[] = []
  for (const [index, candidate] of candidates.entries()) {
    searchBack(candidates, index, beats, levels)
    const last = beats.at(-1)
    const isBeat = candidate.height > levels.threshold && !isTWave(candidate, last, rate)
    if (isBeat) beats.push(candidate)
    if (isBeat) levels.beat(candidate.height)
    else levels.noisePeak(candidate.height)
  }
  return beats
}

/** A second bump soon after a beat with less than half its slope (1985). */
function isTWave(candidate: Candidate, last: Candidate | undefined, rate: number): boolean {
  return last !== undefined && candidate.at - last.at < T_WAVE_SECONDS * rate && candidate.slope < last.slope / 2
}

/** Too long without a beat: the highest candidate of the gap that passes half the threshold was one. */
function searchBack(candidates: readonly Candidate[], index: number, beats: Candidate[], levels: Levels): void {
  const [last, before] = [beats.at(-1), beats.at(-9) ?? beats[0]]
  const now = candidates[index]
  if (last === undefined || before === undefined || before === last || now === undefined) return
  const usual = (last.at - before.at) / Math.min(8, beats.length - 1)
  if (now.at - last.at < SEARCH_BACK * usual) return
  const missed = candidates.slice(0, index).filter((c) => c.at > last.at && now.at - c.at > usual * 0.3)
    .reduce<Candidate | null>((best, c) => (best === null || c.height > best.height ? c : best), null)
  if (missed === null || missed.height <= levels.threshold / 2) return
  beats.push(missed)
  levels.beat(missed.height, 0.25)
}

/** From the middle of the energy to the deflection itself. */
function refine(beats: readonly Candidate[], band: Float64Array, rate: number): number[] {
  const half = Math.round((INTEGRATE_SECONDS / 2) * rate)
  const size = absolute(band)
  return beats.map((beat) => argMax(size, Math.max(0, beat.at - half), Math.min(band.length, beat.at + half + 1)))
}
