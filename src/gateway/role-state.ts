// role-state: what a repository's metadata say of each role, for people: version, end, threshold, and how many keys signed.
// Keeps a second count of its own: a key that stands under two names counts once, and an end that is no exact date in UTC is told as a fault.

import path from 'node:path'
import { Metadata, MetadataKind, type Key, type Root, type Snapshot, type Targets, type Timestamp } from '@tufjs/models'
import { ok, type Result } from '../base/result.ts'
import { readBounded } from './repository-copy.ts'

export interface RoleState {
  /** root, timestamp, snapshot, targets, or a delegated role. */
  readonly role: string
  readonly version: number
  /** As it is written; `expiresAt` is null when that is no date. */
  readonly expires: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null
  readonly threshold: number
  /** Keys that may sign. */
  readonly keys: number
  /** Of these the ones whose signature is good; one key under two names is one. */
  readonly signed: number
  /** What is wrong with the file, apart from time; null when nothing is. */
  readonly fault: string | null
}

type AnyRole = Root | Timestamp | Snapshot | Targets
/** A date as TUF writes it (section 4.3.1): UTC, whole seconds. */
const EXPIRES = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
/** Roles told of: as many as the client would follow, and the four. */
const ROLES_MAX = 36

export function expiryOf(text: string): number | null {
  const at = EXPIRES.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : at
}

interface Signers {
  readonly keys: { readonly [id: string]: Key }
  readonly keyIDs: readonly string[]
  readonly threshold: number
}

/** The newest root of `trusted` is the judge; files come from `metadata`. Empty when there is no root to judge by. */
export function describeRoles(trusted: string, metadata: string, bytesMax: number): readonly RoleState[] {
  const read = <T extends AnyRole>(folder: string, file: string, kind: MetadataKind): Metadata<T> | string => readMetadata<T>(folder, file, kind, bytesMax)
  const root = read<Root>(trusted, 'root.json', MetadataKind.Root)
  if (typeof root === 'string') return []
  const { keys, roles, consistentSnapshot } = root.signed
  const states: RoleState[] = []
  const tell = <T extends AnyRole>(role: string, found: Metadata<T> | string, signers: Signers): Metadata<T> | null => {
    states.push(stateOf(role, found, signers))
    return typeof found === 'string' ? null : found
  }
  const signersOf = (role: string): Signers => ({ keys, keyIDs: roles[role]?.keyIDs ?? [], threshold: roles[role]?.threshold ?? 1 })
  const named = (role: string, version: number | undefined): string => `${consistentSnapshot ? `${version ?? 0}.` : ''}${encodeURIComponent(role)}.json`
  tell('root', root, signersOf('root'))
  const timestamp = tell('timestamp', read<Timestamp>(metadata, 'timestamp.json', MetadataKind.Timestamp), signersOf('timestamp'))
  if (timestamp === null) return states
  const snapshotFile = named('snapshot', timestamp.signed.snapshotMeta.version)
  const snapshot = tell('snapshot', read<Snapshot>(metadata, snapshotFile, MetadataKind.Snapshot), signersOf('snapshot'))
  if (snapshot === null) return states
  const queue: { role: string; signers: Signers }[] = [{ role: 'targets', signers: signersOf('targets') }]
  for (const { role, signers } of queue) {
    const file = named(role, snapshot.signed.meta[`${role}.json`]?.version)
    const targets = tell(role, read<Targets>(metadata, file, MetadataKind.Targets), signers)
    const { delegations } = targets?.signed ?? {}
    for (const below of Object.values(delegations?.roles ?? {})) {
      const isKnown = queue.some((q) => q.role === below.name)
      if (!isKnown && queue.length < ROLES_MAX) {
        queue.push({ role: below.name, signers: { keys: delegations?.keys ?? {}, keyIDs: below.keyIDs, threshold: below.threshold } })
      }
    }
  }
  return states
}

function readMetadata<T extends AnyRole>(folder: string, file: string, kind: MetadataKind, bytesMax: number): Metadata<T> | string {
  try {
    const bytes: Result<Uint8Array> = file.includes('/') ? ok(new Uint8Array(0)) : readBounded(folder, file, bytesMax)
    if (!bytes.ok) return `${path.basename(file)} is not in the repository, or longer than ${bytesMax} bytes`
    return Metadata.fromJSON(kind as MetadataKind.Root, JSON.parse(new TextDecoder().decode(bytes.value)) as never) as unknown as Metadata<T>
  } catch (cause) {
    return `${path.basename(file)} is no metadata: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

function stateOf(role: string, found: Metadata<AnyRole> | string, { keys, keyIDs, threshold }: Signers): RoleState {
  const base = { role, threshold, keys: new Set(keyIDs).size }
  if (typeof found === 'string') return { ...base, version: 0, expires: '', expiresAt: null, signed: 0, fault: found }
  const { version, expires } = found.signed
  const good = new Set<string>()
  for (const id of keyIDs) {
    const key = keys[id]
    if (key && isSignedBy(key, found)) good.add(key.keyVal['public'] ?? id)
  }
  const expiresAt = expiryOf(expires)
  const fault = good.size < threshold ? `signed by ${good.size} of the ${threshold} keys it needs`
    : expiresAt === null ? `its end ${JSON.stringify(expires)} is no date as 2026-02-01T00:00:00Z` : null
  return { ...base, version, expires, expiresAt, signed: good.size, fault }
}

function isSignedBy(key: Key, metadata: Metadata<AnyRole>): boolean {
  try {
    key.verifySignature(metadata)
    return true
  } catch {
    return false
  }
}

/** What the second count finds wrong after the client found nothing; null when they agree. */
export function faultOfRoles(roles: readonly RoleState[], now: number): string | null {
  for (const { role, fault, expiresAt } of roles) {
    if (fault !== null) return `role ${role}: ${fault}`
    if (expiresAt !== null && expiresAt <= now) return `role ${role} is expired`
  }
  return roles.length < 4 ? 'its roles cannot be read' : null
}
