// Replay input: assets, conversations and profiles as the plain records that replay and propose take. The only place that knows both.
// Keeps the rule that policy sees no devices: labels, addresses and words go in, nothing else.

import { ipScope } from '../base/ip-scope.ts'
import type { Ip } from '../base/ip.ts'
import { portRangesInclude, type PortRange } from '../base/port-range.ts'
import type { Micros } from '../base/time.ts'
import type { Conversation, Endpoint } from '../detect/conversation.ts'
import { lostCount } from '../detect/observations.ts'
import type { Asset, AssetRole } from '../inventory/asset.ts'
import { CENTRAL_PROFILE } from '../inventory/evidence.ts'
import type { DeviceProfile, FlowTransport, ProfileFlow } from '../inventory/profiles.ts'
import { createEvaluator, policyNames, type FiveTuple, type Policy } from '../policy/index.ts'
import type { DocumentedFunction, Observation, ReplayConversation, ReplayDevice, ReplayPolicy, UnseenFlow,
  Watch } from '../policy/replay/index.ts'
import { factoryAddresses, type Knowledge } from '../sensor/knowledge.ts'
import { activityKey, QUARTER_MICROS, type Past } from './past.ts'

type Profiles = ReadonlyMap<string, DeviceProfile>

/** IANA protocol numbers by the names conversations use; others are written `ip-47`. */
const PROTO_BY_TRANSPORT: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, 'ipv6-icmp': 58, sctp: 132 }
const PROTO_OF_FLOW: Readonly<Record<FlowTransport, number>> = { tcp: 6, udp: 17, icmp: 1 }

/** Protocols in which measurements of a connected patient travel. */
const TELEMETRY_PROTOCOLS: ReadonlySet<string> = new Set(['cms8000', 'hl7'])

/** Ports asked one by one; the widest documented range has six. */
const PORTS_ASKED_MAX = 64
/** Other sides asked per documented flow: central stations and servers of one house. */
const PEERS_ASKED_MAX = 64
/** Where negotiated ports come to lie: reserved ones as mount daemons take, the first free ones, and the ephemeral blocks' ends. */
const NEGOTIATED_PORTS = [600, 1023, 1024, 2048, 32_768, 49_152, 65_535]

/** IP protocol number of a conversation; 0 for a transport nobody named. */
export function protoOf(transport: string): number {
  return PROTO_BY_TRANSPORT[transport] ?? Number(/^ip-(\d{1,3})$/.exec(transport)?.[1] ?? 0)
}

/** A policy with its names, for packets that stay and for packets that leave. */
export function replayPolicy(policy: Policy, assets: readonly Asset[], knowledge: Knowledge): ReplayPolicy {
  const addresses = addressesByProfile(assets, factoryAddresses(knowledge))
  const leaving = new Map([...addresses].map(([profile, ips]) => [profile, ips.filter((ip) => ipScope(ip) !== 'global')]))
  return { local: createEvaluator(policy, policyNames(policy, addresses)), leaving: createEvaluator(policy, policyNames(policy, leaving)) }
}

/** Addresses per profile; a machine that answers ARP for a factory-default server address stands in the central station's place. */
export function addressesByProfile(assets: readonly Asset[], factory: ReadonlySet<Ip>): ReadonlyMap<string, readonly Ip[]> {
  const found = new Map<string, Ip[]>()
  for (const asset of assets) {
    for (const { ip, evidence } of asset.interfaces) {
      const profile = ip !== null && evidence === 'arp' && factory.has(ip) ? CENTRAL_PROFILE : asset.profile
      if (ip !== null && profile !== null) found.set(profile, [...(found.get(profile) ?? []), ip])
    }
  }
  return found
}

/** Conversations in the order of the past. */
export function replayConversations(past: Past, profiles: Profiles): readonly ReplayConversation[] {
  const assets = new Map(past.assets.map((asset) => [asset.id, asset]))
  return past.conversations.map((c) => {
    const documented = documentedOf(c, assets, profiles)
    return {
      from: endOf(c.from, assets), to: endOf(c.to, assets),
      tuple: { src: c.from.ip, dst: c.to.ip, proto: protoOf(c.transport), srcPort: 0, dstPort: c.port },
      flows: c.flows, attempts: c.attempts, bytes: c.bytes, firstAt: c.firstAt, lastAt: c.lastAt,
      times: past.times.get(activityKey(c.from.ip, c.to.ip, c.transport, c.port)) ?? [],
      protocol: c.protocol, leaves: c.leaves, documented,
      telemetry: (c.protocol !== null && TELEMETRY_PROTOCOLS.has(c.protocol)) || documented?.what.occurs === 'continuous',
    }
  })
}

function endOf(end: Endpoint, assets: ReadonlyMap<string, Asset>): ReplayDevice {
  const asset = end.assetId === null ? undefined : assets.get(end.assetId)
  if (asset !== undefined) return deviceOf(asset, end.ip)
  return { id: null, label: end.label, ip: end.ip, function: 'unknown', bed: null, lastSeen: null }
}

function deviceOf(asset: Asset, ip: Ip): ReplayDevice {
  return { id: asset.id, label: asset.label, ip, function: asset.role, bed: asset.bed, lastSeen: asset.lastAt }
}

type Documented = ReplayConversation['documented']

/** The opener's documentation first: it knows why it calls. */
function documentedOf(c: Conversation, assets: ReadonlyMap<string, Asset>, profiles: Profiles): Documented {
  for (const [side, end, opens] of [['from', c.from, 'device'], ['to', c.to, 'peer']] as const) {
    const asset = end.assetId === null ? undefined : assets.get(end.assetId)
    const flow = flowsOf(asset, profiles).find((f) => f.opens === opens && flowMatches(f, c))
    if (flow !== undefined) return { side, what: functionOf(flow) }
  }
  return null
}

