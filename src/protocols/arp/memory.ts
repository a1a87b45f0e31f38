// ArpMemory: which claims and questions were told, found by number. Most ARP of a segment says what it said before.
// Keeps the rules that a repeat costs a look-up and no text, that nothing is lost when the table is full, and that order of packets alone decides.

import { ipFromV4 } from '../../base/ip.ts'
import { formatMac, type MacNumber } from '../../base/mac.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { FLOW_KEY_WORDS, FlowIndex } from '../../wire/flow-index.ts'
import type { Frame } from '../../wire/frame.ts'
import { ArpOperation } from './codes.ts'
import type { ArpFact } from './facts.ts'
import type { ArpMessage } from './message.ts'

/** Claims, questions and addresses asked for, together; as many as a sweep of a /16 has targets. Beyond it each message is told. */
export const ARP_ROWS_MAX = 65_536
/** Told anew after this long, so that whoever follows the facts sees that it goes on: Linux asks again for a neighbour in use at such a pace. */
export const RETELL_MICROS = 60 * MICROS_PER_SECOND
/** A reply within this time of a question is an answer: Linux asks at most three times, a second apart. */
export const SOLICITED_WITHIN_MICROS = 3 * MICROS_PER_SECOND
/** Frames kept of what repeats: as many as a binding shows. */
const FRAMES_MAX = 20

/** What a row is about. A claim's row knows operation and gratuity; an address that was asked for has one of its own. */
const RowKind = { claim: 0, ask: 8, asked: 9 } as const
const REPLY = 1
const GRATUITOUS = 2

/** Words of the key; those of 48 bits take two. Claims: `other` is the card of the frame. Questions: `ip` is the target, `other` the asker. */
const Word = { kind: 0, vlan: 1, ip: 2, mac: 3, other: 5 } as const
/** 64-bit numbers behind the key and its hash. `toldAt` of an address asked for is when somebody last did. */
const Cell = { toldAt: 6, times: 7, solicited: 8, lastAt: 9, lastFrame: 10 } as const
const CELLS = 11
const STRIDE = 2 * CELLS
const LOW_24 = 2 ** 24

export class ArpMemory {
  readonly #index: FlowIndex
  readonly #key = new Int32Array(FLOW_KEY_WORDS)
  /** By row, of those that repeat. */
  readonly #frames = new Map<number, number[]>()

  /** `seed` of the hashes: a live sensor passes a random one. It never shows in the output. */
  constructor(seed = 0, rowsMax = ARP_ROWS_MAX) {
    this.#index = new FlowIndex(rowsMax, seed, STRIDE)
  }

  get size(): number {
    return this.#index.size
  }

  /** Did somebody ask for `ip` shortly before? */
  isSolicited(frame: Frame, ip: number): boolean {
    const row = this.#index.find(this.#keyOf(RowKind.asked, frame.vlan, ip, 0, 0))
    return row >= 0 && frame.at - this.#cell(row, Cell.toldAt) <= SOLICITED_WITHIN_MICROS
  }

  /** True when the claim was told before and is now counted; false: tell it. */
  claimsAgain(frame: Frame, message: ArpMessage, solicited: boolean): boolean {
    const { senderIp, senderMac } = message
    const how = (message.operation === ArpOperation.reply ? REPLY : 0) + (senderIp === message.targetIp ? GRATUITOUS : 0)
    return this.#again(this.#keyOf(RowKind.claim + how, frame.vlan, senderIp, senderMac, frame.srcMac), frame, solicited)
  }

  /** The same for a question, which is remembered for the answers. */
  asksAgain(frame: Frame, message: ArpMessage): boolean {
    const { senderIp, senderMac, targetIp } = message
    const asked = this.#findOrAdd(this.#keyOf(RowKind.asked, frame.vlan, targetIp, 0, 0))
    if (asked >= 0) this.#index.numbers[asked * CELLS + Cell.toldAt] = frame.at
    return this.#again(this.#keyOf(RowKind.ask, frame.vlan, targetIp, senderMac, senderIp), frame, false)
  }

