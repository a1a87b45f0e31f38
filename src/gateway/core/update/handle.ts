// handle: the 32-byte file handle as a capability: which file of which release, for which device, until when, and a MAC over it all.
// Keeps the rule that a handle opens nothing by itself: another device, another release, another key or a later hour make it stale.

import { u16be, u32be } from '../../../wire/bytes.ts'
import { FH2_BYTES } from '../../../protocols/rpc/codes.ts'
import { equalInConstantTime, sha256Bytes, type Mac } from './hmac.ts'

/** First byte: the layout below. A server of another layout makes other handles, and its old ones are stale here. */
const LAYOUT = 0xc1
/** layout 1, zero 1, file 2, release tag 4, device tag 4, expiry 4; the other half is the MAC, cut to 16 bytes (RFC 2104 section 5). */
const HEAD_BYTES = 16
const TAG_BYTES = 4
/** Handles count seconds in 32 unsigned bits: good until 2106. */
export const EXPIRY_MAX = 0xffff_ffff
export const FILE_NO_MAX = 0xffff

/** What a handle stands for. */
export interface HandleScope {
  readonly releaseId: string
  readonly deviceId: string
  /** Seconds since 1970; the handle is stale from this second on. */
  readonly expiry: number
}

export interface HandleKey {
  readonly key: Uint8Array
  readonly mac: Mac
}

/** Why a handle is refused. `shape`: no handle of ours; `mac`: ours in form, but forged, of another device, release or key. */
export type HandleFault = 'shape' | 'mac'

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Four bytes by which a refused handle can be told apart in the audit; no proof of anything. */
export function idTag(id: string): number {
  return u32be(sha256Bytes(utf8(id)), 0)
}

function writeU32(buf: Uint8Array, off: number, value: number): void {
  for (let i = 0; i < TAG_BYTES; i++) buf[off + i] = (value >>> (24 - 8 * i)) & 255
}

/** The ids go into the MAC whole, each behind its length, so that no two pairs of ids give the same bytes. */
function macOf(head: Uint8Array, scope: { readonly releaseId: string; readonly deviceId: string }, { key, mac }: HandleKey): Uint8Array {
  const release = utf8(scope.releaseId)
  const device = utf8(scope.deviceId)
  const message = new Uint8Array(HEAD_BYTES + 8 + release.length + device.length)
  message.set(head)
  writeU32(message, HEAD_BYTES, release.length)
  writeU32(message, HEAD_BYTES + 4, device.length)
  message.set(release, HEAD_BYTES + 8)
  message.set(device, HEAD_BYTES + 8 + release.length)
  return mac(key, message).subarray(0, FH2_BYTES - HEAD_BYTES)
}

export function sealHandle(scope: HandleScope, fileNo: number, key: HandleKey): Uint8Array {
  const handle = new Uint8Array(FH2_BYTES)
  handle[0] = LAYOUT
  handle[2] = fileNo >>> 8
  handle[3] = fileNo & 255
  writeU32(handle, 4, idTag(scope.releaseId))
  writeU32(handle, 8, idTag(scope.deviceId))
  writeU32(handle, 12, Math.min(scope.expiry, EXPIRY_MAX))
  handle.set(macOf(handle.subarray(0, HEAD_BYTES), scope, key), HEAD_BYTES)
  return handle
}

export type OpenedHandle = { readonly fault: HandleFault } | { readonly fault: null; readonly fileNo: number; readonly expiry: number }

/** The file number and expiry of a handle made for this release and device with this key. Expiry is the caller's to judge. */
export function openHandle(handle: Uint8Array, releaseId: string, deviceId: string, key: HandleKey): OpenedHandle {
  if (handle.length !== FH2_BYTES || handle[0] !== LAYOUT || handle[1] !== 0) return { fault: 'shape' }
  const expected = macOf(handle.subarray(0, HEAD_BYTES), { releaseId, deviceId }, key)
  if (!equalInConstantTime(expected, handle.subarray(HEAD_BYTES))) return { fault: 'mac' }
  return { fault: null, fileNo: u16be(handle, 2), expiry: u32be(handle, 12) }
}

/** The device tag a handle claims, for the audit; null when it is no handle of ours. */
export function claimedDevice(handle: Uint8Array): number | null {
  return handle.length === FH2_BYTES && handle[0] === LAYOUT ? u32be(handle, 8) : null
}

/** Good handles remembered: the folders and files of a few releases at work. Past it all are forgotten and verified again. */
const HANDLES_MAX = 1024

/** Opens handles, each at full cost once: a READ of a file comes with the same 32 bytes thousands of times. Bad ones are not remembered. */
export class HandleCache {
  readonly #key: HandleKey
  readonly #good = new Map<string, OpenedHandle>()

  constructor(key: HandleKey) {
    this.#key = key
  }

  get size(): number {
    return this.#good.size
  }

  /** As openHandle. */
  open(handle: Uint8Array, releaseId: string, deviceId: string): OpenedHandle {
    // JSON keeps the two ids apart; the handle is all of it, MAC included.
    const name = `${String.fromCharCode(...handle)}${JSON.stringify([releaseId, deviceId])}`
    const known = this.#good.get(name)
    if (known) return known
    const opened = openHandle(handle, releaseId, deviceId, this.#key)
    if (opened.fault !== null) return opened
    if (this.#good.size >= HANDLES_MAX) this.#good.clear()
    this.#good.set(name, opened)
    return opened
  }
}
