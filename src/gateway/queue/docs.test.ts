// Tests of docs/gateway-queue.md: intended use first, and every bound and state as the code has it.
// Keeps the page from drifting: what it states about the queue is compared with the queue.

import { equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { PENDING_SAMPLES_MAX, URGENT_MICROS, WAVE_SLACK_MICROS } from '../core/out/sampler.ts'
import { CHECK_BYTES_MAX } from './database.ts'
import { QUEUE_FILE } from './durable-queue.ts'
import { PUMP_EVERY_MS } from './feeder.ts'
import { HIGH_SHARE, REFUSED_MAX, controlId, controlPrefix } from './queue.ts'
import { GROUP_BYTES_MAX, GROUP_MS, GROUP_MS_MAX, READINGS_FILE } from './readings.ts'

const ROOT = path.join(import.meta.dirname, '..', '..', '..')
const read = (name: string): string => fs.readFileSync(path.join(ROOT, 'docs', name), 'utf8')
const page = read('gateway-queue.md').replaceAll(/\s+/g, ' ')

test('the intended use is the first thing on the page, in the words of the gateway page', () => {
  const second = (text: string): string => text.split('\n\n')[1] ?? ''
  equal(second(read('gateway-queue.md')), second(read('gateway.md')))
})

test('the bounds on the page are those of the code', () => {
  const stated = [
    `| within ${URGENT_MICROS / 1e6} s, once;`, `a hole of more than ${WAVE_SLACK_MICROS / 1e6} s`, `feeder's next turn, ${PUMP_EVERY_MS} ms at most`,
    `More than ${PENDING_SAMPLES_MAX.toLocaleString('en')} samples`, `the newest ${REFUSED_MAX.toLocaleString('en')} per target`, `from ${HIGH_SHARE * 100} %`,
    `within ${GROUP_MS} ms (${GROUP_MS_MAX} ms at most on a slow disk, or ${GROUP_BYTES_MAX / 2 ** 20} MB)`,
    `Files up to ${CHECK_BYTES_MAX / 2 ** 20} MB are checked`,
    `\`${QUEUE_FILE}\``, `\`${READINGS_FILE}\``,
  ]
  for (const text of stated) ok(page.includes(text), text)
})

test('a control id has at most 20 characters even after four billion messages of the last target', () => {
  equal(controlId(controlPrefix('ABCD', Date.UTC(2037, 0, 1) * 1000, 1295), 36 ** 8 - 1).length, 20)
  equal(new Set([[1, 36 ** 6 + 1], [36, 1], [1, 1], [37, 1]].map(([target = 0, count = 0]) => controlId(controlPrefix('A', 0, target), count))).size, 4)
})

test('every state of a message stands on the page', () => {
  for (const state of ['waiting', 'in flight', 'ambiguous', 'delivered', 'refused', 'given up']) ok(page.includes(`| ${state} | `), state)
})
