// Probes: packets that witness a policy in a kernel: every border of every rule from both sides, then seeded points near and far from them.
// Keeps "each probe is the first packet of its session": none is the answer of another, so connection state cannot blur the comparison.

import { IP_BITS, type IpVersion, type Prefix } from '../../base/ip.ts'
import { randomInt, seededRng, type Rng } from '../../base/rng.ts'
import type { Chain, Field, Match, ValueRange } from '../../policy/rules/model.ts'
import { prefixRange } from '../../policy/index.ts'
import { homes, outsideOf, type Layout } from './layout.ts'
import type { Packet } from './predict.ts'

/** A packet and the side that sends it. Its place in the list is its identity on the wire. */
export interface Probe extends Packet {
  readonly side: number
}

export interface ProbePlan {
  readonly layout: Layout
  readonly chains: Readonly<Record<IpVersion, Chain>>
  readonly count: number
  readonly seed: number
  /** What assertions speak of. */
  readonly asked: Readonly<Record<IpVersion, readonly Match[]>>
  /** Of a text that is tried in place of the compiled one: its borders, and packets for which it is known to differ. */
  readonly text: { readonly matches: Readonly<Record<IpVersion, readonly Match[]>>; readonly packets: readonly Packet[] } | null
}

/** Source ports of probes; no real session of the drill uses them (Linux starts at 32768). */
export const SPORT_LOW = 20_000
export const SPORT_HIGH = 29_999
/** Tries for one more probe before the plan is as long as it gets. */
const TRIES_MAX = 50
/** IPv6 without a zone of its own is still a way out: this share of the probes asks about it. */
const V6_SHARE_UNZONED = 0.05
const V6_SHARE = 0.3
/** Share of strangers: outside addresses that are plugged in on an inside segment. */
const STRANGER_SHARE = 0.3

const PROTOS: Readonly<Record<IpVersion, readonly number[]>> = { 4: [1, 2, 6, 17, 47, 50, 58, 132, 255], 6: [1, 6, 17, 47, 50, 58, 132] }
/** In IPv6 these numbers are extension headers, not protocols (RFC 8200, IANA); 59 ends a packet. */
export const EXTENSIONS = new Set([0, 43, 44, 51, 59, 60, 135, 139, 140, 253, 254])
const WITH_PORTS = new Set([6, 17, 132])
const ICMP = new Set([1, 58])
const ICMP_TYPES: Readonly<Record<number, readonly number[]>> = { 1: [0, 3, 5, 8, 11, 13], 58: [1, 3, 128, 129] }
const PORTS = [1, 22, 23, 53, 67, 80, 111, 123, 161, 443, 445, 511, 514, 515, 520, 521, 635, 2049, 2575, 3389, 5000, 7000, 65_535]

/** What can be picked of one version: all borders in rules, zones and routes. */
interface Pools {
  readonly version: IpVersion
  readonly matches: readonly Match[]
  readonly addresses: readonly bigint[]
  readonly blocks: readonly ValueRange[]
  readonly protos: readonly number[]
  readonly ports: readonly number[]
}

/** Same plan, same probes. Fewer than asked for only when there are no more. */
export function planProbes(plan: ProbePlan): readonly Probe[] {
  const rng = seededRng(plan.seed)
  const home = homes(plan.layout)
  const pools = { 4: poolsOf(plan, 4), 6: poolsOf(plan, 6) }
  const share6 = plan.layout.sides.some((side) => side.kind !== 'outside' && side.blocks.some(({ version }) => version === 6)) ? V6_SHARE : V6_SHARE_UNZONED
  const taken = new Map<string, boolean>()
  const probes: Probe[] = []
  const add = (packet: Packet): boolean => {
    if (probes.length >= plan.count || !isFirst(packet, taken)) return false
    probes.push({ ...packet, side: ingress(packet, home, plan.layout, rng) })
    return true
  }
  for (const packet of plan.text?.packets ?? []) add(packet)
  for (const version of [4, 6] as const) for (const packet of corners(pools[version], rng)) add(packet)
  for (let tries = 0; probes.length < plan.count && tries < TRIES_MAX; tries++) {
    const version = rng.next() < share6 ? 6 : 4
    if (add(randomPacket(pools[version], rng))) tries = 0
  }
  return probes
}

