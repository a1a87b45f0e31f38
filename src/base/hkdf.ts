// hkdf: HMAC with SHA-256 (RFC 2104) and the key derivation of RFC 5869 with TLS 1.3's labels (RFC 8446 section 7.1), in plain TypeScript.
// Only for keys that everybody on the path can derive (QUIC's first packets); nothing secret is ever handled here.

import { assert } from './assert.ts'
import { Sha256 } from './sha256.ts'

/** Bytes in a block of SHA-256, and in its digest (FIPS 180-4 figure 1). */
const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const short = key.length > BLOCK_BYTES ? new Sha256().update(key).digest() : key
  const padded = (byte: number): Uint8Array => Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => (short[i] ?? 0) ^ byte)
  const inner = new Sha256().update(padded(INNER_PAD))
  for (const part of parts) inner.update(part)
  return new Sha256().update(padded(OUTER_PAD)).update(inner.digest()).digest()
}

/** RFC 5869 section 2.2. */
export function hkdfExtract(salt: Uint8Array, material: Uint8Array): Uint8Array {
  return hmacSha256(salt, material)
}

/** HKDF-Expand-Label with an empty context, for at most one digest of output: one round of RFC 5869 section 2.3. */
export function hkdfExpandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  assert(length <= DIGEST_BYTES, 'hkdfExpandLabel gives at most one digest')
  const full = `tls13 ${label}`
  const info = [length >>> 8, length & 255, full.length, ...Array.from(full, (c) => c.charCodeAt(0)), 0]
  return hmacSha256(secret, Uint8Array.from(info), Uint8Array.of(1)).subarray(0, length)
}
