// Conformance of the TUF client, groups basic, expiration, rollback and keys: the wrapper's verbs against a repository in memory.
// Keeps the suite's view: exit code, trusted files, requests. The groups are those of the public suite; the tests are our own.

import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { mock, test } from 'node:test'
import { CORDON, cordon } from '../testing/command.ts'
import { DAY_MS, daysFromNow, SUITE_NOW, tufRunner } from '../testing/tuf-client-runner.ts'
import { canonical, sha, signatureOf, simKey, TOP, type Json, type KeyKind } from '../testing/tuf-simulator.ts'

const ALL = ['root.json', 'snapshot.json', 'targets.json', 'timestamp.json']
const FIRST = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']

interface Document {
  signed: Json
  signatures: { keyid: string; sig: string }[]
}

const parsed = (bytes: Uint8Array): Document => JSON.parse(Buffer.from(bytes).toString()) as Document
const textOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document))

test('basic: init asks for nothing; refresh asks for the next root and each role once', async (t) => {
  const { repo, refresh, trusted, version } = await tufRunner(t)
  deepEqual([repo.asked(), trusted()], [[], ['root.json']])
  equal(await refresh(), 0)
  deepEqual(repo.asked(), FIRST)
  deepEqual(TOP.map(version), [1, 1, 1, 1])
  equal(await refresh(), 0)
  deepEqual(repo.asked(), ['2.root.json', 'timestamp.json'], 'what has not changed is not fetched again')
})

test('basic: a download without a refresh before it refreshes by itself', async (t) => {
  const { repo, download, trusted, said } = await tufRunner(t)
  equal(await download('absent'), 1)
  match(said.join(''), /target absent is not in the repository/)
  deepEqual([repo.asked(), trusted()], [FIRST, ALL])
})

for (const [what, spoil] of [
  ['without a version', (root: Document) => delete root.signed['version']], ['without roles', (root: Document) => delete root.signed['roles']],
  ['with another\'s signature', (root: Document) => (root.signatures[0] as { sig: string }).sig = signatureOf(simKey(), canonical(root.signed))],
  ['without signatures', (root: Document) => (root.signatures = [])], ['of another type', (root: Document) => (root.signed['_type'] = 'targets')],
  ['changed after signing', (root: Document) => (root.signed['expires'] = '2098-01-01T00:00:00Z')],
] as const) {
  test(`basic: an initial root ${what} is refused before any request`, async (t) => {
    const { repo, init, refresh } = await tufRunner(t)
    const root = parsed(repo.initialRoot())
    spoil(root)
    await init(textOf(root))
    equal(await refresh(), 1)
    deepEqual(repo.requests, [])
  })
}

for (const role of TOP) {
  test(`basic: ${role} without signatures is refused, and what was trusted stays`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    equal(await refresh(), 0)
    if (role === 'root') repo.publish('root')
    else if (role === 'targets') repo.publishAll('targets')
    else repo.publish('snapshot', 'timestamp')
    repo.put(role, repo.bytesOf(role, []))
    equal(await refresh(), 1)
    equal(version(role), 1)
  })

  test(`basic: ${role} that says another type is refused`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    repo.of(role)['_type'] = role === 'root' ? 'snapshot' : 'root'
    if (role === 'root') repo.publish('root')
    else repo.put(role)
    equal(await refresh(), 1)
    equal(version(role), role === 'root' ? 1 : null)
  })

  test(`basic: ${role} that is no JSON, or no object, is refused`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    if (role === 'root') repo.publish('root')
    for (const text of ['{', '', '[]', 'null', '7', '{"signed":7,"signatures":[]}', '{"signatures":[]}']) {
      repo.put(role, Buffer.from(text))
      equal(await refresh(), 1, text)
    }
    equal(version(role), role === 'root' ? 1 : null)
  })
}

