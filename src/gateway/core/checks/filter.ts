// Filter: second-order sections, moving averages and a derivative over samples, for the R-peak detectors.
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

/** Applies one section; the state starts as if the first sample had been there for ever. */
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

/** Forward and backward: no delay, and the order doubled. */
export function bandPassZeroPhase(x: Float64Array, lowHertz: number, highHertz: number, rate: number): Float64Array {
  const [high, low] = [highPass(lowHertz, rate), lowPass(highHertz, rate)]
  const forward = applyBiquad(applyBiquad(x, high), low)
  const back = applyBiquad(applyBiquad(forward.reverse(), high), low)
  return back.reverse()
}

/** Mean over `width` samples centred on each; at the ends over what is there. */
export function movingMean(x: Float64Array, width: number): Float64Array {
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
export function stretchesAbove(short: Float64Array, long: Float64Array, offset: number, width: number): (readonly [number, number])[] {
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

export function mean(x: Float64Array): number {
  return x.reduce((sum, value) => sum + value, 0) / Math.max(1, x.length)
}

/** Highest place of [from, to). */
export function argMax(x: Float64Array, from: number, to: number): number {
  let best = from
  for (let i = from + 1; i < to; i++) if ((x[i] as number) > (x[best] as number)) best = i
  return best
}

export function absolute(x: Float64Array): Float64Array {
  return x.map((value) => Math.abs(value))
}

export function squared(x: Float64Array): Float64Array {
  return x.map((value) => value * value)
}
