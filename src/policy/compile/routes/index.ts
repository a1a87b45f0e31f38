// Static routes from outside: written for four platforms, read back from Linux; IOS routes are read by the IOS reader.
// Keeps one meaning: whatever was printed, by which family, becomes one Config with one list of interfaces.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import type { Config } from '../../rules/model.ts'
import { readLinuxRoutes } from './read-routes.ts'
import { readLinuxRules } from './read-rules.ts'

export { emitRoutes, ROUTE_PLATFORMS, type RoutePlatform } from './emit.ts'
export { emitRouteTarget, ROUTE_OPTIONS, ROUTE_TARGETS, routeDifferences, routeTargetById, type RouteTarget } from './targets.ts'
export { readLinuxDump } from './read-dump.ts'
export { CUTS, planRoutes, type Cut, type PlannedRoute, type RoutePlan, type RoutesInput } from './plan.ts'
export { readLinuxRoutes, type ReadRoutes, type ReadRoutesOptions } from './read-routes.ts'
export { readLinuxRules, type ReadRouteRules } from './read-rules.ts'

/** Output of `ip [-6] [-j] route [show table all]` and `ip [-6] [-j] rule`; an empty text where a family has none. */
export interface LinuxRoutingTexts {
  readonly routes4: string
  readonly routes6: string
  readonly rules4: string
  readonly rules6: string
}

/** The routing of one Linux box. `interfaces` are names other readers know already. Never throws. */
export function readLinuxRouting(
  texts: LinuxRoutingTexts, device: string, interfaces: readonly string[] = [],
): { readonly config: Config; readonly diagnostics: readonly Diagnostic[] } {
  const routes4 = readLinuxRoutes(texts.routes4, `${device} ip route`, { version: 4, interfaces })
  const routes6 = readLinuxRoutes(texts.routes6, `${device} ip -6 route`, { version: 6, interfaces: routes4.interfaces })
  const rules4 = readLinuxRules(texts.rules4, `${device} ip rule`, routes6.interfaces)
  const rules6 = readLinuxRules(texts.rules6, `${device} ip -6 rule`, rules4.interfaces)
  const parts = [routes4, routes6, rules4, rules6]
  return {
    config: {
      target: 'iproute2', device, interfaces: rules6.interfaces, chains: new Map(), bindings: [], nat: [],
      routes: [...routes4.routes, ...routes6.routes], routeRules: [...rules4.rules, ...rules6.rules], sees: 'after-dnat',
      addresses: [...routes4.addresses, ...routes6.addresses],
      unknowns: parts.flatMap((part) => part.unknowns),
    },
    diagnostics: parts.flatMap((part) => part.diagnostics),
  }
}
