// bdd-fields: matches of rules as diagrams. Built from the last bit to the first, so that a rule costs its bits and no operation.
// Keeps the order dst, src, proto, dport, sport, ...: ports first cost five times as much and blew up at 5,000 rules (docs/sets.md).

import type { IpVersion } from '../../base/ip.ts'
import { FIELDS, type Constraint, type Field, type Match, type ValueMask, type ValueRange } from '../rules/model.ts'
import { FALSE, Op, TRUE, type Bdd } from './bdd.ts'
import { fieldBits, FIELD_PROTOCOLS, Proto } from './fields.ts'
import { constraintRanges, intersect, rangeList, values, type RangeList } from './ranges.ts'

/** Where a field's bits are: `first` is the level of its most significant bit. */
export interface FieldPlace {
  readonly field: Field
  readonly first: number
  readonly bits: number
  readonly max: bigint
}

export type Layout = readonly FieldPlace[]

/** FIELDS in order, bit after bit. */
export function layoutOf(version: IpVersion): Layout {
  let first = 0
  return FIELDS.map((field) => {
    const bits = fieldBits(field, version)
    const place = { field, first, bits, max: (1n << BigInt(bits)) - 1n }
    first += bits
    return place
  })
}

/** Levels in all. */
export function levelsOf(layout: Layout): number {
  return layout.reduce((sum, place) => sum + place.bits, 0)
}

/** What a constraint on an optional field asks of the protocol. */
const PROTOCOLS_OF: ReadonlyMap<Field, Constraint> = new Map(FIELDS.flatMap((field): [Field, Constraint][] => {
  const protocols = FIELD_PROTOCOLS[field]
  return protocols ? [[field, { kind: 'ranges', ranges: values(protocols), not: false }]] : []
}))

interface Wanted {
  /** null: no constraint that ranges can say. */
  ranges: RangeList | null
  /** Constraints with masks that are no prefixes. */
  readonly masks: { readonly masks: readonly ValueMask[]; readonly not: boolean }[]
}

/** A match as a diagram: leaf `hit` where it covers a packet, `miss` elsewhere. Unknown matches are ignored. */
export function buildMatch(bdd: Bdd, layout: Layout, match: Match, hit: number, miss: number): number {
  const wanted = collect(layout, match.fields)
  let whole = hit
  let plain = true
  for (let i = layout.length - 1; i >= 0; i--) {
    const place = layout[i] as FieldPlace
    const want = wanted.get(place.field)
    if (want?.ranges) whole = buildRanges(bdd, place, want.ranges, whole, miss)
    if (want && want.masks.length > 0) plain = false
  }
  if (plain) return whole
  const covered = layout.reduce((node, place) => withMasks(bdd, place, wanted.get(place.field), node), TRUE)
  return bdd.apply(Op.or, bdd.apply(Op.and, covered, whole), bdd.apply(Op.minus, miss, covered))
}

function collect(layout: Layout, fields: Match['fields']): Map<Field, Wanted> {
  const wanted = new Map<Field, Wanted>()
  const add = (field: Field, constraint: Constraint): void => {
    const max = (layout[FIELDS.indexOf(field)] as FieldPlace).max
    const want: Wanted = wanted.get(field) ?? { ranges: null, masks: [] }
    const ranges = constraintRanges(constraint, max)
    if (ranges) want.ranges = want.ranges ? intersect(want.ranges, ranges) : ranges
    else if (constraint.kind === 'masks') want.masks.push(constraint)
    wanted.set(field, want)
  }
  for (const [field, constraint] of fields) {
    add(field, constraint)
    const needed = PROTOCOLS_OF.get(field)
    if (needed) add('proto', needed)
  }
  return wanted
}

function withMasks(bdd: Bdd, place: FieldPlace, want: Wanted | undefined, node: number): number {
  return (want?.masks ?? []).reduce((all, { masks, not }) => {
    const any = masks.reduce((sum, mask) => bdd.apply(Op.or, sum, buildMask(bdd, place, mask)), FALSE)
    return bdd.apply(not ? Op.minus : Op.and, all, any)
  }, node)
}

function buildMask(bdd: Bdd, place: FieldPlace, { value, mask }: ValueMask): number {
  if ((value & mask) > place.max) return FALSE
  let node = TRUE
  for (let bit = 0; bit < place.bits; bit++) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue
    const level = place.first + place.bits - 1 - bit
    node = ((value >> BigInt(bit)) & 1n) === 1n ? bdd.node(level, FALSE, node) : bdd.node(level, node, FALSE)
  }
  return node
}

/** `hit` where the field's value is in the list, else `miss`; both may be diagrams of later levels. */
export function buildRanges(bdd: Bdd, place: FieldPlace, list: RangeList, hit: number, miss: number): number {
  if (list.length === 1) return buildRange(bdd, place, list[0] as ValueRange, hit, miss)
  return buildList(bdd, place, list, { hit, miss, bit: 0, base: 0n, from: 0, to: list.length })
}

