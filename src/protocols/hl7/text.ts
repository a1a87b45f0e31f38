// HL7 text: the one text that is being collected of a field, as bytes; cleaned, compared with a known one, and made a string only when new.
// Keeps the bound of what a text may hold; between two pieces of a message its scanner keeps it, so that thousands of scanners share one buffer.

import { asciiText } from '../../wire/bytes.ts'
import { HL7_DEVICE_TEXT_MAX, HL7_HEADER_TEXT_MAX } from './codes.ts'

const TEXT_BYTES_MAX = Math.max(HL7_HEADER_TEXT_MAX, HL7_DEVICE_TEXT_MAX)
const BLANK = 0x20
const CARET = 0x5e
const QUOTE = 0x22

/** Printable bytes of the text: only what COLLECTED allows is ever written here. */
export const collecting = new Uint8Array(TEXT_BYTES_MAX)
/** Where the cleaned text of the last `clean` stands in it. */
const cleaned = { off: 0, end: 0 }

/** Leaves out outer blanks, empty trailing components, and HL7's `""` for nothing. False when nothing is left. */
export function clean(length: number): boolean {
  let off = 0
  let end = length
  while (end > 0 && (collecting[end - 1] === CARET || collecting[end - 1] === BLANK)) end--
  while (off < end && collecting[off] === BLANK) off++
  cleaned.off = off
  cleaned.end = end - off === 2 && collecting[off] === QUOTE && collecting[off + 1] === QUOTE ? off : end
  return cleaned.end > off
}

/** True when the cleaned text is `text`. */
export function isCleaned(text: string): boolean {
  const { off, end } = cleaned
  if (text.length !== end - off) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== collecting[off + i]) return false
  return true
}

/** The cleaned text: `known` itself when it is the same. */
export function cleanedText(known: string): string {
  return isCleaned(known) ? known : asciiText(collecting, cleaned.off, cleaned.end, TEXT_BYTES_MAX)
}
