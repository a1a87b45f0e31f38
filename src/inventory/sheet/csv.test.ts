// Tests of CSV: what was written is read, whatever stands in the cells; careless files are read as people would.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DELIMITERS, detectDelimiter, formatCsv, parseCsv, type DelimiterName } from './csv.ts'
import { sheetRows } from './sheet.ts'
import { walkXml } from './xml.ts'

const NAMES = Object.keys(DELIMITERS) as DelimiterName[]

test('formatCsv and parseCsv are each other\'s inverse', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'ä', ',', ';', '|', '\t', '"', '\n', '\r', ' '), maxLength: 6 })
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }).filter((row) => row.length > 1 || row[0] !== ''), { minLength: 1, maxLength: 5 })
  fc.assert(fc.property(rows, fc.constantFrom(...NAMES), (table, name) => {
    const text = formatCsv(table, name)
    fc.pre(!/^sep=/i.test(text))
    const { places, ...read } = parseCsv(text, name)
    assert.deepEqual(read, { rows: table, delimiter: name, problems: [] })
    assert.deepEqual(places, table.map((_, i) => ({ sheet: 1, row: i + 1 })))
  }))
})

test('the delimiter is found from the rows, or told by sep=', () => {
  for (const name of NAMES) assert.equal(detectDelimiter(`tag${DELIMITERS[name]}model, long\n1${DELIMITERS[name]}a, b, c\n2${DELIMITERS[name]}c`), name)
  assert.equal(detectDelimiter('Exported, for the ward\ntag;model\n1;a\n2;b'), 'semicolon')
  assert.deepEqual(parseCsv('sep=;\r\na,b;c\r\n').rows, [['a,b', 'c']])
  assert.equal(detectDelimiter('one column\nonly'), 'comma')
})

test('line ends of all kinds, empty lines, text behind a quote, a quote never closed', () => {
  assert.deepEqual(parseCsv('a,b\rc,d\n\r\n\ne,f').rows, [['a', 'b'], ['c', 'd'], ['e', 'f']])
  assert.deepEqual(parseCsv('"a"x,b\n5" disk,c\n').rows, [['ax', 'b'], ['5" disk', 'c']])
  const open = parseCsv('a,"b\nc,d\n')
  assert.deepEqual([open.rows, open.problems], [[['a', 'b\nc,d\n']], ['row 1: a quote is never closed']])
  assert.deepEqual(parseCsv('').rows, [])
})

test('XML: entities, CDATA and comments are read; a document type, an open tag and an open comment end it', () => {
  const seen: string[] = []
  const visitor = {
    open: (name: string, attribute: (n: string) => string | null) => seen.push(`<${name} ${attribute('r') ?? '-'}`),
    close: (name: string) => seen.push(`>${name}`), text: (text: string) => seen.push(text),
  }
  assert.ok(walkXml('<?xml version="1"?><x:a x:r="1 &gt; 0">b&amp;&#65;&#x42;&nope;<!-- <c> --><![CDATA[<&]]></x:a><d r=\'>\'/>', visitor))
  assert.deepEqual(seen, ['<a 1 > 0', 'b&AB&nope;', '<&', '>a', '<d >', '>d'])
  for (const bad of ['<!DOCTYPE a>', '<a', '<!-- ', '<![CDATA[', '<?', '<a b=">']) assert.ok(!walkXml(bad, visitor), bad)
})

test('cells without references follow each other; numbers, booleans and unknown shared strings are texts', () => {
  const xml = '<sheetData><row><c><v>1.5</v></c><c t="b"><v>1</v></c><c r="E1" t="s"><v>9</v></c><c t="str"><f>A1</f><v>z</v></c></row></sheetData>'
  assert.deepEqual(sheetRows(xml, ['a']), [['1.5', 'TRUE', '', '', '', 'z']])
  assert.equal(sheetRows('<row', []), null)
})
