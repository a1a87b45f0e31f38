// Tests of the filter language: fields, bare words, minus, quotes, addresses with colons.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Fields, matches, parseSearch, TERMS_MAX, unknownFields } from './search.ts'

interface Row {
  readonly label: string
  readonly bed: number | null
  readonly mac: string
  readonly outside: boolean
}

const FIELDS: Fields<Row> = { label: (r) => [r.label], bed: (r) => [r.bed], mac: (r) => [r.mac], outside: (r) => [r.outside] }
const MONITOR: Row = { label: 'CMS8000 monitor, bed 7', bed: 7, mac: '00:01:02:03:04:07', outside: true }
const PRINTER: Row = { label: 'Printer', bed: null, mac: '02:01:02:03:04:44', outside: false }

function finds(text: string): string[] {
  return [MONITOR, PRINTER].filter((row) => matches(row, parseSearch(text), FIELDS)).map((row) => row.label)
}

describe('search', () => {
  const cases: readonly (readonly [string, readonly Row[]])[] = [
    ['', [MONITOR, PRINTER]], ['   ', [MONITOR, PRINTER]],
    ['monitor', [MONITOR]], ['MONITOR', [MONITOR]], ['-monitor', [PRINTER]],
    ['label:printer', [PRINTER]], ['bed:7', [MONITOR]], ['bed:1', []], ['bed:17', []],
    ['outside:yes', [MONITOR]], ['outside:no', [PRINTER]], ['-outside:yes', [PRINTER]],
    ['"bed 7"', [MONITOR]], ['label:"bed 7"', [MONITOR]], ['label:"bed 8"', []],
    ['monitor bed:7 outside:yes', [MONITOR]], ['monitor bed:8', []],
    ['00:01:02:03:04:07', [MONITOR]], ['02:01', [PRINTER]], ['fe80::1', []], ['ab:cd:ef', []],
    ['mac:04:44', [PRINTER]], ['mac:02:01:02', [PRINTER]],
    ['yes', [MONITOR]], ['-', [MONITOR, PRINTER]], ['""', [MONITOR, PRINTER]], ['nothing-like-it', []],
  ]
  for (const [text, rows] of cases) {
    it(`finds ${rows.length} by ${JSON.stringify(text)}`, () => assert.deepEqual(finds(text), rows.map((r) => r.label)))
  }

  it('tells of fields it does not have and does not hide rows for them', () => {
    assert.deepEqual(unknownFields(parseSearch('colour:red bed:7 shape:round -colour:blue'), FIELDS), ['colour', 'shape'])
    assert.deepEqual(finds('colour:red'), [MONITOR.label, PRINTER.label])
    assert.deepEqual(unknownFields(parseSearch('constructor:x'), FIELDS), ['constructor'])
  })

  it('takes any text without failing, and a bounded number of terms', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const terms = parseSearch(text)
      assert.ok(terms.length <= TERMS_MAX && terms.every((term) => term.value !== ''))
      matches(MONITOR, terms, FIELDS)
    }))
    assert.equal(parseSearch('x '.repeat(500)).length, TERMS_MAX)
  })

  it('splits rows in two by a term and its negation', () => {
    const field = fc.constantFrom(...Object.keys(FIELDS))
    fc.assert(fc.property(field, fc.stringMatching(/^[a-z0-9]{1,6}$/), (name, value) => {
      const [plain, minus] = [parseSearch(`${name}:${value}`), parseSearch(`-${name}:${value}`)]
      for (const row of [MONITOR, PRINTER]) assert.notEqual(matches(row, plain, FIELDS), matches(row, minus, FIELDS))
    }))
  })
})
