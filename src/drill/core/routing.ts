// Routing: where the router under test sends an address, in each phase, and which packets no router forwards.
// Keeps "packets to own addresses and broadcasts never hit forward" (measured) as a reason of its own, never as a silent exception.

import { IP_BITS, type IpVersion, type Prefix } from '../../base/ip.ts'
import { hostPrefix } from '../../policy/index.ts'
import type { RoutePlan } from '../../policy/compile/routes/index.ts'
import { FALLBACK_RANK } from '../../policy/compile/routes/plan.ts'
import { everything, outsideOf, ROUTER_ADDRESS, type Layout } from './layout.ts'
import { PrefixTable, type PrefixEntry } from './prefix-table.ts'

/** A side of the router, or what happens to the packet. */
export type RouteEnd = { readonly kind: 'side'; readonly side: number } | { readonly kind: 'own' | 'blackhole' | 'prohibit' }

export type RouteTable = PrefixTable<RouteEnd>

/** Metric of the routes that are there without Cordon: behind those it writes (10 and up), in front of its fallback. */
export const PLAIN_METRIC = 100
const POLICY_METRIC_FIRST = 10
const FALLBACK_METRIC = 900_000

/** Routes of the router: those without Cordon, and those of the policy's segments when `policy` is not null. */
export function routeTable(layout: Layout, policy: RoutePlan | null, sideIsUp: (side: number) => boolean = () => true): RouteTable {
  const entries = [...plainEntries(layout), ...(policy?.ok === true ? policyEntries(layout, policy) : [])]
  return new PrefixTable(entries.filter(({ value }) => value.kind !== 'side' || sideIsUp(value.side)))
}

function plainEntries(layout: Layout): readonly PrefixEntry<RouteEnd>[] {
  const to = (prefix: Prefix, side: number, metric: number): PrefixEntry<RouteEnd> => ({ prefix, metric, value: { kind: 'side', side } })
  return [
    { prefix: hostPrefix(ROUTER_ADDRESS), metric: 0, value: { kind: 'own' } },
    ...layout.sides.flatMap((side) => [side.linkAddress, ...side.hops].map((address) => to(hostPrefix(address), side.index, 0))),
    ...layout.plain.map(({ prefix, side }) => to(prefix, side, PLAIN_METRIC)),
    ...([4, 6] as const).map((version) => to(everything(version), outsideOf(layout), PLAIN_METRIC)),
  ]
}

function policyEntries(layout: Layout, plan: RoutePlan & { readonly ok: true }): readonly PrefixEntry<RouteEnd>[] {
  return plan.routes.flatMap(({ prefix, rank, to }): readonly PrefixEntry<RouteEnd>[] => {
    const metric = rank === FALLBACK_RANK ? FALLBACK_METRIC : POLICY_METRIC_FIRST + rank
    if (to.kind !== 'via') return [{ prefix, metric, value: { kind: to.kind } }]
    const side = layout.sides.find((one) => one.hops.includes(to.hop))
    return side === undefined ? [] : [{ prefix, metric, value: { kind: 'side', side: side.index } }]
  })
}

interface Row {
  readonly version: IpVersion
  readonly network: bigint
  readonly length: number
  /** `crossing`: as either, of packets that leave on another link than they came in on: the kernel checks no others (ip6_forward, ip6_route_input). */
  readonly as: 'src' | 'dst' | 'either' | 'crossing'
  readonly why: string
}

const V6 = (high: bigint): bigint => high << 112n

/** RFC 1812 section 5.3.7 and RFC 4291: what no router forwards, as Linux keeps it (ip_route_input_slow, ip6_forward, ipv6_rcv). */
const NEVER_FORWARDED: readonly Row[] = [
  { version: 4, network: 0xe000_0000n, length: 4, as: 'either', why: 'multicast is not routed' },
  { version: 4, network: 0xffff_ffffn, length: 32, as: 'either', why: 'broadcast stays on its segment' },
  { version: 4, network: 0n, length: 32, as: 'either', why: 'the unspecified address is nobody\'s' },
  { version: 4, network: 0x7f00_0000n, length: 8, as: 'either', why: 'loopback never leaves a host' },
  { version: 6, network: V6(0xff00n), length: 8, as: 'either', why: 'multicast is not routed' },
  { version: 6, network: V6(0xfe80n), length: 64, as: 'dst', why: 'link-local stays on its segment' },
  { version: 6, network: V6(0xfe80n), length: 10, as: 'crossing', why: 'link-local stays on its segment' },
  { version: 6, network: 1n, length: 128, as: 'either', why: 'loopback never leaves a host' },
  { version: 6, network: 0xffff_0000_0000n, length: 96, as: 'src', why: 'IPv4-mapped addresses are not on the wire' },
]

/** The two ends, and whether the packet would leave on another link than it came in on. */
export interface Crossing {
  readonly version: IpVersion
  readonly src: bigint
  readonly dst: bigint
  readonly crosses: boolean
}

/** Why a router forwards no such packet whatever its rules are, or null. */
export function neverForwarded({ version, src, dst, crosses }: Crossing, router: bigint): string | null {
  if (version === 4 && dst === router) return 'to the router itself'
  if (version === 4 && src === router) return 'from the router\'s own address'
  const holds = (row: Row, address: bigint): boolean => {
    const hostBits = BigInt(IP_BITS[version] - row.length)
    return address >> hostBits === row.network >> hostBits
  }
  const row = NEVER_FORWARDED.find((one) => one.version === version && (one.as !== 'crossing' || crosses)
    && ((one.as !== 'dst' && holds(one, src)) || (one.as !== 'src' && holds(one, dst))))
  return row?.why ?? null
}
