// Conformance of the TUF client, groups download, delegations, rotations, odd role names and endless data: the wrapper's verbs.
// Keeps the suite's view: exit code, trusted and downloaded files, requests. The groups are those of the public suite; the tests are our own.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { CORDON, cordon } from '../testing/command.ts'
import { DAY_MS, daysFromNow, SUITE_NOW, tufRunner } from '../testing/tuf-client-runner.ts'
import { SAFE_EXPIRY, sha, simKey, TufSimulator, type SimDelegation, type SimKey } from '../testing/tuf-simulator.ts'

/** Requests for a first refresh; what follows are delegated roles. */
const TOP_REQUESTS = 4

test('download: a listed file comes, one in a folder too, and a refresh alone brings none', async (t) => {
  const { repo, refresh, download, downloaded } = await tufRunner(t)
  repo.addTarget('targets', 'file.txt', 'ZZTEST one')
  repo.addTarget('targets', 'path/to/a/file.txt', 'ZZTEST two')
  repo.publishAll('targets')
  equal(await refresh(), 0)
  deepEqual(downloaded(), [])
  equal(await download('file.txt'), 0)
  equal(await download('path/to/a/file.txt'), 0)
  deepEqual(downloaded(), ['ZZTEST one', 'ZZTEST two'])
})

test('download: substituted bytes, shorter, longer or of the same length, are not kept, and the good ones stay', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  repo.addTarget('targets', 'one', 'ZZTEST one')
  repo.addTarget('targets', 'two', 'ZZTEST two')
  repo.publishAll('targets')
  equal(await download('one'), 0)
  for (const evil of ['evil', 'EVILEVIL12', 'evil that is longer than what was signed']) {
    for (const [name, good] of [['one', 'ZZTEST one'], ['two', 'ZZTEST two']] as const) repo.putTarget(name, sha('sha256', good), evil)
    await download('one')
    equal(await download('two'), 1)
    deepEqual(downloaded(), ['ZZTEST one'])
  }
})

test('download: changes one after the other come in, and what was not signed never does', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  for (let i = 0; i < 11; i++) {
    repo.addTarget('targets', 'file', `ZZTEST ${i}`)
    repo.publishAll('targets')
    if (i % 5 !== 0) continue
    equal(await download('file'), 0)
    deepEqual(downloaded(), [`ZZTEST ${i}`])
    repo.addTarget('targets', 'file', `next ${i}`)
    repo.publishAll('targets')
    repo.putTarget('file', sha('sha256', `next ${i}`), `evil ${i}`)
    equal(await download('file'), 1)
    deepEqual(downloaded(), [`ZZTEST ${i}`])
  }
})

test('download: SHA-256 and SHA-512, alone or together; each that is stated must fit', async (t) => {
  for (const algorithms of [['sha256'], ['sha512'], ['sha256', 'sha512'], ['sha512', 'sha256']]) {
    const { repo, download, downloaded } = await tufRunner(t)
    repo.hashAlgorithms = algorithms
    repo.addTarget('targets', 'file', 'ZZTEST')
    const stated = (repo.of('targets')['targets'] as { file: { hashes: { [name: string]: string } } }).file.hashes
    repo.publishAll('targets')
    equal(await download('file'), 0, algorithms.join())
    deepEqual(downloaded(), ['ZZTEST'])
    const last = algorithms.at(-1) ?? ''
    const first = Object.values(stated)[0] ?? ''
    stated[last] = sha(last, 'another')
    repo.addTarget('targets', 'other', 'ZZTEST other')
    repo.putTarget('file', Object.values(stated)[0] ?? first, 'ZZTEST')
    repo.publishAll('targets')
    equal(await download('file'), 1, `${algorithms.join()}, ${last} of another file`)
    mock.timers.reset()
  }
})

test('download: a hash that nobody knows is refused, alone or beside a good one', async (t) => {
  for (const beside of [false, true]) {
    const { repo, download, downloaded } = await tufRunner(t)
    repo.addTarget('targets', 'file', 'ZZTEST')
    const file = (repo.of('targets')['targets'] as { file: { hashes: { [name: string]: string } } }).file
    file.hashes = beside ? { sha256: sha('sha256', 'ZZTEST'), sha999: '00' } : { sha999: '00' }
    repo.putTarget('file', '00', 'ZZTEST')
    repo.publishAll('targets')
    equal(await download('file'), 1)
    deepEqual(downloaded(), [])
    mock.timers.reset()
  }
})

