// Tests of the trace against its slow twin, a map from slot to sample: holes are holes, nothing is stretched, moved or shown twice.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AHEAD_SECONDS_MAX, createTrace, CUSHION_SECONDS, HOLE, TRACE_SECONDS } from './trace.ts'

const ramp = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => (from + i) % 256)

describe('trace', () => {
  it('lays cycles end to end, one cushion after they came', () => {
    const trace = createTrace(100)
    for (let second = 0; second < 5; second++) trace.add(second * 100, ramp(100, second * 100), 50 + second)
    const start = (50 + CUSHION_SECONDS) * 100
    for (let i = 0; i < 500; i++) assert.equal(trace.at(start + i), i % 256)
    assert.equal(trace.at(start - 1), HOLE)
    assert.equal(trace.at(start + 500), HOLE)
  })

  it('leaves a hole as long as what is missing', () => {
    const trace = createTrace(100)
    trace.add(0, ramp(100), 50)
    trace.add(250, ramp(100), 52.5)
    const start = (50 + CUSHION_SECONDS) * 100
    for (let i = 100; i < 250; i++) assert.equal(trace.at(start + i), HOLE)
    assert.equal(trace.at(start + 250), 0)
  })

  it('leaves a hole for a silence, though no number is missing', () => {
    const trace = createTrace(100)
    trace.add(0, ramp(100), 50)
    trace.add(100, ramp(100), 54)
    const start = (50 + CUSHION_SECONDS) * 100
    assert.equal(trace.at(start + 99), 99)
    assert.equal(trace.at(start + 100), HOLE)
    assert.equal(trace.at((54 + CUSHION_SECONDS) * 100), 0)
  })

  it('does not fall further behind when the monitor\'s clock runs fast: it drops what is queued, and leaves a hole', () => {
    const trace = createTrace(100)
    for (let i = 0; i < 10; i++) trace.add(i * 100, ramp(100), 50 + i * 0.5)
    assert.ok(trace.end <= (54.5 + AHEAD_SECONDS_MAX + 1) * 100)
  })

  it('starts anew when the gateway counts from the beginning again', () => {
    const trace = createTrace(100)
    trace.add(90_000, ramp(100), 50)
    trace.add(0, ramp(100), 51)
    const slots = Array.from({ length: 400 }, (_, i) => trace.at(5000 + i))
    assert.equal(slots.filter((sample) => sample !== HOLE).length, 200)
  })

  it('says what the slow twin says, and forgets what is older than it keeps', () => {
    const batch = fc.record({ skip: fc.integer({ min: -50, max: 300 }), count: fc.integer({ min: 1, max: 120 }), waitMs: fc.integer({ min: 0, max: 4000 }) })
    fc.assert(fc.property(fc.array(batch, { minLength: 1, maxLength: 40 }), (batches) => {
      const rate = 64
      const [fast, slow] = [createTrace(rate), slowTrace(rate)]
      let [number, seconds] = [1000, 7]
      for (const { skip, count, waitMs } of batches) {
        number += skip
        seconds += waitMs / 1000
        fast.add(number, ramp(count, number), seconds)
        slow.add(number, ramp(count, number), seconds)
        number += count
      }
      assert.equal(fast.end, slow.end())
      for (let slot = Math.max(0, fast.end - TRACE_SECONDS * rate); slot < fast.end + 10; slot++) assert.equal(fast.at(slot), slow.at(slot), `slot ${slot}`)
      assert.equal(fast.at(fast.end - TRACE_SECONDS * rate - 1), HOLE)
    }))
  })
})

/** As the rule says it: each batch goes where its numbers put it, unless that is past, or too far ahead, or counted anew. */
function slowTrace(rate: number) {
  const slots = new Map<number, number>()
  let [origin, next, end] = [0, NaN, 0]
  const cushion = Math.round(CUSHION_SECONDS * rate)
  return {
    end: () => end,
    at: (slot: number) => slots.get(slot) ?? HOLE,
    add(from: number, samples: readonly number[], seconds: number): void {
      const now = Math.floor(seconds * rate)
      const isFirst = Number.isNaN(next)
      const isAhead = !isFirst && from + origin > now + AHEAD_SECONDS_MAX * rate
      if (isAhead && end > now + cushion) {
        for (const slot of slots.keys()) if (slot >= now + cushion) slots.delete(slot)
        end = now + cushion
      }
      if (isFirst || isAhead || from < next || from + origin < now) origin = Math.max(end === 0 ? 0 : end + cushion, now + cushion) - from
      samples.forEach((sample, i) => {
        const slot = from + i + origin
        if (slot < end) return
        slots.set(slot, sample)
        end = slot + 1
      })
      next = from + samples.length
    },
  }
}
