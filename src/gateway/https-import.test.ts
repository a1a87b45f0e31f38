// Import over https: a good server on loopback, and each way a server, a certificate or a wire can be bad.
// Keeps "nothing half kept": after every refusal the data folder holds what it held before, and no file of the attempt.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { scratch } from '../testing/command.ts'
import { opensslMissing } from '../testing/certificates.ts'
import { makeCertificate, serveHttps, type Mischief, type TestCertificate, type TestServer } from '../testing/https-files.ts'
import { customOf, newKey, TufWorld } from '../testing/tuf-world.ts'
import { noise } from '../testing/update-world.ts'
import { HTTPS_LIMITS, HttpsFetcher, repositoryUrl, type HttpsLimits } from './https-fetcher.ts'
import { takeByHttps, type TakenByHttps } from './https-import.ts'
import { loadReleases, pinRoot, type ReleaseStore } from './release.ts'

const skip = opensslMissing
const NOW = Date.parse('2026-01-05T07:30:00Z')

interface Bench {
  readonly tuf: TufWorld
  readonly store: ReleaseStore
  readonly source: string
  readonly server: TestServer
  readonly certificate: TestCertificate
  take(over?: { url?: string; ca?: string | null; limits?: Partial<HttpsLimits>; keep?: boolean }): Promise<TakenByHttps>
}

/** A good repository with three files, one of them of a delegated role, its root pinned, and a server that a test may spoil. */
async function bench(t: TestContext, mischief: Mischief = () => false): Promise<Bench> {
  mock.timers.enable({ apis: ['Date'], now: NOW })
  t.after(() => mock.timers.reset())
  const folder = scratch(t)
  const source = path.join(folder, 'web')
  const tuf = new TufWorld()
  tuf.files = [{ path: 'monitor', content: noise(300_000) }, { path: 'run.sh', content: noise(50, 2) }]
  tuf.delegations = { targets: [{ name: 'vendor', key: newKey(), paths: ['vendor-*'] }] }
  tuf.delegatedFiles = { vendor: [{ path: 'vendor-a', content: noise(900, 3) }] }
  tuf.write(source)
  const store = { folder: path.join(folder, 'data'), clock: () => Date.now() }
  equal(pinRoot(store, path.join(source, 'metadata', '1.root.json')).ok, true)
  const certificate = makeCertificate(t)
  const server = await serveHttps(t, certificate, source, mischief)
  return {
    tuf, store, source, server, certificate,
    take: (over = {}) => {
      const url = repositoryUrl(over.url ?? server.url)
      ok(url.ok)
      const ca = over.ca === undefined ? certificate.ca : over.ca
      return takeByHttps(store, { url: url.value, ca, limits: { ...HTTPS_LIMITS, ...over.limits } }, { keep: over.keep ?? true })
    },
  }
}

function filesBelow(folder: string): string[] {
  return (fs.readdirSync(folder, { recursive: true }) as string[]).filter((name) => !name.endsWith('clock.json')).sort()
}

/** Refused for `pattern`, and the data folder is as it was. */
async function refused({ store, take }: Bench, pattern: RegExp, over: Parameters<Bench['take']>[0] = {}): Promise<TakenByHttps> {
  const before = filesBelow(store.folder)
  const taken = await take(over)
  match(taken.loaded.ok ? 'taken' : taken.loaded.error, pattern)
  deepEqual(filesBelow(store.folder), before)
  return taken
}

test('a good repository is fetched whole, verified again from our copy, and kept', { skip }, async (t) => {
  const { store, source, server, take } = await bench(t)
  const taken = await take()
  ok(taken.loaded.ok, taken.loaded.ok ? '' : taken.loaded.error)
  equal(taken.wayFault, null)
  deepEqual(taken.loaded.value[0]?.tree.files.map((f) => [f.path, f.content.length]), [['monitor', 300_000], ['run.sh', 50], ['vendor-a', 900]])
  // Every file of the repository but the pinned root was asked for once, and lies in our copy byte for byte.
  const names = filesBelow(source).filter((n) => n.includes('.')).map((n) => n.replaceAll(path.sep, '/'))
  for (const name of names.filter((n) => n !== 'metadata/1.root.json')) {
    equal(server.asked.filter((asked) => asked === name).length, 1, name)
    ok(fs.readFileSync(path.join(source, name)).equals(fs.readFileSync(path.join(store.folder, 'repository', name))), name)
  }
  const counts = taken.roles.map((r) => `${r.role} ${r.signed}/${r.threshold}`)
  deepEqual(counts, ['root 3/2', 'timestamp 1/1', 'snapshot 1/1', 'targets 3/2', 'vendor 1/1'])
  equal((await loadReleases(store)).ok, true)
})