/** The side of the source; an address of the outside may also be a stranger's on any segment. */
function ingress(packet: Packet, home: (version: IpVersion, address: bigint) => number, layout: Layout, rng: Rng): number {
  const side = home(packet.version, packet.src)
  return side === outsideOf(layout) && rng.next() < STRANGER_SHARE ? randomInt(rng, 0, side) : side
}

/** `::`, which RFC 4291 forbids and Linux forwards at times, and 0.0.0.0/8 but its first address: forwarded since Linux 5.3, not before. */
function isArguable(version: IpVersion, address: bigint): boolean {
  return version === 4 ? address > 0n && address < 0x0100_0000n : address === 0n
}

/** Notes the packet as sent; false when it would be the answer of one that was, or when kernels differ about it. */
function isFirst({ version, src, dst, proto, sport, dport }: Packet, taken: Map<string, boolean>): boolean {
  if (src === dst || isArguable(version, src) || isArguable(version, dst)) return false
  const forward = src < dst
  const [a, b, c, d] = forward ? [src, dst, sport, dport] : [dst, src, dport, sport]
  const key = `${version} ${proto} ${a} ${b} ${c} ${d}`
  const before = taken.get(key)
  if (before !== undefined) return before === forward
  taken.set(key, forward)
  return true
}

function poolsOf({ layout, chains, asked, text }: ProbePlan, version: IpVersion): Pools {
  const matches = [...chains[version].rules.flatMap((rule) => rule.matches), ...asked[version], ...(text?.matches[version] ?? [])]
  const own = (prefix: Prefix): readonly ValueRange[] => (prefix.version === version ? [prefixRange(prefix)] : [])
  const blocks = layout.sides.flatMap((side) => side.blocks.flatMap(own))
  const ends = [...blocks, ...matches.flatMap((match) => [...rangesOf(match, 'src'), ...rangesOf(match, 'dst')])]
  return {
    version, matches, blocks: blocks.length > 0 ? blocks : [{ low: 0n, high: top(version) }],
    addresses: bordersOf(ends, top(version)),
    protos: numbers([...PROTOS[version], ...bordersOf(matches.flatMap((m) => rangesOf(m, 'proto')), 255n).map(Number)])
      .filter((proto) => version === 4 || !EXTENSIONS.has(proto)),
    ports: numbers([...PORTS, ...bordersOf(matches.flatMap((m) => rangesOf(m, 'dport')), 65_535n).map(Number)]),
  }
}

function top(version: IpVersion): bigint {
  return (1n << BigInt(IP_BITS[version])) - 1n
}

function numbers(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

/** Ranges a match names for a field, also those it excludes: their borders count alike. None when it does not look at it, or by bit masks. */
function rangesOf(match: Match, field: Field): readonly ValueRange[] {
  return match.fields.flatMap(([name, constraint]) => (name === field && constraint.kind === 'ranges' ? constraint.ranges : []))
}

/** First and last value of each range, and the neighbours just outside. */
export function bordersOf(ranges: readonly ValueRange[], max: bigint): readonly bigint[] {
  const values = ranges.flatMap(({ low, high }) => [low, high, low - 1n, high + 1n]).filter((value) => value >= 0n && value <= max)
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1))
}

/** For each rule every border of every field, the other fields being inside: each of its edges is stepped on, and stepped over. */
function* corners(pools: Pools, rng: Rng): Generator<Packet> {
  for (const match of pools.matches) {
    for (const field of ['src', 'dst', 'proto', 'dport', 'icmpType'] as const) {
      const max = field === 'src' || field === 'dst' ? top(pools.version) : field === 'dport' ? 65_535n : 255n
      for (const value of bordersOf(rangesOf(match, field), max)) {
        const packet = insideMatch(match, pools, rng, { [field]: value })
        if (packet !== null) yield packet
      }
    }
  }
}

