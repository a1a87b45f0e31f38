// AES-128 and GCM against FIPS 197, the vectors of GCM's own description, and node:crypto.
// Keeps the rule that a plain implementation has a judge of another make.

import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Aes128, GCM_TAG_BYTES, openGcm } from './aes.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

function encrypt(key: Uint8Array, block: Uint8Array): string {
  const out = new Uint8Array(16)
  new Aes128(key).block(block, 0, out)
  return hex(out)
}

test('FIPS 197 appendices B and C.1', () => {
  assert.equal(encrypt(bytes('2b7e151628aed2a6abf7158809cf4f3c'), bytes('3243f6a8885a308d313198a2e0370734')), '3925841d02dc09fbdc118597196a0b32')
  assert.equal(encrypt(bytes('000102030405060708090a0b0c0d0e0f'), bytes('00112233445566778899aabbccddeeff')), '69c4e0d86a7b0430d8cdb78070b4c55a')
})

const block = fc.uint8Array({ minLength: 16, maxLength: 16 })

test('any key and block, as node:crypto encrypts it, wherever the block stands', () => {
  fc.assert(fc.property(block, block, fc.nat(9), (key, plain, off) => {
    const judge = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(plain)
    const wide = new Uint8Array(16 + 2 * off)
    wide.set(plain, off)
    const out = new Uint8Array(16)
    new Aes128(key).block(wide, off, out)
    assert.equal(hex(out), judge.toString('hex'))
  }))
})

function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(aad)
  return Uint8Array.from([...cipher.update(plain), ...cipher.final(), ...cipher.getAuthTag()])
}

test('GCM opens what node:crypto sealed, at any offset, and nothing with one bit changed', () => {
  const data = fc.uint8Array({ maxLength: 80 })
  const nonceArbitrary = fc.uint8Array({ minLength: 12, maxLength: 12 })
  fc.assert(fc.property(block, nonceArbitrary, data, data, fc.nat(5), fc.nat(10_000), (key, nonce, aad, plain, off, place) => {
    const sealed = seal(key, nonce, aad, plain)
    const buf = new Uint8Array(sealed.length + 2 * off).fill(7)
    buf.set(sealed, off)
    const aes = new Aes128(key)
    assert.deepEqual(openGcm(aes, nonce, aad, buf, off, off + sealed.length), plain)
    const bit = place % (sealed.length * 8)
    buf[off + (bit >> 3)] = (buf[off + (bit >> 3)] as number) ^ (1 << (bit & 7))
    assert.equal(openGcm(aes, nonce, aad, buf, off, off + sealed.length), null)
  }))
})

test('a packet shorter than its tag is not opened', () => {
  const aes = new Aes128(new Uint8Array(16))
  const empty = new Uint8Array(0)
  for (let length = 0; length < GCM_TAG_BYTES; length++) assert.equal(openGcm(aes, new Uint8Array(12), empty, new Uint8Array(length), 0, length), null)
})

test('the vectors of GCM\'s description: nothing, and one block of zeros, under a key of zeros', () => {
  const zeros = new Uint8Array(16)
  const open = (sealed: string): Uint8Array | null => {
    const buf = bytes(sealed)
    return openGcm(new Aes128(zeros), new Uint8Array(12), new Uint8Array(0), buf, 0, buf.length)
  }
  assert.deepEqual(open('58e2fccefa7e3061367f1d57a4e7455a'), new Uint8Array(0))
  assert.deepEqual(open('0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf'), zeros)
})
