// Elgendi: R peaks where a short average of the signal's energy exceeds a long one (after Elgendi 2013, PLoS ONE 8(9):e73557).
// Keeps the rule that the two detectors share no decision: no running level, no memory, only two moving averages.

import { argMax, bandPassZeroPhase, mean, stretchesAbove, workspace } from './filter.ts'

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
  const band = bandPassZeroPhase(samples, BAND[0], Math.min(BAND[1], rate * 0.45), rate, workspace('band', samples.length))
  const energy = workspace('energy', samples.length)
  for (let i = 0, length = band.length; i < length; i++) {
    const x = band[i] as number
    energy[i] = x * x
  }
  const [qrs, beat] = [Math.max(1, Math.round(QRS_SECONDS * rate)), Math.max(1, Math.round(BEAT_SECONDS * rate))]
  const blocks = stretchesAbove(energy, qrs, beat, OFFSET_SHARE * mean(energy), Math.round(QRS_SECONDS * rate))
  const kept: number[] = []
  for (let i = 0; i < blocks.length; i += 2) keep(kept, argMax(energy, blocks[i] as number, blocks[i + 1] as number), band, REFRACTORY_SECONDS * rate)
  return kept
}

/** Of two peaks within the refractory time the larger stays. */
function keep(kept: number[], peak: number, band: Float64Array, refractory: number): void {
  const last = kept.at(-1)
  if (last === undefined || peak - last >= refractory) kept.push(peak)
  else if (Math.abs(band[peak] as number) > Math.abs(band[last] as number)) kept[kept.length - 1] = peak
}
