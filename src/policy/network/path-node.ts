// PathNode: where a set of packets is on its way, and what was done to it since it was sent, so that the way can be gone backwards.
// Keeps the original tuple without a second copy of the variables: the packets that were sent are the pre-image of those that arrive.

import type { Constraint, Field, Match, ValueRange } from '../rules/model.ts'
import { fieldMax, INTERFACES_MAX } from '../sets/fields.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'

/** A set after one step; `assigned` is null when packets were only left out. */
export interface PathNode {
  readonly parent: PathNode | null
  readonly set: PacketSet
  readonly assigned: { readonly field: Field; readonly ranges: readonly ValueRange[] } | null
}

export function startNode(set: PacketSet): PathNode {
  return { parent: null, set, assigned: null }
}

/** The packets of `set` go on. */
export function keep(space: PacketSpace, node: PathNode, set: PacketSet): PathNode {
  return { parent: node, set: space.and(node.set, set), assigned: null }
}

/** All packets go on with a new value of a field. */
export function overwrite(space: PacketSpace, node: PathNode, field: Field, ranges: readonly ValueRange[]): PathNode {
  return { parent: node, set: space.assign(node.set, field, ranges), assigned: { field, ranges } }
}

export function wholeField(space: PacketSpace, field: Field): readonly ValueRange[] {
  return [{ low: 0n, high: fieldMax(field, space.version, INTERFACES_MAX) }]
}

export function within(field: Field, ranges: readonly ValueRange[]): Match {
  const constraint: Constraint = { kind: 'ranges', ranges, not: false }
  return { fields: [[field, constraint]], unknown: [] }
}

/** Packets of `from` that some choice of translations turns into packets of `set`; `until` is where to stop, the start when left out. */
export function preimage(space: PacketSpace, node: PathNode, set: PacketSet, until: PathNode | null = null): PacketSet {
  let left = space.and(set, node.set)
  let at = node
  while (at !== until && at.parent !== null) {
    if (at.assigned !== null) left = unassign(space, left, at.assigned.field, at.assigned.ranges)
    at = at.parent
    left = space.and(left, at.set)
  }
  return left
}

function unassign(space: PacketSpace, set: PacketSet, field: Field, ranges: readonly ValueRange[]): PacketSet {
  const having: Match = { fields: [[field, { kind: 'ranges', ranges: [], not: true }]], unknown: [] }
  const hit = space.or(space.and(set, space.of(within(field, ranges))), space.minus(set, space.of(having)))
  return space.assign(hit, field, wholeField(space, field))
}
