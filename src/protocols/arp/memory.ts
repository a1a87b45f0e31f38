// ArpMemory: which claims and questions were told, found by number. Most ARP of a segment says what it said before.
// Keeps the rules that a repeat costs a look-up and no text, that nothing is lost when the table is full, and that order of packets alone decides.

import { ipFromV4 } from '../../base/ip.ts'
import { formatMac, type MacNumber } from '../../base/mac.ts'
import { mix, mixed } from '../../base/mix.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
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
const ROWS_AT_START = 64

/** What a row is about. A claim's row knows operation and gratuity; an address that was asked for has one of its own. */
const RowKind = { claim: 0, ask: 8, asked: 9 } as const
const REPLY = 1
const GRATUITOUS = 2

/** Numbers of a row: the key, then what is counted. `toldAt` of an address asked for is when somebody last did. */
const Cell = { place: 0, ip: 1, mac: 2, other: 3, hash: 4, toldAt: 5, times: 6, solicited: 7, lastAt: 8, lastFrame: 9 } as const
const CELLS = 10
const KIND_FACTOR = 4096
const LOW_24 = 2 ** 24

export class ArpMemory {
  readonly #seed: number
  readonly #rowsMax: number
  #size = 0
  #cells = new Float64Array(ROWS_AT_START * CELLS)
  /** Row + 1, or 0 for empty; twice the rows. */
  #places = new Int32Array(ROWS_AT_START * 2)
  /** By row, of those that repeat. */
  readonly #frames = new Map<number, number[]>()

  /** `seed` of the hashes: a live sensor passes a random one. It never shows in the output. */
  constructor(seed = 0, rowsMax = ARP_ROWS_MAX) {
    this.#seed = seed | 0
    this.#rowsMax = rowsMax
  }

  get size(): number {
    return this.#size
  }

  /** Did somebody ask for `ip` shortly before? */
  isSolicited(frame: Frame, ip: number): boolean {
    const row = this.#find(RowKind.asked * KIND_FACTOR + frame.vlan, ip, 0, 0)
    return row >= 0 && frame.at - this.#at(row, Cell.toldAt) <= SOLICITED_WITHIN_MICROS
  }

  /** True when the claim was told before and is now counted; false: tell it. */
  claimsAgain(frame: Frame, message: ArpMessage, solicited: boolean): boolean {
    const { senderIp, senderMac } = message
    const how = (message.operation === ArpOperation.reply ? REPLY : 0) + (senderIp === message.targetIp ? GRATUITOUS : 0)
    return this.#again((RowKind.claim + how) * KIND_FACTOR + frame.vlan, senderIp, senderMac, frame.srcMac, frame, solicited)
  }

  /** The same for a question, which is remembered for the answers. */
  asksAgain(frame: Frame, message: ArpMessage): boolean {
    const { senderIp, senderMac, targetIp } = message
    const asked = this.#findOrAdd(RowKind.asked * KIND_FACTOR + frame.vlan, targetIp, 0, 0)
    if (asked >= 0) this.#cells[asked * CELLS + Cell.toldAt] = frame.at
    return this.#again(RowKind.ask * KIND_FACTOR + frame.vlan, targetIp, senderMac, senderIp, frame, false)
  }

