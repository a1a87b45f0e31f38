// FTP lines: commands, replies, and the ends of data connections in PORT, EPRT, 227 and 229 (RFC 959 section 5, RFC 2428).
// Keeps the patient-data rule: arguments of USER, PASS and ACCT are never made a text.

import { isDigits } from '../../base/characters.ts'
import { ipFromV4, parseIp, type Ip } from '../../base/ip.ts'
import { asciiText, findByte, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { isFtpSecond, isSmtpSecond } from './codes.ts'

/** Replies looked at before a banner is given up: an FTP server has shown itself with the second or third. */
const PROBE_LINES_MAX = 8
const PROBE_BYTES_MAX = 2000

/** An end of a data connection; `ip` is null where the message names none (EPSV). */
export interface DataEnd {
  readonly ip: Ip | null
  readonly port: number
}

/** Three digits and a blank, a hyphen or the end; null otherwise. */
export function replyCode(buf: Uint8Array, off: number, end: number): number | null {
  if (end - off < 3) return null
  let code = 0
  for (let i = 0; i < 3; i++) {
    const c = u8(buf, off + i)
    if (c < 0x30 || c > 0x39) return null
    code = code * 10 + c - 0x30
  }
  const next = end - off > 3 ? u8(buf, off + 3) : 0x20
  return code >= 100 && code < 700 && (next === 0x20 || next === 0x2d) ? code : null
}

/** Three or four letters, in capitals; '' when the line is no command. */
export function commandWord(buf: Uint8Array, off: number, end: number): string {
  let word = ''
  for (let at = off; at < end && word.length <= 4; at++) {
    const c = u8(buf, at)
    if (c === 0x20) break
    const capital = c & ~0x20
    if (capital < 0x41 || capital > 0x5a) return ''
    word += String.fromCharCode(capital)
  }
  return word.length === 3 || word.length === 4 ? word : ''
}

export function argument(buf: Uint8Array, off: number, end: number, word: string): string {
  return asciiText(buf, off + word.length, end, end - off).trim()
}

/** `h1,h2,h3,h4,p1,p2`, wherever in the text it begins with a digit (RFC 959 section 4.1.2; brackets in 227 are a custom). */
export function hostPort(text: string): DataEnd | null {
  const numbers: number[] = []
  let digits = ''
  for (const c of `${text.slice(0, 256)} `) {
    if (c >= '0' && c <= '9') digits += c
    else {
      if (digits !== '') numbers.push(digits.length > 3 ? 256 : Number(digits))
      digits = ''
      if (c !== ',' && numbers.length < 6) numbers.length = 0
    }
    if (numbers.length === 6) break
  }
  if (numbers.length !== 6 || numbers.some((n) => n > 255)) return null
  const [a, b, c, d, high, low] = numbers as [number, number, number, number, number, number]
  return { ip: ipFromV4(((a << 24) | (b << 16) | (c << 8) | d) >>> 0), port: high * 256 + low }
}

/** `|1|132.235.1.2|6275|`, or `|||6446|` of 229 (RFC 2428 sections 2 and 3); any character may divide. */
export function extendedPort(text: string): DataEnd | null {
  const from = text.indexOf('(') >= 0 ? text.indexOf('(') + 1 : 0
  const divider = text[from]
  if (divider === undefined) return null
  const parts = text.slice(from + 1, from + 128).split(divider)
  const port = parts[2] ?? ''
  if (!isDigits(port) || port.length > 5 || Number(port) > 0xffff) return null
  const address = parseIp(parts[1] ?? '')
  return { ip: address.ok ? address.value : null, port: Number(port) }
}

/** `150 Opening ... (1234 bytes)`: the size most servers tell; null without. */
export function statedSize(text: string): number | null {
  const at = text.lastIndexOf('(')
  if (at < 0) return null
  const rest = text.slice(at + 1)
  const blank = rest.indexOf(' ')
  const digits = rest.slice(0, blank)
  return blank > 0 && digits.length < 16 && isDigits(digits) && rest.startsWith('bytes', blank + 1) ? Number(digits) : null
}

/** First bytes of a direction: a server's banner that names FTP, or one followed by what only FTP says; data connections announced midstream. */
export function probeFtp(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (off >= end) return 'more'
  const first = u8(buf, off)
  if (first !== 0x32 && first !== 0x31) return 'no'
  let at = off
  for (let line = 0; line < PROBE_LINES_MAX; line++) {
    const lf = findByte(buf, 0x0a, at, end)
    if (lf < 0) return end - at < 4 ? couldBeReply(buf, at, end, line) : openLine(buf, at, end, off)
    const code = replyCode(buf, at, lf)
    if (code === null && line === 0) return 'no'
    if (namesFtp(buf, at, lf) || isAnnouncement(code) || (code !== null && line > 0 && isFtpSecond(code))) return 'yes'
    if (code !== null && line > 0 && isSmtpSecond(code)) return 'no'
    if (line === 0 && code !== 220 && code !== 120) return 'no'
    at = lf + 1
  }
  return 'no'
}

/** 227 and 229 announce a data connection and nothing else does. */
function isAnnouncement(code: number | null): boolean {
  return code === 227 || code === 229
}

/** A line whose end has not come. */
function openLine(buf: Uint8Array, at: number, end: number, off: number): ProbeAnswer {
  if (at === off && replyCode(buf, at, end) === null) return 'no'
  return end - off >= PROBE_BYTES_MAX ? 'no' : 'more'
}

function couldBeReply(buf: Uint8Array, off: number, end: number, line: number): ProbeAnswer {
  if (line > 0) return 'more'
  for (let at = off; at < Math.min(end, off + 3); at++) {
    const c = u8(buf, at)
    if (c < 0x30 || c > 0x39) return 'no'
  }
  return 'more'
}

/** `FTP` as a word's part in the banner, in any case; SFTP and TFTP servers do not greet. */
function namesFtp(buf: Uint8Array, off: number, end: number): boolean {
  for (let at = off + 4; at + 3 <= end; at++) {
    if ((u8(buf, at) | 0x20) === 0x66 && (u8(buf, at + 1) | 0x20) === 0x74 && (u8(buf, at + 2) | 0x20) === 0x70) return true
  }
  return false
}
