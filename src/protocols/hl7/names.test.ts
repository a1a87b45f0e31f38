// Names are those of their letters and numbers, known and new.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { fieldName, segmentName } from './names.ts'

test('names of segments and fields, known and new, beyond what is remembered', () => {
  for (let i = 0; i < 3000; i++) {
    const name = String.fromCharCode(65 + (i % 26), 65 + (Math.floor(i / 26) % 26), 65 + (Math.floor(i / 676) % 26))
    const letters = (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)
    equal(segmentName(letters), name)
    for (const field of [1, 5, 500, 1, 5, 500]) equal(fieldName(name, field), `${name}-${field}`)
  }
})