function flowsOf(asset: Asset | undefined, profiles: Profiles): readonly ProfileFlow[] {
  return asset?.profile ? (profiles.get(asset.profile)?.flows ?? []) : []
}

function flowMatches(flow: ProfileFlow, c: Conversation): boolean {
  if (!flow.transports.some((t) => PROTO_OF_FLOW[t] === protoOf(c.transport))) return false
  if (flow.protocol !== null && c.protocol !== null && flow.protocol !== c.protocol) return false
  if (flow.dynamicPorts) return flow.protocol !== null && flow.protocol === c.protocol
  return flow.ports.length === 0 || portRangesInclude(flow.ports, c.port)
}

function functionOf(flow: ProfileFlow): DocumentedFunction {
  return { name: flow.name, blocked: flow.blocked, occurs: flow.occurs, expected: flow.expected, source: flow.source }
}

/** Documented flows of every recognised device inside that none of its conversations shows. */
export function unseenFlows(past: Past, profiles: Profiles): readonly UnseenFlow[] {
  const inside = past.assets.filter((asset) => !asset.outside)
  return inside.flatMap((asset) => {
    const opened = past.conversations.filter((c) => c.from.assetId === asset.id)
    const taken = past.conversations.filter((c) => c.to.assetId === asset.id)
    return flowsOf(asset, profiles)
      .filter((flow) => !(flow.opens === 'device' ? opened : taken).some((c) => flowMatches(flow, c)))
      .flatMap((flow) => unseenOf(asset, flow, inside) ?? [])
  })
}

function unseenOf(asset: Asset, flow: ProfileFlow, inside: readonly Asset[]): UnseenFlow | null {
  const own = addressOf(asset)
  if (own === null) return null
  const peers = peersOf(flow, inside.filter((a) => a.id !== asset.id))
  const { ports, notAsked } = portsOf(flow)
  const tuples = peers.filter((peer) => peer.includes(':') === own.includes(':')).flatMap((peer) =>
    flow.transports.flatMap((t) => ports.map((port) => tupleOf(flow, own, peer, PROTO_OF_FLOW[t], port))))
  const why = tuples.length === 0 ? `no ${flow.peer.replaceAll('-', ' ')} is known here` : notAsked
  return { device: deviceOf(asset, own), what: functionOf(flow), tuples, notAsked: why }
}

function tupleOf(flow: ProfileFlow, own: Ip, peer: Ip, proto: number, port: number): FiveTuple {
  const [src, dst] = flow.opens === 'device' ? [own, peer] : [peer, own]
  return { src, dst, proto, srcPort: 0, dstPort: proto === PROTO_OF_FLOW.icmp ? 0 : port }
}

/** Machines here that have the role, else the factory's address. */
function peersOf(flow: ProfileFlow, others: readonly Asset[]): readonly Ip[] {
  const role: AssetRole = flow.peer
  const here = role === 'unknown' ? [] : others.filter((asset) => asset.role === role).flatMap((asset) => addressOf(asset) ?? [])
  if (here.length > 0) return here.slice(0, PEERS_ASKED_MAX)
  return flow.address === null ? [] : [flow.address]
}

function addressOf(asset: Asset): Ip | null {
  return asset.interfaces.findLast((i) => i.ip !== null && ipScope(i.ip) !== 'unspecified')?.ip ?? null
}

function portsOf(flow: ProfileFlow): { readonly ports: readonly number[]; readonly notAsked: string | null } {
  if (flow.dynamicPorts) return { ports: NEGOTIATED_PORTS, notAsked: 'its port is negotiated' }
  if (flow.ports.length === 0) return { ports: [0], notAsked: null }
  const all = flow.ports.flatMap((range) => portList(range))
  return { ports: all, notAsked: flow.ports.some((r) => r.high - r.low >= PORTS_ASKED_MAX) ? 'it has more ports than were asked' : null }
}

function portList({ low, high }: PortRange): readonly number[] {
  if (high - low >= PORTS_ASKED_MAX) return [low, Math.floor((low + high) / 2), high]
  return Array.from({ length: high - low + 1 }, (_, i) => low + i)
}

/** Quarters in a row without any packet that still count as watched: a network without one for an hour was not looked at. */
const SILENT_QUARTERS_MAX = 4

/** Two packets a month apart are no month of watching: spans without anything seen are cut out. */
export function watchesOf(active: readonly Micros[], firstAt: Micros, lastAt: Micros): readonly Watch[] {
  const spans: { from: Micros; to: Micros }[] = []
  for (const quarter of active) {
    const last = spans.at(-1)
    const to = quarter + QUARTER_MICROS
    if (last !== undefined && quarter - last.to <= SILENT_QUARTERS_MAX * QUARTER_MICROS) last.to = to
    else spans.push({ from: quarter, to })
  }
  return spans.map(({ from, to }) => ({ from: Math.max(from, firstAt), to: Math.min(to, lastAt) })).filter((w) => w.to >= w.from)
}

/** What is known of how complete the past is. */
export function observationOf(past: Past, utcOffsetMinutes: number): Observation {
  const { analysis } = past
  const { firstAt, lastAt } = analysis
  const watches = firstAt === null || lastAt === null ? [] : watchesOf(past.active, firstAt, lastAt)
  const devices = past.missing.flatMap((asset) => {
    const ip = addressOf(asset)
    return ip === null ? [] : [deviceOf(asset, ip)]
  })
  return {
    watches, utcOffsetMinutes, devices,
    damaged: ['partial', 'failed', 'broken-off'].includes(analysis.state) || analysis.observations.some((o) => o.name === 'captureGaps' && o.count > 0),
    lost: lostCount(analysis.observations),
  }
}
