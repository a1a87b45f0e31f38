// Filter: second-order sections, moving averages and stretches over samples, for the R-peak detectors. All beds share one working memory.
// Keeps the rule that a filter is a few printed coefficients (RBJ biquad formulas), applied from a settled state so that windows may be short.

/** Coefficients of one biquad, normalised to a0 = 1. */
export interface Biquad {
  readonly b0: number
  readonly b1: number
  readonly b2: number
  readonly a1: number
  readonly a2: number
}

const SQRT_HALF = Math.SQRT1_2

/** Butterworth low pass of second order at `hertz` (RBJ cookbook, Q = 1/sqrt 2). */
export function lowPass(hertz: number, rate: number): Biquad {
  const w = (2 * Math.PI * hertz) / rate
  const alpha = Math.sin(w) / (2 * SQRT_HALF)
  const cos = Math.cos(w)
  const a0 = 1 + alpha
  return { b0: (1 - cos) / 2 / a0, b1: (1 - cos) / a0, b2: (1 - cos) / 2 / a0, a1: (-2 * cos) / a0, a2: (1 - alpha) / a0 }
}

/** Butterworth high pass of second order. */
export function highPass(hertz: number, rate: number): Biquad {
  const w = (2 * Math.PI * hertz) / rate
  const alpha = Math.sin(w) / (2 * SQRT_HALF)
  const cos = Math.cos(w)
  const a0 = 1 + alpha
  return { b0: (1 + cos) / 2 / a0, b1: -(1 + cos) / a0, b2: (1 + cos) / 2 / a0, a1: (-2 * cos) / a0, a2: (1 - alpha) / a0 }
}

/** Longest window whose working memory is kept: a minute at 256 Hz. Longer ones (whole records, in tests) get memory of their own. */
const KEPT_SAMPLES_MAX = 60 * 256
/** What the working memory holds: a window of samples, its band, and energies. */
export type Slot = 'window' | 'band' | 'energy' | 'slope'
const kept = new Map<Slot, Float64Array>()

/**
 * Working memory of exactly `length` numbers, with whatever was there before. Valid until the same slot is asked for again: a window is
 * judged from end to end before the next bed has its turn, so that ten thousand beds need no more of it than one.
 */
export function workspace(slot: Slot, length: number): Float64Array {
  const before = kept.get(slot)
  if (before?.length === length) return before
  const made = new Float64Array(length)
  if (length <= KEPT_SAMPLES_MAX) kept.set(slot, made)
  return made
}

/** Forward and backward: no delay, and the order doubled. `out` may be `x`. */
export function bandPassZeroPhase(x: Float64Array, lowHertz: number, highHertz: number, rate: number, out: Float64Array): Float64Array {
  const [high, low] = [highPass(lowHertz, rate), lowPass(highHertz, rate)]
  if (x.length === 0) return out
  runBoth(x, out, high, low, 0, 1)
  runBoth(out, out, high, low, x.length - 1, -1)
  return out
}

/**
 * A high pass and a low pass one behind the other in one pass: the second works on a sample while the first is at the next. Their
 * numerators are b0 (1, -2, 1) and b0 (1, 2, 1) exactly, so that all numbers of the loop stay in registers.
 */
function runBoth(x: Float64Array, out: Float64Array, high: Biquad, low: Biquad, start: number, step: number): void {
  const { b0, a1, a2 } = high
  const { b0: c0, a1: d1, a2: d2 } = low
  const first = x[start] as number
  let x1 = first
  let x2 = first
  // What is constant does not pass a high pass: behind it everything was zero for ever.
  let y1 = 0
  let y2 = 0
  let z1 = 0
  let z2 = 0
  for (let n = x.length, i = start; n > 0; n--, i += step) {
    const now = x[i] as number
    const middle = b0 * (now - x1 - x1 + x2) - a2 * y2 - a1 * y1
    const last = c0 * (middle + y1 + y1 + y2) - d2 * z2 - d1 * z1
    out[i] = last
    x2 = x1
    x1 = now
    y2 = y1
    y1 = middle
    z2 = z1
    z1 = last
  }
}

/** Mean over `width` samples centred on each; at the ends over what is there. */
export function movingMean(x: Float64Array, width: number, out: Float64Array = new Float64Array(x.length)): Float64Array {
  const before = Math.floor((width - 1) / 2)
  const after = Math.floor(width / 2)
  const end = x.length - 1
  let sum = sumOf(x, after)
  for (let i = 0; i <= end; i++) {
    if (i > before && i + after <= end) {
      sum = sum + (x[i + after] as number) - (x[i - before - 1] as number)
      out[i] = sum / width
      continue
    }
    if (i + after <= end) sum += x[i + after] as number
    if (i > before) sum -= x[i - before - 1] as number
    out[i] = sum / countAround(i, before, after, end)
  }
  return out
}

/** Sum of the first `length` samples, in order. */
function sumOf(x: Float64Array, length: number): number {
  const end = Math.min(length, x.length)
  let sum = 0
  for (let i = 0; i < end; i++) sum += x[i] as number
  return sum
}

const countAround = (i: number, before: number, after: number, end: number): number => Math.min(i + after, end) - Math.max(0, i - before) + 1

/**
 * Stretches where the mean over `short` samples exceeds the mean over `long` by `offset`, at least `width` samples long: from, to (not
 * included), from, to, ... Both means run beside each other; neither is kept. `short` is not above `long`.
 */
export function stretchesAbove(x: Float64Array, short: number, long: number, offset: number, width: number): number[] {
  const end = x.length - 1
  const shortBefore = Math.floor((short - 1) / 2)
  const shortAfter = Math.floor(short / 2)
  const longBefore = Math.floor((long - 1) / 2)
  const longAfter = Math.floor(long / 2)
  const found: number[] = []
  let shortSum = sumOf(x, shortAfter)
  let longSum = sumOf(x, longAfter)
  let from = -1
  for (let i = 0; i <= end; i++) {
    let isInside = false
    if (i > longBefore && i + longAfter <= end) {
      shortSum = shortSum + (x[i + shortAfter] as number) - (x[i - shortBefore - 1] as number)
      longSum = longSum + (x[i + longAfter] as number) - (x[i - longBefore - 1] as number)
      isInside = shortSum / short > longSum / long + offset
    } else {
      if (i + shortAfter <= end) shortSum += x[i + shortAfter] as number
      if (i > shortBefore) shortSum -= x[i - shortBefore - 1] as number
      if (i + longAfter <= end) longSum += x[i + longAfter] as number
      if (i > longBefore) longSum -= x[i - longBefore - 1] as number
      isInside = shortSum / countAround(i, shortBefore, shortAfter, end) > longSum / countAround(i, longBefore, longAfter, end) + offset
    }
    if (isInside && from < 0) from = i
    if (isInside || from < 0) continue
    if (i - from >= width) found.push(from, i)
    from = -1
  }
  if (from >= 0 && x.length - from >= width) found.push(from, x.length)
  return found
}

/** Mean of the first `length` samples. */
export function mean(x: Float64Array, length = x.length): number {
  return sumOf(x, length) / Math.max(1, length)
}

/** Highest place of [from, to). */
export function argMax(x: Float64Array, from: number, to: number): number {
  let best = from
  for (let i = from + 1; i < to; i++) if ((x[i] as number) > (x[best] as number)) best = i
  return best
}

/** Place of the greatest deflection, up or down, of [from, to). */
export function argMaxAbsolute(x: Float64Array, from: number, to: number): number {
  let best = from
  for (let i = from + 1; i < to; i++) if (Math.abs(x[i] as number) > Math.abs(x[best] as number)) best = i
  return best
}
