// BACnet tags: the head of each item of service data, one after another: its number, its class, and where its content lies.
// Keeps (buf, off, end): one reader is pointed at message after message; a tag that does not fit ends the reading.

import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { lineText } from '../text.ts'

/** What a tag is (clause 20.2.1): a value of a known type, a value named by its place, or the bracket around several. */
type TagKind = 'application' | 'context' | 'opening' | 'closing'

const BOOLEAN = 1
const CHARACTER_STRING = 7

export class TagReader {
  buf: Uint8Array = new Uint8Array(0)
  /** Where the next tag begins. */
  next = 0
  end = 0
  /** Of the last tag read. */
  kind: TagKind = 'application'
  number = -1
  /** Its content. */
  off = 0
  length = 0

  reset(buf: Uint8Array, off: number, end: number): void {
    this.buf = buf
    this.next = off
    this.end = end
    this.number = -1
  }

  get isAtEnd(): boolean {
    return this.next >= this.end
  }

  /** Steps over the next tag with its content; false at the end, and when it does not fit (clauses 20.2.1.2, 20.2.1.3). */
  read(): boolean {
    const { buf, end } = this
    let at = this.next
    if (at >= end) return false
    const head = u8(buf, at++)
    this.number = head >>> 4
    if (this.number === 15) {
      if (at >= end) return false
      this.number = u8(buf, at++)
    }
    this.off = at
    this.length = head & 7
    this.kind = (head & 8) === 0 ? 'application' : this.length === 6 ? 'opening' : this.length === 7 ? 'closing' : 'context'
    if (this.kind === 'opening' || this.kind === 'closing') this.length = 0
    else if (this.length === 5) this.#extended()
    // The value of a boolean stands where others have their length (clause 20.2.3).
    if (this.kind === 'application' && this.number === BOOLEAN) this.length = 0
    if (this.length < 0 || this.off + this.length > end) return false
    this.next = this.off + this.length
    return true
  }

  /** Clause 20.2.1.3.1: a byte up to 253; 254 says that two follow, 255 that four do. */
  #extended(): void {
    const { buf, off, end } = this
    const first = off < end ? u8(buf, off) : 0
    const bytes = first < 254 ? 1 : first === 254 ? 3 : 5
    this.off = off + bytes
    if (this.off > end) this.length = -1
    else this.length = bytes === 1 ? first : bytes === 3 ? u16be(buf, off + 1) : u32be(buf, off + 1)
  }

  /** True when the next tag is this one; then it has been read. Otherwise nothing has moved. */
  take(kind: TagKind, number: number): boolean {
    const from = this.next
    if (this.read() && this.kind === kind && this.number === number) return true
    this.next = from
    return false
  }

  /** The content as a number of up to four bytes; -1 when it is none. */
  unsigned(): number {
    return unsignedAt(this.buf, this.off, this.length, this.end)
  }

  /** The content of a character string; null for other tags, for encodings other than 0 (ANSI or UTF-8), and when it is empty. */
  text(): string | null {
    if (this.kind !== 'application' || this.number !== CHARACTER_STRING || this.length < 2 || u8(this.buf, this.off) !== 0) return null
    return lineText(this.buf, this.off + 1, this.off + this.length)
  }

  /** After an opening tag: over everything up to the closing one that belongs to it. False when there is none. */
  skipBracket(): boolean {
    for (let depth = 1; depth > 0;) {
      if (!this.read()) return false
      if (this.kind === 'opening') depth++
      else if (this.kind === 'closing') depth--
    }
    return true
  }
}

/** Up to four bytes, as BACnet writes numbers; -1 when they are not there. */
export function unsignedAt(buf: Uint8Array, off: number, bytes: number, end: number): number {
  if (bytes < 1 || bytes > 4 || off + bytes > end) return -1
  let value = 0
  for (let i = 0; i < bytes; i++) value = value * 256 + u8(buf, off + i)
  return value
}
