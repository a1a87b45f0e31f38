// Senders: which card was heard with which address, found by number. Most packets of a network come from somebody already known.
// Keeps the rule that a known sender costs one look-up and no text; what was counted is told to the inventory when somebody asks.

import { ipAt, type Ip } from '../base/ip.ts'
import { longerNumbers, longerWords } from '../base/longer.ts'
import type { MacNumber } from '../base/mac.ts'
import { mix, mixed } from '../base/mix.ts'
import type { Micros } from '../base/time.ts'

/** Frames kept of each sender: as many as a binding shows. */
export const SENDER_FRAMES_MAX = 20
/** Rows of one table: three times the devices of a hospital of 10 000, each in a VLAN of its own or behind a router. */
export const SENDERS_MAX = 32_768
/** Small captures stay small; the arrays double from here. A power of two. */
const ROWS_AT_START = 256

/**
 * The words of a row: where it was heard, its address (IPv4 in the last word), its card, then what is counted. `more`: which list has the
 * frames after the first, plus one; 0 for none. Of a flood of forged senders each is heard once.
 */
const Word = { place: 0, address: 1, macHigh: 5, macLow: 6, hash: 7, flows: 8, frameCount: 9, firstFrame: 10, more: 11 } as const
const WORDS = 12
const MORE_FRAMES_MAX = SENDER_FRAMES_MAX - 1
/** `claimAt`: the last first packet of a flow. `seenAt`: the last packet at all. */
const Time = { claimAt: 0, seenAt: 1 } as const
const TIMES = 2
const LOW_24 = 2 ** 24
const VERSION_SHIFT = 12

/** What one row says since it was last asked. */
export interface SenderTold {
  readonly vlan: number
  readonly mac: MacNumber
  readonly ip: Ip
  /** Flows and directions begun since the last time; the very first one was told when it was new. */
  readonly flows: number
  readonly claimAt: Micros
  readonly seenAt: Micros
  /** The first frames of all, ascending. */
  readonly frames: readonly number[]
}

/** A row is never taken out. Rows are numbered in order of first packet. */
export class SenderTable {
  readonly #rowsMax: number
  readonly #seed: number
  #size = 0
  #words = new Int32Array(ROWS_AT_START * WORDS)
  #times = new Float64Array(ROWS_AT_START * TIMES)
  /** Lists of MORE_FRAMES_MAX frames, at most one for each row. */
  #more = new Int32Array(ROWS_AT_START * MORE_FRAMES_MAX)
  #lists = 0
  /** Row + 1, or 0 for empty; twice the rows. */
  #places = new Int32Array(ROWS_AT_START * 2)
  #key = new Int32Array(Word.hash)
  #refused = 0

