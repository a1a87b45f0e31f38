// Tests of lists from disk: told by content, bounded, and every wrong file a sentence; a workbook gives the texts that were put in.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { CONFIDENCE_WORDS } from '../inventory/claims.ts'
import { CONFIRMABLE } from '../inventory/decision.ts'
import { OBSERVED_COLUMNS } from '../inventory/listed/diff.ts'
import { LIST_FIELDS } from '../inventory/listed/listed.ts'
import { COMPARED_CODES } from '../inventory/mds2/contradictions.ts'
import type { Rows } from '../inventory/sheet/sheet.ts'
import { smallWorkbook, smallZip } from '../testing/small-workbook.ts'
import { columnsText, loadColumns } from './columns-file.ts'
import { readListFile } from './list-file.ts'
import { productPath } from './product.ts'
import { readZip } from './zip.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'cordon-lists-'))
after(() => rmSync(FOLDER, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name)
  writeFileSync(path, content)
  return path
}

function rowsOf(path: string): Rows {
  const read = readListFile(path)
  assert.ok(read.ok && read.value.kind === 'rows')
  return read.value.rows
}

test('a CSV in UTF-8, UTF-16 and windows-1252 gives the same rows, whatever the delimiter', () => {
  const rows = [['Gerät', 'Raum'], ['Monitor "A"', 'Süd; 1']]
  for (const mark of [',', ';', '\t', '|']) {
    const text = `Gerät${mark}Raum\r\n"Monitor ""A"""${mark}"Süd; 1"\r\n`
    assert.deepEqual(rowsOf(file('a.csv', text)), rows)
    assert.deepEqual(rowsOf(file('b.csv', `\ufeff${text}`)), rows)
    assert.deepEqual(rowsOf(file('c.csv', Buffer.from(`\ufeff${text}`, 'utf16le'))), rows)
    assert.deepEqual(rowsOf(file('d.csv', Buffer.from(`\ufeff${text}`, 'utf16le').swap16())), rows)
    assert.deepEqual(rowsOf(file('e.csv', Buffer.from(text, 'latin1'))), rows)
  }
})

test('a workbook gives its texts: shared and inline, sheets in their order, phonetic help left out', () => {
  const first = [['Question ID', 'Question', 'Answer'], ['MPII-1', 'A & B < "C"?', 'Yes'], ['', 'alone', ''], ['x', '', 'far']]
  const rows = rowsOf(file('form.xlsx', smallWorkbook([first, [['second']]])))
  assert.deepEqual(rows, [first[0], first[1], ['', 'alone'], ['x', '', 'far'], ['second']])
})

test('any rows survive a workbook', () => {
  const text = fc.string({ maxLength: 8 }).map((s) => s.replaceAll(/[\p{Cc}\p{Cs}]/gu, '').trim()).filter((s) => s !== '')
  fc.assert(fc.property(fc.array(fc.array(text, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }), (rows) => {
    assert.deepEqual(rowsOf(file('any.xlsx', smallWorkbook([rows]))), rows)
  }), { numRuns: 50 })
})

test('rows keep the numbers a person sees, in CSV with blank lines and line ends in cells, and in every sheet', () => {
  const numbers = (path: string): unknown => {
    const read = readListFile(path)
    assert.ok(read.ok && read.value.kind === 'rows')
    return read.value.places.map(({ sheet, row }) => `${sheet}:${row}`)
  }
  assert.deepEqual(numbers(file('rows.csv', 'sep=;\na;b\n\n"x\ny";2\n;;\n3;4\n')), ['1:2', '1:4', '1:5', '1:6'])
  assert.deepEqual(numbers(file('rows.xlsx', smallWorkbook([[['a'], [''], ['b']], [['c']]]))), ['1:1', '1:3', '2:1'])
})

