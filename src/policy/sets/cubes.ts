// cubes: packet sets as lists of disjoint products, one list of values per field. What certificates are written in.
// Keeps products whole: taking a product out of another leaves one product per constrained field, however many ranges a field has.

import type { IpVersion } from '../../base/ip.ts'
import { FIELDS, type Constraint, type Field, type Match, type ValueMask, type ValueRange } from '../rules/model.ts'
import { fieldBits, FIELD_PROTOCOLS, protocolHas } from './fields.ts'
import { complement, constraintRanges, intersect, rangeList, values, type RangeList } from './ranges.ts'

/** Values of one field: sorted ranges, or disjoint masks once a mask with holes is about. */
export type FieldSet = { readonly ranges: RangeList } | { readonly masks: readonly ValueMask[] }

/** Per field, in the order of FIELDS. No field is empty. */
export type CubeSet = readonly FieldSet[]

/** Fields that a match constrains, each once; null when it matches nothing. */
export type CubeMatch = readonly (readonly [number, FieldSet])[] | null

const PROTO = FIELDS.indexOf('proto')

function topOf(field: Field, version: IpVersion): bigint {
  return (1n << BigInt(fieldBits(field, version))) - 1n
}

/** Every packet of the version. */
export function wholeCube(version: IpVersion): CubeSet {
  return FIELDS.map((field) => ({ ranges: [{ low: 0n, high: topOf(field, version) }] }))
}

/** A match as one product. Unknown matches are ignored. */
export function cubeMatch(match: Match, version: IpVersion): CubeMatch {
  const found = new Map<number, FieldSet>()
  const add = (field: Field, constraint: Constraint): boolean => {
    const at = FIELDS.indexOf(field)
    const top = topOf(field, version)
    const set = meet(found.get(at) ?? { ranges: [{ low: 0n, high: top }] }, fieldSet(constraint, top), top)
    found.set(at, set)
    return !isEmpty(set)
  }
  for (const [field, constraint] of match.fields) {
    const protocols = FIELD_PROTOCOLS[field]
    if (!add(field, constraint)) return null
    if (protocols && !add('proto', { kind: 'ranges', ranges: values(protocols), not: false })) return null
  }
  return [...found].sort(([a], [b]) => a - b)
}

export interface Split {
  readonly inside: CubeSet | null
  readonly outside: readonly CubeSet[]
}

/** The part of a cube inside a match, null when there is none, and the disjoint parts outside of it. Parts without packets are left out. */
export function splitCube(cube: CubeSet, match: CubeMatch, version: IpVersion): Split {
  const both = match?.map(([at, set]): readonly [number, FieldSet] => [at, meet(cube[at] as FieldSet, set, topOf(FIELDS[at] as Field, version))])
  if (!match || !both || both.some(([, set]) => isEmpty(set))) return { inside: null, outside: [cube] }
  const outside: CubeSet[] = []
  let inside = cube
  for (const [i, [at, common]] of both.entries()) {
    const left = without(inside[at] as FieldSet, (match[i] as readonly [number, FieldSet])[1], topOf(FIELDS[at] as Field, version))
    if (!isEmpty(left)) outside.push(inside.with(at, left))
    inside = inside.with(at, common)
  }
  return { inside: exists(inside) ? inside : null, outside: outside.filter(exists) }
}

/** Whether they share no packet, told from the ends of their values alone: true is sure, false is not. Most pairs end here. */
export function missesCube(cube: CubeSet, match: CubeMatch): boolean {
  return match === null || match.some(([at, set]) => {
    const mine = cube[at] as FieldSet
    if (!('ranges' in mine && 'ranges' in set)) return false
    const [first, last] = [set.ranges[0] as ValueRange, set.ranges.at(-1) as ValueRange]
    const below = firstReaching(mine.ranges, first.low)
    return below === undefined || below.low > last.high
  })
}

/** The first range that does not end before `value`. */
function firstReaching(list: RangeList, value: bigint): ValueRange | undefined {
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((list[middle] as ValueRange).high < value) from = middle + 1
    else to = middle
  }
  return list[from]
}

/** Whether any packet of the cube can exist: fields that a protocol does not have are 0. */
function exists(cube: CubeSet): boolean {
  const zero = FIELDS.map((_, at) => holdsZero(cube[at] as FieldSet))
  return KINDS.some(({ protocols, has }) => FIELDS.every((_, at) => has[at] || zero[at]) && meetsProtocols(cube[PROTO] as FieldSet, protocols))
}

/** Protocols with the same fields. */
const KINDS: readonly { readonly protocols: RangeList; readonly has: readonly boolean[] }[] = kinds()

