// Body: one message's content on its way. Its first bytes decide whether it is a file that could change a device; others pass unread.
// Keeps the rule that content never leaves, and that what is decided follows from places in the body, never from segments.

import type { HeldBudget } from '../file-transfer/content.ts'
import { isPacked, isRunnable, magicOf } from '../file-transfer/magic.ts'
import { FileSeen, type FileMeasure } from '../file-transfer/seen.ts'

/** The longest row of magic.ts. */
const DECIDING_BYTES = 8

/** What the head of a message says of its body. */
export interface BodyHead {
  /** Last part of the path, or the name of an attachment, as a fact may hold it. */
  readonly name: string | null
  /** Its name says that it is a program, an image, an archive or a setting, or it is sent as an attachment. */
  readonly isFile: boolean
  /** Compressed for the way (Content-Encoding): the bytes are not the file's. */
  readonly isCoded: boolean
  /** Content-Range: where it starts in the file; the file's size, from there or from Content-Length. */
  readonly from: number
  readonly wholeSize: number | null
}

/** Gets a file that has passed; its name is as a fact may hold it. */
export type TellFile = (name: string | null, measure: FileMeasure) => void

/** What takes the bytes of one message's body, in order. */
export interface MessageBody {
  add(buf: Uint8Array, off: number, end: number): void
  lose(bytes: number): void
  /** No more will come. `isWhole`: the body came to its end. */
  finish(isWhole: boolean): void
}

export class Body implements MessageBody {
  readonly head: BodyHead
  readonly #held: HeldBudget
  readonly #tell: TellFile
  readonly #first = new Uint8Array(DECIDING_BYTES)
  /** Bytes of the body so far; lost ones count. */
  #bytes = 0
  #seen: FileSeen | null = null
  #isOther = false

  constructor(head: BodyHead, held: HeldBudget, tell: TellFile) {
    this.head = head
    this.#held = held
    this.#tell = tell
  }

  add(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end && this.#bytes < DECIDING_BYTES && this.#seen === null) {
      this.#first[this.#bytes++] = buf[at++] as number
      if (this.#bytes === DECIDING_BYTES) this.#decide()
    }
    if (at >= end) return
    this.#seen?.add(this.head.from + this.#bytes, buf, at, end)
    this.#bytes += end - at
  }

  lose(bytes: number): void {
    // What the first bytes were is not known any more: a name alone decides.
    if (this.#bytes < DECIDING_BYTES && this.head.isFile) this.#decide()
    else if (this.#bytes < DECIDING_BYTES) this.#isOther = true
    this.#bytes += bytes
  }

  /** Tells the file, when it was one. */
  finish(isWhole: boolean): void {
    if (this.#bytes < DECIDING_BYTES) this.#decide()
    if (this.#seen === null || this.#bytes === 0) return
    if (this.head.isCoded) this.#seen.doubt()
    const { from, wholeSize } = this.head
    this.#tell(this.head.name, this.#seen.finish(wholeSize ?? (isWhole ? from + this.#bytes : null)))
  }

  #decide(): void {
    if (this.#isOther || this.#seen !== null) return
    const length = Math.min(this.#bytes, DECIDING_BYTES)
    const magic = length === 0 ? null : magicOf(this.#first, length)
    const looksLikeFile = !this.head.isCoded && this.head.from === 0 && (isRunnable(magic) || isPacked(magic))
    if (!this.head.isFile && !looksLikeFile) {
      this.#isOther = true
      return
    }
    this.#seen = new FileSeen(this.#held)
    this.#seen.add(this.head.from, this.#first, 0, length)
  }
}
