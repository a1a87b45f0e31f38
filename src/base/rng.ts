// Rng: seeded randomness as an argument. The same seed replays the same ward, on every machine.

/** Uniform in [0, 1). Nothing below level 5 may use Math.random. */
export interface Rng {
  next(): number
}

/** mulberry32: 32 bits of state, good enough for twins and fuzzers, never for keys. */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0
      let t = state
      t = Math.imul(t ^ (t >>> 15), t | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296
    },
  }
}

/** Integer in [low, high], both ends included. */
export function randomInt(rng: Rng, low: number, high: number): number {
  return low + Math.floor(rng.next() * (high - low + 1))
}
