// ASTM framing: bytes of one direction in any split -> frames of E1381 with their checksum, or records as bare text.
// Keeps the rule that a frame is passed on as it comes and never stored: whether it was sound is said behind it.

import { ASTM_FRAME_BYTES_MAX, ASTM_HEADER, AstmByte, hexValue, type AstmFault } from './codes.ts'

export type AstmFraming = 'e1381' | 'bare'

export interface AstmSink {
  /** `number` 0 to 7, or -1 for a bare record. */
  begin(framing: AstmFraming, number: number): void
  /** Text of the frame; valid during the call only. */
  bytes(buf: Uint8Array, off: number, end: number): void
  /** `isSound`: the checksum fits. `isLast`: the record ends here. */
  finish(isSound: boolean, isLast: boolean): void
  /** ENQ, ACK, NAK or EOT between frames. */
  control(byte: number): void
  /** Bytes are missing: what follows may go on with a record whose beginning is not known. */
  lost(): void
  fault(fault: AstmFault): void
}

export type AstmState = 'idle' | 'number' | 'text' | 'sum-high' | 'sum-low' | 'bare' | 'skip'

/** What happens in each state; printed in the README. */
export const ASTM_STATES: readonly { readonly state: AstmState; readonly event: string; readonly next: AstmState }[] = [
  { state: 'idle', event: 'STX', next: 'number' },
  { state: 'idle', event: 'H at a line\'s start, without STX', next: 'bare' },
  { state: 'idle', event: 'ENQ, ACK, NAK, EOT, line ends', next: 'idle' },
  { state: 'idle', event: 'another byte', next: 'skip' },
  { state: 'number', event: '0 to 7', next: 'text' },
  { state: 'number', event: 'another byte', next: 'skip' },
  { state: 'text', event: 'ETX or ETB', next: 'sum-high' },
  { state: 'text', event: 'ENQ, EOT, or more than the bound', next: 'skip' },
  { state: 'text', event: 'STX', next: 'number' },
  { state: 'sum-high', event: 'a hexadecimal digit', next: 'sum-low' },
  { state: 'sum-low', event: 'a hexadecimal digit', next: 'idle' },
  { state: 'bare', event: 'ENQ, STX or EOT', next: 'idle' },
  { state: 'skip', event: 'STX', next: 'number' },
  { state: 'skip', event: 'ENQ, EOT', next: 'idle' },
  { state: 'skip', event: 'a line end, where records came bare', next: 'bare' },
]

/** The framer of one direction. */
export class AstmStream {
  readonly #sink: AstmSink
  #state: AstmState
  #sum = 0
  #stated = 0
  #isLast = false
  #length = 0
  /** A bare record is open. */
  #isOpen = false
  /** Records came bare: after a loss the next line is a record again. */
  #wasBare = false
  readonly #one = new Uint8Array(1)

  constructor(sink: AstmSink, midstream = false) {
    this.#sink = sink
    this.#state = midstream ? 'skip' : 'idle'
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) {
      if (this.#state === 'text') at = this.#text(buf, at, end)
      else if (this.#state === 'bare') at = this.#bare(buf, at, end)
      else this.#byte(buf[at++] as number)
    }
  }

  gap(): void {
    if (this.#isInside()) {
      this.#sink.finish(false, false)
      this.#sink.fault('lost-bytes')
    }
    this.#isOpen = false
    this.#state = 'skip'
    this.#sink.lost()
  }

  /** A bare record needs no CR when the flow ends. */
  end(): void {
    if (this.#state === 'bare' && this.#isOpen) this.#endBare()
    else if (this.#isInside()) this.#sink.finish(false, false)
    this.#state = 'idle'
  }

  #isInside(): boolean {
    return this.#state === 'text' || this.#state === 'sum-high' || this.#state === 'sum-low' || (this.#state === 'bare' && this.#isOpen)
  }

  #byte(c: number): void {
    switch (this.#state) {
      case 'number': return this.#number(c)
      case 'sum-high': case 'sum-low': return this.#checksum(c)
      default: return this.#between(c)
    }
  }

  #between(c: number): void {
    const isSkipping = this.#state === 'skip'
    if (c === AstmByte.stx) this.#state = 'number'
    else if (c === AstmByte.enq || c === AstmByte.eot) {
      this.#state = 'idle'
      this.#sink.control(c)
    } else if (c === AstmByte.ack || c === AstmByte.nak) this.#sink.control(c)
    else if (isSkipping && this.#wasBare && (c === AstmByte.cr || c === AstmByte.lf)) this.#state = 'bare'
    else if (!isSkipping && c === ASTM_HEADER) this.#openBare(c)
    else if (!isSkipping && c !== AstmByte.cr && c !== AstmByte.lf) {
      this.#state = 'skip'
      this.#sink.fault('out-of-frame')
    }
  }

  #number(c: number): void {
    if (c < 0x30 || c > 0x37) {
      this.#state = 'skip'
      this.#sink.fault('frame-number')
      if (c === AstmByte.stx || c === AstmByte.enq || c === AstmByte.eot) this.#between(c)
      return
    }
    this.#state = 'text'
    this.#sum = c
    this.#length = 0
    this.#sink.begin('e1381', c - 0x30)
  }

