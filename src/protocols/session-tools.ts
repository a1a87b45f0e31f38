// session-tools: what protocol sessions share: a bounded carry-over buffer, and who is client and server of a flow.
// Keeps the rule that every buffer has a named maximum given by its owner, and that a message whole in one segment is never copied.

import { assert } from '../base/assert.ts'
import type { Ip } from '../base/ip.ts'
import type { Direction, Flow } from '../wire/flow.ts'

/** First allocation of a carry buffer: below one Ethernet payload (1500), because most messages cut by a segment are short. */
const CARRY_BYTES_FIRST = 512

/** One for all: an empty array of its own costs a buffer 200 bytes, and most flows never need theirs. */
const NO_BYTES = new Uint8Array(0)

/**
 * The beginning of a message whose end has not come. The owner decides how many bytes it wants (`wanted` counts from the
 * message's first byte); the buffer never holds more than `bytesMax`. `bytes` is replaced when it grows: read it anew each time.
 */
export class CarryBuffer {
  readonly bytesMax: number
  #bytes = NO_BYTES
  #length = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Valid in [0, length). */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  get length(): number {
    return this.#length
  }

  /** Copies from [off, end) until the buffer holds `wanted` bytes or the input is used up; returns how many bytes were taken. */
  fill(buf: Uint8Array, off: number, end: number, wanted: number): number {
    assert(wanted <= this.bytesMax, 'carry buffer asked to exceed its bound')
    const count = Math.min(end - off, wanted - this.#length)
    if (count <= 0) return 0
    this.#reserve(this.#length + count)
    copyBytes(buf, off, off + count, this.#bytes, this.#length)
    this.#length += count
    return count
  }

  /** Removes the first `count` bytes; the rest moves to the front. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length)
    this.#length = Math.max(0, this.#length - count)
  }

  /** Forgets the content; keeps a small allocation and gives a large one back. */
  clear(): void {
    this.#length = 0
    if (this.#bytes.length > 8 * CARRY_BYTES_FIRST) this.#bytes = NO_BYTES
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const grown = new Uint8Array(Math.min(this.bytesMax, Math.max(length, CARRY_BYTES_FIRST, 2 * this.#bytes.length)))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Copies [off, end) of `from` to `to` at `toOff`. Short stretches byte by byte: a view costs more than it saves. */
export function copyBytes(from: Uint8Array, off: number, end: number, to: Uint8Array, toOff: number): void {
  if (end - off > 256) {
    to.set(from.subarray(off, end), toOff)
    return
  }
  for (let i = off; i < end; i++) to[toOff + i - off] = from[i] as number
}

/** Sender and receiver address of a direction: 0 is from the initiator. */
export function sender(flow: Flow, direction: Direction): Ip {
  return direction === 0 ? flow.src : flow.dst
}

export function receiver(flow: Flow, direction: Direction): Ip {
  return direction === 0 ? flow.dst : flow.src
}
