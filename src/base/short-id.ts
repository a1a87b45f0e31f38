// ShortId: names that a computation gives, so that the same capture names the same things on every machine.

import { sha1 } from './sha1.ts'

const DIGITS = 10

/** `prefix-` and ten hex digits of the SHA-1 of the parts. An identifier, not a secret; 40 bits clash once in a million at ten thousand. */
export function shortId(prefix: string, ...parts: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(parts.join('\u0000'))
  let hex = ''
  for (const byte of sha1(bytes, 0, bytes.length)) hex += byte.toString(16).padStart(2, '0')
  return `${prefix}-${hex.slice(0, DIGITS)}`
}
