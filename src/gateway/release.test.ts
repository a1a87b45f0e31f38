// Releases: the TUF workflow over a folder, and each attack of the threat list as one changed field of a good repository.
// Keeps expiry in force: time is set by the test, and every good case has a twin in which only the hour is another.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { scratch } from '../testing/command.ts'
import { customOf, newKey, TufWorld, writeAll } from '../testing/tuf-world.ts'
import { noise } from '../testing/update-world.ts'
import { importRepository, loadReleases, pinRoot, type LoadedRelease, type ReleaseStore } from './release.ts'
import type { Result } from '../base/result.ts'

const NOW = Date.parse('2026-01-05T07:30:00Z')
const DAY = 86_400_000

interface Bench {
  readonly tuf: TufWorld
  readonly store: ReleaseStore
  /** Where the repository is handed over. */
  readonly source: string
  take(): Promise<Result<readonly LoadedRelease[]>>
}

/** A good repository with two files, a pinned root, and the clock at NOW. */
function bench(t: TestContext): Bench {
  mock.timers.enable({ apis: ['Date'], now: NOW })
  t.after(() => mock.timers.reset())
  const folder = scratch(t)
  const tuf = new TufWorld()
  tuf.files = [{ path: 'monitor', content: noise(5000) }, { path: 'run.sh', content: noise(50, 2) }]
  const source = path.join(folder, 'usb')
  tuf.write(source)
  const store = { folder: path.join(folder, 'data'), clock: () => Date.now() }
  const pinned = pinRoot(store, path.join(source, 'metadata', '1.root.json'))
  ok(pinned.ok, pinned.ok ? '' : pinned.error)
  return { tuf, store, source, take: () => importRepository(store, source) }
}

function refusal(result: Result<unknown>): string {
  equal(result.ok, false)
  return result.ok ? '' : result.error
}

function mustHold(result: Result<readonly LoadedRelease[]>): readonly LoadedRelease[] {
  ok(result.ok, result.ok ? '' : result.error)
  return result.value
}

test('a good repository is taken in, and its release comes out as verified bytes', async (t) => {
  const { take, store } = bench(t)
  const [release, ...more] = mustHold(await take())
  equal(more.length, 0)
  match(release?.manifest.id ?? '', /^CMS8000@3\.0\.0#[0-9a-f]{16}$/)
  deepEqual(release?.manifest.fromVersions, ['2.0.7', '2.0.8'])
  deepEqual(release?.tree.files.map((f) => [f.path, f.content]), [['monitor', noise(5000)], ['run.sh', noise(50, 2)]])
  const [again] = mustHold(await loadReleases(store))
  deepEqual(again?.manifest, release?.manifest)
})

test('without a pinned root, and without an import, everything is refused', async (t) => {
  const { source, store } = bench(t)
  const other = { ...store, folder: `${store.folder}-other` }
  match(refusal(await importRepository(other, source)), /no root is pinned/)
  match(refusal(await loadReleases(store)), /no release was imported yet/)
})

test('a root is pinned once, and only when it signs itself', (t) => {
  const { source, store, tuf } = bench(t)
  match(refusal(pinRoot(store, path.join(source, 'metadata', '1.root.json'))), /pinned already/)
  const other = { ...store, folder: `${store.folder}-other` }
  match(refusal(pinRoot(other, path.join(source, 'missing'))), /is not there/)
  const text = tuf.root().toJSON() as { signatures: unknown[] }
  fs.writeFileSync(path.join(source, 'weak.json'), JSON.stringify({ ...text, signatures: text.signatures.slice(0, 1) }))
  match(refusal(pinRoot(other, path.join(source, 'weak.json'))), /no root that signs itself/)
})

test('expiry is kept: what was good at import is refused after its hour, offline or not', async (t) => {
  const { take, store } = bench(t)
  mustHold(await take())
  mock.timers.setTime(NOW + 26 * DAY)
  mustHold(await loadReleases(store))
  mock.timers.setTime(NOW + 28 * DAY)
  match(refusal(await loadReleases(store)), /timestamp\.json is expired/)
})

for (const [role, pattern] of [['root', /root\.json is expired/], ['timestamp', /timestamp\.json is expired/], ['snapshot', /snapshot\.json is expired/],
  ['targets', /targets\.json is expired/]] as const) {
  test(`an expired ${role} is refused`, async (t) => {
    const { tuf, source, take } = bench(t)
    tuf.expires[role] = '2026-01-05T07:29:59Z'
    if (role === 'root') tuf.versions.root = 2
    tuf.write(source)
    match(refusal(await take()), pattern)
  })
}

test('rollback: an older timestamp, snapshot or targets than was seen is refused', async (t) => {
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    await t.test(role, async (inner) => {
      const { tuf, source, take } = bench(inner)
      for (const each of ['timestamp', 'snapshot', 'targets'] as const) tuf.versions[each] = 5
      tuf.write(source)
      mustHold(await take())
      for (const each of ['timestamp', 'snapshot', 'targets'] as const) tuf.versions[each] = 6
      tuf.versions[role] = 4
      tuf.write(source)
      match(refusal(await take()), /less than current version/)
    })
  }
})

