// Vista 120 framing: blocks out of a TCP stream in any split; out of step it looks for a head whose type and length agree.
// Keeps one block at most, wiped after use, and a search that looks at each byte once.

import { u16le } from '../../wire/bytes.ts'
import { CarryBuffer } from '../session-tools.ts'
import { VISTA_BLOCK_MAX, VISTA_HEAD_BYTES } from './codes.ts'
import { isVistaHead, vistaBlockAt } from './message.ts'

export interface VistaSink {
  /** A whole block at [off, end), its head included. */
  block(buf: Uint8Array, off: number, end: number): void
  /** The step was lost and found again `skipped` bytes later. */
  resync(skipped: number): void
}

export class VistaStream {
  readonly #sink: VistaSink
  readonly #carry = new CarryBuffer(VISTA_BLOCK_MAX)
  #searching: boolean
  #skipped = 0

  constructor(sink: VistaSink, searching: boolean) {
    this.#sink = sink
    this.#searching = searching
  }

  /** Bytes are lost before the next feed. */
  gap(): void {
    this.#skipped += this.#carry.length
    this.#wipe()
    this.#searching = true
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end || this.#carry.length > 0) {
      if (this.#carry.length === 0) at = this.#inPlace(buf, at, end)
      else if (!this.#readHeld()) {
        if (at >= end) return
        at += this.#carry.fill(buf, at, end, this.#wanted(this.#carry.bytes, 0, this.#carry.length))
      }
    }
  }

  /** Nothing is held: blocks are read where they are, and what is cut off at the end is kept. Returns the new offset. */
  #inPlace(buf: Uint8Array, off: number, end: number): number {
    const wanted = this.#wanted(buf, off, end)
    if (wanted === 0) return off + this.#giveUpByte()
    if (end - off < wanted) return off + this.#carry.fill(buf, off, end, wanted)
    this.#tell(buf, off, off + wanted)
    return off + wanted
  }

  /** True when the held bytes were a block, or their first one starts none; false when more must come. */
  #readHeld(): boolean {
    const held = this.#carry.length
    const wanted = this.#wanted(this.#carry.bytes, 0, held)
    if (wanted === 0) this.#carry.drop(this.#giveUpByte())
    else if (held < VISTA_HEAD_BYTES || held < wanted) return false
    else {
      this.#tell(this.#carry.bytes, 0, held)
      this.#wipe()
    }
    return true
  }

  /** Bytes needed from `off` for a whole block, the head's when it is not there; 0 when the byte at `off` starts none. */
  #wanted(buf: Uint8Array, off: number, end: number): number {
    if (end - off < VISTA_HEAD_BYTES) return VISTA_HEAD_BYTES
    const fits = this.#searching ? vistaBlockAt(buf, off) !== undefined : isVistaHead(buf, off)
    return fits ? u16le(buf, off) + 2 : 0
  }

  #giveUpByte(): number {
    this.#searching = true
    this.#skipped++
    return 1
  }

  #tell(buf: Uint8Array, off: number, end: number): void {
    if (this.#searching && this.#skipped > 0) this.#sink.resync(this.#skipped)
    this.#searching = false
    this.#skipped = 0
    this.#sink.block(buf, off, end)
  }

  #wipe(): void {
    this.#carry.bytes.fill(0, 0, this.#carry.length)
    this.#carry.clear()
  }
}
