// tuf-world: a TUF repository that a test makes, signs and spoils: two root keys of three, two target keys of three, one each for the rest.
// Keeps the rule that keys are made for one test and die with it; every attack is one changed field, so that nothing else explains a refusal.

import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Key, MetaFile, Metadata, Root, Signature, Snapshot, Targets, Timestamp } from '@tufjs/models'

export interface TestKey {
  readonly key: Key
  readonly secret: KeyObject
}

export const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const
type RoleName = (typeof ROLES)[number]

export interface TestFile {
  readonly path: string
  readonly content: Uint8Array
  readonly custom?: { readonly [key: string]: unknown }
}

const SPEC = '1.0.31'

export function newKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex')
  const keyID = createHash('sha256').update(raw).digest('hex')
  return { key: new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: raw } }), secret: privateKey }
}

function signer(key: TestKey): (data: Buffer) => Signature {
  return (data) => new Signature({ keyID: key.key.keyID, sig: sign(null, data, key.secret).toString('hex') })
}

const hash = (algorithm: string, bytes: Uint8Array): string => createHash(algorithm).update(bytes).digest('hex')

/** What a good `custom` says. */
export function customOf(content: Uint8Array, over: { readonly [key: string]: unknown } = {}): { readonly [key: string]: unknown } {
  return {
    model: 'CMS8000', fromVersions: ['2.0.7', '2.0.8'], toVersion: '3.0.0', nfsPath: 'monitor', size: content.length,
    sha256: hash('sha256', content), sha512: hash('sha512', content), note: 'ZZTEST: nothing changes at the bedside', evidence: 'ZZTEST', ...over,
  }
}

export interface DelegationPlan {
  readonly name: string
  readonly key: TestKey
  readonly paths: readonly string[]
}

/** Versions, expiries and files; `write` signs everything anew. */
export class TufWorld {
  readonly keys: { [R in RoleName]: TestKey[] } = {
    root: [newKey(), newKey(), newKey()], timestamp: [newKey()], snapshot: [newKey()], targets: [newKey(), newKey(), newKey()],
  }
  readonly thresholds: { [R in RoleName]: number } = { root: 2, timestamp: 1, snapshot: 1, targets: 2 }
  readonly versions: { [R in RoleName]: number } = { root: 1, timestamp: 1, snapshot: 1, targets: 1 }
  readonly expires: { [R in RoleName]: string } = {
    root: '2030-01-01T00:00:00Z', timestamp: '2026-02-01T00:00:00Z', snapshot: '2026-03-01T00:00:00Z', targets: '2027-01-01T00:00:00Z',
  }
  files: TestFile[] = []
  /** By delegator; 'targets' or the name of a delegated role. */
  delegations: { [delegator: string]: DelegationPlan[] } = {}
  /** Files that delegated roles list. */
  delegatedFiles: { [role: string]: TestFile[] } = {}

  root(): Metadata<Root> {
    const root = new Root({ version: this.versions.root, specVersion: SPEC, expires: this.expires.root, consistentSnapshot: true })
    for (const role of ROLES) {
      for (const key of this.keys[role]) root.addKey(key.key, role)
      Object.assign(root.roles[role] ?? {}, { threshold: this.thresholds[role] })
    }
    return this.#signed(new Metadata(root), this.keys.root)
  }

  targetsOf(role: string, version: number, files: readonly TestFile[]): Targets {
    const targets = Object.fromEntries(files.map(({ path: name, content, custom }) => [name, {
      length: content.length, hashes: { sha256: hash('sha256', content), sha512: hash('sha512', content) },
      custom: custom ?? customOf(content, { nfsPath: name }),
    }]))
    const plans = this.delegations[role] ?? []
    return Targets.fromJSON({
      _type: 'targets', spec_version: SPEC, version, expires: this.expires.targets, targets: targets as never,
      ...(plans.length === 0 ? {} : {
        delegations: {
          keys: Object.fromEntries(plans.map((p) => [p.key.key.keyID, p.key.key.toJSON()])),
          roles: plans.map((p) => ({ name: p.name, keyids: [p.key.key.keyID], threshold: 1, terminating: false, paths: [...p.paths] })),
        },
      }),
    })
  }

  /** Signs and writes the repository; gives the texts that were written, by file name, so that a test can mix and spoil them. */
  write(folder: string): Map<string, Buffer> {
    const written = new Map<string, Buffer>()
    const meta: { [name: string]: MetaFile } = {}
    const put = (name: string, metadata: { toJSON(): unknown }): Buffer => {
      const bytes = Buffer.from(JSON.stringify(metadata.toJSON()))
      written.set(`metadata/${name}`, bytes)
      return bytes
    }
    put(`${this.versions.root}.root.json`, this.root())
    const targets = this.#signed(new Metadata(this.targetsOf('targets', this.versions.targets, this.files)), this.keys.targets)
    put(`${this.versions.targets}.targets.json`, targets)
    meta['targets.json'] = new MetaFile({ version: this.versions.targets })
    for (const plan of Object.values(this.delegations).flat()) {
      const role = this.#signed(new Metadata(this.targetsOf(plan.name, 1, this.delegatedFiles[plan.name] ?? [])), [plan.key])
      put(`1.${plan.name}.json`, role)
      meta[`${plan.name}.json`] = new MetaFile({ version: 1 })
    }
    const snapshot = new Snapshot({ version: this.versions.snapshot, specVersion: SPEC, expires: this.expires.snapshot, meta })
    const snapshotBytes = put(`${this.versions.snapshot}.snapshot.json`, this.#signed(new Metadata(snapshot), this.keys.snapshot))
    const snapshotMeta = new MetaFile({
      version: this.versions.snapshot, length: snapshotBytes.length, hashes: { sha256: hash('sha256', snapshotBytes) },
    })
    const timestamp = new Timestamp({ version: this.versions.timestamp, specVersion: SPEC, expires: this.expires.timestamp, snapshotMeta })
    put('timestamp.json', this.#signed(new Metadata(timestamp), this.keys.timestamp))
    for (const file of [...this.files, ...Object.values(this.delegatedFiles).flat()]) {
      const { dir, base } = path.posix.parse(file.path)
      written.set(`targets/${dir ? `${dir}/` : ''}${hash('sha256', file.content)}.${base}`, Buffer.from(file.content))
    }
    writeAll(folder, written)
    return written
  }

  /** Every version but root's goes up by one. */
  bump(): void {
    for (const role of ['timestamp', 'snapshot', 'targets'] as const) this.versions[role]++
  }

  #signed<T extends Root | Timestamp | Snapshot | Targets>(metadata: Metadata<T>, keys: readonly TestKey[]): Metadata<T> {
    for (const key of keys) metadata.sign(signer(key))
    return metadata
  }
}

export function writeAll(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const part of ['metadata', 'targets']) fs.mkdirSync(path.join(folder, part), { recursive: true })
  for (const [name, bytes] of files) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), bytes)
  }
}