test('rollback: the whole older repository, good in its day, is refused, and the newer one stays', async (t) => {
  const { tuf, source, take, store } = bench(t)
  const old = tuf.write(source)
  tuf.bump()
  tuf.files = [{ path: 'monitor', content: noise(6000, 3) }]
  tuf.write(source)
  const [newer] = mustHold(await take())
  fs.rmSync(source, { recursive: true })
  writeAll(source, old)
  match(refusal(await take()), /less than current version/)
  deepEqual(mustHold(await loadReleases(store))[0]?.manifest.id, newer?.manifest.id)
})

test('freeze: a repository that is held back is refused once its timestamp is over', async (t) => {
  const { take, source } = bench(t)
  mustHold(await take())
  ok(fs.existsSync(source))
  mock.timers.setTime(Date.parse('2026-02-01T00:00:00Z'))
  match(refusal(await take()), /timestamp\.json is expired/)
})

test('clock set back: what has expired does not become fresh again', async (t) => {
  const { take, store } = bench(t)
  mustHold(await take())
  mock.timers.setTime(NOW + 40 * DAY)
  match(refusal(await loadReleases(store)), /expired/)
  mock.timers.setTime(NOW)
  match(refusal(await loadReleases(store)), /the clock stands at 2026-01-05T07:30:00\.000Z, before 2026-02-14.*was it set back\?/)
  match(refusal(await take()), /set back/)
  mock.timers.setTime(NOW + 40 * DAY - 60_000)
  match(refusal(await loadReleases(store)), /expired/, 'a correction by a minute is none')
})

test('mix-and-match: snapshot of one day with targets of another is refused', async (t) => {
  const { tuf, source, take } = bench(t)
  const first = tuf.write(source)
  tuf.bump()
  tuf.files = [{ path: 'monitor', content: noise(6000, 3) }]
  const second = tuf.write(source)
  const mixed = new Map(second)
  mixed.set('metadata/2.targets.json', first.get('metadata/1.targets.json') as Buffer)
  writeAll(source, mixed)
  match(refusal(await take()), /Version 1 of targets does not match snapshot version 2/)
  mixed.set('metadata/2.targets.json', second.get('metadata/2.targets.json') as Buffer)
  mixed.set('metadata/2.snapshot.json', first.get('metadata/1.snapshot.json') as Buffer)
  writeAll(source, mixed)
  match(refusal(await take()), /Expected hash|Expected length/)
})

for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
  test(`wrong keys: ${role} signed by others is refused`, async (t) => {
    const { tuf, source, take } = bench(t)
    const good = tuf.write(source)
    const name = role === 'timestamp' ? 'metadata/timestamp.json' : `metadata/${role === 'root' ? 2 : 1}.${role}.json`
    tuf.keys[role] = [newKey(), newKey(), newKey()]
    if (role === 'root') tuf.versions.root = 2
    const forged = tuf.write(`${source}-forged`)
    if (role === 'snapshot') good.set('metadata/timestamp.json', forged.get('metadata/timestamp.json') as Buffer)
    good.set(name, forged.get(name) as Buffer)
    writeAll(source, good)
    match(refusal(await take()), /was signed by 0\/|not signed|signed by/i)
  })
}