function kinds(): { protocols: RangeList; has: readonly boolean[] }[] {
  const found = new Map<string, { protocols: bigint[]; has: readonly boolean[] }>()
  for (let proto = 0n; proto <= 255n; proto++) {
    const has = FIELDS.map((field) => protocolHas(proto, field))
    const kind = found.get(has.join()) ?? { protocols: [], has }
    found.set(has.join(), kind)
    kind.protocols.push(proto)
  }
  return [...found.values()].map(({ protocols, has }) => ({ protocols: rangeList(values(protocols), 255n), has }))
}

function meetsProtocols(set: FieldSet, protocols: RangeList): boolean {
  return !isEmpty(meet(set, { ranges: protocols }, 255n))
}

function holdsZero(set: FieldSet): boolean {
  return 'ranges' in set ? set.ranges[0]?.low === 0n : set.masks.some((mask) => mask.value === 0n)
}

/** Packets of the cube that can exist. */
export function countCube(cube: CubeSet): bigint {
  return KINDS.reduce((sum, { protocols, has }) => {
    const own = FIELDS.map((_, at) => (at === PROTO ? meet(cube[at] as FieldSet, { ranges: protocols }, 255n) : (cube[at] as FieldSet)))
    return sum + own.reduce((product, set, at) => product * (has[at] ? sizeOf(set) : holdsZero(set) ? 1n : 0n), 1n)
  }, 0n)
}

function sizeOf(set: FieldSet): bigint {
  if ('ranges' in set) return set.ranges.reduce((sum, { low, high }) => sum + high - low + 1n, 0n)
  return set.masks.reduce((sum, { mask }) => sum + (1n << BigInt([...(~mask).toString(2)].filter((bit) => bit === '1').length)), 0n)
}

function isEmpty(set: FieldSet): boolean {
  return ('ranges' in set ? set.ranges : set.masks).length === 0
}

function fieldSet(constraint: Constraint, top: bigint): FieldSet {
  const ranges = constraintRanges(constraint, top)
  if (ranges) return { ranges }
  const every = { masks: [{ value: 0n, mask: ~top }] }
  const masks = constraint.kind === 'masks' ? constraint.masks : []
  const cuts = masks.map(({ value, mask }) => ({ value: value & mask, mask }))
  const outside = cuts.reduce<readonly ValueMask[]>((left, cut) => left.flatMap((m) => maskWithout(m, cut)), every.masks)
  return constraint.not ? { masks: outside } : without(every, { masks: outside }, top)
}

function meet(a: FieldSet, b: FieldSet, top: bigint): FieldSet {
  if ('ranges' in a && 'ranges' in b) return { ranges: intersect(a.ranges, b.ranges) }
  const others = masksOf(b, top)
  return { masks: masksOf(a, top).flatMap((x) => others.flatMap((y) => (agree(x, y) ? [{ value: x.value | y.value, mask: x.mask | y.mask }] : []))) }
}

function without(a: FieldSet, b: FieldSet, top: bigint): FieldSet {
  if ('ranges' in a && 'ranges' in b) return { ranges: intersect(a.ranges, complement(b.ranges, top)) }
  return { masks: masksOf(b, top).reduce<readonly ValueMask[]>((left, y) => left.flatMap((x) => maskWithout(x, y)), masksOf(a, top)) }
}

function agree(x: ValueMask, y: ValueMask): boolean {
  return ((x.value ^ y.value) & x.mask & y.mask) === 0n
}

/** One piece per bit that `y` fixes and `x` does not, the highest first. */
function maskWithout(x: ValueMask, y: ValueMask): readonly ValueMask[] {
  if (!agree(x, y)) return [x]
  const pieces: ValueMask[] = []
  let within = x
  for (let left = y.mask & ~x.mask; left > 0n;) {
    const bit = 1n << BigInt(left.toString(2).length - 1)
    left ^= bit
    pieces.push({ value: within.value | (bit & ~y.value), mask: within.mask | bit })
    within = { value: within.value | (bit & y.value), mask: within.mask | bit }
  }
  return pieces
}

/** Masks have all bits above the field set, so that a value that does not fit agrees with none. */
function masksOf(set: FieldSet, top: bigint): readonly ValueMask[] {
  return 'masks' in set ? set.masks : set.ranges.flatMap((range) => prefixesOf(range, top))
}

function prefixesOf({ low, high }: ValueRange, top: bigint): readonly ValueMask[] {
  const found: ValueMask[] = []
  for (let at = low; at <= high;) {
    let size = at === 0n ? top + 1n : at & -at
    while (at + size - 1n > high) size >>= 1n
    found.push({ value: at, mask: -size })
    at += size
  }
  return found
}