test('download: what is there already with its hash is not fetched again; what was changed on disk is', async (t) => {
  const { repo, download, downloaded, metadataDir } = await tufRunner(t)
  repo.addTarget('targets', 'file', 'ZZTEST')
  repo.publishAll('targets')
  equal(await download('file'), 0)
  const fetched = (): number => repo.requests.splice(0).filter((name) => name.startsWith('targets/')).length
  equal(fetched(), 1)
  equal(await download('file'), 0)
  equal(fetched(), 0)
  fs.writeFileSync(path.join(path.dirname(metadataDir), 'targets', 'file'), 'spoilt')
  equal(await download('file'), 0)
  equal(fetched(), 1)
  deepEqual(downloaded(), ['ZZTEST'])
})

interface Graph {
  readonly delegations: readonly (readonly [string, string, Partial<SimDelegation>?])[]
  readonly visited: readonly string[]
}

/** Who delegates to whom, and in which order a search for a file that nobody lists asks. */
const GRAPHS: { readonly [what: string]: Graph } = {
  'one': { delegations: [['targets', 'A']], visited: ['A'] },
  'two beside each other': { delegations: [['targets', 'A'], ['targets', 'B']], visited: ['A', 'B'] },
  'two levels': { delegations: [['targets', 'A'], ['targets', 'B'], ['B', 'C']], visited: ['A', 'B', 'C'] },
  'depth first': { delegations: [['targets', 'A'], ['targets', 'B'], ['A', 'C'], ['A', 'D']], visited: ['A', 'C', 'D', 'B'] },
  'depth first, three levels': { delegations: [['targets', 'A'], ['targets', 'B'], ['A', 'C'], ['C', 'D']], visited: ['A', 'C', 'D', 'B'] },
  'an end at the second level ends all but its own below': {
    delegations: [['targets', 'A'], ['targets', 'B'], ['A', 'C', { terminating: true }], ['A', 'D']], visited: ['A', 'C'],
  },
  'an end lets its own below be asked': {
    delegations: [['targets', 'A'], ['targets', 'B'], ['A', 'C', { terminating: true }], ['C', 'D']], visited: ['A', 'C', 'D'],
  },
  'an end that does not fit the path ends nothing': {
    delegations: [['targets', 'A', { terminating: true, paths: ['*.py'] }], ['targets', 'B']], visited: ['B'],
  },
  'a path that does not fit is not walked': { delegations: [['targets', 'A', { paths: ['*.py'] }], ['targets', 'B'], ['A', 'C']], visited: ['B'] },
  'a path that does not fit at the second level': {
    delegations: [['targets', 'A'], ['targets', 'B'], ['A', 'C', { paths: ['*.py'] }], ['C', 'D']], visited: ['A', 'B'],
  },
  'a ring is walked once': {
    delegations: [['targets', 'A'], ['targets', 'B'], ['B', 'C'], ['C', 'D'], ['D', 'B']], visited: ['A', 'B', 'C', 'D'],
  },
  'two roads to one role: the first counts': {
    delegations: [['targets', 'A'], ['targets', 'B'], ['B', 'C'], ['A', 'C']], visited: ['A', 'C', 'B'],
  },
  'two roads to one role, the first not for this path': {
    delegations: [['targets', 'A'], ['targets', 'B'], ['B', 'C'], ['A', 'C', { paths: ['*.py'] }]], visited: ['A', 'B', 'C'],
  },
  'no more than 32 are asked': {
    delegations: Array.from({ length: 40 }, (_, i) => ['targets', `R${i}`] as const), visited: Array.from({ length: 32 }, (_, i) => `R${i}`),
  },
}

function plant(repo: TufSimulator, delegations: Graph['delegations']): void {
  for (const [from, name, more] of delegations) repo.delegate(from, { name, ...more })
  const roles = new Set(delegations.flatMap(([from, to]) => [from, to]))
  repo.publishAll(...roles)
}

for (const [what, { delegations, visited }] of Object.entries(GRAPHS)) {
  test(`delegations, walk: ${what}`, async (t) => {
    const { repo, download } = await tufRunner(t)
    plant(repo, delegations)
    equal(await download('absent'), 1)
    deepEqual(repo.asked().slice(TOP_REQUESTS), visited.map((role) => `1.${role}.json`))
  })
}

