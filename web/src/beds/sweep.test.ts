// Tests of the sweep's geometry: declared speed, wrap, holes, and that many small pieces are the one large piece.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BAR_PIXELS, createSweep, eraseBetween, type Lane, penAt, pixelsPerSecond, runsBetween } from './sweep.ts'
import { createTrace, CUSHION_SECONDS } from './trace.ts'

const LANE: Lane = { channel: 'ecg2', top: 10, height: 40, pixelsPerSecond: 100, colour: 'black' }
const WIDTH = 250

function waveOf(seconds: number, rate = 50) {
  const trace = createTrace(rate)
  for (let i = 0; i < seconds; i++) trace.add(i * rate, Array.from({ length: rate }, (_, n) => 100 + ((i * rate + n) % 100)), 1 + i)
  return { trace, lastSampleAt: 0 }
}
const START = 1 + CUSHION_SECONDS

describe('sweep', () => {
  it('is as fast as declared: 25 mm/s for the heart, 6.25 mm/s for breathing', () => {
    assert.equal(pixelsPerSecond('ecg2', 25, 4), 100)
    assert.equal(pixelsPerSecond('pleth', 50, 4), 200)
    assert.equal(pixelsPerSecond('resp', 25, 4), 25)
    assert.equal(pixelsPerSecond('resp', 5, 4), 20, 'never faster than the rest')
  })

  it('puts a second of samples on a second of pixels, and wraps at the edge', () => {
    const runs = runsBetween(waveOf(4), LANE, WIDTH, START, START + 2.5)
    const points = runs.flat()
    assert.equal(points.length, 125)
    for (const [x, y] of points) assert.ok(x >= 0 && x < WIDTH && y >= LANE.top && y <= LANE.top + LANE.height)
    assert.equal(runs.length, 2, 'one break: the right edge')
    assert.ok(Math.abs((points[1]?.[0] ?? 0) - (points[0]?.[0] ?? 0) - 2) < 1e-6)
  })

  it('breaks the line at a hole and draws nothing in it', () => {
    const wave = waveOf(1)
    wave.trace.add(75, Array.from({ length: 50 }, () => 128), 2.5)
    const [first, second, ...none] = runsBetween(wave, { ...LANE, pixelsPerSecond: 50 }, 1000, START, START + 3)
    assert.equal(none.length, 0)
    const hole = (second?.[0]?.[0] ?? 0) - (first?.[first.length - 1]?.[0] ?? 0)
    assert.ok(Math.abs(hole - 26) < 1e-6, `25 missing samples at one pixel each, ${hole}`)
  })

  it('draws the same points in one piece as in many, each piece joined to the one before', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0.001, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 30 }), (steps) => {
      const wave = waveOf(6)
      const end = steps.reduce((sum, step) => sum + step, START)
      const key = ([x, y]: readonly [number, number]): string => `${x.toFixed(6)} ${y.toFixed(6)}`
      const whole = new Set(runsBetween(wave, LANE, 10_000, START, end).flat().map(key))
      const pieces = new Set<string>()
      let [at, last] = [START, '']
      for (const step of steps) {
        const points = runsBetween(wave, LANE, 10_000, at, at + step).flat().map(key)
        if (last !== '' && points.length > 1) assert.ok(points.includes(last), 'joined')
        for (const point of points) pieces.add(point)
        last = points[points.length - 1] ?? last
        at += step
      }
      assert.deepEqual([...whole].filter((point) => !pieces.has(point)), [])
    }))
  })

  it('erases ahead of the pen, never more than the lane, and wraps', () => {
    assert.deepEqual(eraseBetween(0, 100, LANE, WIDTH), [[0, WIDTH]])
    fc.assert(fc.property(fc.double({ min: 0, max: 1000, noNaN: true }), fc.double({ min: 0.001, max: 2, noNaN: true }), (from, long) => {
      const pieces = eraseBetween(from, from + long, LANE, WIDTH)
      const erased = pieces.reduce((sum, [left, right]) => sum + right - left, 0)
      assert.ok(Math.abs(erased - Math.min(WIDTH, long * LANE.pixelsPerSecond + BAR_PIXELS)) < 1e-6)
      const pen = penAt(from + long, LANE, WIDTH)
      assert.ok(pieces.some(([left, right]) => pen + 1 >= left && pen <= right), 'the pen stands in what was erased')
      for (const [left, right] of pieces) assert.ok(left >= 0 && right <= WIDTH + 1e-9 && left <= right)
    }))
  })

  it('draws nothing while stopped, and begins on an empty lane', () => {
    const calls: string[] = []
    const context = {
      canvas: { width: 250, height: 50 }, setTransform: () => undefined, beginPath: () => undefined, moveTo: () => undefined,
      lineTo: () => calls.push('line'), stroke: () => undefined, clearRect: (...box: number[]) => calls.push(`clear ${box.join(' ')}`),
    } as unknown as CanvasRenderingContext2D
    const sweep = createSweep(context)
    const wave = waveOf(6)
    sweep.reset([LANE], WIDTH, 1)
    sweep.paint(START + 1, () => wave, () => false)
    assert.ok(calls.includes('line'))
    calls.length = 0
    sweep.paint(START + 2, () => wave, () => true)
    assert.deepEqual(calls, [])
    sweep.paint(START + 3, () => wave, () => false)
    assert.equal(calls[0], `clear 0 ${LANE.top} ${WIDTH} ${LANE.height}`)
  })

  it('costs only what is new: a piece of 30 ms is a handful of points', () => {
    const wave = waveOf(6, 256)
    assert.ok(runsBetween(wave, LANE, WIDTH, START + 2, START + 2.03).flat().length <= 10)
  })
})
