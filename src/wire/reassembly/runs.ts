// Runs: the bytes of one datagram. Fragments nearly always come in order: they are laid end to end in lent memory, and only when one
// does not follow do they become pieces. Keeps the rule that both ways say and give the same (runs.test.ts compares them).

import type { Wins } from './overlap.ts'
import { PieceNote, Pieces } from './pieces.ts'

/** The smallest memory lent: a spray of tiny fragments then wastes a quarter of a kilobyte each. */
const LENT_BYTES_MIN = 256
/** Doublings up to 64 KiB, the longest datagram. */
const SIZES = 9
/** Free memory kept of each size: what a busy file server has in flight at once; 8 MiB when all are full. */
const FREE_MAX = 64
/** Whole datagrams whose bytes may still be read: a datagram in a tunnel in a datagram, and so on, as deep as a frame is entered. */
const WHOLE_MAX = 16

/** Memory for datagrams, used again and again. */
export class Lender {
  readonly #free: Uint8Array[][] = Array.from({ length: SIZES }, () => [])
  /** Round and round: the one at #next is there longest. */
  readonly #whole: (Uint8Array | null)[] = Array.from({ length: WHOLE_MAX }, () => null)
  #next = 0

  /** At least `length` bytes, not cleared. */
  lend(length: number): Uint8Array {
    const size = sizeOf(length)
    return this.#free[size]?.pop() ?? new Uint8Array(LENT_BYTES_MIN << size)
  }

  giveBack(bytes: Uint8Array): void {
    const free = this.#free[sizeOf(bytes.length)] as Uint8Array[]
    if (free.length < FREE_MAX) free.push(bytes)
  }

  /** The memory of a datagram that is whole: somebody reads it now, and it comes back when some others are whole. */
  read(bytes: Uint8Array): void {
    const before = this.#whole[this.#next] ?? null
    this.#whole[this.#next] = bytes
    this.#next = (this.#next + 1) % WHOLE_MAX
    if (before !== null) this.giveBack(before)
  }
}

function sizeOf(length: number): number {
  return length <= LENT_BYTES_MIN ? 0 : 32 - Math.clz32((length - 1) >>> 8)
}

/** Room for the ends of fragments that is used again; of a datagram of more it goes. The longest in pieces of Ethernet's size has 45. */
const ENDS_KEPT = 64

export class Runs {
  readonly #lender: Lender
  /** In order so far: [0, #length) of #bytes; null when there is nothing, or pieces instead. */
  #bytes: Uint8Array | null = null
  #length = 0
  /** Where each fragment in order ends: the first #count of them are meant, for cutting an array short is no small thing. */
  #ends: number[] = []
  #count = 0
  #pieces: Pieces | null = null

  constructor(lender: Lender) {
    this.#lender = lender
  }

  get count(): number {
    return this.#pieces === null ? this.#count : this.#pieces.count
  }

  get covered(): number {
    return this.#pieces === null ? this.#length : this.#pieces.covered
  }

  /** Bytes of memory that count against the bound: those of the fragments. */
  get held(): number {
    return this.#pieces === null ? this.#length : this.#pieces.held
  }

  /** Where the farthest bytes end. */
  get end(): number {
    return this.#pieces === null ? this.#length : (this.#pieces.last()?.end ?? 0)
  }

  /** As Pieces.insert. */
  insert(start: number, buf: Uint8Array, off: number, end: number, wins: Wins): number {
    if (this.#pieces === null && start === this.#length) {
      this.#append(buf, off, end)
      return PieceNote.fresh
    }
    return this.#asPieces(wins).insert(start, buf, off, end, wins)
  }

  /** As Pieces.compare. */
  compare(start: number, buf: Uint8Array, off: number, end: number, wins: Wins): number {
    return start >= this.#length && this.#pieces === null ? 0 : this.#asPieces(wins).compare(start, buf, off, end)
  }

  #append(buf: Uint8Array, off: number, end: number): void {
    const length = this.#length + (end - off)
    let bytes = this.#bytes
    if (bytes === null || length > bytes.length) {
      const longer = this.#lender.lend(length)
      if (bytes !== null) {
        longer.set(bytes.subarray(0, this.#length))
        this.#lender.giveBack(bytes)
      }
      this.#bytes = bytes = longer
    }
    copy(buf, off, end, bytes, this.#length)
    this.#length = length
    this.#ends[this.#count++] = length
  }

  /** From here on as pieces: each fragment with its own beginning and end, which the policy of the target may ask for. */
  #asPieces(wins: Wins): Pieces {
    if (this.#pieces !== null) return this.#pieces
    const pieces = new Pieces()
    let start = 0
    for (let i = 0; i < this.#count; i++) {
      const end = this.#ends[i] as number
      if (this.#bytes !== null) pieces.insert(start, this.#bytes, start, end, wins)
      start = end
    }
    this.clear()
    this.#pieces = pieces
    return pieces
  }

  /** All bytes, for a datagram that is whole: the first `covered` of what is returned, to be read before long. Nothing is left here. */
  take(): Uint8Array {
    const bytes = this.#bytes ?? this.#joined()
    this.#bytes = null
    this.clear()
    this.#lender.read(bytes)
    return bytes
  }

  #joined(): Uint8Array {
    const bytes = this.#lender.lend(this.covered)
    bytes.fill(0, 0, this.covered)
    for (let piece = this.#pieces?.shift(); piece; piece = this.#pieces?.shift()) if (piece.bytes !== null) bytes.set(piece.bytes, piece.start)
    return bytes
  }

  /** Forgets all; the memory goes back. */
  clear(): void {
    if (this.#bytes !== null) this.#lender.giveBack(this.#bytes)
    this.#bytes = null
    this.#length = 0
    this.#count = 0
    if (this.#ends.length > ENDS_KEPT) this.#ends = []
    this.#pieces = null
  }
}

/** Short stretches byte by byte: a view costs more than it saves. */
function copy(buf: Uint8Array, off: number, end: number, to: Uint8Array, toOff: number): void {
  if (end - off > 128) to.set(buf.subarray(off, end), toOff)
  else for (let i = off; i < end; i++) to[toOff + i - off] = buf[i] as number
}
