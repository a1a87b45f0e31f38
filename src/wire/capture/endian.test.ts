// Tests of integers in either byte order.
// Keeps the rule that all 32 bits come out unsigned.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { u16, u32 } from './endian.ts'
import { BIG, LITTLE } from './test-captures.ts'

test('what is written in an order is read in it, and differs in the other', () => {
  fc.assert(fc.property(fc.nat(0xffffffff), fc.nat(0xffff), (long, short) => {
    for (const o of [LITTLE, BIG]) {
      assert.equal(u32(Uint8Array.from([9, ...o.u32(long)]), 1, o.little), long)
      assert.equal(u16(Uint8Array.from([9, ...o.u16(short)]), 1, o.little), short)
    }
  }))
  assert.equal(u32(Uint8Array.from([1, 2, 3, 4]), 0, false), 0x01020304)
  assert.equal(u32(Uint8Array.from([1, 2, 3, 4]), 0, true), 0x04030201)
  assert.equal(u16(Uint8Array.from([1, 2]), 0, false), 0x0102)
  assert.equal(u16(Uint8Array.from([1, 2]), 0, true), 0x0201)
})
