// Sha256 against the FIPS 180 examples and against node:crypto, whole and in any split.
// Keeps the rule that a plain implementation has a judge of another make.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from './assert.ts'
import { Sha256 } from './sha256.ts'

function judge(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The example messages NIST publishes beside FIPS 180. */
const NIST: readonly (readonly [string, string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
]

test('the NIST examples', () => {
  for (const [text, digest] of NIST) assert.equal(new Sha256().update(new TextEncoder().encode(text)).hex(), digest)
})

test('one million letters a, in uneven pieces', () => {
  const piece = new Uint8Array(999).fill(0x61)
  const hash = new Sha256()
  for (let i = 0; i < 1001; i++) hash.update(piece)
  hash.update(piece, 0, 1)
  assert.equal(hash.hex(), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
})

test('every length across three blocks, where the padding changes shape', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 11 + length) & 255)
    assert.equal(new Sha256().update(bytes).hex(), judge(bytes), `length ${length}`)
  }
})

test('every two-way split of 150 bytes gives the same digest', () => {
  const bytes = Uint8Array.from({ length: 150 }, (_, i) => (i * 31) & 255)
  const whole = judge(bytes)
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.equal(new Sha256().update(bytes, 0, cut).update(bytes, cut, bytes.length).hex(), whole, `cut at ${cut}`)
  }
})

test('random bytes in random pieces, inside a larger buffer', () => {
  const split = fc.array(fc.uint8Array({ maxLength: 130, size: 'max' }), { maxLength: 12, size: 'max' })
  fc.assert(fc.property(split, fc.nat(9), (pieces, before) => {
    const hash = new Sha256()
    for (const piece of pieces) {
      const wide = new Uint8Array(before + piece.length + 5).fill(0x5a)
      wide.set(piece, before)
      hash.update(wide, before, before + piece.length)
    }
    assert.equal(hash.hex(), judge(Buffer.concat(pieces)))
  }))
})

test('hex may be asked twice, update after it is our bug', () => {
  const hash = new Sha256().update(Uint8Array.of(1, 2, 3))
  assert.equal(hash.hex(), hash.hex())
  assert.throws(() => hash.update(Uint8Array.of(4)), InvariantError)
})
