// HTTP/1 start lines, fields and values: bytes to values (RFC 9112 sections 3 to 6). A field is known without making its name a text.
// Keeps the patient-data rule: of a path only its shape leaves, of credentials only that they were there.

import { asciiText, hasText, u8 } from '../../wire/bytes.ts'
import { baseName, extensionOf, shownExtension, shownName } from '../file-transfer/names.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { METHOD_CHARS_MAX } from './codes.ts'

const SPACE = 0x20
/** Host, Server and User-Agent as a fact holds them. */
export const VALUE_CHARS_MAX = 256
/** Longest word of a path that is told as it is. */
const WORD_CHARS_MAX = 24
/** Parts of a path that are counted. */
const PARTS_MAX = 16
/** After so many bytes of a request line without its end it is one: long paths are common, other protocols have line ends by then. */
const PROBE_BYTES = 1024

export interface RequestLine {
  readonly method: string
  /** As the shape of a path: no query, no word that may be a name or a number. */
  readonly shape: string
  /** Last part of the path as a fact may hold it, and its extension. */
  readonly name: string | null
  readonly extension: string
}

/** `GET /a/b?c HTTP/1.1` at [off, end), without its line end; null when it is none. */
export function readRequestLine(buf: Uint8Array, off: number, end: number): RequestLine | null {
  const methodEnd = endOfMethod(buf, off, end)
  if (methodEnd < 0 || !endsWithVersion(buf, off, end)) return null
  const from = methodEnd + 1
  const to = end - ' HTTP/1.1'.length
  if (to <= from) return null
  const path = pathOf(asciiText(buf, from, to, to - from))
  const name = baseName(path)
  const shown = name === null ? null : shownName(name)
  return { method: asciiText(buf, off, methodEnd), shape: pathShape(path), name: shown, extension: name === null ? '' : extensionOf(name) }
}

/** Status of `HTTP/1.1 200 OK`; null when it is none. */
export function readStatusLine(buf: Uint8Array, off: number, end: number): number | null {
  if (end - off < 12 || !isVersionAt(buf, off) || u8(buf, off + 8) !== SPACE) return null
  const status = numberAt(buf, off + 9, off + 12)
  return status !== null && status >= 100 && status < 1000 && (end - off === 12 || u8(buf, off + 12) === SPACE) ? status : null
}

/** Position of the blank behind a method of capitals; -1 when there is none. */
function endOfMethod(buf: Uint8Array, off: number, end: number): number {
  const stop = Math.min(end, off + METHOD_CHARS_MAX + 1)
  for (let at = off; at < stop; at++) {
    const c = u8(buf, at)
    if (c === SPACE && at > off + 2) return at
    if ((c < 0x41 || c > 0x5a) && c !== 0x2d && c !== 0x5f) return -1
  }
  return -1
}

function isVersionAt(buf: Uint8Array, at: number): boolean {
  return hasText(buf, at, 'HTTP/1.') && (u8(buf, at + 7) === 0x30 || u8(buf, at + 7) === 0x31)
}

function endsWithVersion(buf: Uint8Array, off: number, end: number): boolean {
  const at = end - 9
  return at > off && u8(buf, at) === SPACE && isVersionAt(buf, at + 1)
}

/** Without scheme, host, query and fragment. */
function pathOf(target: string): string {
  const cut = target.split('?', 1)[0]?.split('#', 1)[0] ?? ''
  const scheme = cut.indexOf('://')
  if (scheme < 0) return cut
  const slash = cut.indexOf('/', scheme + 3)
  return slash < 0 ? '/' : cut.slice(slash)
}

/**
 * `/firmware/*` + `/*.bin`: the first part as it is when it is a word of small letters, then a star for each part, the last with an extension that
 * is one. What may be a person, a study or a number never leaves.
 */
export function pathShape(path: string): string {
  if (path === '' || path === '*' || !path.startsWith('/')) return path === '*' ? '*' : ''
  const parts = path.slice(1).split('/').slice(0, PARTS_MAX)
  const last = parts.length - 1
  return parts.map((part, i) => `/${i === last ? lastShape(part) : i === 0 && isWord(part) ? part : '*'}`).join('')
}

function lastShape(part: string): string {
  const extension = shownExtension(part)
  return part === '' ? '' : extension === '' ? '*' : `*.${extension}`
}

function isWord(part: string): boolean {
  if (part.length > WORD_CHARS_MAX) return false
  for (const c of part) if ((c < 'a' || c > 'z') && c !== '-' && c !== '_') return false
  return part !== ''
}

/** First bytes of a direction: a request line or a status line. One look at the first byte refuses most others. */
export function probeHttp(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const first = off < end ? u8(buf, off) : 0x41
  if (first < 0x41 || first > 0x5a) return 'no'
  if (first === 0x48) {
    const head = Math.min(end - off, 7)
    if (hasText(buf, off, 'HTTP/1.'.slice(0, head))) return end - off >= 13 ? yesIf(isStatusAt(buf, off)) : 'more'
  }
  return probeRequest(buf, off, end)
}

