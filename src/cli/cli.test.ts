// The command line as a person uses it: exit codes, formats, errors that say what to do, from any folder.
// Keeps processes for exit codes, pipes and folders; what only reads what is printed goes through the same entry here.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Report } from '../sensor/report.ts'
import { cordon, CORDON, cordonHere, scratch } from '../testing/command.ts'

const WARDS = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-cli-'))
after(() => fs.rmSync(WARDS, { recursive: true, force: true }))

/** A ward's capture made by the product itself: each kind once, read by all and changed by none. */
async function ward(scenario = 'all', beds = 4): Promise<string> {
  const file = path.join(WARDS, `ward-${scenario}-${beds}.pcap`)
  if (fs.existsSync(file)) return file
  const made = await cordonHere(['twin', '--out', file, '--beds', String(beds), '--scenario', scenario, '--seed', '7', '--seconds', '60'])
  assert.equal(made.code, 0, made.err)
  return file
}

test('exit 0 on a quiet ward, 1 on findings at the bar, 0 below it', async () => {
  const quiet = await cordon(['check', await ward('quiet')])
  assert.deepEqual([quiet.code, quiet.err], [0, ''])
  assert.match(quiet.out, /Findings\nNone in what this capture shows\. That is not a statement that all is well/)
  const loud = await ward('leak')
  assert.equal((await cordon(['check', loud])).code, 1)
  assert.equal((await cordon(['check', loud, '--fail-on', 'critical'])).code, 1)
  assert.equal((await cordon(['check', loud, '--fail-on', 'never'])).code, 0)
})

test('the same file gives the same JSON, from any folder, by either spelling, gzipped or piped', async (t) => {
  const file = await ward()
  const first = await cordon(['check', file, '--json'])
  const again = await cordon(['check', '-r', path.basename(file), '--json'], { cwd: path.dirname(file) })
  assert.equal(again.out, first.out)
  const report = JSON.parse(first.out) as Report
  assert.equal(report.schema, 'cordon.report/1')
  assert.ok(report.findings.length > 5 && report.assets.length > 5)
  const bytes = fs.readFileSync(file)
  const piped = JSON.parse((await cordon(['check', '-r', '-', '--json'], { stdin: bytes })).out) as Report
  assert.deepEqual([piped.findings, piped.assets, piped.conversations], [report.findings, report.assets, report.conversations])
  const zipped = path.join(scratch(t), 'ward.pcap.gz')
  fs.writeFileSync(zipped, gzipSync(bytes))
  assert.deepEqual((JSON.parse((await cordon(['check', zipped, '--json'])).out) as Report).findings, report.findings)
})

