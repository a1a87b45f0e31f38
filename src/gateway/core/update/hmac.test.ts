// HMAC-SHA256: the vectors of RFC 4231, node's own implementation as the twin, and the comparison.
// Keeps the rule that a check which cannot fail is not a check: one bit changed is another digest.

import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOfHex, equalInConstantTime, hexOfBytes, hmacSha256 } from './hmac.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

/** RFC 4231 sections 4.2 to 4.8; case 5 states 16 bytes only. */
const VECTORS: readonly (readonly [string, Uint8Array, Uint8Array, string])[] = [
  ['case 1', filled(20, 0x0b), ascii('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  ['case 2, a short key', ascii('Jefe'), ascii('what do ya want for nothing?'), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  ['case 3', filled(20, 0xaa), filled(50, 0xdd), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  ['case 4', Uint8Array.from({ length: 25 }, (_, i) => i + 1), filled(50, 0xcd), '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b'],
  ['case 5, cut', filled(20, 0x0c), ascii('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  ['case 6, a key longer than a block', filled(131, 0xaa), ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'],
  ['case 7, key and data longer than a block', filled(131, 0xaa),
    ascii('This is a test using a larger than block-size key and a larger than block-size data. ' +
      'The key needs to be hashed before being used by the HMAC algorithm.'),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2'],
]

for (const [name, key, data, digest] of VECTORS) {
  test(`RFC 4231 ${name}`, () => equal(hexOfBytes(hmacSha256(key, data)).slice(0, digest.length), digest))
}

test('is the same function as node:crypto has, for any key and message', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
    equal(hexOfBytes(hmacSha256(key, message)), createHmac('sha256', key).update(message).digest('hex'))
  }))
})

test('one bit of the message or the key changes the digest', () => {
  const base = hexOfBytes(hmacSha256(filled(32, 1), filled(16, 0)))
  notEqual(hexOfBytes(hmacSha256(filled(32, 1), Uint8Array.of(1, ...filled(15, 0)))), base)
  notEqual(hexOfBytes(hmacSha256(Uint8Array.of(0, ...filled(31, 1)), filled(16, 0))), base)
})

test('the comparison finds a difference at any place, and unequal lengths', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, bits) => {
    const other = bytes.slice()
    const i = at % bytes.length
    other[i] = (other[i] as number) ^ bits
    equal(equalInConstantTime(bytes, bytes.slice()), true)
    equal(equalInConstantTime(bytes, other), false)
    equal(equalInConstantTime(bytes, bytes.subarray(1)), false)
  }))
  equal(equalInConstantTime(new Uint8Array(0), new Uint8Array(0)), true)
})

test('hexadecimal goes there and back', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => deepEqual(bytesOfHex(hexOfBytes(bytes)), bytes)))
})
