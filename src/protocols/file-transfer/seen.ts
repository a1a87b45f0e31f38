// FileSeen: one file while its bytes pass: content into hash and magic, places into coverage.
// Keeps the rule that a hash is claimed only of a file that was seen whole, and that nothing of it stays.

import { Content, type HeldBudget } from './content.ts'
import { Coverage } from './coverage.ts'
import type { FileTransfer } from './facts.ts'

/** What a fact says of the bytes. */
export type FileMeasure = Pick<FileTransfer, 'size' | 'covered' | 'complete' | 'sha256' | 'magic'>

export class FileSeen {
  readonly #content: Content
  readonly #coverage = new Coverage()
  #isOverwritten = false

  constructor(budget: HeldBudget) {
    this.#content = new Content(budget)
  }

  get covered(): number {
    return this.#coverage.total
  }

  /** Where the last byte seen ends. */
  get extent(): number {
    return this.#coverage.extent
  }

  /** File bytes at `offset`. The same place twice counts once; its later bytes are not in the hash. */
  add(offset: number, buf: Uint8Array, off: number, end: number): void {
    this.#content.add(offset, buf, off, end)
    this.cover(offset, offset + end - off)
  }

  /** Bytes for the hash and magic alone; their place is told by `cover` when it is known how far they went. */
  pass(offset: number, buf: Uint8Array, off: number, end: number): void {
    this.#content.add(offset, buf, off, end)
  }

  cover(start: number, end: number): void {
    this.#coverage.add(start, end)
  }

  /** True when the byte at `offset` was seen. */
  has(offset: number): boolean {
    return this.#coverage.has(offset)
  }

  /** What passed is not what is stored: written over, refused, or only partly taken. No hash will be claimed. */
  doubt(): void {
    this.#isOverwritten = true
  }

  isWhole(size: number): boolean {
    return this.#coverage.isWhole(size)
  }

  /** The word for its first bytes, as far as they came. */
  magic(): string | null {
    return this.#content.magic()
  }

  /** What can be said, and the end: everything held is let go of. */
  finish(size: number | null): FileMeasure {
    const complete = size !== null && this.#coverage.isWhole(size) && !this.#isOverwritten
    const sha256 = complete ? this.#content.sha256(size) : null
    const magic = this.#content.magic()
    this.#content.release()
    return { size, covered: this.#coverage.total, complete, sha256, magic }
  }
}
