// HMAC and HKDF against RFC 4231, RFC 5869's shape by node:crypto, and the secrets of RFC 9001 appendix A.
// Keeps the rule that a plain implementation has a judge of another make.

import assert from 'node:assert/strict'
import { createHmac, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hkdfExpandLabel, hkdfExtract, hmacSha256 } from './hkdf.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

test('RFC 4231 test case 2, and a key longer than a block', () => {
  const mac = hmacSha256(new TextEncoder().encode('Jefe'), new TextEncoder().encode('what do ya want for nothing?'))
  assert.equal(hex(mac), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  const key = new Uint8Array(131).fill(0xaa)
  const mac6 = hmacSha256(key, new TextEncoder().encode('Test Using Larger Than Block-Size Key - Hash Key First'))
  assert.equal(hex(mac6), '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54')
})

test('any key and message, in any pieces', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), fc.nat(200), (key, message, cut) => {
    const judge = createHmac('sha256', key).update(message).digest('hex')
    assert.equal(hex(hmacSha256(key, message.slice(0, cut), message.slice(cut))), judge)
  }))
})

/** RFC 9001 appendix A.1. */
test('the client\'s initial secret, key, IV and header key of QUIC', () => {
  const initial = hkdfExtract(bytes('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'), bytes('8394c8f03e515708'))
  assert.equal(hex(initial), '7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44')
  const client = hkdfExpandLabel(initial, 'client in', 32)
  assert.equal(hex(client), 'c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea')
  assert.deepEqual([hex(hkdfExpandLabel(client, 'quic key', 16)), hex(hkdfExpandLabel(client, 'quic iv', 12)), hex(hkdfExpandLabel(client, 'quic hp', 16))],
    ['1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'])
})

test('as node:crypto derives it, from salt and material to the last byte', () => {
  const input = fc.uint8Array({ minLength: 1, maxLength: 80 })
  fc.assert(fc.property(input, input, fc.integer({ min: 1, max: 32 }), (salt, key, n) => {
    const info = Uint8Array.from([0, n, 8, ...Buffer.from('tls13 ab'), 0])
    assert.equal(hex(hkdfExpandLabel(hkdfExtract(salt, key), 'ab', n)), Buffer.from(hkdfSync('sha256', key, salt, info, n)).toString('hex'))
  }))
})
