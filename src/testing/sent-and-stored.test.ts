// Tests of the comparison: each thing that can go wrong between sending and storing is found, and nothing else is.
// Keeps the rule that a check that cannot fail is not a check: every verdict is shown both ways.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reading } from '../gateway/core/intake/reading.ts'
import { encodeCycleEnd, encodeEcg, encodeSpo2 } from '../protocols/cms8000/message.ts'
import { ECG, SPO2 } from '../protocols/cms8000/testdata/samples.ts'
import { runIntake, readingsOf } from './intake-bench.ts'
import { readingKey, SentAndStored, type Comparison } from './sent-and-stored.ts'

const FRAMES = [encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd()]
const READINGS = readingsOf(runIntake('cms', FRAMES.map((bytes) => ({ bytes, at: 1 }))).commands)

/** One bed's connection sent so often, surely or not, and these readings stored, by bed. */
function compared(sent: readonly { bed: number; isSure: boolean }[], stored: readonly (readonly [number, readonly Reading[]])[]): Comparison {
  const both = new SentAndStored()
  for (const { bed, isSure } of sent) both.onSent({ bed, speaks: 'cms', frames: FRAMES, isSure })
  for (const [bed, readings] of stored) both.store(bed, readings)
  return both.compare()
}

const faults = ({ missing, invented, crossed }: Comparison): number[] => [missing.length, invented.length, crossed.length]
const kinds = new Set(READINGS.map(readingKey)).size

test('all that was sent is stored once: no fault, and the numbers agree', () => {
  const result = compared([{ bed: 1, isSure: true }], [[1, READINGS]])
  assert.deepEqual(faults(result), [0, 0, 0])
  assert.deepEqual([result.sure, result.unsure, result.stored], [READINGS.length, 0, READINGS.length])
})

test('a reading less is missing, by its bed and name', () => {
  const result = compared([{ bed: 7, isSure: true }], [[7, READINGS.slice(1)]])
  assert.deepEqual(faults(result), [1, 0, 0])
  assert.match(result.missing[0] ?? '', /bed 7: ecg1 .* sent 1, stored 0/)
})

test('a reading twice is invented', () => {
  const result = compared([{ bed: 1, isSure: true }], [[1, READINGS], [1, READINGS.slice(-1)]])
  assert.deepEqual(faults(result), [0, 1, 0])
  assert.match(result.invented[0] ?? '', /sent at most 1, stored 2/)
})

test('another bed\'s readings are missing there, invented here, and crossed', () => {
  const result = compared([{ bed: 1, isSure: true }], [[2, READINGS]])
  assert.deepEqual(faults(result), [kinds, kinds, 1])
  assert.match(result.crossed[0] ?? '', /bed 2: ecg2 .* is of bed 1/)
})

test('what may have been lost may be stored or not, but not twice', () => {
  assert.deepEqual(faults(compared([{ bed: 1, isSure: false }], [])), [0, 0, 0])
  assert.deepEqual(faults(compared([{ bed: 1, isSure: false }], [[1, READINGS]])), [0, 0, 0])
  assert.deepEqual(faults(compared([{ bed: 1, isSure: false }], [[1, READINGS], [1, READINGS]])), [0, kinds, 0])
})

test('when a reading came is no part of it; its value, reason, limits and the monitor\'s own time are', () => {
  const [wave, ...rest] = READINGS
  const numeric = rest.find((r) => r.kind === 'numeric')
  assert.ok(wave?.kind === 'wave' && numeric?.kind === 'numeric')
  assert.equal(readingKey({ ...numeric, times: { ...numeric.times, received: 99 } }), readingKey(numeric))
  const others: Reading[] = [
    { ...numeric, value: 1 }, { ...numeric, parameter: 'rr' }, { ...numeric, limits: null }, { ...numeric, value: null, absent: 'sensor-off' },
    { ...numeric, times: { ...numeric.times, device: { at: 5, hasZone: false } } },
  ]
  for (const other of others) assert.notEqual(readingKey(other), readingKey(numeric))
  assert.notEqual(readingKey({ ...wave, samples: wave.samples.map((v) => v ^ 1) }), readingKey(wave))
  assert.notEqual(readingKey({ ...wave, channel: 'resp' }), readingKey(wave))
})
