// Tests of the routes and of who may use them, over the memory store, without a browser.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, it } from 'node:test'
import { join } from 'node:path'
import { type FakeWorld, fakeWorld } from '../testing/fake-console.ts'
import { CANARY, seedWard, WARD_FINDINGS, WARD_ID, WARD_START } from '../testing/fixture-ward.ts'
import type { Analysis, ApiError, AssetPage, AssetRow, Conversation, Overview, TriagedFinding, ZoneMap } from './api.ts'
import { type Console, createConsole } from './server.ts'

const LOCAL = { host: '127.0.0.1:8080' }
const FINDING = '/api/analyses/an-ward/findings/f-0000000001/triage'

let world: FakeWorld
let app: Console

async function open(overrides: Parameters<typeof fakeWorld>[0] = {}): Promise<void> {
  world = await fakeWorld(overrides)
  await seedWard(world.store)
  app = await createConsole(world.deps)
}

async function shut(): Promise<void> {
  await app.close()
  await world.remove()
}

async function get<T>(url: string, status = 200): Promise<T> {
  const answer = await app.inject({ url, headers: LOCAL })
  assert.equal(answer.statusCode, status, `${url}: ${answer.body}`)
  return answer.json<T>()
}

describe('routes', () => {
  before(() => open())
  after(shut)

  it('answers health with version and limit', async () => {
    assert.deepEqual(await get('/api/health'), { ok: true, version: '0.0.0-test', uploadLimitBytes: 512 * 1024 * 1024, hasBeds: false })
  })

  it('lists analyses newest first', async () => {
    const body = { id: 'an-new', name: 'later.pcap' }
    await world.store.append([{ kind: 'analysis', analysis: 'an-new', key: 'an-new', at: WARD_START + 1, body }])
    assert.deepEqual((await get<Analysis[]>('/api/analyses')).map((a) => a.id), ['an-new', 'an-ward'])
  })

  it('joins the overview from records and the traffic question', async () => {
    const shown = await get<Overview>('/api/analyses/an-ward/overview')
    assert.equal(shown.analysis.id, WARD_ID)
    assert.deepEqual(shown.assets, { total: 3, medical: 2, unidentified: 1, talkOutside: 1 })
    assert.deepEqual(shown.findings, { info: 1, low: 1, medium: 1, high: 1, critical: 1 })
    assert.equal(shown.traffic.at.length, 40)
    assert.deepEqual(shown.traffic.flows.slice(18, 27), [1, 1, 0, 0, 0, 0, 0, 1, 1])
    assert.equal(shown.traffic.at[0], WARD_START / 1e6)
  })

  it('lists assets, and one asset with its conversations and findings', async () => {
    const rows = await get<AssetRow[]>('/api/analyses/an-ward/assets')
    assert.equal(rows.length, 4)
    const page = await get<AssetPage>('/api/analyses/an-ward/assets/a-0000000001')
    assert.equal(page.asset.label, 'CMS8000 monitor, bed 7')
    assert.equal(page.conversations.length, 4)
    assert.equal(page.findings.length, 3)
  })

  it('lists conversations and the zone map', async () => {
    assert.equal((await get<Conversation[]>('/api/analyses/an-ward/conversations')).length, 4)
    const map = await get<ZoneMap>('/api/analyses/an-ward/zones')
    assert.equal(map.zones.length, 5)
    assert.equal(map.cells.length, 4)
  })

  it('answers 404 with what and what to do for unknown ids and addresses', async () => {
    const unknown = [
      '/api/analyses/none/overview', '/api/analyses/none/zones', '/api/analyses/an-ward/assets/a-none', '/api/nothing', '/nothing',
      '/api/analyses//assets', '/api/analyses/%00/assets', `/api/analyses/${'x'.repeat(300)}/assets`, '/..%2f..%2fetc/passwd',
    ]
    for (const url of unknown) {
      const { error } = await get<ApiError>(url, 404)
      assert.match(error.code, /^(unknown-(analysis|asset)|not-found)$/)
      assert.ok(error.message.length > 10 && error.help.length > 10)
    }
  })

  it('answers a malformed address with an ApiError', async () => {
    const answer = await app.inject({ url: '/api/analyses/%E0%A4%A/assets', headers: LOCAL })
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json<ApiError>().error.code, 'bad-request')
    assert.ok(!answer.body.includes('%E0'))
    assert.match(String(answer.headers['content-security-policy']), /default-src/)
  })

  it('shows no canary in any answer', async () => {
    for (const path of ['overview', 'assets', 'assets/a-0000000001', 'conversations', 'zones', 'findings']) {
      const answer = await app.inject({ url: `/api/analyses/an-ward/${path}`, headers: LOCAL })
      assert.equal(answer.statusCode, 200)
      assert.ok(!answer.body.includes('ZZTEST') && !answer.body.includes('CANARY'), path)
    }
    const stored = JSON.stringify(await world.store.read('asset'))
    assert.ok(stored.includes(CANARY), 'the store must hold the canary, else this test proves nothing')
  })
})