for (const role of ['snapshot', 'targets'] as const) {
  test(`basic: ${role} under another version's address is refused`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    equal(await refresh(), 0)
    const old = repo.files.get(`metadata/1.${role}.json`) as Buffer
    repo.publishAll(...(role === 'targets' ? ['targets'] : []))
    repo.files.set(`metadata/2.${role}.json`, old)
    equal(await refresh(), 1)
    equal(version(role), 1)
    deepEqual(repo.asked().at(-1), `2.${role}.json`)
  })

  test(`basic: ${role} whose bytes are not those that were listed is refused`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t, (r) => (r.withHashes = true))
    equal(await refresh(), 0)
    repo.publishAll(...(role === 'targets' ? ['targets'] : []))
    const good = repo.files.get(`metadata/2.${role}.json`) as Buffer
    // The same content, rightly signed, with one blank more: only the hash tells.
    repo.files.set(`metadata/2.${role}.json`, Buffer.from(`${String(good)} `))
    equal(await refresh(), 1)
    equal(version(role), 1)
    repo.files.set(`metadata/2.${role}.json`, good)
    equal(await refresh(), 0)
    equal(version(role), 2)
  })

  test(`basic: ${role} that is not there is refused, and what was trusted stays`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    equal(await refresh(), 0)
    repo.publishAll(...(role === 'targets' ? ['targets'] : []))
    repo.files.delete(`metadata/2.${role}.json`)
    equal(await refresh(), 1)
    equal(version(role), 1)
  })
}

test('basic: no timestamp is no repository; the root that was there stays', async (t) => {
  const { repo, refresh, trusted } = await tufRunner(t)
  repo.files.delete('metadata/timestamp.json')
  equal(await refresh(), 1)
  deepEqual(trusted(), ['root.json'])
})

test('basic: a root under another version\'s address, or with a version left out, is refused', async (t) => {
  for (const [name, versionInside] of [['2.root.json', 3], ['2.root.json', 1]] as const) {
    const { repo, refresh, version } = await tufRunner(t)
    repo.root.version = versionInside
    repo.files.set(`metadata/${name}`, repo.bytesOf('root'))
    equal(await refresh(), 1)
    equal(version('root'), 1)
    mock.timers.reset()
  }
})

test('basic: a timestamp with other content under the same version does not take the place of the trusted one', async (t) => {
  const { repo, refresh, bytes } = await tufRunner(t)
  equal(await refresh(), 0)
  const before = bytes('timestamp')
  repo.meta('timestamp')['snapshot.json'] = { version: 100 }
  repo.put('timestamp')
  await refresh()
  ok(bytes('timestamp').equals(before))
})

test('basic: fields that nobody knows are kept where signatures and hashes need them', async (t) => {
  const { repo, refresh, download, version, downloaded } = await tufRunner(t)
  equal(await refresh(), 0)
  repo.root['custom-field'] = { 'ä': [1, null, 'x"\\'] }
  for (const role of TOP) {
    Object.assign(repo.rootRoles[role] ?? {}, { 'extra-field': 'value' })
    for (const id of repo.rootRoles[role]?.keyids ?? []) Object.assign(repo.root.keys[id] ?? {}, { 'extra-field': { a: 1 } })
  }
  for (const role of ['timestamp', 'snapshot', 'targets']) repo.of(role)['custom-field'] = true
  repo.addTarget('targets', 'file', 'ZZTEST')
  Object.assign((repo.of('targets')['targets'] as { [name: string]: Json })['file'] ?? {}, { custom: { any: ['thing'] } })
  repo.publish('root')
  repo.publishAll('targets')
  equal(await refresh(), 0)
  deepEqual(TOP.map(version), [2, 2, 2, 2])
  equal(await download('file'), 0)
  deepEqual(downloaded(), ['ZZTEST'])
})

test('basic: what is trusted is kept byte for byte, blanks and order of fields included', async (t) => {
  const { repo, refresh, bytes } = await tufRunner(t)
  const served = new Map<string, Buffer>()
  for (const role of ['snapshot', 'timestamp'] as const) {
    const { signed, signatures } = parsed(repo.bytesOf(role))
    served.set(role, Buffer.from(`\n${JSON.stringify({ signed: Object.fromEntries(Object.entries(signed).reverse()), signatures }, null, 3)}\n\n`))
    repo.put(role, served.get(role))
  }
  equal(await refresh(), 0)
  for (const [role, text] of served) ok(bytes(role).equals(text), role)
})

test('basic: the clock that counts is the one of the moment of the refresh', async (t) => {
  const { repo, refresh } = await tufRunner(t)
  repo.of('timestamp').expires = daysFromNow(7)
  repo.publish('timestamp')
  mock.timers.setTime(SUITE_NOW + 7 * DAY_MS - 1000)
  equal(await refresh(), 0)
  mock.timers.setTime(SUITE_NOW + 7 * DAY_MS)
  equal(await refresh(), 1)
})

