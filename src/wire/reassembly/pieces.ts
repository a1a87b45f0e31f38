// Pieces: bytes that arrived ahead of their turn, kept sorted and never overlapping. Shared by IP and TCP reassembly.
// Keeps the rule that the first bytes to arrive win, and that what disagrees with them is seen and said.

/** What an insert found, as bits. */
export const PieceNote = {
  /** Some bytes were new and are kept. */
  fresh: 1,
  /** Some bytes were here already. */
  overlap: 2,
  /** Some bytes were here already with another value. */
  different: 4,
} as const

/** One run of bytes at [start, end) of the stream or datagram. `bytes` is null when they are known to be lost (snaplen). */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array | null
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

  clear(): void {
    this.#list.length = 0
    this.#covered = 0
    this.#held = 0
  }

  /** Copies the bytes [off, end) to stand at `start`, where nothing stands yet. Returns PieceNote bits. */
  insert(start: number, buf: Uint8Array, off: number, end: number): number {
    return this.#insert(start, start + (end - off), buf, off)
  }

  /** Marks [start, end) as lost, where nothing stands yet. Returns PieceNote bits. */
  insertLost(start: number, end: number): number {
    return this.#insert(start, end, null, 0)
  }

  /** True when some of [start, end) stands here already. */
  overlaps(start: number, end: number): boolean {
    const next = this.#list[this.#firstEndingAfter(start)]
    return next !== undefined && next.start < end
  }

  #insert(start: number, end: number, buf: Uint8Array | null, off: number): number {
    let notes = 0
    let pos = start
    let i = this.#firstEndingAfter(start)
    while (pos < end) {
      const next = this.#list[i]
      if (next === undefined || next.start > pos) {
        const stop = next === undefined ? end : Math.min(end, next.start)
        this.#keep(i, pos, stop, buf, off + (pos - start))
        notes |= PieceNote.fresh
        pos = stop
      } else {
        const stop = Math.min(end, next.end)
        notes |= PieceNote.overlap
        if (differs(next, pos, stop, buf, off + (pos - start))) notes |= PieceNote.different
        pos = stop
      }
      i++
    }
    return notes
  }

  #keep(index: number, start: number, end: number, buf: Uint8Array | null, off: number): void {
    const bytes = buf === null ? null : copyOf(buf, off, off + (end - start))
    this.#list.splice(index, 0, { start, end, bytes })
    this.#covered += end - start
    this.#held += bytes === null ? 0 : bytes.length
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

/** The one copy of reassembly: the caller's buffer is gone after the call. Not slice(): on a Node Buffer that is a view. */
function copyOf(buf: Uint8Array, off: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - off)
  bytes.set(buf.subarray(off, end))
  return bytes
}

function differs(piece: Piece, start: number, end: number, buf: Uint8Array | null, off: number): boolean {
  if (buf === null || piece.bytes === null) return false
  const delta = start - piece.start
  for (let i = 0; i < end - start; i++) if (piece.bytes[delta + i] !== buf[off + i]) return true
  return false
}
