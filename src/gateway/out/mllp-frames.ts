// MLLP frames: bytes of one direction in any split -> one block after the other, for our own connections to and from the hospital.
// Keeps the rule of every reader: an event, null for "more", or a failure; no block is longer than the named maximum, and a failure is final.

import { Hl7Byte } from '../../protocols/hl7/codes.ts'

/** An acknowledgement with every ERR segment a receiver may add; they are below 2 kB. */
export const ANSWER_FRAME_BYTES_MAX = 64 * 1024
/** An ADT message; with insurance, next of kin and a picture's reference they are below 20 kB. The monitors' bound. */
export const ADT_FRAME_BYTES_MAX = 128 * 1024
/** Where a buffer begins; it doubles up to the frame's maximum. */
const BUFFER_BYTES = 1024

export type FrameFault = 'outside' | 'unended' | 'nested' | 'too-long'

/** What each fault says of the peer; no byte of it is quoted. */
export const FRAME_FAULTS: Readonly<Record<FrameFault, string>> = {
  outside: 'bytes outside an MLLP block (each block begins with 0x0B)',
  unended: '0x1C that is not followed by 0x0D',
  nested: '0x0B inside a block',
  'too-long': 'a block longer than the maximum',
}

export type FrameEvent =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  /** An empty block, which some peers send to see whether anybody is there. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'failure'; readonly fault: FrameFault }

/** CR and LF between blocks mean nothing: some senders end a block with more than one. */
const isBetween = (c: number): boolean => c === Hl7Byte.cr || c === Hl7Byte.lf

/** Reads one direction of one connection: `push` what came, then `next` until it gives null. */
export class MllpReader {
  readonly #bytesMax: number
  #place: 'outside' | 'inside' | 'ending' = 'outside'
  #fault: FrameFault | null = null
  /** What was pushed and not looked at yet. */
  #fresh: Uint8Array = new Uint8Array(0)
  #at = 0
  #block = new Uint8Array(BUFFER_BYTES)
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes are borrowed until `next` gives null; what was pushed before must be read before. */
  push(bytes: Uint8Array): void {
    this.#fresh = bytes
    this.#at = 0
  }

  /** A block began and did not end. */
  get isInside(): boolean {
    return this.#place !== 'outside'
  }

  next(): FrameEvent | null {
    while (this.#fault === null && this.#at < this.#fresh.length) {
      const event = this.#step()
      if (event !== null) return event
    }
    this.#fresh = new Uint8Array(0)
    this.#at = 0
    return this.#fault === null ? null : { kind: 'failure', fault: this.#fault }
  }

  #step(): FrameEvent | null {
    if (this.#place === 'inside') return this.#inside()
    const c = this.#fresh[this.#at++] as number
    if (this.#place === 'ending') return c === Hl7Byte.cr ? this.#end() : this.#fail('unended')
    if (c === Hl7Byte.startBlock) this.#place = 'inside'
    else if (!isBetween(c)) return this.#fail('outside')
    return null
  }

  #inside(): FrameEvent | null {
    const stop = blockStop(this.#fresh, this.#at)
    if (this.#length + stop - this.#at > this.#bytesMax) return this.#fail('too-long')
    this.#keep(this.#fresh.subarray(this.#at, stop))
    this.#at = stop + 1
    if (stop === this.#fresh.length) return null
    if (this.#fresh[stop] === Hl7Byte.startBlock) return this.#fail('nested')
    this.#place = 'ending'
    return null
  }

  #keep(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#block.length) {
      const wider = new Uint8Array(Math.min(this.#bytesMax, Math.max(2 * this.#block.length, this.#length + bytes.length)))
      wider.set(this.#block.subarray(0, this.#length))
      this.#block = wider
    }
    this.#block.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #end(): FrameEvent {
    const bytes = this.#block.slice(0, this.#length)
    this.#length = 0
    this.#place = 'outside'
    return bytes.length === 0 ? { kind: 'empty' } : { kind: 'frame', bytes }
  }

  #fail(fault: FrameFault): FrameEvent {
    this.#fault = fault
    this.#length = 0
    this.#block = new Uint8Array(0)
    return { kind: 'failure', fault }
  }
}

function blockStop(bytes: Uint8Array, off: number): number {
  for (let at = off; at < bytes.length; at++) if (bytes[at] === Hl7Byte.endBlock || bytes[at] === Hl7Byte.startBlock) return at
  return bytes.length
}

/** A message as one block; one that is a block already stays as it is. */
export function asBlock(message: Uint8Array): Uint8Array {
  if (message[0] === Hl7Byte.startBlock) return message
  const block = new Uint8Array(message.length + 3)
  block[0] = Hl7Byte.startBlock
  block.set(message, 1)
  block[message.length + 1] = Hl7Byte.endBlock
  block[message.length + 2] = Hl7Byte.cr
  return block
}
