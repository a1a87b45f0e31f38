// ShortId: names that a computation gives, so that the same capture names the same things on every machine.
// Keeps the rule that an id is a hash of what it names (invariant 11).

import { sha1Words } from './sha1.ts'

/** `prefix-` and ten hex digits of the SHA-1 of the parts. An identifier, not a secret; 40 bits clash once in a million at ten thousand. */
export function shortId(prefix: string, ...parts: readonly (string | number)[]): string {
  return idOf(prefix, parts.join('\u0000'))
}

const encoder = new TextEncoder()
/** Longer texts are encoded by the general way; the key of a conversation has some 60 characters. */
const SCRATCH_BYTES = 256
const scratch = new Uint8Array(SCRATCH_BYTES)
const ASCII_MAX = 0x7f
const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Five bytes, so ten digits. */
function idOf(prefix: string, text: string): string {
  const length = putAscii(text)
  const words = length < 0 ? ofBytes(encoder.encode(text)) : sha1Words(scratch, 0, length)
  const first = words[0] as number
  const second = words[1] as number
  return `${prefix}-${hex(first >>> 24)}${hex(first >>> 16)}${hex(first >>> 8)}${hex(first)}${hex(second >>> 24)}`
}

function ofBytes(bytes: Uint8Array): Int32Array {
  return sha1Words(bytes, 0, bytes.length)
}

/** Writes `text` into the scratch and gives its length; -1 when it is long or not plain ASCII. */
function putAscii(text: string): number {
  if (text.length > SCRATCH_BYTES) return -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > ASCII_MAX) return -1
    scratch[i] = code
  }
  return text.length
}

function hex(byte: number): string {
  return HEX_OF_BYTE[byte & 0xff] as string
}
