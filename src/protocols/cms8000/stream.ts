// CMS8000 framing: bytes of one direction in any split -> whole frames; after garbage or loss, finds the next frame by itself.
// Keeps the rule that a frame whole in its chunk is handed on without a copy, and that a copied one is wiped after use.

import { u16le, u8 } from '../../wire/bytes.ts'
import { copyBytes } from '../session-tools.ts'
import { CMS_FRAME_MAX, CMS_HEADER_BYTES } from './codes.ts'
import { HEAD_NO, HEAD_YES, isCmsHead, judgeHeadInNoise } from './head.ts'

/** Where frames go. The body [bodyOff, bodyEnd) is valid during the call only. */
export interface CmsFrameSink {
  frame(type: number, buf: Uint8Array, bodyOff: number, bodyEnd: number): void
  /** A frame start was found again after `skipped` bytes that fit no frame (0 when a loss ended exactly at one). */
  resync(skipped: number): void
}

/** `step`: every frame follows the one before. `search`: the next frame start is being looked for. */
type Mode = 'step' | 'search'

/** First allocation: below one Ethernet payload, as most frames that are cut are. */
const HELD_BYTES_FIRST = 512
const NOTHING = new Uint8Array(0)

/** The framer of one direction. Holds at most one frame (CMS_FRAME_MAX bytes), and only while a chunk ends inside it. */
export class CmsStream {
  readonly #sink: CmsFrameSink
  #mode: Mode
  /** True when finding the start is news: bytes were skipped or lost, not merely a late start. */
  #lostStep = false
  #skipped = 0
  #held: Uint8Array = NOTHING
  #heldLength = 0
  /** Bytes that must be there before the next step can do anything. Never above CMS_FRAME_MAX. */
  #needs = CMS_HEADER_BYTES

  /** `start` is `search` for a flow whose beginning was not captured. */
  constructor(sink: CmsFrameSink, start: Mode = 'step') {
    this.#sink = sink
    this.#mode = start
  }

  /** Bytes waiting for the rest of their frame. */
  get heldBytes(): number {
    return this.#heldLength
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    const at = this.#heldLength > 0 ? this.#feedHeld(buf, off, end) : off
    if (this.#heldLength > 0 || at >= end) return
    const rest = this.#run(buf, at, end)
    if (rest < end) this.#hold(buf, rest, end)
  }

  /** Bytes are missing here: what is held can no longer become a frame, so the next start must be searched for. */
  gap(): void {
    this.#skipped += this.#heldLength
    this.#wipe(this.#heldLength)
    this.#mode = 'search'
    this.#lostStep = true
    this.#needs = CMS_HEADER_BYTES
  }

  /** The direction is over: skipped bytes that met no frame are told. A frame cut by the end is not counted. */
  end(): void {
    if (this.#mode === 'search') this.#skipped += this.#heldLength
    this.#wipe(this.#heldLength)
    if (this.#skipped > 0) this.#sink.resync(this.#skipped)
    this.#skipped = 0
  }

  /** Tops the held bytes up to what is needed until they are used up; returns how far the chunk was read. */
  #feedHeld(buf: Uint8Array, off: number, end: number): number {
    let at = off
    while (this.#heldLength > 0) {
      const take = Math.min(this.#needs - this.#heldLength, end - at)
      const held = this.#buffer(this.#heldLength + take)
      copyBytes(buf, at, at + take, held, this.#heldLength)
      this.#heldLength += take
      at += take
      if (this.#heldLength < this.#needs) return at
      this.#dropHeld(this.#run(held, 0, this.#heldLength))
      if (this.#heldLength <= at - off) return at - this.#giveBack()
    }
    return at
  }

  /** What is still held lies in the chunk too: read it there, without a copy. Returns how many bytes that are. */
  #giveBack(): number {
    const bytes = this.#heldLength
    this.#wipe(bytes)
    return bytes
  }

  /** Moves what is left to the front and wipes the bytes behind it. */
  #dropHeld(used: number): void {
    const before = this.#heldLength
    const held = this.#buffer(before)
    held.copyWithin(0, used, before)
    this.#heldLength = before - used
    held.fill(0, this.#heldLength, before)
  }

  #hold(buf: Uint8Array, off: number, end: number): void {
    const held = this.#buffer(end - off)
    copyBytes(buf, off, end, held, 0)
    this.#heldLength = end - off
  }

  /** Room for `bytes`, never above CMS_FRAME_MAX. It grows with what came, not with what a head promises: a head is cheap to forge. */
  #buffer(bytes: number): Uint8Array {
    if (bytes <= this.#held.length) return this.#held
    const grown = new Uint8Array(Math.min(CMS_FRAME_MAX, Math.max(bytes, HELD_BYTES_FIRST, 2 * this.#held.length)))
    grown.set(this.#held)
    this.#held.fill(0)
    this.#held = grown
    return grown
  }

  #wipe(length: number): void {
    this.#held.fill(0, 0, length)
    this.#heldLength = 0
  }

  /** Reads frames from [off, end) while they are whole; returns where it stopped, with #needs counted from there. */
  #run(buf: Uint8Array, off: number, end: number): number {
    let at = off
    for (;;) {
      const next = this.#mode === 'step' ? this.#stepOnce(buf, at, end) : this.#search(buf, at, end)
      if (next < 0) return -next - 1
      at = next
    }
  }

  /** One frame in step. Returns the new offset, or `waiting(offset)` when more bytes are needed. */
  #stepOnce(buf: Uint8Array, off: number, end: number): number {
    this.#needs = CMS_HEADER_BYTES
    if (end - off < this.#needs) return waiting(off)
    if (!isCmsHead(buf, off)) {
      this.#mode = 'search'
      this.#lostStep = true
      return off
    }
    const frameEnd = off + u16le(buf, off) + 2
    this.#needs = frameEnd - off
    if (frameEnd > end) return waiting(off)
    this.#sink.frame(u8(buf, off + 3), buf, off + CMS_HEADER_BYTES, frameEnd)
    return frameEnd
  }

  /** Scans for a frame start: the mark 0x05 two bytes on, then a length and first bytes its type allows (facts cms8000 2). */
  #search(buf: Uint8Array, off: number, end: number): number {
    for (let at = off; at < end; at++) {
      const judgement = judgeHeadInNoise(buf, at, end)
      if (judgement === HEAD_NO) {
        this.#skipped += 1
        continue
      }
      if (judgement !== HEAD_YES) {
        this.#needs = judgement
        return waiting(at)
      }
      this.#found()
      return at
    }
    this.#needs = CMS_HEADER_BYTES
    return waiting(end)
  }

  #found(): void {
    if (this.#lostStep || this.#skipped > 0) this.#sink.resync(this.#skipped)
    this.#mode = 'step'
    this.#lostStep = false
    this.#skipped = 0
  }
}

/** A negative number that carries an offset: no object per step. */
function waiting(off: number): number {
  return -off - 1
}
