// Tests of cordon replay: a capture or a data folder against a draft, ward words first, exit codes by verdict.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { runCheck } from './check.ts'
import type { Io } from './io.ts'
import type { Past } from './past.ts'
import { runReplay, type ReplayArgs } from './replay.ts'
import { observationOf, watchesOf } from './replay-input.ts'
import { runTwin } from './twin.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-replay-cli-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(command: (io: Io) => Promise<number>): Promise<Run> {
  let out = ''
  let err = ''
  const io: Io = {
    out: (text) => void (out += text), err: (text) => void (err += text),
    isTty: false, color: false, env: {}, signal: new AbortController().signal,
  }
  return { code: await command(io), out, err }
}

const file = (name: string): string => path.join(folder, name)
const replayed = (args: ReplayArgs): Promise<Run> => run((io) => runReplay(args, io))

/** Lets everything pass that does not leave: no observed flow of a quiet ward stops. */
const OPEN = `version: 1
name: open
zones:
  - { name: house, kind: it, prefixes: [10.0.0.0/8, 202.114.4.0/24, 192.168.0.0/16] }
conduits: []
default: allow
`

before(async () => {
  for (const [name, scenario] of [['quiet', ''], ['leak', 'leak']] as const) {
    const made = await run((io) => runTwin({ out: file(`${name}.pcap`), beds: 3, seconds: 30, scenario, seed: 7 }, io))
    assert.equal(made.code, 0, made.err)
  }
  fs.writeFileSync(file('open.yaml'), OPEN)
  fs.writeFileSync(file('shut.yaml'), OPEN.replace('default: allow', 'default: deny').replace('kind: it', 'kind: medical'))
  fs.writeFileSync(file('bad.yaml'), OPEN.replace('default: allow', 'default: alow'))
})

test('S8, S5: a draft that cuts the ward says who is in use, then what disappears, and only then a port', async () => {
  const r = await replayed({ file: file('quiet.pcap'), policy: file('shut.yaml') })
  assert.deepEqual([r.code, r.err], [1, ''])
  const [first = '', second = ''] = r.out.split('\n')
  assert.match(first, /^In use now, and this change stops something of it: Bed 1 \(\d+ seconds? ago\), bed 2 .*bed 3/)
  assert.match(second, /^BREAK: .* Approval is held until somebody states a reason/)
  assert.ok(r.out.indexOf('Bed 1 disappears from the central station.') < r.out.indexOf('tcp 515'), r.out)
  assert.match(r.out, /Bed 1 disappears from the central station\.\n +bed 1, vitals: /)
})

test('S4: a draft that stops nothing is unknown on half a minute of capture, and exits with 4', async () => {
  const r = await replayed({ file: file('quiet.pcap'), policy: file('open.yaml') })
  assert.deepEqual([r.code, r.err], [4, ''])
  assert.match(r.out, /UNKNOWN: /)
  assert.match(r.out, /gap: Watched for \d+ seconds; less than 7 days says nothing about the rest of the week/)
  assert.doesNotMatch(r.out, /What stops, seen here/)
})

test('S3: a stated reason opens the approval, not the verdict', async () => {
  const args = { file: file('quiet.pcap'), policy: file('shut.yaml'), reason: 'agreed with the ward' }
  const r = await replayed(args)
  assert.equal(r.code, 1)
  assert.match(r.out, /Approved all the same, because: agreed with the ward/)
  const json = JSON.parse((await replayed({ ...args, json: true })).out) as { verdict: string; approval: string; reason: string }
  assert.deepEqual([json.verdict, json.approval, json.reason], ['break', 'open', 'agreed with the ward'])
})

interface Body {
  readonly schema: string
  readonly verdict: string
  readonly conversations: readonly { readonly id: string; readonly class: string; readonly port: number; readonly to: string }[]
  readonly unseen: readonly { readonly state: string; readonly flow: { readonly what: { readonly name: string } } }[]
  readonly counts: Readonly<Record<string, { readonly conversations: number }>>
  readonly newlyDenied: number | null
}

test('JSON has one class per conversation, and is the same bytes for the same input', async () => {
  const args = { file: file('leak.pcap'), json: true }
  const [first, again] = [await replayed(args), await replayed(args)]
  assert.equal(first.out, again.out)
  const body = JSON.parse(first.out) as Body
  assert.equal(body.schema, 'cordon.replay/1')
  const escaped = body.conversations.filter((c) => c.class === 'escaped')
  assert.equal(escaped.length, body.counts['escaped']?.conversations)
  assert.ok(escaped.some((c) => c.to === '202.114.4.119' && c.port === 515), 'the leak got through, and the shipped policy stops it')
  assert.equal(Object.values(body.counts).reduce((n, c) => n + c.conversations, 0), body.conversations.length)
})

