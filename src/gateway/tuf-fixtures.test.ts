// Real TUF repositories of others, in the hour they were made for: tuf-on-ci's and tuf-js's own, through the import and the three verbs.
// Keeps the rule that such data stays beside the checkout; without it the tests skip by name.

import { deepEqual, equal, match } from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { scratch } from '../testing/command.ts'
import { importRepository, pinRoot, type ReleaseStore } from './release.ts'
import { pathOfUrl } from './local-fetcher.ts'
import { runTufClient, TUF_USAGE } from './tuf-client.ts'

const CLINICAL = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'clinical')
const skip = fs.existsSync(path.join(CLINICAL, 'tuf-static')) ? false : '../shared/clinical is not here'
const STATIC = path.join(CLINICAL, 'tuf-static', 'tuf-on-ci-0.11')
const EXAMPLE = path.join(CLINICAL, 'tuf-js-example')
const FIXTURES = path.join(CLINICAL, 'tuf-js-fixtures')

/** Serves a repository on loopback, as the conformance suite does. */
async function serve(t: TestContext, folder: string): Promise<string> {
  const server = http.createServer((request, response) => {
    const relative = pathOfUrl(`http://x${request.url ?? '/'}`)
    const file = relative === null ? '' : path.join(folder, relative)
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) response.writeHead(404).end()
    else response.end(fs.readFileSync(file))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => new Promise((done) => server.close(done).closeAllConnections()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function setTime(t: TestContext, text: string): void {
  mock.timers.enable({ apis: ['Date'], now: Date.parse(text) })
  t.after(() => mock.timers.reset())
}

interface Client {
  (...more: string[]): Promise<number>
  readonly said: string[]
}

function clientOf(metadataDir: string, url: string | null): Client {
  const said: string[] = []
  const run = (...more: string[]): Promise<number> =>
    runTufClient(['--metadata-dir', metadataDir, ...(url === null ? [] : ['--metadata-url', `${url}/metadata`]), ...more], (text) => said.push(text))
  return Object.assign(run, { said })
}

test('tuf-on-ci: init, refresh and download of a delegated target, at its own hour', { skip }, async (t) => {
  setTime(t, fs.readFileSync(path.join(STATIC, 'faketime'), 'utf8').trim())
  const folder = scratch(t)
  const url = await serve(t, STATIC)
  const client = clientOf(path.join(folder, 'metadata'), url)
  const name = fs.readFileSync(path.join(STATIC, 'targetpath'), 'utf8').trim()
  fs.mkdirSync(path.join(folder, 'targets'))
  equal(await client('init', path.join(STATIC, 'initial_root.json')), 0)
  equal(await client('refresh'), 0, client.said.join(''))
  const to = ['--target-base-url', `${url}/targets`, '--target-dir', path.join(folder, 'targets'), 'download']
  equal(await client('--target-name', name, ...to), 0, client.said.join(''))
  const [file] = fs.readdirSync(path.join(folder, 'targets'))
  const [original] = fs.readdirSync(path.join(STATIC, 'targets', 'delegatedrole'))
  deepEqual(fs.readFileSync(path.join(folder, 'targets', file ?? '')), fs.readFileSync(path.join(STATIC, 'targets', 'delegatedrole', original ?? '')))
  equal(await client('--target-name', 'absent', ...to), 1)
})

test('tuf-on-ci: after its end it is expired', { skip }, async (t) => {
  setTime(t, '2050-01-01T00:00:00Z')
  const client = clientOf(path.join(scratch(t), 'metadata'), await serve(t, STATIC))
  equal(await client('init', path.join(STATIC, 'initial_root.json')), 0)
  equal(await client('refresh'), 1)
  match(client.said.join(''), /expired/)
})

function storeOf(t: TestContext): ReleaseStore {
  return { folder: path.join(scratch(t), 'data'), clock: () => Date.now() }
}

test('tuf-on-ci: the import verifies it whole and then misses what a release must say', { skip }, async (t) => {
  setTime(t, fs.readFileSync(path.join(STATIC, 'faketime'), 'utf8').trim())
  const store = storeOf(t)
  equal(pinRoot(store, path.join(STATIC, 'initial_root.json')).ok, true)
  const taken = await importRepository(store, STATIC)
  match(taken.ok ? '' : taken.error, /target "delegatedrole\/artifact": custom\.model must name the model/)
})

test('tuf-js\'s example: verified whole, targets and delegations, and then no release', { skip }, async (t) => {
  setTime(t, '2026-01-05T07:30:00Z')
  const store = storeOf(t)
  equal(pinRoot(store, path.join(EXAMPLE, 'metadata', '1.root.json')).ok, true)
  const taken = await importRepository(store, EXAMPLE)
  match(taken.ok ? '' : taken.error, /target "file1\.txt": custom\.model must name the model/)
})

test('tuf-js\'s example: one changed word in a top-level role is refused', { skip }, async (t) => {
  setTime(t, '2026-01-05T07:30:00Z')
  for (const name of ['timestamp', 'snapshot', 'targets']) {
    const folder = path.join(scratch(t), 'copy')
    fs.cpSync(EXAMPLE, folder, { recursive: true })
    const file = path.join(folder, 'metadata', `${name}.json`)
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('2030-01-01', '2031-01-01'))
    const store = storeOf(t)
    equal(pinRoot(store, path.join(folder, 'metadata', '1.root.json')).ok, true)
    const taken = await importRepository(store, folder)
    match(taken.ok ? '' : taken.error, /signed by 0\/1|[Ee]xpected hash|failed to verify/, name)
  }
})

test('tuf-js\'s fixtures: the root signs itself; with its second half missing it does not', { skip }, (t) => {
  setTime(t, '2026-01-05T07:30:00Z')
  equal(pinRoot(storeOf(t), path.join(FIXTURES, 'root.json')).ok, true)
  const file = path.join(scratch(t), 'root.json')
  fs.writeFileSync(file, fs.readFileSync(path.join(FIXTURES, 'root.json'), 'utf8').slice(0, 900))
  equal(pinRoot(storeOf(t), file).ok, false)
})

test('the three verbs say how they are used', async () => {
  const half = ['--metadata-dir', 'x', '--metadata-url', 'http://127.0.0.1:1']
  for (const argv of [[], ['refresh'], ['--metadata-dir', 'x', 'init'], [...half, 'eat'], [...half, 'download'], ['--nonsense']]) {
    const said: string[] = []
    equal(await runTufClient(argv, (text) => said.push(text)), 2, argv.join(' '))
    match(said.join(''), new RegExp(TUF_USAGE.slice(0, 20)))
  }
})

test('an address that leaves its folder names nothing', () => {
  const urls = [
    'file:///metadata/1.root.json', 'file:///targets/a/b', 'file:///targets/..%2f..%2fetc', 'file:///targets/%2e%2e/x', 'file:///a//b', 'file:///%zz',
    'file:///a%00b',
  ]
  deepEqual(urls.map(pathOfUrl), ['metadata/1.root.json', 'targets/a/b', null, 'x', null, null, null])
})
