// Chance: one seeded source per named stream, so that adding a story does not change the bytes of the others.
// Keeps the rule that a ward replays from one printed seed.

import { seededRng, type Rng } from '../../base/rng.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** A source that depends on the ward's seed and the stream's name only (32-bit FNV-1a of both). */
export function streamRng(seed: number, name: string): Rng {
  let hash = FNV_OFFSET
  for (const char of `${seed}/${name}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME)
  return seededRng(hash)
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(rng: Rng, items: readonly T[]): T[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(rng.next() * (i + 1))
    const held = out[i] as T
    out[i] = out[j] as T
    out[j] = held
  }
  return out
}

/** `count` bytes of noise: stands for content that is encrypted or compiled. */
export function randomBytes(rng: Rng, count: number): Uint8Array {
  const out = new Uint8Array(count)
  for (let i = 0; i < count; i++) out[i] = Math.floor(rng.next() * 256)
  return out
}
