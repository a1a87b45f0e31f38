// md5 against the test suite of RFC 1321 and against node:crypto at every block edge.
// Keeps the rule that a plain implementation has a judge of another make.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { md5Hex } from './md5.ts'

/** RFC 1321 appendix A.5. */
const RFC_1321: readonly (readonly [string, string])[] = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', '57edf4a22be3c955ac49da2e2107b67a'],
]

function judge(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

test('the test suite of RFC 1321', () => {
  for (const [text, digest] of RFC_1321) assert.equal(md5Hex(new TextEncoder().encode(text)), digest)
})

test('every length across three blocks, where the padding changes shape', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
    assert.equal(md5Hex(bytes), judge(bytes), `length ${length}`)
  }
})

test('only [off, end) counts, whatever lies around it', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), fc.nat(20), (bytes, before, after) => {
    const wide = new Uint8Array(before + bytes.length + after).fill(0xa5)
    wide.set(bytes, before)
    assert.equal(md5Hex(wide, before, before + bytes.length), judge(bytes))
  }))
})
