// XDR: what the writer writes the reader reads, and every short or oversized input ends in one named fault.
// Keeps the rule that wrong bytes never throw, and that our own wrong values do.

import { deepStrictEqual, equal, throws } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../base/assert.ts'
import { padded, XdrReader, XdrWriter } from './xdr.ts'

function reader(bytes: Uint8Array, off = 0, end = bytes.length): XdrReader {
  const r = new XdrReader()
  r.reset(bytes, off, end)
  return r
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

describe('XdrWriter', () => {
  test('integers are big endian (RFC 4506 sections 4.1 and 4.5)', () => {
    equal(hex(new XdrWriter().u32(0x01020304).bytes()), '01020304')
    equal(hex(new XdrWriter().u32(0xffffffff).bytes()), 'ffffffff')
    equal(hex(new XdrWriter().u64(0x1_0000_0002).bytes()), '0000000100000002')
    equal(hex(new XdrWriter().u64(Number.MAX_SAFE_INTEGER).bytes()), '001fffffffffffff')
    equal(hex(new XdrWriter().bool(true).bool(false).bytes()), '0000000100000000')
  })

  test('opaque and string are padded with zeros to four (sections 4.10 and 4.11)', () => {
    equal(hex(new XdrWriter().string('abcde').bytes()), '000000056162636465000000')
    equal(hex(new XdrWriter().string('').bytes()), '00000000')
    equal(hex(new XdrWriter().fixed(Uint8Array.of(1, 2, 3)).bytes()), '01020300')
    equal(hex(new XdrWriter().opaque(Uint8Array.of(1, 2, 3, 4)).bytes()), '0000000401020304')
  })

  test('grows past its first buffer and hands out copies', () => {
    const w = new XdrWriter()
    for (let i = 0; i < 1000; i++) w.u32(i)
    const first = w.bytes()
    w.u32(7)
    equal(first.length, 4000)
    equal(w.bytes().length, 4004)
    equal(hex(first.slice(3996)), '000003e7')
  })

  test('values that do not fit are our own mistake', () => {
    for (const wrong of [-1, 2 ** 32, 1.5, Number.NaN]) throws(() => new XdrWriter().u32(wrong), InvariantError)
    for (const wrong of [-1, 2 ** 53, 0.5]) throws(() => new XdrWriter().u64(wrong), InvariantError)
    throws(() => new XdrWriter().string('Zürich'), InvariantError)
    throws(() => new XdrWriter().string('ā'), InvariantError)
    throws(() => new XdrWriter().raw(Uint8Array.of(1)), InvariantError)
  })
})

describe('XdrReader', () => {
  test('reads at an offset and stops at its end, not at the buffer\'s', () => {
    const bytes = Uint8Array.of(9, 9, 0, 0, 0, 5, 0, 0, 0, 6)
    const r = reader(bytes, 2, 6)
    equal(r.u32(), 5)
    equal(r.u32(), 0)
    equal(r.fault, 'cut-short')
  })

  test('after a fault every read gives nothing and the first fault stays', () => {
    const r = reader(Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 1))
    equal(r.bool('set-it'), false)
    equal(r.fault, 'set-it')
    equal(r.u32(), 0)
    equal(r.text(10, 'name-length'), null)
    equal(r.hexKey(4), null)
    equal(r.fault, 'set-it')
  })

  test('text: printable ASCII, others a question mark, longer than allowed a fault', () => {
    const bytes = new XdrWriter().opaque(Uint8Array.of(0x2f, 0x70, 0x6d, 0x00, 0xff, 0x1b)).bytes()
    equal(reader(bytes).text(16, 'path-length'), '/pm???')
    const r = reader(bytes)
    equal(r.text(5, 'path-length'), null)
    equal(r.fault, 'path-length')
  })

  test('a length near 2^32 does not wrap', () => {
    const r = reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4))
    equal(r.skipOpaque(0xffffffff, 'verifier-length'), 0)
    equal(r.fault, 'cut-short')
    const s = reader(Uint8Array.of(0xff, 0xff, 0xff, 0xfd, 1, 2, 3, 4))
    equal(s.text(0xffffffff, 'name-length'), null)
    equal(s.fault, 'cut-short')
    const t = reader(Uint8Array.of(1, 2, 3, 4))
    equal(t.hexKey(0xffffffff), null)
    equal(t.fault, 'cut-short')
  })

  test('hexKey keeps every byte and steps over padding', () => {
    const r = reader(Uint8Array.of(0, 0x7f, 0xff, 0, 0, 0, 0, 1))
    equal(r.hexKey(3), '007fff')
    equal(r.u32(), 1)
    equal(r.fault, null)
  })

  test('u64 above 2^53 is rounded, not wrong by a word', () => {
    const r = reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1))
    equal(r.u64(), 0xffffffff * 2 ** 32)
  })

  test('reset forgets the fault', () => {
    const r = reader(Uint8Array.of(1))
    r.u32()
    r.reset(Uint8Array.of(0, 0, 0, 3), 0, 4)
    equal(r.u32(), 3)
    equal(r.fault, null)
  })
})

test('padded rounds up to four', () => {
  deepStrictEqual([0, 1, 3, 4, 5, 400].map(padded), [0, 4, 4, 4, 8, 400])
})

const item = fc.oneof(
  fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }) }),
)
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never

function write(w: XdrWriter, i: Item): void {
  if (i.kind === 'u32') w.u32(i.value)
  else if (i.kind === 'u64') w.u64(i.value)
  else if (i.kind === 'bool') w.bool(i.value)
  else w.string(i.value)
}

function read(r: XdrReader, i: Item): unknown {
  if (i.kind === 'u32') return r.u32()
  if (i.kind === 'u64') return r.u64()
  return i.kind === 'bool' ? r.bool('field') : r.text(40, 'field')
}

test('property: any items written are read back, and any cut is a fault', () => {
  fc.assert(fc.property(fc.array(item, { minLength: 1, maxLength: 12 }), fc.nat(), (items, cut) => {
    const w = new XdrWriter()
    for (const i of items) write(w, i)
    const bytes = w.bytes()
    const whole = reader(bytes)
    deepStrictEqual(items.map((i) => read(whole, i)), items.map((i) => i.value))
    equal(whole.fault, null)
    equal(whole.off, bytes.length)
    const short = reader(bytes, 0, cut % bytes.length)
    for (const i of items) read(short, i)
    equal(short.fault, 'cut-short')
  }))
})
