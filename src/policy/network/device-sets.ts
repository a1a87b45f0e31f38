// DeviceSets: what one device's chains, rules and routes are as sets of one space, worked out once and kept.
// Keeps "three-valued": a chain is what it surely and what it possibly permits, and which lines are to blame for the difference.

import type { Chain, Field, Hook, Match, Route, RouteRule } from '../rules/model.ts'
import { composeChain, ruleSets, type Chains } from '../sets/compose.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'
import { reachable } from '../prove/questions.ts'
import { mirrorChains, mirrorField, mirrorMatch, mirrorRouteRules } from './mirror.ts'
import { ownValues, unroutedRange, type Blame, type Device } from './model.ts'
import { within } from './path-node.ts'
import { routeClasses } from './routing.ts'

export interface ChainBounds {
  readonly surely: PacketSet
  readonly possibly: PacketSet
}

/** A class of destinations as a set. */
export interface RoutedSet {
  readonly set: PacketSet
  readonly routes: readonly Route[]
}

/** Sets of one device, seen by packets on their way there or by replies. */
export interface DeviceSets {
  readonly space: PacketSpace
  readonly device: Device
  /** Destinations that the device takes itself. */
  readonly local: PacketSet
  readonly routeRules: readonly RouteRule[]
  of(match: Match): PacketSet
  field(field: Field): Field
  chains(hook: Hook, iface: number | null): readonly Chain[]
  bounds(chain: Chain): ChainBounds
  /** Lines of unknown matches that a packet of the set may meet. */
  blame(chain: Chain, set: PacketSet): readonly Blame[]
  table(name: string): readonly RoutedSet[]
}

/** Unknown lines named for one chain; a text that is not understood at all has thousands. */
const BLAME_MAX = 20

export function deviceSets(space: PacketSpace, device: Device, reply: boolean): DeviceSets {
  const { config } = device
  const chains: Chains = reply ? mirrorChains(config.chains) : config.chains
  const of = (match: Match): PacketSet => space.of(reply ? mirrorMatch(match) : match)
  const own = ownValues(device, space.version).map((value) => ({ low: value, high: value }))
  const known = new Map<Chain, ChainBounds>()
  const tables = new Map<string, readonly RoutedSet[]>()
  const rules = config.routeRules.filter((rule) => rule.family === undefined || rule.family === space.version)
  return {
    space, device, of, field: (field) => (reply ? mirrorField(field) : field),
    local: of(within('dst', [...own, ...unroutedRange(space.version)])),
    routeRules: reply ? mirrorRouteRules(rules) : rules,
    chains: (hook, iface) => boundChains(device, chains, space, hook, iface),
    bounds(chain) {
      const { surelyPermitted, possiblyPermitted } = known.has(chain)
        ? { surelyPermitted: known.get(chain)?.surely, possiblyPermitted: known.get(chain)?.possibly }
        : composeChain(space, chain, chains)
      const bounds = { surely: surelyPermitted ?? space.empty, possibly: possiblyPermitted ?? space.all }
      known.set(chain, bounds)
      return bounds
    },
    blame: (chain, set) => blameOf(space, device, chain, chains, set),
    table(name) {
      const made = tables.get(name) ?? routeClasses(config.routes.filter((route) => route.table === name), space.version)
        .map(({ ranges, routes }) => ({ set: of(within('dst', ranges)), routes }))
      tables.set(name, made)
      return made
    },
  }
}

function boundChains({ config }: Device, chains: Chains, space: PacketSpace, hook: Hook, iface: number | null): readonly Chain[] {
  const bound = config.bindings.filter((b) => b.hook === hook && (b.family === null || b.family === space.version)
    && (b.iface === null || b.iface === iface))
  return [...new Set(bound.map((b) => b.chain))].flatMap((name) => chains.get(name) ?? [])
}

function blameOf(space: PacketSpace, device: Device, chain: Chain, chains: Chains, set: PacketSet): readonly Blame[] {
  const found = new Map<string, Blame>()
  for (const rule of [...reachable(chain, chains)].flatMap((each) => each.rules)) {
    const unknown = [...rule.matches.flatMap((match) => match.unknown), ...(rule.action.kind === 'unknown' ? [rule.action.why] : [])]
    if (unknown.length === 0 || found.size >= BLAME_MAX || space.isEmpty(space.and(set, ruleSets(space, rule).maybe))) continue
    for (const why of unknown) found.set(`${why.line} ${why.text}`, { device: device.name, ...why })
  }
  if (found.size > 0) return [...found.values()]
  return [{ device: device.name, line: 0, text: chain.name, reason: 'the chain cannot be followed to its end' }]
}
