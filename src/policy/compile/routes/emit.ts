// Writes planned routes for Linux (iproute2), IOS, Junos and Windows, each with the text that takes them away again.
// Keeps "refuse what cannot be exact": a platform that cannot drop, or cannot keep a fallback, says so instead of leaving it out.

import { formatPrefix, IP_BITS, ipFromValue, type Prefix } from '../../../base/ip.ts'
import type { EmitResult } from '../target.ts'
import { oneLine, refusedOptions } from '../text/cisco-emit.ts'
import { addressMax } from '../text/ranges.ts'
import { FALLBACK_RANK, planRoutes, type Cut, type PlannedRoute, type RoutesInput } from './plan.ts'

export const ROUTE_PLATFORMS = ['iproute2', 'cisco-ios', 'junos', 'windows'] as const
export type RoutePlatform = (typeof ROUTE_PLATFORMS)[number]

/** One command and the one that undoes it. */
interface Command {
  readonly does: string
  readonly undoes: string
}

interface Platform {
  readonly comment: string
  readonly refuse: (route: PlannedRoute, all: readonly PlannedRoute[], iface: string | null) => string | null
  readonly command: (route: PlannedRoute, iface: string | null) => Command
  readonly notes: (routes: readonly PlannedRoute[]) => readonly string[]
}

/** One router's routes. Never throws; without segments there is nothing to write, which is a refusal too. */
export function emitRoutes(platform: RoutePlatform, input: RoutesInput): EmitResult {
  const bad = refusedOptions(input.options, ['interface', 'cut'])
  const plan = planRoutes(input)
  if (!plan.ok || bad.length > 0) return { ok: false, refused: [...new Set([...bad, ...(plan.ok ? [] : plan.refused)])] }
  if (plan.routes.length === 0) return { ok: false, refused: ['the policy has no segments that need a route'] }
  const { comment, refuse, command, notes } = PLATFORMS[platform]
  const iface = input.options.interface ?? null
  const refused = plan.routes.map((route) => refuse(route, plan.routes, iface)).filter((why) => why !== null)
  if (refused.length > 0) return { ok: false, refused: [...new Set(refused)] }
  const commands = plan.routes.map((route) => command(route, iface))
  const header = `${comment} Cordon: policy ${oneLine(input.name)}, hash ${oneLine(input.policyHash)}`
  const text = lines([header, ...plan.routes.flatMap((route, i) => [...zoneComment(route, plan.routes[i - 1], comment),
    commands[i]?.does ?? ''])])
  const rollback = lines([`${header}: taken off again`, ...commands.toReversed().map(({ undoes }) => undoes)])
  return { ok: true, value: { text, rollback, rules: commands.length, notes: [...cutNotes(plan.routes, plan.cut), ...notes(plan.routes)] } }
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}

function zoneComment(route: PlannedRoute, before: PlannedRoute | undefined, comment: string): readonly string[] {
  return before?.zone === route.zone ? [] : [`${comment} zone ${oneLine(route.zone)}`]
}

function cutNotes(routes: readonly PlannedRoute[], cut: Cut): readonly string[] {
  if (!routes.some((route) =>
    route.to.kind !== 'via')) return ['Nothing is dropped: when a next hop is gone, its block follows the default route.']
  const cutting = 'A segment without next hops is cut off from this router even where the router is attached to it.'
  return [
    'Dropped blocks: dynamic routes with a longer prefix still win; established connections stop at once.',
    ...(cut === 'fallback' ? ['A drop has the worst metric: it acts when no next hop and no connected route is left.'] : [cutting]),
  ]
}

/** Smaller than the metrics of routing daemons on Linux (20 and up), so that a static route wins. */
const LINUX_METRIC_FIRST = 10
/** Larger than any metric that daemons hand out, so that every other route of the block wins. */
const LINUX_METRIC_LAST = 900_000
/** In front of the main table (32766), behind rules that administrators number by hundreds; one per cut block. */
const LINUX_RULE_PRIORITY = 5_000

function linuxCommand({ prefix, rank, to, how }: PlannedRoute, iface: string | null): Command {
  const ip = prefix.version === 4 ? 'ip' : 'ip -6'
  if (how === 'rule' && to.kind !== 'via') {
    const rule = `to ${formatPrefix(prefix)} ${to.kind} priority ${LINUX_RULE_PRIORITY}`
    return { does: `${ip} rule add ${rule}`, undoes: `${ip} rule del ${rule}` }
  }
  const metric = `metric ${rank === FALLBACK_RANK ? LINUX_METRIC_LAST : LINUX_METRIC_FIRST + rank}`
  const dev = to.kind === 'via' && iface !== null ? ` dev ${iface}` : ''
  const route = to.kind === 'via' ? `${formatPrefix(prefix)} via ${to.hop}${dev} ${metric}` : `${to.kind} ${formatPrefix(prefix)} ${metric}`
  return { does: `${ip} route replace ${route}`, undoes: `${ip} route del ${route}` }
}

/** Link-local next hops mean nothing without an interface (RFC 4007 section 6). */
function refuseLinkLocal({ prefix, to }: PlannedRoute, _all: readonly PlannedRoute[], iface: string | null): string | null {
  const local = to.kind === 'via' && /^fe[89ab]/.test(to.hop)
  return local && iface === null ? `${formatPrefix(prefix)}: a link-local next hop needs the option interface` : null
}

