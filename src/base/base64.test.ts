// base64 against RFC 4648's own vectors and against Buffer.
// Keeps the rule that a plain implementation has a judge of another make.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64 } from './base64.ts'

/** RFC 4648 section 10. */
const RFC_4648: readonly (readonly [string, string])[] = [
  ['', ''], ['f', 'Zg=='], ['fo', 'Zm8='], ['foo', 'Zm9v'], ['foob', 'Zm9vYg=='], ['fooba', 'Zm9vYmE='], ['foobar', 'Zm9vYmFy'],
]

test('the vectors of RFC 4648 section 10', () => {
  for (const [plain, coded] of RFC_4648) assert.equal(base64(new TextEncoder().encode(plain)), coded)
})

test('every byte value, and the two letters that URL alphabets change', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  assert.equal(base64(all), Buffer.from(all).toString('base64'))
  assert.equal(base64(Uint8Array.of(0xfb, 0xff, 0xfe)), '+//+')
})

test('equals Buffer for random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), (bytes) => {
    assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'))
  }))
})
