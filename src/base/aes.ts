// aes: the AES-128 cipher forwards (FIPS 197) and GCM on top of it (NIST SP 800-38D), in plain TypeScript, a byte at a time.
// Only for packets whose key everybody on the path can derive (QUIC's first); its timing depends on its input, so it must hold no secret.

/** Bytes of a block, rounds and words of a round key (FIPS 197 figure 4). */
const BLOCK_BYTES = 16
const ROUNDS = 10
const KEY_BYTES = 16
export const GCM_TAG_BYTES = 16

/** FIPS 197 section 4.2: multiplication by x in GF(2^8). */
function times2(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff
}

/** FIPS 197 section 5.1.1: the inverse in GF(2^8), then an affine transformation; walked by a generator and its inverse. */
const S_BOX = ((): Uint8Array => {
  const box = new Uint8Array(256)
  let [p, q] = [1, 1]
  do {
    p = p ^ times2(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q &= 0xff
    if (q & 0x80) q ^= 0x09
    const x = q ^ (q << 1) ^ (q << 2) ^ (q << 3) ^ (q << 4)
    box[p] = (x ^ (x >>> 8) ^ 0x63) & 0xff
  } while (p !== 1)
  box[0] = 0x63
  return box
})()

/** FIPS 197 section 5.1.2: where each byte of a shifted state comes from, columns first. */
const SHIFT = Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => (i + 4 * (i % 4)) % BLOCK_BYTES)

/** One key. `block` works in place of `out`. */
export class Aes128 {
  readonly #keys = new Uint8Array(BLOCK_BYTES * (ROUNDS + 1))
  readonly #state = new Uint8Array(BLOCK_BYTES)

  /** The first 16 bytes of `key`. */
  constructor(key: Uint8Array) {
    const w = this.#keys
    w.set(key.subarray(0, KEY_BYTES))
    let constant = 1
    for (let i = KEY_BYTES; i < w.length; i++) {
      const at = i % KEY_BYTES
      // FIPS 197 section 5.2: the first word of a round key takes the last one rotated and substituted.
      const before = at < 4 ? (S_BOX[w[i - (at === 3 ? 7 : 3)] as number] as number) : (w[i - 4] as number)
      w[i] = (w[i - KEY_BYTES] as number) ^ before ^ (at === 0 ? constant : 0)
      if (at === KEY_BYTES - 1) constant = times2(constant)
    }
  }

  /** Encrypts the block at `off` of `from` to the start of `out`. */
  block(from: Uint8Array, off: number, out: Uint8Array): void {
    const [s, w] = [this.#state, this.#keys]
    for (let i = 0; i < BLOCK_BYTES; i++) out[i] = (from[off + i] as number) ^ (w[i] as number)
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < BLOCK_BYTES; i++) s[i] = S_BOX[out[SHIFT[i] as number] as number] as number
      if (round < ROUNDS) mixColumns(s)
      for (let i = 0; i < BLOCK_BYTES; i++) out[i] = (s[i] as number) ^ (w[round * BLOCK_BYTES + i] as number)
    }
  }
}

/** FIPS 197 section 5.1.3, in place. */
function mixColumns(s: Uint8Array): void {
  for (let c = 0; c < BLOCK_BYTES; c += 4) {
    const [a, b, d, e] = [s[c] as number, s[c + 1] as number, s[c + 2] as number, s[c + 3] as number]
    const all = a ^ b ^ d ^ e
    s[c] = a ^ all ^ times2(a ^ b)
    s[c + 1] = b ^ all ^ times2(b ^ d)
    s[c + 2] = d ^ all ^ times2(d ^ e)
    s[c + 3] = e ^ all ^ times2(e ^ a)
  }
}

/**
 * Decrypts [off, end) of `buf`, of which the last 16 bytes are the tag, with a nonce of 12 bytes and `aad` beside it (SP 800-38D algorithm 5).
 * Null when the tag does not fit: the key is not the one, or the packet is not what it seems.
 */
