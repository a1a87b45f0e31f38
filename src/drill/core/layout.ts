// Layout: the sides of the router under test, one for each zone of the policy's site and one for everything outside, and who lives where.
// Keeps the rule that the ward is the policy's own: addresses come from its zones and segments, nothing of a shipped policy is assumed.

import { formatPrefix, ipFromValue, IP_BITS, prefixesOverlap, type Ip, type IpVersion, type Prefix } from '../../base/ip.ts'
import { formatMac, type Mac } from '../../base/mac.ts'
import { ipScope } from '../../base/ip-scope.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { hostPrefix, isBuiltInZone, zoneKind, type NameMap, type Policy, type Segment } from '../../policy/index.ts'
import { PrefixTable } from './prefix-table.ts'

/** One network namespace on one link of the router. */
export interface Side {
  readonly index: number
  /** Name of its namespace and of the router's interface. */
  readonly name: string
  /** Zone of the policy, or OUTSIDE. */
  readonly label: string
  /** What is said of it in a sentence. */
  readonly kind: 'medical' | 'it' | 'outside'
  /** Blocks whose addresses live here. The outside has every other address, and those that are not routed inside yet. */
  readonly blocks: readonly Prefix[]
  /** Next hops of the policy's segments, which stand on this link. */
  readonly hops: readonly Ip[]
  /** Address of the link's far end; the router's own is ROUTER_ADDRESS on every link. */
  readonly linkAddress: Ip
  readonly mac: Mac
  readonly routerMac: Mac
}

export interface Layout {
  readonly sides: readonly Side[]
  /** Blocks that need no text of Cordon to be found: private ones, the site's own, attached ones. */
  readonly plain: readonly { readonly prefix: Prefix; readonly side: number }[]
}

export const OUTSIDE = 'outside'

/** TEST-NET-1 (RFC 5737): links of the drill itself. */
export const ROUTER_ADDRESS = '192.0.2.1' as Ip
const LINK_NETWORK = '192.0.2.'
const LINK_HOST_FIRST = 10
/** Each side is a namespace with a capture of its own; a hospital's policy for bedside devices has a handful of zones. */
export const SIDES_MAX = 32

const SIDE_MAC = 0x02_00_5e_7f_01_00
const ROUTER_MAC = 0x02_00_5e_7f_02_00

/** Sides in the order of zones, the outside last. Refused: too many zones, or one next hop that two zones share. */
export function planLayout(policy: Policy, names: NameMap, segments: readonly Segment[]): Result<Layout> {
  const zones = policy.zones.filter((zone) => zone.kind !== 'external' && (names.get(zone.name) ?? []).length > 0)
  if (zones.length === 0) return err('no zone of the policy has addresses inside, so there is no ward to build')
  if (zones.length >= SIDES_MAX) return err(`the policy has ${zones.length} zones inside, and a drill builds at most ${SIDES_MAX - 1}`)
  const shared = sharedHop(segments)
  if (shared !== null) return err(shared)
  const inside = zones.map((zone, index) => makeSide(index, zone.name, zone.kind === 'medical' ? 'medical' : 'it',
    names.get(zone.name) ?? [], segments.filter((s) => s.zone === zone.name).flatMap((s) => s.via)))
  const external = policy.zones.filter((zone) => zone.kind === 'external').flatMap((zone) => names.get(zone.name) ?? [])
  const sides = [...inside, makeSide(inside.length, OUTSIDE, 'outside', external, [])]
  const plain = inside.flatMap((side) => side.blocks.filter((block) => isRouted(block) && !isBorrowed(block, segments))
    .map((prefix) => ({ prefix, side: side.index })))
  return ok({ sides, plain })
}

