// base64: bytes to RFC 4648 section 4 text, for Community IDs and digests.
// Keeps the rule that pure folders import no package and no node: module (Buffer and btoa are not of this level).

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function letter(sextet: number): string {
  return ALPHABET.charAt(sextet & 63)
}

/** The standard alphabet with `=` padding; one character for each started 6 bits, rounded up to 4. */
export function base64(bytes: Uint8Array): string {
  let text = ''
  const whole = bytes.length - (bytes.length % 3)
  for (let i = 0; i < whole; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number)
    text += letter(group >>> 18) + letter(group >>> 12) + letter(group >>> 6) + letter(group)
  }
  return text + base64Tail(bytes, whole)
}

/** The last one or two bytes, padded (RFC 4648 section 4, cases 2 and 3). */
function base64Tail(bytes: Uint8Array, off: number): string {
  const left = bytes.length - off
  if (left === 0) return ''
  const group = ((bytes[off] as number) << 16) | ((left === 2 ? (bytes[off + 1] as number) : 0) << 8)
  return letter(group >>> 18) + letter(group >>> 12) + (left === 2 ? letter(group >>> 6) : '=') + '='
}
