// HL7 framing: bytes of one direction in any split -> messages, framed by MLLP or bare, alone or in batches.
// Keeps the rule that a message is passed on as it comes and never stored: only the letters that might begin one are held back.

import {
  HL7_BATCH_SEGMENTS, HL7_MESSAGE_BYTES_MAX, HL7_MESSAGE_HEADER, Hl7Byte, isBlankByte, isDelimiterByte, isLineEnd, type Hl7Fault,
} from './codes.ts'
import { segmentLetters } from './names.ts'

export type Hl7Framing = 'mllp' | 'bare'

/** Where messages go: `begin`, any number of `bytes`, `finish`. `fault` stands for bytes that belong to no message. */
export interface Hl7MessageSink {
  begin(framing: Hl7Framing): void
  /** Valid during the call only. */
  bytes(buf: Uint8Array, off: number, end: number): void
  /** `flaw` null: the message is whole. `no-end-block`: it is, as far as anyone can tell. Else it is not. */
  finish(flaw: Hl7Fault | null): void
  fault(fault: Hl7Fault): void
}

const OPENER = segmentLetters(HL7_MESSAGE_HEADER)
/** The opener and the wrappers. */
const HEADERS: readonly number[] = [OPENER, ...HL7_BATCH_SEGMENTS.map(segmentLetters)]
const HEADER_LETTERS = 3
/** Three letters and the separator behind them. */
const HELD_MAX = HEADER_LETTERS + 1
/** Held bytes as bytes, during a call. */
const scratch = new Uint8Array(HELD_MAX)

/** What may stand at a line start, by byte: 1 where a header may begin, or a block, or a block may end. Line ends are told apart before. */
const ENDS_TEXT = new Uint8Array(256)
for (const letters of HEADERS) ENDS_TEXT[letters >>> 16] = 1
ENDS_TEXT[Hl7Byte.startBlock] = ENDS_TEXT[Hl7Byte.endBlock] = 1

/** The framer of one direction. */
export class Hl7Stream {
  readonly #sink: Hl7MessageSink
  /** Inside an MLLP block: between 0x0B and 0x1C. */
  #inBlock = false
  /** A message was begun and not finished. */
  #isOpen = false
  /** Bytes outside a message are expected here (a batch header, the rest of a broken message): no fault for them. So they are while one is open. */
  #isQuiet: boolean
  #atLineStart = true
  /** A 0x0B was seen just before this line start. */
  #startBlock = false
  /** Bytes held back, as one number, and how many. */
  #held = 0
  #heldLength = 0
  #messageBytes = 0

  /** `midstream` when the beginning was not captured: the tail of a message is no fault then. */
  constructor(sink: Hl7MessageSink, midstream = false) {
    this.#sink = sink
    this.#isQuiet = midstream
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) {
      if (this.#atLineStart) at = this.#lineStart(buf, at, end)
      else at = this.#isOpen ? this.#message(buf, at, end) : this.#line(buf, at, end)
    }
  }

  /** The sender paused: an unframed message without a last line end may be over, so a header may begin right here. */
  pause(): void {
    if (this.#isOpen && !this.#inBlock && !this.#atLineStart) this.#atLineStart = true
  }

  /** Bytes are missing: the message they belong to is given up, the next header or block is looked for. */
  gap(): void {
    this.#held = this.#heldLength = 0
    this.#close('lost-bytes')
    this.#isQuiet = true
    this.#inBlock = this.#startBlock = false
    this.#atLineStart = true
  }

  /** Nothing follows. Ready for the next datagram. Letters that were cut off on their way to a header are no fault. */
  end(): void {
    if (this.#isOpen && this.#heldLength > 0) this.#passHeld()
    this.#held = this.#heldLength = 0
    this.#close(this.#inBlock ? 'no-end-block' : null)
    this.#inBlock = this.#startBlock = this.#isQuiet = false
    this.#atLineStart = true
  }

  /** Reads a header at a line start at once, or takes one byte and holds back what may become one. */
  #lineStart(buf: Uint8Array, at: number, end: number): number {
    const c = buf[at] as number
    if (this.#heldLength === 0) {
      if (this.#frameByte(buf, at, c)) return at + 1
      if (end - at >= HELD_MAX) return this.#wholeStart(buf, at)
    }
    if (this.#heldLength < HEADER_LETTERS ? mayBeHeader((this.#held << 8) | c, this.#heldLength + 1) : endsHeader(c)) {
      this.#held = (this.#held << 8) | c
      this.#heldLength++
      if (this.#heldLength === HELD_MAX) this.#heldHeader()
      return at + 1
    }
    this.#release()
    return at
  }

  /** Line ends and block bytes at a line start; an empty block (a keep-alive) ends here without a word. */
  #frameByte(buf: Uint8Array, at: number, c: number): boolean {
    if (c > Hl7Byte.endBlock) return false
    if (c === Hl7Byte.startBlock) this.#startBlock = true
    else if (c === Hl7Byte.endBlock) this.#endBlock()
    else if (!isLineEnd(c)) return false
    else if (this.#isOpen) this.#pass(buf, at, at + 1)
    return true
  }

  /** A line start that lies here with all that may be a header; nothing is taken. */
  #wholeStart(buf: Uint8Array, at: number): number {
    const letters = ((buf[at] as number) << 16) | ((buf[at + 1] as number) << 8) | (buf[at + 2] as number)
    if (ENDS_TEXT[letters >>> 16] === 1 && HEADERS.includes(letters) && endsHeader(buf[at + HEADER_LETTERS] as number)) this.#header(letters)
    else this.#release()
    return at
  }

  #heldHeader(): void {
    const letters = this.#held >>> 8
    const separator = this.#held & 0xff
    this.#header(letters)
    if (letters === OPENER) this.#passHeld()
    this.#held = this.#heldLength = 0
    this.#atLineStart = isLineEnd(separator)
  }

  /** Three letters of a header and a separator are here. */
  #header(letters: number): void {
    this.#close(this.#startBlock && this.#inBlock ? 'no-end-block' : null)
    if (this.#startBlock) this.#inBlock = true
    this.#startBlock = this.#atLineStart = false
    this.#isQuiet = true
    if (letters === OPENER) this.#open()
  }

  #open(): void {
    this.#isOpen = true
    this.#messageBytes = 0
    this.#sink.begin(this.#inBlock ? 'mllp' : 'bare')
  }

