// brute-space: packet sets over a handful of packets, all written down. The judge that is too simple to be wrong.
// Keeps "every clever engine has a slow twin": a set is one byte per packet, an operation is a loop.

import type { IpVersion } from '../../base/ip.ts'
import { FIELDS, type Field } from '../rules/model.ts'
import { isWellFormed, packetPoint, protocolHas } from './fields.ts'
import { SetLimitError, type PacketPoint, type PacketSet, type PacketSpace } from './packet-set.ts'
import { pickHuman } from './pick.ts'
import { matches } from './point.ts'

/** Values that each field may take; a missing field is 0 only. */
export type Universe = Readonly<Partial<Record<Field, readonly bigint[]>>>

/** Packets written down at most: beyond it a test takes seconds, and a test is all this is for. */
export const UNIVERSE_MAX = 65_536

interface BruteSet extends PacketSet {
  /** One byte per packet of the universe: 1 when it is in. */
  readonly has: Uint8Array
}

/** `all` is every packet of the universe that can exist. Throws SetLimitError when there are more than UNIVERSE_MAX combinations. */
export function bruteSpace(version: IpVersion, universe: Universe): PacketSpace {
  const points = universePoints(version, universe)
  const index = new Map(points.map((point, i) => [keyOf(point), i]))
  const has = (set: PacketSet): Uint8Array => (set as BruteSet).has
  const make = (inside: (point: PacketPoint, i: number) => boolean): BruteSet =>
    ({ space, has: Uint8Array.from(points, (point, i) => (inside(point, i) ? 1 : 0)) })
  const lowest = (set: PacketSet): PacketPoint | null => points.find((_, i) => has(set)[i] === 1) ?? null
  const space: PacketSpace = {
    version,
    get empty() { return make(() => false) },
    get all() { return make(() => true) },
    of: (match) => make((point) => matches(match, point)),
    and: (a, b) => make((_, i) => has(a)[i] === 1 && has(b)[i] === 1),
    or: (a, b) => make((_, i) => has(a)[i] === 1 || has(b)[i] === 1),
    minus: (a, b) => make((_, i) => has(a)[i] === 1 && has(b)[i] === 0),
    not: (a) => make((_, i) => has(a)[i] === 0),
    assign: (a, field, ranges) => {
      const rest = new Set(points.filter((_, i) => has(a)[i] === 1).map((point) => keyOf({ ...point, [field]: 0n })))
      const allowed = (point: PacketPoint): boolean => ranges.some((r) => r.low <= point[field] && point[field] <= r.high)
      return make((point, i) => (protocolHas(point.proto, field) ? allowed(point) && rest.has(keyOf({ ...point, [field]: 0n })) : has(a)[i] === 1))
    },
    isEmpty: (a) => has(a).every((inside) => inside === 0),
    equals: (a, b) => has(a).every((inside, i) => inside === has(b)[i]),
    pick: (a) => pickHuman(space, a, lowest),
    contains: (a, point) => has(a)[index.get(keyOf(point)) ?? -1] === 1,
    count: (a) => BigInt(has(a).reduce((sum, inside) => sum + inside, 0)),
    size: () => points.length,
  }
  return space
}

/** The packets of a universe that can exist, lowest first in the order of FIELDS. */
export function universePoints(version: IpVersion, universe: Universe): readonly PacketPoint[] {
  let points: readonly PacketPoint[] = [packetPoint({})]
  for (const field of FIELDS) {
    const sorted = [...new Set(universe[field] ?? [0n])].sort((a, b) => (a < b ? -1 : 1))
    if (points.length * sorted.length > UNIVERSE_MAX) throw new SetLimitError(`the universe has more than ${UNIVERSE_MAX} packets`)
    points = points.flatMap((point) => sorted.map((value) => ({ ...point, [field]: value })))
  }
  return points.filter((point) => isWellFormed(point, version))
}

function keyOf(point: PacketPoint): string {
  return FIELDS.map((field) => point[field]).join(' ')
}
