// box-space: packet sets as lists of disjoint boxes, one interval per field. The second engine, for fewer than 200 rules.
// Keeps cross-checks honest: no code of the diagrams is used here, intervals included; it refuses what it cannot hold.

import { assert } from '../../base/assert.ts'
import type { IpVersion } from '../../base/ip.ts'
import { FIELDS, type Constraint, type Field, type Match, type ValueMask } from '../rules/model.ts'
import { fieldMax, FIELD_PROTOCOLS, INTERFACES_MAX, isWellFormed, packetPoint } from './fields.ts'
import { SetLimitError, type PacketPoint, type PacketSet, type PacketSpace } from './packet-set.ts'
import { pickHuman } from './pick.ts'

/** Boxes of one set. Subtraction can make 22 of one, so this is reached suddenly: 90 adversarial rules made 31,713 (docs/sets.md). */
export const BOXES_MAX = 50_000

/** Ranges that one mask may become: eight scattered free bits. Real configs have up to eight (0.0.255.0, facts on segmentation 5.3). */
export const MASK_RANGES_MAX = 256

interface Interval {
  readonly low: bigint
  readonly high: bigint
}

/** One interval per field, in the order of FIELDS; never empty. */
type Box = readonly Interval[]

interface BoxSet extends PacketSet {
  readonly boxes: readonly Box[]
}

export interface BoxOptions {
  readonly interfaces?: number
  readonly boxesMax?: number
}

/** Packets of one IP version. Throws SetLimitError when a set needs too many boxes or a mask too many ranges. */
export function boxSpace(version: IpVersion, options: BoxOptions = {}): PacketSpace {
  const interfaces = options.interfaces ?? INTERFACES_MAX
  const boxesMax = options.boxesMax ?? BOXES_MAX
  const whole = wholeBox(version)
  const existing = existingBoxes(version, interfaces)
  let largest = 0
  const boxes = (set: PacketSet): readonly Box[] => {
    assert(set.space === space, 'a set of another space')
    return (set as BoxSet).boxes
  }
  const make = (list: readonly Box[]): BoxSet => {
    if (list.length > boxesMax) throw new SetLimitError(`the set needs more than ${boxesMax} boxes`)
    largest = Math.max(largest, list.length)
    return { space, boxes: list }
  }
  const minus = (a: readonly Box[], b: readonly Box[]): readonly Box[] => subtractAll(a, b, boxesMax)
  const exact = (set: PacketSet): readonly Box[] => intersectAll(boxes(set), existing, boxesMax)
  const space: PacketSpace = {
    version,
    get empty() { return make([]) },
    get all() { return make([whole]) },
    of: (match) => make(matchBoxes(match, whole, boxesMax)),
    and: (a, b) => make(intersectAll(boxes(a), boxes(b), boxesMax)),
    or: (a, b) => make([...boxes(a), ...minus(boxes(b), boxes(a))]),
    minus: (a, b) => make(minus(boxes(a), boxes(b))),
    not: (a) => make(minus([whole], boxes(a))),
    assign: (a, field, ranges) => {
      const values = intervalsOf({ kind: 'ranges', ranges, not: false }, fieldMax(field, version, INTERFACES_MAX))
      return make(assignAll(exact(a), field, values, boxesMax))
    },
    isEmpty: (a) => exact(a).length === 0,
    equals: (a, b) => space.isEmpty(space.minus(a, b)) && space.isEmpty(space.minus(b, a)),
    pick: (a) => pickHuman(space, a, (set) => lowestCorner(exact(set))),
    contains: (a, point) => isWellFormed(point, version, interfaces) && boxes(a).some((box) => holds(box, point)),
    count: (a) => exact(a).reduce((sum, box) => sum + box.reduce((size, { low, high }) => size * (high - low + 1n), 1n), 0n),
    size: () => largest,
  }
  return space
}

function wholeBox(version: IpVersion): Box {
  return FIELDS.map((field) => ({ low: 0n, high: fieldMax(field, version, INTERFACES_MAX) }))
}

/** Boxes of the packets that can exist: one per run of protocols that have the same fields. */
function existingBoxes(version: IpVersion, interfaces: number): readonly Box[] {
  const found: Box[] = []
  for (let proto = 0n; proto <= 255n; proto++) {
    const box = FIELDS.map((field) => {
      if (field === 'proto') return { low: proto, high: proto }
      const exists = FIELD_PROTOCOLS[field]?.includes(proto) ?? true
      return { low: 0n, high: exists ? fieldMax(field, version, interfaces) : 0n }
    })
    const last = found.at(-1)
    const same = last?.every(({ low, high }, i) => FIELDS[i] === 'proto' || (low === box[i]?.low && high === box[i].high)) ?? false
    if (last && same) found[found.length - 1] = last.map((side, i) => (FIELDS[i] === 'proto' ? { low: side.low, high: proto } : side))
    else found.push(box)
  }
  return found
}

function holds(box: Box, point: PacketPoint): boolean {
  return FIELDS.every((field, i) => {
    const { low, high } = box[i] as Interval
    return low <= point[field] && point[field] <= high
  })
}

/** Disjoint because the intervals of each field are. */
function matchBoxes(match: Match, whole: Box, boxesMax: number): readonly Box[] {
  let boxes: readonly Box[] = [whole]
  const constrain = (field: Field, allowed: readonly Interval[]): void => {
    const at = FIELDS.indexOf(field)
    boxes = boxes.flatMap((box) => meetList(box[at] as Interval, allowed).map((side) => box.with(at, side)))
    if (boxes.length > boxesMax) throw new SetLimitError(`the match needs more than ${boxesMax} boxes`)
  }
  for (const [field, constraint] of match.fields) {
    constrain(field, intervalsOf(constraint, (whole[FIELDS.indexOf(field)] as Interval).high))
    const protocols = FIELD_PROTOCOLS[field]
    if (protocols) constrain('proto', protocols.map((proto) => ({ low: proto, high: proto })))
  }
  return boxes
}