/** Administrative distances: 1 for the first hop, behind all routing protocols for a drop (255 would never be used). */
const IOS_DISTANCE_LAST = 254

function iosCommand({ prefix, rank, to }: PlannedRoute, iface: string | null): Command {
  const distance = rank === FALLBACK_RANK ? ` ${IOS_DISTANCE_LAST}` : rank === 0 ? '' : ` ${rank + 1}`
  const hop = to.kind === 'via' ? `${iface === null ? '' : `${iface} `}${to.hop}` : 'Null0'
  const does = `${prefix.version === 4 ? 'ip route' : 'ipv6 route'} ${iosBlock(prefix)} ${hop}${distance}`
  return { does, undoes: `no ${does}` }
}

function iosBlock(prefix: Prefix): string {
  return prefix.version === 6 ? formatPrefix(prefix) : `${ipFromValue(4, prefix.network)} ${maskText(prefix.length)}`
}

function maskText(length: number): string {
  return ipFromValue(4, addressMax(4) - ((1n << BigInt(IP_BITS[4] - length)) - 1n))
}

function refuseRule({ prefix, how }: PlannedRoute): string | null {
  return how === 'rule' ? `${formatPrefix(prefix)}: cut=rule is for Linux alone; use cut=halves` : null
}

/** Junos keeps next hops or a drop in one static route, not both; a direct route stands beside it with a better preference. */
function refuseJunos(route: PlannedRoute, all: readonly PlannedRoute[], iface: string | null): string | null {
  const block = formatPrefix(route.prefix)
  const beside = route.to.kind !== 'via' && all.some((other) => other.to.kind === 'via' && formatPrefix(other.prefix) === block)
  if (beside) return `${block}: Junos cannot keep a drop behind next hops in one static route; leave elsewhere out, or write it by hand`
  return refuseRule(route) ?? refuseLinkLocal(route, all, iface)
}

/** Static routes have preference 5 on Junos; further next hops come behind it. */
const JUNOS_PREFERENCE = 5

function junosCommand({ prefix, rank, to }: PlannedRoute): Command {
  const table = prefix.version === 4 ? 'routing-options static' : 'routing-options rib inet6.0 static'
  const route = `${table} route ${formatPrefix(prefix)}`
  const words = to.kind === 'via' ? junosHop(to.hop, rank) : JUNOS_DROPS[to.kind]
  const undo = to.kind === 'via' ? words.split(' preference ')[0] : words
  return { does: `set ${route} ${words}`, undoes: `delete ${route} ${undo}` }
}

/** `discard` is silent, `reject` answers. */
const JUNOS_DROPS = { blackhole: 'discard', prohibit: 'reject' } as const

function junosHop(hop: string, rank: number): string {
  return rank === 0 ? `next-hop ${hop}` : `qualified-next-hop ${hop} preference ${JUNOS_PREFERENCE + rank}`
}

function refuseWindows(route: PlannedRoute, all: readonly PlannedRoute[], iface: string | null): string | null {
  const block = formatPrefix(route.prefix)
  if (route.to.kind !== 'via') return `${block}: Windows has no route that drops; leave elsewhere out, or use a firewall`
  return refuseLinkLocal(route, all, iface)
}

/** With an interface New-NetRoute, which is persistent by itself; without one `route -p`, which finds the interface by the next hop. */
function windowsCommand({ prefix, rank, to }: PlannedRoute, iface: string | null): Command {
  const hop = to.kind === 'via' ? to.hop : ''
  if (iface !== null) {
    const route = `-DestinationPrefix '${formatPrefix(prefix)}' -InterfaceAlias '${iface}' -NextHop '${hop}'`
    return { does: `New-NetRoute ${route} -RouteMetric ${rank + 1}`, undoes: `Remove-NetRoute ${route} -Confirm:$false` }
  }
  const route = prefix.version === 4 ? `${ipFromValue(4, prefix.network)} mask ${maskText(prefix.length)} ${hop}`
    : `${formatPrefix(prefix)} ${hop}`
  return { does: `route -p add ${route} metric ${rank + 1}`, undoes: `route delete ${route}` }
}

const PLATFORMS: Readonly<Record<RoutePlatform, Platform>> = {
  iproute2: {
    comment: '#', refuse: refuseLinkLocal, command: linuxCommand,
    notes: () => ['These commands last until the next start: put the routes into the network configuration of the distribution as well.'],
  },
  'cisco-ios': {
    comment: '!', refuse: (route, all, iface) => refuseRule(route) ?? refuseLinkLocal(route, all, iface), command: iosCommand,
    notes: (routes) => (routes.some((route) => route.to.kind !== 'via')
      ? ['Whether Null0 drops silently or answers is a setting of interface Null0 (ip unreachables), the same for all its routes.'] : []),
  },
  junos: {
    comment: '#', refuse: refuseJunos, command: junosCommand,
    notes: () => ['Load with load set, look at show | compare, and commit confirmed.'],
  },
  windows: {
    comment: '#', refuse: refuseWindows, command: windowsCommand,
    notes: () => ['These are routes of one machine, such as the central station: run in PowerShell as administrator.'],
  },
}
