// Texts met before are the texts themselves, whatever came between; what is remembered stays small.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldName, segmentName, TextMemory } from './text-memory.ts'

test('a text is that of its bytes, again and again', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), { maxLength: 200 }), (texts) => {
    const memory = new TextMemory()
    const bytes = new Uint8Array(128)
    for (const text of texts) {
      new TextEncoder().encodeInto(text, bytes)
      equal(memory.of(text.length % 3, bytes, text.length, (plain) => `<${plain}>`), `<${text}>`)
    }
  }))
})

test('names of segments and fields, known and new, beyond what is remembered', () => {
  for (let i = 0; i < 3000; i++) {
    const name = String.fromCharCode(65 + (i % 26), 65 + (Math.floor(i / 26) % 26), 65 + (Math.floor(i / 676) % 26))
    const letters = (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)
    equal(segmentName(letters), name)
    for (const field of [1, 5, 500, 1, 5, 500]) equal(fieldName(name, field), `${name}-${field}`)
  }
})
