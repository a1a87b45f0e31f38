// Tests of the prefix table: against a scan over all entries, on random tables with equal and nested prefixes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IP_BITS, type IpVersion, type Prefix } from '../../base/ip.ts'
import { PrefixTable, type PrefixEntry } from './prefix-table.ts'

/** The slow twin: look at every entry. */
function scan(entries: readonly PrefixEntry<number>[], version: IpVersion, address: bigint): PrefixEntry<number> | null {
  let best: PrefixEntry<number> | null = null
  for (const entry of entries) {
    const { prefix } = entry
    const hostBits = BigInt(IP_BITS[version] - prefix.length)
    if (prefix.version !== version || address >> hostBits !== prefix.network >> hostBits) continue
    const better = best === null || prefix.length > best.prefix.length || (prefix.length === best.prefix.length && entry.metric < best.metric)
    if (better) best = entry
  }
  return best
}

const prefixArb: fc.Arbitrary<Prefix> = fc.tuple(fc.constantFrom<IpVersion>(4, 6), fc.nat(8), fc.nat(255)).map(([version, length, top]) => {
  const bits = BigInt(IP_BITS[version])
  const network = ((BigInt(top) << (bits - 8n)) >> (bits - BigInt(length))) << (bits - BigInt(length))
  return { version, network, length }
})

test('the table finds what a scan over all entries finds', () => {
  const entries = fc.array(fc.record({ prefix: prefixArb, metric: fc.nat(3), value: fc.nat(99) }), { maxLength: 20 })
  fc.assert(fc.property(entries, fc.constantFrom<IpVersion>(4, 6), fc.nat(255), (list, version, top) => {
    const address = (BigInt(top) << BigInt(IP_BITS[version] - 8)) + 1n
    assert.deepEqual(new PrefixTable(list).find(version, address), scan(list, version, address))
  }))
})

test('of one prefix the lower metric wins, whatever the order; of equal metrics the earlier entry', () => {
  const prefix: Prefix = { version: 4, network: 0x0a000000n, length: 8 }
  const entry = (metric: number, value: number): PrefixEntry<number> => ({ prefix, metric, value })
  assert.equal(new PrefixTable([entry(100, 1), entry(10, 2)]).find(4, 0x0a000001n)?.value, 2)
  assert.equal(new PrefixTable([entry(10, 1), entry(10, 2)]).find(4, 0x0a000001n)?.value, 1)
  assert.equal(new PrefixTable([entry(10, 1)]).find(4, 0x0b000001n), null)
})
