// Recent: sums of the last segments handed on, so that a retransmission with other bytes is noticed without keeping the bytes.
// Keeps the rule that in-order data is neither copied nor held; eight numbers per direction are.

/** As many segments as two typical initial windows less a few (RFC 6928: ten): a forged copy races the original closely. */
const SEGMENTS_MAX = 8
/** Start, length summed, sum. */
const FIELDS = 3
/**
 * Bytes summed of each segment, from its start: the header and first fields of any message here. Measured on 1460-byte segments:
 * 128 bytes cost a third of the segment's time, 512 two thirds. What differs only after them is an overlap, not a difference.
 */
export const SUMMED_BYTES_MAX = 128

/** A ring of the last segments of one direction. */
export class Recent {
  /** Empty until the first segment, so that a silent direction costs nothing. */
  readonly #ring: number[] = []
  #next = 0

  /** Remembers that [off, end) was handed on at stream position `start`. */
  add(start: number, buf: Uint8Array, off: number, end: number): void {
    const summed = Math.min(end - off, SUMMED_BYTES_MAX)
    const base = this.#next * FIELDS
    this.#ring[base] = start
    this.#ring[base + 1] = summed
    this.#ring[base + 2] = sum(buf, off, summed)
    this.#next = (this.#next + 1) % SEGMENTS_MAX
  }

  /** False when [off, end), come again at `start`, covers a remembered segment and differs from it. */
  agrees(start: number, buf: Uint8Array, off: number, end: number): boolean {
    for (let base = 0; base < this.#ring.length; base += FIELDS) {
      const at = off + ((this.#ring[base] as number) - start)
      const summed = this.#ring[base + 1] as number
      if (at < off || at + summed > end) continue
      if (sum(buf, at, summed) !== this.#ring[base + 2]) return false
    }
    return true
  }
}

/** FNV-1a over little-endian 32-bit words, then the last bytes. Each step is a bijection, so one changed word always shows. */
function sum(buf: Uint8Array, off: number, length: number): number {
  let hash = 0x811c9dc5
  const words = off + (length & ~3)
  let i = off
  for (; i < words; i += 4) {
    const word = (buf[i] as number) | ((buf[i + 1] as number) << 8) | ((buf[i + 2] as number) << 16) | ((buf[i + 3] as number) << 24)
    hash = Math.imul(hash ^ word, 0x01000193)
  }
  for (; i < off + length; i++) hash = Math.imul(hash ^ (buf[i] as number), 0x01000193)
  return hash
}
