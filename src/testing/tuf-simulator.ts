// tuf-simulator: a TUF repository in memory behind a web server on loopback, whose every field a test may change, and the requests it got.
// Keeps the rule that it signs what it is told, not what is right, and writes canonical JSON of its own rather than the client's.

import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** Plain JSON, open to spoiling. */
export interface Json {
  [key: string]: unknown
}

export interface SimKey {
  readonly id: string
  readonly json: Json
  readonly secret: KeyObject
}

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa'

export interface SimRole extends Json {
  keyids: string[]
  threshold: number
}

export interface SimSigned extends Json {
  _type: string
  version: number
  expires: string
}

export interface SimDelegation {
  readonly name: string
  readonly paths?: readonly string[]
  readonly path_hash_prefixes?: readonly string[]
  readonly terminating?: boolean
  readonly threshold?: number
}

const SPEC = '1.0.31'
export const SAFE_EXPIRY = '2099-01-01T00:00:00Z'
export const TOP = ['root', 'timestamp', 'snapshot', 'targets'] as const

export const sha = (algorithm: string, bytes: Uint8Array | string): string => createHash(algorithm).update(bytes).digest('hex')

/** OLPC canonical JSON: keys sorted, no blanks, and of a text only quote and backslash escaped; a line break stands as it is. */
export function canonical(value: unknown): Buffer {
  return Buffer.from(canonicalText(value))
}

function canonicalText(value: unknown): string {
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${canonicalText(key)}:${canonicalText(item)}`).join(',')}}`
}

export function simKey(kind: KeyKind = 'ed25519'): SimKey {
  const pair = kind === 'ed25519' ? generateKeyPairSync('ed25519')
    : kind === 'ecdsa' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const raw = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex')
  const json: Json = kind === 'ed25519' ? { keytype: kind, scheme: kind, keyval: { public: raw } }
    : kind === 'ecdsa' ? { keytype: kind, scheme: 'ecdsa-sha2-nistp256', keyval: { public: pem } }
      : { keytype: kind, scheme: 'rsassa-pss-sha256', keyval: { public: pem } }
  return { id: sha('sha256', canonical(json)), json, secret: pair.privateKey }
}

export function signatureOf(key: SimKey, bytes: Uint8Array): string {
  if (key.secret.asymmetricKeyType === 'ed25519') return sign(null, bytes, key.secret).toString('hex')
  const padding = key.secret.asymmetricKeyType === 'rsa' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
  return sign('sha256', bytes, { key: key.secret, ...padding }).toString('hex')
}

/** Metadata of each role as it will be signed next, the keys that sign, and what is published. */
export class TufSimulator {
  readonly signed: { [role: string]: SimSigned } = {}
  readonly signers: { [role: string]: SimKey[] } = {}
  /** By path below the server: metadata/1.root.json, targets/HASH.name. */
  readonly files = new Map<string, Buffer>()
  /** Paths of requests below `metadata/` and `targets/`, as they came, in order. */
  readonly requests: string[] = []
  /** Snapshot and timestamp state length and hash of what they list. */
  withHashes = false
  /** Hashes stated of targets. */
  hashAlgorithms: string[] = ['sha256']
  metadataUrl = ''
  targetsUrl = ''

  constructor() {
    const base = { spec_version: SPEC, version: 0, expires: SAFE_EXPIRY }
    this.signed['root'] = { _type: 'root', ...base, consistent_snapshot: true, keys: {}, roles: {} }
    this.signed['timestamp'] = { _type: 'timestamp', ...base, meta: {} }
    this.signed['snapshot'] = { _type: 'snapshot', ...base, meta: {} }
    this.signed['targets'] = { _type: 'targets', ...base, targets: {} }
    for (const role of TOP) {
      this.rootRoles[role] = { keyids: [], threshold: 1 }
      this.signers[role] = []
      this.addKey(role)
    }
    this.publish('root', 'targets', 'snapshot', 'timestamp')
  }

  get root(): SimSigned & { roles: { [role: string]: SimRole }; keys: { [id: string]: Json } } {
    return this.of('root') as never
  }

  get rootRoles(): { [role: string]: SimRole } {
    return this.root.roles
  }

  of(role: string): SimSigned {
    const signed = this.signed[role]
    if (!signed) throw new Error(`no role ${role}`)
    return signed
  }

