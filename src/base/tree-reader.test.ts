// Tests of the tree reader: each reader's values, each of its diagnostics, and the bounds on both.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createReader, DIAGNOSTICS_MAX, hasErrors, NAME_LENGTH_MAX, quote, readChoice, readFlag, readList, readMap, readName, readNumber, readPortRange, readText,
  report,
  TEXT_LENGTH_MAX, type TreeReader,
} from './tree-reader.ts'
import { treeFromValue, type PlainValue, type TreeNode } from './tree.ts'

const node = (value: PlainValue): TreeNode => treeFromValue(value, 'x.yaml')
const codes = (reader: TreeReader): string[] => reader.diagnostics.map((d) => d.code)
const KEYS = { name: { required: true, help: 'Add a name.' }, kind: { required: false, help: 'Add a kind.' } }

test('a map gives its known fields and reports unknown and missing ones', () => {
  const reader = createReader('t')
  const fields = readMap(reader, node({ nam: 'x', kind: 'it', constructor: 1 }), 'a zone', KEYS)
  assert.equal(fields?.get('kind')?.kind, 'scalar')
  assert.equal(fields?.get('constructor'), undefined)
  assert.deepEqual(reader.diagnostics.map((d) => [d.code, d.message, d.help]), [
    ['t/unknown-key', 'a zone has no key "nam"', 'Did you mean "name"?'],
    ['t/unknown-key', 'a zone has no key "constructor"', 'Its keys are: name, kind.'],
    ['t/missing-key', 'a zone has no "name"', 'Add a name.'],
  ])
})

test('what is no map is no map', () => {
  for (const value of ['x', 5, null, [], true] as const) {
    const reader = createReader('t')
    assert.equal(readMap(reader, node(value), 'a zone', KEYS), null)
    assert.deepEqual(codes(reader), ['t/expected-map'])
  }
})

test('keys of every object are unknown keys, not inherited ones', () => {
  for (const key of ['__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
    const reader = createReader('t')
    const entries = [{ key, at: node('x'), value: node('x') }, { key: 'name', at: node('x'), value: node('x') }]
    readMap(reader, { kind: 'map', entries, file: 'x', line: 1, column: 1 }, 'a zone', KEYS)
    assert.deepEqual(codes(reader), ['t/unknown-key'], key)
  }
})

test('lists, single items, absent ones and too long ones', () => {
  const reader = createReader('t')
  assert.equal(readList(reader, undefined, 'x', 3).length, 0)
  assert.equal(readList(reader, node([1, 2, 3]), 'x', 3).length, 3)
  assert.equal(readList(reader, node('one'), 'x', 3, true).length, 1)
  assert.deepEqual(codes(reader), [])
  assert.equal(readList(reader, node('one'), 'x', 3).length, 0)
  assert.equal(readList(reader, node(null), 'x', 3, true).length, 0)
  assert.equal(readList(reader, node([1, 2, 3, 4]), 'x', 3).length, 3)
  assert.deepEqual(codes(reader), ['t/expected-list', 't/expected-list', 't/too-long'])
})

test('text: trimmed, bounded, printable, and never a number in disguise', () => {
  const rows: readonly (readonly [PlainValue, string | null, string | null])[] = [
    ['  a reason  ', 'a reason', null],
    ['two\nlines', 'two\nlines', null],
    ['नमस्ते', 'नमस्ते', null],
    ['x'.repeat(TEXT_LENGTH_MAX), 'x'.repeat(TEXT_LENGTH_MAX), null],
    ['x'.repeat(TEXT_LENGTH_MAX + 1), null, 't/too-long'],
    ['   ', null, 't/empty-text'],
    [515, null, 't/expected-text'],
    [false, null, 't/expected-text'],
    [null, null, 't/expected-text'],
    [['x'], null, 't/expected-text'],
    ['bell\u0007', null, 't/hidden-character'],
    ['escape \u001b[31m', null, 't/hidden-character'],
    ['right to left \u202e', null, 't/hidden-character'],
    ['a\ttab', null, 't/hidden-character'],
  ]
  for (const [value, expected, code] of rows) {
    const reader = createReader('t')
    assert.equal(readText(reader, node(value), 'it'), expected, JSON.stringify(value))
    assert.deepEqual(codes(reader), code === null ? [] : [code])
  }
  assert.equal(readText(createReader('t'), undefined, 'it'), null)
})

test('a number where text belongs is shown in quotes', () => {
  const reader = createReader('t')
  readText(reader, node(7), '"name"')
  assert.equal(reader.diagnostics[0]?.help, 'Put quotes around it: "7".')
})

test('names: a form every firewall takes, with a corrected one in the help', () => {
  const rows: readonly (readonly [string, boolean, string | null])[] = [
    ['bedside', true, null], ['icu-3', true, null], ['a', true, null], ['a'.repeat(NAME_LENGTH_MAX), true, null],
    ['ICU 3', false, 'icu-3'], ['3-icu', false, 'icu'], ['bed_side', false, 'bed-side'], ['-x-', false, 'x'], ['日本', false, null],
  ]
  for (const [text, good, fixed] of rows) {
    const reader = createReader('t')
    assert.equal(readName(reader, node(text), 'zone'), good ? text : null)
    if (good) assert.deepEqual(codes(reader), [])
    else assert.equal(reader.diagnostics[0]?.help.includes(`e.g. "${fixed}"`), fixed !== null, text)
  }
})

test('the corrected name is a name itself', () => {
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: NAME_LENGTH_MAX }), (text) => {
    const reader = createReader('t')
    readName(reader, node(text), 'zone')
    const fixed = /e\.g\. "([^"]*)"/.exec(reader.diagnostics[0]?.help ?? '')?.[1]
    if (fixed === undefined) return
    const again = createReader('t')
    assert.equal(readName(again, node(fixed), 'zone'), fixed)
  }))
})

