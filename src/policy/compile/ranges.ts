// Ranges for compilers: joined, met, turned around, and cut into the prefixes or wildcard masks that platforms take.
// Keeps "never wider": every function is exact, and the cut is the shortest one there is.

import { IP_BITS, type IpVersion } from '../../base/ip.ts'
import type { ValueMask, ValueRange } from '../rules/model.ts'

/** An address block without its version; `network` has its host bits clear. */
export interface Block {
  readonly network: bigint
  readonly length: number
}

/** All ones: the last address of a version. */
export function lastAddress(version: IpVersion): bigint {
  return (1n << BigInt(IP_BITS[version])) - 1n
}

/** Every address of a version. */
export function everyAddress(version: IpVersion): ValueRange {
  return { low: 0n, high: lastAddress(version) }
}

/**
 * The fewest prefixes that together are exactly the range, in order: at most 2 * bits - 2 of them. Greedy from the low end is minimal,
 * because prefixes nest: the largest block that starts at the first address left is in every shortest list.
 */
export function rangeToPrefixes(version: IpVersion, range: ValueRange): readonly Block[] {
  const bits = IP_BITS[version]
  const blocks: Block[] = []
  let low = range.low
  while (low <= range.high) {
    let host = 0
    while (host < bits && (low >> BigInt(host)) % 2n === 0n && low + (2n << BigInt(host)) - 1n <= range.high) host++
    blocks.push({ network: low, length: bits - host })
    low += 1n << BigInt(host)
  }
  return blocks
}

/** The fewest prefixes for a set of ranges, which may overlap and stand in any order. */
export function rangesToPrefixes(version: IpVersion, ranges: readonly ValueRange[]): readonly Block[] {
  return mergeRanges(ranges).flatMap((range) => rangeToPrefixes(version, range))
}

/** All addresses of a block. */
export function blockToRange(version: IpVersion, block: Block): ValueRange {
  return { low: block.network, high: block.network + (1n << BigInt(IP_BITS[version] - block.length)) - 1n }
}

/** The range as value and mask, ones where the bits count (Cisco's wildcard is the opposite: see wildcardOf). Contiguous masks only. */
export function rangeToMasks(version: IpVersion, range: ValueRange): readonly ValueMask[] {
  return rangeToPrefixes(version, range).map(({ network, length }) => ({ value: network, mask: prefixMask(version, length) }))
}

/** 24 is 255.255.255.0 in IPv4. */
export function prefixMask(version: IpVersion, length: number): bigint {
  const host = BigInt(IP_BITS[version] - length)
  return (lastAddress(version) >> host) << host
}

/** 24 is 0.0.0.255 in IPv4: ones where a bit does not matter, as IOS access lists have it. */
export function wildcardOf(version: IpVersion, length: number): bigint {
  return lastAddress(version) ^ prefixMask(version, length)
}

/** Sorted, overlapping and touching ranges joined, empty ones left out: equal sets have equal lists. */
export function mergeRanges(ranges: readonly ValueRange[]): readonly ValueRange[] {
  const sorted = ranges.filter((r) => r.low <= r.high).sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))
  const joined: ValueRange[] = []
  for (const range of sorted) {
    const last = joined.at(-1)
    if (last === undefined || range.low > last.high + 1n) joined.push(range)
    else if (range.high > last.high) joined[joined.length - 1] = { low: last.low, high: range.high }
  }
  return joined
}

/** Values in both sets. */
export function intersectRanges(a: readonly ValueRange[], b: readonly ValueRange[]): readonly ValueRange[] {
  const left = mergeRanges(a)
  const right = mergeRanges(b)
  const both: ValueRange[] = []
  let i = 0
  let j = 0
  for (let x = left[i], y = right[j]; x !== undefined && y !== undefined; x = left[i], y = right[j]) {
    const low = x.low > y.low ? x.low : y.low
    const high = x.high < y.high ? x.high : y.high
    if (low <= high) both.push({ low, high })
    if (x.high < y.high) i++
    else j++
  }
  return both
}

/** Values of 0..max that are in none of the ranges. */
export function complementRanges(ranges: readonly ValueRange[], max: bigint): readonly ValueRange[] {
  const rest: ValueRange[] = []
  let next = 0n
  for (const { low, high } of mergeRanges(ranges)) {
    if (low > next) rest.push({ low: next, high: low - 1n })
    next = high + 1n
  }
  if (next <= max) rest.push({ low: next, high: max })
  return rest
}

/** Values of `a` that are not in `b`; `max` is the largest value of the field. */
export function subtractRanges(a: readonly ValueRange[], b: readonly ValueRange[], max: bigint): readonly ValueRange[] {
  return intersectRanges(a, complementRanges(b, max))
}

/** Whether two sets of values are the same. */
export function sameRanges(a: readonly ValueRange[], b: readonly ValueRange[]): boolean {
  return rangesKey(mergeRanges(a)) === rangesKey(mergeRanges(b))
}

/** Text that is equal for equal lists, for use as a Map key. */
export function rangesKey(ranges: readonly ValueRange[]): string {
  return ranges.map(({ low, high }) => `${low}-${high}`).join(' ')
}
