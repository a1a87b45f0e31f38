// Rate: a heart rate that two detectors agree on, and a pulse rate from the pleth, each over a window.
// Keeps the rule that a rate nobody is sure of is none: disagreement, a flat line or too few beats give null with the reason.

import { argMax, bandPassZeroPhase, mean, stretchesAbove, workspace } from './filter.ts'
import { elgendi } from './elgendi.ts'
import { panTompkins } from './pan-tompkins.ts'

export type RateReading =
  | { readonly perMinute: number; readonly beats: number; readonly agreement: number }
  | { readonly perMinute: null; readonly why: string }

/** Two peaks are the same beat within this (the usual window of beat comparison, ANSI/AAMI EC57). */
export const MATCH_SECONDS = 0.15
/** Share of beats both must have found (the bSQI of Li, Mark and Clifford 2008 calls 0.9 good). */
export const AGREEMENT_MIN = 0.9
/** The rates of both may differ by this much per minute: p95 of a waveform against a bedside number (facts gateway E.3: 3.2). */
const RATE_AGREEMENT_MAX = 3.2
/** Fewer beats give no rate. */
const BEATS_MIN = 3
/** Samples that move less than this many steps are a flat line: nothing to find. */
const FLAT_STEPS = 2

/** Pairs of peaks of two lists, both sorted, each used once, within `reach` samples. */
export function matchPeaks(one: readonly number[], two: readonly number[], reach: number): number {
  let [i, j, matched] = [0, 0, 0]
  while (i < one.length && j < two.length) {
    const distance = (one[i] as number) - (two[j] as number)
    if (Math.abs(distance) <= reach) {
      matched += 1
      i += 1
      j += 1
    } else if (distance < 0) i += 1
    else j += 1
  }
  return matched
}

/** Heart rate of one lead by both detectors. */
export function heartRate(samples: Float64Array, rate: number): RateReading {
  if (isFlat(samples)) return { perMinute: null, why: 'the trace is flat' }
  const [one, two] = [panTompkins(samples, rate), elgendi(samples, rate)]
  if (one.length < BEATS_MIN || two.length < BEATS_MIN) return { perMinute: null, why: `fewer than ${BEATS_MIN} beats in the window` }
  const agreement = matchPeaks(one, two, MATCH_SECONDS * rate) / Math.max(one.length, two.length)
  if (agreement < AGREEMENT_MIN) return { perMinute: null, why: `the two detectors agree on ${Math.round(100 * agreement)} % of the beats only` }
  const [first, second] = [ratePerMinute(one, rate), ratePerMinute(two, rate)]
  if (Math.abs(first - second) > RATE_AGREEMENT_MAX) return { perMinute: null, why: 'the two detectors give different rates' }
  const perMinute = (first + second) / 2
  return { perMinute, beats: one.length, agreement }
}

/** By the mean interval between the first and the last peak. */
export function ratePerMinute(peaks: readonly number[], rate: number): number {
  const [first, last] = [peaks[0], peaks.at(-1)]
  if (first === undefined || last === undefined || last === first) return 0
  return (60 * rate * (peaks.length - 1)) / (last - first)
}

/** Band of a pulse wave (0.5 to 8 Hz: Elgendi and others 2013, PLoS ONE 8(10):e76585), and the widths of a systolic peak and a beat. */
const PULSE_BAND = [0.5, 8] as const
const SYSTOLE_SECONDS = 0.111
const PULSE_SECONDS = 0.667
const PULSE_OFFSET_SHARE = 0.02
/** Two pulses are never closer. */
const PULSE_REFRACTORY_SECONDS = 0.3
/** Successive intervals of a regular pulse differ less than this share; else the trace is disturbed or the rhythm irregular. */
const INTERVAL_SPREAD_MAX = 0.35

/** Places of systolic peaks in a pleth window, in samples. */
export function pulsePeaks(samples: Float64Array, rate: number): number[] {
  if (samples.length < PULSE_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, PULSE_BAND[0], PULSE_BAND[1], rate, workspace('band', samples.length))
  const energy = workspace('energy', samples.length)
  for (let i = 0, length = band.length; i < length; i++) {
    const x = band[i] as number
    energy[i] = x > 0 ? x * x : 0
  }
  const [peak, beat] = [Math.max(1, Math.round(SYSTOLE_SECONDS * rate)), Math.max(1, Math.round(PULSE_SECONDS * rate))]
  const blocks = stretchesAbove(energy, peak, beat, PULSE_OFFSET_SHARE * mean(energy), SYSTOLE_SECONDS * rate)
  const found: number[] = []
  for (let i = 0; i < blocks.length; i += 2) {
    const at = argMax(band, blocks[i] as number, blocks[i + 1] as number)
    if (at - (found.at(-1) ?? Number.NEGATIVE_INFINITY) >= PULSE_REFRACTORY_SECONDS * rate) found.push(at)
  }
  return found
}

/** Pulse rate of a pleth window; none when the intervals are too unequal to be a pulse. */
export function pulseRate(samples: Float64Array, rate: number): RateReading {
  if (isFlat(samples)) return { perMinute: null, why: 'the trace is flat' }
  const peaks = pulsePeaks(samples, rate)
  if (peaks.length < BEATS_MIN) return { perMinute: null, why: `fewer than ${BEATS_MIN} pulses in the window` }
  const intervals = peaks.slice(1).map((peak, i) => peak - (peaks[i] as number)).toSorted((a, b) => a - b)
  const middle = intervals[intervals.length >> 1] as number
  const regular = intervals.filter((interval) => Math.abs(interval - middle) <= INTERVAL_SPREAD_MAX * middle).length / intervals.length
  if (regular < 0.8) return { perMinute: null, why: 'the pulses are too irregular to count' }
  return { perMinute: ratePerMinute(peaks, rate), beats: peaks.length, agreement: regular }
}

export function isFlat(samples: Float64Array): boolean {
  if (samples.length === 0) return true
  let [low, high] = [samples[0] as number, samples[0] as number]
  for (let i = 1, length = samples.length; i < length; i++) {
    const x = samples[i] as number
    if (x < low) low = x
    else if (x > high) high = x
  }
  return high - low < FLAT_STEPS
}