  /** Tells what repeated since the last time, in order of first appearance, and counts anew. */
  drain(emit: (fact: ArpFact) => void): void {
    for (let row = 0; row < this.size; row++) {
      if (this.#cell(row, Cell.times) === 0) continue
      emit(this.#repeats(row))
      this.#index.numbers[row * CELLS + Cell.times] = this.#index.numbers[row * CELLS + Cell.solicited] = 0
    }
    this.#frames.clear()
  }

  #repeats(row: number): ArpFact {
    const kind = this.#word(row, Word.kind)
    const isClaim = kind !== RowKind.ask
    const ip = this.#word(row, Word.ip) >>> 0
    const sender = isClaim ? ip : this.#wide(row, Word.other)
    return {
      at: this.#cell(row, Cell.lastAt), frame: this.#cell(row, Cell.lastFrame), protocol: 'arp', vlan: this.#word(row, Word.vlan), kind: 'repeats',
      of: isClaim ? 'claim' : 'ask', operation: isClaim && (kind & REPLY) !== 0 ? 'reply' : 'request', mac: formatMac(this.#wide(row, Word.mac)),
      ip: sender === 0 ? null : ipFromV4(sender), target: isClaim ? null : ipFromV4(ip),
      times: this.#cell(row, Cell.times), solicited: this.#cell(row, Cell.solicited), frames: this.#frames.get(row) ?? [],
    }
  }

  #again(key: Int32Array, frame: Frame, solicited: boolean): boolean {
    const known = this.size
    const row = this.#findOrAdd(key)
    if (row < 0) return false
    const numbers = this.#index.numbers
    const base = row * CELLS
    const toldAt = numbers[base + Cell.toldAt] as Micros
    if (this.size > known || frame.at < toldAt || frame.at - toldAt >= RETELL_MICROS) {
      numbers[base + Cell.toldAt] = frame.at
      return false
    }
    this.#count(row, numbers, base, frame, solicited)
    return true
  }

  #count(row: number, numbers: Float64Array, base: number, frame: Frame, solicited: boolean): void {
    const times = (numbers[base + Cell.times] as number) + 1
    numbers[base + Cell.times] = times
    if (solicited) numbers[base + Cell.solicited] = (numbers[base + Cell.solicited] as number) + 1
    if (times === 1 || frame.at > (numbers[base + Cell.lastAt] as number)) numbers[base + Cell.lastAt] = frame.at
    numbers[base + Cell.lastFrame] = frame.number
    if (times > FRAMES_MAX) return
    const frames = this.#frames.get(row)
    if (frames) frames.push(frame.number)
    else this.#frames.set(row, [frame.number])
  }

  /** -1 when there is no room. */
  #findOrAdd(key: Int32Array): number {
    const known = this.#index.find(key)
    return known >= 0 || this.#index.isFull ? known : this.#index.add(key)
  }

  #keyOf(kind: number, vlan: number, ip: number, mac: MacNumber, other: number): Int32Array {
    const key = this.#key
    key[Word.kind] = kind
    key[Word.vlan] = vlan
    key[Word.ip] = ip
    putWide(key, Word.mac, mac)
    putWide(key, Word.other, other)
    return key
  }

  #word(row: number, word: number): number {
    return this.#index.words[row * STRIDE + word] as number
  }

  #wide(row: number, word: number): number {
    return this.#word(row, word) * LOW_24 + this.#word(row, word + 1)
  }

  #cell(row: number, cell: number): number {
    return this.#index.numbers[row * CELLS + cell] as number
  }
}

/** A number of 48 bits, or -1. */
function putWide(key: Int32Array, word: number, value: number): void {
  key[word] = Math.floor(value / LOW_24)
  key[word + 1] = value % LOW_24
}