test('threshold not met: one good signature of two, also when it is there twice', async (t) => {
  const { tuf, source, take } = bench(t)
  const good = tuf.write(source)
  const text = JSON.parse(String(good.get('metadata/1.targets.json'))) as { signed: unknown; signatures: { keyid: string; sig: string }[] }
  for (const signatures of [[text.signatures[0]], [text.signatures[0], { ...text.signatures[1], sig: text.signatures[0]?.sig }]]) {
    writeAll(source, new Map([['metadata/1.targets.json', Buffer.from(JSON.stringify({ ...text, signatures }))]]))
    match(refusal(await take()), /signed by 1\/2/)
  }
  writeAll(source, new Map([['metadata/1.targets.json', Buffer.from(JSON.stringify({ ...text, signatures: [text.signatures[0], text.signatures[0]] }))]]))
  match(refusal(await take()), /[Mm]ultiple|duplicate|signed by 1\/2/)
})

test('key compromise: one bad signature beside two good ones does no harm', async (t) => {
  const { tuf, source, take } = bench(t)
  const text = JSON.parse(String(tuf.write(source).get('metadata/1.targets.json'))) as { signatures: { keyid: string; sig: string }[] }
  ;(text.signatures[0] as { sig: string }).sig = '00'.repeat(64)
  writeAll(source, new Map([['metadata/1.targets.json', Buffer.from(JSON.stringify(text))]]))
  mustHold(await take())
})

test('root rotation: a new root signed by the old keys takes over, and the old keys are then worth nothing', async (t) => {
  const { tuf, source, take } = bench(t)
  mustHold(await take())
  const oldRoot = [...tuf.keys.root]
  const oldTargets = tuf.keys.targets
  tuf.versions.root = 2
  tuf.bump()
  tuf.keys.targets = [newKey(), newKey(), newKey()]
  tuf.write(source)
  mustHold(await take())
  tuf.keys.targets = oldTargets
  tuf.bump()
  const forged = tuf.write(`${source}-forged`)
  forged.delete('metadata/2.root.json')
  writeAll(source, forged)
  match(refusal(await take()), /signed by 0\/2/)
  equal(oldRoot.length, 3)
})

test('a newer root is kept even when the rest of the repository is refused', async (t) => {
  const { tuf, source, take, store } = bench(t)
  mustHold(await take())
  tuf.versions.root = 2
  tuf.bump()
  tuf.expires.timestamp = '2026-01-01T00:00:00Z'
  tuf.write(source)
  match(refusal(await take()), /expired/)
  const root = JSON.parse(fs.readFileSync(path.join(store.folder, 'trusted', 'root.json'), 'utf8')) as { signed: { version: number } }
  equal(root.signed.version, 2)
})

test('a refused import moves nothing: the kept release is still served', async (t) => {
  const { tuf, source, take, store } = bench(t)
  const [before] = mustHold(await take())
  tuf.bump()
  tuf.files = [{ path: 'monitor', content: noise(6000, 3) }]
  for (const name of tuf.write(source).keys()) if (name.startsWith('targets/')) fs.writeFileSync(path.join(source, name), noise(6000, 4))
  match(refusal(await take()), /Expected hash|hash/)
  equal(mustHold(await loadReleases(store))[0]?.manifest.id, before?.manifest.id)
})

test('target substituted: other bytes of the same length, shorter and longer ones are refused', async (t) => {
  for (const length of [5000, 4999, 5001]) {
    await t.test(`${length} bytes`, async (inner) => {
      const { source, take } = bench(inner)
      const name = fs.readdirSync(path.join(source, 'targets')).find((n) => n.endsWith('.monitor')) ?? ''
      fs.writeFileSync(path.join(source, 'targets', name), noise(length, 9))
      match(refusal(await take()), /the repository is refused/)
    })
  }
})

