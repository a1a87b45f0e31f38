// The second count of signatures and ends: against the client's own verdict, and where it must be stricter than the client.
// Keeps the rule that a doubt of either refuses: one key under two names, an end without a time zone, an order that digits change.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { sign } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { Key, Metadata, MetadataKind } from '@tufjs/models'
import fc from 'fast-check'
import { scratch } from '../testing/command.ts'
import { newKey, TufWorld, type TestKey } from '../testing/tuf-world.ts'
import { noise } from '../testing/update-world.ts'
import { importRepository, pinRoot, type ReleaseStore } from './release.ts'
import { describeRoles, expiryOf, faultOfRoles, type RoleState } from './role-state.ts'

const NOW = Date.parse('2026-01-05T07:30:00Z')
const MAX = 5_000_000

interface Shelf {
  readonly tuf: TufWorld
  readonly source: string
  readonly store: ReleaseStore
  write(): void
  roles(): readonly RoleState[]
}

function shelf(t: TestContext): Shelf {
  mock.timers.enable({ apis: ['Date'], now: NOW })
  t.after(() => mock.timers.reset())
  const folder = scratch(t)
  const tuf = new TufWorld()
  tuf.files = [{ path: 'monitor', content: noise(100) }]
  const source = path.join(folder, 'stick')
  const trusted = path.join(folder, 'trusted')
  return {
    tuf, source, store: { folder: path.join(folder, 'data'), clock: () => Date.now() },
    write() {
      tuf.write(source)
      fs.mkdirSync(trusted, { recursive: true })
      fs.copyFileSync(path.join(source, 'metadata', `${tuf.versions.root}.root.json`), path.join(trusted, 'root.json'))
    },
    roles: () => describeRoles(trusted, path.join(source, 'metadata'), MAX),
  }
}

/** The same key once more, under another name. */
function alias({ key, secret }: TestKey, keyID: string): TestKey {
  return { key: new Key({ keyID, keyType: key.keyType, scheme: key.scheme, keyVal: key.keyVal }), secret }
}

async function why(world: Shelf): Promise<string> {
  const pinned = pinRoot(world.store, path.join(world.source, 'metadata', '1.root.json'))
  if (!pinned.ok) return pinned.error
  const taken = await importRepository(world.store, world.source)
  return taken.ok ? 'taken' : taken.error
}

test('a good repository: every role with its version, end, threshold, and who signed', (t) => {
  const world = shelf(t)
  world.tuf.delegations = { targets: [{ name: 'vendor', key: newKey(), paths: ['*'] }] }
  world.write()
  deepEqual(world.roles().map((r) => [r.role, r.version, r.expires.slice(0, 10), r.threshold, r.keys, r.signed, r.fault]), [
    ['root', 1, '2030-01-01', 2, 3, 3, null], ['timestamp', 1, '2026-02-01', 1, 1, 1, null], ['snapshot', 1, '2026-03-01', 1, 1, 1, null],
    ['targets', 1, '2027-01-01', 2, 3, 3, null], ['vendor', 1, '2027-01-01', 1, 1, 1, null],
  ])
  equal(faultOfRoles(world.roles(), NOW), null)
})

test('what is missing or damaged is told of the role it is of, and ends the list where nothing more can be known', (t) => {
  const world = shelf(t)
  world.write()
  const metadata = path.join(world.source, 'metadata')
  const last = (): RoleState | undefined => world.roles().at(-1)
  for (const [file, role] of [['1.targets.json', 'targets'], ['1.snapshot.json', 'snapshot'], ['timestamp.json', 'timestamp']] as const) {
    fs.writeFileSync(path.join(metadata, file), '{"signed":')
    match(last()?.fault ?? '', /is no metadata/)
    fs.rmSync(path.join(metadata, file))
    equal(last()?.role, role)
    match(last()?.fault ?? '', /is not in the repository/)
    match(faultOfRoles(world.roles(), NOW) ?? '', new RegExp(`role ${role}: `))
  }
  deepEqual(describeRoles(path.join(world.source, 'absent'), metadata, MAX), [])
  match(faultOfRoles([], NOW) ?? '', /cannot be read/)
})

test('ends are dates as TUF writes them, and nothing else is one', () => {
  equal(expiryOf('2026-01-05T07:30:00Z'), NOW)
  for (const text of ['', 'never', '2026-01-05', '2026-01-05T07:30:00', '2026-01-05T07:30:00+01:00', '2026-13-05T07:30:00Z', '2026-01-05T07:30:00.5Z', '9']) {
    equal(expiryOf(text), null, text)
  }
})

for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
  test(`an end of ${role} without a time zone is refused: to the client it is an hour of this machine`, async (t) => {
    const world = shelf(t)
    world.tuf.expires[role] = '2099-01-01T00:00:00'
    world.write()
    match(await why(world), new RegExp(`role ${role}: its end "2099-01-01T00:00:00" is no date`))
  })
}

