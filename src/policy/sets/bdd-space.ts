// bdd-space: packet sets as decision diagrams. The engine for everything of real size, IPv4 and IPv6.
// Keeps one node table per space, so one per question; sets are free of "can this packet exist" until somebody asks (docs/sets.md).

import { assert } from '../../base/assert.ts'
import type { IpVersion } from '../../base/ip.ts'
import { FIELDS, type Field, type Match, type ValueRange } from '../rules/model.ts'
import { buildMatch, buildRanges, buildWellFormed, layoutOf, levelsOf, type FieldPlace, type Layout } from './bdd-fields.ts'
import { isCovered } from './bdd-cover.ts'
import { Bdd, FALSE, LEAVES, Op, TRUE } from './bdd.ts'
import { INTERFACES_MAX, isWellFormed, packetPoint } from './fields.ts'
import { Outcome, type OutcomeAlgebra, type OutcomeMap, type OutcomeSpace } from './outcome.ts'
import type { PacketPoint, PacketSet } from './packet-set.ts'
import { pickHuman } from './pick.ts'
import { rangeList } from './ranges.ts'

export interface SpaceOptions {
  /** Interfaces of the config, so that no counterexample names one that is not there; 65,536 when left out. */
  readonly interfaces?: number
  /** Bound of the node table; SetLimitError beyond it. Default NODES_MAX (bdd.ts). */
  readonly nodesMax?: number
}

interface BddSet extends PacketSet {
  readonly node: number
}

interface BddOutcomes extends OutcomeMap {
  readonly node: number
}

/** Packets of one IP version. Operations throw SetLimitError when the table is full; the space is of no further use then. */
export function bddSpace(version: IpVersion, options: SpaceOptions = {}): OutcomeSpace {
  const interfaces = options.interfaces ?? INTERFACES_MAX
  assert(interfaces >= 1 && interfaces <= INTERFACES_MAX, `interfaces are 1 to ${INTERFACES_MAX}`)
  const bdd = new Bdd(options.nodesMax)
  const layout = layoutOf(version)
  let wellFormed = -1
  const existing = (): number => (wellFormed < 0 ? (wellFormed = buildWellFormed(bdd, layout, interfaces)) : wellFormed)
  const node = (set: PacketSet): number => {
    assert(set.space === space, 'a set of another space')
    return (set as BddSet).node
  }
  const wrap = (id: number): BddSet => ({ space, node: id })
  /** Without packets that cannot exist: equal sets are the same node. */
  const exact = (set: PacketSet): number => bdd.apply(Op.and, node(set), existing())
  const space: OutcomeSpace = {
    version,
    get empty() { return wrap(FALSE) },
    get all() { return wrap(TRUE) },
    of: (match: Match) => wrap(buildMatch(bdd, layout, match, TRUE, FALSE)),
    and: (a, b) => wrap(bdd.apply(Op.and, node(a), node(b))),
    or: (a, b) => wrap(bdd.apply(Op.or, node(a), node(b))),
    minus: (a, b) => wrap(bdd.apply(Op.minus, node(a), node(b))),
    not: (a) => wrap(bdd.apply(Op.minus, TRUE, node(a))),
    assign: (a, field, ranges) => wrap(assigned(bdd, layout, exact(a), field, ranges)),
    isEmpty: (a) => exact(a) === FALSE,
    equals: (a, b) => node(a) === node(b) || bdd.apply(Op.and, bdd.apply(Op.xor, node(a), node(b)), existing()) === FALSE,
    isCovered: (a, parts) => isCovered(bdd, exact(a), parts.map(node)),
    pick: (a) => pickHuman(space, a, (set) => lowestPoint(bdd, layout, exact(set))),
    contains: (a, point) => isWellFormed(point, version, interfaces) && leafAt(bdd, layout, node(a), point) === TRUE,
    count: (a) => countPoints(bdd, levelsOf(layout), exact(a)),
    size: () => bdd.size,
    outcomes: bddOutcomes(bdd, layout, node, wrap),
  }
  return space
}

