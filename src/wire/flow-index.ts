// FlowIndex: from the words of a flow key to a small slot number, by open addressing over typed arrays.
// Keeps the rule that the frame path builds no string and no object to find a flow.

import { assert } from '../base/assert.ts'

/** Addresses low side then high side (4 words each), ports, tags and protocol, version and one-way mark. */
export const FLOW_KEY_WORDS = 11
/** A stored key is its words and, last, its hash: needed again to remove and to grow. */
const STRIDE = FLOW_KEY_WORDS + 1
const HASH = FLOW_KEY_WORDS
/** The key word whose low byte is the IP version. */
const VERSION_WORD = 10
/** Small captures stay small; the arrays double from here. A power of two. */
const SLOTS_AT_START = 1024

/** Slots are 0-based, dense, and given out again after remove. At most `slotsMax` are live at a time. */
export class FlowIndex {
  readonly #slotsMax: number
  /** Mixed into every hash, so that a sender who does not know it cannot aim keys at one place. */
  readonly #seed: number
  #capacity = SLOTS_AT_START
  #keys = new Uint32Array(SLOTS_AT_START * STRIDE)
  /** Slot + 1, or 0 for empty; twice the slots, so that a probe run stays short (load at most one half). */
  #table = new Int32Array(SLOTS_AT_START * 2)
  /** Slots given back, as a stack. */
  #freed: number[] = []
  #highWater = 0

  constructor(slotsMax: number, seed: number) {
    assert(Number.isInteger(slotsMax) && slotsMax > 0, 'a flow index holds at least one flow')
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
  find(key: Uint32Array): number {
    const mask = this.#table.length - 1
    const hash = this.#hash(key)
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = (this.#table[place] as number) - 1
      if (slot < 0) return -1
      if (this.#holds(slot, hash, key)) return slot
    }
  }

  /** A slot for a key that is not there yet. The index must not be full. */
  add(key: Uint32Array): number {
    assert(!this.isFull, 'the flow index is full')
    const slot = this.#freed.pop() ?? this.#highWater++
    if (slot >= this.#capacity) this.#grow()
    const base = slot * STRIDE
    for (let i = 0; i < FLOW_KEY_WORDS; i++) this.#keys[base + i] = key[i] as number
    const hash = this.#hash(key)
    this.#keys[base + HASH] = hash
    this.#place(slot, hash)
    return slot
  }

  /** Frees a live slot and closes the hole it leaves (backward shift, Knuth vol. 3 section 6.4 algorithm R). */
  remove(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = (this.#keys[slot * STRIDE + HASH] as number) & mask
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask
    for (let place = (hole + 1) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const home = (this.#keys[((table[place] as number) - 1) * STRIDE + HASH] as number) & mask
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place] as number
      hole = place
    }
    table[hole] = 0
    this.#freed.push(slot)
  }

  #holds(slot: number, hash: number, key: Uint32Array): boolean {
    const base = slot * STRIDE
    if (this.#keys[base + HASH] !== hash) return false
    for (let i = 0; i < FLOW_KEY_WORDS; i++) if (this.#keys[base + i] !== key[i]) return false
    return true
  }

  #place(slot: number, hash: number): void {
    const mask = this.#table.length - 1
    let place = hash & mask
    while (this.#table[place] !== 0) place = (place + 1) & mask
    this.#table[place] = slot + 1
  }

  /** Doubles; slot numbers stay as they are. Called with every slot below the old capacity live. */
  #grow(): void {
    const before = this.#capacity
    this.#capacity *= 2
    const keys = new Uint32Array(this.#capacity * STRIDE)
    keys.set(this.#keys)
    this.#keys = keys
    this.#table = new Int32Array(this.#capacity * 2)
    for (let slot = 0; slot < before; slot++) this.#place(slot, keys[slot * STRIDE + HASH] as number)
  }

  /** murmur3's mixing; 31 bits, so that V8 never boxes it. */
  #hash(key: Uint32Array): number {
    let hash = this.#seed
    if (((key[VERSION_WORD] as number) & 0xff) === 4) {
      // Words 0..2 and 4..6 are the top of IPv6 addresses, zero here. Unrolled: this is the frame path.
      hash = mix(mix(hash, (key[3] as number) | 0), (key[7] as number) | 0)
      hash = mix(mix(mix(hash, (key[8] as number) | 0), (key[9] as number) | 0), (key[10] as number) | 0)
    } else {
      for (let i = 0; i < FLOW_KEY_WORDS; i++) hash = mix(hash, (key[i] as number) | 0)
    }
    hash ^= hash >>> 16
    hash = Math.imul(hash, 0x85ebca6b)
    hash ^= hash >>> 13
    hash = Math.imul(hash, 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 1
  }
}

/** One word, signed, into the hash. */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}
