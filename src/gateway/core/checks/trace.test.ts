// Tests of Trace against a plain list of samples: any pieces, holes and changes of patient.
// Keeps the promise that a window is the last fifteen seconds in order, or none.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../../base/rng.ts'
import { BENCH_START, seconds } from '../../../testing/intake-bench.ts'
import { RATE_SECONDS, Trace } from './trace.ts'

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('take' as const), length: fc.nat({ max: 260 }), pause: fc.constantFrom(0, 1, 1, 1, 3, 4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
)

test('slow twin: the window is the last samples since the last hole, once there are enough', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
    const rng = seededRng(seed)
    const trace = new Trace(20)
    let list: number[] = []
    let now = BENCH_START
    let before: number | null = null
    for (const next of steps) {
      if (next.kind === 'forget') {
        trace.forget()
        list = []
        before = null
        continue
      }
      now += seconds(next.pause)
      const samples = Uint8Array.from({ length: next.length }, () => Math.floor(256 * rng.next()))
      const isHole: boolean = before !== null && now - before > seconds(3)
      equal(trace.take(samples, now), isHole)
      if (isHole) list = []
      list.push(...samples)
      before = now
      const window = trace.window()
      if (list.length < 20 * RATE_SECONDS) equal(window, null)
      else deepEqual([...window ?? []], list.slice(-20 * RATE_SECONDS))
    }
  }))
})
