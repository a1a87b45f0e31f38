// JSON of bytes: each kind of wrong file is named with the place of the first mistake and what to do, and no text of it is quoted.

import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import { jsonOf } from './json-file.ts'

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8')

test('JSON is read, with a byte order mark too', () => {
  const same = { ok: true, value: { a: '\u00e4' } }
  for (const text of ['{"a":"\u00e4"}', '\ufeff{"a":"\u00e4"}', ' {"a":"\u00e4"}\r\n']) assert.deepEqual(jsonOf(utf8(text)), same)
})

const WRONG: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['nothing', utf8(''), /it is empty: fetch/],
  ['cut', utf8('{\n"a": [1,'), /no JSON: .* at line 2 column 9; fetch it again/],
  ['a comma too many', utf8('{"a":1,\n}'), /no JSON: .* at line 2 column 1; fetch/],
  ['a string that does not end', utf8('{"a":\n"x'), /line 2 column 3/],
  ['a page instead', utf8('<html>'), /no JSON: Unexpected token at line 1 column 1/],
  ['a word where a value belongs', utf8('{"a": 1,\n "b": true, "c": wrong}'), /line 2 column 18/],
  ['text behind', utf8('{}\n{}'), /line 2 column 1/],
  ['bytes of no character', Buffer.concat([utf8('{\n"a":"'), Buffer.from([0xff, 0xfe]), utf8('"}')]), /no UTF-8 from line 2 on: fetch/],
  ['a character cut at the end of a line', Buffer.concat([utf8('{"a":"'), Buffer.from([0xc3, 0x0a]), utf8('"}')]), /from line 1 on/],
  ['Latin-1', Buffer.from('{"a":"\u00e4"}', 'latin1'), /no UTF-8 from line 1/],
  ['UTF-16 with a mark', Buffer.from('\ufeff{}', 'utf16le'), /it is UTF-16: save it as UTF-8/],
  ['UTF-16 without one', Buffer.from('{}', 'utf16le'), /it is UTF-16/],
  ['gzip', gzipSync('{}'), /compressed \(gzip\): unpack/],
  ['zip', utf8('PK\u0003\u0004'), /archive \(zip\): unpack/],
]

for (const [what, bytes, words] of WRONG) {
  test(`${what} is told`, () => {
    const read = jsonOf(bytes)
    assert.ok(!read.ok)
    assert.match(read.error, words)
  })
}

test('no text of the file is quoted', () => {
  for (const text of ['{"ZZTEST^CANARY": ZZTEST^CANARY}', 'ZZTEST^CANARY', '{"a": "ZZTEST^CANARY" "b"}', '["ZZTEST^CANARY"']) {
    const read = jsonOf(utf8(text))
    assert.ok(!read.ok)
    assert.doesNotMatch(read.error, /CANARY|ZZTEST/)
  }
})
