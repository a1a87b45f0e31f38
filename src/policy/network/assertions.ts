// A policy's own assertions, asked of a real network in place of the policy: the same words, every device on the way.
// Keeps one meaning for both: zones and services are those of the policy; only who lets packets pass is another.

import type { NameMap } from '../eval/names.ts'
import type { Assertion, Policy } from '../language/model.ts'
import { flowMatches, zoneRanges } from '../policy-rules.ts'
import { rangesOf } from '../prove/assertions.ts'
import type { ValueRange } from '../rules/model.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'
import { proveAlive, proveUnreachable, type PathResult } from './ask.ts'
import type { Network } from './model.ts'
import { wholeField, within } from './path-node.ts'

/** One assertion over the path, for the space's IP version. A new space per call keeps the tables small. */
export function proveOverPath(assertion: Assertion, policy: Policy, names: NameMap, network: Network, space: PacketSpace): PathResult {
  const zones = zoneRanges(names, space.version)
  const from = { ranges: rangesOf(assertion.from, zones, space.version) }
  const asked = askedPackets(assertion, policy, zones, space)
  if (assertion.kind === 'always') return proveAlive(space, network, { from, asked })
  return proveUnreachable(space, network, { from, asked, pastDevices: true })
}

/** Destinations and services an assertion speaks of; for `only`, those that are not on its services and so must not arrive. */
function askedPackets(a: Assertion, policy: Policy, zones: ReadonlyMap<string, readonly ValueRange[]>, space: PacketSpace): PacketSet {
  const dst = rangesOf(a.to, zones, space.version)
  const services = policy.services.filter((s) => a.services.includes(s.name))
  const there = space.of(within('dst', dst))
  const onServices = flowMatches(wholeField(space, 'src'), dst, services, space.version).reduce((set, m) => space.or(set, space.of(m)), space.empty)
  const left = a.via === null ? space.empty : space.of(within('dst', zones.get(a.via) ?? []))
  const asked = a.kind === 'only' ? space.minus(there, onServices) : a.services.length === 0 ? there : onServices
  return space.minus(asked, left)
}
