// NTP management: control messages (mode 6, RFC 9327) and private ones (mode 7, ntpd's own) to values and back.
// Keeps the rule that of variables only what names the software is read; configuration and keys pass unread.

import { hasText, u16be, u8 } from '../../wire/bytes.ts'
import { lineText } from '../text.ts'
import { ControlOperation, NtpMode, operationName, PRIVATE_IMPLEMENTATIONS, PrivateRequest } from './codes.ts'

/** RFC 9327 section 2: data of one message. */
const CONTROL_HEAD_BYTES = 12
const CONTROL_DATA_MAX = 468
/** Key id and digest behind the data: MD5 16, SHA-1 20. */
const CONTROL_MAC_MAX = 4 + 20
const PRIVATE_HEAD_BYTES = 8
/** ntp_request.h of ntpd: data of one message; key id, time and digest may follow. */
const PRIVATE_DATA_MAX = 500
const PRIVATE_TAIL_MAX = 4 + 8 + 20
/** Variables of one message that are looked at: shorter than `a,` is none. */
const VARIABLES_MAX = CONTROL_DATA_MAX / 2
/** `ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)` has 55. */
const VALUE_CHARS_MAX = 128

export interface NtpManagement {
  readonly mode: 6 | 7
  readonly version: number
  readonly isResponse: boolean
  /** The server refuses: error bit of mode 6, error number of mode 7. */
  readonly isError: boolean
  /** Operation of mode 6, request code of mode 7. */
  readonly operation: number
  /** Mode 6: 0 is the server itself; where in the answer this piece of it stands. */
  readonly association: number
  readonly offset: number
  /** Mode 7: entries in this message. */
  readonly items: number
  /** Data. */
  readonly off: number
  readonly end: number
}

/** A message of mode 6 or 7 whose lengths fit the datagram; null of anything else. */
export function decodeManagement(buf: Uint8Array, off: number, end: number): NtpManagement | null {
  if (end - off < PRIVATE_HEAD_BYTES) return null
  const mode = u8(buf, off) & 7
  return mode === NtpMode.control ? decodeControl(buf, off, end) : mode === NtpMode.private ? decodePrivate(buf, off, end) : null
}

function decodeControl(buf: Uint8Array, off: number, end: number): NtpManagement | null {
  const length = end - off
  if (length < CONTROL_HEAD_BYTES || length % 4 !== 0) return null
  const count = u16be(buf, off + 10)
  const rest = length - CONTROL_HEAD_BYTES - count
  if (count > CONTROL_DATA_MAX || rest < 0 || rest > 3 + CONTROL_MAC_MAX) return null
  const flags = u8(buf, off + 1)
  return {
    mode: 6, version: (u8(buf, off) >>> 3) & 7, isResponse: (flags & 0x80) !== 0, isError: (flags & 0x40) !== 0, operation: flags & 0x1f,
    association: u16be(buf, off + 6), offset: u16be(buf, off + 8), items: 0, off: off + CONTROL_HEAD_BYTES, end: off + CONTROL_HEAD_BYTES + count,
  }
}

/** Response, more, version, mode; authenticated, sequence; implementation; request; error and items; size of an item (ntp_request.h of ntpd). */
function decodePrivate(buf: Uint8Array, off: number, end: number): NtpManagement | null {
  const first = u8(buf, off)
  const items = u16be(buf, off + 4) & 0xfff
  const bytes = items * (u16be(buf, off + 6) & 0xfff)
  const rest = end - off - PRIVATE_HEAD_BYTES - bytes
  if (bytes > PRIVATE_DATA_MAX || rest < 0 || rest > PRIVATE_DATA_MAX + PRIVATE_TAIL_MAX) return null
  return {
    mode: 7, version: (first >>> 3) & 7, isResponse: (first & 0x80) !== 0, isError: u8(buf, off + 4) >>> 4 !== 0, operation: u8(buf, off + 3),
    association: 0, offset: 0, items, off: off + PRIVATE_HEAD_BYTES, end: off + PRIVATE_HEAD_BYTES + bytes,
  }
}

/**
 * Whether a first datagram may be believed to be one: a known operation, and what a question leaves empty is empty, or what a control message
 * carries is text. Of answers, those in text alone: a question comes before.
 */
export function looksLikeManagement(buf: Uint8Array, off: number, end: number): boolean {
  const message = decodeManagement(buf, off, end)
  if (!message || message.version < 1 || message.version > 4 || operationName(message.mode, message.operation) === null) return false
  if (message.mode === 7) return isPrivateQuestion(message, buf, off, end)
  // Leap bits are 0 in a control message.
  if (u8(buf, off) >>> 6 !== 0 || !isText(buf, message.off, message.end)) return false
  if (message.isResponse) return message.end > message.off && !message.isError
  return !message.isError && message.offset === 0 && u16be(buf, off + 2) !== 0 && u16be(buf, off + 4) === 0
}

