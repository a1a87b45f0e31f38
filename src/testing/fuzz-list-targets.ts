// fuzz-list-targets: everything that reads a hospital's list or a manufacturer's form: CSV, spreadsheet parts, zip archives, NetBox JSON, stored decisions.
// Keeps "a reader never throws": what cannot be read is null or a sentence, and what was read is bounded and can be found again.

import assert from 'node:assert/strict'
import { readZip } from '../config/zip.ts'
import { decisionOf, readDecision } from '../inventory/decision.ts'
import { guessColumns, readListRows } from '../inventory/listed/columns.ts'
import { CELL_TEXT_MAX, type ListedDevice } from '../inventory/listed/listed.ts'
import { readNetbox, writeNetbox } from '../inventory/listed/netbox.ts'
import { mds2Of } from '../inventory/mds2/mds2.ts'
import { decodeList, formatCsv, parseCsv } from '../inventory/sheet/csv.ts'
import { COLUMNS_MAX, sharedStrings, sheetRows, type Rows } from '../inventory/sheet/sheet.ts'
import type { WireTarget } from './fuzz-engine.ts'
import { smallWorkbook, smallZip } from './small-workbook.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (input: Uint8Array): string => new TextDecoder().decode(input)

function assertDevices(devices: readonly ListedDevice[]): void {
  for (const d of devices) {
    assert.ok(d.where !== '' && d.id.startsWith('l-'))
    for (const text of [d.tag, d.serial, d.vendor, d.model, d.location, d.hostName]) assert.ok(text === null || text.length <= CELL_TEXT_MAX)
  }
}

function assertRows(rows: Rows): void {
  for (const row of rows) assert.ok(row.length <= COLUMNS_MAX)
  const guess = guessColumns(rows)
  const read = readListRows(rows, { ...guess, retired: [], delimiter: null, encoding: null }, 'x.csv')
  if (!read.ok) return assert.notEqual(read.error, '')
  assertDevices(read.value.devices)
  const form = mds2Of(rows)
  assert.ok(form === null || Object.keys(form.answers).length > 0)
}

function runCsv(input: Uint8Array): void {
  const { text } = decodeList(input)
  const { rows, delimiter } = parseCsv(text)
  assertRows(rows)
  const again = formatCsv(rows, delimiter)
  if (!/^sep=/i.test(again)) assert.deepEqual(parseCsv(again, delimiter).rows, rows, 'written again it is another list')
}

function runSheet(input: Uint8Array): void {
  const text = textOf(input)
  const strings = sharedStrings(text)
  assertRows(sheetRows(text, strings ?? []) ?? [])
}

function runZip(input: Uint8Array): void {
  const read = readZip(input, (name) => name.length < 40)
  if (!read.ok) return assert.notEqual(read.error, '')
  const shared = read.value.get('xl/sharedStrings.xml')
  const strings = (shared && sharedStrings(textOf(shared))) ?? []
  for (const part of read.value.values()) assertRows(sheetRows(textOf(part), strings) ?? [])
}

function runJson(input: Uint8Array): void {
  let body: unknown
  try {
    body = JSON.parse(textOf(input))
  } catch {
    return
  }
  const devices = readNetbox(body, 'x.json', [])
  if (devices) assertDevices(devices)
  const decision = readDecision(body)
  if (decision) assert.deepEqual(readDecision(structuredClone(decision)), decision)
}

const CSV = ['Asset Tag;Serial Number;MAC Address;Status\nT-1;SN1;02:00:5e:30:00:01;"a; ""b"""\n', 'sep=,\r\nQuestion ID,Question,Answer\r\nMPII-1,x,Yes\r\n']
const SHEET = '<sst><si><t>a</t></si></sst><row><c r="B1" t="s"><v>0</v></c><c t="inlineStr"><is><t>x &amp; y</t></is></c></row>'
const NETBOX = {
  devices: [{ id: 1, name: 'm', asset_tag: 'T', status: { value: 'active' }, device_type: { model: 'x', manufacturer: { name: 'y' } } }],
  interfaces: [{ device: { name: 'm' }, mac_address: '02:00:5E:00:00:01' }],
  ip_addresses: [{ address: '10.0.0.1/24', assigned_object: { device: { name: 'm' } } }],
}
const DECISION = decisionOf({ asset: 'a-1', called: 'x', reason: 'y', by: 'z', at: 1 }, { action: 'merge', others: ['a-2'] })

const ROOM = { inputMax: 6000, stepsPerByte: 2000, stepsFloor: 200_000 }

export const LIST_TARGETS: readonly WireTarget[] = [
  { id: 'list-csv', holds: 'rows in any encoding; written again they are the same list', seeds: () => CSV.map(bytesOf), run: runCsv, ...ROOM },
  { id: 'list-sheet', holds: 'texts of cells, or no sheet; columns bounded', seeds: () => [bytesOf(SHEET)], run: runSheet, ...ROOM },
  { id: 'list-zip', holds: 'parts of the size they say, or a sentence', run: runZip, ...ROOM,
    seeds: () => [smallWorkbook([[['a', 'b']]]), smallZip(new Map([['one', 'x']]), 0)] },
  { id: 'list-json', holds: 'devices and decisions, or none', run: runJson, ...ROOM,
    seeds: () => [NETBOX, NETBOX.devices, writeNetbox([], []), DECISION].map((body) => bytesOf(JSON.stringify(body))) },
]