test('parts of a workbook with names of their own; a told encoding that is the wrong one; an old or locked workbook', () => {
  const sheet = '<worksheet><sheetData><row r="1"><c t="s"><v>0</v></c></row></sheetData></worksheet>'
  const parts = new Map([['xl/worksheets/Tabelle1.xml', sheet], ['xl/SharedStrings.xml', '<sst><si><t>one</t></si></sst>']])
  assert.deepEqual(rowsOf(file('own.xlsx', smallZip(parts))), [['one']])
  const wrong = readListFile(file('latin.csv', Buffer.from('Gerät,Raum\nSüd,1\n', 'latin1')), { encoding: 'utf-8' })
  assert.deepEqual(wrong.ok && wrong.value.kind === 'rows' && wrong.value.problems,
    ['2 characters are no utf-8; tell the right encoding in the columns file, or save the list as UTF-8'])
  const old = readListFile(file('old.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0])))
  assert.equal(old.ok ? '' : old.error.code, 'file/xls')
})

test('JSON is JSON; what is neither list nor JSON is a sentence', () => {
  const read = readListFile(file('n.json', ' {"devices": []}'))
  assert.ok(read.ok && read.value.kind === 'json')
  const wrong = [
    [file('cut.json', '[{'), 'file/json'], [file('bin', Buffer.from([1, 0, 0, 0, 2, 0, 0, 0])), 'file/binary'], [file('empty.csv', ''), 'file/empty'],
    [FOLDER, 'file/not-a-file'], [join(FOLDER, 'none'), 'file/missing'], [file('no.xlsx', smallZip(new Map([['a', 'b']]))), 'file/xlsx'],
    [file('dtd.xlsx', smallZip(new Map([['xl/worksheets/sheet1.xml', '<!DOCTYPE a [<!ENTITY b "c">]><row/>']]))), 'file/xlsx'],
  ] as const
  for (const [path, code] of wrong) {
    const result = readListFile(path)
    assert.equal(result.ok ? 'read' : result.error.code, code, path)
  }
})

test('an archive cut anywhere or damaged is a sentence, never more than its parts', () => {
  const whole = smallZip(new Map([['one', 'x'.repeat(300)], ['two', 'y']]))
  const read = readZip(whole, () => true)
  assert.ok(read.ok)
  assert.deepEqual([...read.value].map(([name, part]) => [name, part.length]), [['one', 300], ['two', 1]])
  const stored = readZip(smallZip(new Map([['one', 'abc']]), 0), () => true)
  assert.ok(stored.ok && stored.value.get('one')?.length === 3)
  for (let cut = 0; cut < whole.length; cut++) assert.ok(!readZip(whole.subarray(0, cut), () => true).ok)
  for (let i = 0; i < whole.length; i++) {
    const bent = Uint8Array.from(whole)
    bent[i] = (bent[i] ?? 0) ^ 0xff
    const result = readZip(bent, () => true)
    if (result.ok) for (const part of result.value.values()) assert.ok(part.length <= 300)
  }
})

test('a part that says it is small and is not does not grow', () => {
  const bomb = Buffer.from(smallZip(new Map([['one', '0'.repeat(100_000)]])))
  const size = bomb.lastIndexOf(Buffer.from([0xa0, 0x86, 0x01, 0x00]))
  bomb.writeUInt32LE(10, size)
  const read = readZip(bomb, () => true)
  assert.ok(!read.ok)
  assert.match(read.error, /damaged, or larger than it says/)
})

test('a columns file is what it was written from; a wrong key, word or row is told with its line', () => {
  const map = {
    columns: { tag: 'Asset "Tag"', mac: 'MAC: wired' }, retired: ['Sold, 2020'], delimiter: 'semicolon' as const, encoding: 'windows-1252' as const, headRow: 3,
  }
  const loaded = loadColumns(file('map.yaml', columnsText(map, 'ward.csv')))
  assert.deepEqual(loaded.ok && loaded.value, map)
  const bad = loadColumns(file('bad.yaml', 'version: 1\ncolums: {}\ncolumns:\n  tagg: X\ndelimiter: colon\nhead-row: 0\n'))
  assert.deepEqual(bad.ok ? [] : bad.error.map((d) => `${d.line} ${d.code}`).sort(), [
    '2 columns/unknown-key', '4 columns/unknown-key', '5 columns/bad-choice', '6 columns/bad-number',
  ])
  assert.ok(!loadColumns(file('list.yaml', '- a\n')).ok)
})

test('docs/inventory.md: its columns file is one, and it names every column, observed column and question code there is', () => {
  const doc = readFileSync(productPath('docs/inventory.md'), 'utf8')
  const block = /```yaml\n([\s\S]*?)```/.exec(doc)?.[1] ?? ''
  const loaded = loadColumns(file('doc.yaml', block))
  assert.deepEqual(loaded.ok && [loaded.value.columns.tag, loaded.value.retired], ['Inventar-Nr.', ['Ausgemustert']])
  const words = [...LIST_FIELDS, ...COMPARED_CODES, ...OBSERVED_COLUMNS.map((name) => name.slice('observed'.length)), ...CONFIDENCE_WORDS, ...CONFIRMABLE]
  for (const word of words) assert.ok(doc.includes(word), word)
})