test('basic: a format of another major version is refused', async (t) => {
  const { repo, refresh } = await tufRunner(t)
  repo.of('timestamp')['spec_version'] = '2.0.0'
  repo.publish('timestamp')
  equal(await refresh(), 1)
})

test('expiration: an expired root is kept, since it is the newest, and nothing else moves', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  equal(await refresh(), 0)
  repo.root.expires = daysFromNow(-1)
  repo.publish('root')
  repo.publishAll('targets')
  equal(await refresh(), 1)
  deepEqual(TOP.map(version), [2, 1, 1, 1])
  equal(repo.asked().slice(FIRST.length).some((name) => name.endsWith('snapshot.json')), false)
  repo.root.expires = daysFromNow(1)
  repo.publish('root')
  equal(await refresh(), 0)
  deepEqual(TOP.map(version), [3, 2, 2, 2], 'a newer root helps an expired local one')
})

for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
  test(`expiration: ${role} that is over is refused, and the trusted one stays`, async (t) => {
    const { repo, refresh, version, said } = await tufRunner(t)
    equal(await refresh(), 0)
    repo.of(role).expires = daysFromNow(-5)
    if (role === 'timestamp') repo.publish('timestamp')
    else repo.publishAll(...(role === 'targets' ? ['targets'] : []))
    equal(await refresh(), 1)
    match(said.join(''), /expired/)
    equal(version(role), 1)
  })

  test(`expiration, freeze: a local ${role} that is over since, with nothing newer, is refused`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    repo.of(role).expires = daysFromNow(7)
    if (role === 'timestamp') repo.publish('timestamp')
    else repo.publishAll(...(role === 'targets' ? ['targets'] : []))
    equal(await refresh(), 0)
    mock.timers.setTime(SUITE_NOW + 8 * DAY_MS)
    equal(await refresh(), 1)
    notEqual(version(role), null)
  })
}

test('expiration: local metadata that are over still judge what is newer, and let it in', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.of('timestamp').expires = daysFromNow(7)
  repo.of('snapshot').expires = daysFromNow(7)
  repo.publishAll('targets')
  equal(await refresh(), 0)
  repo.of('timestamp').expires = daysFromNow(21)
  repo.of('snapshot').expires = daysFromNow(21)
  repo.publishAll('targets')
  mock.timers.setTime(SUITE_NOW + 18 * DAY_MS)
  equal(await refresh(), 0)
  deepEqual(TOP.map(version), [1, 3, 3, 3])
  // Over or not, an older one is a rollback.
  mock.timers.setTime(SUITE_NOW + 22 * DAY_MS)
  repo.of('timestamp').expires = daysFromNow(40)
  repo.of('timestamp').version = 1
  repo.put('timestamp')
  equal(await refresh(), 1)
  equal(version('timestamp'), 3)
})

test('rollback: an older timestamp is refused', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.publish('timestamp')
  equal(await refresh(), 0)
  repo.of('timestamp').version = 1
  repo.put('timestamp')
  equal(await refresh(), 1)
  equal(version('timestamp'), 2)
  equal(repo.asked().at(-1), 'timestamp.json')
})

for (const withHashes of [false, true]) {
  const how = withHashes ? 'with hashes' : 'without hashes'
  test(`rollback: a newer timestamp that lists an older snapshot is refused, ${how}`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t, (r) => (r.withHashes = withHashes))
    repo.publish('snapshot', 'timestamp')
    equal(await refresh(), 0)
    repo.of('snapshot').version = 1
    repo.put('snapshot')
    repo.publish('timestamp')
    equal(await refresh(), 1)
    deepEqual([version('timestamp'), version('snapshot')], [2, 2])
  })

  test(`rollback: a newer snapshot that lists older targets is refused, ${how}`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t, (r) => (r.withHashes = withHashes))
    repo.publishAll('targets')
    equal(await refresh(), 0)
    repo.of('targets').version = 1
    repo.put('targets')
    repo.publish('snapshot', 'timestamp')
    equal(await refresh(), 1)
    deepEqual([version('snapshot'), version('targets')], [2, 2])
  })
}

