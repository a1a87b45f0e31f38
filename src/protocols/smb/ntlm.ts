// NTLMSSP (MS-NLMP section 2.2): which names a server gives itself in its challenge, and a client in its answer.
// Keeps the rule that a user's name is seen and never told, and that no response, key or challenge is read.

import { findByte, u16le, u32le, u8 } from '../../wire/bytes.ts'
import { AvId } from './codes.ts'
import { oneByte, TEXT_CHARS_MAX, utf16 } from './text.ts'

export interface NtlmChallenge {
  readonly kind: 'challenge'
  /** NetBIOS and DNS names of the server; null where the list has none. */
  readonly host: string | null
  readonly domain: string | null
  readonly dnsHost: string | null
  readonly dnsDomain: string | null
  /** `6.1.7601`: version and build of Windows, or of what plays it; null without. */
  readonly version: string | null
}

export interface NtlmAuthenticate {
  readonly kind: 'authenticate'
  readonly host: string | null
  readonly domain: string | null
  /** A name of at least one character was sent. */
  readonly userSeen: boolean
  readonly version: string | null
}

/** Pairs in a challenge: seven kinds are defined. */
const PAIRS_MAX = 32
/** MS-NLMP 2.2.2.5. */
const FLAG_UNICODE = 1
const FLAG_VERSION = 0x0200_0000

/** Signature and message type. */
const NTLM_HEAD_BYTES = 12

/** Where `NTLMSSP\0` begins in [off, end); -1 without. SPNEGO wraps it, at no fixed place. */
export function findNtlm(buf: Uint8Array, off: number, end: number): number {
  const last = end - NTLM_HEAD_BYTES + 1
  for (let at = findByte(buf, 0x4e, off, last); at >= 0; at = findByte(buf, 0x4e, at + 1, last)) {
    if (u32le(buf, at) === 0x4d4c544e && u32le(buf, at + 4) === 0x00505353) return at
  }
  return -1
}

/** A message at `off`; null for a negotiate, a cut or an unknown one. */
export function readNtlm(buf: Uint8Array, off: number, end: number): NtlmChallenge | NtlmAuthenticate | null {
  const type = u32le(buf, off + 8)
  if (type === 2 && end - off >= 48) return readChallenge(buf, off, end)
  if (type === 3 && end - off >= 64) return readAuthenticate(buf, off, end)
  return null
}

function readChallenge(buf: Uint8Array, off: number, end: number): NtlmChallenge {
  const flags = u32le(buf, off + 20)
  const names = new Map<number, string>()
  const length = u16le(buf, off + 40)
  let at = off + u32le(buf, off + 44)
  const stop = Math.min(end, at + length)
  for (let i = 0; i < PAIRS_MAX && at + 4 <= stop; i++) {
    const id = u16le(buf, at)
    const bytes = u16le(buf, at + 2)
    if (id === AvId.end || at + 4 + bytes > stop) break
    if (id <= AvId.dnsDomain) names.set(id, bounded(utf16(buf, at + 4, at + 4 + bytes)))
    at += 4 + bytes
  }
  const name = (id: number): string | null => names.get(id) || null
  return {
    kind: 'challenge', host: name(AvId.computer), domain: name(AvId.domain), dnsHost: name(AvId.dnsComputer), dnsDomain: name(AvId.dnsDomain),
    version: versionAt(buf, off + 48, end, flags),
  }
}

function readAuthenticate(buf: Uint8Array, off: number, end: number): NtlmAuthenticate {
  const flags = u32le(buf, off + 60)
  const isUnicode = (flags & FLAG_UNICODE) !== 0
  return {
    kind: 'authenticate', domain: fieldAt(buf, off, end, 28, isUnicode), host: fieldAt(buf, off, end, 44, isUnicode),
    userSeen: u16le(buf, off + 36) > 0, version: versionAt(buf, off + 64, end, flags),
  }
}

/** Length, room and offset from the message's beginning. */
function fieldAt(buf: Uint8Array, off: number, end: number, field: number, isUnicode: boolean): string | null {
  const length = u16le(buf, off + field)
  const start = off + u32le(buf, off + field + 4)
  if (length === 0 || start + length > end) return null
  return bounded(isUnicode ? utf16(buf, start, start + length) : oneByte(buf, start, start + length)) || null
}

function bounded(text: string): string {
  return text.slice(0, TEXT_CHARS_MAX)
}

function versionAt(buf: Uint8Array, at: number, end: number, flags: number): string | null {
  if ((flags & FLAG_VERSION) === 0 || at + 8 > end) return null
  const build = u16le(buf, at + 2)
  return u8(buf, at) === 0 ? null : `${u8(buf, at)}.${u8(buf, at + 1)}.${build}`
}