type Fixed = Partial<Record<'src' | 'dst' | 'proto' | 'dport' | 'icmpType', bigint>>

/** A packet inside the match but for the given values; null where no such packet can be written. */
function insideMatch(match: Match, pools: Pools, rng: Rng, fixed: Fixed): Packet | null {
  const value = (field: keyof Fixed): bigint | null => fixed[field] ?? fromRanges(rangesOf(match, field), rng)
  const proto = Number(value('proto') ?? BigInt(one(pools.protos, rng)))
  if (pools.version === 6 && EXTENSIONS.has(proto)) return null
  const dport = value('dport')
  return finished(pools.version, {
    src: value('src') ?? anyAddress(pools, rng), dst: value('dst') ?? anyAddress(pools, rng), proto,
    dport: dport === null ? one(pools.ports, rng) : Number(dport), icmpType: Number(value('icmpType') ?? BigInt(icmpTypeOf(proto, rng))),
  }, rng)
}

/** Near a rule, between borders, or anywhere: in this order of likelihood. */
function randomPacket(pools: Pools, rng: Rng): Packet {
  const kind = rng.next()
  if (kind < 0.5 && pools.matches.length > 0) {
    const near = insideMatch(one(pools.matches, rng), pools, rng, {})
    if (near !== null) return near
  }
  const address = (): bigint => (kind < 0.75 && pools.addresses.length > 0 ? one(pools.addresses, rng) : anyAddress(pools, rng))
  const proto = rng.next() < 0.1 ? anyProto(pools, rng) : one(pools.protos, rng)
  const dport = rng.next() < 0.3 ? randomInt(rng, 1, 65_535) : one(pools.ports, rng)
  return finished(pools.version, { src: address(), dst: address(), proto, dport, icmpType: icmpTypeOf(proto, rng) }, rng)
}

/** Fields that the protocol does not have are 0. */
function finished(version: IpVersion, given: Pick<Packet, 'src' | 'dst' | 'proto' | 'dport' | 'icmpType'>, rng: Rng): Packet {
  const ports = WITH_PORTS.has(given.proto)
  const sport = ports ? randomInt(rng, SPORT_LOW, SPORT_HIGH) : 0
  return { ...given, version, sport, dport: ports ? given.dport : 0, icmpType: ICMP.has(given.proto) ? given.icmpType : 0 }
}

function anyProto({ version }: Pools, rng: Rng): number {
  const proto = randomInt(rng, 0, 255)
  return version === 6 && EXTENSIONS.has(proto) ? 17 : proto
}

function icmpTypeOf(proto: number, rng: Rng): number {
  return one(ICMP_TYPES[proto] ?? [0], rng)
}

/** Mostly somewhere in a zone, at times anywhere at all. */
function anyAddress(pools: Pools, rng: Rng): bigint {
  const range = rng.next() < 0.75 ? one(pools.blocks, rng) : { low: 0n, high: top(pools.version) }
  return randomIn(range, rng)
}

/** The first value, the last, or any between them. */
function fromRanges(ranges: readonly ValueRange[], rng: Rng): bigint | null {
  if (ranges.length === 0) return null
  const range = one(ranges, rng)
  const kind = rng.next()
  return kind < 0.25 ? range.low : kind < 0.5 ? range.high : randomIn(range, rng)
}

function randomIn({ low, high }: ValueRange, rng: Rng): bigint {
  let value = 0n
  for (let i = 0; i < 5; i++) value = (value << 28n) | BigInt(Math.floor(rng.next() * 0x1000_0000))
  return low + value % (high - low + 1n)
}

function one<T>(items: readonly T[], rng: Rng): T {
  return items[Math.min(items.length - 1, Math.floor(rng.next() * items.length))] as T
}