for (const [target, found, visited] of [
  ['plain', true, []], ['README.md', true, ['A']], ['releases/x/x_v1', true, ['B', 'C']], ['releases/y/y_v1.zip', true, ['B', 'D']],
  ['releases/z/z_v1.zip', false, ['B']], ['docs/README.md', false, []], ['releases/x', false, []], ['releases/x/y/z', false, []],
] as const) {
  test(`delegations, search: ${target} is ${found ? 'found' : 'not found'}, asking ${visited.join(' and ') || 'nobody'}`, async (t) => {
    const { repo, download, downloaded } = await tufRunner(t)
    repo.delegate('targets', { name: 'A', paths: ['*.doc', '*.md'] })
    repo.delegate('targets', { name: 'B', paths: ['releases/*/*'] })
    repo.delegate('B', { name: 'C', paths: ['releases/x/*'] })
    repo.delegate('B', { name: 'D', paths: ['releases/y/*.zip'] })
    for (const [role, name] of [['targets', 'plain'], ['A', 'README.md'], ['A', 'docs/README.md'], ['C', 'releases/x/x_v1'], ['D', 'releases/y/y_v1.zip'],
      ['D', 'releases/z/z_v1.zip'], ['B', 'releases/x'], ['C', 'releases/x/y/z']] as const) repo.addTarget(role, name, `ZZTEST ${name}`)
    repo.publishAll('A', 'B', 'C', 'D', 'targets')
    equal(await download(target), found ? 0 : 1)
    deepEqual(downloaded(), found ? [`ZZTEST ${target}`] : [])
    deepEqual(repo.asked().slice(TOP_REQUESTS), visited.map((role) => `1.${role}.json`))
  })
}

for (const [pattern, fits, not] of [
  ['*', ['a', 'a.txt'], ['a/b', '']], ['?', ['a'], ['ab', 'a/b']], ['a*', ['a', 'abc'], ['ba', 'a/b']], ['*.tgz', ['x.tgz'], ['x.tgz.sig', 'd/x.tgz']],
  ['d/*', ['d/x'], ['d', 'd/x/y', 'e/x']], ['*/x', ['d/x'], ['x', 'd/e/x']], ['d/*/x', ['d/e/x'], ['d/x', 'd/e/f/x']], ['a?c', ['abc'], ['ac', 'a/c']],
  ['exact', ['exact'], ['Exact', 'exact2', 'xexact']], ['[ab]', ['a', 'b'], ['c', 'ab']],
] as const) {
  test(`delegations, pattern ${pattern}`, async (t) => {
    const { repo, download } = await tufRunner(t)
    const names = [...fits, ...not].filter((name) => name !== '')
    repo.delegate('targets', { name: 'A', paths: [pattern] })
    for (const name of names) repo.addTarget('A', name, `ZZTEST ${name}`)
    repo.publishAll('A', 'targets')
    for (const name of names) equal(await download(name), fits.some((f) => f === name) ? 0 : 1, name)
  })
}

test('delegations, pattern by hash of the path', async (t) => {
  const { repo, download } = await tufRunner(t)
  const prefix = sha('sha256', 'in').slice(0, 4)
  repo.delegate('targets', { name: 'A', path_hash_prefixes: [prefix] })
  for (const name of ['in', 'out']) repo.addTarget('A', name, `ZZTEST ${name}`)
  repo.publishAll('A', 'targets')
  deepEqual([await download('in'), await download('out')], [0, 1])
})

test('delegations: the delegator\'s own list goes before a delegated role\'s', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  repo.delegate('targets', { name: 'A' })
  repo.addTarget('A', 'file', 'ZZTEST of A')
  repo.addTarget('targets', 'file', 'ZZTEST of targets')
  repo.publishAll('A', 'targets')
  equal(await download('file'), 0)
  deepEqual(downloaded(), ['ZZTEST of targets'])
})

function delegated(repo: TufSimulator): SimKey {
  const key = repo.delegate('targets', { name: 'A' })
  repo.addTarget('A', 'file', 'ZZTEST')
  repo.publishAll('A', 'targets')
  return key
}

for (const [what, spoil] of [
  ['by nobody', (repo: TufSimulator) => repo.put('A', repo.bytesOf('A', []))],
  ['by a stranger', (repo: TufSimulator) => repo.put('A', repo.bytesOf('A', [simKey()]))],
  ['by the delegator\'s own key', (repo: TufSimulator) => repo.put('A', repo.bytesOf('A', repo.signers['targets']))],
] as const) {
  test(`delegations: a role signed ${what} is refused`, async (t) => {
    const { repo, download, downloaded, trusted } = await tufRunner(t)
    delegated(repo)
    spoil(repo)
    equal(await download('file'), 1)
    deepEqual([downloaded(), trusted().includes('A.json')], [[], false])
  })
}

