// SlowDetectors: the R-peak and pulse-peak detectors written plainly, a pass per step and an array per pass: the slow twin of gateway/core/checks.
// Keeps the rule that a clever engine has a slow twin: both must name the same samples, to the last one.

import { highPass, lowPass, type Biquad } from '../gateway/core/checks/filter.ts'

/** Applies one section, settled on the first sample: the plain form of what filter.ts does with two at once, for any coefficients. */
export function applyBiquad(x: Float64Array, { b0, b1, b2, a1, a2 }: Biquad): Float64Array {
  const y = new Float64Array(x.length)
  const first = x[0] ?? 0
  const settled = (first * (b0 + b1 + b2)) / (1 + a1 + a2)
  let [x1, x2, y1, y2] = [first, first, settled, settled]
  for (let i = 0; i < x.length; i++) {
    const now = x[i] as number
    const out = b0 * now + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
    y[i] = out
    x2 = x1
    x1 = now
    y2 = y1
    y1 = out
  }
  return y
}

/** One section with a numerator of b0 (1, middle, 1), settled on the first sample. In the engine's order of operations, to the last bit. */
function section(x: Float64Array, { b0, a1, a2 }: Biquad, middle: -2 | 2): Float64Array {
  const first = x[0] ?? 0
  const settled = (b0 * (2 + middle) * first) / (1 + a1 + a2)
  const y = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) {
    const [now, x1, x2] = [x[i] as number, i < 1 ? first : (x[i - 1] as number), i < 2 ? first : (x[i - 2] as number)]
    const [y1, y2] = [i < 1 ? settled : (y[i - 1] as number), i < 2 ? settled : (y[i - 2] as number)]
    const numerator = middle < 0 ? now - x1 - x1 + x2 : now + x1 + x1 + x2
    y[i] = b0 * numerator - a2 * y2 - a1 * y1
  }
  return y
}

/** Forward and backward: no delay, and the order doubled. */
function bandPassZeroPhase(x: Float64Array, lowHertz: number, highHertz: number, rate: number): Float64Array {
  const [high, low] = [highPass(lowHertz, rate), lowPass(highHertz, rate)]
  const forward = section(section(x, high, -2), low, 2)
  const back = section(section(forward.reverse(), high, -2), low, 2)
  return back.reverse()
}

/** Mean over `width` samples centred on each; at the ends over what is there. */
function movingMean(x: Float64Array, width: number): Float64Array {
  const y = new Float64Array(x.length)
  const [before, after] = [Math.floor((width - 1) / 2), Math.floor(width / 2)]
  let [sum, low, high] = [0, 0, -1]
  for (let i = 0; i < x.length; i++) {
    while (high < Math.min(x.length - 1, i + after)) sum += x[++high] as number
    while (low < i - before) sum -= x[low++] as number
    y[i] = sum / (high - low + 1)
  }
  return y
}

/** Stretches [from, to) where `short` exceeds `long` by `offset`, at least `width` samples long. */
function stretchesAbove(short: Float64Array, long: Float64Array, offset: number, width: number): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = []
  let from = -1
  for (let i = 0; i <= short.length; i++) {
    const isInside = i < short.length && (short[i] as number) > (long[i] as number) + offset
    if (isInside && from < 0) from = i
    if (isInside || from < 0) continue
    if (i - from >= width) found.push([from, i])
    from = -1
  }
  return found
}

function mean(x: Float64Array): number {
  return x.reduce((sum, value) => sum + value, 0) / Math.max(1, x.length)
}

/** Highest place of [from, to). */
function argMax(x: Float64Array, from: number, to: number): number {
  let best = from
  for (let i = from + 1; i < to; i++) if ((x[i] as number) > (x[best] as number)) best = i
  return best
}

function absolute(x: Float64Array): Float64Array {
  return x.map((value) => Math.abs(value))
}

function squared(x: Float64Array): Float64Array {
  return x.map((value) => value * value)
}

const ELGENDI_BAND = [8, 20] as const
const QRS_SECONDS = 0.097
const BEAT_SECONDS = 0.611
const OFFSET_SHARE = 0.08
/** Two R peaks are never closer (2013). */
const ELGENDI_REFRACTORY_SECONDS = 0.3

/** Places of R peaks in a window of one lead, in samples. Any unit. */
export function elgendiSlow(samples: Float64Array, rate: number): number[] {
  if (samples.length < BEAT_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, ELGENDI_BAND[0], Math.min(ELGENDI_BAND[1], rate * 0.45), rate)
  const energy = squared(band)
  const qrs = movingMean(energy, Math.max(1, Math.round(QRS_SECONDS * rate)))
  const beat = movingMean(energy, Math.max(1, Math.round(BEAT_SECONDS * rate)))
  const blocks = stretchesAbove(qrs, beat, OFFSET_SHARE * mean(energy), Math.round(QRS_SECONDS * rate))
  return separate(blocks.map(([from, to]) => argMax(energy, from, to)), absolute(band), rate)
}

/** Of two peaks within the refractory time the larger stays. */
function separate(peaks: readonly number[], size: Float64Array, rate: number): number[] {
  const kept: number[] = []
  for (const peak of peaks) {
    const last = kept.at(-1)
    if (last === undefined || peak - last >= ELGENDI_REFRACTORY_SECONDS * rate) kept.push(peak)
    else if ((size[peak] as number) > (size[last] as number)) kept[kept.length - 1] = peak
  }
  return kept
}

const PAN_TOMPKINS_BAND = [5, 15] as const
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
export function panTompkinsSlow(samples: Float64Array, rate: number): number[] {
  if (samples.length < LEARN_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, PAN_TOMPKINS_BAND[0], PAN_TOMPKINS_BAND[1], rate)
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

const PULSE_BAND = [0.5, 8] as const
const SYSTOLE_SECONDS = 0.111
const PULSE_SECONDS = 0.667
const PULSE_OFFSET_SHARE = 0.02
/** Two pulses are never closer. */
const PULSE_REFRACTORY_SECONDS = 0.3
/** Places of systolic peaks in a pleth window, in samples. */
export function pulsePeaksSlow(samples: Float64Array, rate: number): number[] {
  if (samples.length < PULSE_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, PULSE_BAND[0], PULSE_BAND[1], rate)
  const energy = band.map((x) => (x > 0 ? x * x : 0))
  const peak = movingMean(energy, Math.max(1, Math.round(SYSTOLE_SECONDS * rate)))
  const beat = movingMean(energy, Math.max(1, Math.round(PULSE_SECONDS * rate)))
  const found: number[] = []
  for (const [from, to] of stretchesAbove(peak, beat, PULSE_OFFSET_SHARE * mean(energy), SYSTOLE_SECONDS * rate)) {
    const at = argMax(band, from, to)
    if (at - (found.at(-1) ?? Number.NEGATIVE_INFINITY) >= PULSE_REFRACTORY_SECONDS * rate) found.push(at)
  }
  return found
}
