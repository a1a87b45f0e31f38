// Tests of the BER reader: what it writes it reads back, at any offset; cuts and hostile lengths are refused, never read past.
// Keeps the rule that a length is believed only when its bytes are there.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  berEquals, berInteger, BerItem, berObjectId, BerTag, encodeBer, encodeBerInteger, encodeBerObjectId, expectBer, OID_PARTS_MAX, readBer,
} from './ber.ts'

const read = (...bytes: number[]): BerItem | null => {
  const item = new BerItem()
  return readBer(Uint8Array.from(bytes), 0, bytes.length, item) ? item : null
}

test('an item is read back wherever it stands, and no prefix of it is', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), fc.nat(9), (content, pad) => {
    const bytes = encodeBer(BerTag.octetString, content)
    const buf = new Uint8Array(bytes.length + 2 * pad).fill(0x30)
    buf.set(bytes, pad)
    const item = new BerItem()
    ok(expectBer(buf, pad, buf.length, BerTag.octetString, item))
    deepEqual([item.off, item.end], [pad + bytes.length - content.length, pad + bytes.length])
    ok(berEquals(buf, item, [...content]))
    equal(readBer(buf, pad, pad + bytes.length - 1, item), false)
    equal(expectBer(buf, pad, buf.length, BerTag.integer, item), false)
  }))
})

test('lengths: longer forms than needed are read, indefinite and absurd ones are not', () => {
  deepEqual({ ...read(4, 0x81, 1, 7) }, { tag: 4, off: 3, end: 4 })
  deepEqual({ ...read(4, 0x84, 0, 0, 0, 1, 7) }, { tag: 4, off: 6, end: 7 })
  for (const bad of [[0x30, 0x80, 0, 0], [4, 0x85, 0, 0, 0, 0, 0], [4, 0xff], [4, 0x84, 0xff, 0xff, 0xff, 0xff], [4, 2, 0], [0x1f, 1, 0], [4], []]) {
    equal(read(...bad), null, bad.join(' '))
  }
})

test('integers: signed, at most six octets', () => {
  const value = (...bytes: number[]): number | null => berInteger(Uint8Array.from(bytes), Object.assign(new BerItem(), { off: 2, end: bytes.length }))
  equal(value(2, 1, 0x80), -128)
  equal(value(2, 2, 0, 0xff), 255)
  equal(value(2, 0), null)
  equal(value(2, 7, 1, 1, 1, 1, 1, 1, 1), null)
  fc.assert(fc.property(fc.nat({ max: 2 ** 31 }), (n) => equal(value(...encodeBerInteger(n)), n)))
})

test('object identifiers, and what is none', () => {
  const oid = (bytes: Uint8Array | readonly number[]): string | null => {
    const item = new BerItem()
    ok(readBer(Uint8Array.from(bytes), 0, bytes.length, item))
    return berObjectId(Uint8Array.from(bytes), item)
  }
  for (const text of ['1.3.6.1.2.1.1.1.0', '2.5.4.3', '1.3.6.1.4.1.4294967295.1', '0.0', '2.100.3']) equal(oid(encodeBerObjectId(text)), text)
  equal(oid([6, 0]), null)
  equal(oid([6, 2, 0x2b, 0x86]), null, 'cut inside a part')
  equal(oid([6, 6, 0x2b, 0x9f, 0xff, 0xff, 0xff, 0x7f]), null, 'a part above 2^32 - 1')
  equal(oid(encodeBer(6, new Uint8Array(OID_PARTS_MAX + 1).fill(1))), null, 'too many parts')
})
