// Tests of the MDS2 form by question code, in the layouts manufacturers use, and of its answers against what was seen.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPARED_CODES, mds2Contradictions, type SeenDoing } from './contradictions.ts'
import { isOldMds2, mds2Of, speaksOf, type Mds2 } from './mds2.ts'

const NOTHING: SeenDoing = {
  outside: [], fromOutside: [], peers: 0, patientDataFrames: [], patientDataOutside: false, ownProtocols: [], updateFrames: [], oldServices: [],
}

const FORM = [
  ['Manufacturer Disclosure Statement'],
  ['Question ID', 'Question', '', 'See note'],
  ['DOC-1', 'Manufacturer Name', 'Contec Medical Systems Co., Ltd.'],
  ['DOC-3', 'Device Model', 'Models: CMS8000, CMS9000 / CMS6000'],
  ['DOC-4', 'Document ID', 'M-1'],
  ['DOC-7', 'Document Release Date', '2024-05-01'],
  ['MPII-3.7', 'external network?', 'No', 'Note 1'],
  ['txcf-2', 'encrypted?', 'Yes, optional', ''],
  ['CONN-4', 'outside?', 'No'],
  ['CSUP-8', 'automatic?', 'N/A'],
  ['SAHD-9', 'services off?', 'See Note', 'Note 2'],
  ['CONN-4', 'again, on the next sheet', 'Yes'],
]

function form(rows: readonly (readonly string[])[] = FORM): Mds2 {
  const read = mds2Of(rows)
  assert.ok(read)
  return read
}

test('answers are found by their code; the first of two counts; yes and no are words at the start', () => {
  const read = form()
  assert.deepEqual([read.manufacturer, read.models, read.document, read.released], [
    'Contec Medical Systems Co., Ltd.', ['CMS8000', 'CMS9000', 'CMS6000'], 'M-1', '2024-05-01',
  ])
  const verdicts = Object.values(read.answers).slice(4).map((a) => [a.code, a.verdict, a.note])
  assert.deepEqual(verdicts, [
    ['MPII-3.7', 'no', 'Note 1'], ['TXCF-2', 'yes', ''], ['CONN-4', 'no', ''], ['CSUP-8', 'not-applicable', ''], ['SAHD-9', 'other', 'Note 2'],
  ])
})

test('a form with a column before the code, its answer elsewhere, or beside the code is read as well', () => {
  const shifted = FORM.map((row) => ['', ...row.slice(0, 2), 'x', ...row.slice(2)])
  const headed = [['', 'Question ID', 'Question', 'Ref', 'Answer', 'Notes'], ...shifted.slice(2)]
  assert.equal(form(headed).answers['CONN-4']?.verdict, 'no')
  assert.equal(form(FORM.map(([code = '', , answer = '']) => [code, answer])).answers['CONN-4']?.verdict, 'no')
})

test('a form of before 2019 is known for what it is, by its title or by its numbers, and is not read as one of 2019', () => {
  const questions = ['1-1', '1-1.1', '2-1', '3-1', '14-1'].map((code) => [code, 'Can the device ...?', 'Yes', '1'])
  const old = [['Manufacturer Disclosure Statement for Medical Device Security - MDS2'], ...questions]
  assert.ok(isOldMds2(old) && mds2Of(old) === null)
  assert.ok(isOldMds2([['Copyright ... HIMSS/NEMA Standard HN 1-2013']]))
  for (const other of [FORM, questions, [['Tag', 'Serial'], ['1-1', '2-2']], []]) assert.ok(!isOldMds2(other))
})

test('other documents are no forms', () => {
  for (const rows of [[], [['Tag', 'Model']], [['CONN-4', 'x', 'No']], FORM.slice(0, 4)]) assert.equal(mds2Of(rows), null)
})

test('a form speaks of its models, whole, and of its manufacturer', () => {
  const read = form()
  assert.ok(speaksOf(read, 'Contec', 'CMS-8000'))
  assert.ok(speaksOf(read, null, 'CMS9000'))
  for (const [vendor, model] of [['Contec', 'CMS8'], ['Philips', 'CMS8000'], ['Contec', null]] as const) assert.ok(!speaksOf(read, vendor, model))
})

test('an answer that traffic contradicts is told with its code, answer and frames; one it does not contradict is not', () => {
  const read = form()
  assert.deepEqual(mds2Contradictions(read, NOTHING), [])
  const seen: SeenDoing = {
    ...NOTHING, outside: ['202.114.4.119'], patientDataFrames: [9], patientDataOutside: true, updateFrames: [12], oldServices: ['telnet'],
  }
  const found = mds2Contradictions(read, seen)
  assert.deepEqual(found.map((c) => [c.code, c.severity, c.frames]), [['MPII-3.7', 'high', [9]], ['TXCF-2', 'high', [9]], ['CONN-4', 'high', []]])
  assert.match(found[2]?.technical ?? '', /MDS2 CONN-4 \(talks to systems outside\) is answered "No"; it sends, or tries to, to 202\.114\.4\.119\./)
})

test('every row of the table can be contradicted, and is silent when the maker answers the other way', () => {
  const all: SeenDoing = {
    outside: ['203.0.113.9'], fromOutside: ['203.0.113.9'], peers: 2, patientDataFrames: [1], patientDataOutside: true, ownProtocols: ['cms8000'],
    updateFrames: [2], oldServices: ['telnet'],
  }
  const answered = (word: string): Mds2 => form([...FORM.slice(0, 6), ...COMPARED_CODES.map((code) => [code, 'question', word])])
  const contradicted = [...mds2Contradictions(answered('Yes'), all), ...mds2Contradictions(answered('No'), all)].map((c) => c.code)
  assert.deepEqual(contradicted.sort(), [...COMPARED_CODES].sort())
  assert.deepEqual(mds2Contradictions(answered('See note'), all), [])
})
