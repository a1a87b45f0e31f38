// Route targets: the policy's segments as static routes of one router, by ids that a list of platforms can show.
// Keeps "which router is this for?" answerable: with the option router, blocks that the router is attached to are left alone.

import { formatPrefix, ipFromValue, type Ip } from '../../../base/ip.ts'
import { addressesOption } from '../addresses-option.ts'
import type { EmitResult } from '../target.ts'
import { emitRoutes, type RoutePlatform } from './emit.ts'
import { planRoutes, type RoutesInput } from './plan.ts'
import { readBackRoutes, type RouteLine } from './read-back.ts'

export interface RouteTarget {
  readonly id: string
  readonly name: string
  readonly platform: RoutePlatform
  /** Whether the platform can drop at all, and whether a drop can stand behind next hops. */
  readonly drops: 'yes' | 'without next hops' | 'no'
}

export const ROUTE_TARGETS: readonly RouteTarget[] = [
  { id: 'routes-linux', name: 'Static routes of a Linux router (iproute2)', platform: 'iproute2', drops: 'yes' },
  { id: 'routes-ios', name: 'Static routes of Cisco IOS and IOS XE', platform: 'cisco-ios', drops: 'yes' },
  { id: 'routes-junos', name: 'Static routes of Junos', platform: 'junos', drops: 'without next hops' },
  { id: 'routes-windows', name: 'Static routes of one Windows machine', platform: 'windows', drops: 'no' },
]

export function routeTargetById(id: string): RouteTarget | null {
  return ROUTE_TARGETS.find((target) => target.id === id) ?? null
}

/** Options of all route targets; `router` is resolved here, the others by planRoutes. */
export const ROUTE_OPTIONS: readonly string[] = ['cut', 'interface', 'router']

const PURPOSE = 'own addresses of the router that the text is for, such as 10.20.0.3,2001:db8::3'

/** The segments that the router of the option `router` is not itself the way to, and sentences about the others. */
export function segmentsFor(input: RoutesInput): { readonly input: RoutesInput; readonly notes: readonly string[]; readonly refused: readonly string[] } {
  const { router, ...options } = input.options
  const hops = [...new Set(input.segments.flatMap(({ via }) => via))]
  if (router === undefined) {
    const note = `Written for a router that is none of the next hops (${hops.join(', ')}); for one of those say router=ADDRESS.`
    return { input: { ...input, options }, notes: hops.length === 0 ? [] : [note], refused: [] }
  }
  const { ranges, problems } = addressesOption('router', router, PURPOSE, false)
  const own = new Set<Ip>(([4, 6] as const).flatMap((version) => ranges[version].flatMap(({ low, high }) =>
    Array.from({ length: Number(high - low) + 1 }, (_, i) => ipFromValue(version, low + BigInt(i))))))
  const attached = input.segments.filter(({ via }) => via.some((hop) => own.has(hop)))
  const notes = attached.map(({ prefix, zone }) => `${formatPrefix(prefix)} (zone ${zone}): this router is its next hop, so it is attached `
    + 'to it; nothing is written.')
  return { input: { ...input, options, segments: input.segments.filter((segment) => !attached.includes(segment)) }, notes, refused: problems }
}

export function emitRouteTarget(target: RouteTarget, input: RoutesInput): EmitResult {
  const own = segmentsFor(input)
  if (own.refused.length > 0) return { ok: false, refused: own.refused }
  const result = emitRoutes(target.platform, own.input)
  return result.ok ? { ok: true, value: { ...result.value, notes: [...own.notes, ...result.value.notes] } } : result
}

/** What the text, read back, says otherwise than the plan; empty when they are the same. */
export function routeDifferences(target: RouteTarget, input: RoutesInput, text: string): readonly string[] {
  const plan = planRoutes(segmentsFor(input).input)
  if (!plan.ok) return plan.refused
  const planned = plan.routes.map((route): RouteLine => ({
    block: formatPrefix(route.prefix), order: route.rank, how: route.how,
    to: route.to.kind === 'via' ? `via ${route.to.hop}` : DROP_WORDS[target.platform][route.to.kind],
  }))
  const found = readBackRoutes(target.platform, text, input.options.interface ?? null)
  const [wanted, read] = [inOrder(planned), inOrder(found.routes)]
  return [
    ...found.unknown.map((line) => `not understood: ${line}`),
    ...wanted.filter((line) => !read.includes(line)).map((line) => `missing: ${line}`),
    ...read.filter((line) => !wanted.includes(line)).map((line) => `not planned: ${line}`),
  ]
}

/** Null0 is one drop for both kinds; Junos answers with reject, which readers call unreachable. */
const DROP_WORDS: Readonly<Record<RoutePlatform, Readonly<Record<'blackhole' | 'prohibit', string>>>> = {
  iproute2: { blackhole: 'blackhole', prohibit: 'prohibit' }, 'cisco-ios': { blackhole: 'blackhole', prohibit: 'blackhole' },
  junos: { blackhole: 'blackhole', prohibit: 'unreachable' }, windows: { blackhole: 'blackhole', prohibit: 'prohibit' },
}

/** One line per route with its place among the routes of its block, so that order counts and numbers do not. */
function inOrder(routes: readonly RouteLine[]): readonly string[] {
  const byBlock = Map.groupBy(routes, ({ block, how }) => `${how} ${block}`)
  return [...byBlock].flatMap(([key, same]) => {
    const sorted = same.toSorted((a, b) => a.order - b.order)
    const orders = [...new Set(sorted.map(({ order }) => order))]
    return sorted.map(({ order, to }) => `${key} ${orders.indexOf(order) + 1}. ${to}`)
  })
}