/** No error, no sizes without items, and nothing but zeros behind what it says it has. */
function isPrivateQuestion(message: NtpManagement, buf: Uint8Array, off: number, end: number): boolean {
  if (message.isResponse || message.isError || u8(buf, off) >>> 6 !== 0 || !PRIVATE_IMPLEMENTATIONS.has(u8(buf, off + 2))) return false
  if (u8(buf, off + 1) >= 0x80 || u8(buf, off + 6) >>> 4 !== 0 || (message.items === 0 && u16be(buf, off + 6) !== 0)) return false
  for (let i = message.end; i < end; i++) if (u8(buf, i) !== 0) return false
  return true
}

function isText(buf: Uint8Array, off: number, end: number): boolean {
  for (let i = off; i < end; i++) {
    const c = u8(buf, i)
    if ((c < 0x20 || c > 0x7e) && c !== 0x0a && c !== 0x0d && c !== 9) return false
  }
  return true
}

/** What a server says of its own software (RFC 9327 section 4, system variables `version`, `system`, `processor`). */
export interface NtpSoftwareWords {
  version: string | null
  system: string | null
  processor: string | null
}

const WANTED: readonly (keyof NtpSoftwareWords)[] = ['version', 'system', 'processor']

/** In the first piece of an answer with the server's own variables; null when none of them is there. */
export function softwareWords(buf: Uint8Array, message: NtpManagement): NtpSoftwareWords | null {
  const { mode, isResponse, isError, operation, association, offset } = message
  if (mode !== 6 || !isResponse || isError || operation !== ControlOperation.readVariables || association !== 0 || offset !== 0) return null
  const words: NtpSoftwareWords = { version: null, system: null, processor: null }
  let at = message.off
  for (let i = 0; i < VARIABLES_MAX && at < message.end; i++) at = readVariable(buf, at, message.end, words)
  return WANTED.some((name) => words[name] !== null) ? words : null
}

/** `name=value` or `name="value"` up to a comma; gives where the next begins. */
function readVariable(buf: Uint8Array, off: number, end: number, words: NtpSoftwareWords): number {
  let at = off
  while (at < end && u8(buf, at) <= 0x20) at++
  const name = at
  while (at < end && u8(buf, at) !== 0x3d && u8(buf, at) !== 0x2c) at++
  const nameEnd = at
  if (at >= end || u8(buf, at) === 0x2c) return at + 1
  at++
  const isQuoted = at < end && u8(buf, at) === 0x22
  if (isQuoted) at++
  const value = at
  const stop = isQuoted ? 0x22 : 0x2c
  while (at < end && u8(buf, at) !== stop) at++
  const wanted = WANTED.find((word) => nameEnd - name === word.length && hasText(buf, name, word))
  // A value that goes on in the next piece is not whole.
  if (wanted && (at < end || !isQuoted)) words[wanted] ??= lineText(buf, value, at, VALUE_CHARS_MAX)
  while (at < end && u8(buf, at) !== 0x2c) at++
  return at + 1
}

/** A control message with text (RFC 9327 section 2), padded to words. */
export function encodeControl(operation: number, text = '', flags = 0, sequence = 1, offset = 0): Uint8Array {
  const out = new Uint8Array(CONTROL_HEAD_BYTES + Math.ceil(text.length / 4) * 4)
  out.set([0x16, flags | operation, sequence >>> 8, sequence & 255, 0, 0, 0, 0, offset >>> 8, offset & 255, text.length >>> 8, text.length & 255])
  out.set(Array.from(text, (c) => c.charCodeAt(0) & 0x7f), CONTROL_HEAD_BYTES)
  return out
}

/** A private message with zeros for items; `pad` more behind them. */
export function encodePrivate(request: number, isResponse: boolean, items = 0, itemBytes = 0, pad = 0): Uint8Array {
  const out = new Uint8Array(PRIVATE_HEAD_BYTES + items * itemBytes + pad)
  out.set([isResponse ? 0x97 : 0x17, 0, 3, request, items >>> 8, items & 255, itemBytes >>> 8, itemBytes & 255])
  return out
}

/** Questions for whom the server has talked to: `monlist` of mode 7 (both forms), its successor in mode 6. */
export function asksForClients({ mode, operation }: NtpManagement): boolean {
  return mode === 6 ? operation === ControlOperation.recentClients : operation === PrivateRequest.monitorList || operation === PrivateRequest.monitorListNew
}
