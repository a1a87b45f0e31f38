// Zeek: the Intel file, read back by columns, holds exactly the indicators that were handed in and that Intel can hold.
// Keeps "never in silence": what is not in the file is in the notes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, parsePrefix } from '../../../base/ip.ts'
import { emitted, inputFromYaml, refusals, WARD_YAML } from '../../../testing/emit-check.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { zeekIntel } from './index.ts'

const HASH = 'ab'.repeat(32)
const LINES = [
  ['address', '202.114.4.119', 'contec-cms8000', 'Factory address.'],
  ['prefix', '202.114.4.0/24', 'contec-cms8000', 'The block CISA advises to cut off.'],
  ['address', '2001:db8::5', 'lab-device', 'Example "quoted"; text'],
  ['sha256', HASH, 'contec-cms8000', 'A program.'],
  ['path', '/pm', 'contec-cms8000', 'An export.'],
]

function inputOf(lines: readonly (readonly string[])[]): CompileInput {
  return inputFromYaml(WARD_YAML, { indicators: lines.map((line) => line.join('\t')).join('\n') })
}

function emit(lines: readonly (readonly string[])[]): EmitResult {
  return zeekIntel.emit(inputOf(lines))
}

interface Row {
  readonly indicator: string
  readonly type: string
}

/** As Zeek's ASCII reader: `#fields` names the columns, other lines with # are comments, one tab between columns. */
function readBack(text: string): readonly Row[] {
  const lines = text.trimEnd().split('\n')
  const fields = lines.find((line) => line.startsWith('#fields\t'))?.split('\t').slice(1) ?? assert.fail('no #fields')
  assert.deepEqual(fields, ['indicator', 'indicator_type', 'meta.source', 'meta.desc', 'meta.do_notice'])
  return lines.filter((line) => !line.startsWith('#')).map((line) => {
    const columns = line.split('\t')
    assert.equal(columns.length, fields.length, line)
    assert.ok(columns.every((column) => column !== ''), line)
    assert.equal(columns[4], 'T')
    return { indicator: columns[0] ?? '', type: columns[1] ?? '' }
  })
}

test('addresses, blocks and hashes come back as they went in', () => {
  assert.deepEqual(readBack(emitted(emit(LINES)).text), [
    { indicator: '202.114.4.119', type: 'Intel::ADDR' }, { indicator: '202.114.4.0/24', type: 'Intel::SUBNET' },
    { indicator: '2001:db8::5', type: 'Intel::ADDR' }, { indicator: HASH, type: 'Intel::FILE_HASH' },
  ])
})

test('any list of addresses and blocks comes back', () => {
  const item = fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 })).map(([value, length]) => {
    const host = BigInt(32 - length)
    return { version: 4 as const, network: (BigInt(value) >> host) << host, length }
  })
  fc.assert(fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), (prefixes) => {
    const expected = new Map(prefixes.map((prefix) => [formatPrefix(prefix), prefix]))
    const rows = readBack(emitted(emit(prefixes.map((prefix) => ['prefix', formatPrefix(prefix), 'p', 'm']))).text)
    assert.equal(rows.length, expected.size)
    for (const row of rows) {
      const parsed = parsePrefix(row.indicator)
      assert.ok(parsed.ok)
      assert.deepEqual(parsed.value, expected.get(formatPrefix(parsed.value)))
      assert.equal(row.type, parsed.value.length === 32 ? 'Intel::ADDR' : 'Intel::SUBNET')
    }
  }))
})

test('an indicator that two profiles share stands once', () => {
  const { text } = emitted(emit([...LINES, ['address', '202.114.4.119', 'epsimed-mn-120', 'The same.']]))
  assert.equal(readBack(text).length, 4)
  assert.equal(text.includes('epsimed'), false)
})

test('what Intel cannot hold is in the notes, and that no rule of the policy is in the file', () => {
  const { notes } = emitted(emit(LINES))
  assert.ok(notes.some((note) => note.includes('path /pm of contec-cms8000')))
  assert.ok(notes.some((note) => /conduits of the policy are not in it/.test(note)))
})

test('text of a profile cannot leave its column', () => {
  const { text } = emitted(emit([['address', '10.0.0.1', 'p\u2028\r#fields', 'm\u0000\u00e9']]))
  assert.equal(readBack(text).length, 1)
  assert.match(refusals(emit([['address', '10.0.0.1', 'p', 'm', 'extra']])), /indicator 1 has not 4 columns/)
})

test('refused: none, wrong values, nothing that Intel can hold, too small a budget', () => {
  assert.match(refusals(emit([])), /option indicators is missing/)
  assert.match(refusals(emit([['address', 'central', 'p', 'm']])), /indicator 1: central is no address/)
  assert.match(refusals(emit([['sha256', 'abc', 'p', 'm']])), /indicator 1: abc is no SHA-256/)
  assert.match(refusals(emit([['path', '/pm', 'p', 'm']])), /nothing to write/)
  assert.match(refusals(zeekIntel.emit({ ...inputOf(LINES), ruleBudget: 2 })), /4 lines are needed and 2 are allowed/)
  assert.match(refusals(zeekIntel.emit(inputFromYaml(WARD_YAML, { indicator: 'x' }))), /unknown option indicator/)
})

test('rollback is an empty list; same input, same bytes', () => {
  const { rollback, text } = emitted(emit(LINES))
  assert.deepEqual(readBack(rollback), [])
  assert.ok(text.includes(inputOf(LINES).policyHash))
  assert.deepEqual(emit(LINES), emit(LINES))
})
