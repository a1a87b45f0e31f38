// SlowHl7Stream: the HL7 framer line by line and letter by letter: slow twin of protocols/hl7/stream.ts.
// Keeps the rule that a clever engine has a slow twin: over any bytes in any split both must say the same.

import {
  HL7_BATCH_SEGMENTS, HL7_MESSAGE_BYTES_MAX, HL7_MESSAGE_HEADER, Hl7Byte, isBlankByte, isDelimiterByte, isLineEnd, type Hl7Fault,
} from '../protocols/hl7/codes.ts'
import type { Hl7MessageSink } from '../protocols/hl7/stream.ts'

const toBytes = (name: string): readonly number[] => [...name].map((letter) => letter.charCodeAt(0))
const OPENER = toBytes(HL7_MESSAGE_HEADER)
/** The opener and the wrappers. */
const HEADERS: readonly (readonly number[])[] = [OPENER, ...HL7_BATCH_SEGMENTS.map(toBytes)]
/** Three letters and the separator behind them. */
const HELD_MAX = 4

/** The framer of one direction, line by line. */
export class SlowHl7Stream {
  readonly #sink: Hl7MessageSink
  /** Inside an MLLP block: between 0x0B and 0x1C. */
  #inBlock = false
  /** A message was begun and not finished. */
  #isOpen = false
  /** Bytes outside a message are expected here (a batch header, the rest of a broken message): no fault for them. */
  #isQuiet: boolean
  #atLineStart = true
  /** A 0x0B was seen just before this line start. */
  #startBlock = false
  #held = new Uint8Array(HELD_MAX)
  #heldLength = 0
  #messageBytes = 0

  /** `midstream` when the beginning was not captured: the tail of a message is no fault then. */
  constructor(sink: Hl7MessageSink, midstream = false) {
    this.#sink = sink
    this.#isQuiet = midstream
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) at = this.#atLineStart ? this.#lineStart(buf, at) : this.#line(buf, at, end)
  }

  /** The sender paused: an unframed message without a last line end may be over, so a header may begin right here. */
  pause(): void {
    if (this.#isOpen && !this.#inBlock && !this.#atLineStart) this.#atLineStart = true
  }

  /** Bytes are missing: the message they belong to is given up, the next header or block is looked for. */
  gap(): void {
    this.#heldLength = 0
    this.#close('lost-bytes')
    this.#isQuiet = true
    this.#inBlock = this.#startBlock = false
    this.#atLineStart = true
  }

  /** Nothing follows. Ready for the next datagram. Letters that were cut off on their way to a header are no fault. */
  end(): void {
    if (this.#isOpen && this.#heldLength > 0) this.#pass(this.#held, 0, this.#heldLength)
    this.#heldLength = 0
    this.#close(this.#inBlock ? 'no-end-block' : null)
    this.#inBlock = this.#startBlock = this.#isQuiet = false
    this.#atLineStart = true
  }

  /** Takes one byte at a line start, holding back what may become a header. */
  #lineStart(buf: Uint8Array, at: number): number {
    const c = buf[at] as number
    if (this.#heldLength === 0 && this.#frameByte(buf, at, c)) return at + 1
    if (this.#heldLength < HELD_MAX - 1 ? this.#mayBeHeader(c) : isDelimiterByte(c) || isLineEnd(c)) {
      this.#held[this.#heldLength++] = c
      if (this.#heldLength === HELD_MAX) this.#header()
      return at + 1
    }
    this.#release()
    return at
  }

  /** Line ends and block bytes at a line start; an empty block (a keep-alive) ends here without a word. */
  #frameByte(buf: Uint8Array, at: number, c: number): boolean {
    if (c === Hl7Byte.startBlock) this.#startBlock = true
    else if (c === Hl7Byte.endBlock) this.#endBlock()
    else if (!isLineEnd(c)) return false
    else if (this.#isOpen) this.#pass(buf, at, at + 1)
    return true
  }

  #mayBeHeader(c: number): boolean {
    for (const letters of HEADERS) {
      if (letters[this.#heldLength] === c && this.#heldMatches(letters)) return true
    }
    return false
  }

  #heldMatches(letters: readonly number[]): boolean {
    for (let i = 0; i < this.#heldLength && i < letters.length; i++) if (letters[i] !== this.#held[i]) return false
    return true
  }

  /** Three letters of a header and a separator are here. */
  #header(): void {
    const opens = this.#heldMatches(OPENER)
    this.#close(this.#startBlock && this.#inBlock ? 'no-end-block' : null)
    if (this.#startBlock) this.#inBlock = true
    this.#startBlock = false
    this.#isQuiet = true
    const separator = this.#held[HELD_MAX - 1] as number
    if (opens) this.#open()
    else this.#heldLength = 0
    this.#atLineStart = isLineEnd(separator)
  }

  #open(): void {
    this.#isOpen = true
    this.#messageBytes = 0
    this.#sink.begin(this.#inBlock ? 'mllp' : 'bare')
    this.#pass(this.#held, 0, this.#heldLength)
    this.#heldLength = 0
  }

  /** What was held is no header after all: it is part of the line, and a 0x0B before it opened a block without one. */
  #release(): void {
    const length = this.#heldLength
    this.#heldLength = 0
    this.#atLineStart = false
    if (this.#startBlock && !this.#isOpen) this.#blockWithoutHeader()
    this.#startBlock = false
    if (this.#isOpen && length > 0) this.#pass(this.#held, 0, length)
    else if (length > 0) this.#outside()
  }

  #blockWithoutHeader(): void {
    this.#inBlock = true
    this.#isQuiet = true
    this.#sink.fault('no-header')
  }

  /** Passes bytes up to the next line end, block start or block end; returns where it stopped. */
  #line(buf: Uint8Array, off: number, end: number): number {
    const at = lineStop(buf, off, end)
    if (this.#isOpen) this.#pass(buf, off, at)
    else if (!this.#isQuiet && !isBlank(buf, off, at)) this.#outside()
    if (at >= end) return end
    const c = buf[at]
    if (c === Hl7Byte.endBlock) this.#endBlock()
    else if (c === Hl7Byte.startBlock) this.#startBlock = true
    else if (this.#isOpen) this.#pass(buf, at, at + 1)
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
