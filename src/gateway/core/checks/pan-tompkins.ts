// PanTompkins: R peaks by slope energy and two running levels (after Pan and Tompkins 1985, IEEE Trans. Biomed. Eng. 32:230-236).
// Keeps the rule that the two detectors share no decision: this one thresholds integrated slope, the other compares two averages.

import { argMax, argMaxAbsolute, bandPassZeroPhase, mean, movingMean, workspace } from './filter.ts'

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
}

/** Places of R peaks in a window of one lead, in samples. Any unit: only shapes and ratios count. */
export function panTompkins(samples: Float64Array, rate: number): number[] {
  if (samples.length < LEARN_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, BAND[0], BAND[1], rate, workspace('band', samples.length))
  const slopes = squaredSlope(band, rate, workspace('slope', samples.length))
  const energy = movingMean(slopes, Math.max(1, Math.round(INTEGRATE_SECONDS * rate)), workspace('energy', samples.length))
  return refine(decide(localMaxima(energy, rate), energy, band, rate), band, rate)
}

/** Samples between the points of the five-point derivative (1985, equation 10), stretched to the sampling rate. */
const slopeStep = (rate: number): number => Math.max(1, Math.round(rate / 200))

/** Slope at a place; beyond the ends the trace goes on as it ended. */
function slopeAt(x: Float64Array, i: number, step: number): number {
  const end = x.length - 1
  const back = x[Math.max(0, i - step)] as number
  const forth = x[Math.min(end, i + step)] as number
  const farBack = x[Math.max(0, i - 2 * step)] as number
  const farForth = x[Math.min(end, i + 2 * step)] as number
  return (2 * farForth + forth - back - 2 * farBack) / 8
}

/** `slopeAt` squared, everywhere. An eighth is exact, so a factor does for the division. */
function squaredSlope(x: Float64Array, rate: number, out: Float64Array): Float64Array {
  const step = slopeStep(rate)
  const far = 2 * step
  const length = x.length
  const inner = length - far
  for (let i = 0; i < length; i++) {
    const slope = i >= far && i < inner
      ? (2 * (x[i + far] as number) + (x[i + step] as number) - (x[i - step] as number) - 2 * (x[i - far] as number)) * 0.125 : slopeAt(x, i, step)
    out[i] = slope * slope
  }
  return out
}

/** Peaks of the energy that are the highest within the refractory time around them. */
function localMaxima(energy: Float64Array, rate: number): Candidate[] {
  const reach = Math.round(REFRACTORY_SECONDS * rate)
  const found: Candidate[] = []
  const end = energy.length - 1
  let before = energy[0] ?? 0
  let height = before
  let next = energy[1] ?? 0
  for (let i = 1; i < end; i++) {
    before = height
    height = next
    next = energy[i + 1] as number
    if (height <= 0 || height < before || height < next) continue
    const last = found.at(-1)
    const isNear = last !== undefined && i - last.at < reach
    if (isNear && last.height >= height) continue
    if (isNear) found.pop()
    found.push({ at: i, height })
  }
  return found
}

/** Steepest slope near a candidate: a T wave rises slower. */
function steepness(band: Float64Array, { at }: Candidate, rate: number): number {
  const [step, half] = [slopeStep(rate), Math.round((INTEGRATE_SECONDS / 2) * rate)]
  let most = 0
  for (let i = Math.max(0, at - half); i < Math.min(band.length, at + half + 1); i++) {
    const slope = Math.abs(slopeAt(band, i, step))
    if (slope > most) most = slope
  }
  return most
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

function decide(candidates: readonly Candidate[], energy: Float64Array, band: Float64Array, rate: number): Candidate[] {
  const learn = Math.floor(LEARN_SECONDS * rate)
  const levels = new Levels((energy[argMax(energy, 0, learn)] as number) * 0.5, mean(energy, learn) * 0.5)
  const beats: Candidate[] = []
  for (const [index, candidate] of candidates.entries()) {
    searchBack(candidates, index, beats, levels)
    const isBeat = candidate.height > levels.threshold && !isTWave(candidate, beats.at(-1), band, rate)
    if (isBeat) beats.push(candidate)
    if (isBeat) levels.beat(candidate.height)
    else levels.noisePeak(candidate.height)
  }
  return beats
}

/** A second bump soon after a beat with less than half its slope (1985). */
function isTWave(candidate: Candidate, last: Candidate | undefined, band: Float64Array, rate: number): boolean {
  if (last === undefined || candidate.at - last.at >= T_WAVE_SECONDS * rate) return false
  return steepness(band, candidate, rate) < steepness(band, last, rate) / 2
}

/** Too long without a beat: the highest candidate of the gap that passes half the threshold was one. */
function searchBack(candidates: readonly Candidate[], index: number, beats: Candidate[], levels: Levels): void {
  const [last, before] = [beats.at(-1), beats.at(-9) ?? beats[0]]
  const now = candidates[index]
  if (last === undefined || before === undefined || before === last || now === undefined) return
  const usual = (last.at - before.at) / Math.min(8, beats.length - 1)
  if (now.at - last.at < SEARCH_BACK * usual) return
  const missed = highestBetween(candidates, index, last.at, now.at - usual * 0.3)
  if (missed === null || missed.height <= levels.threshold / 2) return
  beats.push(missed)
  levels.beat(missed.height, 0.25)
}

/** The first of the highest candidates before `index` that lie behind `after` and before `until`. */
function highestBetween(candidates: readonly Candidate[], index: number, after: number, until: number): Candidate | null {
  let best: Candidate | null = null
  for (let i = index - 1; i >= 0; i--) {
    const candidate = candidates[i] as Candidate
    if (candidate.at <= after) break
    if (candidate.at < until && (best === null || candidate.height >= best.height)) best = candidate
  }
  return best
}

/** From the middle of the energy to the deflection itself. */
function refine(beats: readonly Candidate[], band: Float64Array, rate: number): number[] {
  const half = Math.round((INTEGRATE_SECONDS / 2) * rate)
  return beats.map((beat) => argMaxAbsolute(band, Math.max(0, beat.at - half), Math.min(band.length, beat.at + half + 1)))
}
