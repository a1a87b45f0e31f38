// Tests of cordon inventory as people use it: a ward in a data folder, decisions that outlive the next capture, lists and forms against it.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Asset, Claim } from '../inventory/asset.ts'
import { parseCsv } from '../inventory/sheet/csv.ts'
import { smallWorkbook } from '../testing/small-workbook.ts'
import type { Report } from '../sensor/report.ts'
import { runCheck } from './check.ts'
import { runConfirm, runDecisions, runMerge, runRename, runSplit, runUndo } from './inventory-decide.ts'
import { runColumns, runDiff, runExport, runImport, type DiffArgs } from './inventory-lists.ts'
import { runInventory } from './inventory.ts'
import type { Io } from './io.ts'
import { runTwin } from './twin.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-inventory-cli-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))
const file = (name: string, content?: string | Uint8Array): string => {
  const full = path.join(folder, name)
  if (content !== undefined) fs.writeFileSync(full, content)
  return full
}
const data = path.join(folder, 'data')

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(command: (io: Io) => Promise<number> | number): Promise<Run> {
  let [out, err] = ['', '']
  const io: Io = {
    out: (text) => void (out += text), err: (text) => void (err += text), isTty: false, color: false, env: {}, signal: new AbortController().signal,
  }
  return { code: await command(io), out, err }
}

const good = async (command: (io: Io) => Promise<number> | number): Promise<string> => {
  const { code, out, err } = await run(command)
  assert.equal(code, 0, err)
  return out
}

const check = (name: string): Promise<string> => good((io) => runCheck({
  file: file(name), policy: undefined, data, format: 'json', failOn: 'never', hash: true, workers: 1,
}, io))

before(async () => {
  for (const [name, scenario, seed] of [['first.pcap', 'leak', 7], ['second.pcap', '', 8]] as const) {
    await good((io) => runTwin({ out: file(name), beds: 3, seconds: 30, scenario, seed }, io))
  }
  await check('first.pcap')
})

const list = async (of = data): Promise<readonly Asset[]> =>
  JSON.parse(await good((io) => runInventory({ file: undefined, data: of, policy: undefined, asset: undefined, format: 'json' }, io))) as Asset[]
const show = (asset: string): Promise<string> => good((io) => runInventory({ file: undefined, data, policy: undefined, asset, format: 'text' }, io))
const by = (assets: readonly Asset[], ip: string): Asset => {
  const found = assets.find((a) => a.interfaces.some((i) => i.ip === ip))
  assert.ok(found, ip)
  return found
}
const decision = (asset: string) => ({ data, asset, reason: 'I stood in front of it', by: 'anna' })
const idIn = (text: string): string => /d-[0-9a-f]{10}/.exec(text)?.[0] ?? ''

