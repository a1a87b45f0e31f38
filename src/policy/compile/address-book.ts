// Address book: each set of addresses that rules need gets one name, and address text in the forms that platforms take.
// Keeps determinism: names are numbered in order of first use, equal sets share one.

import { ipFromValue, IP_BITS, type IpVersion } from '../../base/ip.ts'
import type { ValueRange } from '../rules/model.ts'
import { rangesKey, rangesToPrefixes } from './ranges.ts'

export interface AddressList {
  readonly name: string
  readonly ranges: readonly ValueRange[]
}

export class AddressBook {
  readonly #prefix: string
  readonly #byKey = new Map<string, AddressList>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The list for these addresses: sorted, disjoint ranges of one IP version. */
  listOf(ranges: readonly ValueRange[]): AddressList {
    const key = rangesKey(ranges)
    const known = this.#byKey.get(key) ?? { name: `${this.#prefix}${this.#byKey.size + 1}`, ranges }
    this.#byKey.set(key, known)
    return known
  }

  /** In order of first use. */
  get lists(): readonly AddressList[] {
    return [...this.#byKey.values()]
  }
}

/** `10.0.0.0/8`; a host without its length when `bareHosts`. */
export function prefixTexts(version: IpVersion, ranges: readonly ValueRange[], bareHosts = false): readonly string[] {
  return rangesToPrefixes(version, ranges).map(({ network, length }) => {
    const address = ipFromValue(version, network)
    return bareHosts && length === IP_BITS[version] ? address : `${address}/${length}`
  })
}

/** `10.0.0.1-10.0.0.9`, or one address. */
export function addressRangeText(version: IpVersion, { low, high }: ValueRange): string {
  return low === high ? ipFromValue(version, low) : `${ipFromValue(version, low)}-${ipFromValue(version, high)}`
}

/** Numbers with a platform's word between the ends: `515-520`, `515:520`. */
export function numberRangeText({ low, high }: ValueRange, between: string): string {
  return low === high ? String(low) : `${low}${between}${high}`
}

/** Every number of the ranges. Types and protocols only: at most 256. */
export function numbersOf(ranges: readonly ValueRange[]): readonly number[] {
  return ranges.flatMap(({ low, high }) => Array.from({ length: Number(high - low) + 1 }, (_, i) => Number(low) + i))
}
