// Mixing: what differs in one bit lies far apart, equal input lies together, and a seed moves everything.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords } from './ip.ts'
import { mix, mixed, mixIp, mixText } from './mix.ts'

const PLACES = 1024

/** The longest run of one place when these hashes are spread over PLACES. */
function crowded(hashes: readonly number[]): number {
  const counts = new Uint32Array(PLACES)
  for (const hash of hashes) counts[hash & (PLACES - 1)]!++
  return Math.max(...counts)
}

test('neighbouring addresses, ports and words spread over the places', () => {
  const numbers = Array.from({ length: PLACES }, (_, i) => i)
  assert.ok(crowded(numbers.map((i) => mixed(mixIp(0, ipFromV4(0x0a000000 + i))))) < 10)
  assert.ok(crowded(numbers.map((i) => mixed(mixIp(0, ipFromWords(0xfe800000, 0, 0, i))))) < 10)
  assert.ok(crowded(numbers.map((i) => mixed(mix(0, i << 16)))) < 10)
  assert.ok(crowded(numbers.map((i) => mixed(mix(i, 1)))) < 10)
})

test('a hash is 31 bits, depends on its input alone, and on the order of words', () => {
  fc.assert(fc.property(fc.integer(), fc.integer(), fc.integer(), (seed, a, b) => {
    const hash = mixed(mix(mix(seed, a), b))
    assert.ok(hash >= 0 && hash < 2 ** 31)
    assert.equal(mixed(mix(mix(seed, a), b)), hash)
    if (a !== b) assert.notEqual(mix(mix(seed, a), b), mix(mix(seed, b), a))
  }))
  assert.notEqual(mixText(0, 'dns'), mixText(0, 'dn'))
  assert.notEqual(mixText(0, 'dns'), mixText(1, 'dns'))
})
