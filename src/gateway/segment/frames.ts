// frames: messages on the pipe between the two processes: length, kind, bytes; written in large pieces, read wherever the pieces break.
// Keeps the rule that a frame longer than its bound is a fault that ends the connection, never a buffer that grows.

import type { Writable } from 'node:stream'

/** Readings of one frame by core/record.ts, or anything else. */
export const FrameKind = { readings: 1, control: 2 } as const

/** Length of all that follows u32, kind u8. */
const HEAD_BYTES = 5
/** What is gathered before it is written: some fifty beds' cycles; a pipe takes 64 KiB and more at a time. */
const PIECE_BYTES = 64 * 1024

/** Gathers the frames of one turn of the loop and writes them together. */
export class FrameWriter {
  readonly #out: Writable
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #used = 0
  #isPlanned = false

  constructor(out: Writable) {
    this.#out = out
  }

  /** Bytes that the other side has not taken. */
  get queuedBytes(): number {
    return this.#out.writableLength + this.#used
  }

  /** `bytes` are copied: the caller may use them again. */
  put(kind: number, bytes: Uint8Array): void {
    const length = HEAD_BYTES + bytes.length
    if (this.#used + length > this.#piece.length) this.flush()
    if (length > this.#piece.length) this.#piece = Buffer.allocUnsafeSlow(length)
    this.#piece.writeUInt32LE(bytes.length + 1, this.#used)
    this.#piece[this.#used + 4] = kind
    this.#piece.set(bytes, this.#used + HEAD_BYTES)
    this.#used += length
    this.#plan()
  }

  flush(): void {
    if (this.#used === 0) return
    this.#out.write(this.#piece.subarray(0, this.#used))
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#used = 0
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(() => {
      this.#isPlanned = false
      this.flush()
    })
  }
}

/** The frame's bytes are parts of what was pushed or copies of it, and stay as they are: pushed pieces are not written again. */
export type FrameSink = (kind: number, bytes: Uint8Array) => void

export class FrameReader {
  readonly #bytesMax: number
  readonly #sink: FrameSink
  /** Beginning of a frame whose end has not come. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #wanted = HEAD_BYTES

  constructor(bytesMax: number, sink: FrameSink) {
    this.#bytesMax = bytesMax
    this.#sink = sink
  }

  get isIdle(): boolean {
    return this.#heldBytes === 0
  }

  /** null, or what is wrong; then nothing more can be read. */
  push(piece: Uint8Array): string | null {
    if (this.#heldBytes + piece.length < this.#wanted) {
      this.#hold(piece)
      return null
    }
    const bytes = this.#heldBytes === 0 ? piece : this.#joined(piece)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (bytes.length - at >= HEAD_BYTES) {
      const length = view.getUint32(at, true)
      if (length === 0 || length > this.#bytesMax) return `a frame of ${length} bytes; at most ${this.#bytesMax} can be`
      const end = at + 4 + length
      if (end > bytes.length) {
        this.#keep(bytes.subarray(at), end - at)
        return null
      }
      this.#sink(view.getUint8(at + 4), bytes.subarray(at + HEAD_BYTES, end))
      at = end
    }
    this.#keep(bytes.subarray(at), HEAD_BYTES)
    return null
  }

  #joined(piece: Uint8Array): Uint8Array {
    const joined = Buffer.concat([...this.#held, piece], this.#heldBytes + piece.length)
    this.#held = []
    this.#heldBytes = 0
    return joined
  }

  #keep(rest: Uint8Array, wanted: number): void {
    this.#wanted = wanted
    if (rest.length > 0) this.#hold(rest)
  }

  #hold(piece: Uint8Array): void {
    this.#held.push(piece)
    this.#heldBytes += piece.length
  }
}