test('rollback: a snapshot changed behind an unchanged timestamp is not even fetched', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.publish('snapshot', 'timestamp')
  equal(await refresh(), 0)
  repo.of('snapshot').version = 1
  repo.files.set('metadata/2.snapshot.json', repo.bytesOf('snapshot'))
  repo.requests.length = 0
  equal(await refresh(), 0)
  equal(version('snapshot'), 2)
  equal(repo.asked().at(-1), 'timestamp.json')
})

test('rollback: a snapshot of another version than the timestamp lists is refused', async (t) => {
  const { repo, refresh, trusted } = await tufRunner(t)
  repo.of('snapshot').version = 2
  repo.files.set('metadata/1.snapshot.json', repo.bytesOf('snapshot'))
  equal(await refresh(), 1)
  deepEqual(trusted(), ['root.json', 'timestamp.json'])
})

test('rollback: a role that vanishes from the snapshot is refused', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.delegate('targets', { name: 'A' })
  repo.publishAll('A', 'targets')
  equal(await refresh(), 0)
  delete repo.meta('snapshot')['A.json']
  repo.publish('snapshot', 'timestamp')
  equal(await refresh(), 1)
  equal(version('snapshot'), 2)
})

test('rollback, fast-forward: other timestamp keys let a lower timestamp version in', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.of('timestamp').version = 99_998
  repo.publish('timestamp')
  equal(await refresh(), 0)
  repo.of('timestamp').version = 0
  repo.rotate('timestamp')
  repo.publish('root')
  repo.publish('timestamp')
  equal(await refresh(), 0)
  equal(version('timestamp'), 1)
})

test('rollback, fast-forward: other timestamp and snapshot keys let a lower snapshot version in, other snapshot keys alone do not', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.of('snapshot').version = 99_998
  repo.publish('snapshot', 'timestamp')
  equal(await refresh(), 0)
  repo.of('snapshot').version = 0
  repo.rotate('snapshot')
  repo.publish('root', 'snapshot', 'timestamp')
  equal(await refresh(), 1)
  equal(version('snapshot'), 99_999)
  repo.rotate('timestamp')
  repo.publish('root', 'timestamp')
  equal(await refresh(), 0)
  equal(version('snapshot'), 1)
})

test('rollback, fast-forward: other snapshot keys let a lower targets version in', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.of('targets').version = 99_998
  repo.publishAll('targets')
  equal(await refresh(), 0)
  repo.rotate('snapshot')
  repo.of('targets').version = 0
  repo.publish('root', 'targets', 'snapshot', 'timestamp')
  equal(await refresh(), 0)
  equal(version('targets'), 1)
})

test('keys: a threshold that is not met is refused, also when the root has all the keys', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  for (let i = 0; i < 4; i++) repo.addKey('snapshot')
  Object.assign(repo.rootRoles['snapshot'] ?? {}, { threshold: 5 })
  repo.publish('root', 'snapshot', 'timestamp')
  repo.put('snapshot', repo.bytesOf('snapshot', repo.signers['snapshot']?.slice(0, 4)))
  equal(await refresh(), 1)
  deepEqual([version('root'), version('snapshot')], [2, null])
  repo.put('snapshot')
  equal(await refresh(), 0)
})

test('keys: a threshold above the number of keys can never be met', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  Object.assign(repo.rootRoles['snapshot'] ?? {}, { threshold: 2 })
  repo.publish('root', 'snapshot', 'timestamp')
  equal(await refresh(), 1)
  equal(version('snapshot'), null)
})

test('keys: one key named twice in a role is refused or counts once', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  const [id] = repo.rootRoles['snapshot']?.keyids ?? []
  Object.assign(repo.rootRoles['snapshot'] ?? {}, { keyids: [id, id, id], threshold: 2 })
  repo.publish('root', 'snapshot', 'timestamp')
  equal(await refresh(), 1)
  equal(version('snapshot'), null)
})

test('keys: one signature given twice, under one key id, is refused or counts once', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  repo.addKey('snapshot')
  Object.assign(repo.rootRoles['snapshot'] ?? {}, { threshold: 2 })
  repo.publish('root', 'snapshot', 'timestamp')
  const document = parsed(repo.bytesOf('snapshot'))
  repo.put('snapshot', textOf({ ...document, signatures: [document.signatures[0], document.signatures[0]] }))
  equal(await refresh(), 1)
  equal(version('snapshot'), null)
})

