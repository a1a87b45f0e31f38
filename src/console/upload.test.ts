// Tests of captures on their way in: where they are kept, how large they may be, what is left of them (nothing).

import assert from 'node:assert/strict'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { join } from 'node:path'
import { type FakeWorld, fakeWorld, multipart, tinyPcap } from '../testing/fake-console.ts'
import { wardAnalysis } from '../testing/fixture-ward.ts'
import type { Analysis, ApiError } from './api.ts'
import { type Console, type ConsoleDeps, createConsole } from './server.ts'
import { displayName, UPLOADS_AT_ONCE_MAX } from './upload.ts'

let world: FakeWorld
let app: Console

async function open(overrides: Partial<ConsoleDeps> = {}): Promise<void> {
  world = await fakeWorld(overrides)
  app = await createConsole(world.deps)
}

async function post(bytes: Uint8Array<ArrayBuffer>, filename = 'ward.pcap', field = 'capture') {
  const { payload, headers } = await multipart(bytes, filename, field)
  const answer = await app.inject({ method: 'POST', url: '/api/captures', payload, headers: { host: 'localhost', ...headers } })
  return { status: answer.statusCode, body: answer.json<Analysis & ApiError>() }
}

const left = (): Promise<string[]> => readdir(world.deps.incoming).catch(() => [])

describe('upload', () => {
  afterEach(async () => {
    await app.close()
    await world.remove()
  })

  it('analyses a capture, writes an audit line and keeps no byte of it', async () => {
    await open()
    const { status, body } = await post(tinyPcap(100), 'ward 3.pcap')
    assert.equal(status, 201)
    assert.equal(body.name, 'ward 3.pcap')
    assert.deepEqual(await left(), [])
    assert.deepEqual((await world.store.read('audit')).map((r) => (r.body as { action: string; name: string }).name), ['ward 3.pcap'])
  })

  it('hands the analyser a file only its owner can read', async () => {
    const modes: number[] = []
    await open({ analyseCapture: async (path) => {
      modes.push((await stat(path)).mode & 0o777, (await stat(join(path, '..'))).mode & 0o777)
      return { ok: true, analysis: wardAnalysis() }
    } })
    assert.equal((await post(tinyPcap())).status, 201)
    assert.deepEqual(modes, [0o600, 0o700])
  })

  it('refuses what is no capture with the analyser\'s words', async () => {
    await open()
    const { status, body } = await post(new TextEncoder().encode('hello, this is a letter'), 'letter.txt')
    assert.equal(status, 422)
    assert.equal(body.error.code, 'capture/not-a-capture')
    assert.match(body.error.message, /letter\.txt/)
    assert.match(body.error.help, /pcap/)
    assert.deepEqual(await left(), [])
  })

  it('refuses a capture above the limit, told or counted', async () => {
    await open({ uploadLimitBytes: 1000 })
    assert.equal((await post(tinyPcap(976))).status, 201)
    const counted = await post(tinyPcap(977))
    assert.equal(counted.status, 413)
    assert.equal(counted.body.error.code, 'too-large')
    assert.match(counted.body.error.message, /1000 bytes/)
    assert.equal((await post(tinyPcap(200_000))).status, 413)
    assert.deepEqual(await left(), [])
  })

  it('answers a body that is too large over a real socket, instead of cutting it', async () => {
    await open({ uploadLimitBytes: 1000 })
    const url = await app.listen()
    const { payload, headers } = await multipart(tinyPcap(3_000_000), 'big.pcap')
    const answer = await fetch(`${url}api/captures`, { method: 'POST', body: payload, headers })
    assert.equal(answer.status, 413)
    assert.equal(((await answer.json()) as ApiError).error.code, 'too-large')
    assert.deepEqual(await left(), [])
  })

  it('asks for the field when the form lacks it', async () => {
    await open()
    assert.equal((await post(tinyPcap(), 'ward.pcap', 'file')).status, 400)
    for (const headers of [{ 'content-type': 'application/json' }, { 'content-type': 'multipart/form-data; boundary=x' }]) {
      const answer = await app.inject({ method: 'POST', url: '/api/captures', payload: '{}', headers: { host: 'localhost', ...headers } })
      assert.equal(answer.statusCode, 400, answer.body)
      assert.match(answer.json<ApiError>().error.code, /^(no-capture|bad-request)$/)
    }
  })

  it('removes the file when the analyser fails, and says nothing of why', async () => {
    await open({ analyseCapture: (path) => Promise.reject(new Error(`cannot read ${path}`)) })
    const { status, body } = await post(tinyPcap())
    assert.equal(status, 500)
    assert.ok(!JSON.stringify(body).includes(world.folder))
    assert.deepEqual(await left(), [])
  })

  it('takes a bounded number at once', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    await open({ analyseCapture: async () => {
      await gate
      return { ok: true, analysis: wardAnalysis() }
    } })
    const running = Array.from({ length: UPLOADS_AT_ONCE_MAX }, () => post(tinyPcap()))
    while ((await left()).length < UPLOADS_AT_ONCE_MAX) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await post(tinyPcap())).status, 503)
    release()
    assert.deepEqual((await Promise.all(running)).map((r) => r.status), Array.from({ length: UPLOADS_AT_ONCE_MAX }, () => 201))
    assert.equal((await post(tinyPcap())).status, 201)
  })

  it('removes what an earlier process left behind, and nothing else', async () => {
    world = await fakeWorld()
    await mkdir(world.deps.incoming)
    await writeFile(join(world.deps.incoming, 'capture-01234567-89ab-cdef-0123-456789abcdef.part'), 'x')
    await writeFile(join(world.deps.incoming, 'notes.txt'), 'x')
    app = await createConsole(world.deps)
    assert.deepEqual(await left(), ['notes.txt'])
  })

  it('leaves nothing when the browser goes away half way', async () => {
    await open()
    const url = new URL(await app.listen())
    const socket = connect(Number(url.port), url.hostname)
    socket.write(`POST /api/captures HTTP/1.1\r\nhost: ${url.host}\r\n`
      + 'content-type: multipart/form-data; boundary=b\r\ncontent-length: 100000\r\n\r\n'
      + '--b\r\ncontent-disposition: form-data; name="capture"; filename="a.pcap"\r\n\r\n')
    socket.write(tinyPcap(5000))
    while ((await left()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    socket.destroy()
    while ((await left()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await fetch(`${url.href}api/health`)).status, 200)
    assert.deepEqual(await world.store.read('analysis'), [])
  })
})

describe('displayName', () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    ['ward.pcap', 'ward.pcap'], ['../../etc/passwd', 'passwd'], ['C:\\captures\\ward 3.pcapng', 'ward 3.pcapng'],
    ['a\u0000b\n.pcap', 'ab.pcap'],
    ['\u202egpj.pcap', 'gpj.pcap'], ['', 'capture'], [undefined, 'capture'], ['/', 'capture'], ['x'.repeat(500), 'x'.repeat(120)],
  ]
  for (const [given, shown] of cases) {
    it(`shows ${JSON.stringify(given)?.slice(0, 40)} as ${shown.slice(0, 20)}`, () => assert.equal(displayName(given), shown))
  }
})
