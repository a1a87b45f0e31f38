// Steps: small facts about devices and routes that both engines ask: which table, which interface, whether a text is missing.
// Keeps the two engines apart in what is clever (sets, longest prefixes) and together in what is only looked up.

import { ipFromValue, type IpVersion } from '../../base/ip.ts'
import type { Route, RouteRule } from '../rules/model.ts'
import type { Blame, Device, Link } from './model.ts'

/** Tables that may be empty: the kernel fills `local` itself, and `default` usually has nothing. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(['local', 'main', 'default', '253', '254', '255'])

const PLAIN: RouteRule = { priority: 0, match: { fields: [], unknown: [] }, action: { kind: 'table', table: 'main' }, line: 0 }

/** Which tables are asked in which order. Without rules: the table of the interface, which is a VRF's on Cisco, or main. */
export function routeRulesOf(device: Device, rules: readonly RouteRule[], iif: number | null): readonly RouteRule[] {
  if (rules.length > 0) return [...rules].sort((a, b) => a.priority - b.priority).filter((r) => r.action.kind !== 'table' || !isLocalTable(r.action.table))
  const vrf = device.manner === 'linux' || iif === null ? undefined
    : device.config.routes.find((route) => route.kind === 'connected' && route.iface === iif)?.table
  return vrf === undefined ? [PLAIN] : [{ ...PLAIN, action: { kind: 'table', table: vrf } }]
}

function isLocalTable(table: string): boolean {
  return table === 'local' || table === '255'
}

/** Why a table cannot be asked: no route of it was given. Null when it can. */
export function missingTable(device: Device, rule: RouteRule, version: IpVersion): Blame | null {
  if (rule.action.kind !== 'table') return null
  const { table } = rule.action
  const routes = device.config.routes.filter((route) => route.version === version)
  if (routes.length === 0) return { device: device.name, line: 0, text: 'routes', reason: `no IPv${version} routes of this device were given` }
  if (MAY_BE_EMPTY.has(table) || routes.some((route) => route.table === table)) return null
  return { device: device.name, line: rule.line, text: `lookup ${table}`, reason: `no routes of table ${table} were given` }
}

/** The interface a route leaves by: its own, or the one whose block holds the next hop; null when none does. */
export function interfaceOf(device: Device, route: Route): number | null {
  if (route.iface !== null) return route.iface
  const { nextHop, version } = route
  if (nextHop === null) return null
  const bits = version === 4 ? 32 : 128
  const holds = (network: bigint, length: number): boolean => {
    const host = BigInt(bits - length)
    return network >> host === nextHop >> host
  }
  const own = device.interfaces.findIndex(({ addresses }) => addresses.some((a) => a.version === version && a.length < bits && holds(a.value, a.length)))
  if (own >= 0) return own
  const connected = device.config.routes.filter((r) => r.kind === 'connected' && r.iface !== null && r.version === version && holds(r.network, r.length))
  return connected.sort((a, b) => b.length - a.length)[0]?.iface ?? null
}

export function opaqueBlame(device: Device): readonly Blame[] {
  return device.opaque.map((why) => ({ device: device.name, ...why }))
}

// Reasons that both engines give in the same words.

export function managementBlame(device: Device): Blame {
  return { device: device.name, line: 0, text: 'management', reason: 'what the device accepts for itself is not read' }
}

export function offLinkBlame(device: Device, oif: number, route: Route): Blame {
  return { device: device.name, line: route.line, text: `interface ${device.interfaces[oif]?.name ?? oif}`, reason: 'the network file puts it on no link' }
}

export function noRouter(link: Link): Blame {
  return { device: null, line: 0, text: `link ${link.name}`, reason: 'no device is attached to it' }
}

export function strangeHop({ version }: { readonly version: IpVersion }, link: Link, nextHop: bigint): Blame {
  const reason = `the next hop ${ipFromValue(version, nextHop)} on it belongs to no device of the network file`
  return { device: null, line: 0, text: `link ${link.name}`, reason }
}
