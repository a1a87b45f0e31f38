// Tests of the bounded memory: first times, forgetting, keys of bytes; and of the text that leaves.
// Keeps the rule that nothing new is hidden, compared with a memory without bound.

import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey, FirstSeen } from './first-seen.ts'
import { asciiBytes, hexText, lineText } from './text.ts'

test('every key is new at first, and while the table has room it is new once: as a memory without bound says', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 30 })), fc.integer({ min: 1, max: 40 }), (keys, max) => {
    const seen = new FirstSeen<number>(max)
    const slow = new Set<number>()
    for (const key of keys) {
      const isNew = seen.isNew(key)
      if (!slow.has(key)) ok(isNew, 'a new key was hidden')
      else if (slow.size <= max) equal(isNew, false)
      slow.add(key)
      ok(seen.size <= max)
    }
  }))
})

test('the key of bytes depends on the bytes alone, not on where they stand, and one bit changes it', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat({ max: 5 }), fc.nat(), (bytes, pad, bit) => {
    const moved = Uint8Array.from([...new Uint8Array(pad).fill(7), ...bytes, 9])
    equal(bytesKey(moved, pad, pad + bytes.length), bytesKey(bytes, 0, bytes.length))
    ok(Number.isSafeInteger(bytesKey(bytes, 0, bytes.length)))
    const other = bytes.slice()
    other[bit % bytes.length]! ^= 1 << (bit % 8)
    notEqual(bytesKey(other, 0, other.length), bytesKey(bytes, 0, bytes.length))
  }))
})

test('a text is one printable line, trimmed, bounded; nothing of it is null', () => {
  const line = (text: string, max?: number): string | null => lineText(Uint8Array.from(text, (c) => c.charCodeAt(0)), 0, text.length, max)
  deepEqual([line(' Cisco IOS\r\n\tVersion 12.1 \0\0'), line('caf\xe9\x01'), line(' \0'), line(''), line('abcdef', 3)],
    ['Cisco IOS Version 12.1', 'caf??', null, null, 'abc'])
  fc.assert(fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 20 }), (bytes, max) => {
    const text = lineText(bytes, 0, bytes.length, max) ?? ''
    ok(text.length <= max && Array.from(text).every((c) => c >= ' ' && c <= '~'))
  }))
})

test('hex and ASCII', () => {
  equal(hexText(Uint8Array.of(0, 255, 16), 0, 3), '00ff10')
  equal(hexText(new Uint8Array(9), 0, 9, 2), '0000')
  deepEqual(asciiBytes('aé'), [0x61, 0x3f])
})