test('the next version comes over the kept one; the older one is refused at its first file and nothing moves', { skip }, async (t) => {
  const world = await bench(t)
  const { tuf, source, server, store, take } = world
  equal((await take()).loaded.ok, true)
  tuf.bump()
  tuf.files = [{ path: 'monitor', content: noise(6000, 3) }]
  tuf.write(source)
  const second = await take()
  ok(second.loaded.ok, second.loaded.ok ? '' : second.loaded.error)
  const id = second.loaded.value[0]?.manifest.id
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) tuf.versions[role] = 1
  tuf.write(source)
  server.asked.length = 0
  await refused(world, /less than current version/)
  equal(server.asked.some((name) => name.startsWith('targets/')), false)
  const kept = await loadReleases(store)
  equal(kept.ok && kept.value[0]?.manifest.id, id)
})

test('verified only: nothing is kept, not even a newer root', { skip }, async (t) => {
  const world = await bench(t)
  world.tuf.versions.root = 2
  world.tuf.write(world.source)
  const before = filesBelow(world.store.folder)
  const taken = await world.take({ keep: false })
  equal(taken.loaded.ok, true)
  deepEqual(filesBelow(world.store.folder), before)
  match(fs.readFileSync(path.join(world.store.folder, 'trusted', 'root.json'), 'utf8'), /"version":1/)
})

test('a newer root stays although the rest was refused', { skip }, async (t) => {
  const world = await bench(t)
  world.tuf.versions.root = 2
  world.tuf.expires.timestamp = '2026-01-01T00:00:00Z'
  world.tuf.write(world.source)
  await refused(world, /expired/)
  match(fs.readFileSync(path.join(world.store.folder, 'trusted', 'root.json'), 'utf8'), /"version":2/)
})

