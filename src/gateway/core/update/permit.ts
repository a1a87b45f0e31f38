// permit: the second signed document: this device, this release, this window, an empty bed, and two people who say so.
// Keeps the rules that nothing is granted by default, that two approvals are two people with two keys, and that one is enough to stop.

import { parseIp, type Ip } from '../../../base/ip.ts'
import { err, ok, type Result } from '../../../base/result.ts'
import { formatMicros, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import { canonicalJson } from './canonical.ts'
import { bytesOfHex } from './hmac.ts'
import type { ReleaseManifest } from './release.ts'
import type { ReleaseTree } from './tree.ts'
import type { Grant } from './window.ts'

/** Ed25519 (RFC 8032): 32-byte key, 64-byte signature. Comes from the shell. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** Somebody who may approve; from the operator's configuration, not from the permit. */
export interface Approver {
  readonly id: string
  readonly role: string
  /** 64 hexadecimal digits. */
  readonly publicKey: string
}

export interface PermitBody {
  readonly type: 'cordon-permit'
  readonly version: 1
  readonly id: string
  readonly device: { readonly serial: string; readonly model: string; readonly version: string; readonly ip: string; readonly mac: string }
  readonly release: string
  /** ISO 8601 in UTC, whole seconds. */
  readonly from: string
  readonly until: string
  readonly completeBy: string
  readonly bedEmpty: { readonly bed: string; readonly confirmedBy: string; readonly at: string }
  readonly requestedBy: string
  readonly reason: string
}

export interface RevocationBody {
  readonly type: 'cordon-revocation'
  readonly version: 1
  readonly permit: string
  readonly at: string
  readonly reason: string
}

/** What lies in the data folder and is handed from person to person. */
export interface SignedDocument<B> {
  readonly signed: B
  readonly signatures: readonly { readonly approver: string; readonly sig: string }[]
}

export interface Permit extends PermitBody {
  readonly ipAddress: Ip
  readonly fromAt: Micros
  readonly untilAt: Micros
  readonly completeByAt: Micros
  readonly approvedBy: readonly string[]
}

export const APPROVALS_NEEDED = 2
/** Longest window: one shift's quiet hours. */
export const WINDOW_MICROS_MAX = 4 * 60 * MICROS_PER_MINUTE
/** Longest time to finish a copy that has begun: a monitor copies a release in minutes. */
export const COMPLETION_MICROS_MAX = 60 * MICROS_PER_MINUTE
/** A bed said to be empty longer ago than this may have a patient. */
export const BED_EMPTY_MICROS_MAX = 4 * 60 * MICROS_PER_MINUTE
/** Signatures looked at in one document. */
const SIGNATURES_MAX = 16
const TEXT_MAX = 256

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Exact: what is read must be written the same way again (no 31st of February). */
export function parseInstant(text: unknown): Micros | null {
  if (typeof text !== 'string' || !ISO.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) || formatMicros(ms * 1000).slice(0, 19) !== text.slice(0, 19) ? null : (ms / 1000) * MICROS_PER_SECOND
}

type Fields = { readonly [key: string]: unknown }

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX
}

/** The first field that is not there, or not as it must be. */
function bodyFault(body: Fields): string | null {
  if (body['type'] !== 'cordon-permit' || body['version'] !== 1) return 'is no permit of version 1'
  for (const name of ['id', 'release', 'requestedBy', 'reason']) if (!isText(body[name])) return `has no ${name}`
  const { device, bedEmpty } = body
  if (!isFields(device)) return 'names no device'
  for (const name of ['serial', 'model', 'version']) if (!isText(device[name])) return `has no device.${name}`
  if (!isText(device['ip']) || !parseIp(device['ip']).ok) return 'has no device.ip'
  if (!isText(device['mac']) || !/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(device['mac'])) return 'has no device.mac, as 00:1a:2b:3c:4d:5e'
  if (!isFields(bedEmpty) || !isText(bedEmpty['bed']) || !isText(bedEmpty['confirmedBy'])) return 'does not say who confirmed that the bed is empty'
  if (parseInstant(bedEmpty['at']) === null) return 'does not say when the bed was empty, as 2026-01-05T07:30:00Z'
  for (const name of ['from', 'until', 'completeBy']) if (parseInstant(body[name]) === null) return `has no ${name}, as 2026-01-05T07:30:00Z`
  return null
}

function windowFault(from: Micros, until: Micros, completeBy: Micros, emptyAt: Micros): string | null {
  if (until <= from) return 'ends before it begins'
  if (until - from > WINDOW_MICROS_MAX) return `has a window longer than ${WINDOW_MICROS_MAX / MICROS_PER_MINUTE} minutes`
  if (completeBy < until || completeBy - until > COMPLETION_MICROS_MAX) {
    return `must end its completion at or after the window, by at most ${COMPLETION_MICROS_MAX / MICROS_PER_MINUTE} minutes`
  }
  if (emptyAt > from || from - emptyAt > BED_EMPTY_MICROS_MAX) return 'needs the bed confirmed empty before it begins, and not hours before'
  return null
}

