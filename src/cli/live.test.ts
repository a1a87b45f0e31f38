// demo and serve as running programs: what they print, what the console answers, how an upload goes, how Ctrl-C ends them.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Analysis, ApiError, Overview, TriagedFinding } from '../console/api.ts'
import { cordon, cordonHere, ended, outputMatching, scratch, start } from '../testing/command.ts'

const CONSOLE = /Console: (http:\/\/127\.0\.0\.1:\d+)/

async function running(t: TestContext, args: readonly string[], env: Record<string, string> = {}) {
  const child = start(args, { env })
  t.after(() => child.kill('SIGKILL'))
  const out = await outputMatching(child, CONSOLE)
  return { child, out, url: CONSOLE.exec(out)?.[1] ?? '' }
}

async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  assert.equal(answer.status, 200, url)
  return (await answer.json()) as T
}

async function upload(url: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<{ status: number; body: unknown }> {
  const form = new FormData()
  form.set('capture', new Blob([bytes]), name)
  const answer = await fetch(`${url}/api/captures`, { method: 'POST', body: form, headers: { origin: url } })
  return { status: answer.status, body: await answer.json() }
}

test('demo: the ward in the terminal and in the console, going on, and gone without a trace after Ctrl-C', async (t) => {
  const tmp = scratch(t)
  const { child, out, url } = await running(t, ['demo', '--port', '0'], { TMPDIR: tmp })
  assert.match(out, /Findings \(1\d\)/)
  assert.match(out, /CMS8000 monitor, bed 12|behaves like a CMS8000/)
  const [analysis] = await get<Analysis[]>(`${url}/api/analyses`)
  assert.deepEqual([analysis?.name, analysis?.state], ['demo ward', 'running'])
  const overview = await get<Overview>(`${url}/api/analyses/${analysis?.id}/overview`)
  assert.equal(overview.assets.medical >= 12, true, JSON.stringify(overview.assets))
  assert.ok(overview.findings.critical > 0 && overview.traffic.at.length > 5)
  assert.match(await (await fetch(url)).text(), /<div id="root">/)
  const before = analysis?.packets ?? 0
  for (let i = 0; i < 50 && (await get<Analysis[]>(`${url}/api/analyses`))[0]?.packets === before; i++) await new Promise((r) => setTimeout(r, 100))
  assert.ok(((await get<Analysis[]>(`${url}/api/analyses`))[0]?.packets ?? 0) > before, 'the ward goes on')
  child.kill('SIGINT')
  assert.equal(await ended(child), 130)
  assert.deepEqual(fs.readdirSync(tmp).filter((name) => name.startsWith('cordon')), [])
})

test('serve: a dropped capture becomes an analysis with findings and triage that survive a restart', async (t) => {
  const folder = scratch(t)
  const file = path.join(folder, 'ward.pcap')
  assert.equal((await cordonHere(['twin', '--out', file, '--beds', '3', '--scenario', 'leak', '--seconds', '60'])).code, 0)
  const data = path.join(folder, 'data')
  const first = await running(t, ['serve', '--port', '0', '--data', data])
  const uploaded = await upload(first.url, 'ward.pcap', new Uint8Array(fs.readFileSync(file)))
  assert.equal(uploaded.status, 201, JSON.stringify(uploaded.body))
  const analysis = uploaded.body as Analysis
  assert.deepEqual([analysis.name, analysis.state], ['ward.pcap', 'complete'])
  const findings = await get<TriagedFinding[]>(`${first.url}/api/analyses/${analysis.id}/findings`)
  assert.ok(findings.length > 0 && findings.every((f) => f.triage === 'new'))
  const triage = await fetch(`${first.url}/api/analyses/${analysis.id}/findings/${findings[0]?.id}/triage`, {
    method: 'PUT', body: JSON.stringify({ state: 'acknowledged' }), headers: { origin: first.url, 'content-type': 'application/json' },
  })
  assert.equal(triage.status, 200)
  assert.deepEqual(fs.readdirSync(path.join(data, 'incoming')), [], 'no capture stays behind')
  first.child.kill('SIGTERM')
  assert.equal(await ended(first.child), 143)
  const second = await running(t, ['serve', '--port', '0', '--data', data])
  const again = await get<TriagedFinding[]>(`${second.url}/api/analyses/${analysis.id}/findings`)
  assert.equal(again.find((f) => f.id === findings[0]?.id)?.triage, 'acknowledged')
  second.child.kill('SIGINT')
  assert.equal(await ended(second.child), 130)
})

test('serve: what is no capture is refused with what to do; a damaged one is kept and marked; a taken port is told', async (t) => {
  const folder = scratch(t)
  const { child, url } = await running(t, ['serve', '--port', '0', '--data', path.join(folder, 'data')])
  const refused = await upload(url, 'holiday.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 0, 0, 0]))
  assert.equal(refused.status, 422)
  const { error } = refused.body as ApiError
  assert.ok(error.message !== '' && error.help !== '' && !JSON.stringify(refused.body).includes(folder))
  assert.deepEqual(await get<Analysis[]>(`${url}/api/analyses`), [])
  const file = path.join(folder, 'ward.pcap')
  assert.equal((await cordonHere(['twin', '--out', file, '--beds', '1', '--seconds', '10'])).code, 0)
  const damaged = await upload(url, 'cut.pcap', new Uint8Array(fs.readFileSync(file).subarray(0, -5)))
  assert.equal(damaged.status, 201)
  assert.equal((damaged.body as Analysis).state, 'partial')
  const port = new URL(url).port
  const second = await cordon(['serve', '--port', port, '--data', path.join(folder, 'other')])
  assert.equal(second.code, 2)
  assert.match(second.err, /is taken by another program[\s\S]*--port/)
  child.kill('SIGINT')
  assert.equal(await ended(child), 130)
})
