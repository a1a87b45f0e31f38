// Pieces: bytes that arrived ahead of their turn, kept sorted and never overlapping. Shared by IP and TCP reassembly.
// Keeps the rule that the target's policy says whose bytes stay, and that what disagrees is seen and said whoever wins.

import { copyOf } from '../bytes.ts'
import type { Wins } from './overlap.ts'

/** What an insert found, as bits. */
export const PieceNote = {
  /** Some bytes were new and are kept. */
  fresh: 1,
  /** Some bytes were here already. */
  overlap: 2,
  /** Some bytes were here already with another value. */
  different: 4,
} as const

/**
 * One run of bytes at [start, end) of the stream or datagram, out of a packet that said [from, to). `bytes` is null when they are known
 * to be lost (snaplen).
 */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array | null
  readonly from: number
  readonly to: number
}

/** Grows without a bound of its own: the owner looks at `count` and `held` after each insert. */
export class Pieces {
  readonly #list: Piece[] = []
  #covered = 0
  #held = 0

  /** How many pieces there are. */
  get count(): number {
    return this.#list.length
  }

  /** Length of all pieces, lost ones too. */
  get covered(): number {
    return this.#covered
  }

  /** Bytes of memory held. */
  get held(): number {
    return this.#held
  }

  first(): Piece | null {
    return this.#list[0] ?? null
  }

  last(): Piece | null {
    return this.#list.at(-1) ?? null
  }

  /** Takes the first piece out. */
  shift(): Piece | null {
    const piece = this.#list.shift() ?? null
    if (piece !== null) this.#forget(piece)
    return piece
  }

  /** Takes the last piece out. */
  pop(): Piece | null {
    const piece = this.#list.pop() ?? null
    if (piece !== null) this.#forget(piece)
    return piece
  }

  /** Where the bytes that stand without a hole from 0 on end. */
  run(): number {
    let end = 0
    for (const piece of this.#list) {
      if (piece.start !== end || piece.bytes === null) break
      end = piece.end
    }
    return end
  }

  /** The bytes [0, end), of which `run` says that they are here. */
  joined(end: number): Uint8Array {
    const bytes = new Uint8Array(end)
    for (const piece of this.#list) {
      if (piece.start >= end || piece.bytes === null) break
      bytes.set(piece.bytes.subarray(0, end - piece.start), piece.start)
    }
    return bytes
  }

  clear(): void {
    this.#list.length = 0
    this.#covered = 0
    this.#held = 0
  }

  /**
   * Copies the bytes [off, end) to stand at `start`: where nothing stands yet, and where `wins` says so. `to` is where the packet they
   * came in ends, when its tail was not captured. Returns PieceNote bits.
   */
  insert(start: number, buf: Uint8Array, off: number, end: number, wins: Wins, to = start + (end - off)): number {
    return this.#insert({ start, end: start + (end - off), bytes: null, from: start, to }, buf, off, wins)
  }

  /** Marks [start, end) as lost, where nothing stands yet: unknown bytes never replace known ones. Returns PieceNote bits. */
  insertLost(start: number, end: number, from = start): number {
    return this.#insert({ start, end, bytes: null, from, to: end }, null, 0, null)
  }

  /** What inserting the bytes [off, end) at `start` would find of what stands here: overlap and different. Changes nothing. */
  compare(start: number, buf: Uint8Array, off: number, end: number): number {
    const last = start + (end - off)
    let notes = 0
    for (let i = this.#firstEndingAfter(start); i < this.#list.length; i++) {
      const piece = this.#list[i] as Piece
      if (piece.start >= last) break
      const from = Math.max(start, piece.start)
      notes |= PieceNote.overlap
      if (differs(piece, from, Math.min(last, piece.end), buf, off + (from - start))) notes |= PieceNote.different
    }
    return notes
  }

  /** `whole` says where it stands; its bytes are those of `buf` from `off` on. */
  #insert(whole: Piece, buf: Uint8Array | null, off: number, wins: Wins | null): number {
    const { start, end, from, to } = whole
    let notes = 0
    let pos = start
    let i = this.#firstEndingAfter(start)
    while (pos < end) {
      const next = this.#list[i]
      const isFree = next === undefined || next.start > pos
      const stop = Math.min(end, next === undefined ? end : isFree ? next.start : next.end)
      const at = off + (pos - start)
      if (isFree) {
        const bytes = buf === null ? null : copyOf(buf, at, at + (stop - pos))
        i = this.#put(i, 0, [{ start: pos, end: stop, bytes, from, to }])
        notes |= PieceNote.fresh
      } else {
        notes |= PieceNote.overlap | (differs(next, pos, stop, buf, at) ? PieceNote.different : 0)
        if (buf !== null && wins !== null && wins(from, to, next.from, next.to)) {
          i = this.#put(i, 1, around(next, { start: pos, end: stop, bytes: overwritten(next, pos, stop, buf, at), from, to }))
        } else i++
      }
      pos = stop
    }
    return notes
  }

  /** Puts `pieces` in the place of `instead` pieces at `index`; returns the index after them. */
  #put(index: number, instead: number, pieces: readonly Piece[]): number {
    for (const old of this.#list.splice(index, instead, ...pieces)) this.#forget(old)
    for (const piece of pieces) {
      this.#covered += piece.end - piece.start
      this.#held += piece.bytes === null ? 0 : piece.bytes.length
    }
    return index + pieces.length
  }

  #forget(piece: Piece): void {
    this.#covered -= piece.end - piece.start
    this.#held -= piece.bytes === null ? 0 : piece.bytes.length
  }

  /** Index of the first piece that ends after `start`, by halving. */
  #firstEndingAfter(start: number): number {
    let low = 0
    let high = this.#list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#list[middle] as Piece).end > start) high = middle
      else low = middle + 1
    }
    return low
  }
}

function differs(piece: Piece, start: number, end: number, buf: Uint8Array | null, off: number): boolean {
  if (buf === null || piece.bytes === null) return false
  const delta = start - piece.start
  for (let i = 0; i < end - start; i++) if (piece.bytes[delta + i] !== buf[off + i]) return true
  return false
}

/** The bytes of `piece` at [start, end) made those of `buf` from `off` on, in their own place when there is one. */
function overwritten(piece: Piece, start: number, end: number, buf: Uint8Array, off: number): Uint8Array {
  const length = end - start
  if (piece.bytes === null) return copyOf(buf, off, off + length)
  const bytes = piece.bytes.subarray(start - piece.start, end - piece.start)
  bytes.set(buf.subarray(off, off + length))
  return bytes
}

/** What is left of `old` on both sides of `middle`, and `middle`. The parts share the memory of `old`. */
function around(old: Piece, middle: Piece): Piece[] {
  const left = { ...old, end: middle.start, bytes: old.bytes?.subarray(0, middle.start - old.start) ?? null }
  const right = { ...old, start: middle.end, bytes: old.bytes?.subarray(middle.end - old.start) ?? null }
  return [left, middle, right].filter((piece) => piece.end > piece.start)
}
