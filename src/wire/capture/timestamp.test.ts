// Tests of pcapng time units: every resolution byte against BigInt arithmetic, offsets, and times beyond any calendar.
// Keeps the rule that packet time is exact and floored.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BIG, LITTLE } from './test-captures.ts'
import { DEFAULT_UNITS, offsetMicrosAt, timestampMicros } from './timestamp.ts'

/** The slow twin: the definition of if_tsresol, in exact integers. */
function exactMicros(ticks: bigint, resolution: number): bigint {
  const exponent = BigInt(resolution & 0x7f)
  return (ticks * 1_000_000n) / (resolution & 0x80 ? 2n ** exponent : 10n ** exponent)
}

function clamped(at: bigint): number {
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  return Number(at > limit ? limit : at < -limit ? -limit : at)
}

function micros(ticks: bigint, resolution: number, offsetMicros = 0): number {
  return timestampMicros(Number(ticks >> 32n), Number(ticks & 0xffffffffn), { resolution, offsetMicros })
}

test('known times', () => {
  assert.equal(timestampMicros(0x0004c397, 0x64ca47aa, DEFAULT_UNITS), 1_340_954_905_298_858)
  assert.equal(micros(1_500_000_000_123_456_789n, 9), 1_500_000_000_123_456)
  assert.equal(micros(1_500_000_000n, 0), 1_500_000_000_000_000)
  assert.equal(micros(1_500_000_000_123n, 3), 1_500_000_000_123_000)
  assert.equal(micros(388_896_768_050n, 0x88), 1_519_128_000_195_312, 'gopacket test902: 1/256 s, floored')
  assert.equal(micros(4_294_967_296_000_000n, 6), 4_294_967_296_000_000, 'tcpdump time_2106_overflow')
})

test('every resolution byte and any 64-bit count agree with exact integers', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(255), (ticks, resolution) => {
    assert.equal(micros(ticks, resolution), clamped(exactMicros(ticks, resolution)))
  }), { numRuns: 5000 })
})

test('the usual resolutions agree near today and at their edges', () => {
  const near = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n })
  fc.assert(fc.property(near, fc.constantFrom(0, 3, 6, 7, 9, 11, 12, 13, 0x80, 0x8a, 0x94, 0xa0), (at, resolution) => {
    const exponent = BigInt(resolution & 0x7f)
    const ticks = (at * (resolution & 0x80 ? 2n ** exponent : 10n ** exponent)) / 1_000_000n
    for (const edge of [ticks, ticks + 1n]) {
      if (edge >> 64n === 0n) assert.equal(micros(edge, resolution), clamped(exactMicros(edge, resolution)))
    }
  }), { numRuns: 5000 })
})

test('if_tsoffset moves the origin, both ways, in both byte orders', () => {
  for (const o of [LITTLE, BIG]) {
    const read = (seconds: bigint): number => offsetMicrosAt(Uint8Array.from([7, ...o.u64(seconds)]), 1, o.little)
    assert.equal(read(0n), 0)
    assert.equal(read(3600n), 3_600_000_000)
    assert.equal(read(-3600n), -3_600_000_000)
    assert.equal(read((1n << 63n) - 1n), Number.MAX_SAFE_INTEGER)
    assert.equal(read(-(1n << 63n)), Number.MIN_SAFE_INTEGER)
  }
  assert.equal(micros(5_000_000n, 6, -3_000_000), 2_000_000)
  assert.equal(micros(5_000_000n, 6, -30_000_000), -25_000_000)
})

test('the sum stays an exact integer, whatever the header says', () => {
  fc.assert(fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(255), fc.maxSafeInteger(), (high, low, resolution, offsetMicros) => {
    assert.ok(Number.isSafeInteger(timestampMicros(high, low, { resolution, offsetMicros })))
  }), { numRuns: 2000 })
})
