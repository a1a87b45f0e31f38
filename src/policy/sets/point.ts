// point: does one packet match? The slow and obvious twin of every engine here; counterexamples are replayed through it.
// Keeps "every clever engine has a slow twin": no tables, no cleverness, the sentences of rules/model.ts one by one.

import type { IpVersion } from '../../base/ip.ts'
import type { Constraint, Field, Match, Rule } from '../rules/model.ts'
import { protocolHas } from './fields.ts'
import type { PacketPoint } from './packet-set.ts'

/** Whether a value satisfies a constraint. */
export function satisfies(constraint: Constraint, value: bigint): boolean {
  const inside = constraint.kind === 'ranges'
    ? constraint.ranges.some((r) => r.low <= value && value <= r.high)
    : constraint.masks.some((m) => (value & m.mask) === (m.value & m.mask))
  return inside !== constraint.not
}

/** Whether the packet satisfies every modelled constraint; unknown matches are ignored, as in PacketSpace.of. */
export function matches(match: Match, point: PacketPoint): boolean {
  return match.fields.every(([field, constraint]: readonly [Field, Constraint]) =>
    protocolHas(point.proto, field) && satisfies(constraint, point[field]))
}

/** `maybe`: the modelled part matches, and something that is not modelled stands beside it in every alternative that does. */
export type Certainty = 'no' | 'maybe' | 'sure'

/** Three-valued match of a rule: any alternative will do, and the surest counts. */
export function matchesRule(rule: Rule, point: PacketPoint, version: IpVersion): Certainty {
  if (rule.family !== null && rule.family !== version) return 'no'
  const possible = rule.matches.filter((m) => matches(m, point))
  if (possible.length === 0) return 'no'
  return possible.some((m) => m.unknown.length === 0) ? 'sure' : 'maybe'
}
