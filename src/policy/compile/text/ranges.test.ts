// Tests of ranges and blocks: exact, joined, turned around, against a set of small numbers as the obvious judge.
// Keeps "a range becomes exactly its blocks".

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ValueRange } from '../../rules/model.ts'
import { blockRange, complementRanges, intersectRanges, joinRanges, maskedAddress, maskLength, rangeToBlocks } from './ranges.ts'

const BITS = 6
const MAX = (1n << BigInt(BITS)) - 1n
const range = fc.tuple(fc.bigInt(0n, MAX), fc.bigInt(0n, MAX)).map(([a, b]): ValueRange => ({ low: a < b ? a : b, high: a < b ? b : a }))
const ranges = fc.array(range, { maxLength: 6 })

function members(list: readonly ValueRange[]): bigint[] {
  return Array.from({ length: Number(MAX) + 1 }, (_, i) => BigInt(i)).filter((value) => list.some((r) => r.low <= value && value <= r.high))
}

test('joined ranges hold the same values, sorted and apart', () => {
  fc.assert(fc.property(ranges, (list) => {
    const joined = joinRanges(list)
    assert.deepEqual(members(joined), members(list))
    for (const [i, r] of joined.entries()) assert.ok(i === 0 || r.low > (joined[i - 1]?.high ?? 0n) + 1n)
  }))
})

test('the complement is every other value, and its complement comes back', () => {
  fc.assert(fc.property(ranges, (list) => {
    const rest = complementRanges(list, MAX)
    assert.equal(members(rest).length + members(list).length, Number(MAX) + 1)
    assert.deepEqual(complementRanges(rest, MAX), joinRanges(list))
  }))
})

test('the intersection is what both hold', () => {
  fc.assert(fc.property(ranges, ranges, (a, b) => {
    const inB = new Set(members(b))
    assert.deepEqual(members(intersectRanges(a, b)), members(a).filter((value) => inB.has(value)))
  }))
})

test('blocks of a range are exactly the range, in order, and no two can be one', () => {
  fc.assert(fc.property(range, (whole) => {
    const blocks = rangeToBlocks(whole, BITS).map((b) => blockRange(b.network, b.length, BITS))
    assert.deepEqual(joinRanges(blocks), [whole])
    assert.ok(blocks.length <= 2 * BITS - 2 || blocks.length === 1)
    for (const [i, b] of blocks.entries()) assert.ok(i === 0 || b.low === (blocks[i - 1]?.high ?? 0n) + 1n)
  }))
})

test('masks: leading ones are a length, holes are not', () => {
  assert.equal(maskLength(0xffffff00n, 32), 24)
  assert.equal(maskLength(0n, 32), 0)
  assert.equal(maskLength(0xffffffffn, 32), 32)
  assert.equal(maskLength(0xff00ff00n, 32), null)
  assert.equal(maskLength(0x000000ffn, 32), null)
  assert.deepEqual(maskedAddress(0x0a010203n, 0xffff0000n, 32), { low: 0x0a010000n, high: 0x0a01ffffn })
  assert.deepEqual(maskedAddress(0x0a010203n, 0xff00ff00n, 32), { value: 0x0a000200n, mask: 0xff00ff00n })
})
