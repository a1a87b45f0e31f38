// sha1: FIPS 180-4 section 6.1, in plain TypeScript. Only for Community ID and short ids, which fix SHA-1; never for integrity.
// Keeps the rules that pure folders import no node: module, and that a message of a block or two allocates nothing but its digest.

/** Bytes and words in one block, and in the digest (FIPS 180-4 figure 1). */
const BLOCK_BYTES = 64
const BLOCK_WORDS = 16
const DIGEST_WORDS = 5
const ROUNDS = 80
/** What padding adds at least: a 1 bit and the length (FIPS 180-4 section 5.1.1). */
const PADDING_BYTES_MIN = 9

/** Working memory of one call; no call is ever inside another. */
const schedule = new Int32Array(ROUNDS)
const state = new Int32Array(DIGEST_WORDS)

/** The 20-byte SHA-1 digest of [off, end). */
export function sha1(bytes: Uint8Array, off = 0, end = bytes.length): Uint8Array {
  const words = sha1Words(bytes, off, end)
  const digest = new Uint8Array(DIGEST_WORDS * 4)
  for (let i = 0; i < DIGEST_WORDS; i++) {
    const word = words[i] as number
    digest[i * 4] = word >>> 24
    digest[i * 4 + 1] = word >>> 16
    digest[i * 4 + 2] = word >>> 8
    digest[i * 4 + 3] = word
  }
  return digest
}

/** The digest of [off, end) as five signed words, most significant byte first; valid until the next call. */
export function sha1Words(bytes: Uint8Array, off: number, end: number): Int32Array {
  state[0] = 0x67452301
  state[1] = 0xefcdab89
  state[2] = 0x98badcfe
  state[3] = 0x10325476
  state[4] = 0xc3d2e1f0
  const blocks = Math.ceil((end - off + PADDING_BYTES_MIN) / BLOCK_BYTES)
  for (let block = 0; block < blocks; block++) {
    load(bytes, off + block * BLOCK_BYTES, end)
    if (block === blocks - 1) loadLength(end - off)
    expand()
    compress()
  }
  return state
}

/** The block at `at`: the message up to `end`, a 1 bit behind it, then zeros (FIPS 180-4 section 5.1.1). */
function load(bytes: Uint8Array, at: number, end: number): void {
  for (let t = 0; t < BLOCK_WORDS; t++) {
    const off = at + t * 4
    if (off + 4 <= end) {
      schedule[t] = ((bytes[off] as number) << 24) | ((bytes[off + 1] as number) << 16) | ((bytes[off + 2] as number) << 8) | (bytes[off + 3] as number)
    } else schedule[t] = off > end ? 0 : lastWord(bytes, off, end)
  }
}

/** None to three bytes of the message and the 1 bit. */
function lastWord(bytes: Uint8Array, off: number, end: number): number {
  let word = 0x80 << (24 - (end - off) * 8)
  for (let i = off; i < end; i++) word |= (bytes[i] as number) << (24 - (i - off) * 8)
  return word
}

/** The length in bits as 64 bits. */
function loadLength(lengthBytes: number): void {
  schedule[14] = Math.floor(lengthBytes / 2 ** 29)
  schedule[15] = lengthBytes << 3
}

/** FIPS 180-4 section 6.1.2 step 1. */
function expand(): void {
  for (let t = BLOCK_WORDS; t < ROUNDS; t++) {
    const mixed = (schedule[t - 3] as number) ^ (schedule[t - 8] as number) ^ (schedule[t - 14] as number) ^ (schedule[t - 16] as number)
    schedule[t] = (mixed << 1) | (mixed >>> 31)
  }
}

/** FIPS 180-4 section 6.1.2 steps 2 to 4: Ch, Parity, Maj and Parity of section 4.1.1, twenty rounds each, so that no round asks which. */
function compress(): void {
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + 0x5a827999 + (schedule[t] as number)) | 0
    e = d
    d = c
    c = (b << 30) | (b >>> 2)
    b = a
    a = next
  }
  for (let t = 20; t < 40; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9eba1 + (schedule[t] as number)) | 0
    e = d
    d = c
    c = (b << 30) | (b >>> 2)
    b = a
    a = next
  }
  for (let t = 40; t < 60; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + 0x8f1bbcdc + (schedule[t] as number)) | 0
    e = d
    d = c
    c = (b << 30) | (b >>> 2)
    b = a
    a = next
  }
  for (let t = 60; t < ROUNDS; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0xca62c1d6 + (schedule[t] as number)) | 0
    e = d
    d = c
    c = (b << 30) | (b >>> 2)
    b = a
    a = next
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
  state[4] = (state[4] as number) + e
}
