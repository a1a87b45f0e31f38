// sweep: an erase-bar sweep of several lanes on one canvas, a few new samples at a time.
// Keeps the declared speed: a second is as many pixels wide as the setup says, whatever the canvas is, and a hole is left empty.

import type { Channel } from '../../../src/gateway/core/intake/reading.ts'
import { HOLE } from './trace.ts'
import type { Wave } from './waves.ts'

/** Erased ahead of the pen. */
export const BAR_PIXELS = 14

/** Breathing is slower than the heart and is drawn at a quarter of the usual 25 mm/s (facts gateway A.2 no. 2). */
export const RESP_MM_PER_SECOND = 6.25

export function pixelsPerSecond(channel: Channel, mmPerSecond: number, cssPixelsPerMm: number): number {
  return (channel === 'resp' ? Math.min(RESP_MM_PER_SECOND, mmPerSecond) : mmPerSecond) * cssPixelsPerMm
}

/** Bytes that fill a lane from bottom to top. No scale is published, so none is drawn; only the shape is shown. */
const RANGES: Readonly<Record<Channel, readonly [low: number, high: number]>> = {
  ecg1: [88, 224], ecg2: [88, 224], ecg3: [88, 224], pleth: [0, 128], resp: [72, 184],
}

export interface Lane {
  readonly channel: Channel
  readonly top: number
  readonly height: number
  readonly pixelsPerSecond: number
  readonly colour: string
}

/** A run of connected points, in pixels. */
export type Run = (readonly [x: number, y: number])[]

/** Where the pen of a lane stands at a moment. */
export const penAt = (seconds: number, lane: Lane, width: number): number => (seconds * lane.pixelsPerSecond) % width

/**
 * What to draw between two moments: runs that break at holes and at the right edge. The slot before the first joins on, so that pieces
 * drawn one after the other are one line. Slots only depend on time: drawn in one piece or in many, the points are the same.
 */
export function runsBetween(wave: Wave, lane: Lane, width: number, fromSeconds: number, toSeconds: number): Run[] {
  const { trace } = wave
  const runs: Run[] = []
  let run: Run = []
  const first = Math.ceil(fromSeconds * trace.rate) - 1
  const end = Math.ceil(toSeconds * trace.rate)
  for (let slot = first; slot < end; slot++) {
    const sample = trace.at(slot)
    const x = penAt(slot / trace.rate, lane, width)
    const wraps = run.length > 0 && x < (run[run.length - 1]?.[0] ?? 0)
    if (run.length > 0 && (sample === HOLE || wraps)) {
      runs.push(run)
      run = []
    }
    if (sample !== HOLE) run.push([x, yOf(sample, lane)])
  }
  return run.length > 0 ? [...runs, run] : runs
}

/** A sample outside the lane stands at its edge: flat there, never over another lane. */
function yOf(sample: number, { channel, top, height }: Lane): number {
  const [low, high] = RANGES[channel]
  const share = Math.max(0, Math.min(1, (sample - low) / (high - low)))
  return top + 2 + (1 - share) * (height - 4)
}

/** The stretch to erase, as one or two pieces `[from, to]`: from where the pen was to the end of the bar ahead of it. */
export function eraseBetween(fromSeconds: number, toSeconds: number, lane: Lane, width: number): readonly (readonly [number, number])[] {
  const length = (toSeconds - fromSeconds) * lane.pixelsPerSecond + BAR_PIXELS
  if (length >= width) return [[0, width]]
  // One pixel behind the pen is the end of the line already drawn.
  const start = (penAt(fromSeconds, lane, width) + 1) % width
  return start + length <= width ? [[start, start + length]] : [[start, width], [0, start + length - width]]
}

export interface Sweep {
  /** Draws what is new since the last call. `stopped`: the lane keeps what it shows, greyed by who owns the page. */
  paint(seconds: number, waveOf: (channel: Channel) => Wave | null, isStopped: (channel: Channel) => boolean): void
  /** Size or colours changed, or the traces are others: everything anew from what is kept. */
  reset(lanes: readonly Lane[], width: number, ratio: number): void
}

export function createSweep(context: CanvasRenderingContext2D): Sweep {
  let lanes: readonly Lane[] = []
  let width = 0
  /** Per lane: drawn up to here, seconds; null: nothing yet. */
  let drawn = new Map<Channel, number | null>()
  return {
    reset(nextLanes, nextWidth, ratio) {
      lanes = nextLanes
      width = nextWidth
      drawn = new Map()
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, context.canvas.width, context.canvas.height)
      context.lineWidth = 1.4
      context.lineJoin = 'round'
    },
    paint(seconds, waveOf, isStopped) {
      if (width <= 0) return
      for (const lane of lanes) {
        if (isStopped(lane.channel)) {
          // When it comes back it starts on an empty lane: old and new are never one picture.
          drawn.set(lane.channel, null)
          continue
        }
        const last = drawn.get(lane.channel)
        const windowStart = seconds - (width - BAR_PIXELS) / lane.pixelsPerSecond
        const from = Math.max(last ?? windowStart, windowStart)
        if (last === null) context.clearRect(0, lane.top, width, lane.height)
        for (const [left, right] of eraseBetween(from, seconds, lane, width)) context.clearRect(left, lane.top, right - left, lane.height)
        const wave = waveOf(lane.channel)
        if (wave !== null) stroke(context, runsBetween(wave, lane, width, from, seconds), lane.colour)
        drawn.set(lane.channel, seconds)
      }
    },
  }
}

function stroke(context: CanvasRenderingContext2D, runs: readonly Run[], colour: string): void {
  context.strokeStyle = colour
  context.beginPath()
  for (const run of runs) {
    const [start, ...rest] = run
    if (start) context.moveTo(...start)
    for (const point of rest) context.lineTo(...point)
  }
  context.stroke()
}
