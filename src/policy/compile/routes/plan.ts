// Static routes a router needs for the policy's segments: preferred next hops, and what to do when none of them is there.
// Keeps "traffic stays inside": a block whose next hops are gone must not follow the default route out.

import { formatPrefix, IP_BITS, ipVersion, prefixContains, type Ip, type Prefix } from '../../../base/ip.ts'
import type { Elsewhere, Segment } from '../../language/model.ts'
import { oneLine } from '../text/cisco-emit.ts'

/** What to do about a segment with `elsewhere` and without next hops: */
export const CUTS = ['fallback', 'halves', 'rule'] as const
/**
 * `fallback`: a route of the worst metric, which acts where no router of this box is attached, and beside a connected route when that is
 * gone. `halves`: two routes one bit longer, which win over a connected route; `rule`: an `ip rule` in front of all tables. The last two
 * cut an attached segment off (facts on segmentation, section 6 item 6: a plain blackhole beside a connected route is refused).
 */
export type Cut = (typeof CUTS)[number]

export interface RoutesInput {
  /** Policy name and hash: the header, so that output can be traced. */
  readonly name: string
  readonly policyHash: string
  readonly segments: readonly Pick<Segment, 'prefix' | 'via' | 'elsewhere' | 'zone'>[]
  /** `interface`: for platforms or next hops that need one. `cut`: one of CUTS. */
  readonly options: Readonly<Record<string, string>>
}

export interface PlannedRoute {
  readonly prefix: Prefix
  readonly zone: string
  /** 0 is the most preferred; drops come behind all next hops, unless they are halves. */
  readonly rank: number
  /** A next hop, or what happens to the packet. */
  readonly to: { readonly kind: 'via'; readonly hop: Ip } | { readonly kind: Elsewhere }
  readonly how: 'route' | 'rule'
}

export type RoutePlan = { readonly ok: true; readonly routes: readonly PlannedRoute[]; readonly cut: Cut }
  | { readonly ok: false; readonly refused: readonly string[] }

/** Rank of a drop that is a fallback: behind any number of next hops. */
export const FALLBACK_RANK = 100

/** A segment has few next hops; beyond this the file is wrong, and ranks would reach FALLBACK_RANK. */
const HOPS_MAX = 16

/** Routes in the order of the segments; refusals say which block and why. */
export function planRoutes(input: RoutesInput): RoutePlan {
  const cut = CUTS.find((word) => word === (input.options.cut ?? 'fallback'))
  const unknown = Object.keys(input.options).filter((key) => key !== 'cut' && key !== 'interface')
  const refused = [
    ...unknown.map((key) => `option "${oneLine(key)}" is not known; there are interface, cut`),
    ...(cut === undefined ? [`option cut is one of ${CUTS.join(', ')}`] : []),
    ...input.segments.flatMap((segment) => refusedSegment(segment, cut ?? 'fallback')),
    ...repeated(input.segments.map((segment) => formatPrefix(segment.prefix))),
  ]
  if (cut === undefined || refused.length > 0) return { ok: false, refused }
  const routes = input.segments.flatMap((segment) => segmentRoutes(segment, cut))
  const met = repeated(routes.filter(({ how }) => how === 'route').map(({ prefix, rank }) => `${formatPrefix(prefix)} (rank ${rank})`))
  if (met.length > 0) return { ok: false, refused: met.map((block) => `${block}, as a half and as a segment; one would take the other's place`) }
  return { ok: true, cut, routes }
}

function repeated(blocks: readonly string[]): readonly string[] {
  return [...new Set(blocks.filter((block, i) => blocks.indexOf(block) !== i))].map((block) => `${block} stands twice`)
}

function refusedSegment({ prefix, via, elsewhere }: RoutesInput['segments'][number], cut: Cut): readonly string[] {
  const block = formatPrefix(prefix)
  const halved = cut === 'halves' && elsewhere !== null && via.length === 0 && prefix.length === IP_BITS[prefix.version]
  return [
    ...via.filter((hop) => ipVersion(hop) !== prefix.version).map((hop) => `${block}: next hop ${hop} is of the other IP version`),
    ...via.filter((hop) => prefixContains(prefix, hop)).map((hop) => `${block}: next hop ${hop} lies inside of the block`),
    ...(via.length > HOPS_MAX ? [`${block}: ${via.length} next hops, and ${HOPS_MAX} are allowed`] : []),
    ...(halved ? [`${block}: one address has no halves; use cut=rule`] : []),
  ]
}

function segmentRoutes({ prefix, via, elsewhere, zone }: RoutesInput['segments'][number], cut: Cut): readonly PlannedRoute[] {
  const hops = via.map((hop, rank): PlannedRoute => ({ prefix, zone, rank, to: { kind: 'via', hop }, how: 'route' }))
  if (elsewhere === null) return hops
  const drop = { zone, to: { kind: elsewhere }, how: 'route' } as const
  if (via.length > 0 || cut === 'fallback') return [...hops, { ...drop, prefix, rank: FALLBACK_RANK }]
  if (cut === 'rule') return [{ ...drop, prefix, rank: 0, how: 'rule' }]
  return halvesOf(prefix).map((half) => ({ ...drop, prefix: half, rank: 0 }))
}

/** The two blocks one bit longer that together are the block. */
export function halvesOf({ version, network, length }: Prefix): readonly Prefix[] {
  const bit = 1n << BigInt(IP_BITS[version] - length - 1)
  return [{ version, network, length: length + 1 }, { version, network: network + bit, length: length + 1 }]
}