test('one key under two names is one key: refused although the client counts two', async (t) => {
  const world = shelf(t)
  const key = newKey()
  world.tuf.keys.targets = [key, alias(key, 'second-name'), alias(key, 'third-name')]
  world.write()
  const root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(fs.readFileSync(path.join(world.source, 'metadata', '1.root.json'), 'utf8')) as never)
  const targets = Metadata.fromJSON(MetadataKind.Targets, JSON.parse(fs.readFileSync(path.join(world.source, 'metadata', '1.targets.json'), 'utf8')) as never)
  root.verifyDelegate('targets', targets)
  match(await why(world), /role targets: signed by 1 of the 2 keys it needs/)
})

test('one key under two names in the root itself is refused too', async (t) => {
  const world = shelf(t)
  const key = newKey()
  world.tuf.keys.root = [key, alias(key, 'second-name'), newKey()]
  world.write()
  equal(world.roles()[0]?.signed, 2)
  world.tuf.keys.root = [key, alias(key, 'second-name'), alias(key, 'third-name')]
  world.write()
  match(await why(world), /role root: signed by 1 of the 2 keys it needs/)
})

test('a delegated role named with digits only is refused: it would be asked before all others', async (t) => {
  const world = shelf(t)
  world.tuf.delegations = { targets: [{ name: 'first', key: newKey(), paths: ['*'] }, { name: '2', key: newKey(), paths: ['*'] }] }
  world.write()
  match(await why(world), /a role named "2", which is not taken in/)
})

test('a delegated role that the snapshot does not list is refused by name', async (t) => {
  const world = shelf(t)
  world.tuf.delegations = { targets: [{ name: 'vendor', key: newKey(), paths: ['*'] }] }
  world.write()
  const file = path.join(world.source, 'metadata', '1.snapshot.json')
  const snapshot = Metadata.fromJSON(MetadataKind.Snapshot, JSON.parse(fs.readFileSync(file, 'utf8')) as never)
  delete (snapshot.signed.meta as { [name: string]: unknown })['vendor.json']
  const [signer] = world.tuf.keys.snapshot
  ok(signer)
  snapshot.sign((data) => Object.assign(Object.values(snapshot.signatures)[0] ?? {}, { sig: sign(null, data, signer.secret).toString('hex') }) as never)
  fs.writeFileSync(file, JSON.stringify(snapshot.toJSON()))
  // Without length and hash in the timestamp only the snapshot itself tells.
  const stamp = path.join(world.source, 'metadata', 'timestamp.json')
  const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, JSON.parse(fs.readFileSync(stamp, 'utf8')) as never)
  Object.assign(timestamp.signed.snapshotMeta, { length: undefined, hashes: undefined })
  const [stamper] = world.tuf.keys.timestamp
  ok(stamper)
  timestamp.sign((data) => Object.assign(Object.values(timestamp.signatures)[0] ?? {}, { sig: sign(null, data, stamper.secret).toString('hex') }) as never)
  fs.writeFileSync(stamp, JSON.stringify(timestamp.toJSON()))
  match(await why(world), /role vendor is delegated to and is not in the snapshot|vendor/)
})

test('the second count and the client agree wherever keys have one name each', async (t) => {
  const pool = Array.from({ length: 5 }, () => newKey())
  const strangers = Array.from({ length: 2 }, () => newKey())
  const world = shelf(t)
  await fc.assert(fc.asyncProperty(
    fc.subarray(pool, { minLength: 1 }), fc.subarray([...pool, ...strangers]), fc.integer({ min: 1, max: 5 }), fc.nat(4), fc.boolean(),
    async (allowed, signers, threshold, broken, isBroken) => {
      world.tuf.keys.targets = [...allowed]
      world.tuf.thresholds.targets = threshold
      world.write()
      const file = path.join(world.source, 'metadata', '1.targets.json')
      const document = JSON.parse(fs.readFileSync(file, 'utf8')) as { signatures: { keyid: string; sig: string }[] }
      world.tuf.keys.targets = [...signers]
      const other = shelfText(world.tuf)
      const signatures = other.map((s, i) => (isBroken && i === broken ? { ...s, sig: '00'.repeat(64) } : s))
      fs.writeFileSync(file, JSON.stringify({ ...document, signatures }))
      const rootText = fs.readFileSync(path.join(world.source, 'metadata', '1.root.json'), 'utf8')
      const root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(rootText) as never)
      const targets = Metadata.fromJSON(MetadataKind.Targets, JSON.parse(fs.readFileSync(file, 'utf8')) as never)
      let isGood = true
      try {
        root.verifyDelegate('targets', targets)
      } catch {
        isGood = false
      }
      equal(world.roles().find((r) => r.role === 'targets')?.fault === null, isGood)
    }), { numRuns: 60 })
})

/** Signatures of the same targets by the keys that are set now. */
function shelfText(tuf: TufWorld): readonly { keyid: string; sig: string }[] {
  const metadata = new Metadata(tuf.targetsOf('targets', tuf.versions.targets, tuf.files))
  const bytes: Buffer[] = []
  metadata.sign((data) => {
    bytes.push(data)
    return { keyID: 'x' } as never
  })
  return tuf.keys.targets.map(({ key, secret }) => ({ keyid: key.keyID, sig: sign(null, bytes[0] ?? Buffer.alloc(0), secret).toString('hex') }))
}
