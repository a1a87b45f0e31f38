// cordon advisory: a ward's matches in and out, import by hash, decisions that stay, and a draft that is a policy.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { goldenAsset } from '../inventory/advisories/testdata/devices.ts'
import { scratch } from '../testing/command.ts'
import { advisoriesMissing, sharedAdvisories } from '../testing/shared.ts'
import { advisoryDecide, advisoryList, advisoryMatch, advisoryShow, type AdvisoryMatchArgs } from './advisory.ts'
import { advisoryImport } from './advisory-import.ts'
import { advisoryPropose } from './advisory-propose.ts'
import { advisoryLine, type JudgedMatch } from '../inventory/advisories/index.ts'
import { pcapFileHeader, PCAP_RECORD_HEADER_BYTES, putPcapRecord } from '../wire/capture/writer.ts'
import { bytes, ethernet, ip4, tcp } from '../wire/test-frames.ts'
import { runCheck } from './check.ts'
import type { Io } from './io.ts'
import { policyCheck } from './policy.ts'
import { withStore } from './with-store.ts'

interface Told {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(use: (io: Io) => Promise<number> | number): Promise<Told> {
  let [out, err] = ['', '']
  const io: Io = {
    out: (text) => void (out += text), err: (text) => void (err += text), isTty: false, color: false, env: { USER: 'kim' },
      signal: new AbortController().signal,
  }
  const code = await use(io)
  return { code, out, err }
}

const MONITOR = { ...goldenAsset('a-contec', '', 'contec-cms8000', '', 'C'), label: 'CMS8000 monitor, bed 7', profile: 'contec-cms8000',
  role: 'patient-monitor' as const }
/** Behind the Ethernet header, in the IPv4 header. */
const IP_DESTINATION_AT = 14 + 16
const TELEVISION = goldenAsset('a-tv', 'Philips', '55PUS8506', '1', 'B')
const NAMELESS = goldenAsset('a-nameless', '', 'X-200', '', 'B')

/** A data folder with one analysis of these assets. */
async function folder(t: Parameters<typeof scratch>[0]): Promise<string> {
  const data = path.join(scratch(t), 'data')
  await run((io) => withStore(data, io, async (store) => {
    const analysis = { id: 'an-1', name: 'ward.pcap', source: 'capture', state: 'complete', firstAt: 0, lastAt: 1, problems: [] }
    const assets = [MONITOR, TELEVISION, NAMELESS]
    await store?.append([{ kind: 'analysis', analysis: 'an-1', key: 'an-1', at: 1, body: analysis },
      ...assets.map((body) => ({ kind: 'asset', analysis: 'an-1', key: body.id, at: 1, body }) as const)])
    return 0
  }))
  return data
}

async function matches(args: AdvisoryMatchArgs): Promise<readonly JudgedMatch[]> {
  const told = await run((io) => advisoryMatch({ ...args, json: true }, io))
  return (JSON.parse(told.out) as { matches: JudgedMatch[] }).matches
}

test('matches of a data folder, with the reason, and exit 1 for what is affected', async (t) => {
  const data = await folder(t)
  const told = await run((io) => advisoryMatch({ data }, io))
  assert.equal(told.code, 1, told.err)
  assert.match(told.out, /CMS8000 monitor, bed 7: ICSMA-25-030-01, affected, evidence C, SSVC attend/)
  assert.match(told.out, /meet the claim model "contec-cms8000"/)
  assert.doesNotMatch(told.out, /55PUS8506|fix available/)
  assert.match(told.err, /1 assets have a model and no maker/)
  assert.equal((await run((io) => advisoryMatch({ data, failOn: 'never' }, io))).code, 0)
  assert.equal((await run((io) => advisoryMatch({ data, asset: 'a-tv' }, io))).code, 0)
  assert.equal((await run((io) => advisoryMatch({ data, asset: 'nobody' }, io))).code, 2)
})

test('a list of assets is matched without any capture, and a file that is none is told', async (t) => {
  const file = path.join(scratch(t), 'assets.json')
  fs.writeFileSync(file, JSON.stringify([MONITOR]))
  assert.equal((await matches({ assets: file })).length, 2)
  fs.writeFileSync(file, '[1]')
  const told = await run((io) => advisoryMatch({ assets: file }, io))
  assert.deepEqual([told.code, /no list of assets/.test(told.err)], [2, true])
})

test('a decision needs a reason and somebody, stays, and hides a rejected match', async (t) => {
  const data = await folder(t)
  const [match] = await matches({ data })
  assert.ok(match)
  const say = (reason: string, verdict: 'confirm' | 'reject' = 'reject', id = match.match.id) =>
    run((io) => advisoryDecide({ verdict, match: id, data, reason, now: () => 5 }, io))
  assert.equal((await say('  ')).code, 2)
  assert.equal((await say('No such.', 'reject', 'm-none')).code, 2)
  assert.equal((await say('It is a dummy for training.')).code, 0)
  assert.equal((await matches({ data })).length, 1)
  const [kept] = (await matches({ data, all: true })).filter(({ decision }) => decision !== null)
  assert.deepEqual([kept?.decision?.verdict, kept?.decision?.by, kept?.decision?.reason, kept?.askAgain], ['reject', 'kim', 'It is a dummy for training.',
    null])
  assert.equal((await say('It is real after all.', 'confirm')).code, 0)
  assert.equal((await matches({ data })).length, 2)
})

test('all files are taken, the second time as known by hash, and refused ones are named', { skip: advisoriesMissing }, async (t) => {
  const data = await folder(t)
  const bring = (from: string) => run((io) => advisoryImport({ path: from, data, json: true, now: () => 5 }, io))
  const once = JSON.parse((await bring(sharedAdvisories())).out) as { advisories: { id: string; change: string }[]; refused: unknown[] }
  assert.equal(once.advisories.length, 145)
  assert.deepEqual(once.advisories.filter(({ change }) => change !== 'unchanged').map(({ id, change }) => [id, change]), [['ICSA-22-347-03', 'new']])
  assert.deepEqual(once.refused, [])
  const again = JSON.parse((await bring(sharedAdvisories())).out) as typeof once
  assert.ok(again.advisories.every(({ change }) => change === 'unchanged'))
  const broken = path.join(scratch(t), 'broken.json')
  fs.writeFileSync(broken, '{')
  const told = await bring(broken)
  assert.deepEqual([told.code, /no JSON/.test(told.err)], [3, true])
  assert.equal((await bring(path.join(data, 'nowhere'))).code, 2)
})

test('odd files beside good ones: each is told with what to do, two of one revision that differ are not both taken, and nothing good is lost', {
  skip: advisoriesMissing,
}, async (t) => {
  const [data, from] = [await folder(t), scratch(t)]
  const text = fs.readFileSync(path.join(sharedAdvisories(), 'icsma-22-244-01.json'), 'utf8')
  const other = (id: string): string => text.replaceAll(/icsma-22-244-01/gi, id)
  const red = JSON.parse(other('EX-3')) as { document: { distribution?: object } }
  red.document.distribution = { tlp: { label: 'RED' } }
  const files: readonly (readonly [string, string | Buffer])[] = [
    ['a.json', other('EX-1')], ['b.json', other('EX-1').replaceAll('CONTEC', 'NOBODY')], ['c.JSON', `\ufeff${other('EX-2')}`], ['d.json', JSON.stringify(red)],
    ['e.json', Buffer.from(text, 'utf16le')], ['f.json', text.slice(0, 900)], ['g.json', '{"feed":{}}'], ['h.json', other('EX-1')],
    ['i.json', `${JSON.stringify(JSON.parse(other('EX-1')))}\r\n`],
  ]
  for (const [name, content] of files) fs.writeFileSync(path.join(from, name), content)
  const told = await run((io) => advisoryImport({ path: from, data, json: true, now: () => 5 }, io))
  const { advisories, refused, passedOver } = JSON.parse(told.out) as
    { advisories: { id: string; change: string }[]; refused: { file: string; reasons: string[] }[]; passedOver: number }
  assert.equal(told.code, 3)
  assert.deepEqual(advisories.map(({ id, change }) => [id, change]), [
    ['EX-1', 'new'], ['EX-2', 'new'], ['EX-3', 'new'], ['EX-1', 'unchanged'], ['EX-1', 'unchanged'],
  ])
  assert.deepEqual(refused.map(({ file }) => path.basename(file)), ['b.json', 'e.json', 'f.json'])
  assert.match(refused[0]?.reasons[0] ?? '', /stands in .*a\.json too and says something else: keep the right one/)
  assert.equal(passedOver, 1)
  assert.match(told.err, /not for everybody: EX-3 \(TLP:RED\)/)
})

test('a changed advisory asks again about what was rejected', { skip: advisoriesMissing }, async (t) => {
  const data = await folder(t)
  const [match] = await matches({ data, advisory: 'ICSMA-22-244-01' })
  assert.ok(match)
  await run((io) => advisoryDecide({ verdict: 'reject', match: match.match.id, data, reason: 'Not ours.', now: () => 5 }, io))
  const document = JSON.parse(fs.readFileSync(path.join(sharedAdvisories(), 'icsma-22-244-01.json'), 'utf8')) as
    { document: { tracking: { version: string; current_release_date: string; revision_history: object[] } } }
  const { tracking } = document.document
  tracking.version = '2'
  tracking.current_release_date = '2025-01-01T00:00:00.000000Z'
  tracking.revision_history.push({ date: tracking.current_release_date, number: '2', summary: 'Update' })
  const file = path.join(scratch(t), 'newer.json')
  fs.writeFileSync(file, JSON.stringify(document))
  assert.match((await run((io) => advisoryImport({ path: file, data, now: () => 6 }, io))).out, /1 changed: ICSMA-22-244-01 \(revision 1 to 2\)/)
  const [again] = await matches({ data, advisory: 'ICSMA-22-244-01' })
  assert.match(again?.askAgain ?? '', /decided on revision 1; this is revision 2/)
})

test('an address that an imported advisory names is watched for: a try to reach it is a finding that names the advisory', async (t) => {
  const data = await folder(t)
  const advisory = {
    id: 'EX-9', publisher: 'Somebody', revision: '1', status: 'final', released: '2026-01-01', updated: '2026-01-01', hash: { of: 'file', sha256: 'ab' },
    url: null, products: [], vulnerabilities: [], addresses: [{ value: '9.9.9.9/32' }],
  } as const
  const syn = ethernet(0x0800, ip4(6, tcp(40_000, 443, bytes(), { flags: 2 })))
  syn.set([9, 9, 9, 9], IP_DESTINATION_AT)
  const capture = path.join(scratch(t), 'try.pcap')
  const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + syn.length)
  putPcapRecord(record, 0, 1_000_000, syn.length, syn, 0, syn.length)
  fs.writeFileSync(capture, Buffer.concat([pcapFileHeader(1), record]))
  const check = (): Promise<Told> =>
    run((io) => runCheck({ file: capture, policy: undefined, data, format: 'json', failOn: 'never', hash: true, workers: 1 }, io))
  const rules = (told: Told): unknown => (JSON.parse(told.out) as { findings: { rule: string; evidence: { details: unknown } }[] }).findings
    .filter(({ rule }) => rule === 'indicator-contact').map(({ evidence }) => JSON.stringify(evidence.details).includes('EX-9'))
  assert.deepEqual(rules(await check()), [])
  await run((io) => withStore(data, io, async (store) => {
    await store?.append([{ kind: 'advisory', analysis: '', key: 'EX-9', at: 1, body: JSON.parse(advisoryLine(advisory)) as object }])
    return 0
  }))
  assert.deepEqual(rules(await check()), [true])
})

