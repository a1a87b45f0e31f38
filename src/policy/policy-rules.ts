// Policy rules: the policy as one chain of plain rules per IP version, the shape that compilers write and proofs compare.
// Keeps "one meaning": first match decides as in eval/evaluate.ts, the slow twin, and a property test compares the two.

import { builtInZoneOf, type NameMap } from './eval/names.ts'
import { carriesPorts, PROTOCOLS_OF } from './eval/evaluate.ts'
import { IP_BITS, ipFromValue, type IpVersion, type Prefix } from '../base/ip.ts'
import { scopeBlocks } from '../base/ip-scope.ts'
import { EVERY_PORT, normalisePortRanges, type PortRange } from '../base/port-range.ts'
import { BUILT_IN_ZONES, type Conduit, type Policy, type Service } from './language/model.ts'
import type { Chain, Constraint, Field, Match, Rule, ValueRange } from './rules/model.ts'

/** Addresses of one zone, or null for what no zone holds. */
interface Piece extends ValueRange {
  readonly zone: string | null
}

/** A prefix as a range, in the order of zones. */
interface ZoneBlock extends ValueRange {
  readonly zone: string
  readonly order: number
}

/**
 * Addresses of every zone in one IP version, the built-in zones included: sorted, disjoint, touching ranges joined. Together they are the
 * whole address space. A zone without addresses in that version has an empty list. Linear in the prefixes but for one sort.
 */
export function zoneRanges(names: NameMap, version: IpVersion): ReadonlyMap<string, readonly ValueRange[]> {
  const found = new Map<string, ValueRange[]>([...names.keys(), ...BUILT_IN_ZONES].map((zone) => [zone, []]))
  for (const { low, high, zone } of overlay(ownedPieces(names, version), builtInPieces(version))) {
    const list = found.get(zone) ?? []
    const last = list.at(-1)
    if (last !== undefined && last.high + 1n === low) list[list.length - 1] = { low: last.low, high }
    else list.push({ low, high })
  }
  return found
}

/** The policy as one chain of plain rules per IP version, conduits in order. Rules that no packet of the version matches are left out. */
export function policyChains(policy: Policy, names: NameMap): Readonly<Record<IpVersion, Chain>> {
  return { 4: policyChain(policy, names, 4), 6: policyChain(policy, names, 6) }
}

/** Packets from one set of addresses to another on any of some services; none when a set or the list is empty. Ranges as of zoneRanges. */
export function flowMatches(
  src: readonly ValueRange[], dst: readonly ValueRange[], services: readonly Service[], version: IpVersion,
): readonly Match[] {
  if (src.length === 0 || dst.length === 0) return []
  const ends = [...addressField('dst', dst, version), ...addressField('src', src, version)]
  return serviceFields(services).map((fields) => ({ fields: [...ends, ...fields], unknown: [] }))
}

/** First and last address of a block. */
export function prefixRange(prefix: Prefix): ValueRange {
  const hostBits = BigInt(IP_BITS[prefix.version] - prefix.length)
  return { low: prefix.network, high: prefix.network | ((1n << hostBits) - 1n) }
}

function policyChain(policy: Policy, names: NameMap, version: IpVersion): Chain {
  const ranges = zoneRanges(names, version)
  const services = new Map(policy.services.map((service) => [service.name, service]))
  const rules = policy.conduits.flatMap((conduit) => conduitRule(conduit, ranges, services, version))
  return { name: policy.name, rules, policy: policy.default === 'allow' ? 'permit' : 'deny' }
}

function conduitRule(
  conduit: Conduit, zones: ReadonlyMap<string, readonly ValueRange[]>, services: ReadonlyMap<string, Service>, version: IpVersion,
): readonly Rule[] {
  const named = conduit.services.flatMap((name) => services.get(name) ?? [])
  const matches = flowMatches(zones.get(conduit.from) ?? [], zones.get(conduit.to) ?? [], named, version)
  if (matches.length === 0) return []
  const action = conduit.action === 'allow' ? { kind: 'permit' as const } : { kind: 'deny' as const, reject: false }
  return [{ line: conduit.at.line, text: conduit.name, family: version, matches, action }]
}

type FieldRow = readonly [Field, Constraint]

function inRanges(field: Field, ranges: readonly ValueRange[]): FieldRow {
  return [field, { kind: 'ranges', ranges, not: false }]
}

/** Nothing when every address is meant: a field that is left out matches all. */
function addressField(field: 'src' | 'dst', ranges: readonly ValueRange[], version: IpVersion): readonly FieldRow[] {
  const only = ranges.length === 1 ? ranges[0] : undefined
  const last = (1n << BigInt(IP_BITS[version])) - 1n
  return only !== undefined && only.low === 0n && only.high === last ? [] : [inRanges(field, ranges)]
}

