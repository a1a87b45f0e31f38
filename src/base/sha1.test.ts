// sha1 against the FIPS 180 examples and against node:crypto at every block edge.
// Keeps the rule that a plain implementation has a judge of another make.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { sha1 } from './sha1.ts'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function judge(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}

/** The example messages NIST publishes beside FIPS 180. */
const NIST: readonly (readonly [string, string])[] = [
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
]

test('the NIST examples', () => {
  for (const [text, digest] of NIST) assert.equal(hex(sha1(new TextEncoder().encode(text))), digest)
})

test('every length across three blocks, where the padding changes shape', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
    assert.equal(hex(sha1(bytes)), judge(bytes), `length ${length}`)
  }
})

test('only [off, end) counts, whatever lies around it', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), fc.nat(20), fc.nat(20), (bytes, before, after) => {
    const wide = new Uint8Array(before + bytes.length + after).fill(0xa5)
    wide.set(bytes, before)
    assert.equal(hex(sha1(wide, before, before + bytes.length)), judge(bytes))
  }))
})

test('a view that does not start at the buffer start is read where it points', () => {
  const backing = Uint8Array.from({ length: 100 }, (_, i) => i)
  const view = new Uint8Array(backing.buffer, 13, 50)
  assert.equal(hex(sha1(view, 1, 49)), judge(backing.subarray(14, 62)))
})