test('delegations, mix-and-match: a role that the snapshot does not list, or lists otherwise, is refused', async (t) => {
  for (const withHashes of [false, true]) {
    const { repo, download, downloaded } = await tufRunner(t, (r) => (r.withHashes = withHashes))
    delegated(repo)
    const listed = repo.meta('snapshot')['A.json']
    delete repo.meta('snapshot')['A.json']
    repo.publish('snapshot', 'timestamp')
    equal(await download('file'), 1)
    repo.meta('snapshot')['A.json'] = { ...listed, version: 7 }
    repo.files.set('metadata/7.A.json', repo.bytesOf('A'))
    repo.publish('snapshot', 'timestamp')
    equal(await download('file'), 1)
    deepEqual(downloaded(), [])
    mock.timers.reset()
  }
})

test('delegations: a role that vanished from its delegator is asked no more, though it is kept from before', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  delegated(repo)
  repo.addTarget('A', 'second', 'ZZTEST two')
  repo.publishAll('A', 'targets')
  equal(await download('file'), 0)
  delete repo.of('targets')['delegations']
  repo.publishAll('targets')
  equal(await download('second'), 1)
  deepEqual(downloaded(), ['ZZTEST'])
})

test('delegations: a role whose key was taken away is refused, though it is kept from before', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  delegated(repo)
  repo.addTarget('A', 'second', 'ZZTEST two')
  repo.publishAll('A', 'targets')
  equal(await download('file'), 0)
  const fresh = simKey()
  delete repo.of('targets')['delegations']
  repo.signers['A'] = [fresh]
  repo.delegate('targets', { name: 'A' })
  repo.publishAll('targets')
  equal(await download('second'), 1)
  deepEqual(downloaded(), ['ZZTEST'])
  // The twin: signed by the new key it is taken.
  repo.publishAll('A')
  equal(await download('second'), 0)
})

test('delegations, cached role: kept under one delegator, it is verified again under another', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  repo.delegate('targets', { name: 'A', paths: ['a-*'] })
  repo.delegate('targets', { name: 'B', paths: ['b-*'] })
  repo.delegate('A', { name: 'C', paths: ['a-*'] })
  const other = simKey()
  const signers = repo.signers['C']
  repo.signers['C'] = [other]
  repo.delegate('B', { name: 'C', paths: ['b-*'] })
  repo.signers['C'] = signers ?? []
  for (const name of ['a-file', 'b-file']) repo.addTarget('C', name, `ZZTEST ${name}`)
  repo.publishAll('A', 'B', 'C', 'targets')
  equal(await download('a-file'), 0)
  equal(await download('b-file'), 1)
  deepEqual(downloaded(), ['ZZTEST a-file'])
})

test('delegations, expiration: a role that is over gives nothing, nor does a kept one that is over since; a newer one does', async (t) => {
  const { repo, refresh, download, downloaded, trusted } = await tufRunner(t)
  repo.delegate('targets', { name: 'A' })
  for (const name of ['one', 'two']) repo.addTarget('A', name, `ZZTEST ${name}`)
  repo.of('A').expires = daysFromNow(-1)
  repo.publishAll('A', 'targets')
  equal(await refresh(), 0)
  equal(await download('one'), 1)
  equal(trusted().includes('A.json'), false)
  repo.of('A').expires = daysFromNow(7)
  repo.publishAll('A')
  equal(await download('one'), 0)
  mock.timers.setTime(SUITE_NOW + 18 * DAY_MS)
  equal(await download('two'), 1)
  repo.of('A').expires = SAFE_EXPIRY
  repo.publishAll('A')
  equal(await download('two'), 0)
  deepEqual(downloaded(), ['ZZTEST one', 'ZZTEST two'])
})

test('delegations, hash bins: each path has one bin, and only that one gives it', async (t) => {
  const { repo, download, downloaded } = await tufRunner(t)
  const key = simKey()
  const succinct = { keyids: [key.id], threshold: 1, bit_length: 1, name_prefix: 'bin' }
  repo.of('targets')['delegations'] = { keys: { [key.id]: key.json }, succinct_roles: succinct }
  for (const bin of ['bin-0', 'bin-1']) {
    repo.signed[bin] = { _type: 'targets', spec_version: '1.0.31', version: 0, expires: SAFE_EXPIRY, targets: {} }
    repo.signers[bin] = [key]
  }
  const binOf = (name: string): string => `bin-${Number.parseInt(sha('sha256', name).charAt(0), 16) >> 3}`
  const names = Array.from({ length: 6 }, (_, i) => `file-${i}`)
  for (const name of names) repo.addTarget(binOf(name), name, `ZZTEST ${name}`)
  repo.addTarget(binOf('astray') === 'bin-0' ? 'bin-1' : 'bin-0', 'astray', 'ZZTEST astray')
  repo.publishAll('bin-0', 'bin-1', 'targets')
  for (const name of names) equal(await download(name), 0, name)
  equal(await download('astray'), 1)
  deepEqual(downloaded(), names.map((name) => `ZZTEST ${name}`))
})