for (const [what, spoil, pattern] of [
  ['an unknown authority', (t: TestContext) => ({ ca: makeCertificate(t).ca }), /self-signed certificate|unable to verify|unable to get/],
  ['the system\'s authorities only', () => ({ ca: null }), /self-signed certificate|unable to verify|unable to get/],
] as const) {
  test(`certificates: ${what} is refused before a byte of the repository`, { skip }, async (t) => {
    const world = await bench(t)
    const taken = await refused(world, pattern, spoil(t))
    match(taken.wayFault ?? '', /^https:\/\/127\.0\.0\.1:\d+\/metadata\//)
    deepEqual(world.server.asked, [])
  })
}

test('certificates: another host\'s, and one that is over, are refused', { skip }, async (t) => {
  const world = await bench(t)
  for (const [certificate, pattern] of [
    [makeCertificate(t, 'elsewhere.example'), /does not match|altnames/i], [makeCertificate(t, '127.0.0.1', -1), /expired|not yet valid/i],
  ] as const) {
    const server = await serveHttps(t, certificate, world.source)
    await refused(world, pattern, { url: server.url, ca: certificate.ca })
    deepEqual(server.asked, [])
  }
})

test('certificates: an environment that switches checks off does not', { skip }, async (t) => {
  const world = await bench(t)
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
  await refused(world, /self-signed certificate|unable to verify|unable to get/, { ca: makeCertificate(t).ca })
})

test('an environment that names a proxy is not followed', { skip }, async (t) => {
  const world = await bench(t)
  let met = 0
  const proxy = net.createServer((socket) => {
    met++
    socket.destroy()
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  t.after(() => new Promise((done) => proxy.close(done)))
  const names = ['HTTPS_PROXY', 'https_proxy', 'NODE_USE_ENV_PROXY']
  t.after(() => names.forEach((name) => delete process.env[name]))
  for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  equal((await world.take()).loaded.ok, true)
  equal(met, 0)
})

test('a plain http server behind the address is no https server', { skip }, async (t) => {
  const world = await bench(t)
  const plain = http.createServer((_, response) => response.end('{}'))
  await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done))
  t.after(() => new Promise((done) => plain.close(done).closeAllConnections()))
  await refused(world, /SSL|EPROTO|packet length/i, { url: `https://127.0.0.1:${(plain.address() as AddressInfo).port}` })
})

test('nobody there: the address is named', { skip }, async (t) => {
  const world = await bench(t)
  const taken = await refused(world, /ECONNREFUSED/, { url: 'https://127.0.0.1:1/releases' })
  match(taken.wayFault ?? '', /^https:\/\/127\.0\.0\.1:1\/releases\/metadata\/2\.root\.json: /)
})

/** Mischief at the first request for a path that matches. */
function at(pattern: RegExp, act: (...args: Parameters<Mischief>) => void): Mischief {
  return (name, response, request) => {
    if (!pattern.test(name)) return false
    act(name, response, request)
    return true
  }
}

for (const [what, where] of [['metadata', /targets\.json$/], ['a target', /monitor$/], ['a delegated role', /vendor\.json$/]] as const) {
  test(`cut in the middle of ${what}: refused, with and without a stated length`, { skip }, async (t) => {
    for (const stated of [true, false]) {
      const world = await bench(t, at(where, (_, response) => {
        response.writeHead(200, stated ? { 'content-length': 2000 } : {})
        response.write('{"signed":', () => response.socket?.destroy())
      }))
      const taken = await refused(world, /cut in the middle|ECONNRESET|socket hang up/)
      match(taken.wayFault ?? '', where.source.startsWith('mon') ? /monitor: / : /json: /)
      mock.timers.reset()
    }
  })
}

for (const [what, where, bound] of [
  ['the timestamp', /timestamp\.json$/, /longer than the 16384 bytes/], ['a root', /2\.root\.json$/, /longer than the 512000 bytes/],
  ['a target', /monitor$/, /longer than the 300000 bytes/], ['targets metadata', /1\.targets\.json$/, /longer than the 5000000 bytes/],
] as const) {
  test(`endless data as ${what}: given up at its bound, and the connection is closed`, { skip }, async (t) => {
    let [sent, isClosed] = [0, false]
    const world = await bench(t, at(where, (_, response) => {
      const more = (): void => {
        for (let go = true; go && !response.destroyed; sent += 65_536) go = response.write(Buffer.alloc(65_536, '{'))
      }
      response.on('drain', more).on('close', () => (isClosed = true))
      more()
    }))
    await refused(world, bound)
    while (!isClosed) await new Promise((resolve) => setImmediate(resolve))
    // What the bound lets in and what the buffers of both sides hold, not more.
    ok(sent < 5_000_000 + 8_000_000, `${sent} bytes sent`)
    while ((await world.server.open()) > 0) await new Promise((resolve) => setImmediate(resolve))
  })
}

test('too much in all, and too many files, are refused though each file is good', { skip }, async (t) => {
  const world = await bench(t)
  await refused(world, /the repository is longer than 100000 bytes/, { limits: { bytesMax: 100_000 } })
  await refused(world, /the repository has more than 4 files/, { limits: { filesMax: 4 } })
})

test('404: no timestamp means no repository here; a missing target or role is a repository that is not whole', { skip }, async (t) => {
  const world = await bench(t)
  fs.rmSync(path.join(world.source, 'metadata', '1.vendor.json'))
  equal((await refused(world, /not there|404/)).wayFault, null)
  world.tuf.write(world.source)
  for (const name of fs.readdirSync(path.join(world.source, 'targets'))) if (name.endsWith('monitor')) fs.rmSync(path.join(world.source, 'targets', name))
  equal((await refused(world, /404/)).wayFault, null)
  const elsewhere = await refused(world, /timestamp\.json: the server answers 404/, { url: `${world.server.url}/elsewhere` })
  match(elsewhere.wayFault ?? '', /\/elsewhere\/metadata\/timestamp\.json/)
})

test('server errors are no end of the roots: 500 refuses, 403 is taken as "not there"', { skip }, async (t) => {
  let status = 500
  const world = await bench(t, at(/2\.root\.json$/, (_, response) => response.writeHead(status).end()))
  await refused(world, /the server answers 500/)
  status = 403
  equal((await world.take()).loaded.ok, true)
})

test('redirects are not followed, to another host, to http, or on the same one', { skip }, async (t) => {
  let to = ''
  const world = await bench(t, at(/^metadata\/timestamp\.json$/, (_, response) => response.writeHead(302, { location: to }).end()))
  for (to of ['https://127.0.0.2/metadata/timestamp.json', 'http://127.0.0.1/x', '/elsewhere/timestamp.json']) {
    const taken = await refused(world, /redirects are not followed/)
    ok(taken.wayFault?.includes(JSON.stringify(to)))
  }
  deepEqual(new Set(world.server.asked), new Set(['metadata/2.root.json', 'metadata/timestamp.json']))
})

test('an answer that is packed though nobody asked is refused', { skip }, async (t) => {
  const world = await bench(t, at(/timestamp\.json$/, (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')))
  await refused(world, /packs it as "gzip"/)
})

test('slow: a server that says nothing is given up', { skip }, async (t) => {
  for (const where of [/timestamp\.json$/, /monitor$/]) {
    const world = await bench(t, at(where, (_, response) => void response.write('{')))
    await refused(world, /nothing came for 0\.05 s|took too long|aborted|cut/, { limits: { idleMs: 50 } })
    mock.timers.reset()
  }
})

test('slow: a server that drips is given up at the file\'s time, and all files together at the import\'s', { skip }, async (t) => {
  for (const limits of [{ fileMs: 100, bytesPerSecondMin: 1e12 }, { totalMs: 200 }]) {
    const world = await bench(t, at(/monitor$/, (_, response) => {
      const drip = setInterval(() => response.write('x'), 5)
      response.on('close', () => clearInterval(drip))
    }))
    // A file's time is its own plus a second for what it may hold; the second here is the one that rounding gives.
    await refused(world, /it took too long; a server that drips is given up/, { limits })
    mock.timers.reset()
  }
})

test('bytes changed on the way are found by their hash or signature, whoever holds the certificate', { skip }, async (t) => {
  const world = await bench(t, at(/monitor$/, (_, response) => response.end(noise(300_000, 9))))
  equal((await refused(world, /Expected hash|does not match/)).wayFault, null)
  mock.timers.reset()
  const other = await bench(t, at(/1\.targets\.json$/, (_, response) => {
    response.end(fs.readFileSync(path.join(other.source, 'metadata', '1.targets.json'), 'utf8').replace('2.0.7', '2.0.1'))
  }))
  equal((await refused(other, /signed by 0\/2/)).wayFault, null)
})

test('a target that is named as a way out of its folder is written nowhere', { skip }, async (t) => {
  const world = await bench(t)
  world.tuf.files = [{ path: '../escape', content: noise(10), custom: customOf(noise(10), { nfsPath: 'x' }) }]
  world.tuf.write(world.source)
  await refused(world, /not there/)
  deepEqual(fs.readdirSync(world.store.folder).sort(), ['clock.json', 'trusted'])
})

test('the fetcher keeps below metadata and targets, whatever it is asked', async (t) => {
  const folder = scratch(t)
  const fetcher = new HttpsFetcher({ url: new URL('https://127.0.0.1:1/'), ca: null, limits: HTTPS_LIMITS }, folder)
  t.after(() => fetcher.close())
  for (const name of ['part', 'metadata', 'metadata/', 'other/x', null]) {
    await fetcher.ensure(name, 10).then(() => ok(false, String(name)), (cause: Error) => match(cause.message, /not there/))
  }
  for (const url of ['file:///targets/%2e%2e/x', 'file:///targets/..%2fx', 'file:///x']) {
    await fetcher.downloadBytes(url, 10).then(() => ok(false, url), (cause: Error) => match(cause.message, /not there/))
  }
  deepEqual(fs.readdirSync(folder), [])
  equal(fetcher.fault, null)
})

test('what is kept is given again without asking, and still not beyond its length', async (t) => {
  const folder = scratch(t)
  fs.mkdirSync(path.join(folder, 'metadata'))
  fs.writeFileSync(path.join(folder, 'metadata', 'a.json'), 'abc')
  const fetcher = new HttpsFetcher({ url: new URL('https://127.0.0.1:1/'), ca: null, limits: HTTPS_LIMITS }, folder)
  t.after(() => fetcher.close())
  equal(String(await fetcher.downloadBytes('file:///metadata/a.json', 3)), 'abc')
  await fetcher.downloadBytes('file:///metadata/a.json', 2).then(() => ok(false), (cause: Error) => match(cause.message, /longer than 2 bytes/))
})

test('addresses: https only, no secrets, no question mark', () => {
  for (const [text, pattern] of [
    ['http://x/', /only https/], ['ftp://x/', /only https/], ['releases', /no address/], ['https://u:p@x/', /secrets do not belong/],
    ['https://x/?a=1', /\? or # part/], ['https://x/#a', /\? or # part/],
  ] as const) {
    const url = repositoryUrl(text)
    match(url.ok ? 'taken' : url.error, pattern, text)
  }
  for (const [text, href] of [['https://x', 'https://x/'], ['https://x/a', 'https://x/a/'], ['https://x:444/a/', 'https://x:444/a/']] as const) {
    const url = repositoryUrl(text)
    equal(url.ok && url.value.href, href)
  }
})
