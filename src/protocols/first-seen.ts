// first-seen: bounded memory of what was already told, so that a thing said every minute is a fact once.
// Keeps the rule that nothing new is ever hidden: a full table forgets all it knew, and a repeat is then told again.

import { u8 } from '../wire/bytes.ts'

/** What one session (or all link frames together) may remember: the announcers of a large segment, some 100 bytes each. */
export const FIRST_SEEN_MAX = 4096

/**
 * Two independent 32-bit hashes of the bytes as one exact number of 53 bits. Equal bytes lie together; others meet by chance once in
 * 10^15 pairs. Who crafts a meeting hides a message of their own choice behind one they sent, which is what not sending it does too.
 */
export function bytesKey(buf: Uint8Array, off: number, end: number, seed = 0): number {
  let a = 0x811c9dc5 ^ seed
  let b = 0x9e3779b9 ^ seed
  for (let i = off; i < end; i++) {
    const byte = u8(buf, i)
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul((b << 5 | b >>> 27) ^ byte, 0x85ebca6b)
  }
  return (a >>> 0) * 0x20_0000 + ((b ^ (b >>> 15)) >>> 11)
}

export class FirstSeen<Key extends string | number> {
  readonly #max: number
  readonly #seen = new Set<Key>()

  constructor(max = FIRST_SEEN_MAX) {
    this.#max = max
  }

  /** True for the first time (since the table was last full). */
  isNew(key: Key): boolean {
    if (this.#seen.has(key)) return false
    if (this.#seen.size >= this.#max) this.#seen.clear()
    this.#seen.add(key)
    return true
  }

  get size(): number {
    return this.#seen.size
  }
}