test('target substituted after the import: the kept copy is verified again at each use', async (t) => {
  const { take, store } = bench(t)
  mustHold(await take())
  const targets = path.join(store.folder, 'repository', 'targets')
  for (const name of fs.readdirSync(targets)) fs.writeFileSync(path.join(targets, name), noise(5000, 9))
  match(refusal(await loadReleases(store)), /the repository is refused/)
})

test('endless data: a file behind a link, a FIFO and metadata that is too long are refused, and nothing hangs', async (t) => {
  const { source, take } = bench(t)
  const odd = path.join(source, 'targets', 'odd')
  fs.symlinkSync('/dev/zero', odd)
  match(refusal(await take()), /no regular file/)
  fs.rmSync(odd)
  fs.writeFileSync(path.join(source, 'metadata', 'huge.json'), new Uint8Array(5_000_001))
  match(refusal(await take()), /longer than 5000000 bytes/)
  fs.rmSync(path.join(source, 'metadata', 'huge.json'))
  fs.writeFileSync(path.join(source, 'metadata', 'timestamp.json'), ' '.repeat(16_385))
  match(refusal(await take()), /Max length reached/)
})

test('a repository without its folders, with a folder linked elsewhere, or a missing file is refused', async (t) => {
  const { source, take } = bench(t)
  fs.renameSync(path.join(source, 'targets'), path.join(source, 'elsewhere'))
  match(refusal(await take()), /targets is not there/)
  fs.symlinkSync(path.join(source, 'elsewhere'), path.join(source, 'targets'))
  match(refusal(await take()), /targets is not there/)
  fs.rmSync(path.join(source, 'targets'))
  fs.mkdirSync(path.join(source, 'targets'))
  match(refusal(await take()), /is not in the repository/)
})

test('a delegated role gives targets inside its paths, and none outside', async (t) => {
  const { tuf, source, take } = bench(t)
  tuf.delegations = { targets: [{ name: 'vendor', key: newKey(), paths: ['vendor-*'] }] }
  tuf.delegatedFiles = { vendor: [
    { path: 'vendor-a', content: noise(10), custom: customOf(noise(10), { nfsPath: 'a' }) },
    { path: 'other', content: noise(11), custom: customOf(noise(11), { nfsPath: 'b' }) },
  ] }
  tuf.write(source)
  deepEqual(mustHold(await take())[0]?.tree.files.map((f) => f.path), ['a', 'monitor', 'run.sh'])
})

test('a delegated role that is signed by another key, or changed, is refused', async (t) => {
  const { tuf, source, take } = bench(t)
  tuf.delegations = { targets: [{ name: 'vendor', key: newKey(), paths: ['vendor-*'] }] }
  tuf.delegatedFiles = { vendor: [{ path: 'vendor-a', content: noise(10) }] }
  const good = tuf.write(source)
  const role = String(good.get('metadata/1.vendor.json'))
  writeAll(source, new Map([['metadata/1.vendor.json', Buffer.from(role.replace('2.0.7', '2.0.1'))]]))
  match(refusal(await take()), /signed by 0\/1/)
  writeAll(source, good)
  mustHold(await take())
})

test('a diamond, a cycle and an odd role name are refused before any of their targets is looked up', async (t) => {
  const [a, b, c] = [newKey(), newKey(), newKey()]
  const plan = (name: string, key = c) => ({ name, key, paths: ['*'] })
  for (const [delegations, pattern] of [
    [{ targets: [plan('a', a), plan('b', b)], a: [plan('shared')], b: [plan('shared')] }, /shared is delegated by a and by b/],
    [{ targets: [plan('a', a)], a: [plan('b', b)], b: [plan('a', a)] }, /a is delegated by targets and by b/],
    [{ targets: [plan('a b')] }, /a role named "a b"/],
  ] as const) {
    await t.test(String(pattern), async (inner) => {
      const { tuf, source, take } = bench(inner)
      tuf.delegations = delegations as never
      tuf.write(source)
      match(refusal(await take()), pattern)
    })
  }
})

