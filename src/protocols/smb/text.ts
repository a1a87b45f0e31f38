// Text in SMB: UTF-16LE or one byte a character, as printable ASCII; and the half-ASCII names of NetBIOS.
// Keeps the rule (buf, off, end): lengths are checked by the caller, nothing is read past `end`.

import { letters, LETTERS_MAX, textOfLetters } from '../../base/letters.ts'
import { asciiText, printable, u16le, u8 } from '../../wire/bytes.ts'

/** Longest name kept: 255 UTF-16 units of a file name (MS-FSCC 2.1.5.2), shares and hosts are shorter. */
export const TEXT_CHARS_MAX = 255
/** A path of a CREATE is at most 32767 units; the last part is wanted, so as many are read as two names have. */
const PATH_CHARS_MAX = LETTERS_MAX
/** RFC 1001 section 14.1: the 16th byte of a name is its kind. */
const NETBIOS_BYTES = 15

/** [off, end) as UTF-16LE: printable ASCII as it is, every other unit `?`. Of a longer text the end is kept, which holds the name of a path. */
export function utf16(buf: Uint8Array, off: number, end: number): string {
  const units = (end - off) >> 1
  const from = off + 2 * Math.max(0, units - PATH_CHARS_MAX)
  let length = 0
  for (let at = from; at + 1 < end; at += 2) letters[length++] = printable(u16le(buf, at))
  return textOfLetters(length)
}

/** One byte a character, up to a zero or `end`. */
export function oneByte(buf: Uint8Array, off: number, end: number): string {
  let stop = off
  while (stop < end && u8(buf, stop) !== 0) stop++
  return asciiText(buf, off, stop, PATH_CHARS_MAX)
}

/** UTF-16LE up to a zero unit or `end`. */
export function utf16z(buf: Uint8Array, off: number, end: number): string {
  let stop = off
  while (stop + 1 < end && u16le(buf, stop) !== 0) stop += 2
  return utf16(buf, off, Math.min(stop, end))
}

/** RFC 1001 section 14.1: 32 letters from A to P, two for each byte; the 16th byte is a kind. Null for anything else. */
export function netbiosName(buf: Uint8Array, off: number, end: number): string | null {
  if (end - off < 33 || u8(buf, off) !== 32) return null
  for (let i = 0; i < NETBIOS_BYTES; i++) {
    const high = u8(buf, off + 1 + 2 * i) - 0x41
    const low = u8(buf, off + 2 + 2 * i) - 0x41
    if (high < 0 || high > 15 || low < 0 || low > 15) return null
    letters[i] = printable(high * 16 + low)
  }
  return textOfLetters(NETBIOS_BYTES).trim()
}

/** `\\server\share` to `share`. */
export function shareName(path: string): string {
  return path.slice(path.lastIndexOf('\\') + 1, path.length).slice(0, TEXT_CHARS_MAX)
}
