// Port lists hold what they were given, and none is longer than the kernel takes.
// Keeps "nothing left out": the lists joined again are the ports.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PORT_SLOTS_MAX, portLists } from './port-lists.ts'

test('a range counts twice and is never cut', () => {
  const single = Array.from({ length: 14 }, (_, i) => ({ low: BigInt(2 * i), high: BigInt(2 * i) }))
  assert.deepEqual(portLists([...single, { low: 40n, high: 41n }], '-'), ['0,2,4,6,8,10,12,14,16,18,20,22,24,26', '40-41'])
  assert.deepEqual(portLists([{ low: 80n, high: 80n }, { low: 515n, high: 520n }], ':'), ['80,515:520'])
  assert.deepEqual(portLists([], ':'), [])
})

test('any ports: in order, complete, within the slots', () => {
  const range = fc.tuple(fc.nat(60_000), fc.nat(2)).map(([low, more]) => ({ low: BigInt(low), high: BigInt(low + more) }))
  fc.assert(fc.property(fc.array(range, { maxLength: 60 }), (ports) => {
    const lists = portLists(ports, ':')
    const words = lists.flatMap((list) => list.split(','))
    assert.deepEqual(words, ports.map(({ low, high }) => (low === high ? `${low}` : `${low}:${high}`)))
    for (const list of lists) assert.ok(list.split(/[,:]/).length <= PORT_SLOTS_MAX, list)
  }))
})
