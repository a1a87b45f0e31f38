// Witnesses: packets that a given text and the policy treat differently, found by packet sets, to be sent as the first probes of a drill.
// Keeps "no probe by luck": a hole that the reader understands is tried in the kernel, however narrow it is.

import type { IpVersion } from '../../base/ip.ts'
import { prefixRange } from '../../policy/index.ts'
import { boundsOf, type Filter } from '../../policy/prove/questions.ts'
import { ConnState, type Config, type Field, type Match, type ValueRange } from '../../policy/rules/model.ts'
import { bddSpace } from '../../policy/sets/bdd-space.ts'
import { protocolHas } from '../../policy/sets/fields.ts'
import { SetLimitError, type PacketPoint, type PacketSet, type PacketSpace } from '../../policy/sets/packet-set.ts'
import type { Layout } from './layout.ts'
import type { Packet } from './predict.ts'
import { EXTENSIONS, SPORT_HIGH, SPORT_LOW } from './probes.ts'

/** Of each version and direction; a text that is all different needs no more to be found out. */
const WITNESSES_MAX = 20

/** Matches of a text that probes step on and over, and packets for which it differs from the policy. */
export interface TextWitnesses {
  readonly matches: Readonly<Record<IpVersion, readonly Match[]>>
  readonly packets: readonly Packet[]
  /** IP versions whose comparison was too large: borders alone are tried there. */
  readonly unknown: readonly IpVersion[]
}

export function witnessesOf(config: Config, policy: (version: IpVersion) => Filter, layout: Layout): TextWitnesses {
  const all = [...config.chains.values()].flatMap((chain) => chain.rules)
  const matches = (version: IpVersion): readonly Match[] => all.filter(({ family }) => family === null || family === version).flatMap((rule) => rule.matches)
  const found = ([4, 6] as const).map((version) => ({ version, packets: differences(config, policy(version), layout) }))
  return {
    matches: { 4: matches(4), 6: matches(6) }, packets: found.flatMap(({ packets }) => packets ?? []),
    unknown: found.filter(({ packets }) => packets === null).map(({ version }) => version),
  }
}

/** Null when an engine reached its bound. */
function differences(config: Config, policy: Filter, layout: Layout): readonly Packet[] | null {
  const { version } = policy
  const space = bddSpace(version)
  const bound = config.bindings.filter(({ hook, family }) => hook === 'forward' && (family === null || family === version))
    .flatMap(({ chain }) => config.chains.get(chain) ?? [])
  try {
    const text = bound.map((chain) => boundsOf(space, { chain, chains: config.chains, version }))
    const [surely, possibly] = (['surely', 'possibly'] as const).map((kind) => text.reduce((set, bounds) => space.and(set, bounds[kind]), space.all))
    const own = boundsOf(space, policy)
    const asked = askedOf(space, layout)
    const wider = space.and(asked, space.minus(surely as PacketSet, own.possibly))
    const narrower = space.and(asked, space.minus(own.surely, possibly as PacketSet))
    return [...picked(space, wider), ...picked(space, narrower)]
  } catch (cause) {
    if (cause instanceof SetLimitError) return null
    throw cause
  }
}

/** First packets of sessions between addresses that routers carry, at least one of them inside. */
function askedOf(space: PacketSpace, layout: Layout): PacketSet {
  const { version } = space
  const inside = layout.sides.filter(({ kind }) => kind !== 'outside').flatMap(({ blocks }) => blocks)
    .filter((block) => block.version === version).map(prefixRange)
  const either = (['src', 'dst'] as const).reduce((set, field) => space.or(set, space.of(ranges([[field, inside]]))), space.empty)
  const protos = Array.from({ length: 256 }, (_, proto) => proto).filter((proto) => version === 4 || !EXTENSIONS.has(proto))
  const fields = space.of(ranges([
    ['src', CARRIED[version]], ['dst', CARRIED[version]], ['state', [{ low: BigInt(ConnState.new), high: BigInt(ConnState.new) }]],
    ['proto', protos.map((proto) => ({ low: BigInt(proto), high: BigInt(proto) }))],
  ]))
  const sports = space.of(ranges([['sport', [{ low: BigInt(SPORT_LOW), high: BigInt(SPORT_HIGH) }]]]))
  const portless = space.minus(space.all, space.of(ranges([['sport', [{ low: 0n, high: 65_535n }]]])))
  const syn = space.of(ranges([['flags', [{ low: SYN, high: SYN }]]]))
  const flagless = space.minus(space.all, space.of(ranges([['flags', [{ low: 0n, high: 255n }]]])))
  return space.and(space.and(fields, either), space.and(space.or(sports, portless), space.or(syn, flagless)))
}

const SYN = 2n
/** Unicast: without 0/8, loopback, multicast and what is reserved above; global and unique local IPv6. */
const CARRIED: Readonly<Record<IpVersion, readonly ValueRange[]>> = {
  4: [{ low: 0x0100_0000n, high: 0x7eff_ffffn }, { low: 0x8000_0000n, high: 0xdfff_ffffn }],
  6: [{ low: 0x2n << 124n, high: (0x4n << 124n) - 1n }, { low: 0xfcn << 120n, high: (0xfen << 120n) - 1n }],
}

function ranges(rows: readonly (readonly [Field, readonly ValueRange[]])[]): Match {
  return { fields: rows.map(([field, list]) => [field, { kind: 'ranges', ranges: list, not: false }]), unknown: [] }
}

/** One packet per service and pair of the most human addresses, until nothing is left or there are enough. */
function picked(space: PacketSpace, set: PacketSet): readonly Packet[] {
  const found: Packet[] = []
  let left = set
  for (let point = space.pick(left); point !== null && found.length < WITNESSES_MAX; point = space.pick(left)) {
    found.push(packetOf(point, space.version))
    left = space.minus(left, space.of(likeIt(point)))
  }
  return found
}

/** The same protocol and responder port, whatever the addresses: the next witness is about something else. */
function likeIt(point: PacketPoint): Match {
  const at = (field: Field): readonly [Field, readonly ValueRange[]] => [field, [{ low: point[field], high: point[field] }]]
  return ranges([at('proto'), ...(protocolHas(point.proto, 'dport') ? [at('dport')] : [])])
}

function packetOf(point: PacketPoint, version: IpVersion): Packet {
  return {
    version, src: point.src, dst: point.dst, proto: Number(point.proto), sport: Number(point.sport), dport: Number(point.dport),
    icmpType: Number(point.icmpType),
  }
}