/** A status and a blank, or the end of the line behind it. */
function isStatusAt(buf: Uint8Array, off: number): boolean {
  return readStatusLine(buf, off, off + 13) !== null || (readStatusLine(buf, off, off + 12) !== null && u8(buf, off + 12) === 0x0d)
}

function yesIf(condition: boolean): ProbeAnswer {
  return condition ? 'yes' : 'no'
}

function probeRequest(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const stop = Math.min(end, off + PROBE_BYTES)
  let methodEnd = -1
  for (let at = off; at < stop; at++) {
    const c = u8(buf, at)
    if (methodEnd >= 0) {
      if (c === 0x0d || c === 0x0a) return yesIf(endsWithVersion(buf, off, at))
      if (c <= SPACE && c !== SPACE) return 'no'
      if (at === methodEnd + 1 && c !== 0x2f && c !== 0x2a && c !== 0x68 && !isLetter(c)) return 'no'
    } else if (c === SPACE && at > off + 2) methodEnd = at
    else if (((c < 0x41 || c > 0x5a) && c !== 0x2d && c !== 0x5f) || at - off >= METHOD_CHARS_MAX) return 'no'
  }
  return end - off >= PROBE_BYTES ? yesIf(methodEnd >= 0 && u8(buf, methodEnd + 1) === 0x2f) : 'more'
}

/** CONNECT names a host. */
function isLetter(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39)
}

/** Where the value of a field begins when its name is `name` (small letters); -1 when it is another. */
export function valueOf(buf: Uint8Array, off: number, end: number, name: string): number {
  if (end - off <= name.length || u8(buf, off + name.length) !== 0x3a) return -1
  for (let i = 0; i < name.length; i++) if ((u8(buf, off + i) | 0x20) !== name.charCodeAt(i)) return -1
  let at = off + name.length + 1
  while (at < end && (u8(buf, at) === SPACE || u8(buf, at) === 9)) at++
  return at
}

/** A value as a fact may hold it. */
export function valueText(buf: Uint8Array, off: number, end: number): string {
  return asciiText(buf, off, end, VALUE_CHARS_MAX).trim()
}

/** True when the value contains the word, whatever the case of its letters. `word` is in small letters. */
export function holdsWord(buf: Uint8Array, off: number, end: number, word: string): boolean {
  for (let at = off; at + word.length <= end; at++) {
    let i = 0
    while (i < word.length && (u8(buf, at + i) | 0x20) === (word.charCodeAt(i) | 0x20)) i++
    if (i === word.length) return true
  }
  return false
}

/** Decimal digits at [off, end), at most 15 of them; null for anything else. */
export function numberAt(buf: Uint8Array, off: number, end: number): number | null {
  if (end <= off || end - off > 15) return null
  let value = 0
  for (let at = off; at < end; at++) {
    const c = u8(buf, at)
    if (c < 0x30 || c > 0x39) return null
    value = value * 10 + c - 0x30
  }
  return value
}

/** Size of a chunk: hexadecimal digits, up to an extension or the end (RFC 9112 section 7.1); null when it is none. */
export function chunkSize(buf: Uint8Array, off: number, end: number): number | null {
  let value = 0
  let at = off
  for (; at < end && at - off < 12; at++) {
    const c = u8(buf, at)
    const digit = c >= 0x30 && c <= 0x39 ? c - 0x30 : (c | 0x20) >= 0x61 && (c | 0x20) <= 0x66 ? (c | 0x20) - 0x57 : -1
    if (digit < 0) break
    value = value * 16 + digit
  }
  const isEnd = at === end || u8(buf, at) === 0x3b || u8(buf, at) === SPACE
  return at > off && isEnd ? value : null
}

/** `bytes 0-499/1234` (RFC 9110 section 14.4): first place and whole size; null when it is none. */
export function contentRange(text: string): { readonly from: number; readonly size: number | null } | null {
  if (!text.startsWith('bytes ')) return null
  const dash = text.indexOf('-')
  const slash = text.indexOf('/')
  const from = dash < 0 || slash < dash ? Number.NaN : Number(text.slice(6, dash))
  if (!Number.isSafeInteger(from) || from < 0) return null
  const size = Number(text.slice(slash + 1))
  return { from, size: Number.isSafeInteger(size) && size > 0 ? size : null }
}

/** The value of `name=` in a field, quoted or up to `;` (RFC 9110 section 5.6.6); null without one. `name` in lower case. */
export function parameterOf(text: string, name: string): string | null {
  const at = text.toLowerCase().indexOf(`${name}=`)
  if (at < 0) return null
  const rest = text.slice(at + name.length + 1)
  const isQuoted = rest.startsWith('"')
  const stop = isQuoted ? rest.indexOf('"', 1) : rest.indexOf(';')
  return rest.slice(isQuoted ? 1 : 0, stop < 0 ? undefined : stop).trim()
}

/** The file name of `attachment; filename="a.bin"` (RFC 6266); null without one. */
export function dispositionName(text: string): string | null {
  const name = parameterOf(text, 'filename')
  return name === null ? null : baseName(name)
}
