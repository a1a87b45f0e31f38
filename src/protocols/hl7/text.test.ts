// Tests of collected text: cleaned as a text would be, compared and made.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clean, cleanedText, collecting, isCleaned } from './text.ts'

/** The slow twin, over a text. */
function slowly(text: string): string {
  const trimmed = text.replace(/[\^ ]+$/, '').trimStart()
  return trimmed === '""' ? '' : trimmed
}

test('outer blanks, trailing carets and empty quotes are left out', () => {
  const text = fc.array(fc.constantFrom(' ', '^', '"', 'a', 'B', '?'), { maxLength: 9 }).map((all) => all.join(''))
  fc.assert(fc.property(text, text, (dirty, other) => {
    for (let i = 0; i < dirty.length; i++) collecting[i] = dirty.charCodeAt(i)
    const expected = slowly(dirty)
    equal(clean(dirty.length), expected !== '')
    equal(cleanedText(''), expected)
    equal(cleanedText(expected), expected)
    equal(cleanedText(other), expected)
    equal(isCleaned(other), other === expected)
  }))
})
