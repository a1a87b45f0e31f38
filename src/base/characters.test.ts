// Tests of the looks at characters against the regular expressions they stand for.
// Keeps the slow twin: a regular expression is the plain way to say it, and here the text is ours.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { every, isDigit, isDigits, isSpace, isUpperCase, words } from './characters.ts'

const near = fc.constantFrom('0', '9', '/', ':', 'A', 'Z', '@', '[', ' ', '\t', '\n', '\u00a0', '\u2028', 'é')
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: near }))

test('each says what its expression says, of any text', () => {
  fc.assert(fc.property(text, (t) => {
    equal(isDigits(t), /^\d+$/.test(t))
    equal(every(t, isUpperCase), /^[A-Z]*$/.test(t))
    equal(every(t, isSpace), /^\s*$/.test(t))
    deepEqual(words(t), t.split(/\s+/).filter((word) => word !== ''))
  }))
})

test('of no character nothing holds', () => {
  for (const holds of [isDigit, isUpperCase, isSpace]) deepEqual([holds(undefined), holds('')], [false, false])
  deepEqual([isDigit('5'), isDigit('55'), isUpperCase('Q'), isUpperCase('q'), isSpace(' '), isSpace('x')], [true, false, true, false, true, false])
  deepEqual(words('  a  bc\n'), ['a', 'bc'])
})