for (const kind of ['ed25519', 'ecdsa', 'rsa'] as const satisfies readonly KeyKind[]) {
  test(`keys: ${kind} signs every role`, async (t) => {
    const { repo, refresh, version } = await tufRunner(t)
    for (const role of TOP) {
      const old = repo.signers[role] ?? []
      const key = simKey(kind)
      Object.assign(repo.rootRoles[role] ?? {}, { keyids: [] })
      repo.signers[role] = []
      repo.addKey(role, key)
      if (role === 'root') repo.signers[role] = [...old, key]
    }
    repo.publish('root')
    repo.publishAll('targets')
    equal(await refresh(), 0)
    deepEqual(TOP.map(version), [2, 2, 2, 2])
    // The twin: the same with one bit of the signature turned.
    repo.publish('timestamp')
    const document = parsed(repo.bytesOf('timestamp'))
    const [first] = document.signatures
    ok(first)
    first.sig = first.sig.slice(0, -1) + (first.sig.endsWith('0') ? '1' : '0')
    repo.put('timestamp', textOf(document))
    equal(await refresh(), 1)
  })
}

test('keys: a kind that nobody knows is passed over while others reach the threshold, and alone is refused', async (t) => {
  const { repo, refresh } = await tufRunner(t)
  repo.root.keys['unknown'] = { keytype: 'lattice', scheme: 'lattice-1', keyval: { public: '00' } }
  repo.rootRoles['snapshot']?.keyids.push('unknown')
  repo.publish('root', 'snapshot', 'timestamp')
  equal(await refresh(), 0)
  Object.assign(repo.rootRoles['snapshot'] ?? {}, { keyids: ['unknown'] })
  repo.publish('root', 'snapshot', 'timestamp')
  equal(await refresh(), 1)
})

test('keys: a bad signature, a signature of a stranger, and an unknown key id beside good ones do no harm', async (t) => {
  const { repo, refresh, version } = await tufRunner(t)
  const spare = repo.addKey('snapshot')
  repo.publish('root', 'snapshot', 'timestamp')
  const document = parsed(repo.bytesOf('snapshot'))
  const signatures = document.signatures.map((s) => (s.keyid === spare.id ? { ...s, sig: '00'.repeat(64) } : s))
  repo.put('snapshot', textOf({ ...document, signatures: [{ keyid: 'nobody', sig: '' }, { keyid: simKey().id, sig: 'zz' }, ...signatures] }))
  equal(await refresh(), 0)
  equal(version('snapshot'), 2)
})

test('keys: a hash list in a key that nobody uses is passed over', async (t) => {
  const { repo, refresh } = await tufRunner(t)
  for (const key of Object.values(repo.root.keys)) key['keyid_hash_algorithms'] = ['md5']
  repo.publish('root')
  equal(await refresh(), 0)
})

test('keys: a role takes no signature of another role\'s key', async (t) => {
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    const { repo, refresh, version } = await tufRunner(t)
    const others = TOP.filter((other) => other !== role).flatMap((other) => repo.signers[other] ?? [])
    repo.put(role, repo.bytesOf(role, others))
    equal(await refresh(), 1)
    equal(version(role), null)
    mock.timers.reset()
  }
})

test('the simulator signs what a client of another hand would: its keys are named by their own hash', async (t) => {
  const { repo } = await tufRunner(t)
  for (const [id, key] of Object.entries(repo.root.keys)) equal(id, sha('sha256', canonical(key)))
})

test('the wrapper as the executable that the suite is given: init and refresh, exit codes 0, 1 and 2', async (t) => {
  const { repo, metadataDir } = await tufRunner(t)
  mock.timers.reset()
  const run = (...args: string[]) => cordon(args, { command: path.join(path.dirname(CORDON), 'scripts', 'tuf-client') })
  const root = path.join(path.dirname(metadataDir), 'root.json')
  fs.writeFileSync(root, repo.initialRoot())
  const fresh = path.join(path.dirname(metadataDir), 'fresh')
  equal((await run('--metadata-dir', fresh, 'init', root)).code, 0)
  equal((await run('--metadata-dir', fresh, '--metadata-url', repo.metadataUrl, 'refresh')).code, 0)
  deepEqual(fs.readdirSync(fresh).sort(), ALL)
  repo.put('timestamp', Buffer.from('{}'))
  equal((await run('--metadata-dir', fresh, '--metadata-url', repo.metadataUrl, 'refresh')).code, 1)
  equal((await run('refresh')).code, 2)
})