test('names, models, merges and splits by a person outlive the next capture, are shown with their reason, and can be taken back', async () => {
  const renamed = idIn(await good((io) => runRename({ ...decision('10.20.4.50'), label: 'Nurse PC' }, io)))
  await good((io) => runConfirm({ ...decision('10.20.4.60'), claim: 'model=Vivid E9' }, io))
  const merged = idIn(await good((io) => runMerge({ ...decision('10.20.4.70'), others: ['10.20.8.20'] }, io)))
  await check('second.pcap')
  const assets = await list()
  assert.equal(by(assets, '10.20.4.50').label, 'Nurse PC')
  assert.deepEqual([by(assets, '10.20.4.60').model, by(assets, '10.20.4.60').level], ['Vivid E9', 'A'])
  assert.equal(by(assets, '10.20.4.70').id, by(assets, '10.20.8.20').id)
  const text = await show('10.20.4.50')
  assert.match(text, /decided by anna at .*: is called Nurse PC\. I stood in front of it \(d-/)
  assert.match(text, /the packets alone: NURSE-PC-04/)
  await good((io) => runSplit({ ...decision('10.20.4.70'), addresses: ['10.20.8.20'] }, io))
  const split = await list()
  assert.notEqual(by(split, '10.20.4.70').id, by(split, '10.20.8.20').id)
  for (const id of [renamed, merged]) await good((io) => runUndo({ data, decision: id, reason: 'a mistake' }, io))
  assert.equal(by(await list(), '10.20.4.50').label, 'NURSE-PC-04')
  assert.match(await good((io) => runDecisions({ data, format: 'text' }, io)), /is called Nurse PC +I stood in front of it +taken back by .*: a mistake/)
})

test('decisions hold for a capture read beside the data folder, too', async () => {
  const out = await good((io) => runInventory({ file: file('first.pcap'), data, policy: undefined, asset: '10.20.4.60', format: 'jsonl' }, io))
  const asset = JSON.parse(out) as Omit<Asset, 'claims'> & { readonly claims: readonly (Claim & { readonly confidence: string })[] }
  assert.deepEqual([asset.model, asset.claims.find((c) => c.what === 'model')?.confidence], ['Vivid E9', 'confirmed'])
})

test('a capture checked twice, a decision between: its name is in the report and its findings, and gone when taken back', async () => {
  const own = file('twice')
  const again = async (): Promise<Report> => JSON.parse(await good((io) => runCheck({
    file: file('first.pcap'), policy: undefined, data: own, format: 'json', failOn: 'never', hash: true, workers: 1,
  }, io))) as Report
  const first = await again()
  const leaving = first.findings.find((f) => f.rule === 'talks-outside')
  assert.ok(leaving)
  const of = { ...decision(leaving.assetId), data: own }
  const renamed = idIn(await good((io) => runRename({ ...of, label: 'Monitor of room 12' }, io)))
  const merged = idIn(await good((io) => runMerge({ ...decision('10.20.4.70'), data: own, others: ['10.20.8.20'] }, io)))
  await good((io) => runConfirm({ ...decision('10.20.4.50'), data: own, claim: 'role=time-server' }, io))
  const known = await again()
  const said = known.findings.find((f) => f.id === leaving.id)
  assert.equal(said?.assetLabel, 'Monitor of room 12')
  assert.equal(known.assets.find((a) => a.id === leaving.assetId)?.label, 'Monitor of room 12')
  assert.ok(known.conversations.some((c) => c.from.assetId === leaving.assetId && c.from.label === 'Monitor of room 12'))
  assert.equal(by(known.assets, '10.20.4.70').id, by(known.assets, '10.20.8.20').id)
  assert.equal(by(known.assets, '10.20.4.50').role, 'time-server')
  assert.equal(new Set(known.findings.map((f) => f.id)).size, known.findings.length)
  assert.deepEqual(await again(), known, 'knowing twice is knowing once')
  for (const id of [renamed, merged]) await good((io) => runUndo({ data: own, decision: id, reason: 'wrong', by: 'anna' }, io))
  const stored = await list(own)
  assert.equal(by(stored, '10.20.4.70').interfaces.length, by(first.assets, '10.20.4.70').interfaces.length)
  assert.equal(stored.find((a) => a.id === leaving.assetId)?.label, leaving.assetLabel)
  assert.deepEqual((await again()).findings, first.findings)
})

test('what cannot be decided is refused with what to do', async () => {
  const refused = [
    (io: Io) => runConfirm({ ...decision('10.20.4.50'), claim: 'model' }, io), (io: Io) => runConfirm({ ...decision('10.20.4.50'), claim: 'role=x' }, io),
    (io: Io) => runConfirm({ ...decision('10.20.4.50'), claim: 'bed=seven' }, io), (io: Io) => runRename({ ...decision('nobody'), label: 'x' }, io),
    (io: Io) => runRename({ ...decision('10.20.4.50'), reason: ' ', label: 'x' }, io), (io: Io) => runRename({ ...decision('10.20.4.50'), label: '' }, io),
    (io: Io) => runMerge({ ...decision('10.20.4.50'), others: ['10.20.4.50'] }, io),
    (io: Io) => runSplit({ ...decision('10.20.4.50'), addresses: ['10.1.1.1'] }, io),
    (io: Io) => runSplit({ ...decision('10.20.4.50'), addresses: ['10.20.4.50'] }, io),
    (io: Io) => runUndo({ data, decision: 'd-0', reason: 'x' }, io),
  ]
  for (const command of refused) {
    const { code, err } = await run(command)
    assert.equal(code, 2, err)
    assert.match(err, /help: \S/)
  }
})

const CMMS = [
  'Exported for ward 3', 'Asset Tag;Serial Number;Manufacturer;Model;Status;MAC Address;IP Address;Note',
  'T-1;SN1;Contec;CMS8000;In use;02:00:5e:30:00:01;;"a; b"', 'T-2;SN2;Contec;CMS8000;Disposed;02:00:5e:30:00:02;;',
  'T-3;SN3;Philips;MX450;In use;02:00:5e:30:00:03;;', 'T-4;SN4;Contec;CMS8000;In use;00:00:00:00:00:44;;=1+1', 'T-5;;HP;LaserJet;In use;;10.20.4.70;',
].join('\r\n')

const diff = (more: Partial<DiffArgs> = {}): Promise<Run> => run((io) => runDiff({
  file: undefined, data, policy: undefined, lists: [file('ward.csv', CMMS)], columns: undefined, format: 'json', failOn: 'medium', ...more,
}, io))

interface DiffJson {
  readonly rows: readonly { readonly state: string; readonly device: { readonly tag: string }; readonly matchedBy: string | null }[]
  readonly unlisted: readonly { readonly label: string }[]
  readonly contradictions: readonly { readonly rule: string; readonly technical: string; readonly severity: string }[]
}

test('the list against the network, both ways: seen, never seen, retired but talking, contradicted, and on no list', async () => {
  const { code, out } = await diff()
  assert.equal(code, 1)
  const told = JSON.parse(out) as DiffJson
  assert.deepEqual(told.rows.map((r) => [r.device.tag, r.state, r.matchedBy]), [
    ['T-1', 'seen', 'mac'], ['T-2', 'retired-but-talking', 'mac'], ['T-3', 'seen', 'mac'], ['T-4', 'never-seen', null], ['T-5', 'seen', 'address'],
  ])
  assert.ok(told.unlisted.some((a) => a.label === 'NURSE-PC-04'))
  assert.deepEqual(told.contradictions.map((f) => [f.rule, f.severity]), [['retired-but-talking', 'high'], ['list-contradicts-traffic', 'medium']])
  assert.match(told.contradictions[1]?.technical ?? '', /the list says model MX450, its packets say Contec Medical Systems CMS8000 \(.*frame \d+\)/)
  assert.equal((await diff({ failOn: 'critical' })).code, 0)
  assert.match((await diff({ format: 'text' })).out, /Retired, and still on the network \(1\)[\s\S]*T-2[\s\S]*On the list, never seen \(1\)[\s\S]*T-4/)
})

test('the same columns come out as they went in, with observed ones behind, and what is on no list below', async () => {
  const { out } = await diff({ format: 'csv' })
  const rows = parseCsv(out).rows
  const given = parseCsv(CMMS).rows
  given.forEach((row, i) => assert.deepEqual(rows[i]?.slice(0, row.length), row))
  const head = rows[1] ?? []
  const cell = (row: number, name: string): string | undefined => rows[row]?.[head.indexOf(name)]
  assert.deepEqual([cell(2, 'observed_state'), cell(2, 'observed_matched_by'), cell(2, 'observed_model')], ['seen', 'mac', 'CMS8000'])
  assert.deepEqual([cell(3, 'observed_state'), cell(5, 'observed_state'), cell(5, 'observed_ip')], ['retired-but-talking', 'never-seen', ''])
  const unlisted = rows.slice(given.length)
  assert.ok(unlisted.length > 3 && unlisted.every((row) => row.length === head.length && row[head.indexOf('observed_state')] === 'unlisted'))
})

test('columns are guessed into a file, corrected there, and used; imported, the list stands beside every later look', async () => {
  const { out, err } = await run((io) => runColumns({ list: file('ward.csv', CMMS) }, io))
  assert.match(err, /utf-8, cells separated by semicolon, 5 rows/)
  const columns = file('columns.yaml', `${out}retired: [In use]\n`)
  const turned = JSON.parse((await diff({ columns })).out) as DiffJson
  assert.deepEqual(turned.rows.map((r) => r.state), ['retired-but-talking', 'seen', 'retired-but-talking', 'retired', 'retired-but-talking'])
  await good((io) => runImport({ list: file('ward.csv'), columns: undefined, data }, io))
  assert.match(await show('T-1'), /A +asset-tag +T-1 +high[\s\S]*on the list: ward\.csv row 3, status In use, matched by mac/)
  const exported = JSON.parse(await good((io) => runExport({ file: undefined, data, policy: undefined, out: undefined }, io))) as {
    readonly devices: readonly { readonly asset_tag: string | null; readonly serial: string }[]
  }
  assert.ok(exported.devices.some((d) => d.asset_tag === 'T-1' && d.serial === 'SN1'))
  file('netbox.json', JSON.stringify(exported))
  const again = JSON.parse((await diff({ lists: [file('netbox.json')] })).out) as DiffJson
  assert.ok(again.rows.length > 10)
})

test('an MDS2 form is read by question code and held against what its devices did', async () => {
  const form = file('mds2.xlsx', smallWorkbook([[
    ['Question ID', 'Question', 'Answer', 'See note'], ['DOC-1', 'Manufacturer Name', 'Contec Medical Systems'], ['DOC-3', 'Device Model', 'CMS8000'],
    ['MPII-1', 'personal data?', 'Yes'], ['TXCF-2', 'encrypted?', 'Yes'], ['CONN-4', 'outside?', 'No'], ['RMOT-1', 'remote?', 'No'],
  ]]))
  const { code, out } = await diff({ lists: [form], file: file('first.pcap'), data: undefined })
  assert.equal(code, 1)
  const codes = (JSON.parse(out) as DiffJson).contradictions.map((f) => /MDS2 ([\w.-]+)/.exec(f.technical)?.[1])
  assert.ok(codes.includes('TXCF-2') && codes.includes('CONN-4') && !codes.includes('MPII-1'), codes.join())
  assert.match(await good((io) => runImport({ list: form, columns: undefined, data }, io)), /MDS2 of Contec Medical Systems for CMS8000: 6 answers/)
})

test('wrong lists end in a sentence: no such column, nothing that names a device, no list at all', async () => {
  const bad = [
    { lists: [file('odd.csv', 'a,b\n1,2\n')] }, { columns: file('c.yaml', 'version: 1\ncolumns:\n  tag: Nope\n') }, { lists: [file('x.json', '{"a": 1}')] },
    { lists: [file('none.csv')] }, { lists: [], data: undefined, file: file('first.pcap') }, { lists: [], format: 'csv' as const },
  ]
  for (const args of bad) {
    const { code, err } = await diff(args)
    assert.equal(code, 2, JSON.stringify(args))
    assert.match(err, /help: \S/)
  }
})
