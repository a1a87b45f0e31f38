// Tests of the carry-over buffer against an obvious twin, and of sender and receiver.
// Keeps the rule that a bound is tested at its edge.

import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeFlow } from '../testing/fake-context.ts'
import { CarryBuffer, copyBytes, receiver, sender } from './session-tools.ts'

const held = (carry: CarryBuffer): number[] => Array.from(carry.bytes.slice(0, carry.length))

test('fill takes what is wanted and says how much', () => {
  const carry = new CarryBuffer(8)
  const buf = Uint8Array.of(9, 1, 2, 3, 9)
  equal(carry.fill(buf, 1, 4, 2), 2)
  deepEqual(held(carry), [1, 2])
  equal(carry.fill(buf, 3, 4, 8), 1)
  deepEqual(held(carry), [1, 2, 3])
  equal(carry.fill(buf, 0, 5, 3), 0)
  equal(carry.fill(buf, 4, 4, 8), 0)
})

test('asking beyond the bound is a bug of ours', () => {
  throws(() => new CarryBuffer(8).fill(Uint8Array.of(1), 0, 1, 9), /bound/)
})

test('the bound itself can be reached', () => {
  const carry = new CarryBuffer(1000)
  equal(carry.fill(new Uint8Array(1500).fill(7), 0, 1500, 1000), 1000)
  equal(carry.length, 1000)
  equal(carry.bytes.length <= 1000, true)
})

test('drop moves the rest to the front; dropping more than there is empties', () => {
  const carry = new CarryBuffer(8)
  carry.fill(Uint8Array.of(1, 2, 3, 4), 0, 4, 8)
  carry.drop(3)
  deepEqual(held(carry), [4])
  carry.drop(9)
  equal(carry.length, 0)
})

test('clear gives a large allocation back and keeps a small one', () => {
  const large = new CarryBuffer(100_000)
  large.fill(new Uint8Array(50_000), 0, 50_000, 50_000)
  large.clear()
  deepEqual([large.length, large.bytes.length], [0, 0])
  const small = new CarryBuffer(100_000)
  small.fill(new Uint8Array(10), 0, 10, 10)
  small.clear()
  equal(small.length, 0)
  equal(small.bytes.length > 0, true)
})

test('any sequence of fills, drops and clears equals a plain array', () => {
  const step = fc.oneof(
    fc.record({ fill: fc.uint8Array({ maxLength: 700 }), wanted: fc.nat({ max: 2000 }) }),
    fc.record({ drop: fc.nat({ max: 900 }) }),
    fc.constant({ clear: true as const }),
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const carry = new CarryBuffer(2000)
    let twin: number[] = []
    for (const s of steps) {
      if ('fill' in s) {
        const count = Math.max(0, Math.min(s.fill.length, s.wanted - twin.length))
        equal(carry.fill(s.fill, 0, s.fill.length, s.wanted), count)
        twin.push(...s.fill.slice(0, count))
      } else if ('drop' in s) {
        carry.drop(s.drop)
        twin = twin.slice(s.drop)
      } else {
        carry.clear()
        twin = []
      }
      deepEqual(held(carry), twin)
    }
  }))
})

test('copyBytes copies short and long stretches alike', () => {
  const from = Uint8Array.from({ length: 600 }, (_, i) => i & 0xff)
  for (const [off, end] of [[0, 0], [5, 9], [0, 256], [1, 258], [0, 600]] as const) {
    const to = new Uint8Array(700)
    copyBytes(from, off, end, to, 3)
    deepEqual(to.slice(3, 3 + end - off), from.slice(off, end))
    equal(to[3 + end - off], 0)
  }
})

test('sender and receiver swap with the direction', () => {
  const flow = fakeFlow('tcp')
  deepEqual([sender(flow, 0), receiver(flow, 0)], [flow.src, flow.dst])
  deepEqual([sender(flow, 1), receiver(flow, 1)], [flow.dst, flow.src])
})