  /** Up to the next control character that means something here. CR is part of the text and ends a record. */
  #text(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + ASTM_FRAME_BYTES_MAX - this.#length + 1)
    let at = off
    while (at < stop && !isFrameControl(buf[at] as number)) {
      this.#sum = (this.#sum + (buf[at] as number)) & 255
      at++
    }
    this.#length += at - off
    if (at > off) this.#sink.bytes(buf, off, at)
    if (this.#length > ASTM_FRAME_BYTES_MAX) this.#breakOff('too-long')
    else if (at < end) this.#endText(buf[at++] as number)
    return at
  }

  #endText(c: number): void {
    if (c === AstmByte.etx || c === AstmByte.etb) {
      this.#sum = (this.#sum + c) & 255
      this.#isLast = c === AstmByte.etx
      this.#state = 'sum-high'
      return
    }
    this.#breakOff('no-frame-end')
    this.#between(c)
  }

  #breakOff(fault: AstmFault): void {
    this.#sink.finish(false, false)
    this.#sink.fault(fault)
    this.#state = 'skip'
  }

  #checksum(c: number): void {
    const digit = hexValue(c)
    if (digit < 0) {
      this.#breakOff('no-checksum')
      this.#between(c)
    } else if (this.#state === 'sum-high') {
      this.#stated = digit << 4
      this.#state = 'sum-low'
    } else {
      this.#state = 'idle'
      this.#sink.finish((this.#stated | digit) === this.#sum, this.#isLast)
    }
  }

  #openBare(c: number): void {
    this.#state = 'bare'
    this.#wasBare = true
    this.#begin()
    this.#one[0] = c
    this.#sink.bytes(this.#one, 0, 1)
  }

  #begin(): void {
    this.#isOpen = true
    this.#length = 0
    this.#sink.begin('bare', -1)
  }

  /** Records end with CR (or LF); each is a frame of its own that is always sound. */
  #bare(buf: Uint8Array, off: number, end: number): number {
    let at = off
    while (at < end && !isBareControl(buf[at] as number)) at++
    if (at > off) this.#bareText(buf, off, at)
    if (at >= end || this.#state !== 'bare') return at
    if (this.#isOpen) this.#endBare()
    const c = buf[at] as number
    if (c !== AstmByte.cr && c !== AstmByte.lf) {
      this.#state = 'idle'
      this.#between(c)
    }
    return at + 1
  }

  #bareText(buf: Uint8Array, off: number, end: number): void {
    if (!this.#isOpen) this.#begin()
    const room = ASTM_FRAME_BYTES_MAX - this.#length
    this.#length += end - off
    this.#sink.bytes(buf, off, Math.min(end, off + room))
    if (end - off <= room) return
    this.#isOpen = false
    this.#breakOff('too-long')
  }

  #endBare(): void {
    this.#isOpen = false
    this.#sink.finish(true, true)
  }
}

function isFrameControl(c: number): boolean {
  return c <= AstmByte.etb && (c === AstmByte.etx || c === AstmByte.etb || c === AstmByte.stx || c === AstmByte.enq || c === AstmByte.eot)
}

function isBareControl(c: number): boolean {
  return c <= AstmByte.cr && (c === AstmByte.cr || c === AstmByte.lf || c === AstmByte.stx || c === AstmByte.enq || c === AstmByte.eot)
}
