// permits: the folder of permit and revocation documents: request, approve, revoke, and the grants that come of them now.
// Keeps the rules that a document is checked each time it is used, and that a private key is read for one signature and kept nowhere.

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import { formatMicros, type Micros } from '../base/time.ts'
import { hexOfBytes } from './core/update/hmac.ts'
import {
  goodApprovers, grantOf, readPermitBody, signedBytes, verifyPermit, verifyRevocation, type Approver, type Permit, type PermitBody, type RevocationBody,
  type SignedDocument, type VerifySignature,
} from './core/update/permit.ts'
import { GRANTS_MAX } from './core/update/server.ts'
import type { Grant } from './core/update/window.ts'
import { writeDurably } from './durable.ts'
import type { LoadedRelease } from './release.ts'
import { makeFolder } from '../store/make-folder.ts'

/** `permits/ID.json` and `permits/ID.revoked.json`; the approvers come from the operator's configuration. */
export interface PermitStore {
  readonly folder: string
  readonly approvers: readonly Approver[]
}

/** A permit is below 2 kB; sixteen signatures add 3. */
export const DOCUMENT_BYTES_MAX = 64 * 1024
/** Documents read at one time; old ones are the operator's to archive. */
const DOCUMENTS_MAX = 10_000
const PERMIT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const REVOKED = '.revoked.json'
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 10.1) before the 32 bytes of the key. */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

export const verifyEd25519: VerifySignature = (key, message, signature) => {
  try {
    return verify(null, message, createPublicKey({ key: Buffer.concat([SPKI_HEAD, key]), format: 'der', type: 'spki' }), signature)
  } catch {
    // 32 bytes that are no point of the curve: no key verifies with them.
    return false
  }
}

export type PermitState = 'requested' | 'approved' | 'open' | 'completing' | 'over' | 'revoked' | 'unreadable'

export interface PermitEntry {
  readonly id: string
  readonly state: PermitState
  readonly approvedBy: readonly string[]
  /** Why it is not approved or cannot be read; null when nothing is wrong. */
  readonly why: string | null
  readonly body: PermitBody | null
}

const fileOf = (store: PermitStore, id: string, end = '.json'): string => path.join(store.folder, `${id}${end}`)

/** Writes a request without signatures. The id is the file's name, so it is refused when it could be a path, or is taken. */
export function requestPermit(store: PermitStore, body: unknown): Result<PermitBody> {
  const read = readPermitBody(body)
  if (!read.ok) return read
  const { id } = read.value
  if (!PERMIT_ID.test(id)) return err(`permit id "${id}" must be letters, digits, ".", "_" or "-", at most 64 characters`)
  if (fs.existsSync(fileOf(store, id))) return err(`permit ${id} is there already; a permit is never changed, request another`)
  writeDocument(fileOf(store, id), { signed: read.value, signatures: [] })
  return read
}

/** Adds the signature of one approver, made with a private key in PEM. The key must be the one the configuration has for this approver. */
export function approvePermit(store: PermitStore, id: string, approverId: string, keyPem: string): Result<PermitEntry> {
  if (!PERMIT_ID.test(id)) return err(`"${id}" is no permit id`)
  const document = readDocument(fileOf(store, id))
  if (!document.ok) return document
  const body = readPermitBody(document.value.signed)
  if (!body.ok) return body
  const signature = signAs(store, approverId, keyPem, body.value)
  if (!signature.ok) return signature
  const others = document.value.signatures.filter((s) => s.approver !== approverId)
  writeDocument(fileOf(store, id), { signed: body.value, signatures: [...others, signature.value] })
  return ok(entryOf(store, id, 0))
}

/** One approver is enough to stop. It holds from the next time the grants are made. */
export function revokePermit(store: PermitStore, id: string, approverId: string, keyPem: string, reason: string, now: Micros): Result<string> {
  if (!PERMIT_ID.test(id)) return err(`"${id}" is no permit id`)
  const body: RevocationBody = { type: 'cordon-revocation', version: 1, permit: id, at: `${formatMicros(now).slice(0, 19)}Z`, reason }
  const signature = signAs(store, approverId, keyPem, body)
  if (!signature.ok) return signature
  writeDocument(fileOf(store, id, REVOKED), { signed: body, signatures: [signature.value] })
  return ok(id)
}

