// Vista 120 session: one flow -> facts. TCP: which side is the monitor, its blocks counted, what the central writes; UDP: announcements.
// Keeps the rule that facts are few: one when something new is learned, totals at the end, no reading's value and no text of a patient.

import type { Micros } from '../../base/time.ts'
import { u16le, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { CarryBuffer } from '../session-tools.ts'
import { VISTA_S_HEAD_BYTES, VISTA_S_MAGIC, VISTA_TIME_HEAD, VISTA_TOTAL_KEYS_MAX } from './codes.ts'
import type { Vista120Fact } from './facts.ts'
import { addReadings, decodeAnnouncement, isLikelyRecord, isVistaSHead, timeHeadMatch, vistaBlockAt } from './message.ts'
import { VistaStream } from './stream.ts'

type Unshared<F> = F extends Vista120Fact ? Omit<F, keyof FactBase | 'protocol' | 'flowId' | 'monitorSide'> : never

/** Blocks of one flow, by kind and type. */
class Tally {
  readonly #counts = new Map<number, number>()
  readonly readings = new Set<string>()
  unknown = 0

  add(buf: Uint8Array, off: number): void {
    const row = vistaBlockAt(buf, off)
    const key = u8(buf, off + 3) * 0x1_0000 + u16le(buf, off + 4)
    const before = this.#counts.get(key)
    if (before !== undefined || this.#counts.size < VISTA_TOTAL_KEYS_MAX) this.#counts.set(key, (before ?? 0) + 1)
    if (row) addReadings(row, buf, off, this.readings)
    else this.unknown++
  }

  list(): (readonly [string, number])[] {
    return [...this.#counts].sort(([a], [b]) => a - b).map(([key, n]) => [`${hex(key >>> 16)}/${hex(key & 0xffff)}`, n])
  }
}

const hex = (n: number): string => n.toString(16).padStart(2, '0')

export class Vista120Session implements Session {
  readonly #context: SessionContext
  #side: Direction | null
  readonly #streams: readonly [VistaStream, VistaStream]
  /** First bytes of each direction: whether a 120S speaks, and whether the central sends the time. */
  readonly #heads = [new CarryBuffer(VISTA_S_HEAD_BYTES), new CarryBuffer(VISTA_S_HEAD_BYTES)] as const
  readonly #closed: [boolean, boolean] = [false, false]
  readonly #tally = new Tally()
  #streamTold = false
  #hidden = false
  #centralTold = false
  #announced = ''
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
    const late = context.flow.state === 'midstream'
    this.#side = late ? null : 0
    this.#streams = [this.#open(0, late), this.#open(1, late)]
  }

  #open(direction: Direction, late: boolean): VistaStream {
    return new VistaStream({
      block: (buf, off, end) => this.#block(direction, buf, off, end),
      resync: (skipped) => this.#resync(direction, skipped),
    }, late)
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    if (this.#context.transport === 'udp') this.#announcement(buf, off, end)
    else if (off < end && !this.#hidden) this.#segment(direction, buf, off, end)
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    if (!this.#hidden) this.#streams[direction].gap()
    // Its first bytes are gone or may be: what follows is no beginning.
    this.#closed[direction] = true
  }

  end(at: Micros): void {
    this.#at = at
    this.#centralSpoke(true)
    if (this.#context.transport === 'udp' || this.#hidden) return
    this.#teach({ kind: 'totals', blocks: this.#tally.list(), unknownBlocks: this.#tally.unknown, readings: [...this.#tally.readings].sort() })
  }

  #segment(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    const head = this.#heads[direction]
    if (!this.#closed[direction]) head.fill(buf, off, end, VISTA_S_HEAD_BYTES)
    if (head.length === VISTA_S_HEAD_BYTES && isVistaSHead(head.bytes, 0)) this.#hide(direction)
    else if (this.#side === null || this.#side === direction) this.#streams[direction].feed(buf, off, end)
    this.#centralSpoke(false)
  }

  /** A Vista 120S: what follows looks encrypted, so nothing more of it is read. The side that dials is the monitor. */
  #hide(direction: Direction): void {
    this.#hidden = true
    this.#centralTold = true
    this.#side ??= direction
    this.#teach({ kind: 'stream', model: 'vista-120s', number: null })
  }

  #block(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    if (this.#side !== null && this.#side !== direction) return
    const row = vistaBlockAt(buf, off)
    if (row !== undefined) this.#choose(direction)
    this.#tally.add(buf, off)
    if (row !== undefined && !this.#streamTold) {
      this.#streamTold = true
      this.#teach({ kind: 'stream', model: 'vista-120', number: u8(buf, off + 2) })
    }
    if (row === undefined && this.#streamTold && isLikelyRecord(buf, off, end)) {
      this.#teach({ kind: 'patient', length: end - off, filled: ['identifier'] })
    }
  }

  #resync(direction: Direction, skipped: number): void {
    this.#choose(direction)
    if (this.#side === direction) this.#teach({ kind: 'resync', skipped })
  }

  /** In a flow that is joined late, the first side with a known block is the monitor. */
  #choose(direction: Direction): void {
    if (this.#side !== null) return
    this.#side = direction
    this.#streams[direction === 0 ? 1 : 0].gap()
    this.#centralSpoke(false)
  }

  /** Once per flow: the time it sends on accept, or something else. `last` when no more bytes will come. */
  #centralSpoke(last: boolean): void {
    if (this.#centralTold || this.#side === null) return
    const head = this.#heads[this.#side === 0 ? 1 : 0]
    if (head.length === 0) return
    const agreed = timeHeadMatch(head.bytes, 0, head.length)
    if (agreed >= 0 && agreed < VISTA_TIME_HEAD.length && !last) return
    // A 120S may be beginning: its head is longer.
    if (u8(head.bytes, 0) === VISTA_S_MAGIC[0] && head.length < VISTA_S_HEAD_BYTES && !last) return
    this.#centralTold = true
    this.#teach({ kind: 'from-central', what: agreed === VISTA_TIME_HEAD.length ? 'time' : 'unknown' })
  }

  #announcement(buf: Uint8Array, off: number, end: number): void {
    const said = decodeAnnouncement(buf, off, end)
    if (said === null) return
    const words = `${said.name}|${said.institution}|${said.port}|${said.address ?? ''}|${said.secondAddress ?? ''}`
    if (words === this.#announced) return
    this.#announced = words
    this.#context.emit({ ...this.#base(), kind: 'announce', ...said })
  }

  #teach(teaching: Unshared<Exclude<Vista120Fact, { readonly kind: 'announce' }>>): void {
    this.#context.emit({ ...this.#base(), monitorSide: this.#side ?? 0, ...teaching })
  }

  #base() {
    return { at: this.#at, frame: this.#context.frame(), protocol: 'vista120', flowId: this.#context.flow.id } as const
  }
}