  /** `seed` of the hashes: a live sensor passes a random one. It never shows in the output. */
  constructor(rowsMax = SENDERS_MAX, seed = 0) {
    this.#rowsMax = rowsMax
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /** Flows whose sender found no row because the table is full. */
  get refused(): number {
    return this.#refused
  }

  /**
   * The first packet of a flow and direction. `addresses` are Frame.addresses, of which the first four words are the sender's.
   * Gives the row; `size` has grown when it is new; -1 when there is no room.
   */
  heard(vlan: number, ipVersion: number, addresses: Uint32Array, mac: MacNumber, at: Micros, frame: number): number {
    const hash = this.#fill(vlan, ipVersion, addresses, mac)
    const mask = this.#places.length - 1
    let place = hash & mask
    for (; this.#places[place] !== 0; place = (place + 1) & mask) {
      const row = (this.#places[place] as number) - 1
      if (this.#words[row * WORDS + Word.hash] !== hash || !this.#isKeyOf(row)) continue
      this.#again(row, at, frame)
      return row
    }
    if (this.#size >= this.#rowsMax) {
      this.#refused++
      return -1
    }
    return this.#open(hash, at, frame)
  }

  /** A packet of the row's sender, any. */
  seen(row: number, at: Micros): void {
    const time = row * TIMES + Time.seenAt
    if (at > (this.#times[time] as number)) this.#times[time] = at
  }

  vlan(row: number): number {
    return (this.#words[row * WORDS] as number) & 0xfff
  }

  /** The address of a row, as text. */
  ip(row: number): Ip {
    return ipAt(this.#words, row * WORDS + Word.address, (this.#words[row * WORDS] as number) >>> VERSION_SHIFT)
  }

  /** Tells each row, in order of first packet, and begins counting flows anew. */
  drain(tell: (told: SenderTold) => void): void {
    for (let row = 0; row < this.#size; row++) {
      const word = row * WORDS
      tell({
        vlan: (this.#words[word] as number) & 0xfff, mac: this.#mac(word), ip: this.ip(row), flows: this.#words[word + Word.flows] as number,
        claimAt: this.#times[row * TIMES + Time.claimAt] as number, seenAt: this.#times[row * TIMES + Time.seenAt] as number,
        frames: this.#frames(word),
      })
      this.#words[word + Word.flows] = 0
    }
  }

  #frames(word: number): number[] {
    const count = this.#words[word + Word.frameCount] as number
    const more = this.#moreAt(word)
    return [this.#words[word + Word.firstFrame] as number, ...this.#more.subarray(more, more + count - 1)]
  }

  /** Where the list of the row at `word` stands. */
  #moreAt(word: number): number {
    return Math.max(0, (this.#words[word + Word.more] as number) - 1) * MORE_FRAMES_MAX
  }

  #mac(word: number): MacNumber {
    const high = this.#words[word + Word.macHigh] as number
    return high < 0 ? -1 : high * LOW_24 + (this.#words[word + Word.macLow] as number)
  }

  #fill(vlan: number, ipVersion: number, addresses: Uint32Array, mac: MacNumber): number {
    const key = this.#key
    key[Word.place] = (ipVersion << VERSION_SHIFT) | vlan
    key[Word.macHigh] = mac < 0 ? -1 : Math.floor(mac / LOW_24)
    key[Word.macLow] = mac < 0 ? 0 : mac % LOW_24
    let hash = mix(mix(mix(this.#seed, key[Word.place] as number), key[Word.macHigh] as number), key[Word.macLow] as number)
    for (let i = 0; i < 4; i++) {
      const word = (addresses[i] as number) | 0
      key[Word.address + i] = word
      if (i === 3 || ipVersion === 6) hash = mix(hash, word)
    }
    return mixed(hash)
  }

  #isKeyOf(row: number): boolean {
    for (let i = Word.hash - 1; i >= 0; i--) if (this.#words[row * WORDS + i] !== this.#key[i]) return false
    return true
  }

  #again(row: number, at: Micros, frame: number): void {
    const word = row * WORDS
    const words = this.#words
    words[word + Word.flows] = (words[word + Word.flows] as number) + 1
    this.#note(word, frame)
    const time = row * TIMES + Time.claimAt
    if (at > (this.#times[time] as number)) this.#times[time] = at
  }

  /** Keeps the frame, unless it is the one kept last or there are enough. */
  #note(word: number, frame: number): void {
    const words = this.#words
    const count = words[word + Word.frameCount] as number
    if (count >= SENDER_FRAMES_MAX) return
    const last = count === 1 ? words[word + Word.firstFrame] : this.#more[this.#moreAt(word) + count - 2]
    if (last === frame) return
    if (count === 1) words[word + Word.more] = this.#newList()
    this.#more[this.#moreAt(word) + count - 1] = frame
    words[word + Word.frameCount] = count + 1
  }

  /** Its number, from 1. */
  #newList(): number {
    if (this.#lists * MORE_FRAMES_MAX >= this.#more.length) this.#more = longerWords(this.#more, 2 * this.#more.length)
    return ++this.#lists
  }

  #open(hash: number, at: Micros, frame: number): number {
    const row = this.#size++
    if (row * WORDS >= this.#words.length) this.#grow()
    const word = row * WORDS
    this.#words.set(this.#key, word)
    this.#words[word + Word.hash] = hash
    this.#words[word + Word.frameCount] = 1
    this.#words[word + Word.firstFrame] = frame
    this.#times[row * TIMES + Time.claimAt] = this.#times[row * TIMES + Time.seenAt] = at
    this.#place(row, hash)
    return row
  }

  #place(row: number, hash: number): void {
    const mask = this.#places.length - 1
    let place = hash & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = row + 1
  }

  #grow(): void {
    const rows = this.#words.length / WORDS
    this.#words = longerWords(this.#words, 2 * rows * WORDS)
    this.#times = longerNumbers(this.#times, 2 * rows * TIMES)
    this.#places = new Int32Array(4 * rows)
    for (let row = 0; row < rows; row++) this.#place(row, this.#words[row * WORDS + Word.hash] as number)
  }
}
