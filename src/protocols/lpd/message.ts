// LPD lines: a daemon command or a receive-job subcommand to a value and back (RFC 1179 sections 5 and 6).
// Keeps the patient-data rule: queue names and counts leave; users, job names, host and file names never become text.

import { asciiText, u8 } from '../../wire/bytes.ts'
import { lpdCommandName, LpdSubcommandCode, lpdTakesList } from './codes.ts'

/**
 * Longest line that is believed, its LF included. RFC 1179 gives no bound for a command; BSD's daemon reads lines into a buffer of
 * BUFSIZ, 1024 bytes.
 */
export const LPD_LINE_BYTES_MAX = 1024
/** Queue names are names of spool directories: 255 bytes is NAME_MAX. */
export const LPD_QUEUE_CHARS_MAX = 255
/** Digits of a byte count: LPRng sends 125899906843000 for "until the connection closes". */
const COUNT_DIGITS_MAX = 18

const LF = 0x0a
const SPACE = 0x20

/** `more`: no LF yet and nothing wrong so far. `no`: this is no such line. */
export type LpdLine<T> = { readonly status: 'more' | 'no' } | { readonly status: 'yes'; readonly value: T; readonly next: number }

export interface LpdCommandValue {
  /** 1 to 5. */
  readonly code: number
  readonly queue: string
}

export interface LpdSubcommandValue {
  /** 1 abort, 2 control file, 3 data file. */
  readonly code: number
  /** Bytes of the file that follows; 0 for abort. For a data file 0 means "until the connection closes" (LPRng and Windows). */
  readonly bytes: number
}

const MORE = { status: 'more' } as const
const NO = { status: 'no' } as const

/**
 * A command line at [off, end): code, queue of printable ASCII, for codes 3 to 5 a list behind a blank, LF. The first three
 * bytes can never be a CMS8000 head: its third byte is 0x05, and no byte behind the first of a command is below 0x20 but the LF.
 */
export function readLpdCommand(buf: Uint8Array, off: number, end: number): LpdLine<LpdCommandValue> {
  if (off >= end) return MORE
  const code = u8(buf, off)
  if (lpdCommandName(code) === null) return NO
  const stop = Math.min(end, off + LPD_LINE_BYTES_MAX)
  let queueEnd = -1
  for (let at = off + 1; at < stop; at++) {
    const byte = u8(buf, at)
    if (byte === LF) return endOfCommand(buf, off, queueEnd < 0 ? at : queueEnd, at)
    if (byte < SPACE || byte === 0x7f || (byte > 0x7e && queueEnd < 0)) return NO
    if (byte === SPACE && queueEnd < 0) queueEnd = at
    if (queueEnd >= 0 && (queueEnd === off + 1 || (byte !== SPACE && !lpdTakesList(code)))) return NO
  }
  return end - off >= LPD_LINE_BYTES_MAX ? NO : MORE
}

function endOfCommand(buf: Uint8Array, off: number, queueEnd: number, at: number): LpdLine<LpdCommandValue> {
  if (queueEnd === off + 1) return NO
  return { status: 'yes', value: { code: u8(buf, off), queue: asciiText(buf, off + 1, queueEnd, LPD_QUEUE_CHARS_MAX) }, next: at + 1 }
}

/** A subcommand line at [off, end): `\x01` LF, or `\x02`/`\x03`, decimal count, blank, file name, LF (section 6.1 to 6.3). */
export function readLpdSubcommand(buf: Uint8Array, off: number, end: number): LpdLine<LpdSubcommandValue> {
  if (off >= end) return MORE
  const code = u8(buf, off)
  if (code < LpdSubcommandCode.abortJob || code > LpdSubcommandCode.dataFile) return NO
  const stop = Math.min(end, off + LPD_LINE_BYTES_MAX)
  let bytes = 0
  let digitsEnd = -1
  for (let at = off + 1; at < stop; at++) {
    const byte = u8(buf, at)
    if (byte === LF) return endOfSubcommand(code, bytes, digitsEnd, at, off)
    if (code === LpdSubcommandCode.abortJob || byte < SPACE) return NO
    if (digitsEnd >= 0) continue
    if (byte === SPACE && at > off + 1) digitsEnd = at
    else if (byte >= 0x30 && byte <= 0x39 && at - off <= COUNT_DIGITS_MAX) bytes = bytes * 10 + byte - 0x30
    else return NO
  }
  return end - off >= LPD_LINE_BYTES_MAX ? NO : MORE
}

function endOfSubcommand(code: number, bytes: number, digitsEnd: number, at: number, off: number): LpdLine<LpdSubcommandValue> {
  if (code === LpdSubcommandCode.abortJob) return at === off + 1 ? { status: 'yes', value: { code, bytes: 0 }, next: at + 1 } : NO
  return digitsEnd < 0 ? NO : { status: 'yes', value: { code, bytes }, next: at + 1 }
}

/** A command line for tests and the twin: `list` holds users and job numbers for codes 3 to 5. */
export function encodeLpdCommand(code: number, queue: string, list = ''): Uint8Array {
  return ascii(`${String.fromCharCode(code)}${queue}${lpdTakesList(code) ? ` ${list}` : ''}\n`)
}

/** A subcommand line followed by the file and its closing zero (section 6.2); abort without a file. */
export function encodeLpdFile(code: number, name: string, content: Uint8Array): Uint8Array {
  return Uint8Array.from([...ascii(`${String.fromCharCode(code)}${content.length} ${name}\n`), ...content, 0])
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff)
}