describe('triage', () => {
  beforeEach(() => open())

  async function put(payload: string | object, url = FINDING, headers: Record<string, string> = {}) {
    const answer = await app.inject({ method: 'PUT', url, payload, headers: { ...LOCAL, 'content-type': 'application/json', ...headers } })
    return { status: answer.statusCode, body: answer.json<TriagedFinding & ApiError>() }
  }

  it('stores the state with an audit line and shows it from then on', async () => {
    const { status, body } = await put({ state: 'acknowledged' })
    assert.equal(status, 200)
    assert.deepEqual(body, { ...WARD_FINDINGS[0], triage: 'acknowledged' })
    const again = await get<TriagedFinding[]>('/api/analyses/an-ward/findings')
    assert.equal(again[0]?.triage, 'acknowledged')
    const audit = await world.store.read('audit')
    assert.deepEqual(audit.map((r) => r.body), [
      { at: WARD_START, by: 'local', action: 'triage', analysis: 'an-ward', finding: 'f-0000000001', from: 'new', to: 'acknowledged' },
    ])
    await shut()
  })

  it('keeps one audit line per change, and none for no change', async () => {
    for (const state of ['acknowledged', 'acknowledged', 'in-progress', 'closed', 'new']) assert.equal((await put({ state })).status, 200)
    const steps = (await world.store.read('audit')).map((r) => (r.body as { to: string }).to)
    assert.deepEqual(steps.sort(), ['acknowledged', 'closed', 'in-progress', 'new'])
    assert.equal((await world.store.read('triage')).length, 1)
    await shut()
  })

  it('refuses what is no state, and writes nothing', async () => {
    for (const payload of [{}, { state: 'done' }, { state: 1 }, { state: ['new'] }, '[]', 'null', '"new"', '{"state":', '']) {
      const { status, body } = await put(payload)
      assert.equal(status, 400, JSON.stringify(payload))
      assert.ok(body.error.help.length > 0)
    }
    assert.equal((await put({ state: 'new', padding: 'x'.repeat(20_000) })).status, 413)
    assert.equal((await put('<state/>', FINDING, { 'content-type': 'text/xml' })).status, 415)
    assert.deepEqual(await world.store.read('triage'), [])
    await shut()
  })

  it('answers 404 for an unknown finding or analysis', async () => {
    assert.equal((await put({ state: 'new' }, '/api/analyses/an-ward/findings/f-none/triage')).status, 404)
    assert.equal((await put({ state: 'new' }, '/api/analyses/none/findings/f-0000000001/triage')).status, 404)
    await shut()
  })

  it('takes no change from another site', async () => {
    const foreign: Record<string, string>[] = [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]
    for (const headers of foreign) {
      const { status, body } = await put({ state: 'closed' }, FINDING, headers)
      assert.equal(status, 403)
      assert.equal(body.error.code, 'origin-not-allowed')
    }
    const own = { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-origin' }
    assert.equal((await put({ state: 'closed' }, FINDING, own)).status, 200)
    await shut()
  })
})

describe('who may ask', () => {
  before(async () => open({ hosts: ['cordon.hospital.example'] }))
  after(shut)

  it('answers to loopback and configured names only', async () => {
    for (const host of ['localhost', '127.0.0.1:8080', '[::1]:8080', 'cordon.hospital.example']) {
      assert.equal((await app.inject({ url: '/api/health', headers: { host } })).statusCode, 200, host)
    }
    for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost@evil.example']) {
      for (const url of ['/api/health', '/', '/api/events', '/api/analyses']) {
        const answer = await app.inject({ url, headers: { host } })
        assert.equal(answer.statusCode, 403, `${host} ${url}`)
        assert.equal(answer.json<ApiError>().error.code, 'host-not-allowed')
      }
    }
  })

  it('puts the security headers on every answer and allows no other origin', async () => {
    const asked = [['/api/health', 'localhost'], ['/nothing', 'localhost'], ['/', 'localhost'], ['/', 'evil.example']] as const
    for (const [url, host] of asked) {
      const { headers } = await app.inject({ url, headers: { host, origin: 'https://evil.example' } })
      assert.match(String(headers['content-security-policy']), /default-src 'self'.*frame-ancestors 'none'/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['access-control-allow-origin'], undefined)
    }
  })

  it('keeps answers of the API out of every cache', async () => {
    assert.equal((await app.inject({ url: '/api/analyses', headers: LOCAL })).headers['cache-control'], 'no-store')
  })
})

