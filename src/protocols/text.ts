// text: what devices say about themselves, as one printable line of bounded length.
// Keeps the rule that no control character and no byte beyond ASCII reaches a fact.

import { hexLetter, letters, LETTERS_MAX, textOfLetters } from '../base/letters.ts'
import { printable, u8 } from '../wire/bytes.ts'

/** Longest self-description that leaves: an LLDP system description may have 255 (IEEE 802.1AB clause 8.5.7). */
export const LINE_MAX = 255

/** Printable ASCII of [off, end); white space and NUL together become one blank, other bytes `?`. Empty is null. */
export function lineText(buf: Uint8Array, off: number, end: number, max = LINE_MAX): string | null {
  const stop = Math.min(max, LETTERS_MAX)
  let length = 0
  let isGap = false
  for (let i = off; i < end && length < stop; i++) {
    const c = u8(buf, i)
    if (c === 0x20 || c === 0 || (c >= 9 && c <= 13)) {
      isGap = length > 0
      continue
    }
    if (isGap) letters[length++] = 0x20
    isGap = false
    if (length < stop) letters[length++] = printable(c)
  }
  return length === 0 ? null : textOfLetters(length)
}

/** Two lower-case hex digits per byte, at most `bytesMax` of them. */
export function hexText(buf: Uint8Array, off: number, end: number, bytesMax = 64): string {
  let length = 0
  for (let i = off; i < end && i < off + bytesMax && length < LETTERS_MAX; i++) {
    letters[length++] = hexLetter(u8(buf, i) >>> 4)
    letters[length++] = hexLetter(u8(buf, i) & 0x0f)
  }
  return textOfLetters(length)
}

/** Printable bytes as text, else as hex. Empty is null. */
export function textOrHex(buf: Uint8Array, off: number, end: number): string | null {
  for (let i = off; i < end; i++) if (u8(buf, i) < 0x20 || u8(buf, i) > 0x7e) return hexText(buf, off, end)
  return lineText(buf, off, end)
}

/** ASCII bytes of a text, for encoders; other characters become `?`. */
export function asciiBytes(text: string): number[] {
  return Array.from(text, (c) => (c.charCodeAt(0) < 0x80 ? c.charCodeAt(0) : 0x3f))
}
