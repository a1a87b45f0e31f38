// World: what is known at the moment of asking, handed to every rule. Read-only; rules keep no state outside their own.

import { greatestOf } from '../base/extent.ts'
import { ipScope, sameUsualSegment } from '../base/ip-scope.ts'
import { prefixTest, type Ip, type Prefix } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import type { Asset } from '../inventory/asset.ts'
import { claimedByArp, type Bindings } from '../inventory/bindings.ts'
import type { StreamSpan, Talk } from './talks.ts'

/** Addresses an advisory names. `source` is shown with each finding. */
export interface Indicator {
  readonly block: Prefix
  readonly text: string
  readonly source: string
}

export interface WorldParts {
  readonly assets: readonly Asset[]
  readonly bindings: Bindings
  readonly routers: ReadonlySet<MacNumber>
  readonly talks: readonly Talk[]
  readonly spans: readonly StreamSpan[]
  readonly indicators: readonly Indicator[]
  /** Addresses the policy or the address plan puts inside the hospital. */
  readonly isInside: (ip: Ip) => boolean
  /** The policy lets this client read files from this server. */
  readonly approvesUpdate: (client: Ip, server: Ip) => boolean
  /** Packet time of the newest packet. */
  readonly lastAt: Micros
}

/** Where packets were sent: enough of a talk to say whether they leave. */
export type Heading = Pick<Talk, 'vlan' | 'src' | 'dst' | 'nextHop'> & Partial<Pick<Talk, 'toGroup'>>

export interface World extends WorldParts {
  /** The asset that holds an address on a segment, or null. */
  assetAt(vlan: number, ip: Ip): Asset | null
  /** True when the asset's kind belongs to a patient: its profile says so at level A to D. */
  isMonitor(asset: Asset | null): boolean
  /** assetAt, when that is a monitor: cheaper to ask of every talk, for monitors are few. */
  monitorAt(vlan: number, ip: Ip): Asset | null
  /** The talk's packets leave the hospital: a global address that nobody on the segment owns. */
  leaves(talk: Heading): boolean
  /** Somebody on the segment says it owns the address. */
  ownedHere(vlan: number, ip: Ip): boolean
  indicatorOf(ip: Ip): Indicator | null
}

export function createWorld(parts: WorldParts): World {
  const segments = assetsBySegment(parts.assets)
  const monitors = monitorsOf(segments)
  const indicators = parts.indicators.map((indicator) => ({ indicator, holds: prefixTest(indicator.block) }))
  return {
    ...parts,
    assetAt: (vlan, ip) => segments.get(vlan)?.get(ip) ?? null,
    isMonitor,
    monitorAt: (vlan, ip) => monitors.get(vlan)?.get(ip) ?? null,
    leaves: (talk) => leaves(talk, parts),
    ownedHere: (vlan, ip) => parts.bindings.claimants(vlan, ip).some(claimedByArp),
    indicatorOf: (ip) => indicators.find(({ holds }) => holds(ip))?.indicator ?? null,
  }
}

function isMonitor(asset: Asset | null): boolean {
  return asset?.role === 'patient-monitor'
}

function monitorsOf(segments: ReadonlyMap<number, ReadonlyMap<Ip, Asset>>): ReadonlyMap<number, ReadonlyMap<Ip, Asset>> {
  return new Map([...segments].map(([vlan, byIp]) => [vlan, new Map([...byIp].filter(([, asset]) => isMonitor(asset)))]))
}

/** By VLAN and address; of two assets with one address the one seen last, and of those the later in the list. */
function assetsBySegment(assets: readonly Asset[]): ReadonlyMap<number, ReadonlyMap<Ip, Asset>> {
  const segments = new Map<number, Map<Ip, Asset>>()
  for (const asset of assets) {
    for (const { vlan, ip, lastAt } of asset.interfaces) {
      if (!ip) continue
      const known = segments.get(vlan)
      const other = known?.get(ip)
      if (other && lastAt < lastSeen(other, vlan, ip)) continue
      if (known) known.set(ip, asset)
      else segments.set(vlan, new Map([[ip, asset]]))
    }
  }
  return segments
}

function lastSeen(asset: Asset, vlan: number, ip: Ip): Micros {
  return greatestOf(asset.interfaces.filter((i) => i.vlan === vlan && i.ip === ip), (i) => i.lastAt)
}

/**
 * Inside when the policy says so, routers or not (a segment of our own that static routes lead to); when the next hop's card claims
 * the address itself (a neighbour); or, without any ARP in the capture, when both ends share the usual segment and the card is no
 * router's. Everything else with a global address leaves.
 */
function leaves(talk: Heading, parts: WorldParts): boolean {
  const { dst, nextHop, src, vlan } = talk
  if (talk.toGroup || ipScope(dst) !== 'global' || parts.isInside(dst)) return false
  let isClaimed = false
  for (const b of parts.bindings.claimants(vlan, dst)) {
    if (!claimedByArp(b)) continue
    if (b.mac === nextHop) return false
    isClaimed = true
  }
  return parts.routers.has(nextHop) || isClaimed || !sameUsualSegment(src, dst)
}
