// check-cubes: arithmetic of cubes for the checker of certificates, and for nobody else: part of a match, size, number of packets, overlap.
// Keeps the checker independent: nothing here comes from packet sets, so that a mistake there is not repeated here.

import { FIELDS, type Constraint, type Field, type Match, type ValueMask } from '../rules/model.ts'
import type { Cube, Piece } from './certificate.ts'

/** Fields that some protocols have only; in packets of others they are 0 (rules/model.ts). */
const OWNERS: Partial<Record<Field, readonly number[]>> =
  { dport: [6, 17, 132], sport: [6, 17, 132], flags: [6], icmpType: [1, 58], icmpCode: [1, 58] }

/** The part of the cube that matches, what is not understood left aside; null when there is none. */
export function inside(cube: Cube, match: Match): Cube | null {
  let kept = cube
  for (const [field, constraint] of match.fields) {
    const left = only(kept[field], constraint)
    if (left.length === 0) return null
    kept = { ...kept, [field]: left }
    const owners = OWNERS[field]
    if (owners) kept = { ...kept, proto: only(kept.proto, oneOf(owners)) }
    if (kept.proto.length === 0) return null
  }
  return kept
}

export function holdsAll(cube: Cube, match: Match): boolean {
  const part = inside(cube, match)
  return part !== null && FIELDS.every((field) => part[field] === cube[field] || sizeOf(part[field]) === sizeOf(cube[field]))
}

function oneOf(numbers: readonly number[]): Constraint {
  return { kind: 'ranges', ranges: numbers.map((n) => ({ low: BigInt(n), high: BigInt(n) })), not: false }
}

function only(pieces: readonly Piece[], constraint: Constraint): readonly Piece[] {
  const listed: readonly Piece[] = constraint.kind === 'ranges'
    ? constraint.ranges
    : constraint.masks.map(({ value, mask }) => ({ value: value & mask, mask }))
  let rest = pieces
  const found: Piece[] = []
  for (const one of listed) {
    if (!rest.some((piece) => touches(piece, one))) continue
    found.push(...rest.flatMap((piece) => meet(piece, one)))
    rest = rest.flatMap((piece) => cut(piece, one))
  }
  return constraint.not ? rest : found
}

function touches(a: Piece, b: Piece): boolean {
  return 'low' in a && 'low' in b ? a.low <= b.high && b.low <= a.high && b.low <= b.high : meet(a, b).length > 0
}

function meet(a: Piece, b: Piece): readonly Piece[] {
  if ('mask' in a || 'mask' in b) {
    return masksOf(a).flatMap((x) => masksOf(b).filter((y) => agree(x, y)).map((y) => ({ value: x.value | y.value, mask: x.mask | y.mask })))
  }
  if (b.low <= a.low && a.high <= b.high) return [a]
  const [low, high] = [a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high]
  return low <= high ? [{ low, high }] : []
}

/** What of `a` is not in `b`. */
function cut(a: Piece, b: Piece): readonly Piece[] {
  if ('mask' in a || 'mask' in b) return masksOf(b).reduce((left, y) => left.flatMap((x) => cutMask(x, y)), masksOf(a))
  if (b.low > b.high || b.high < a.low || b.low > a.high) return [a]
  return [{ low: a.low, high: b.low - 1n }, { low: b.high + 1n, high: a.high }].filter(({ low, high }) => low <= high)
}

function cutMask(x: ValueMask, y: ValueMask): readonly ValueMask[] {
  if (!agree(x, y)) return [x]
  const bits = y.mask & ~x.mask
  if (bits === 0n) return []
  const bit = bits & -bits
  const mask = x.mask | bit
  return [{ value: x.value | (bit & ~y.value), mask }, ...cutMask({ value: x.value | (bit & y.value), mask }, y)]
}

function agree(x: ValueMask, y: ValueMask): boolean {
  return ((x.value ^ y.value) & x.mask & y.mask) === 0n
}

/** Blocks of a power of two; `-size` has all bits above the block. */
function masksOf(piece: Piece): readonly ValueMask[] {
  if ('mask' in piece) return [piece]
  const blocks: ValueMask[] = []
  for (let at = piece.low; at <= piece.high;) {
    let size = at === 0n ? 1n << 128n : at & -at
    while (at + size - 1n > piece.high) size >>= 1n
    blocks.push({ value: at, mask: -size })
    at += size
  }
  return blocks
}

function sizeOf(pieces: readonly Piece[]): bigint {
  const size = (piece: Piece): bigint =>
    ('mask' in piece ? 2n ** BigInt((~piece.mask).toString(2).replaceAll('0', '').length) : piece.high - piece.low + 1n)
  return pieces.reduce((sum, piece) => sum + size(piece), 0n)
}

/** A field of which some value is named twice, or undefined. */
export function namedTwice(cube: Cube): Field | undefined {
  return FIELDS.find((field) => {
    const once = cube[field].reduce<readonly Piece[]>((all, p) => [...all.flatMap((q) => cut(q, p)), p], [])
    return sizeOf(once) !== sizeOf(cube[field])
  })
}

/** Packets of the cube that can exist, protocol by protocol. */
export function count(cube: Cube): bigint {
  const one = new Map(FIELDS.map((field) => [field, BigInt(only(cube[field], oneOf([0])).length)]))
  const size = new Map(FIELDS.map((field) => [field, sizeOf(cube[field])]))
  let sum = 0n
  for (let proto = 0; proto < 256; proto++) {
    if (only(cube.proto, oneOf([proto])).length === 0) continue
    sum += FIELDS.reduce((n, field) => (field === 'proto' ? n : n * ((OWNERS[field]?.includes(proto) ?? true) ? size : one).get(field)!), 1n)
  }
  return sum
}

/** Two cubes that share a packet's values, or null. Only those whose destinations meet are compared. */
export function overlap(cubes: readonly Cube[]): readonly [number, number] | null {
  const ends = (p: Piece): { low: bigint; high: bigint } => ('mask' in p ? { low: p.value, high: p.value | ~p.mask } : p)
  const spans = cubes.flatMap((cube, i) => cube.dst.map((p) => ({ i, ...ends(p) })))
  let open: typeof spans = []
  for (const span of spans.sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : a.i - b.i))) {
    open = open.filter(({ high }) => high >= span.low)
    const [a, other] = [cubes[span.i], open.find(({ i }) => i !== span.i && share(cubes[i], cubes[span.i]))]
    if (a && other) return [other.i, span.i]
    open.push(span)
  }
  return null
}

function share(a: Cube | undefined, b: Cube | undefined): boolean {
  return a !== undefined && b !== undefined && FIELDS.every((field) => a[field].some((p) => b[field].some((q) => touches(p, q))))
}
