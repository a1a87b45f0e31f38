// Finding the next block of a damaged pcapng file: a known type whose length stands on both ends of it.
// Keeps two rules: each byte is looked at once, and what is found does not depend on how the bytes were split on their way here.

import { u16, u32 } from './endian.ts'
import { CAPTURED_BYTES_MAX, isBlockTrailer, paddedTo4 } from './parser.ts'

/** Type, length, and for a section its byte-order magic. */
const HEAD_BYTES = 12
/** A block longer than the longest packet with 64 KiB of options is not looked for: so many bytes are kept at most while searching. */
export const FOUND_BYTES_MAX = CAPTURED_BYTES_MAX + 65_536
/** Beginnings that wait for their other end. In 327 680 bytes of real blocks of 32 bytes and more there is one at a time. */
export const CANDIDATES_MAX = 64
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

/** Least length by type: what the search believes in. Section, interface, packet (three kinds), names, statistics, secrets. */
const LEAST: ReadonlyMap<number, number> = new Map([[0x0a0d0d0a, 28], [1, 20], [2, 32], [3, 16], [4, 12], [5, 24], [6, 32], [10, 20]])
const TYPE_SECTION = 0x0a0d0d0a
const TYPE_SIMPLE = 3
const SIMPLE_FIXED_BYTES = 16
const TYPES_WITH_CAPTURED: readonly number[] = [2, 6]
/** Type, length, interface (and drops), time, captured and original length, trailer. */
const PACKET_FIXED_BYTES = 32

/** Bytes since the damage, and where in them a block may begin. Positions are into `buf`; `base` + position is the offset in the stream. */
export class BlockSearch {
  buf: Uint8Array = new Uint8Array(0)
  /** First byte still needed, and the end of what came. */
  start = 0
  end = 0
  base: number
  #scan = 0
  readonly #candidates: { readonly at: number; readonly end: number }[] = []
  /** The nearest end of a candidate. */
  #nearest = Infinity

  /** `base` is the offset in the stream of the first byte that will be added. */
  constructor(base: number) {
    this.base = base
  }

  /** Keeps a copy of [off, end) behind what is there. */
  add(buf: Uint8Array, off: number, end: number): void {
    const held = this.end - this.start
    const length = held + end - off
    if (length + this.start > this.buf.length) {
      const room = length * 2 > this.buf.length ? new Uint8Array(length * 2) : this.buf
      room.set(this.buf.subarray(this.start, this.end))
      this.buf = room
      this.#shift(this.start)
    }
    this.buf.set(buf.subarray(off, end), this.end)
    this.end += end - off
  }

  /** What was kept now begins at 0. */
  #shift(by: number): void {
    this.base += by
    this.start -= by
    this.end -= by
    this.#scan -= by
    this.#nearest -= by
    for (const [i, c] of this.#candidates.entries()) this.#candidates[i] = { at: c.at - by, end: c.end - by }
  }

  /** Begins to look for a block at `from`. */
  seek(from: number): void {
    this.start = from
    this.#scan = from
    this.#forget()
  }

  #forget(): void {
    this.#candidates.length = 0
    this.#nearest = Infinity
  }

  /**
   * The position of the block whose end comes first, in the byte order `little` of its section unless it begins one itself; -1 when more
   * bytes are needed. `start` is set so that nothing still needed is lost.
   */
  find(little: boolean): number {
    while (this.end - this.#scan >= HEAD_BYTES) {
      const found = this.#scan + HEAD_BYTES < this.#nearest ? -1 : this.#ended(this.#scan + HEAD_BYTES, little)
      if (found >= 0) {
        this.seek(found)
        return found
      }
      const length = this.#lengthAt(this.#scan, little)
      if (length > 0) this.#remember(this.#scan, this.#scan + length)
      this.#scan += 1
    }
    this.start = this.#candidates[0]?.at ?? Math.min(this.#scan, this.end)
    return -1
  }

  #remember(at: number, end: number): void {
    if (this.#candidates.length >= CANDIDATES_MAX) return
    this.#candidates.push({ at, end })
    this.#nearest = Math.min(this.#nearest, end)
  }

  /** Judges the candidates that end at or before `here`: the first that has its length there too, or -1 and they are gone. */
  #ended(here: number, little: boolean): number {
    const found = this.#candidates.find((c) => c.end <= here && this.#isBlock(c.at, c.end - c.at, little))
    if (found) return found.at
    const left = this.#candidates.filter((c) => c.end > here)
    this.#forget()
    for (const c of left) this.#remember(c.at, c.end)
    return -1
  }

  /** The padded length a block at `at` would have, 0 when none can begin there. */
  #lengthAt(at: number, little: boolean): number {
    const { buf } = this
    const type = u32(buf, at, little)
    const least = LEAST.get(type)
    if (least === undefined) return 0
    const order = type === TYPE_SECTION ? sectionOrder(buf, at) : little
    if (order === null) return 0
    const length = paddedTo4(u32(buf, at + 4, order))
    return length >= least && length <= FOUND_BYTES_MAX ? length : 0
  }

  /** The other end says the same, and a packet fits into its block. */
  #isBlock(at: number, padded: number, little: boolean): boolean {
    const { buf } = this
    const type = u32(buf, at, little)
    const order = type === TYPE_SECTION ? sectionOrder(buf, at) === true : little
    if (!isBlockTrailer(u32(buf, at + padded - 4, order), u32(buf, at + 4, order))) return false
    if (type === TYPE_SECTION) return u16(buf, at + 12, order) < 256
    // Its one number is the packet's length, of which the block holds all or the first bytes.
    if (type === TYPE_SIMPLE) return u32(buf, at + 8, order) <= CAPTURED_BYTES_MAX && paddedTo4(u32(buf, at + 8, order)) >= padded - SIMPLE_FIXED_BYTES
    return !TYPES_WITH_CAPTURED.includes(type) || u32(buf, at + 20, order) <= padded - PACKET_FIXED_BYTES
  }
}

/** Whether the section at `at` is little endian; null when it has no byte-order magic. */
function sectionOrder(buf: Uint8Array, at: number): boolean | null {
  if (u32(buf, at + 8, true) === BYTE_ORDER_MAGIC) return true
  return u32(buf, at + 8, false) === BYTE_ORDER_MAGIC ? false : null
}