interface RootVersion {
  readonly keys: readonly number[]
  readonly threshold: number
  readonly sigs: readonly number[]
}

const root = (keys: readonly number[], threshold: number, sigs: readonly number[]): RootVersion => ({ keys, threshold, sigs })
const FIVE = [0, 1, 2, 3, 4]

/** Roots one after the other, and how many of them a client may take. */
const ROOT_CHAINS: { readonly [what: string]: readonly [number, ...RootVersion[]] } = {
  'one key for another': [3, root([1], 1, [1]), root([2], 1, [2, 1]), root([2], 1, [2])],
  'one key for another, with signatures of strangers': [3, root([1], 1, [3, 1, 4]), root([2], 1, [3, 2, 1, 4]), root([2], 1, [3, 2, 4])],
  '3 of 5, others each time': [4, root(FIVE, 3, [0, 2, 4]), root(FIVE, 3, [0, 4, 1]), root(FIVE, 3, [0, 1, 3]), root(FIVE, 3, [2, 1, 3])],
  '3 of 5, one key changed': [2, root(FIVE, 3, [0, 2, 4]), root([0, 1, 3, 4, 5], 3, [0, 4, 1])],
  '3 of 5, one changed, in two steps': [3, root(FIVE, 3, [0, 2, 4]), root([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]), root([0, 1, 3, 4, 5], 3, [0, 4, 5])],
  '3 of 5, all changed, in two steps': [3, root(FIVE, 3, [0, 2, 4]), root([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]), root([5, 6, 7, 8, 9], 3, [5, 6, 7])],
  'threshold from 1 to 2': [2, root([1, 2, 3], 1, [1]), root([1, 2, 3], 2, [1, 2])],
  'threshold from 2 to 1': [3, root([1, 2, 3], 2, [1, 2]), root([1, 2, 3], 1, [1, 2]), root([1, 2, 3], 1, [1])],
  'threshold and keys from 1 to 2': [2, root([1], 1, [1]), root([1, 2], 2, [1, 2])],
  'not signed by the old key': [1, root([1], 1, [1]), root([2], 1, [2, 3, 4])],
  'not signed by the new key': [1, root([1], 1, [1]), root([2], 1, [1, 3, 4])],
  'not signed by 3 new ones': [1, root(FIVE, 3, [0, 2, 4]), root([0, 1, 3, 4, 5], 3, [0, 2, 4])],
  'not signed by 3 old ones': [1, root(FIVE, 3, [0, 2, 4]), root([0, 1, 3, 4, 5], 3, [0, 4, 5])],
  'the new threshold not reached': [1, root([1, 2, 3], 1, [1]), root([1, 2, 3], 2, [2])],
  'the old threshold not reached': [1, root([1, 2, 3], 2, [1, 2]), root([1, 2, 3], 1, [1])],
  'a good one behind a bad one is not reached': [1, root([1], 1, [1]), root([2], 1, [2]), root([2], 1, [1, 2])],
}

function setKeys(repo: TufSimulator, role: string, version: RootVersion, keys: readonly SimKey[]): void {
  repo.rootRoles[role] = { keyids: [], threshold: version.threshold }
  for (const i of version.keys) {
    const key = keys[i]
    if (!key) continue
    repo.root.keys[key.id] = key.json
    repo.rootRoles[role].keyids.push(key.id)
  }
  repo.signers[role] = version.sigs.flatMap((i) => keys[i] ?? [])
}

for (const [what, [reached, ...versions]] of Object.entries(ROOT_CHAINS)) {
  test(`rotations, root: ${what}: ${reached} of ${versions.length} taken`, async (t) => {
    const { repo, init, refresh, bytes } = await tufRunner(t)
    const keys = Array.from({ length: 10 }, () => simKey())
    repo.root.version = 0
    for (const version of versions) {
      setKeys(repo, 'root', version, keys)
      repo.publish('root')
    }
    equal(await init(repo.files.get('metadata/1.root.json')), 0)
    equal(await refresh(), reached === versions.length ? 0 : 1)
    ok(bytes('root').equals(repo.files.get(`metadata/${reached}.root.json`) as Buffer))
  })
}