test('a role named as a path is refused', async (t) => {
  const { tuf, source, take } = bench(t)
  tuf.delegations = { targets: [{ name: 'x', key: newKey(), paths: ['*'] }] }
  const targets = tuf.targetsOf('targets', 1, tuf.files)
  ok(targets.delegations?.roles)
  const good = tuf.write(source)
  const plan = tuf.delegations['targets']?.[0]
  ok(plan)
  tuf.delegations = { targets: [{ ...plan, name: '../../root' }] }
  const evil = tuf.write(`${source}-evil/deep/er`)
  good.set('metadata/1.targets.json', evil.get('metadata/1.targets.json') as Buffer)
  writeAll(source, good)
  match(refusal(await take()), /a role named "\.\.\/\.\.\/root"/)
})

for (const [field, value, pattern] of [
  ['model', '', /custom\.model/], ['fromVersions', [], /custom\.fromVersions/], ['toVersion', 3, /custom\.toVersion/],
  ['nfsPath', '../etc/passwd', /custom\.nfsPath ".*" has an empty, "\." or "\.\." part/], ['size', 4999, /custom\.size must be 5000/],
  ['sha256', '00', /custom\.sha256/], ['sha512', null, /custom\.sha512/], ['note', null, /custom\.note/], ['evidence', '', /custom\.evidence/],
  ['mode', 0o7777, /custom\.mode/],
] as const) {
  test(`custom.${field} of ${JSON.stringify(value)} is refused by name`, async (t) => {
    const { tuf, source, take } = bench(t)
    tuf.files = [{ path: 'monitor', content: noise(5000), custom: customOf(noise(5000), { [field]: value }) }]
    tuf.write(source)
    match(refusal(await take()), pattern)
  })
}

test('two files for one path, and files without a common version to replace, are refused', async (t) => {
  const { tuf, source, take } = bench(t)
  const [one, two] = [noise(10), noise(20)]
  tuf.files = [{ path: 'a', content: one, custom: customOf(one) }, { path: 'b', content: two, custom: customOf(two) }]
  tuf.write(source)
  match(refusal(await take()), /two files for "monitor"/)
  tuf.files = [{ path: 'a', content: one, custom: customOf(one) }, { path: 'b', content: two, custom: customOf(two, { nfsPath: 'b', fromVersions: ['1.0'] }) }]
  tuf.write(source)
  match(refusal(await take()), /no version in common/)
})

test('models and versions are releases of their own, and another byte is another id', async (t) => {
  const { tuf, source, take } = bench(t)
  const [one, two] = [noise(10), noise(20)]
  tuf.files = [{ path: 'a', content: one, custom: customOf(one) }, { path: 'b', content: two, custom: customOf(two, { toVersion: '3.0.1' }) }]
  tuf.write(source)
  const first = mustHold(await take()).map((r) => r.manifest.id)
  deepEqual(first.map((id) => id.split('#')[0]), ['CMS8000@3.0.0', 'CMS8000@3.0.1'])
  tuf.bump()
  tuf.files = [{ path: 'a', content: one, custom: customOf(one) }, { path: 'b', content: noise(20, 5), custom: customOf(noise(20, 5), { toVersion: '3.0.1' }) }]
  tuf.write(source)
  const second = mustHold(await take()).map((r) => r.manifest.id)
  equal(second[0], first[0])
  ok(second[1] !== first[1])
})

test('a repository that is refused again and again leaves no file open', async (t) => {
  const { source, take } = bench(t)
  fs.writeFileSync(path.join(source, 'metadata', 'timestamp.json'), ' '.repeat(16_385))
  match(refusal(await take()), /Max length reached/)
  const before = fs.readdirSync('/proc/self/fd').length
  for (let i = 0; i < 10; i++) match(refusal(await take()), /Max length reached/)
  ok(fs.readdirSync('/proc/self/fd').length <= before + 1)
})
