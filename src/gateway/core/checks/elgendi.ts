// Elgendi: R peaks where a short average of the signal's energy exceeds a long one (after Elgendi 2013, PLoS ONE 8(9):e73557).
// Keeps the rule that the two detectors share no decision: no running level, no memory, only two moving averages.

import { absolute, argMax, bandPassZeroPhase, mean, movingMean, squared, stretchesAbove } from './filter.ts'

/** Band, width of a QRS and of a beat in seconds, and the offset as a share of the mean energy (2013, optimised values). */
const BAND = [8, 20] as const
const QRS_SECONDS = 0.097
const BEAT_SECONDS = 0.611
const OFFSET_SHARE = 0.08
/** Two R peaks are never closer (2013). */
const REFRACTORY_SECONDS = 0.3

/** Places of R peaks in a window of one lead, in samples. Any unit. */
export function elgendi(samples: Float64Array, rate: number): number[] {
  if (samples.length < BEAT_SECONDS * rate) return []
  const band = bandPassZeroPhase(samples, BAND[0], Math.min(BAND[1], rate * 0.45), rate)
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
    if (last === undefined || peak - last >= REFRACTORY_SECONDS * rate) kept.push(peak)
    else if ((size[peak] as number) > (size[last] as number)) kept[kept.length - 1] = peak
  }
  return kept
}