  meta(role: 'timestamp' | 'snapshot'): { [file: string]: Json } {
    return this.of(role)['meta'] as { [file: string]: Json }
  }

  /** A key that may sign for a top-level role, and does. */
  addKey(role: string, key = simKey()): SimKey {
    this.root.keys[key.id] = key.json
    this.rootRoles[role]?.keyids.push(key.id)
    this.signers[role] = [...(this.signers[role] ?? []), key]
    return key
  }

  /** Other keys in place of all of a role's. */
  rotate(role: string): void {
    if (this.rootRoles[role]) this.rootRoles[role].keyids = []
    this.signers[role] = []
    this.addKey(role)
  }

  delegate(from: string, plan: SimDelegation, key = simKey()): SimKey {
    this.signed[plan.name] ??= { _type: 'targets', spec_version: SPEC, version: 0, expires: SAFE_EXPIRY, targets: {} }
    const delegations = (this.of(from)['delegations'] ??= { keys: {}, roles: [] }) as { keys: Json; roles: Json[] }
    const signer = this.signers[plan.name]?.[0] ?? key
    this.signers[plan.name] ??= [signer]
    delegations.keys[signer.id] = signer.json
    const { threshold = 1, terminating = false, ...rest } = plan
    const paths = plan.paths === undefined && plan.path_hash_prefixes === undefined ? { paths: ['*'] } : {}
    delegations.roles.push({ keyids: [signer.id], threshold, terminating, ...paths, ...rest })
    return signer
  }

  addTarget(role: string, path: string, content: string): void {
    const hashes = Object.fromEntries(this.hashAlgorithms.map((a) => [a, sha(a, content)]))
    ;(this.of(role)['targets'] as Json)[path] = { length: content.length, hashes }
    this.putTarget(path, Object.values(hashes)[0] ?? '', content)
  }

  putTarget(path: string, hash: string, content: string): void {
    const cut = path.lastIndexOf('/') + 1
    this.files.set(`targets/${path.slice(0, cut)}${hash}.${path.slice(cut)}`, Buffer.from(content))
  }

  /** What is served of a role's current version. */
  bytesOf(role: string, signers = this.signers[role] ?? []): Buffer {
    const signed = this.of(role)
    const bytes = canonical(signed)
    return Buffer.from(JSON.stringify({ signatures: signers.map((key) => ({ keyid: key.id, sig: signatureOf(key, bytes) })), signed }))
  }

  /** Each role gets the next version, is signed and listed by the role above; the order is the caller's. */
  publish(...roles: readonly string[]): void {
    for (const role of roles) {
      this.of(role).version++
      this.put(role)
    }
  }

  /** Signs and serves a role as it is, without another version. */
  put(role: string, bytes = this.bytesOf(role)): void {
    const { version } = this.of(role)
    this.files.set(role === 'timestamp' ? 'metadata/timestamp.json' : `metadata/${version}.${role}.json`, bytes)
    const stated: Json = this.withHashes ? { version, length: bytes.length, hashes: { sha256: sha('sha256', bytes) } } : { version }
    if (role === 'snapshot') this.meta('timestamp')['snapshot.json'] = stated
    else if (role !== 'timestamp' && role !== 'root') this.meta('snapshot')[`${role}.json`] = stated
  }

  /** Timestamp, snapshot and these, from the leaves up. */
  publishAll(...roles: readonly string[]): void {
    this.publish(...roles, 'snapshot', 'timestamp')
  }

  initialRoot(): Buffer {
    return this.files.get('metadata/1.root.json') ?? Buffer.alloc(0)
  }

  /** Requests for metadata since the last call: `2.root.json`, `timestamp.json`. */
  asked(): string[] {
    return this.requests.splice(0).filter((path) => path.startsWith('metadata/')).map((path) => path.slice('metadata/'.length))
  }

  async serve(t: TestContext): Promise<void> {
    const server = http.createServer((request, response) => {
      const raw = (request.url ?? '').slice(1)
      this.requests.push(raw)
      const file = this.files.get(raw.split('/').map(decodeURIComponent).join('/')) ?? this.files.get(raw)
      if (file === undefined) response.writeHead(404).end()
      else response.end(file)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    t.after(() => new Promise((done) => server.close(done).closeAllConnections()))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.metadataUrl = `${url}/metadata`
    this.targetsUrl = `${url}/targets`
  }
}
