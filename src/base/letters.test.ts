// Letters: texts made at once against texts put together letter by letter, which is the slow twin; and the memory they take.
// Keeps "allocations, not seconds": bytes of heap a text are compared.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { hexLetter, letters, LETTERS_MAX, textOfLetters } from './letters.ts'

test('a text of letters is what letter by letter gives, of any length there is room for', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: LETTERS_MAX, size: 'max' }), (bytes) => {
    letters.set(bytes)
    let twin = ''
    for (const byte of bytes) twin += String.fromCharCode(byte)
    assert.equal(textOfLetters(bytes.length), twin)
  }))
  letters.fill(0x61)
  assert.deepEqual([textOfLetters(0), textOfLetters(1), textOfLetters(LETTERS_MAX).length], ['', 'a', LETTERS_MAX])
})

test('a text made before does not change when others are written', () => {
  letters.set([0x61, 0x62, 0x63])
  const first = textOfLetters(3)
  letters.set([0x78, 0x79, 0x7a])
  assert.deepEqual([first, textOfLetters(3)], ['abc', 'xyz'])
})

test('hex letters are those of toString(16)', () => {
  for (let value = 0; value < 16; value++) assert.equal(String.fromCharCode(hexLetter(value)), value.toString(16))
})

/** Bytes of heap that each of 20,000 distinct texts of 40 letters takes, made by `make`. */
function heapEach(make: string): number {
  const work = `import { letters, textOfLetters } from ${JSON.stringify(path.join(import.meta.dirname, 'letters.ts'))}
    function put(k) { for (let i = 0; i < 40; i++) letters[i] = 65 + (k >>> (i % 4) * 5 & 15) }
    const make = ${make}
    gc()
    const before = process.memoryUsage().heapUsed
    const kept = Array.from({ length: 20_000 }, (_, k) => (put(k), make()))
    gc()
    console.log((process.memoryUsage().heapUsed - before) / kept.length)`
  return Number(execFileSync(process.execPath, ['--expose-gc', '--no-warnings', '--input-type=module', '-e', work], { encoding: 'utf8' }))
}

test('forty letters take less than a hundred bytes; letter by letter, the control, several hundred', (t) => {
  const atOnce = heapEach('() => textOfLetters(40)')
  const oneByOne = heapEach("() => { let text = ''; for (let i = 0; i < 40; i++) text += String.fromCharCode(letters[i]); return text }")
  t.diagnostic(`${atOnce} and ${oneByOne} bytes`)
  assert.ok(atOnce < 100, `${atOnce} bytes`)
  assert.ok(oneByOne > 400, `${oneByOne} bytes`)
})