describe('faults of ours', () => {
  it('tells the browser nothing of path or stack, and the terminal everything', async () => {
    const seen: unknown[] = []
    const fault = new Error('ENOENT: no such file, open /var/secret/place')
    await open({ zoneMap: () => Promise.reject(fault), onError: (error) => seen.push(error) })
    const answer = await app.inject({ url: '/api/analyses/an-ward/zones', headers: LOCAL })
    assert.equal(answer.statusCode, 500)
    assert.equal(answer.json<ApiError>().error.code, 'internal')
    assert.ok(!/secret|ENOENT|\.ts|at /.test(answer.json<ApiError>().error.message))
    assert.deepEqual(seen, [fault])
    await shut()
  })
})

describe('the browser app', () => {
  it('says how to build it when it is missing', async () => {
    await open()
    const answer = await app.inject({ url: '/', headers: LOCAL })
    assert.equal(answer.statusCode, 503)
    assert.match(answer.body, /npm run build:web/)
    await shut()
  })

  it('serves the built files, hashed ones for ever, and nothing beside them', async () => {
    world = await fakeWorld()
    await mkdir(join(world.deps.webRoot, 'assets'), { recursive: true })
    await writeFile(join(world.deps.webRoot, 'index.html'), '<!doctype html><title>x</title>')
    await writeFile(join(world.deps.webRoot, 'assets', 'a-1.js'), 'export {}')
    await writeFile(join(world.deps.webRoot, '.hidden'), 'no')
    await writeFile(join(world.folder, 'outside.txt'), 'no')
    app = await createConsole(world.deps)
    const first = await app.inject({ url: '/', headers: LOCAL })
    assert.equal(first.statusCode, 200)
    assert.equal(first.headers['cache-control'], 'no-cache')
    const asset = await app.inject({ url: '/assets/a-1.js', headers: LOCAL })
    assert.match(String(asset.headers['cache-control']), /immutable/)
    for (const url of ['/.hidden', '/../outside.txt', '/%2e%2e/outside.txt', '/assets/%2e%2e%2f%2e%2e%2foutside.txt']) {
      const answer = await app.inject({ url, headers: LOCAL })
      assert.ok([400, 403, 404].includes(answer.statusCode), `${url} ${answer.statusCode}`)
      assert.ok(!answer.body.includes(world.folder))
    }
    await shut()
  })
})

describe('the socket', () => {
  it('binds loopback on a free port and closes at once', async () => {
    await open()
    const url = await app.listen()
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
    assert.equal((await fetch(`${url}api/health`)).status, 200)
    await shut()
    await assert.rejects(fetch(`${url}api/health`))
  })

  it('rejects when the port is taken', async () => {
    await open()
    const url = await app.listen()
    const second = await createConsole(world.deps)
    await assert.rejects(second.listen('127.0.0.1', Number(new URL(url).port)), /EADDRINUSE/)
    await second.close()
    await shut()
  })
})
