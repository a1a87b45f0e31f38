// Faults: what a bad network and a bad afternoon do to one turn of a monitor, as middleware: deeds in, deeds out, from a seed.
// Keeps the rule that every byte stays accounted for: a piece says which frame it ends, and what is left out is left out whole.

import { randomInt, type Rng } from '../base/rng.ts'

/** One frame (HL7: one message) as the monitor meant it. */
export interface SpokenFrame {
  readonly bytes: Uint8Array
  /** Whether it is the last one of its turn. */
  readonly endsTurn: boolean
}

/** A stretch of bytes of one connection. `ends` is the frame whose last byte is in it; null inside a frame. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly ends: SpokenFrame | null
  readonly isGarbage: boolean
}

/** How a monitor leaves a connection: orderly, by RST, or by saying no more and never closing it. */
export type Leaving = 'close' | 'reset' | 'silence'

export type Deed =
  /** One write: one segment where it fits. */
  | { readonly kind: 'write'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'wait'; readonly ms: number }
  /** The rest of the turn is never said; a new connection follows. */
  | { readonly kind: 'leave'; readonly how: Leaving }

/** One fault on one connection's turns; may hold a turn back for the next. */
export type Fault = (deeds: readonly Deed[]) => readonly Deed[]

/** The faults of one line. `storm` and `loss` are not among them: a storm hits all lines at once, loss is the network's. */
export const LINE_FAULTS = ['garbage', 'merge', 'stall', 'half-open', 'reset', 'split'] as const
export type LineFault = (typeof LINE_FAULTS)[number]
export const FAULTS = [...LINE_FAULTS, 'storm'] as const
export type FaultName = (typeof FAULTS)[number]

export const FAULT_WORDS: { readonly [F in FaultName]: string } = {
  garbage: 'bytes that are no frame between two frames',
  merge: 'two cycles in one write',
  stall: 'nothing for three to eight cycles, then all of them at once',
  'half-open': 'a monitor stops within a frame without closing, and connects again',
  reset: 'a monitor resets the connection within a frame, and connects again',
  split: 'writes of 1 to 700 bytes',
  storm: 'all monitors leave at once, each in its own way, and connect again at once',
}

interface FaultRow {
  /** One turn in so many. */
  readonly everyTurns: number
  /** Whether it suits any stream, or only one that finds its step again by itself. */
  readonly suits: 'any' | 'cms'
  readonly open: (hits: () => boolean, rng: Rng) => Fault
}

/** In the order in which they are laid upon each other; how often each comes is made up: each at 64 beds every few seconds. */
const ROWS: { readonly [F in LineFault]: FaultRow } = {
  garbage: { everyTurns: 20, suits: 'cms', open: garbage },
  merge: { everyTurns: 12, suits: 'any', open: (hits, rng) => hold(hits, () => 1, rng) },
  stall: { everyTurns: 150, suits: 'any', open: (hits, rng) => hold(hits, (chance) => randomInt(chance, 3, 8), rng) },
  'half-open': { everyTurns: 120, suits: 'any', open: (hits, rng) => leave(hits, 'silence', rng) },
  reset: { everyTurns: 120, suits: 'any', open: (hits, rng) => leave(hits, 'reset', rng) },
  split: { everyTurns: 4, suits: 'any', open: split },
}

/** All the faults asked for, as one. One per line: some remember. */
export function lineFaults(wanted: ReadonlySet<FaultName>, speaks: 'cms' | 'hl7', rng: Rng): Fault {
  const rows = LINE_FAULTS.filter((name) => wanted.has(name)).map((name) => ROWS[name]).filter((row) => row.suits === 'any' || speaks === 'cms')
  const faults = rows.map((row) => row.open(() => randomInt(rng, 1, row.everyTurns) === 1, rng))
  return (deeds) => faults.reduce((so, fault) => fault(so), deeds)
}

/** One turn without any fault: its frames in one write. */
export function plainTurn(frames: readonly Uint8Array[]): readonly Deed[] {
  const pieces = frames.map((bytes, i): Piece => ({ bytes, ends: { bytes, endsTurn: i === frames.length - 1 }, isGarbage: false }))
  return [{ kind: 'write', pieces }]
}

/** 0x05 is the third byte of every frame: garbage without it cannot pass for the start of one, so no good frame is lost with it. */
const FRAME_MARK = 0x05
const GARBAGE_BYTES_MAX = 200

/** Always before a frame: what comes last on a connection could not be told from a frame that was cut. */
function garbage(hits: () => boolean, rng: Rng): Fault {
  return (deeds) => deeds.map((deed) => {
    if (deed.kind !== 'write' || deed.pieces.length === 0 || !hits()) return deed
    const noise: Piece = { bytes: garbageBytes(rng), ends: null, isGarbage: true }
    return { kind: 'write', pieces: deed.pieces.toSpliced(randomInt(rng, 0, deed.pieces.length - 1), 0, noise) }
  })
}