  /** Tells what repeated since the last time, in order of first appearance, and counts anew. */
  drain(emit: (fact: ArpFact) => void): void {
    for (let row = 0; row < this.#size; row++) {
      if (this.#at(row, Cell.times) === 0) continue
      emit(this.#repeats(row))
      this.#cells[row * CELLS + Cell.times] = this.#cells[row * CELLS + Cell.solicited] = 0
    }
    this.#frames.clear()
  }

  #repeats(row: number): ArpFact {
    const place = this.#at(row, Cell.place)
    const kind = Math.floor(place / KIND_FACTOR)
    const other = this.#at(row, Cell.other)
    const isClaim = kind !== RowKind.ask
    const sender = isClaim ? this.#at(row, Cell.ip) : other
    return {
      at: this.#at(row, Cell.lastAt), frame: this.#at(row, Cell.lastFrame), protocol: 'arp', vlan: place % KIND_FACTOR, kind: 'repeats',
      of: isClaim ? 'claim' : 'ask', operation: isClaim && (kind & REPLY) !== 0 ? 'reply' : 'request', mac: formatMac(this.#at(row, Cell.mac)),
      ip: sender === 0 ? null : ipFromV4(sender), target: isClaim ? null : ipFromV4(this.#at(row, Cell.ip)),
      times: this.#at(row, Cell.times), solicited: this.#at(row, Cell.solicited), frames: this.#frames.get(row) ?? [],
    }
  }

  #again(place: number, ip: number, mac: MacNumber, other: number, frame: Frame, solicited: boolean): boolean {
    const known = this.#size
    const row = this.#findOrAdd(place, ip, mac, other)
    if (row < 0) return false
    const cells = this.#cells
    const base = row * CELLS
    const toldAt = cells[base + Cell.toldAt] as Micros
    if (this.#size > known || frame.at < toldAt || frame.at - toldAt >= RETELL_MICROS) {
      cells[base + Cell.toldAt] = frame.at
      return false
    }
    this.#count(row, base, frame, solicited)
    return true
  }

  #count(row: number, base: number, frame: Frame, solicited: boolean): void {
    const cells = this.#cells
    const times = (cells[base + Cell.times] as number) + 1
    cells[base + Cell.times] = times
    if (solicited) cells[base + Cell.solicited] = (cells[base + Cell.solicited] as number) + 1
    if (times === 1 || frame.at > (cells[base + Cell.lastAt] as number)) cells[base + Cell.lastAt] = frame.at
    cells[base + Cell.lastFrame] = frame.number
    if (times > FRAMES_MAX) return
    const frames = this.#frames.get(row)
    if (frames) frames.push(frame.number)
    else this.#frames.set(row, [frame.number])
  }

  #at(row: number, cell: number): number {
    return this.#cells[row * CELLS + cell] as number
  }

  #findOrAdd(place: number, ip: number, mac: MacNumber, other: number): number {
    const known = this.#find(place, ip, mac, other)
    if (known >= 0 || this.#size >= this.#rowsMax) return known
    const row = this.#size++
    if (row * CELLS >= this.#cells.length) this.#grow()
    const base = row * CELLS
    const hash = this.#hash(place, ip, mac, other)
    this.#cells.set([place, ip, mac, other, hash], base)
    this.#place(row, hash)
    return row
  }

  #find(place: number, ip: number, mac: MacNumber, other: number): number {
    const cells = this.#cells
    const mask = this.#places.length - 1
    for (let at = this.#hash(place, ip, mac, other) & mask; this.#places[at] !== 0; at = (at + 1) & mask) {
      const row = (this.#places[at] as number) - 1
      const base = row * CELLS
      const isSame = cells[base + Cell.ip] === ip && cells[base + Cell.mac] === mac && cells[base + Cell.other] === other
      if (isSame && cells[base + Cell.place] === place) return row
    }
    return -1
  }

  #hash(place: number, ip: number, mac: MacNumber, other: number): number {
    const hash = mix(mix(mix(this.#seed, place), ip | 0), mac % LOW_24)
    return mixed(mix(mix(mix(hash, Math.floor(mac / LOW_24)), other % LOW_24), Math.floor(other / LOW_24)))
  }

  #place(row: number, hash: number): void {
    const mask = this.#places.length - 1
    let at = hash & mask
    while (this.#places[at] !== 0) at = (at + 1) & mask
    this.#places[at] = row + 1
  }

  #grow(): void {
    const cells = new Float64Array(2 * this.#cells.length)
    cells.set(this.#cells)
    this.#cells = cells
    const rows = cells.length / CELLS
    this.#places = new Int32Array(2 * rows)
    for (let row = 0; row < this.#size - 1; row++) this.#place(row, cells[row * CELLS + Cell.hash] as number)
  }
}