function makeSide(index: number, label: string, kind: Side['kind'], blocks: readonly Prefix[], hops: readonly Ip[]): Side {
  return {
    index, label, kind, blocks, name: `side${index}`, hops: [...new Set(hops)], linkAddress: `${LINK_NETWORK}${LINK_HOST_FIRST + index}` as Ip,
    mac: formatMac(SIDE_MAC + index), routerMac: formatMac(ROUTER_MAC + index),
  }
}

function sharedHop(segments: readonly Segment[]): string | null {
  const zoneOfHop = new Map<Ip, string>()
  for (const { via, zone } of segments) {
    for (const hop of via) {
      const other = zoneOfHop.get(hop) ?? zone
      if (other !== zone) return `next hop ${hop} leads to the zones ${other} and ${zone}; a drill can put a router on one link only`
      zoneOfHop.set(hop, zone)
    }
  }
  return null
}

/** A public block that only the policy's own routes keep inside: without them the default route carries it out. */
function isBorrowed(block: Prefix, segments: readonly Segment[]): boolean {
  const scope = ipScope(ipFromValue(block.version, block.network))
  return scope === 'global' && segments.some((segment) => segment.via.length > 0 && prefixesOverlap(segment.prefix, block))
}

/** Index of the fake Internet's side. */
export function outsideOf(layout: Layout): number {
  return layout.sides.length - 1
}

/** On which side an address lives, whatever the routes say: by the longest block, else outside. */
export function homes(layout: Layout): (version: IpVersion, address: bigint) => number {
  const entries = layout.sides.flatMap((side) => side.blocks.map((prefix) => ({ prefix, metric: side.index, value: side.index })))
  const table = new PrefixTable(entries)
  return (version, address) => table.find(version, address)?.value ?? outsideOf(layout)
}

/** Blocks that a side must send back to the router although they lie in its own: other zones carved out of it, and links. */
export function carvedOut(layout: Layout, side: Side): readonly Prefix[] {
  const others = side.kind === 'outside' ? answeredInside(layout)
    : layout.sides.filter((other) => other !== side).flatMap((other) => [...other.blocks, ...other.hops.map(hostPrefix)])
      .filter((block) => side.blocks.some((own) => own.length < block.length && prefixesOverlap(own, block)))
  const unique = new Map(others.map((prefix) => [formatPrefix(prefix), prefix]))
  return [...unique.values()].filter(isRouted)
}

/** IPv6 link-local blocks are on every link and behind no router. */
export function isRouted(prefix: Prefix): boolean {
  return prefix.version === 4 || ipScope(ipFromValue(6, prefix.network)) !== 'link-local'
}

/** 202.114.4.0/24 (facts cms8000.md section 1): whoever else has it, its true owner on the Internet answers too. */
const FACTORY_BLOCK: Prefix = { version: 4, network: 0xca72_0400n, length: 24 }

/** Blocks whose addresses the fake Internet leaves to the inside. */
function answeredInside(layout: Layout): readonly Prefix[] {
  return layout.plain.map(({ prefix }) => prefix).filter((prefix) => !prefixesOverlap(prefix, FACTORY_BLOCK) || prefix.length < FACTORY_BLOCK.length)
}

/** `the outside`, `zone bedside`. */
export function sideWords(side: Side): string {
  return side.label === OUTSIDE ? 'the outside' : side.label
}

/** Whether the fake Internet takes an address for its own and answers as it: it does unless the router always finds it inside. */
export function ownedByOutside(layout: Layout, version: IpVersion, address: bigint): boolean {
  return !answeredInside(layout).some((prefix) => prefix.version === version
    && prefix.network >> BigInt(IP_BITS[version] - prefix.length) === address >> BigInt(IP_BITS[version] - prefix.length))
}

/** The kind of a zone for words; built-in zones are outside. */
export function isMedical(policy: Policy, zone: string): boolean {
  return !isBuiltInZone(zone) && zoneKind(policy, zone) === 'medical'
}

/** The whole address space of a version. */
export function everything(version: IpVersion): Prefix {
  return { version, network: 0n, length: 0 }
}