  /** What was held is no header after all: it is part of the line, and a 0x0B before it opened a block without one. */
  #release(): void {
    const length = this.#heldLength
    this.#atLineStart = false
    if (this.#startBlock && !this.#isOpen) this.#blockWithoutHeader()
    this.#startBlock = false
    if (this.#isOpen && length > 0) this.#passHeld()
    else if (length > 0) this.#outside()
    this.#held = this.#heldLength = 0
  }

  #blockWithoutHeader(): void {
    this.#inBlock = true
    this.#isQuiet = true
    this.#sink.fault('no-header')
  }

  /** Passes lines of the open message up to a line start that may be more than text, or to the next block byte; returns where it stopped. */
  #message(buf: Uint8Array, off: number, end: number): number {
    let at = off
    while ((at = lineStop(buf, at, end)) < end && isLineEnd(buf[at] as number)) {
      do at++
      while (at < end && isLineEnd(buf[at] as number))
      if (at < end && ENDS_TEXT[buf[at] as number] === 0) continue
      this.#atLineStart = true
      this.#pass(buf, off, at)
      return at
    }
    this.#pass(buf, off, at)
    return at < end ? this.#onBlockByte(buf[at] as number, at) : end
  }

  /** Up to the next line end, block start or block end outside a message; returns where it stopped. */
  #line(buf: Uint8Array, off: number, end: number): number {
    const at = lineStop(buf, off, end)
    if (!this.#isQuiet && !isBlank(buf, off, at)) this.#outside()
    if (at >= end) return end
    this.#atLineStart = true
    return isLineEnd(buf[at] as number) ? at + 1 : this.#onBlockByte(buf[at] as number, at)
  }

  #onBlockByte(c: number, at: number): number {
    if (c === Hl7Byte.endBlock) this.#endBlock()
    else this.#startBlock = true
    this.#atLineStart = true
    return at + 1
  }

  #endBlock(): void {
    this.#close(null)
    this.#inBlock = this.#startBlock = this.#isQuiet = false
  }

  #outside(): void {
    if (this.#isQuiet) return
    this.#isQuiet = true
    this.#sink.fault('out-of-frame')
  }

  #passHeld(): void {
    for (let i = 0; i < this.#heldLength; i++) scratch[i] = this.#held >>> (8 * (this.#heldLength - 1 - i))
    this.#pass(scratch, 0, this.#heldLength)
  }

  #pass(buf: Uint8Array, off: number, end: number): void {
    const room = HL7_MESSAGE_BYTES_MAX - this.#messageBytes
    this.#messageBytes += end - off
    this.#sink.bytes(buf, off, Math.min(end, off + room))
    if (end - off > room) this.#close('too-long')
  }

  #close(flaw: Hl7Fault | null): void {
    if (this.#isOpen) this.#sink.finish(flaw)
    this.#isOpen = false
  }
}

/** The first `count` letters of a header. */
function mayBeHeader(letters: number, count: number): boolean {
  for (const header of HEADERS) if (header >>> (8 * (HEADER_LETTERS - count)) === letters) return true
  return false
}

const endsHeader = (c: number): boolean => isDelimiterByte(c) || isLineEnd(c)

/** First line end, block start or block end of [off, end); all lie at or below 0x1C, most text above. */
function lineStop(buf: Uint8Array, off: number, end: number): number {
  for (let at = off; at < end; at++) {
    const c = buf[at] as number
    if (c <= Hl7Byte.endBlock && (isLineEnd(c) || c === Hl7Byte.startBlock || c === Hl7Byte.endBlock)) return at
  }
  return end
}

function isBlank(buf: Uint8Array, off: number, end: number): boolean {
  for (let at = off; at < end; at++) if (!isBlankByte(buf[at] as number)) return false
  return true
}
