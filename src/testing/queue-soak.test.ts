// The short form of the soak: eight kills; and that each of its judgements can fall the other way.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokenPromises, soakQueue } from './queue-soak.ts'

test('killed at any moment: what was stored arrives, in order, once for whoever knows control ids, and repetitions are the same bytes', async (t) => {
  const result = await soakQueue(8, 20_260_105)
  t.diagnostic(JSON.stringify(result))
  assert.deepEqual(result.broken, [])
  assert.ok(result.stored > 100 && result.messages > 20, JSON.stringify(result))
})

test('each promise can be seen to break', () => {
  const one = { controlId: 'A1', sha256: 'x', attempts: 1, numbers: [1] }
  const two = { controlId: 'A2', sha256: 'y', attempts: 1, numbers: [2] }
  const again = { ...one, attempts: 2 }
  assert.deepEqual(brokenPromises(new Set([1, 2]), [one, again, two]), [])
  assert.match(brokenPromises(new Set([1, 2]), [one])[0] ?? '', /1 stored measurements never arrived, the first is 2/)
  assert.match(brokenPromises(new Set([1, 2]), [two, one])[0] ?? '', /A1 arrived first after A2/)
  assert.match(brokenPromises(new Set([1]), [one, { ...again, sha256: 'z' }])[0] ?? '', /other bytes/)
  assert.match(brokenPromises(new Set([1]), [one, one])[0] ?? '', /not known to be a repetition/)
  assert.match(brokenPromises(new Set([1]), [one, { ...two, numbers: [1] }])[0] ?? '', /measurement 1 is in A1 and in A2/)
})
