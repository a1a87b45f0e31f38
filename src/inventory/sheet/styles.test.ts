// Tests of styles: days, times, padded numbers and long numbers are what a person saw; a merged cell speaks for its rows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sheetRows, sheetTable } from './sheet.ts'
import { NO_STYLES, shownNumber, stylesOf } from './styles.ts'

const STYLES = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/><numFmt numFmtId="165" formatCode="00000"/>
<numFmt numFmtId="166" formatCode="&quot;Day &quot;0"/><numFmt numFmtId="167" formatCode="[Red]0.00;[Blue]-0.00"/>
<numFmt numFmtId="168" formatCode="[$-407]d. mmmm yyyy;@"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="167"/>
<xf numFmtId="168"/><xf numFmtId="22"/></cellXfs></styleSheet>`
const styles = stylesOf(STYLES, '<workbook><workbookPr/></workbook>')

const SHOWN: readonly (readonly [string, number, string])[] = [
  ['45413', 0, '45413'], ['45413', 1, '2024-05-01'], ['45413', 2, '2024-05-01'], ['45413.5', 7, '2024-05-01 12:00:00'], ['45413', 6, '2024-05-01'],
  ['1', 1, '1900-01-01'], ['59', 1, '1900-02-28'], ['61', 1, '1900-03-01'], ['0', 1, '0'], ['-3', 1, '-3'], ['9999999', 1, '9999999'],
  ['123', 3, '00123'], ['1234567', 3, '1234567'], ['1.5', 3, '1.5'], ['7', 4, '7'], ['7', 5, '7'], ['7', 99, '7'],
  ['1.23456789012E11', 0, '123456789012'], ['1E-3', 0, '1E-3'], ['', 1, ''], ['text', 1, 'text'], ['1e400', 0, '1e400'],
]

for (const [text, style, shown] of SHOWN) test(`${text} in style ${style} is ${shown}`, () => assert.equal(shownNumber(text, style, styles), shown))

test('days of a workbook that counts from 1904; damaged styles change nothing', () => {
  const macintosh = stylesOf(STYLES, '<workbook><workbookPr date1904="1"/></workbook>')
  assert.equal(shownNumber('43951', 1, macintosh), '2024-05-01')
  for (const bad of [null, '<!DOCTYPE a>', '<cellXfs><xf numFmtId="14"']) assert.equal(shownNumber('45413', 1, stylesOf(bad, bad)), '45413')
})

test('a cell has the style it names', () => {
  const xml = '<row r="1"><c s="1"><v>45413</v></c><c s="3"><v>42</v></c><c s="1" t="s"><v>0</v></c><c s="1" t="str"><v>45413</v></c></row>'
  assert.deepEqual(sheetRows(xml, ['a'], styles), [['2024-05-01', '00042', 'a', '45413']])
})

test('a cell merged downwards is the text of its rows; to the right it is one text; rows keep their numbers', () => {
  const cell = (r: string, text: string): string => `<c r="${r}" t="str"><v>${text}</v></c>`
  const xml = `<sheetData><row r="2">${cell('A2', 'Ward 3')}${cell('B2', 'T-1')}</row><row r="3">${cell('B3', 'T-2')}</row><row r="4"/>`
    + `<row r="6">${cell('A6', 'title')}</row></sheetData><mergeCells><mergeCell ref="A2:A5"/><mergeCell ref="A6:D6"/><mergeCell ref="nonsense"/></mergeCells>`
  assert.deepEqual(sheetTable(xml, [], NO_STYLES), { rows: [['Ward 3', 'T-1'], ['Ward 3', 'T-2'], [], ['title']], numbers: [2, 3, 4, 6] })
})

test('merged cells without end are bounded by the rows there are', () => {
  const merged = '<mergeCell ref="A1:A9999999"/>'.repeat(50)
  const read = sheetTable(`<sheetData><row r="1"><c t="str"><v>x</v></c></row></sheetData>${merged}`, [], NO_STYLES)
  assert.deepEqual(read?.rows, [['x']])
})
