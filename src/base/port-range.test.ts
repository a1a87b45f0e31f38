// Tests of PortRange: forms, and normalisation against plain sets of numbers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EVERY_PORT, formatPortRange, normalisePortRanges, parsePortRange, portRangesInclude, type PortRange } from './port-range.ts'

test('ports and ranges parse, and say which way they are wrong', () => {
  const rows: readonly (readonly [string, PortRange | string])[] = [
    ['515', { low: 515, high: 515 }], ['515-520', { low: 515, high: 520 }], [' 515 - 520 ', { low: 515, high: 520 }],
    ['1', { low: 1, high: 1 }], ['65535', { low: 65535, high: 65535 }], ['0515', { low: 515, high: 515 }],
    ['0', 'out-of-range'], ['65536', 'out-of-range'], ['1-65536', 'out-of-range'], ['999999999', 'out-of-range'],
    ['520-515', 'empty'], ['', 'not-a-port'], ['-5', 'not-a-port'], ['5-', 'not-a-port'], ['1-2-3', 'not-a-port'], ['0x1f', 'not-a-port'],
    ['any', 'not-a-port'], ['1e3', 'not-a-port'], ['515,516', 'not-a-port'], ['9999999999', 'not-a-port'],
  ]
  for (const [text, expected] of rows) {
    const parsed = parsePortRange(text)
    assert.deepEqual(parsed.ok ? parsed.value : parsed.error, expected, text)
  }
})

test('what is formatted parses back', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 }), (a, b) => {
    const range = { low: Math.min(a, b), high: Math.max(a, b) }
    assert.deepEqual(parsePortRange(formatPortRange(range)), { ok: true, value: range })
  }))
  assert.equal(formatPortRange(EVERY_PORT), 'any')
})

const range = fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }))

test('normalised ranges hold the same ports, sorted, with a gap between each', () => {
  fc.assert(fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
    const normal = normalisePortRanges(ranges)
    for (let port = 0; port <= 31; port++) {
      assert.equal(portRangesInclude(normal, port), ranges.some((r) => r.low <= port && port <= r.high), `port ${port}`)
    }
    for (const [i, r] of normal.entries()) {
      const before = normal[i - 1]
      assert.ok(r.low <= r.high && (before === undefined || r.low > before.high + 1))
    }
  }))
})