function signAs(store: PermitStore, approverId: string, keyPem: string, body: unknown): Result<{ approver: string; sig: string }> {
  const approver = store.approvers.find((a) => a.id === approverId)
  if (!approver) return err(`${approverId} is no approver; the configuration names ${store.approvers.map((a) => a.id).join(', ') || 'none'}`)
  const bytes = signedBytes(body)
  if (!bytes.ok) return bytes
  try {
    const key = createPrivateKey(keyPem)
    if (key.asymmetricKeyType !== 'ed25519') return err(`the key of ${approverId} is ${key.asymmetricKeyType ?? 'of no kind'}, not ed25519`)
    const sig = new Uint8Array(sign(null, bytes.value, key))
    const made = { approver: approverId, sig: hexOfBytes(sig) }
    const isTheirs = goodApprovers({ signed: body, signatures: [made] }, [approver], verifyEd25519).length === 1
    return isTheirs ? ok(made) : err(`this key is not the one that the configuration has for ${approverId}`)
  } catch (cause) {
    return err(`the key of ${approverId} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** Every permit of the folder with its state now, by id. */
export function listPermits(store: PermitStore, now: Micros): PermitEntry[] {
  return idsOf(store).map((id) => entryOf(store, id, now))
}

function idsOf(store: PermitStore): string[] {
  if (!fs.existsSync(store.folder)) return []
  const names = fs.readdirSync(store.folder).filter((n) => n.endsWith('.json') && !n.endsWith(REVOKED)).sort().slice(0, DOCUMENTS_MAX)
  return names.map((n) => n.slice(0, -'.json'.length)).filter((id) => PERMIT_ID.test(id))
}

function entryOf(store: PermitStore, id: string, now: Micros): PermitEntry {
  const document = readDocument(fileOf(store, id))
  const body = document.ok ? readPermitBody(document.value.signed) : document
  if (!document.ok || !body.ok || body.value.id !== id) {
    const why = body.ok ? `the document is permit ${body.value.id}` : body.error
    return { id, state: 'unreadable', approvedBy: [], why, body: null }
  }
  const approvedBy = goodApprovers({ ...document.value }, store.approvers, verifyEd25519).map((a) => a.id)
  const permit = verifyPermit(document.value, store.approvers, now, verifyEd25519)
  const state = isRevoked(store, id) ? 'revoked' : permit.ok ? stateOf(permit.value, now) : approvedBy.length >= 2 ? 'over' : 'requested'
  return { id, state, approvedBy, why: permit.ok ? null : permit.error, body: body.value }
}

function stateOf(permit: Permit, now: Micros): PermitState {
  if (now < permit.fromAt) return 'approved'
  return now < permit.untilAt ? 'open' : 'completing'
}

/** A revocation that is there but cannot be read stops too: in doubt nothing is served. */
function isRevoked(store: PermitStore, id: string): boolean {
  if (!fs.existsSync(fileOf(store, id, REVOKED))) return false
  const document = readDocument(fileOf(store, id, REVOKED))
  if (!document.ok) return true
  const revoked = verifyRevocation(document.value, store.approvers, verifyEd25519)
  return revoked.ok && revoked.value === id
}

export interface Granted {
  readonly grants: readonly Grant[]
  /** Permits that are not over and still give nothing, with the reason. */
  readonly refused: readonly { readonly id: string; readonly why: string }[]
}

/** The grants of all good permits over the releases verified just now. Two permits for one address at a time: neither is granted. */
export function grantsOf(store: PermitStore, releases: readonly LoadedRelease[], now: Micros): Granted {
  const grants: Grant[] = []
  const refused: { id: string; why: string }[] = []
  for (const { id, state, why } of listPermits(store, now)) {
    if (state === 'over' || state === 'revoked') continue
    const grant = state === 'requested' || state === 'unreadable' ? err(why ?? state) : makeGrant(store, id, releases, now)
    if (grant.ok) grants.push(grant.value)
    else refused.push({ id, why: grant.error })
  }
  const clashes = grants.filter((g) => grants.some((other) => other !== g && other.ip === g.ip && other.from < g.completeBy && g.from < other.completeBy))
  for (const clash of clashes) refused.push({ id: clash.permitId, why: `another permit covers ${clash.ip} in the same hour` })
  // One grant for each address: of windows that follow each other the first that is not over.
  const inOrder = grants.filter((g) => !clashes.includes(g)).sort((a, b) => a.from - b.from)
  const first = inOrder.filter((g, i) => inOrder.findIndex((other) => other.ip === g.ip) === i)
  return { grants: first.slice(0, GRANTS_MAX), refused }
}

function makeGrant(store: PermitStore, id: string, releases: readonly LoadedRelease[], now: Micros): Result<Grant> {
  const document = readDocument(fileOf(store, id))
  if (!document.ok) return document
  const permit = verifyPermit(document.value, store.approvers, now, verifyEd25519)
  if (!permit.ok) return permit
  const release = releases.find((r) => r.manifest.id === permit.value.release)
  return release ? grantOf(permit.value, release.manifest, release.tree) : err(`release ${permit.value.release} is not here, or could not be verified`)
}

function readDocument(file: string): Result<SignedDocument<unknown>> {
  try {
    const { size } = fs.statSync(file)
    if (size > DOCUMENT_BYTES_MAX) return err(`${file} is longer than ${DOCUMENT_BYTES_MAX} bytes`)
    const value = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<SignedDocument<unknown>> | null
    return ok({ signed: value?.signed, signatures: Array.isArray(value?.signatures) ? value.signatures : [] })
  } catch (cause) {
    return err(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function writeDocument(file: string, document: SignedDocument<unknown>): void {
  makeFolder(path.dirname(file), 0o700)
  writeDurably(file, `${JSON.stringify(document, null, 2)}\n`)
}
