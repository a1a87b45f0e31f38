// sha256: FIPS 180-4 section 6.2, incremental and in plain TypeScript: hashes file contents seen on the wire as they pass.
// Keeps the rule that pure folders import no node: module, and (buf, off, end): input is read in place, never kept.

import { assert } from './assert.ts'

const BLOCK_BYTES = 64
const ROUNDS = 64
/** Where the 64-bit message length starts in the last block (FIPS 180-4 section 5.1.1). */
const LENGTH_OFF = 56

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4 section 4.2.2). */
const K = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
)

const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19] as const

/** One running hash. `update` any number of times, then `hex`; `hex` may be asked again, `update` not after it. */
export class Sha256 {
  readonly #state = Int32Array.from(INITIAL)
  readonly #schedule = new Int32Array(ROUNDS)
  /** The block not yet full; at most 63 bytes are held back. */
  readonly #block = new Uint8Array(BLOCK_BYTES)
  #held = 0
  /** Bytes hashed so far; exact below 2^53. */
  #length = 0
  #digest: string | null = null

  /** Adds the bytes [off, end). Whole blocks are read in place. */
  update(buf: Uint8Array, off = 0, end = buf.length): this {
    assert(this.#digest === null, 'Sha256.update after hex')
    this.#length += end - off
    let at = off
    if (this.#held > 0) at = this.#fill(buf, off, end)
    while (end - at >= BLOCK_BYTES) {
      this.#compress(buf, at)
      at += BLOCK_BYTES
    }
    while (at < end) this.#block[this.#held++] = buf[at++] as number
    return this
  }

  /** 64 lower-case hexadecimal digits. */
  hex(): string {
    this.#digest ??= this.#finish()
    return this.#digest
  }

  /** The 32 bytes of the digest; may be asked as `hex` may. */
  digest(): Uint8Array {
    const text = this.hex()
    return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
  }

  #fill(buf: Uint8Array, off: number, end: number): number {
    let at = off
    while (at < end && this.#held < BLOCK_BYTES) this.#block[this.#held++] = buf[at++] as number
    if (this.#held === BLOCK_BYTES) {
      this.#compress(this.#block, 0)
      this.#held = 0
    }
    return at
  }

  #finish(): string {
    this.#block[this.#held++] = 0x80
    if (this.#held > LENGTH_OFF) {
      this.#block.fill(0, this.#held)
      this.#compress(this.#block, 0)
      this.#held = 0
    }
    this.#block.fill(0, this.#held)
    const view = new DataView(this.#block.buffer)
    view.setUint32(LENGTH_OFF, Math.floor(this.#length / 2 ** 29))
    view.setUint32(LENGTH_OFF + 4, (this.#length * 8) >>> 0)
    this.#compress(this.#block, 0)
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /** FIPS 180-4 section 6.2.2 step 1. */
  #expand(buf: Uint8Array, off: number): void {
    const w = this.#schedule
    for (let t = 0, i = off; t < 16; t++, i += 4) {
      w[t] = ((buf[i] as number) << 24) | ((buf[i + 1] as number) << 16) | ((buf[i + 2] as number) << 8) | (buf[i + 3] as number)
    }
    for (let t = 16; t < ROUNDS; t++) {
      const x = w[t - 15] as number
      const y = w[t - 2] as number
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      w[t] = (w[t - 16] as number) + small0 + (w[t - 7] as number) + small1
    }
  }

  /** FIPS 180-4 section 6.2.2 steps 2 to 4. */
  #compress(buf: Uint8Array, off: number): void {
    this.#expand(buf, off)
    const state = this.#state
    const w = this.#schedule
    let a = state[0] as number, b = state[1] as number, c = state[2] as number, d = state[3] as number
    let e = state[4] as number, f = state[5] as number, g = state[6] as number, h = state[7] as number
    for (let t = 0; t < ROUNDS; t++) {
      const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const t1 = (h + big1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (w[t] as number)) | 0
      const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    add8(state, a, b, c, d, e, f, g, h)
  }
}

/** Adds the working variables to the state, modulo 2^32 (the Int32Array wraps). */
function add8(state: Int32Array, ...sums: [number, number, number, number, number, number, number, number]): void {
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (sums[i] as number)
}