test('the catalog of exploited vulnerabilities is imported and shows on matches', async (t) => {
  const data = await folder(t)
  const file = path.join(scratch(t), 'kev.json')
  fs.writeFileSync(file, JSON.stringify({ catalogVersion: '2026.11.01', vulnerabilities: [{ cveID: 'CVE-2024-12248', dateAdded: '2026-11-01' }] }))
  assert.match((await run((io) => advisoryImport({ path: file, data, now: () => 5 }, io))).out, /as of 2026-11-01: 1/)
  const [match] = await matches({ data, advisory: 'ICSMA-25-030-01' })
  assert.equal(match?.ssvc?.decision, 'act')
})

test('list and show answer by words and by id', async () => {
  const list = await run((io) => advisoryList({ words: ['contec', '2024-12248'], json: true }, io))
  assert.deepEqual((JSON.parse(list.out) as { advisories: { id: string; source: string }[] }).advisories.map(({ id, source }) => [id, source]),
    [['ICSMA-25-030-01', 'shipped']])
  const show = await run((io) => advisoryShow('icsma-22-244-01', {}, io))
  assert.match(show.out, /cms8000 +every version/)
  assert.equal((await run((io) => advisoryShow('EX-404', {}, io))).code, 2)
})

test('the draft is a policy that policy check takes, and the watch rules say who sees them', async (t) => {
  const data = await folder(t)
  const told = await run((io) => advisoryPropose({ data }, io))
  assert.equal(told.code, 0, told.err)
  const file = path.join(scratch(t), 'draft.yaml')
  fs.writeFileSync(file, told.out)
  assert.equal((await run((io) => policyCheck({ file }, io))).code, 0)
  const watch = await run((io) => advisoryPropose({ data, watch: true }, io))
  assert.match(watch.out, /202\.114\.4\.0\/24 .*indicator-contact/)
  assert.equal((await run((io) => advisoryPropose({ data, advisory: 'ICSMA-17-017-01' }, io))).code, 2)
})