test('--no-hash leaves the hash out and nothing else; with --data it is refused', async (t) => {
  const file = await ward()
  const [hashed, plain] = [await cordonHere(['check', file, '--json']), await cordonHere(['check', file, '--json', '--no-hash'])]
  const [withHash, without] = [JSON.parse(hashed.out) as Report, JSON.parse(plain.out) as Report]
  assert.match(withHash.analysis.sha256 ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual({ ...without, analysis: { ...without.analysis, id: withHash.analysis.id, sha256: withHash.analysis.sha256 } }, withHash)
  assert.deepEqual([without.analysis.id, without.analysis.sha256], ['capture-unhashed', null])
  const refused = await cordonHere(['check', file, '--no-hash', '--data', scratch(t)])
  assert.equal(refused.code, 2)
  assert.match(refused.err, /--no-hash cannot go with --data[\s\S]*help: /)
})

test('--workers goes with --data: what is kept is there for other commands', async (t) => {
  const [file, data] = [await ward(), scratch(t)]
  const run = await cordonHere(['check', file, '--workers', '2', '--data', data, '--json'])
  assert.deepEqual([run.code, run.err], [1, ''])
  const listed = await cordonHere(['inventory', 'list', '--data', data, '--json'])
  assert.equal((JSON.parse(listed.out) as unknown[]).length, (JSON.parse(run.out) as Report).assets.length)
})

test('a truncated file gives what could be read, says so, and exits 3', async (t) => {
  const whole = await ward('leak')
  const cut = path.join(scratch(t), 'cut.pcap')
  fs.writeFileSync(cut, fs.readFileSync(whole).subarray(0, -7))
  const ended = await cordon(['check', cut, '--json'])
  const report = JSON.parse(ended.out) as Report
  assert.equal(ended.code, 3)
  assert.equal(report.analysis.state, 'partial')
  assert.ok(report.findings.length > 0 && report.analysis.problems.length === 1)
  assert.match((await cordon(['check', cut])).out, /damaged \(truncated\)/)
  const half = path.join(scratch(t), 'half.pcap.gz')
  const zipped = gzipSync(fs.readFileSync(whole))
  fs.writeFileSync(half, zipped.subarray(0, zipped.length / 2))
  const broken = await cordon(['check', half, '--json'])
  assert.equal(broken.code, 3)
  assert.ok((JSON.parse(broken.out) as Report).analysis.packets > 0)
})

test('what cannot be read is named, with what to do, and nothing on stdout', async (t) => {
  const folder = scratch(t)
  const notes = path.join(folder, 'notes.txt')
  fs.writeFileSync(notes, 'this is no capture\n')
  const empty = path.join(folder, 'empty.pcap')
  fs.writeFileSync(empty, '')
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['check', path.join(folder, 'missing.pcap')], 2, /no such file[\s\S]*help:/],
    [['check', folder], 2, /directory[\s\S]*help:/],
    [['check', notes], 3, /notes\.txt[\s\S]*help:/],
    [['check', empty], 3, /empty[\s\S]*help:/],
    [['check'], 2, /name one capture/],
    [['check', notes, '-r', notes], 2, /name one capture/],
    [['check', notes, '--json', '--csv'], 2, /cannot be used with/],
    [['check', notes, '--fail-on', 'terrible'], 2, /Allowed choices/],
    [['check', notes, '--policy', path.join(folder, 'no.yaml')], 2, /no\.yaml[\s\S]*help:/],
    [['check', notes, '--data', notes], 2, /data folder[\s\S]*help:/],
    [['frobnicate'], 2, /unknown command/],
    [['inventory', 'list', '--data', path.join(folder, 'new')], 2, /no analysis yet[\s\S]*help:/],
    [['serve', '--port', '99999'], 2, /whole number from 0 to 65535/],
  ]
  for (const [args, code, pattern] of cases) {
    const ended = await cordonHere(args)
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.err}`)
    assert.match(ended.err, pattern, args.join(' '))
    assert.equal(ended.out, '', args.join(' '))
  }
})

test('check --data keeps the result; inventory lists and shows it with the evidence of every claim', async (t) => {
  const file = await ward()
  const data = path.join(scratch(t), 'data')
  const report = JSON.parse((await cordonHere(['check', file, '--json', '--data', data])).out) as Report
  const listed = await cordonHere(['inventory', 'list', '--json', '--data', data])
  assert.equal(listed.code, 0, listed.err)
  const ids = (assets: unknown): string[] => (assets as { id: string }[]).map((a) => a.id).sort()
  assert.deepEqual(ids(JSON.parse(listed.out)), ids(report.assets))
  const shown = await cordonHere(['inventory', 'show', 'CMS8000 monitor, bed 1', '--data', data])
  assert.match(shown.out, /CMS8000 framing \(length, 0x05, message type\)/)
  assert.match(shown.out, /C +model +contec-cms8000/)
  const unknown = await cordonHere(['inventory', 'show', '192.0.2.99', '--data', data])
  assert.deepEqual([unknown.code, unknown.out], [2, ''])
  const fromCapture = await cordonHere(['inventory', 'list', '-r', file, '--csv'])
  assert.match(fromCapture.out, /^id,asset,vendor,model,evidence,bed,ip,mac,zone,last seen\r\n/)
  assert.equal(fromCapture.out.trim().split('\r\n').length, report.assets.length + 1)
})

test('jsonl has one object per line with its type; csv quotes what needs it', async () => {
  const file = await ward('leak')
  const lines = (await cordonHere(['check', file, '--jsonl'])).out.trim().split('\n').map((l) => JSON.parse(l) as { type: string })
  assert.deepEqual([...new Set(lines.map((l) => l.type))], ['analysis', 'finding', 'asset', 'conversation'])
  assert.match((await cordonHere(['check', file, '--csv'])).out, /"CMS8000 monitor, bed 1",Contec Medical Systems,CMS8000,C,1,/)
})

test('a policy of one\'s own changes the verdicts', async (t) => {
  const file = await ward('quiet')
  const policy = path.join(scratch(t), 'strict.yaml')
  fs.writeFileSync(policy, 'version: 1\nname: strict\nzones:\n  - name: all\n    kind: it\n    prefixes: [10.0.0.0/8]\nconduits: []\n')
  const report = JSON.parse((await cordonHere(['check', file, '--json', '--policy', policy])).out) as Report
  assert.ok(report.conversations.every((c) => c.verdict === 'deny'))
  fs.writeFileSync(policy, 'version: 1\nname: strict\nzoness: []\n')
  const wrong = await cordonHere(['check', file, '--policy', policy])
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /strict\.yaml:3:\d+: error .*zoness[\s\S]*help: .*zones/)
})

test('the launcher works through a symbolic link and from another folder', async (t) => {
  const folder = scratch(t)
  const link = path.join(folder, 'cordon')
  fs.symlinkSync(CORDON, link)
  const ended = await cordon(['--version'], { cwd: folder, command: link })
  assert.deepEqual([ended.code, ended.out.trim()], [0, '0.1.0'])
  const wrong = await cordon(['frobnicate'], { cwd: folder, command: link })
  assert.deepEqual([wrong.code, wrong.out], [2, ''])
  assert.match(wrong.err, /unknown command/)
})

test('a reader that goes away ends the command quietly', async () => {
  const file = await ward()
  const ended = await cordon(['-c', `'${CORDON}' check '${file}' --json | head -1`], { command: 'sh' })
  assert.deepEqual([ended.out.trim(), ended.err], ['{', ''])
})
