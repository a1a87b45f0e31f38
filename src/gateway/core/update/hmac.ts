// hmac: HMAC-SHA256 (RFC 2104, FIPS 198-1) over base's SHA-256, and a comparison whose time says nothing about where bytes differ.
// Keeps the rule that the key is an argument: nothing here makes, keeps or prints one.

import { Sha256 } from '../../../base/sha256.ts'

/** Block of SHA-256 (RFC 2104 section 2: B). */
const BLOCK_BYTES = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c
export const DIGEST_BYTES = 32

/** A keyed digest of 32 bytes; the shell may hand in a faster one of the same function. */
export type Mac = (key: Uint8Array, message: Uint8Array) => Uint8Array

export function sha256Bytes(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = new Sha256()
  for (const part of parts) hash.update(part)
  return bytesOfHex(hash.hex())
}

/** Of an even number of hexadecimal digits. */
export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

export function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

/** Keys longer than a block are hashed first (RFC 2104 section 2). */
export const hmacSha256: Mac = (key, message) => {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? sha256Bytes(key) : key)
  const inner = sha256Bytes(block.map((b) => b ^ INNER_PAD), message)
  return sha256Bytes(block.map((b) => b ^ OUTER_PAD), inner)
}

/** True when both are the same bytes. Looks at all of them whatever it finds; only the lengths, which are no secret, end it early. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