/** Width of the words a range is cut into: what a JavaScript number shifts exactly. */
const WORD_BITS = 32

/**
 * One range, from the lowest bit up. Below the highest bit where low and high differ there are two diagrams, `above` (value >= low) and
 * `below` (value <= high); that bit chooses between them; over it all bits are the same and make one path.
 */
function buildRange(bdd: Bdd, place: FieldPlace, range: ValueRange, hit: number, miss: number): number {
  const fork = highestDifference(range, place.bits)
  let above = hit
  let below = hit
  let path = hit
  const last = place.first + place.bits - 1
  for (let shift = 0; shift < place.bits; shift += WORD_BITS) {
    const low = wordOf(range.low, shift)
    const high = wordOf(range.high, shift)
    const end = Math.min(WORD_BITS, place.bits - shift)
    for (let bit = 0; bit < end; bit++) {
      const level = last - shift - bit
      const lowBit = (low >>> bit) & 1
      if (shift + bit > fork) path = lowBit === 1 ? bdd.node(level, miss, path) : bdd.node(level, path, miss)
      else if (shift + bit === fork) path = bdd.node(level, above, below)
      else {
        above = lowBit === 1 ? bdd.node(level, miss, above) : bdd.node(level, above, hit)
        below = ((high >>> bit) & 1) === 1 ? bdd.node(level, hit, below) : bdd.node(level, below, miss)
      }
    }
  }
  return path
}

function wordOf(value: bigint, shift: number): number {
  return Number(BigInt.asUintN(WORD_BITS, shift === 0 ? value : value >> BigInt(shift)))
}

/** Number of the highest bit where low and high differ, 0 for the lowest; -1 when they are equal. */
function highestDifference({ low, high }: ValueRange, bits: number): number {
  for (let shift = (Math.ceil(bits / WORD_BITS) - 1) * WORD_BITS; shift >= 0; shift -= WORD_BITS) {
    const differ = wordOf(low, shift) ^ wordOf(high, shift)
    if (differ !== 0) return shift + 31 - Math.clz32(differ)
  }
  return -1
}

interface Part {
  readonly hit: number
  readonly miss: number
  /** Bits already fixed, and the lowest value of this part of the field. */
  readonly bit: number
  readonly base: bigint
  /** Ranges that can touch this part: indexes into the list, `to` excluded. */
  readonly from: number
  readonly to: number
}

/** Many ranges, by halving the field: bits times ranges at most. */
function buildList(bdd: Bdd, place: FieldPlace, list: RangeList, part: Part): number {
  const top = part.base + (1n << BigInt(place.bits - part.bit)) - 1n
  let { from, to } = part
  while (from < to && (list[from] as ValueRange).high < part.base) from++
  while (to > from && (list[to - 1] as ValueRange).low > top) to--
  if (from === to) return part.miss
  const first = list[from] as ValueRange
  if (first.low <= part.base && first.high >= top) return part.hit
  const half = 1n << BigInt(place.bits - part.bit - 1)
  const low = buildList(bdd, place, list, { ...part, bit: part.bit + 1, from, to })
  const high = buildList(bdd, place, list, { ...part, bit: part.bit + 1, base: part.base + half, from, to })
  return bdd.node(place.first + part.bit, low, high)
}

/** Kinds of packets by the fields they have; the others do not exist and are 0. */
const KINDS: readonly { readonly protocols: readonly bigint[]; readonly has: readonly Field[] }[] = [
  { protocols: [Proto.tcp], has: ['dport', 'sport', 'flags'] },
  { protocols: [Proto.udp, Proto.sctp], has: ['dport', 'sport'] },
  { protocols: [Proto.icmp, Proto.icmpv6], has: ['icmpType', 'icmpCode'] },
  { protocols: [], has: [] },
]

const OPTIONAL: readonly Field[] = FIELDS.filter((f) => FIELD_PROTOCOLS[f] !== null)

/** The set of packets that can exist. */
export function buildWellFormed(bdd: Bdd, layout: Layout, interfaces: number): number {
  const places = new Map(layout.map((place) => [place.field, place]))
  const range = (field: Field, high: bigint, node: number): number =>
    buildRanges(bdd, places.get(field) as FieldPlace, [{ low: 0n, high }], node, FALSE)
  const tail = range('iif', BigInt(interfaces - 1), range('oif', BigInt(interfaces - 1), TRUE))
  const named = KINDS.flatMap((kind) => kind.protocols)
  return KINDS.reduce((sum, kind) => {
    const rest = OPTIONAL.filter((f) => !kind.has.includes(f)).reverse().reduce((node, field) => range(field, 0n, node), tail)
    const others = kind.protocols.length === 0
    const constraint: Constraint = { kind: 'ranges', ranges: values(others ? named : kind.protocols), not: others }
    const proto = places.get('proto') as FieldPlace
    const list = constraintRanges(constraint, proto.max) ?? rangeList([], proto.max)
    return bdd.apply(Op.or, sum, buildRanges(bdd, proto, list, rest, FALSE))
  }, FALSE)
}
