// Syslog message: priority, host and program out of its header, by RFC 5424 or RFC 3164; what it says is not looked at.
// Keeps the patient-data rule: a host or program leaves only from its place in a header that fits, and the text behind it never.

import { asciiText, hasText, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import type { SyslogFormat } from './facts.ts'

/** HOSTNAME and APP-NAME (RFC 5424 section 6). */
const HOST_CHARS_MAX = 255
const APP_CHARS_MAX = 48
/** 23 facilities and 7 severities: 23 * 8 + 7 (RFC 5424 section 6.2.1). */
const PRIORITY_MAX = 191
/** `Jan  5 10:00:00` (RFC 3164 section 4.1.2). */
const STAMP_CHARS = 15
/** What a header may need: priority, version, time, host, program, and their blanks. */
export const SYSLOG_HEAD_BYTES_MAX = 512

const LESS = 0x3c
const GREATER = 0x3e
const SPACE = 0x20
const COLON = 0x3a
const BRACKET = 0x5b
const DASH = 0x2d

export interface SyslogMessage {
  readonly facility: number
  readonly severity: number
  readonly format: SyslogFormat
  readonly host: string | null
  readonly app: string | null
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** Length of `<PRI>` at `off`; 0 when it is none, -1 when it is cut. */
export function priorityLength(buf: Uint8Array, off: number, end: number): number {
  if (off >= end) return -1
  if (u8(buf, off) !== LESS) return 0
  let value = 0
  for (let i = off + 1; i < end; i++) {
    const byte = u8(buf, i)
    if (byte === GREATER) return i > off + 1 && value <= PRIORITY_MAX ? i + 1 - off : 0
    // At most three digits, and no zero in front of others.
    if (!isDigit(byte) || i - off > 3 || (i === off + 2 && value === 0)) return 0
    value = value * 10 + byte - 0x30
  }
  return -1
}

/** A message at [off, end), its end known. Null when it does not begin with a priority. */
export function decodeSyslog(buf: Uint8Array, off: number, end: number): SyslogMessage | null {
  const length = priorityLength(buf, off, end)
  if (length <= 0) return null
  let priority = 0
  for (let i = off + 1; i < off + length - 1; i++) priority = priority * 10 + u8(buf, i) - 0x30
  const level = { facility: priority >> 3, severity: priority & 7 }
  const at = off + length
  if (at + 1 < end && u8(buf, at) === 0x31 && u8(buf, at + 1) === SPACE) return { ...level, ...fields5424(buf, at + 2, end) }
  const stamp = stampEnd(buf, at, end)
  return { ...level, ...(stamp < 0 ? BARE : fields3164(buf, stamp, end)) }
}

type Fields = Pick<SyslogMessage, 'format' | 'host' | 'app'>
const BARE: Fields = { format: 'bare', host: null, app: null }

/** TIMESTAMP, HOSTNAME, APP-NAME between blanks; `-` is none (RFC 5424 section 6). */
function fields5424(buf: Uint8Array, off: number, end: number): Fields {
  const time = wordEnd(buf, off, end)
  const host = wordEnd(buf, time + 1, end)
  const app = wordEnd(buf, host + 1, end)
  return { format: '5424', host: word(buf, time + 1, host, HOST_CHARS_MAX), app: word(buf, host + 1, app, APP_CHARS_MAX) }
}

/** Index of the blank behind the word at `off`, or `end`. */
function wordEnd(buf: Uint8Array, off: number, end: number): number {
  let at = Math.min(off, end)
  while (at < end && u8(buf, at) !== SPACE) at++
  return at
}

function word(buf: Uint8Array, off: number, end: number, charsMax: number): string | null {
  if (off >= end || end - off > charsMax || (end - off === 1 && u8(buf, off) === DASH)) return null
  for (let i = off; i < end; i++) if (!isNameByte(u8(buf, i))) return null
  return asciiText(buf, off, end)
}

/** Letters, digits and what stands in names of hosts and programs. */
function isNameByte(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === DASH || byte === 0x2e || byte === 0x5f
    || byte === 0x2f || byte === COLON
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** First byte behind a time and its blank: RFC 3164's, or the ISO 8601 that many write in its place. -1 without one. */
function stampEnd(buf: Uint8Array, off: number, end: number): number {
  if (off + STAMP_CHARS < end && MONTHS.some((m) => hasText(buf, off, m)) && u8(buf, off + 3) === SPACE && u8(buf, off + STAMP_CHARS) === SPACE
    && u8(buf, off + 9) === COLON && u8(buf, off + 12) === COLON) return off + STAMP_CHARS + 1
  const stop = wordEnd(buf, off, Math.min(end, off + 40))
  const isIso = stop - off >= 19 && stop < end && u8(buf, off + 4) === DASH && u8(buf, off + 7) === DASH && u8(buf, off + 10) === 0x54
  return isIso && isDigit(u8(buf, off)) ? stop + 1 : -1
}

/**
 * Host, then a tag that ends with `[` or `:` (RFC 3164 sections 4.1.2 and 4.1.3); a program on the same machine may leave the host out.
 * Without such a tag the words are the message's own, and none of them leaves.
 */
function fields3164(buf: Uint8Array, off: number, end: number): Fields {
  const bare: Fields = { format: '3164', host: null, app: null }
  const first = tagEnd(buf, off, end)
  if (first > off) return { ...bare, app: word(buf, off, first, APP_CHARS_MAX) }
  const host = wordEnd(buf, off, end)
  const tag = tagEnd(buf, host + 1, end)
  if (tag <= host + 1) return bare
  return { format: '3164', host: word(buf, off, host, HOST_CHARS_MAX), app: word(buf, host + 1, tag, APP_CHARS_MAX) }
}

/** Index of the `[` or `: ` that ends a tag at `off`; -1 when the word there is none. */
function tagEnd(buf: Uint8Array, off: number, end: number): number {
  for (let i = off; i < end && i - off <= APP_CHARS_MAX; i++) {
    const byte = u8(buf, i)
    if (byte === BRACKET || (byte === COLON && (i + 1 >= end || u8(buf, i + 1) === SPACE))) return i
    if (!isNameByte(byte)) return -1
  }
  return -1
}

/** Characters that a datagram must show behind its priority: text, of any alphabet. */
const TEXT_LOOK_BYTES = 8

/** A datagram: a priority and text behind it. */
export function probeSyslogDatagram(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const length = priorityLength(buf, off, end)
  if (length <= 0 || off + length >= end) return 'no'
  for (let i = off + length; i < Math.min(end, off + length + TEXT_LOOK_BYTES); i++) if (u8(buf, i) < SPACE || u8(buf, i) === 0x7f) return 'no'
  return 'yes'
}

/** Digits of a message's length (RFC 6587 section 3.4.1): messages above 99,999 bytes are nobody's. */
const COUNT_DIGITS_MAX = 5

/** Length in front of a message, its digits and blank counted in `bytes`; null when there is none, `more` when it is cut. */
export function readCount(buf: Uint8Array, off: number, end: number): { readonly count: number; readonly bytes: number } | 'more' | null {
  let count = 0
  for (let i = off; i < end; i++) {
    const byte = u8(buf, i)
    if (byte === SPACE && i > off) return { count, bytes: i + 1 - off }
    if (!isDigit(byte) || i - off >= COUNT_DIGITS_MAX || (count === 0 && byte === 0x30)) return null
    count = count * 10 + byte - 0x30
  }
  return 'more'
}

/** A stream: on TCP a priority alone is too little, so the version or a time must follow. */
export function probeSyslogStream(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const first = u8(buf, off)
  if (first !== LESS && !isDigit(first)) return 'no'
  const counted = first === LESS ? null : readCount(buf, off, end)
  if (counted === 'more') return 'more'
  if (first !== LESS && counted === null) return 'no'
  const at = off + (counted?.bytes ?? 0)
  const length = priorityLength(buf, at, end)
  if (length <= 0) return length < 0 ? 'more' : 'no'
  return headAnswer(buf, at + length, end)
}

function headAnswer(buf: Uint8Array, at: number, end: number): ProbeAnswer {
  if (at + 1 >= end) return 'more'
  if (u8(buf, at) === 0x31 && u8(buf, at + 1) === SPACE) return 'yes'
  if (stampEnd(buf, at, end) > 0) return 'yes'
  for (let i = at; i < end; i++) if (u8(buf, i) < SPACE || u8(buf, i) > 0x7e) return 'no'
  return end - at > 40 ? 'no' : 'more'
}

/** For tests and the twin. */
export function encodeSyslog(priority: number, rest: string): Uint8Array {
  return Uint8Array.from(`<${priority}>${rest}`, (c) => c.charCodeAt(0))
}
