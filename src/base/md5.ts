// md5: RFC 1321, in plain TypeScript. Only because JA3 fixes it as the name of a TLS client's hello; never for integrity.
// Keeps the rule that pure folders import no node: module.

const BLOCK_BYTES = 64
/** What padding adds at least: a 1 bit and the length (RFC 1321 sections 3.1 and 3.2). */
const PADDING_BYTES_MIN = 9

/** RFC 1321 section 3.4: the integer part of 4294967296 times abs(sin(i)), i in radians from 1 to 64. */
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))) | 0)
/** Which word each step takes. */
const WORD_OF = Uint8Array.from({ length: 64 }, (_, i) => ([i, 1 + 5 * i, 5 + 3 * i, 7 * i][i >> 4] as number) & 15)
/** Rotations of each round's four kinds of step. */
const ROTATIONS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const

/** The 16-byte MD5 digest of [off, end) as 32 lower-case hexadecimal digits. */
export function md5Hex(bytes: Uint8Array, off = 0, end = bytes.length): string {
  const padded = pad(bytes, off, end)
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  const words = new Int32Array(16)
  for (let block = 0; block < padded.length; block += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) words[i] = littleWord(padded, block + i * 4)
    compress(state, words)
  }
  return Array.from(state, littleHex).join('')
}

/** Message, a 1 bit, zeros, and the length in bits as 64 little-endian bits. */
function pad(bytes: Uint8Array, off: number, end: number): Uint8Array {
  const length = end - off
  const padded = new Uint8Array(Math.ceil((length + PADDING_BYTES_MIN) / BLOCK_BYTES) * BLOCK_BYTES)
  for (let i = 0; i < length; i++) padded[i] = bytes[off + i] as number
  padded[length] = 0x80
  for (let i = 0, rest = length * 8; i < 8; i++, rest = Math.floor(rest / 256)) padded[padded.length - 8 + i] = rest % 256
  return padded
}

function littleWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
}

function littleHex(word: number): string {
  let text = ''
  for (let shift = 0; shift < 32; shift += 8) text += ((word >>> shift) & 0xff).toString(16).padStart(2, '0')
  return text
}

/** RFC 1321 section 3.4: functions F, G, H, I, sixteen steps each. */
function compress(state: Int32Array, words: Int32Array): void {
  let [a, b, c, d] = [state[0] as number, state[1] as number, state[2] as number, state[3] as number]
  for (let i = 0; i < 64; i++) {
    const round = i >> 4
    const mixed = round === 0 ? (b & c) | (~b & d) : round === 1 ? (b & d) | (c & ~d) : round === 2 ? b ^ c ^ d : c ^ (b | ~d)
    const word = words[WORD_OF[i] as number] as number
    const sum = (a + mixed + word + (SINES[i] as number)) | 0
    const turn = ROTATIONS[round * 4 + (i & 3)] as number
    a = d
    d = c
    c = b
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
}
