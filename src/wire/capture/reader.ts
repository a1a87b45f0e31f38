// The capture reader: bytes in any split, packets out, format found by content.
// Keeps the rule that memory is one partial record, never the file; packets inside a chunk are handed on in place.

import { assert } from '../../base/assert.ts'
import { u32be } from '../bytes.ts'
import type { CaptureReader, CaptureSummary, PacketSink } from './capture.ts'
import { foreignProblem, SIGNATURE_BYTES } from './foreign.ts'
import { BLOCK_BYTES_MAX, keptText, Tally, type RecordParser } from './parser.ts'
import { PcapParser, pcapVariant } from './pcap.ts'
import { PcapngParser, SECTION_HEADER } from './pcapng.ts'

const MAGIC_BYTES = 4
/** First size of the carry-over buffer: one record of a usual capture; it doubles as longer ones come. */
const CARRY_BYTES_START = 4096
/** A block is never longer than BLOCK_BYTES_MAX, and a pcap record is far shorter; doubling cannot pass the next power of two. */
const CARRY_BYTES_MAX = BLOCK_BYTES_MAX

/** Makes a reader that hands every packet to `sink`, in order. See CaptureReader for the contract. */
export function createCaptureReader(sink: PacketSink): CaptureReader {
  return new SplitReader(sink)
}

class SplitReader implements CaptureReader {
  readonly #tally: Tally
  #parser: RecordParser | null = null
  /** The first bytes, kept to name what a foreign file is. */
  readonly #head = new Uint8Array(SIGNATURE_BYTES)
  #headLength = 0
  #foreign = false
  #carry = new Uint8Array(CARRY_BYTES_START)
  #carryLength = 0
  /** Stream offset of the first byte not yet used by the parser. */
  #used = 0
  #bytes = 0
  #ended = false

  constructor(sink: PacketSink) {
    this.#tally = new Tally(sink)
  }

  push(chunk: Uint8Array): void {
    assert(!this.#ended, 'push after end of a capture')
    this.#fillHead(chunk)
    this.#bytes += chunk.length
    let pos = 0
    while (pos < chunk.length && !this.#foreign && this.#parser?.stopped !== true) {
      pos = this.#step(chunk, pos)
    }
  }

  end(): CaptureSummary {
    assert(!this.#ended, 'a capture ended twice')
    this.#ended = true
    if (this.#parser) this.#finish(this.#parser)
    const { packets, dropped, linkTypes } = this.#tally
    return {
      format: this.#parser?.format ?? null,
      compressed: false,
      packets,
      bytes: this.#bytes,
      linkTypes,
      ...(dropped === null ? {} : { dropped }),
      problems: this.#parser ? this.#tally.problems() : [foreignProblem(this.#head, this.#headLength)],
    }
  }

  #fillHead(chunk: Uint8Array): void {
    const count = Math.min(SIGNATURE_BYTES - this.#headLength, chunk.length)
    for (let i = 0; i < count; i++) this.#head[this.#headLength + i] = chunk[i] as number
    this.#headLength += count
  }

  /** Uses some of chunk from `pos` or opens the parser; returns the next position. */
  #step(chunk: Uint8Array, pos: number): number {
    const parser = this.#parser
    if (parser && parser.skip > 0) {
      const count = Math.min(parser.skip, chunk.length - pos)
      parser.skip -= count
      this.#used += count
      return pos + count
    }
    const need = parser ? parser.need : MAGIC_BYTES
    if (this.#carryLength > 0 || chunk.length - pos < need) return this.#fillCarry(chunk, pos, need)
    if (!parser) return this.#open(u32be(chunk, pos), pos)
    return this.#take(parser, chunk, pos, chunk.length)
  }

  #fillCarry(chunk: Uint8Array, pos: number, need: number): number {
    const count = Math.min(need - this.#carryLength, chunk.length - pos)
    this.#growCarry(this.#carryLength + count)
    this.#carry.set(chunk.subarray(pos, pos + count), this.#carryLength)
    this.#carryLength += count
    if (this.#carryLength === need) this.#useCarry()
    return pos + count
  }

  #growCarry(length: number): void {
    if (length <= this.#carry.length) return
    assert(length <= CARRY_BYTES_MAX, 'a record outgrew the carry-over buffer')
    const larger = new Uint8Array(Math.min(CARRY_BYTES_MAX, Math.max(length, this.#carry.length * 2)))
    larger.set(this.#carry)
    this.#carry = larger
  }

  /** The carry holds exactly what the parser asked for: it uses all of it, or asks for more. */
  #useCarry(): void {
    if (!this.#parser) this.#open(u32be(this.#carry, 0), 0)
    const parser = this.#parser
    if (!parser || this.#carryLength < parser.need) return
    const rest = this.#carryLength - this.#take(parser, this.#carry, 0, this.#carryLength)
    assert(rest === 0 || rest === this.#carryLength || parser.stopped, 'a parser used part of what it asked for')
    this.#carryLength = rest
  }

  /** Returns the position after the last byte used; what is left is less than the parser needs. */
  #take(parser: RecordParser, buf: Uint8Array, off: number, end: number): number {
    const next = parser.take(buf, off, end, this.#used - off)
    this.#used += next - off
    return next
  }

  #open(magic: number, pos: number): number {
    const variant = pcapVariant(magic)
    if (variant) this.#parser = new PcapParser(variant, this.#tally)
    else if (magic === SECTION_HEADER) this.#parser = new PcapngParser(this.#tally)
    else this.#foreign = true
    return pos
  }

  #finish(parser: RecordParser): void {
    if (!parser.stopped && parser.finish) this.#used += parser.finish(this.#carry, 0, this.#carryLength, this.#used)
    const from = parser.pendingFrom >= 0 ? parser.pendingFrom : this.#used
    if (parser.stopped || from === this.#bytes) return
    this.#tally.note('truncated', `The capture ends inside the record at byte ${from}; ${keptText(this.#tally.packets)}.`, from)
  }
}
