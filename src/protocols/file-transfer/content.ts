// Content: SHA-256 and magic of a file from its data, in whatever order it comes. The bytes go into the hash and are gone.
// Keeps the rule that file content never leaves: what is out of order waits here within named bounds, else the hash is given up.

import { Sha256 } from '../../base/sha256.ts'
import { copyBytes } from '../session-tools.ts'
import { magicOf, PREFIX_BYTES } from './magic.ts'

/** Out-of-order bytes that may wait per file: four READs of 1 MiB in flight, twice. */
const HELD_FILE_BYTES_MAX = 8 * 1024 * 1024
/** Out-of-order bytes that may wait in all files of one sensor. */
const HELD_ALL_BYTES_MAX = 32 * 1024 * 1024
/** Separate stretches that may wait per file; as many as coverage keeps apart. */
const PIECES_MAX = 256
/** Longest file that is hashed: firmware of bedside devices is below 64 MB; four times that costs one core about three seconds. */
const HASHED_BYTES_MAX = 256 * 1024 * 1024

/** Bytes waiting in all files together; one per row of a sensor. */
export interface HeldBudget {
  bytes: number
}

interface Piece {
  readonly start: number
  buf: Uint8Array
  length: number
}

/** One file's running hash and its first bytes. */
export class Content {
  readonly #budget: HeldBudget
  #hash: Sha256 | null = new Sha256()
  /** Bytes [0, #hashed) are in the hash. */
  #hashed = 0
  #pieces: Piece[] = []
  #held = 0
  readonly #prefix = new Uint8Array(PREFIX_BYTES)
  readonly #prefixSeen = new Uint8Array(PREFIX_BYTES)

  constructor(budget: HeldBudget) {
    this.#budget = budget
  }

  /** Adds file bytes that start at `offset`. */
  add(offset: number, buf: Uint8Array, off: number, end: number): void {
    for (let i = offset; i < PREFIX_BYTES && off + i - offset < end; i++) {
      this.#prefix[i] = buf[off + i - offset] as number
      this.#prefixSeen[i] = 1
    }
    if (this.#hash === null) return
    if (offset > this.#hashed) return this.#hold(offset, buf, off, end)
    this.#advance(offset, buf, off, end)
    if (this.#pieces.length > 0) this.#drain()
  }

  /** SHA-256 of a file of `size` bytes, or null when not all of it went through the hash. Call at most once with a result. */
  sha256(size: number): string | null {
    return this.#hash !== null && this.#hashed === size ? this.#hash.hex() : null
  }

  /** Kind of file by its first bytes; null when byte 0 was not seen. */
  magic(): string | null {
    const missing = this.#prefixSeen.indexOf(0)
    const known = missing < 0 ? PREFIX_BYTES : missing
    return known === 0 ? null : magicOf(this.#prefix, known)
  }

  /** Lets go of everything held; call when the file is done with. */
  release(): void {
    this.#budget.bytes -= this.#held
    this.#held = 0
    this.#pieces = []
    this.#hash = null
  }

  #advance(offset: number, buf: Uint8Array, off: number, end: number): void {
    const start = off + this.#hashed - offset
    if (start >= end || this.#hash === null) return
    if (this.#hashed + end - start > HASHED_BYTES_MAX) return this.release()
    this.#hash.update(buf, start, end)
    this.#hashed += end - start
  }

  #hold(offset: number, buf: Uint8Array, off: number, end: number): void {
    const bytes = end - off
    if (bytes === 0) return
    let piece = this.#pieces.find((p) => p.start + p.length === offset)
    const full = this.#held + bytes > HELD_FILE_BYTES_MAX || this.#budget.bytes + bytes > HELD_ALL_BYTES_MAX
    if (full || (piece === undefined && this.#pieces.length >= PIECES_MAX)) return this.release()
    if (piece === undefined) {
      piece = { start: offset, buf: new Uint8Array(bytes), length: 0 }
      this.#pieces.push(piece)
    }
    append(piece, buf, off, end)
    this.#held += bytes
    this.#budget.bytes += bytes
  }

  /** Hashes the pieces that have become contiguous; at most PIECES_MAX rounds. */
  #drain(): void {
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
      this.#pieces = this.#pieces.filter((p) => p !== piece)
      this.#held -= piece.length
      this.#budget.bytes -= piece.length
      this.#advance(piece.start, piece.buf, 0, piece.length)
    }
  }

  #next(): Piece | undefined {
    return this.#pieces.find((p) => p.start <= this.#hashed)
  }
}

function append(piece: Piece, buf: Uint8Array, off: number, end: number): void {
  const need = piece.length + end - off
  if (need > piece.buf.length) {
    const bigger = new Uint8Array(Math.max(need, piece.buf.length * 2))
    bigger.set(piece.buf)
    piece.buf = bigger
  }
  copyBytes(buf, off, end, piece.buf, piece.length)
  piece.length = need
}
