// Ranges: exact and minimal, judged by counting every address of small universes.
// Keeps "never wider" honest: sets are compared value by value, and the length with the shortest cover there is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromValue, ipValue, parseIp, type IpVersion } from '../../base/ip.ts'
import type { ValueRange } from '../rules/model.ts'
import { blockToRange, complementRanges, everyAddress, intersectRanges, lastAddress, mergeRanges, prefixMask, rangesKey, rangesToPrefixes,
  rangeToMasks, rangeToPrefixes, sameRanges, subtractRanges, wildcardOf, type Block } from './ranges.ts'

/** Offsets of the last six bits of an address space: small enough to enumerate every range in it. */
const SMALL = 64

/** The fewest aligned blocks that cover [low, high] of a space of 2^bits, by trying every first block. */
function shortest(low: number, high: number, memo = new Map<number, number>()): number {
  if (low > high) return 0
  const known = memo.get(low)
  if (known !== undefined) return known
  let best = Infinity
  for (let size = 1; size <= SMALL; size *= 2) {
    if (low % size === 0 && low + size - 1 <= high) best = Math.min(best, 1 + shortest(low + size, high, memo))
  }
  memo.set(low, best)
  return best
}

function addresses(blocks: readonly Block[], version: IpVersion): bigint[] {
  return blocks.flatMap((block) => {
    const { low, high } = blockToRange(version, block)
    return Array.from({ length: Number(high - low) + 1 }, (_, i) => low + BigInt(i))
  })
}

for (const version of [4, 6] as const) {
  test(`IPv${version}: every range of a small universe is cut exactly, in order, and as short as can be`, () => {
    const base = lastAddress(version) - BigInt(SMALL) + 1n
    for (let low = 0; low < SMALL; low++) {
      for (let high = low; high < SMALL; high++) {
        const blocks = rangeToPrefixes(version, { low: base + BigInt(low), high: base + BigInt(high) })
        const expected = Array.from({ length: high - low + 1 }, (_, i) => base + BigInt(low + i))
        assert.deepEqual(addresses(blocks, version), expected)
        assert.equal(blocks.length, shortest(low, high), `${low}-${high}`)
        assert.ok(blocks.every((b) => (b.network & wildcardOf(version, b.length)) === 0n), 'host bits are clear')
      }
    }
  })

  test(`IPv${version}: the whole space is one block, one address is one, the widest range but its ends is the worst case`, () => {
    const bits = version === 4 ? 32 : 128
    assert.deepEqual(rangeToPrefixes(version, everyAddress(version)), [{ network: 0n, length: 0 }])
    assert.deepEqual(rangeToPrefixes(version, { low: 7n, high: 7n }), [{ network: 7n, length: bits }])
    assert.equal(rangeToPrefixes(version, { low: 1n, high: lastAddress(version) - 1n }).length, 2 * bits - 2)
    assert.deepEqual(rangeToPrefixes(version, { low: 2n, high: 1n }), [])
  })
}

test('known cuts', () => {
  const value = (text: string): bigint => {
    const parsed = parseIp(text)
    assert.ok(parsed.ok)
    return ipValue(parsed.value)
  }
  const cut = (low: string, high: string): string[] => rangeToPrefixes(4, { low: value(low), high: value(high) })
    .map(({ network, length }) => `${ipFromValue(4, network)}/${length}`)
  assert.deepEqual(cut('10.0.0.0', '10.255.255.255'), ['10.0.0.0/8'])
  assert.deepEqual(cut('10.0.0.5', '10.0.0.8'), ['10.0.0.5/32', '10.0.0.6/31', '10.0.0.8/32'])
  assert.equal(ipFromValue(4, prefixMask(4, 24)), '255.255.255.0')
  assert.equal(ipFromValue(4, wildcardOf(4, 24)), '0.0.0.255')
  assert.equal(ipFromValue(4, wildcardOf(4, 0)), '255.255.255.255')
  assert.equal(ipFromValue(6, prefixMask(6, 7)), 'fe00::')
  assert.deepEqual(rangeToMasks(4, { low: 4n, high: 7n }), [{ value: 4n, mask: 0xfffffffcn }])
})

const MAX = 40
const smallRange = fc.tuple(fc.nat(MAX), fc.nat(MAX)).map(([a, b]): ValueRange => ({ low: BigInt(a), high: BigInt(b) }))
const smallRanges = fc.array(smallRange, { maxLength: 6 })
const holds = (ranges: readonly ValueRange[], value: number): boolean =>
  ranges.some((r) => r.low <= BigInt(value) && BigInt(value) <= r.high)
const values = Array.from({ length: MAX + 1 }, (_, i) => i)

test('merge, meet, complement and difference are what they say, value by value', () => {
  fc.assert(fc.property(smallRanges, smallRanges, (a, b) => {
    const max = BigInt(MAX)
    for (const v of values) {
      assert.equal(holds(mergeRanges(a), v), holds(a, v))
      assert.equal(holds(intersectRanges(a, b), v), holds(a, v) && holds(b, v))
      assert.equal(holds(complementRanges(a, max), v), !holds(a, v))
      assert.equal(holds(subtractRanges(a, b, max), v), holds(a, v) && !holds(b, v))
    }
    assert.equal(sameRanges(a, b), values.every((v) => holds(a, v) === holds(b, v)))
  }))
})

test('results are canonical: sorted, disjoint, never touching', () => {
  fc.assert(fc.property(smallRanges, smallRanges, (a, b) => {
    for (const list of [mergeRanges(a), intersectRanges(a, b), complementRanges(a, BigInt(MAX))]) {
      for (const [i, range] of list.entries()) {
        assert.ok(range.low <= range.high)
        const next = list[i + 1]
        assert.ok(next === undefined || next.low > range.high + 1n, rangesKey(list))
      }
    }
  }))
})

test('a set of ranges is cut as if it were joined first', () => {
  fc.assert(fc.property(smallRanges, (ranges) => {
    const blocks = rangesToPrefixes(4, ranges)
    assert.deepEqual(new Set(addresses(blocks, 4)), new Set(values.filter((v) => holds(ranges, v)).map(BigInt)))
    assert.equal(blocks.length, mergeRanges(ranges).flatMap((r) => rangeToPrefixes(4, r)).length)
  }))
  assert.deepEqual(rangesToPrefixes(4, [{ low: 2n, high: 3n }, { low: 0n, high: 1n }]), [{ network: 0n, length: 30 }])
})