/** A permit's text without signatures, checked; or what is wrong, as "permit ..." text. */
export function readPermitBody(value: unknown): Result<PermitBody> {
  if (!isFields(value)) return err('the permit is no document')
  const fault = bodyFault(value)
  if (fault !== null) return err(`the permit ${fault}`)
  const body = value as unknown as PermitBody
  const [from, until, completeBy, emptyAt] = [body.from, body.until, body.completeBy, body.bedEmpty.at].map((t) => parseInstant(t) ?? 0)
  const wrong = windowFault(from ?? 0, until ?? 0, completeBy ?? 0, emptyAt ?? 0)
  return wrong === null ? ok(body) : err(`the permit ${wrong}`)
}

/** What an approver signs. */
export function signedBytes(body: unknown): Result<Uint8Array> {
  const text = canonicalJson(body)
  return text.ok ? ok(new TextEncoder().encode(text.value)) : err(`the document ${text.error}`)
}

/** Approvers whose signature is good: each person once, each key once. */
export function goodApprovers(document: Fields, approvers: readonly Approver[], verify: VerifySignature): readonly Approver[] {
  const bytes = signedBytes(document['signed'])
  const signatures = document['signatures']
  if (!bytes.ok || !Array.isArray(signatures)) return []
  const found = new Map<string, Approver>()
  for (const signature of signatures.slice(0, SIGNATURES_MAX) as unknown[]) {
    if (!isFields(signature) || typeof signature['sig'] !== 'string' || !/^[0-9a-f]{128}$/.test(signature['sig'])) continue
    const approver = approvers.find((a) => a.id === signature['approver'])
    if (!approver || !/^[0-9a-f]{64}$/.test(approver.publicKey)) continue
    if ([...found.values()].some((a) => a.id === approver.id || a.publicKey === approver.publicKey)) continue
    if (verify(bytesOfHex(approver.publicKey), bytes.value, bytesOfHex(signature['sig']))) found.set(approver.id, approver)
  }
  return [...found.values()]
}

/** A permit with two good approvals. Whether its hour has come is the grant's business; one that is over is refused here. */
export function verifyPermit(document: unknown, approvers: readonly Approver[], now: Micros, verify: VerifySignature): Result<Permit> {
  if (!isFields(document)) return err('the permit is no document')
  const body = readPermitBody(document['signed'])
  if (!body.ok) return body
  const good = goodApprovers(document, approvers, verify)
  if (good.length < APPROVALS_NEEDED) return err(`permit ${body.value.id} has ${good.length} of ${APPROVALS_NEEDED} approvals`)
  const ip = parseIp(body.value.device.ip)
  const [fromAt, untilAt, completeByAt] = [body.value.from, body.value.until, body.value.completeBy].map((t) => parseInstant(t) ?? 0)
  if (!ip.ok || fromAt === undefined || untilAt === undefined || completeByAt === undefined) return err('the permit cannot be read')
  if (now >= completeByAt) return err(`permit ${body.value.id} is over since ${body.value.completeBy}`)
  return ok({ ...body.value, ipAddress: ip.value, fromAt, untilAt, completeByAt, approvedBy: good.map((a) => a.id) })
}

/** The permit a revocation ends, when at least one approver signed it. */
export function verifyRevocation(document: unknown, approvers: readonly Approver[], verify: VerifySignature): Result<string> {
  const signed = isFields(document) ? document['signed'] : null
  if (!isFields(document) || !isFields(signed) || signed['type'] !== 'cordon-revocation' || signed['version'] !== 1 || !isText(signed['permit'])) {
    return err('the revocation is no revocation of version 1')
  }
  return goodApprovers(document, approvers, verify).length > 0 ? ok(signed['permit']) : err(`the revocation of ${signed['permit']} has no good signature`)
}

/** The grant of a permit over a verified release; or why the two do not fit. */
export function grantOf(permit: Permit, release: ReleaseManifest, tree: ReleaseTree): Result<Grant> {
  const { device } = permit
  if (permit.release !== release.id || tree.release.id !== release.id) return err(`permit ${permit.id} is for ${permit.release}, not for ${release.id}`)
  if (device.model !== release.model) return err(`permit ${permit.id} is for a ${device.model}, the release for ${release.model}`)
  if (!release.fromVersions.includes(device.version)) {
    return err(`permit ${permit.id}: the device has version ${device.version}; ${release.id} may replace ${release.fromVersions.join(', ')}`)
  }
  return ok({
    permitId: permit.id, deviceId: `${device.serial} ${device.mac}`, ip: permit.ipAddress, from: permit.fromAt, until: permit.untilAt,
    completeBy: permit.completeByAt, tree,
  })
}