/** Forgets the field where the protocol has it, and lays the new values over what is left. `set` holds packets that exist only. */
function assigned(bdd: Bdd, layout: Layout, set: number, field: Field, ranges: readonly ValueRange[]): number {
  const place = layout[FIELDS.indexOf(field)] as FieldPlace
  const having = buildMatch(bdd, layout, { fields: [[field, { kind: 'ranges', ranges: [], not: true }]], unknown: [] }, TRUE, FALSE)
  const forgotten = bdd.forget(bdd.apply(Op.and, set, having), place.first, place.bits)
  const values = buildRanges(bdd, place, rangeList(ranges, place.max), TRUE, FALSE)
  return bdd.apply(Op.or, bdd.apply(Op.minus, set, having), bdd.apply(Op.and, forgotten, values))
}

/** Four sets in one diagram: a leaf is the bits of Outcome, so and, or, minus work on all four at once. */
function bddOutcomes(bdd: Bdd, layout: Layout, node: (set: PacketSet) => number, wrap: (id: number) => PacketSet): OutcomeAlgebra {
  const of = (map: OutcomeMap): number => {
    assert(map.algebra === algebra, 'outcomes of another space')
    return (map as BddOutcomes).node
  }
  const make = (id: number): BddOutcomes => ({ algebra, node: id })
  const algebra: OutcomeAlgebra = {
    constant: (bits) => make(bits),
    only: (match, bits) => make(buildMatch(bdd, layout, match, bits, Outcome.pass)),
    within: (sure, maybe, inner) =>
      make(bdd.apply(Op.or, bdd.apply(Op.and, node(maybe), of(inner)), bdd.apply(Op.minus, Outcome.pass, node(sure)))),
    follow: (first, second) => make(bdd.apply(Op.follow, of(first), of(second))),
    move: (map, from, to) => make(bdd.move(of(map), from, to)),
    where: (map, bits) => wrap(bdd.expand(of(map), bits)),
  }
  return algebra
}

/** The leaf where the packet's bits lead. */
function leafAt(bdd: Bdd, layout: Layout, root: number, point: PacketPoint): number {
  let at = root
  let i = 0
  while (at >= LEAVES) {
    const level = bdd.level(at)
    let place = layout[i] as FieldPlace
    while (level >= place.first + place.bits) place = layout[++i] as FieldPlace
    const shift = BigInt(place.first + place.bits - 1 - level)
    at = ((point[place.field] >> shift) & 1n) === 1n ? bdd.high(at) : bdd.low(at)
  }
  return at
}

/** Always to the low side when there is something: the lowest values in the order of FIELDS. */
function lowestPoint(bdd: Bdd, layout: Layout, root: number): PacketPoint | null {
  if (root === FALSE) return null
  const found = new Map<Field, bigint>(FIELDS.map((field) => [field, 0n]))
  let at = root
  while (at >= LEAVES) {
    const level = bdd.level(at)
    const low = bdd.low(at)
    if (low === FALSE) {
      const place = layout.find((p) => level < p.first + p.bits) as FieldPlace
      found.set(place.field, (found.get(place.field) ?? 0n) | (1n << BigInt(place.first + place.bits - 1 - level)))
    }
    at = low === FALSE ? bdd.high(at) : low
  }
  return packetPoint(Object.fromEntries(found))
}

/** Packets below a node, each node once. */
function countPoints(bdd: Bdd, levels: number, root: number): bigint {
  const known = new Map<number, bigint>()
  const levelOf = (id: number): number => (id < LEAVES ? levels : bdd.level(id))
  const below = (id: number): bigint => {
    if (id < LEAVES) return id === FALSE ? 0n : 1n
    const seen = known.get(id)
    if (seen !== undefined) return seen
    const side = (child: number): bigint => below(child) << BigInt(levelOf(child) - levelOf(id) - 1)
    const sum = side(bdd.low(id)) + side(bdd.high(id))
    known.set(id, sum)
    return sum
  }
  return below(root) << BigInt(levelOf(root))
}

