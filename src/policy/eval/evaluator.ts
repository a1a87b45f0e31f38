// Evaluator: the same verdicts as evaluate.ts, precomputed for many flows.
// Keeps the rule that every clever engine has a slow twin: a property test compares the two on random policies and flows.

import { IP_BITS, ipValue, ipVersion, v4Number, type Ip, type IpVersion, type Prefix } from '../../base/ip.ts'
import { DEFAULT_RULE, type Conduit, type Policy, type Service } from '../language/model.ts'
import { defaultReason, serviceMatches, type FiveTuple, type Verdict } from './evaluate.ts'
import { builtInZoneOf, type NameMap } from './names.ts'

/** IPv6 addresses remembered with their zone; a /16 of a busy hospital. When full it is emptied: a scan must not eat the memory. */
const ZONE_CACHE_MAX = 65_536

/** A policy and its names, compiled. */
export interface Evaluator {
  evaluate(tuple: FiveTuple): Verdict
  /** Zone name of an address, as zoneOf in names.ts. */
  zoneOf(ip: Ip): string
}

interface CompiledConduit {
  readonly conduit: Conduit
  readonly services: readonly Service[]
}

/** Network value to zone, for one prefix length. An IPv4 network is a plain number: most are asked for. */
interface LengthTable {
  readonly hostBits: number
  readonly zones: ReadonlyMap<bigint | number, string>
}

/** Compiles a policy and its names. Neither may change afterwards; make a new evaluator when assets move. */
export function createEvaluator(policy: Policy, names: NameMap): Evaluator {
  const tables = { 4: lengthTables(names, 4), 6: lengthTables(names, 6) }
  const conduits = conduitsByPair(policy)
  const cache = new Map<Ip, string>()
  // An IPv4 address is looked up sooner than it is found in a cache.
  const zoneOfIp = (ip: Ip): string => (ipVersion(ip) === 4 ? lookUp(tables[4], ip) : cachedZoneOf(ip))
  const cachedZoneOf = (ip: Ip): string => {
    const known = cache.get(ip)
    if (known !== undefined) return known
    const zone = lookUp(tables[6], ip)
    if (cache.size >= ZONE_CACHE_MAX) cache.clear()
    cache.set(ip, zone)
    return zone
  }
  const decide = (tuple: FiveTuple): Verdict => {
    const from = zoneOfIp(tuple.src)
    const to = zoneOfIp(tuple.dst)
    for (const { conduit, services } of conduits.get(from)?.get(to) ?? NO_CONDUITS) {
      if (!services.some((service) => serviceMatches(service, tuple))) continue
      return { action: conduit.action, rule: conduit.name, reason: conduit.reason, from, to }
    }
    return { action: policy.default, rule: DEFAULT_RULE, reason: defaultReason(policy.default, from, to, tuple), from, to }
  }
  return { evaluate: decide, zoneOf: zoneOfIp }
}

/** Longest length first, so that the first hit is the answer. */
function lengthTables(names: NameMap, version: IpVersion): readonly LengthTable[] {
  const byLength = new Map<number, Map<bigint | number, string>>()
  for (const [zone, prefixes] of names) {
    for (const prefix of prefixes) if (prefix.version === version) addPrefix(byLength, prefix, zone)
  }
  return [...byLength]
    .sort(([a], [b]) => b - a)
    .map(([length, zones]) => ({ hostBits: IP_BITS[version] - length, zones }))
}

function addPrefix(byLength: Map<number, Map<bigint | number, string>>, prefix: Prefix, zone: string): void {
  const zones = byLength.get(prefix.length) ?? new Map<bigint | number, string>()
  byLength.set(prefix.length, zones)
  const network = prefix.network >> BigInt(IP_BITS[prefix.version] - prefix.length)
  const key = prefix.version === 4 ? Number(network) : network
  // The earlier zone keeps an equal prefix, as in zoneOf.
  if (!zones.has(key)) zones.set(key, zone)
}

function lookUp(tables: readonly LengthTable[], ip: Ip): string {
  const builtIn = builtInZoneOf(ip)
  if (builtIn === 'group') return builtIn
  if (tables.length === 0) return builtIn
  return (ipVersion(ip) === 4 ? zoneOf4(tables, v4Number(ip)) : zoneOf6(tables, ipValue(ip))) ?? builtIn
}

function zoneOf4(tables: readonly LengthTable[], value: number): string | undefined {
  for (const { zones, hostBits } of tables) {
    const zone = zones.get(Math.floor(value / 2 ** hostBits))
    if (zone !== undefined) return zone
  }
  return undefined
}

function zoneOf6(tables: readonly LengthTable[], value: bigint): string | undefined {
  for (const { zones, hostBits } of tables) {
    const zone = zones.get(value >> BigInt(hostBits))
    if (zone !== undefined) return zone
  }
  return undefined
}

const NO_CONDUITS: readonly CompiledConduit[] = []

/** By the zone they lead from, then the one they lead to. */
function conduitsByPair(policy: Policy): ReadonlyMap<string, ReadonlyMap<string, readonly CompiledConduit[]>> {
  const services = new Map(policy.services.map((service) => [service.name, service]))
  const pairs = new Map<string, Map<string, CompiledConduit[]>>()
  for (const conduit of policy.conduits) {
    const byTo = pairs.get(conduit.from) ?? new Map<string, CompiledConduit[]>()
    const list = byTo.get(conduit.to) ?? []
    pairs.set(conduit.from, byTo.set(conduit.to, list))
    list.push({ conduit, services: conduit.services.flatMap((name) => services.get(name) ?? []) })
  }
  return pairs
}
