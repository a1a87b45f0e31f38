// Ranges of field values: joined, turned around, and cut into address blocks; and constraints made of them.
// Keeps exactness: a range becomes exactly its blocks, never the block around it.

import { IP_BITS, type IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, ValueMask, ValueRange } from '../../rules/model.ts'
import { mergeRanges as joinRanges } from '../ranges.ts'

export { complementRanges, intersectRanges, mergeRanges as joinRanges } from '../ranges.ts'

/** Largest value of each field; addresses depend on the family, interfaces have no bound of their own. */
const FIELD_MAX: Readonly<Partial<Record<Field, bigint>>> = {
  proto: 255n, dport: 65_535n, sport: 65_535n, flags: 255n, icmpType: 255n, icmpCode: 255n, state: 3n,
}

/** Largest value of a field in packets of one family; null for interface indexes. */
export function fieldMax(field: Field, version: IpVersion): bigint | null {
  if (field === 'src' || field === 'dst') return addressMax(version)
  return FIELD_MAX[field] ?? null
}

/** All ones. */
export function addressMax(version: IpVersion): bigint {
  return (1n << BigInt(IP_BITS[version])) - 1n
}

export interface Block {
  readonly network: bigint
  readonly length: number
}

/** The fewest blocks that together are exactly the range; at most 2 * bits - 2 of them. */
export function rangeToBlocks(range: ValueRange, bits: number): readonly Block[] {
  const blocks: Block[] = []
  let low = range.low
  while (low <= range.high) {
    let host = 0
    while (host < bits && (low >> BigInt(host)) % 2n === 0n && low + (1n << BigInt(host + 1)) - 1n <= range.high) host++
    blocks.push({ network: low, length: bits - host })
    low += 1n << BigInt(host)
  }
  return blocks
}

/** All addresses of a block. */
export function blockRange(network: bigint, length: number, bits: number): ValueRange {
  const host = BigInt(bits - length)
  const low = (network >> host) << host
  return { low, high: low + (1n << host) - 1n }
}

export function oneValue(value: bigint | number): ValueRange {
  return { low: BigInt(value), high: BigInt(value) }
}

/** The field is in one of the ranges. */
export function inRanges(ranges: readonly ValueRange[]): Constraint {
  return { kind: 'ranges', ranges: joinRanges(ranges), not: false }
}

/** The field is one of the values. */
export function inValues(...values: readonly (bigint | number)[]): Constraint {
  return inRanges(values.map((value) => oneValue(value)))
}

export function inMasks(masks: readonly ValueMask[]): Constraint {
  return { kind: 'masks', masks, not: false }
}

/** Number of leading ones when all ones come first, else null: 255.255.0.0 is 16, 255.0.255.0 is null. */
export function maskLength(mask: bigint, bits: number): number | null {
  const host = (~mask) & ((1n << BigInt(bits)) - 1n)
  if ((host & (host + 1n)) !== 0n) return null
  return bits - (host === 0n ? 0 : host.toString(2).length)
}

/** Address under a mask whose ones must be equal: a range when the ones come first, a mask otherwise. */
export function maskedAddress(value: bigint, mask: bigint, bits: number): ValueRange | ValueMask {
  const length = maskLength(mask, bits)
  return length === null ? { value: value & mask, mask } : blockRange(value, length, bits)
}