/** Protocol and port fields, one list per alternative: protocols that share their ports share one. In order of protocol number. */
function serviceFields(services: readonly Service[]): readonly (readonly FieldRow[])[] {
  if (services.some((service) => service.transports.includes('any'))) return [[]]
  const byPorts = new Map<string, { readonly protos: number[]; readonly ports: readonly PortRange[] }>()
  for (const [proto, ports] of portsByProtocol(services)) {
    if (ports.length === 0) continue
    const key = ports.map(({ low, high }) => `${low}-${high}`).join(' ')
    const group = byPorts.get(key) ?? { protos: [], ports }
    byPorts.set(key, group)
    group.protos.push(proto)
  }
  return [...byPorts.values()].map(({ protos, ports }) => {
    const everyPort = ports[0]?.low === EVERY_PORT.low && ports[0].high === EVERY_PORT.high
    return [inRanges('proto', joinNumbers(protos)), ...(everyPort ? [] : [inRanges('dport', ports.map(toValueRange))])]
  })
}

/** Responder ports by protocol number, in its order; every port where the protocol has none. */
function portsByProtocol(services: readonly Service[]): readonly (readonly [number, readonly PortRange[]])[] {
  const gathered = new Map<number, PortRange[]>()
  for (const service of services) {
    for (const proto of service.transports.flatMap((transport) => PROTOCOLS_OF[transport])) {
      const list = gathered.get(proto) ?? []
      gathered.set(proto, list)
      list.push(...(carriesPorts(proto) ? service.ports : [EVERY_PORT]))
    }
  }
  return [...gathered].sort(([a], [b]) => a - b).map(([proto, ports]) => [proto, normalisePortRanges(ports)])
}

/** Sorted numbers as ranges, neighbours joined. */
function joinNumbers(numbers: readonly number[]): readonly ValueRange[] {
  return normalisePortRanges(numbers.map((value) => ({ low: value, high: value }))).map(toValueRange)
}

function toValueRange({ low, high }: PortRange): ValueRange {
  return { low: BigInt(low), high: BigInt(high) }
}

/** The whole space cut by zone prefixes, the longest deciding, the earlier zone among equals; null between them. */
function ownedPieces(names: NameMap, version: IpVersion): readonly Piece[] {
  const pieces: Piece[] = []
  const open: ZoneBlock[] = []
  let next = 0n
  const emit = (high: bigint): void => {
    if (high >= next) pieces.push({ low: next, high, zone: open.at(-1)?.zone ?? null })
    if (high >= next) next = high + 1n
  }
  const close = (before: bigint): void => {
    for (let top = open.at(-1); top !== undefined && top.high < before; top = open.at(-1)) {
      emit(top.high)
      open.pop()
    }
  }
  for (const block of sortedBlocks(names, version)) {
    close(block.low)
    const top = open.at(-1)
    // Prefixes nest, so an equal one is on top: it stands earlier and keeps the block.
    if (top?.low === block.low && top.high === block.high) continue
    emit(block.low - 1n)
    open.push(block)
  }
  const end = 1n << BigInt(IP_BITS[version])
  close(end)
  emit(end - 1n)
  return pieces
}

/** By first address, outer blocks before inner ones, earlier zones before later ones. */
function sortedBlocks(names: NameMap, version: IpVersion): readonly ZoneBlock[] {
  const blocks = [...names].flatMap(([zone, prefixes], order) =>
    prefixes.filter((prefix) => prefix.version === version).map((prefix): ZoneBlock => ({ ...prefixRange(prefix), zone, order })))
  const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
  return blocks.sort((a, b) => compare(a.low, b.low) || compare(b.high, a.high) || a.order - b.order)
}

/** The whole space cut where the kind of address may change, each piece with its built-in zone. */
function builtInPieces(version: IpVersion): readonly (ValueRange & { readonly zone: string })[] {
  const end = 1n << BigInt(IP_BITS[version])
  const edges = new Set([0n, end, ...scopeBlocks(version).map(prefixRange).flatMap(({ low, high }) => [low, high + 1n])])
  const sorted = [...edges].sort((a, b) => (a < b ? -1 : 1))
  return sorted.slice(0, -1).map((low, i) => ({ low, high: (sorted[i + 1] ?? end) - 1n, zone: builtInZoneOf(ipFromValue(version, low)) }))
}

/** `group` beats every zone, a zone beats `internet` and `unzoned`. Both lists cover the whole space in order. */
function overlay(
  owned: readonly Piece[], builtIn: readonly (ValueRange & { readonly zone: string })[],
): readonly (ValueRange & { readonly zone: string })[] {
  const pieces: (ValueRange & { readonly zone: string })[] = []
  let i = 0
  let j = 0
  let low = 0n
  for (let own = owned[i], base = builtIn[j]; own !== undefined && base !== undefined; own = owned[i], base = builtIn[j]) {
    const high = own.high < base.high ? own.high : base.high
    pieces.push({ low, high, zone: base.zone === 'group' ? base.zone : (own.zone ?? base.zone) })
    low = high + 1n
    if (own.high === high) i++
    if (base.high === high) j++
  }
  return pieces
}
