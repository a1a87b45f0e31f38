// LineReader: lines out of a stream in any split, for protocols of text. A line whole in one piece is handed over where it lies.
// Keeps the rule of a named bound, given by the owner: a longer line is handed over as far as it goes, and said to be cut.

import { findByte, u8 } from '../wire/bytes.ts'
import { CarryBuffer } from './session-tools.ts'

const LF = 0x0a
const CR = 0x0d

/** Gets a line without its end. False: the bytes behind it are no lines; feed returns where they begin. */
export type OnLine = (buf: Uint8Array, off: number, end: number, isCut: boolean) => boolean

export class LineReader {
  readonly #carry: CarryBuffer
  readonly #bytesMax: number
  /** The rest of a line that was too long passes unread. */
  #isSkipping = false

  constructor(bytesMax: number) {
    this.#carry = new CarryBuffer(bytesMax)
    this.#bytesMax = bytesMax
  }

  /** Bytes were lost: the line begun is forgotten. */
  reset(): void {
    this.#carry.clear()
    this.#isSkipping = false
  }

  /** Gives where reading stopped: `end`, or behind the line that said stop. */
  feed(buf: Uint8Array, off: number, end: number, onLine: OnLine): number {
    let at = off
    while (at < end) {
      const lf = findByte(buf, LF, at, end)
      const stop = lf < 0 ? end : lf
      const goesOn = this.#piece(buf, at, stop, stop < end, onLine)
      at = stop < end ? stop + 1 : end
      if (!goesOn) return at
    }
    return end
  }

  #piece(buf: Uint8Array, off: number, stop: number, hasEnd: boolean, onLine: OnLine): boolean {
    if (this.#isSkipping) {
      if (hasEnd) this.#isSkipping = false
      return true
    }
    if (hasEnd && this.#carry.length === 0 && stop - off <= this.#bytesMax) return onLine(buf, off, withoutCr(buf, off, stop), false)
    const taken = this.#carry.fill(buf, off, stop, this.#bytesMax)
    const isCut = taken < stop - off
    if (!hasEnd && !isCut) return true
    this.#isSkipping = isCut && !hasEnd
    const { bytes, length } = this.#carry
    const goesOn = onLine(bytes, 0, isCut ? length : withoutCr(bytes, 0, length), isCut)
    this.#carry.clear()
    return goesOn
  }
}

function withoutCr(buf: Uint8Array, off: number, end: number): number {
  return end > off && u8(buf, end - 1) === CR ? end - 1 : end
}
