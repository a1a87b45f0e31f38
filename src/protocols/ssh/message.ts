// SSH identification string: `SSH-protoversion-softwareversion SP comments CR LF` to a value and back (RFC 4253 section 4.2).
// Keeps house habit 4: a string is a value only when both versions are printable and the line ends within its bound.

import { asciiText, u8 } from '../../wire/bytes.ts'

/** RFC 4253 section 4.2: 255 characters with CR and LF. */
export const SSH_LINE_BYTES_MAX = 255

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DASH = 0x2d
const DOT = 0x2e
/** `SSH-`. */
const START = [0x53, 0x53, 0x48, DASH] as const

export interface SshIdentification {
  readonly version: string
  readonly software: string
  readonly comment: string | null
}

export type SshStart = 'yes' | 'no' | 'more'

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** Do these bytes begin `SSH-1.` or `SSH-2.`, a digit or two, and a dash? */
export function startsSsh(buf: Uint8Array, off: number, end: number): SshStart {
  for (let i = 0; i < START.length; i++) {
    if (off + i >= end) return 'more'
    if (u8(buf, off + i) !== START[i]) return 'no'
  }
  const [major, dot, minor] = [off + 4, off + 5, off + 6]
  if (major < end && u8(buf, major) !== 0x31 && u8(buf, major) !== 0x32) return 'no'
  if (dot < end && u8(buf, dot) !== DOT) return 'no'
  if (minor < end && !isDigit(u8(buf, minor))) return 'no'
  const dash = minor + 1
  if (dash >= end) return 'more'
  if (u8(buf, dash) === DASH) return 'yes'
  if (!isDigit(u8(buf, dash))) return 'no'
  return dash + 1 >= end ? 'more' : u8(buf, dash + 1) === DASH ? 'yes' : 'no'
}

/** The line [off, end) without its LF; null when it is no identification string. */
export function decodeSshIdentification(buf: Uint8Array, off: number, end: number): SshIdentification | null {
  if (startsSsh(buf, off, end) !== 'yes') return null
  const stop = end > off && u8(buf, end - 1) === CR ? end - 1 : end
  let dash = off + START.length
  while (u8(buf, dash) !== DASH) dash++
  let space = dash + 1
  while (space < stop && u8(buf, space) > SPACE && u8(buf, space) < 0x7f) space++
  if (space === dash + 1 || (space < stop && u8(buf, space) !== SPACE)) return null
  return {
    version: asciiText(buf, off + START.length, dash), software: asciiText(buf, dash + 1, space, SSH_LINE_BYTES_MAX),
    comment: space + 1 < stop ? asciiText(buf, space + 1, stop, SSH_LINE_BYTES_MAX) : null,
  }
}

/** Where the line at `off` ends: the index of its LF, or -1. */
export function lineEnd(buf: Uint8Array, off: number, end: number): number {
  for (let i = off; i < end; i++) if (u8(buf, i) === LF) return i
  return -1
}

export function encodeSshIdentification({ version, software, comment }: SshIdentification): Uint8Array {
  return Uint8Array.from(`SSH-${version}-${software}${comment === null ? '' : ` ${comment}`}\r\n`, (c) => c.charCodeAt(0))
}