test('documented flows that nobody saw are asked: the update menu is stopped on purpose by the shipped policy', async () => {
  const body = JSON.parse((await replayed({ file: file('quiet.pcap'), json: true })).out) as Body
  const states = new Set(body.unseen.filter((u) => u.flow.what.name === 'update-files').map((u) => u.state))
  assert.deepEqual([...states], ['on-purpose'])
  const cut = JSON.parse((await replayed({ file: file('quiet.pcap'), policy: file('shut.yaml'), json: true })).out) as Body
  assert.deepEqual([...new Set(cut.unseen.filter((u) => u.flow.what.name === 'update-files').map((u) => u.state))], ['broken'])
})

test('against the policy in force, what changes is counted', async () => {
  const r = await replayed({ file: file('quiet.pcap'), policy: file('shut.yaml'), against: file('open.yaml') })
  assert.match(r.out, /Against the policy in force: [1-9]\d* newly denied, 0 newly allowed/)
})

test('the newest analysis of a data folder is replayed; its clock is now, so an old capture names nobody in use', async () => {
  const data = file('data')
  const checked = await run((io) =>
    runCheck({ file: file('quiet.pcap'), policy: undefined, data, format: 'json', failOn: 'never', hash: true, workers: 1 }, io))
  assert.equal(checked.code, 0, checked.err)
  const fromFile = JSON.parse((await replayed({ file: file('quiet.pcap'), json: true })).out) as Body
  const later = JSON.parse((await replayed({ data, json: true })).out) as Body & { lineOne: string; coverage: { seenOnce: number } }
  assert.deepEqual(later.conversations.map((c) => [c.id, c.class]).sort(), fromFile.conversations.map((c) => [c.id, c.class]).sort())
  assert.match(later.lineOne, /no device was seen to send telemetry .* Not seen is not unused/)
  assert.ok(later.coverage.seenOnce > 0, 'activity comes from the stored flows')
})

test('what cannot be read is said with what to do, and exits with 2 or 3', async () => {
  assert.match((await replayed({})).err, /no past to read\n {2}help: Name a capture/)
  assert.equal((await replayed({})).code, 2)
  const empty = await replayed({ data: file('empty') })
  assert.deepEqual([empty.code, /cordon check --data/.test(empty.err)], [2, true])
  const bad = await replayed({ file: file('quiet.pcap'), policy: file('bad.yaml') })
  assert.deepEqual([bad.code, bad.out, /alow/.test(bad.err)], [2, '', true])
  const against = await replayed({ file: file('quiet.pcap'), against: file('bad.yaml') })
  assert.deepEqual([against.code, against.out, /alow/.test(against.err)], [2, '', true])
  const text = await replayed({ file: file('open.yaml') })
  assert.deepEqual([text.code, text.out], [3, ''])
})

test('S4: packets far apart are no watch of what lies between', () => {
  const quarter = 15 * 60_000_000
  assert.deepEqual(watchesOf([0, 1, 2, 100].map((q) => q * quarter), 5, 101 * quarter - 7), [
    { from: 5, to: 3 * quarter }, { from: 100 * quarter, to: 101 * quarter - 7 },
  ])
  assert.deepEqual(watchesOf([0, 5].map((q) => q * quarter), 0, 6 * quarter), [{ from: 0, to: 6 * quarter }], 'an hour of silence is quiet')
  assert.deepEqual(watchesOf([], 0, quarter), [])
})

test('a damaged capture is never a pass', async () => {
  const bytes = fs.readFileSync(file('quiet.pcap'))
  fs.writeFileSync(file('cut.pcap'), bytes.subarray(0, bytes.length - 7))
  const r = await replayed({ file: file('cut.pcap'), policy: file('open.yaml') })
  assert.equal(r.code, 4)
  assert.match(r.err, /^damaged/)
  assert.match(r.out, /gap: The record is damaged, cut or interrupted/)
})

test('a watch that stood still for a while is never a pass, though it ended well', () => {
  const past = (observations: readonly { name: string; count: number }[]): Past => ({
    analysis: { state: 'complete', firstAt: 1, lastAt: 2, observations } as unknown as Past['analysis'],
    assets: [], missing: [], conversations: [], active: [], times: new Map(),
  } as unknown as Past)
  assert.equal(observationOf(past([{ name: 'captureGaps', count: 1 }]), 0).damaged, true)
  assert.equal(observationOf(past([{ name: 'captureGaps', count: 0 }, { name: 'fragment', count: 3 }]), 0).damaged, false)
})

test('no patient stands in any output', async () => {
  for (const json of [true, false]) {
    const r = await replayed({ file: file('leak.pcap'), policy: file('shut.yaml'), json })
    assert.doesNotMatch(`${r.out}${r.err}`, /ZZTEST|CANARY/)
  }
})
