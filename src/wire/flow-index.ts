// FlowIndex: from the words of a flow key to a small slot number, by open addressing over typed arrays.
// Keeps the rule that the frame path builds no string and no object to find a flow.

import { assert } from '../base/assert.ts'
import { longerWords } from '../base/longer.ts'
import { mix, mixed } from '../base/mix.ts'

/** Addresses low side then high side (4 words each), ports, tags and protocol, version and one-way mark. */
export const FLOW_KEY_WORDS = 11
/** A stored key is its words and, last, its hash: needed again to remove and to grow. */
const HASH = FLOW_KEY_WORDS
/** The key word whose low byte is the IP version. */
const VERSION_WORD = 10
/** Small captures stay small; the arrays double from here. A power of two. */
const SLOTS_AT_START = 1024
const PLACES_PER_SLOT = 2
/** A hash finds its place by a shift of one. */
const PLACE_WORDS = 2

/**
 * Slots are 0-based, dense, and given out again after remove. At most `slotsMax` are live at a time. Each slot has `stride` words in
 * `words`: the key first, its hash, and behind them what the owner keeps; `numbers` are the same bytes as 64-bit numbers.
 */
export class FlowIndex {
  /** Replaced by longer ones when the index grows. */
  words: Int32Array<ArrayBuffer>
  numbers: Float64Array
  readonly #stride: number
  readonly #slotsMax: number
  /** Mixed into every hash, so that a sender who does not know it cannot aim keys at one place. */
  readonly #seed: number
  #capacity = SLOTS_AT_START
  /**
   * Two words a place: the hash, and slot + 1 or 0 for empty. Twice as many places as slots, so that a probe run stays short (load at most
   * one half); the hash stands here too, so that a probe of another key's place does not fetch that key's record.
   */
  #table = new Int32Array(SLOTS_AT_START * PLACES_PER_SLOT * PLACE_WORDS)
  /** Slots given back, as a stack. */
  #freed: number[] = []
  #highWater = 0

  constructor(slotsMax: number, seed: number, stride: number = FLOW_KEY_WORDS + 1) {
    assert(Number.isInteger(slotsMax) && slotsMax > 0, 'a flow index holds at least one flow')
    assert(stride > FLOW_KEY_WORDS && stride % 2 === 0, 'a slot holds a key, its hash, and whole 64-bit numbers')
    this.#stride = stride
    this.words = new Int32Array(SLOTS_AT_START * stride)
    this.numbers = new Float64Array(this.words.buffer)
    this.#slotsMax = slotsMax
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#highWater - this.#freed.length
  }

  get isFull(): boolean {
    return this.size >= this.#slotsMax
  }

  /** The slot of `key` (FLOW_KEY_WORDS words), or -1. */
  find(key: Int32Array): number {
    const table = this.#table
    const mask = table.length - 1
    const hash = this.#hash(key)
    for (let place = (hash << 1) & mask; ; place = (place + PLACE_WORDS) & mask) {
      const slot = (table[place + 1] as number) - 1
      if (slot < 0) return -1
      if (table[place] === hash && this.#holds(slot, key)) return slot
    }
  }

  /** A slot for a key that is not there yet. The index must not be full. The owner's words are as the slot's last flow left them. */
  add(key: Int32Array): number {
    assert(!this.isFull, 'the flow index is full')
    const slot = this.#freed.pop() ?? this.#highWater++
    if (slot >= this.#capacity) this.#grow()
    const base = slot * this.#stride
    for (let i = 0; i < FLOW_KEY_WORDS; i++) this.words[base + i] = key[i] as number
    const hash = this.#hash(key)
    this.words[base + HASH] = hash
    this.#place(slot, hash)
    return slot
  }

  /** Frees a live slot and closes the hole it leaves (backward shift, Knuth vol. 3 section 6.4 algorithm R). */
  remove(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = ((this.words[slot * this.#stride + HASH] as number) << 1) & mask
    while (table[hole + 1] !== slot + 1) hole = (hole + PLACE_WORDS) & mask
    for (let place = (hole + PLACE_WORDS) & mask; table[place + 1] !== 0; place = (place + PLACE_WORDS) & mask) {
      const home = ((table[place] as number) << 1) & mask
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place] as number
      table[hole + 1] = table[place + 1] as number
      hole = place
    }
    table[hole + 1] = 0
    this.#freed.push(slot)
  }

  /** Gives back the memory of an index in which nothing lives. It may be used again. */
  shrink(): void {
    assert(this.size === 0, 'an index that holds flows cannot shrink')
    this.#capacity = SLOTS_AT_START
    this.words = new Int32Array(SLOTS_AT_START * this.#stride)
    this.numbers = new Float64Array(this.words.buffer)
    this.#table = new Int32Array(SLOTS_AT_START * PLACES_PER_SLOT * PLACE_WORDS)
    this.#freed = []
    this.#highWater = 0
  }

  #holds(slot: number, key: Int32Array): boolean {
    const words = this.words
    const base = slot * this.#stride
    // From the end: ports, tags and version differ sooner than the upper words of addresses.
    for (let i = FLOW_KEY_WORDS - 1; i >= 0; i--) if (words[base + i] !== key[i]) return false
    return true
  }

  #place(slot: number, hash: number): void {
    const table = this.#table
    const mask = table.length - 1
    let place = (hash << 1) & mask
    while (table[place + 1] !== 0) place = (place + PLACE_WORDS) & mask
    table[place] = hash
    table[place + 1] = slot + 1
  }

  /** Doubles; slot numbers stay as they are. */
  #grow(): void {
    this.#capacity *= 2
    const words = longerWords(this.words, this.#capacity * this.#stride)
    this.words = words
    this.numbers = new Float64Array(words.buffer)
    const before = this.#table
    this.#table = new Int32Array(before.length * 2)
    for (let place = 0; place < before.length; place += PLACE_WORDS) {
      const slot = (before[place + 1] as number) - 1
      if (slot >= 0) this.#place(slot, before[place] as number)
    }
  }

  /** murmur3's mixing; 31 bits, so that V8 never boxes it. */
  #hash(key: Int32Array): number {
    let hash = this.#seed
    if (((key[VERSION_WORD] as number) & 0xff) === 4) {
      // Words 0..2 and 4..6 are the top of IPv6 addresses, zero here. Unrolled: this is the frame path.
      hash = mix(mix(hash, key[3] as number), key[7] as number)
      hash = mix(mix(mix(hash, key[8] as number), key[9] as number), key[10] as number)
    } else {
      for (let i = 0; i < FLOW_KEY_WORDS; i++) hash = mix(hash, key[i] as number)
    }
    return mixed(hash)
  }
}
