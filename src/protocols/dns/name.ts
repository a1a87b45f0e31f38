// DNS names: labels and compression pointers to text and back (RFC 1035 sections 3.1 and 4.1.4, text form RFC 4343).
// Keeps the rule that every loop has a named bound: pointers must go strictly backwards, and a name has at most 255 bytes.

import { isDigits } from '../../base/characters.ts'
import { letters, textOfLetters } from '../../base/letters.ts'
import { u8 } from '../../wire/bytes.ts'

/** RFC 1035 section 2.3.4: length bytes and labels, the root included. */
export const DNS_NAME_BYTES_MAX = 255
/** RFC 1035 section 2.3.4. */
export const DNS_LABEL_BYTES_MAX = 63
/** 255 bytes hold at most 127 labels: more pointers than that lead nowhere. */
const POINTERS_MAX = 127
/** A pointer into the twelve header bytes names no prior name (RFC 1035 section 4.1.4). */
const HEADER_BYTES = 12

const DOT = 0x2e
const BACKSLASH = 0x5c
const ZERO = 0x30

/** Fixed words for what is wrong with a name. */
export type DnsNameProblem = 'name-truncated' | 'name-pointer' | 'name-label-type' | 'name-too-long'

/** Where reading a name ended. One object per reader, reused: a message has hundreds of names. */
export interface DnsNameCursor {
  /** First byte after the name as it stands at its place (after the pointer, if there is one). */
  next: number
  problem: DnsNameProblem | null
}

export function newNameCursor(): DnsNameCursor {
  return { next: 0, problem: null }
}

/**
 * Reads the name at `off` of the message [start, end). Text: lower case, no trailing dot, root is `.`; dots and backslashes
 * inside labels get a backslash, other bytes that are not printable ASCII become \DDD. On a problem the text so far is '' and
 * `cursor.problem` says why; `cursor.next` is then of no use.
 */
export function readDnsName(buf: Uint8Array, start: number, off: number, end: number, cursor: DnsNameCursor): string {
  return walkName(buf, start, off, end, cursor, true)
}

/**
 * A name outside a DNS message (DHCP options): labels without pointers, the final root may be missing (RFC 4702 section 2.3.1,
 * RFC 4704 section 4.2). Null when it is no such name, or the root.
 */
export function dnsFormName(buf: Uint8Array, off: number, end: number): string | null {
  let length = 0
  let at = off
  while (at < end && u8(buf, at) !== 0) {
    const next = at + 1 + u8(buf, at)
    if (u8(buf, at) > DNS_LABEL_BYTES_MAX || next > end || next - off >= DNS_NAME_BYTES_MAX) return null
    length = addLabel(buf, at + 1, next, length)
    at = next
  }
  return length === 0 ? null : textOfLetters(length)
}

/** As readDnsName without making text. */
export function skipDnsName(buf: Uint8Array, start: number, off: number, end: number, cursor: DnsNameCursor): void {
  walkName(buf, start, off, end, cursor, false)
}

function walkName(buf: Uint8Array, start: number, off: number, end: number, cursor: DnsNameCursor, wantsText: boolean): string {
  let at = off
  let limit = off // a pointer must lead before the piece it stands in, so that no chain can loop
  let used = 0
  let pointers = 0
  let written = 0
  cursor.next = -1
  cursor.problem = null
  for (;;) {
    if (at >= end) return failName(cursor, 'name-truncated')
    const length = u8(buf, at)
    if (length === 0) break
    if (length >= 0xc0) {
      if (at + 2 > end) return failName(cursor, 'name-truncated')
      const target = start + (((length & 0x3f) << 8) | u8(buf, at + 1))
      if (cursor.next < 0) cursor.next = at + 2
      pointers += 1
      if (target >= limit || target < start + HEADER_BYTES || pointers > POINTERS_MAX) return failName(cursor, 'name-pointer')
      at = limit = target
      continue
    }
    if (length > DNS_LABEL_BYTES_MAX) return failName(cursor, 'name-label-type')
    used += 1 + length
    if (used + 1 > DNS_NAME_BYTES_MAX) return failName(cursor, 'name-too-long')
    if (at + 1 + length > end) return failName(cursor, 'name-truncated')
    if (wantsText) written = addLabel(buf, at + 1, at + 1 + length, written)
    at += 1 + length
  }
  if (cursor.next < 0) cursor.next = at + 1
  return wantsText && used === 0 ? '.' : textOfLetters(written)
}

function failName(cursor: DnsNameCursor, problem: DnsNameProblem): string {
  cursor.problem = problem
  return ''
}

/** Writes a label behind `length` letters; returns how many there are now. An escape takes four (RFC 1035 section 5.1). */
function addLabel(buf: Uint8Array, off: number, end: number, before: number): number {
  let length = before
  if (length > 0) letters[length++] = DOT
  for (let i = off; i < end; i++) {
    const byte = u8(buf, i)
    if (byte >= 0x41 && byte <= 0x5a) letters[length++] = byte + 0x20
    else if (byte === DOT || byte === BACKSLASH) {
      letters[length++] = BACKSLASH
      letters[length++] = byte
    } else if (byte > 0x20 && byte < 0x7f) letters[length++] = byte
    else {
      letters[length++] = BACKSLASH
      letters[length++] = ZERO + Math.floor(byte / 100)
      letters[length++] = ZERO + Math.floor(byte / 10) % 10
      letters[length++] = ZERO + byte % 10
    }
  }
  return length
}

/** The wire form, uncompressed. The caller's text must fit: labels 1..63 bytes, 255 in all; otherwise null. */
export function encodeDnsName(text: string): Uint8Array | null {
  const bytes: number[] = []
  if (text !== '.' && text !== '') {
    for (const label of splitLabels(text)) {
      if (label.length === 0 || label.length > DNS_LABEL_BYTES_MAX) return null
      bytes.push(label.length, ...label)
    }
  }
  bytes.push(0)
  return bytes.length > DNS_NAME_BYTES_MAX ? null : Uint8Array.from(bytes)
}

function splitLabels(text: string): number[][] {
  const labels: number[][] = [[]]
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '.') {
      labels.push([])
      continue
    }
    const code = text[at] === '\\' ? text.slice(at + 1, at + 4) : ''
    const isNumber = code.length === 3 && isDigits(code)
    if (code !== '') at += isNumber ? 3 : 1
    labels.at(-1)?.push((isNumber ? Number(code) : text.charCodeAt(at)) & 0xff)
  }
  return labels
}
