// SYN shape: how a host's system opens a connection: the order of its TCP options, TTL, window. Kept per address as a few numbers.
// Keeps the frame path's rule: a known shape costs a walk over at most 40 bytes and some comparisons, and makes nothing.

import type { MacNumber } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import type { Frame } from '../../wire/frame.ts'

/** One way of opening connections, from one card. */
export interface SynShape {
  /** Option kinds in order, packed by `packLayout`. */
  readonly layout: number
  readonly ttl: number
  readonly mac: MacNumber
  /** Of the first such SYN. */
  readonly window: number
  /** Maximum segment size of the first, 0 when there is none. */
  readonly mss: number
  readonly firstAt: Micros
  lastAt: Micros
  readonly frame: number
  count: number
  /** How often it came after another shape. */
  turns: number
}

/** What one SYN shows. */
export type SynSeen = Pick<SynShape, 'layout' | 'ttl' | 'mac' | 'window' | 'mss' | 'frame'> & { readonly at: Micros }

/** Shapes kept per address: a NAT with more kinds of hosts behind it is suspected with fewer. */
export const SHAPES_MAX = 8

const BASE = 8
/** 16 options of 3 bits behind a leading 1 stay below 2^53. */
const OPTIONS_MAX = 16
const MSS_BYTES = 4

/** TCP option kinds (IANA) to digits; others are 6. */
const DIGITS: readonly number[] = [0, 1, 2, 3, 4, 6, 6, 6, 5]
const OTHER = 6
const LETTERS: Readonly<Record<string, number>> = { EOL: 0, NOP: 1, MSS: 2, WS: 3, SACK: 4, TS: 5 }

/** `MSS,SACK,TS,NOP,WS` as the number a SYN with these options has. */
export function packLayout(text: string): number {
  return text.split(',').filter((word) => word !== '').reduce((n, word) => n * BASE + (LETTERS[word] ?? OTHER), 1)
}

/** The segment size alone: small stacks, and scanners, whose TTLs are drawn by lot and would fill the table. */
export const SMALL_LAYOUT = BASE + 2

/** Offset of the options behind a TCP header. */
const HEADER_BYTES = 20

const NO_SHAPES: readonly SynShape[] = []

export class SynShapes {
  /** Made anew for each shape: most addresses have one, and a list that grows by itself has room for seventeen. */
  #shapes: readonly SynShape[] = NO_SHAPES
  #last = -1

  list(): readonly SynShape[] {
    return this.#shapes
  }

  note({ layout, ttl, mac, window, mss, at, frame }: SynSeen): void {
    const shapes = this.#shapes
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i] as SynShape
      if (shape.layout !== layout || shape.mac !== mac || (shape.ttl !== ttl && layout !== SMALL_LAYOUT)) continue
      shape.count++
      if (at > shape.lastAt) shape.lastAt = at
      if (i !== this.#last) shape.turns++
      this.#last = i
      return
    }
    if (shapes.length >= SHAPES_MAX) return
    this.#last = shapes.length
    const shape: SynShape = { layout, ttl, mac, window, mss, firstAt: at, lastAt: at, frame, count: 1, turns: 0 }
    this.#shapes = shapes.length === 0 ? [shape] : shapes.concat(shape)
  }
}

/** The SYN that `frame` speaks of; `buf` holds its TCP header at frame.l4Off. Null when the header is not all there. */
export function readSyn(buf: Uint8Array, frame: Frame): SynSeen | null {
  const off = frame.l4Off + HEADER_BYTES
  const end = frame.payloadOff
  if (frame.l4Off < 0 || end < off || end > buf.length) return null
  const { ttl, srcMac, at, tcpWindow, number } = frame
  return { layout: layoutOf(buf, off, end), ttl, mac: srcMac, window: tcpWindow, mss: mssOf(buf, off, end), at, frame: number }
}

/** What follows an end-of-options is padding; an option that runs over the end closes the layout as another kind. */
function layoutOf(buf: Uint8Array, off: number, end: number): number {
  let layout = 1
  let at = off
  for (let n = 0; n < OPTIONS_MAX && at < end; n++) {
    const kind = buf[at] as number
    layout = layout * BASE + (DIGITS[kind] ?? OTHER)
    if (kind === 0) return layout
    if (kind === 1) at++
    else {
      const length = at + 1 < end ? (buf[at + 1] as number) : 0
      if (length < 2 || at + length > end) return layout * BASE + OTHER
      at += length
    }
  }
  return layout
}

function mssOf(buf: Uint8Array, off: number, end: number): number {
  const isFirst = off + MSS_BYTES <= end && buf[off] === 2 && buf[off + 1] === MSS_BYTES
  return isFirst ? (buf[off + 2] as number) * 256 + (buf[off + 3] as number) : 0
}
