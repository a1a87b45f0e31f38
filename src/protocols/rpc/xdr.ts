// XDR (RFC 4506): a reader over (buf, off, end) that remembers its first fault, and a writer that grows.
// Keeps the rule that wrong bytes never throw: after a fault every read gives 0, null or '' and `fault` says why.

import { assert } from '../../base/assert.ts'
import { asciiText, u32be } from '../../wire/bytes.ts'
import { hexText } from '../text.ts'

/** XDR pads every item to four bytes (RFC 4506 section 3). Plain arithmetic: a hostile length near 2^32 must not wrap to 0. */
export function padded(length: number): number {
  return Math.ceil(length / 4) * 4
}

const WORD = 0x1_0000_0000

/** Reads items in order. One reader is reused for every message of a session: reset() points it at the next. */
export class XdrReader {
  buf: Uint8Array = new Uint8Array(0)
  off = 0
  end = 0
  /** First thing that was wrong, as a fixed word; null while all is well. `cut-short`: the bytes ended too early. */
  fault: string | null = null

  reset(buf: Uint8Array, off: number, end: number): void {
    this.buf = buf
    this.off = off
    this.end = end
    this.fault = null
  }

  /** Records the first fault; later ones are its consequence. */
  fail(reason: string): void {
    this.fault ??= reason
  }

  /** True when `bytes` more can be read; otherwise faults `cut-short`. */
  has(bytes: number): boolean {
    if (this.fault !== null) return false
    if (bytes <= this.end - this.off) return true
    this.fail('cut-short')
    return false
  }

  u32(): number {
    if (!this.has(4)) return 0
    this.off += 4
    return u32be(this.buf, this.off - 4)
  }

  /** 64 bits as a number: exact up to 2^53, rounded above (no file is that long; callers compare, never index). */
  u64(): number {
    const high = this.u32()
    return high * WORD + this.u32()
  }

  /** RFC 4506 section 4.4: any word but 0 and 1 is a fault, named by the caller's field. */
  bool(field: string): boolean {
    const value = this.u32()
    if (value > 1) this.fail(field)
    return value === 1
  }

  skip(bytes: number): void {
    if (this.has(bytes)) this.off += bytes
  }

  /** Steps over a variable-length opaque of at most `max` bytes; gives its length. */
  skipOpaque(max: number, field: string): number {
    const length = this.u32()
    if (length > max) this.fail(field)
    this.skip(padded(length))
    return this.fault === null ? length : 0
  }

  /** A string as printable ASCII (others `?`), or null after a fault. Longer than `max` bytes is a fault. */
  text(max: number, field: string): string | null {
    const length = this.u32()
    if (length > max) this.fail(field)
    if (!this.has(padded(length))) return null
    const start = this.off
    this.off += padded(length)
    return asciiText(this.buf, start, start + length, max)
  }

  /** `length` opaque bytes as a hex key for maps, or null after a fault. Steps over the padding too. */
  hexKey(length: number): string | null {
    if (!this.has(padded(length))) return null
    const start = this.off
    this.off += padded(length)
    return hexText(this.buf, start, start + length, length)
  }
}

/** Room for an NFSv3 LOOKUP reply, the most common message; the buffer doubles when more is needed. */
const WRITER_BYTES_START = 256

/** Writes items in order. Values out of range are our own mistake and assert. */
export class XdrWriter {
  #buf = new Uint8Array(WRITER_BYTES_START)
  #length = 0

  /** The bytes written so far, as a copy of their own. */
  bytes(): Uint8Array {
    return this.#buf.slice(0, this.#length)
  }

  u32(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value < WORD, `u32 out of range: ${value}`)
    const at = this.#grow(4)
    this.#buf[at] = value >>> 24
    this.#buf[at + 1] = (value >>> 16) & 255
    this.#buf[at + 2] = (value >>> 8) & 255
    this.#buf[at + 3] = value & 255
    return this
  }

  /** Exact integers only (0..2^53-1). */
  u64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, `u64 out of range: ${value}`)
    return this.u32(Math.floor(value / WORD)).u32(value % WORD)
  }

  bool(value: boolean): this {
    return this.u32(value ? 1 : 0)
  }

  /** Bytes of a length both sides know, padded to four. */
  fixed(bytes: Uint8Array): this {
    const at = this.#grow(padded(bytes.length))
    this.#buf.set(bytes, at)
    return this
  }

  /** Length, bytes, padding. */
  opaque(bytes: Uint8Array): this {
    return this.u32(bytes.length).fixed(bytes)
  }

  /** ASCII text as an XDR string. */
  string(text: string): this {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0))
    assert(bytes.every((b, i) => b < 0x80 && text.charCodeAt(i) < 0x80), 'XDR strings here are ASCII')
    return this.opaque(bytes)
  }

  /** Bytes already in XDR. */
  raw(bytes: Uint8Array): this {
    assert(bytes.length % 4 === 0, 'XDR items are multiples of four bytes')
    return this.fixed(bytes)
  }

  /** Makes room, zeroed, and returns where it starts. */
  #grow(bytes: number): number {
    const at = this.#length
    const need = at + bytes
    if (need > this.#buf.length) {
      const bigger = new Uint8Array(Math.max(need, this.#buf.length * 2))
      bigger.set(this.#buf)
      this.#buf = bigger
    }
    this.#length = need
    return at
  }
}