export function openGcm(aes: Aes128, nonce: Uint8Array, aad: Uint8Array, buf: Uint8Array, off: number, end: number): Uint8Array | null {
  const stop = end - GCM_TAG_BYTES
  if (stop < off) return null
  const counter = new Uint8Array(BLOCK_BYTES)
  counter.set(nonce.subarray(0, 12))
  counter[15] = 1
  const pad = new Uint8Array(BLOCK_BYTES)
  aes.block(counter, 0, pad)
  const tag = ghash(aes, aad, buf, off, stop)
  let different = 0
  for (let i = 0; i < GCM_TAG_BYTES; i++) different |= (tag[i] as number) ^ (pad[i] as number) ^ (buf[stop + i] as number)
  if (different !== 0) return null
  const plain = new Uint8Array(stop - off)
  for (let at = 0; at < plain.length; at += BLOCK_BYTES) {
    increment(counter)
    aes.block(counter, 0, pad)
    for (let i = 0; i < BLOCK_BYTES && at + i < plain.length; i++) plain[at + i] = (buf[off + at + i] as number) ^ (pad[i] as number)
  }
  return plain
}

/** SP 800-38D section 6.2: the last 32 bits count. */
function increment(counter: Uint8Array): void {
  for (let i = BLOCK_BYTES - 1; i >= 12; i--) {
    counter[i] = (counter[i] as number) + 1
    if (counter[i] !== 0) return
  }
}

/** SP 800-38D algorithm 2 over `aad`, the ciphertext and both lengths. */
function ghash(aes: Aes128, aad: Uint8Array, buf: Uint8Array, off: number, end: number): Uint8Array {
  const key = new Uint8Array(BLOCK_BYTES)
  aes.block(new Uint8Array(BLOCK_BYTES), 0, key)
  const h = new Uint32Array(4)
  for (let i = 0; i < 4; i++) h[i] = word(key, i * 4)
  const y = new Uint32Array(4)
  absorb(y, h, aad, 0, aad.length)
  absorb(y, h, buf, off, end)
  const lengths = new Uint8Array(BLOCK_BYTES)
  const view = new DataView(lengths.buffer)
  view.setUint32(4, aad.length * 8)
  view.setUint32(12, (end - off) * 8)
  absorb(y, h, lengths, 0, BLOCK_BYTES)
  const out = new Uint8Array(BLOCK_BYTES)
  const outView = new DataView(out.buffer)
  y.forEach((value, i) => outView.setUint32(i * 4, value))
  return out
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
}

/** Blocks of [off, end), the last one filled up with zeros. */
function absorb(y: Uint32Array, h: Uint32Array, buf: Uint8Array, off: number, end: number): void {
  for (let at = off; at < end; at += BLOCK_BYTES) {
    for (let i = at; i < Math.min(end, at + BLOCK_BYTES); i++) {
      const place = (i - at) >> 2
      y[place] = (y[place] as number) ^ ((buf[i] as number) << (24 - 8 * ((i - at) & 3)))
    }
    multiply(y, h)
  }
}

/** SP 800-38D algorithm 1: y times h in GF(2^128), bit by bit. */
function multiply(y: Uint32Array, h: Uint32Array): void {
  const v = Uint32Array.from(h)
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < 128; i++) {
    if ((((y[i >> 5] as number) >>> (31 - (i & 31))) & 1) === 1) {
      a ^= v[0] as number
      b ^= v[1] as number
      c ^= v[2] as number
      d ^= v[3] as number
    }
    const carry = (v[3] as number) & 1
    v[3] = ((v[3] as number) >>> 1) | ((v[2] as number) << 31)
    v[2] = ((v[2] as number) >>> 1) | ((v[1] as number) << 31)
    v[1] = ((v[1] as number) >>> 1) | ((v[0] as number) << 31)
    v[0] = ((v[0] as number) >>> 1) ^ (carry ? 0xe1000000 : 0)
  }
  y[0] = a
  y[1] = b
  y[2] = c
  y[3] = d
}