const OTHER_ROLES: { readonly [what: string]: readonly [boolean, RootVersion] } = {
  'another key': [true, root([2], 1, [2])], 'strangers beside it': [true, root([1], 1, [3, 1, 4])], 'only strangers': [false, root([2], 1, [1, 3, 4])],
  'one of three is a stranger': [false, root([0, 1, 3, 4, 5], 3, [0, 2, 4])], 'two of three': [false, root([0, 1, 3, 4, 5], 3, [0, 4])],
  'three of five': [true, root(FIVE, 3, [0, 2, 4])], 'three others of five': [true, root(FIVE, 3, [2, 3, 4])],
  'five of five': [true, root(FIVE, 5, [4, 3, 2, 1, 0])],
}

for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
  for (const [what, [isGood, version]] of Object.entries(OTHER_ROLES)) {
    test(`rotations, ${role}: ${what} is ${isGood ? 'taken' : 'refused'}`, async (t) => {
      const { repo, refresh, bytes } = await tufRunner(t)
      equal(await refresh(), 0)
      setKeys(repo, role, version, Array.from({ length: 10 }, () => simKey()))
      repo.publish('root')
      if (role === 'timestamp') repo.publish('timestamp')
      else repo.publishAll(...(role === 'targets' ? ['targets'] : []))
      equal(await refresh(), isGood ? 0 : 1)
      const served = repo.files.get(role === 'timestamp' ? 'metadata/timestamp.json' : `metadata/2.${role}.json`) as Buffer
      equal(bytes(role).equals(served), isGood)
    })
  }
}

for (const role of ['?', '#', '/delegated', '../delegated', '..', 'a b', '%2e%2e', 'ü', '../../targets/x']) {
  test(`odd role name ${JSON.stringify(role)}: quoted in the request, and no file outside of the metadata folder`, async (t) => {
    const { repo, download, trusted, metadataDir } = await tufRunner(t)
    repo.delegate('targets', { name: role })
    repo.addTarget(role, 'file', 'ZZTEST')
    repo.publishAll(role, 'targets')
    const before = fs.readdirSync(path.dirname(metadataDir)).sort()
    equal(await download('file'), 0)
    ok(repo.requests.includes(`metadata/1.${encodeURIComponent(role)}.json`), repo.requests.join(' '))
    equal(trusted().length, 5)
    deepEqual(fs.readdirSync(path.dirname(metadataDir)).sort(), before)
  })
}

/** A server that answers the first request for `where` without end, and whether the client went away. */
async function endless(t: TestContext, repo: TufSimulator, where: string): Promise<{ url: string; sent: () => number; isGone: () => boolean }> {
  let [sent, isGone] = [0, false]
  const server = http.createServer((request, response) => {
    const name = (request.url ?? '').slice(1)
    const file = repo.files.get(name)
    if (name !== where) return void (file ? response.end(file) : response.writeHead(404).end())
    const more = (): void => {
      for (let go = true; go && !response.destroyed; sent += 65_536) go = response.write(Buffer.alloc(65_536, 32))
    }
    response.on('drain', more).on('close', () => (isGone = true))
    more()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => new Promise((done) => server.close(done).closeAllConnections()))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent, isGone: () => isGone }
}

for (const where of ['metadata/2.root.json', 'metadata/timestamp.json', 'metadata/1.snapshot.json', 'metadata/1.targets.json']) {
  test(`endless data as ${where}: given up at its bound, the connection closed, the process at its end`, async (t) => {
    const repo = new TufSimulator()
    const server = await endless(t, repo, where)
    const { metadataDir } = await tufRunner(t)
    fs.writeFileSync(path.join(metadataDir, 'root.json'), repo.initialRoot())
    mock.timers.reset()
    const script = path.join(path.dirname(CORDON), 'scripts', 'tuf-client.ts')
    const args = ['--disable-warning=ExperimentalWarning', script, '--metadata-dir', metadataDir, '--metadata-url', `${server.url}/metadata`, 'refresh']
    const { code, err } = await cordon(args, { command: process.execPath })
    equal(code, 1)
    match(err, /Max length reached/)
    while (!server.isGone()) await new Promise((resolve) => setImmediate(resolve))
    ok(server.sent() < 5_000_000 + 8_000_000)
  })
}