function garbageBytes(rng: Rng): Uint8Array {
  return Uint8Array.from({ length: randomInt(rng, 1, GARBAGE_BYTES_MAX) }, () => {
    const value = randomInt(rng, 0, 255)
    return value === FRAME_MARK ? FRAME_MARK + 1 : value
  })
}

/** Keeps turns back and gives them in one write with the one that ends the wait. */
function hold(hits: () => boolean, turns: (rng: Rng) => number, rng: Rng): Fault {
  let held: Piece[] = []
  let waiting = 0
  return (deeds) => {
    if (waiting === 0 && hits()) waiting = turns(rng) + 1
    if (waiting === 0) return deeds
    waiting--
    held.push(...deeds.flatMap((deed) => (deed.kind === 'write' ? deed.pieces : [])))
    if (waiting > 0) return []
    const pieces = held
    held = []
    return [{ kind: 'write', pieces }]
  }
}

/** Cuts the turn at a random byte; what comes after it is not said. */
function leave(hits: () => boolean, how: Leaving, rng: Rng): Fault {
  return (deeds) => {
    const pieces = deeds.flatMap((deed) => (deed.kind === 'write' ? deed.pieces : []))
    if (pieces.length === 0 || !hits()) return deeds
    const total = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
    return [{ kind: 'write', pieces: firstBytes(pieces, randomInt(rng, 0, total - 1)) }, { kind: 'leave', how }]
  }
}

/** The first `count` bytes of the pieces; the last one may be cut, and then ends nothing. */
function firstBytes(pieces: readonly Piece[], count: number): Piece[] {
  const out: Piece[] = []
  let left = count
  for (const piece of pieces) {
    if (left === 0) break
    const isWhole = piece.bytes.length <= left
    out.push(isWhole ? piece : { ...piece, bytes: piece.bytes.subarray(0, left), ends: null })
    left -= Math.min(left, piece.bytes.length)
  }
  return out
}

/** Longest write of a split turn, from single bytes to half a segment. */
const SPLIT_BYTES = [1, 7, 100, 700] as const
/** Writes of one split turn: single bytes for a while, not for a whole cycle. */
const SPLIT_WRITES_MAX = 60
/** Long enough that a reader sees the two halves apart. */
const SPLIT_WAIT_MS_MAX = 20

function split(hits: () => boolean, rng: Rng): Fault {
  return (deeds) => deeds.flatMap((deed) => (deed.kind === 'write' && deed.pieces.length > 0 && hits() ? splitWrite(deed.pieces, rng) : [deed]))
}

function splitWrite(pieces: readonly Piece[], rng: Rng): Deed[] {
  const most = SPLIT_BYTES[randomInt(rng, 0, SPLIT_BYTES.length - 1)] ?? 1
  const waitAfter = randomInt(rng, 0, SPLIT_WRITES_MAX - 1)
  const out: Deed[] = []
  let rest = [...pieces]
  while (rest.length > 0) {
    const total = rest.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const take = out.length >= SPLIT_WRITES_MAX ? total : Math.min(total, randomInt(rng, 1, most))
    const part = firstBytes(rest, take)
    out.push({ kind: 'write', pieces: part })
    if (out.length === waitAfter) out.push({ kind: 'wait', ms: randomInt(rng, 1, SPLIT_WAIT_MS_MAX) })
    rest = withoutBytes(rest, take)
  }
  return out
}

function withoutBytes(pieces: readonly Piece[], count: number): Piece[] {
  let left = count
  return pieces.flatMap((piece) => {
    const cut = Math.min(left, piece.bytes.length)
    left -= cut
    return cut === piece.bytes.length ? [] : [{ ...piece, bytes: piece.bytes.subarray(cut) }]
  })
}

/** How each line leaves in a storm. */
export function stormLeaving(rng: Rng): Leaving {
  return (['close', 'reset', 'silence'] as const)[randomInt(rng, 0, 2)] ?? 'close'
}

/**
 * Rules of nftables that lose `percent` of a hundred packets to the monitors' ports, and count them in `lost`. For a network namespace of
 * the caller's own: kernels without netem have no other way. Both ends of a connection then do what TCP does: send again.
 */
export function lossRules(percent: number, ports: readonly number[]): string {
  const set = `{ ${ports.join(', ')} }`
  const lose = `numgen random mod 100 < ${percent} counter name lost drop`
  return [
    'table inet ward {', '  counter lost { }', '  chain in {', '    type filter hook input priority 0; policy accept;',
    `    tcp dport ${set} ${lose}`, `    tcp sport ${set} ${lose}`, '  }', '}', '',
  ].join('\n')
}