test('choices are compared as written, so that words and numbers both work', () => {
  const reader = createReader('t')
  assert.equal(readChoice(reader, node(1), 'version', ['1']), '1')
  assert.equal(readChoice(reader, node('allow'), 'action', ['allow', 'deny']), 'allow')
  assert.equal(readChoice(reader, undefined, 'action', ['allow', 'deny']), null)
  assert.deepEqual(codes(reader), [])
  assert.equal(readChoice(reader, node('alow'), 'action', ['allow', 'deny']), null)
  assert.equal(readChoice(reader, node(['allow']), 'action', ['allow', 'deny']), null)
  assert.equal(readChoice(reader, node(null), 'action', ['allow', 'deny']), null)
  assert.deepEqual(reader.diagnostics.map((d) => [d.message, d.help]), [
    ['action cannot be "alow"', 'Did you mean "allow"? One of: allow, deny.'],
    ['action cannot be a list', 'One of: allow, deny.'],
    ['action cannot be nothing', 'One of: allow, deny.'],
  ])
})

test('port ranges say which of the three ways they are wrong', () => {
  const rows: readonly (readonly [PlainValue, string | null, string])[] = [
    [515, null, ''], ['515-520', null, ''],
    ['520-515', 't/empty-range', 'Write the lower number first: 515-520.'],
    [70000, 't/port-out-of-range', 'Correct the number.'],
    ['http', 't/bad-port', 'Write a number or a range with a hyphen, e.g. 2575 or 515-520.'],
    [null, 't/bad-port', 'Write a number or a range with a hyphen, e.g. 2575 or 515-520.'],
    [5.5, 't/bad-port', 'Write a number or a range with a hyphen, e.g. 2575 or 515-520.'],
  ]
  for (const [value, code, help] of rows) {
    const reader = createReader('t')
    assert.equal(readPortRange(reader, node(value), 'service x') === null, code !== null)
    assert.deepEqual(reader.diagnostics.map((d) => [d.code, d.help]), code === null ? [] : [[code, help]])
  }
})

test('quoted text is short and shows what is hidden', () => {
  assert.equal(quote('plain'), '"plain"')
  assert.equal(quote('a\u001b[31mb'), '"a\\u{1b}[31mb"')
  assert.equal(quote('a\u202eb'), '"a\\u{202e}b"')
  assert.equal(quote('x'.repeat(100)).length, 63)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.doesNotMatch(quote(text), /\p{Cc}/u)))
})

test('a flood of problems ends in one line that says so', () => {
  const reader = createReader('t')
  const at = { file: 'x', line: 3, column: 1 }
  for (let i = 0; i < DIAGNOSTICS_MAX * 3; i++) report(reader, at, 'w', 'wrong', 'help', 'warning')
  assert.equal(reader.diagnostics.length, DIAGNOSTICS_MAX + 1)
  assert.equal(reader.diagnostics.at(-1)?.code, 't/too-many')
  assert.equal(hasErrors(reader.diagnostics), true)
})

test('warnings are no errors', () => {
  const reader = createReader('t')
  report(reader, { file: 'x', line: 1, column: 1 }, 'w', 'wrong', 'help', 'warning')
  assert.equal(hasErrors(reader.diagnostics), false)
})

test('flags and numbers are what they are, inside their bounds', () => {
  const reader = createReader('t')
  assert.deepEqual([readFlag(reader, node(true), 'x'), readFlag(reader, undefined, 'x'), readNumber(reader, node(3), 'x', 1, 3)], [true, null, 3])
  assert.deepEqual([readNumber(reader, undefined, 'x', 1, 3), readNumber(reader, node(1.5), 'x', 1, 3, true)], [null, 1.5])
  assert.equal(reader.diagnostics.length, 0)
  for (const value of ['true', 1, null]) assert.equal(readFlag(reader, node(value), 'x'), null)
  for (const value of [0, 4, 1.5, '2', null, true]) assert.equal(readNumber(reader, node(value), 'x', 1, 3), null)
  assert.deepEqual(reader.diagnostics.map((d) => d.code), [
    ...Array.from({ length: 3 }, () => 't/expected-flag'), ...Array.from({ length: 6 }, () => 't/bad-number'),
  ])
  assert.equal(reader.diagnostics.at(-1)?.help, 'Write a whole number from 1 to 3.')
})