function meetList(side: Interval, allowed: readonly Interval[]): readonly Interval[] {
  return allowed.map((other) => meet(side, other)).filter((both) => both !== null)
}

function meet(a: Interval, b: Interval): Interval | null {
  const low = a.low > b.low ? a.low : b.low
  const high = a.high < b.high ? a.high : b.high
  return low <= high ? { low, high } : null
}

/** Disjoint intervals of 0..max: what is listed, or with `not` what is left when each is cut out. */
function intervalsOf(constraint: Constraint, max: bigint): readonly Interval[] {
  const listed = constraint.kind === 'ranges' ? constraint.ranges : constraint.masks.flatMap((mask) => maskIntervals(mask, max))
  const line = { low: 0n, high: max }
  const left = listed.reduce<readonly Interval[]>((rest, cut) => rest.flatMap((side) => without(side, cut)), [line])
  if (constraint.not) return left
  return left.reduce<readonly Interval[]>((rest, cut) => rest.flatMap((side) => without(side, cut)), [line])
}

/** The parts of `side` below and above `cut`. */
function without(side: Interval, cut: Interval): readonly Interval[] {
  if (cut.low > cut.high || cut.low > side.high || cut.high < side.low) return [side]
  const parts: Interval[] = []
  if (side.low < cut.low) parts.push({ low: side.low, high: cut.low - 1n })
  if (side.high > cut.high) parts.push({ low: cut.high + 1n, high: side.high })
  return parts
}

/** The trailing free bits make an interval, every free bit above them doubles the number of intervals. */
function maskIntervals({ value, mask }: ValueMask, max: bigint): readonly Interval[] {
  const fixed = value & mask
  if (fixed > max) return []
  let width = 1n
  while (width <= max && (mask & width) === 0n) width *= 2n
  let starts: readonly bigint[] = [fixed]
  for (let bit = width; bit <= max; bit *= 2n) {
    if ((mask & bit) !== 0n) continue
    starts = starts.flatMap((start) => [start, start + bit])
    if (starts.length > MASK_RANGES_MAX) throw new SetLimitError(`a mask stands for more than ${MASK_RANGES_MAX} ranges`)
  }
  return starts.map((start) => ({ low: start, high: start + width - 1n }))
}

function intersectBoxes(a: Box, b: Box): Box | null {
  const both: Interval[] = []
  for (const [i, side] of a.entries()) {
    const common = meet(side, b[i] as Interval)
    if (common === null) return null
    both.push(common)
  }
  return both
}

function intersectAll(a: readonly Box[], b: readonly Box[], boxesMax: number): readonly Box[] {
  const found: Box[] = []
  for (const x of a) {
    for (const y of b) {
      const both = intersectBoxes(x, y)
      if (both) found.push(both)
    }
    if (found.length > boxesMax) throw new SetLimitError(`the set needs more than ${boxesMax} boxes`)
  }
  return found
}

function subtractAll(a: readonly Box[], b: readonly Box[], boxesMax: number): readonly Box[] {
  let left = a
  for (const cut of b) {
    left = left.flatMap((box) => subtract(box, cut))
    if (left.length > boxesMax) throw new SetLimitError(`the set needs more than ${boxesMax} boxes`)
  }
  return left
}

/** Field by field: the parts beside the cut are done, the part within goes on. At most two pieces per field, all disjoint. */
function subtract(box: Box, cut: Box): readonly Box[] {
  if (intersectBoxes(box, cut) === null) return [box]
  const pieces: Box[] = []
  let within = box
  for (const [i, side] of cut.entries()) {
    const mine = within[i] as Interval
    for (const part of without(mine, side)) pieces.push(within.with(i, part))
    within = within.with(i, meet(mine, side) ?? mine)
  }
  return pieces
}

/** Boxes of packets without the field stay; the others get each new interval in place of their own, and lose what another has already. */
function assignAll(a: readonly Box[], field: Field, values: readonly Interval[], boxesMax: number): readonly Box[] {
  const at = FIELDS.indexOf(field)
  const has = FIELD_PROTOCOLS[field]
  const proto = FIELDS.indexOf('proto')
  const lacks = (box: Box): boolean => has !== null && !has.includes((box[proto] as Interval).low)
  const found = a.filter(lacks)
  for (const box of a) {
    if (lacks(box)) continue
    found.push(...subtractAll(values.map((side) => box.with(at, side)), found, boxesMax))
    if (found.length > boxesMax) throw new SetLimitError(`the set needs more than ${boxesMax} boxes`)
  }
  return found
}

/** The lowest corner of all: first by dst, then src, and so on. */
function lowestCorner(boxes: readonly Box[]): PacketPoint | null {
  let lowest: Box | null = null
  for (const box of boxes) if (lowest === null || isLower(box, lowest)) lowest = box
  return lowest && packetPoint(Object.fromEntries(FIELDS.map((field, i) => [field, (lowest[i] as Interval).low])))
}

function isLower(a: Box, b: Box): boolean {
  for (const [i, { low }] of a.entries()) {
    const other = (b[i] as Interval).low
    if (low !== other) return low < other
  }
  return false
}
