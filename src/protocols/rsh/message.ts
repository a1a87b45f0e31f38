// rlogin (RFC 1282), rsh and rexec (BSD's rcmd and rexec): the strings a client begins with, by form and never as text; encoders for tests.
// Keeps the patient-data rule: strings are walked and counted where they are.

import { u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import type { RshForm } from './facts.ts'

/** Longest user name or password that is believed: Linux allows 256 characters for a name (LOGIN_NAME_MAX), real ones have a tenth. */
const NAME_BYTES_MAX = 64
/** Digits of a port. */
const PORT_DIGITS_MAX = 5
/** rcmd asks for a port below this for the second connection (BSD rcmd: IPPORT_RESERVED); rexec's has none. */
const RESERVED_PORT = 1024
/** Longest terminal and speed. */
const TERMINAL_BYTES_MAX = 64
/** What a session may hold of a beginning: port, two names, a terminal, and their zeros. */
export const RSH_HEAD_BYTES_MAX = PORT_DIGITS_MAX + 2 * NAME_BYTES_MAX + TERMINAL_BYTES_MAX + 4

const SLASH = 0x2f

export type RshHead = { readonly status: 'more' | 'no' } | { readonly status: 'yes'; readonly form: RshForm; readonly next: number }

const MORE = { status: 'more' } as const
const NO = { status: 'no' } as const

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** End of the printable string at `off` (the index of its zero); -1 when it is cut, -2 when it is none. */
function stringEnd(buf: Uint8Array, off: number, end: number, bytesMax: number): number {
  for (let i = off; i < end; i++) {
    const byte = u8(buf, i)
    if (byte === 0) return i
    if (byte <= 0x20 || byte >= 0x7f || i - off >= bytesMax) return -2
  }
  return end - off > bytesMax ? -2 : -1
}

/** `port NUL name NUL name NUL`, and a terminal with its speed or the first character of a command. */
export function readRshHead(buf: Uint8Array, off: number, end: number): RshHead {
  let at = off
  let port = 0
  for (; at < end && u8(buf, at) !== 0; at++) {
    if (!isDigit(u8(buf, at)) || at - off >= PORT_DIGITS_MAX) return NO
    port = port * 10 + u8(buf, at) - 0x30
  }
  if (at >= end) return MORE
  const hasPort = at > off
  for (let names = 0; names < 2; names++) {
    const stop = stringEnd(buf, at + 1, end, NAME_BYTES_MAX)
    if (stop === -1) return MORE
    if (stop === -2 || stop === at + 1) return NO
    at = stop
  }
  if (at + 1 >= end) return MORE
  if (port > 0xffff) return NO
  return hasPort ? commandHead(buf, at + 1, port) : terminalOrCommand(buf, at + 1, end)
}

function commandHead(buf: Uint8Array, at: number, port: number): RshHead {
  if (!isText(u8(buf, at))) return NO
  const form = port === 0 ? 'rsh-or-rexec' : port < RESERVED_PORT ? 'rsh' : 'rexec'
  return { status: 'yes', form, next: at }
}

/** Without a port: `xterm/38400 NUL` is rlogin's (RFC 1282 section 2), anything else a command without a second connection. */
function terminalOrCommand(buf: Uint8Array, off: number, end: number): RshHead {
  if (!isText(u8(buf, off))) return NO
  let slash = -1
  for (let i = off; i < end && i - off < TERMINAL_BYTES_MAX; i++) {
    const byte = u8(buf, i)
    if (byte === 0) return { status: 'yes', form: slash > off && slash < i - 1 ? 'rlogin' : 'rsh-or-rexec', next: i }
    if (byte === SLASH && slash < 0) slash = i
    else if (byte === 0x20 || (slash >= 0 && !isDigit(byte))) return { status: 'yes', form: 'rsh-or-rexec', next: i }
    if (byte < 0x20 || byte >= 0x7f) return NO
  }
  return end - off >= TERMINAL_BYTES_MAX ? { status: 'yes', form: 'rsh-or-rexec', next: off } : MORE
}

function isText(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f
}

/** First byte a digit or zero: every other flow is refused by it. */
export function probeRsh(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const first = u8(buf, off)
  return first === 0 || isDigit(first) ? readRshHead(buf, off, end).status : 'no'
}

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

/** `port` empty for rlogin and for a command without a second connection; `last` is a command, or a terminal with its speed. */
export function encodeRsh(port: string, first: string, second: string, last: string): Uint8Array {
  return latin(`${port}\0${first}\0${second}\0${last}\0`)
}
