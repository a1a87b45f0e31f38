// ranges: lists of integer ranges as sets, and constraints turned into them where that is exact.
// Keeps "parse, don't validate": a RangeList is sorted, disjoint, merged and within its field, so nobody checks again.

import type { Constraint, ValueMask, ValueRange } from '../rules/model.ts'

/** Sorted, disjoint, neighbours merged. */
export type RangeList = readonly ValueRange[]

/** Any ranges, cut to 0..max, as a RangeList; reversed ranges are empty. */
export function rangeList(ranges: readonly ValueRange[], max: bigint): RangeList {
  const [only] = ranges
  // Nearly every constraint of an access list is one range that fits.
  if (ranges.length === 1 && only && only.low >= 0n && only.low <= only.high && only.high <= max) return ranges
  const cut = ranges.map((r) => ({ low: r.low < 0n ? 0n : r.low, high: r.high > max ? max : r.high })).filter((r) => r.low <= r.high)
  if (cut.length < 2) return cut
  const list: { low: bigint; high: bigint }[] = []
  for (const r of cut.sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))) {
    const last = list.at(-1)
    if (last && r.low <= last.high + 1n) last.high = r.high > last.high ? r.high : last.high
    else list.push({ ...r })
  }
  return list
}

/** What of 0..max is not in the list. */
export function complement(list: RangeList, max: bigint): RangeList {
  const gaps: ValueRange[] = []
  let low = 0n
  for (const r of list) {
    if (r.low > low) gaps.push({ low, high: r.low - 1n })
    low = r.high + 1n
  }
  if (low <= max) gaps.push({ low, high: max })
  return gaps
}

/** What is in both. */
export function intersect(a: RangeList, b: RangeList): RangeList {
  const both: ValueRange[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = a[i] as ValueRange
    const y = b[j] as ValueRange
    const low = x.low > y.low ? x.low : y.low
    const high = x.high < y.high ? x.high : y.high
    if (low <= high) both.push({ low, high })
    if (x.high < y.high) i++
    else j++
  }
  return both
}

/** Single values as ranges. */
export function values(list: readonly bigint[]): readonly ValueRange[] {
  return list.map((value) => ({ low: value, high: value }))
}

/** The one range of a mask whose free bits are the lowest ones (a prefix); null for any other. Empty list: no value fits. */
export function prefixRange(mask: ValueMask, max: bigint): RangeList | null {
  const fixed = mask.mask & max
  const free = max & ~fixed
  if ((free & (free + 1n)) !== 0n) return null
  const low = mask.value & mask.mask
  return low > max ? [] : [{ low, high: low | free }]
}

/** The constraint as ranges of 0..max; null when a mask of it is no prefix. */
export function constraintRanges(constraint: Constraint, max: bigint): RangeList | null {
  const ranges = constraint.kind === 'ranges' ? constraint.ranges : maskRanges(constraint.masks, max)
  if (ranges === null) return null
  const list = rangeList(ranges, max)
  return constraint.not ? complement(list, max) : list
}

function maskRanges(masks: readonly ValueMask[], max: bigint): RangeList | null {
  const all: ValueRange[] = []
  for (const mask of masks) {
    const ranges = prefixRange(mask, max)
    if (ranges === null) return null
    all.push(...ranges)
  }
  return all
}
