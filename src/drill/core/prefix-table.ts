// PrefixTable: which entry holds an address: the longest prefix, and among equal ones the lowest metric, as routers decide it.
// Keeps "every clever engine has a slow twin": the test compares it with a scan over all entries.

import { IP_BITS, type IpVersion, type Prefix } from '../../base/ip.ts'

export interface PrefixEntry<T> {
  readonly prefix: Prefix
  /** Lower wins among equal prefixes; of equal ones the earlier entry. */
  readonly metric: number
  readonly value: T
}

/** Entries of one prefix length by network bits. */
interface LengthRow<T> {
  readonly hostBits: bigint
  readonly entries: ReadonlyMap<bigint, PrefixEntry<T>>
}

export class PrefixTable<T> {
  readonly #rows: { readonly [V in IpVersion]: readonly LengthRow<T>[] }

  constructor(entries: readonly PrefixEntry<T>[]) {
    this.#rows = { 4: rowsOf(entries, 4), 6: rowsOf(entries, 6) }
  }

  /** The entry that decides, or null when none holds the address. */
  find(version: IpVersion, address: bigint): PrefixEntry<T> | null {
    for (const { hostBits, entries } of this.#rows[version]) {
      const found = entries.get(address >> hostBits)
      if (found !== undefined) return found
    }
    return null
  }
}

function rowsOf<T>(entries: readonly PrefixEntry<T>[], version: IpVersion): readonly LengthRow<T>[] {
  const byLength = new Map<number, Map<bigint, PrefixEntry<T>>>()
  for (const entry of entries) {
    const { prefix } = entry
    if (prefix.version !== version) continue
    const row = byLength.get(prefix.length) ?? new Map<bigint, PrefixEntry<T>>()
    byLength.set(prefix.length, row)
    const key = prefix.network >> BigInt(IP_BITS[version] - prefix.length)
    const before = row.get(key)
    if (before === undefined || entry.metric < before.metric) row.set(key, entry)
  }
  return [...byLength].sort(([a], [b]) => b - a).map(([length, row]) => ({ hostBits: BigInt(IP_BITS[version] - length), entries: row }))
}
