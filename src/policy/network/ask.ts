// Questions over a path: can anything get there, does everything get there and back. Sets find the packet, the slow interpreter shows it.
// Keeps "proved, refuted with a packet and its path, or unknown because of a line": never a guess, and limits end in unknown.

import { assert } from '../../base/assert.ts'
import type { IpVersion } from '../../base/ip.ts'
import { prefixRange, zoneRanges } from '../policy-rules.ts'
import { ConnState, type Field, type ValueRange } from '../rules/model.ts'
import { Proto } from '../sets/fields.ts'
import { SetLimitError, type PacketPoint, type PacketSet, type PacketSpace } from '../sets/packet-set.ts'
import { complement, intersect, rangeList } from '../sets/ranges.ts'
import type { DeviceSets } from './device-sets.ts'
import { followSets, type Branch } from './flow.ts'
import { ARRIVED, endingKey, ownValues, type Blame, type Network, type Origin, type Trace } from './model.ts'
import { preimage, startNode, wholeField, within, type PathNode } from './path-node.ts'
import { walkNetwork, walkReply } from './walk.ts'

/** The way of one packet, and for liveness the way of its reply when it is the reply that fails. */
export interface PathWitness {
  readonly trace: Trace
  readonly reply: Trace | null
}

export type PathAnswer =
  | { readonly verdict: 'proved' }
  | { readonly verdict: 'refuted'; readonly witness: PathWitness }
  | { readonly verdict: 'unknown'; readonly because: readonly Blame[]; readonly limit: string | null }

/** What is asked: who sends, and what. Addresses are of one IP version. */
export interface PathQuestion {
  readonly from: { readonly ranges: readonly ValueRange[] } | { readonly link: number } | { readonly device: number }
  /** For reach: packets as they are when they have arrived. For liveness: as they are sent. Says nothing of source, interfaces, state. */
  readonly asked: PacketSet
  /** For reach: arrive on this link only; null for anywhere. */
  readonly onLink?: number | null
  /** Leave out neighbours of one wire that reach each other past every device: no device's text can forbid or allow it. */
  readonly pastDevices?: boolean
}

export interface PathResult {
  readonly answer: PathAnswer
  /** Source addresses asked about that are on no link: nothing is said of packets from there. */
  readonly unplaced: readonly ValueRange[]
  /** False when no packet at all was asked about. */
  readonly saysSomething: boolean
}

/** Blamed lines named in an answer. */
const BLAME_MAX = 20

/** Can anything of the question arrive? Proved: nothing can. Refuted: the witness does, by the path shown. */
export function proveUnreachable(space: PacketSpace, network: Network, question: PathQuestion): PathResult {
  return ask(space, network, question, (origin, sources) => {
    const start = startNode(space.and(space.and(openers(space), sources), originFields(space)))
    const because: Blame[] = []
    for (const branch of followSets(space, network, origin, start)) {
      const { disposition, link, device } = branch.ending
      if (question.pastDevices === true && device === null && disposition === 'delivered-to-segment') continue
      const wanted = question.onLink ?? null
      const unsure = disposition === 'insufficient-info'
      if (!unsure && (!ARRIVED.has(disposition) || (wanted !== null && link !== wanted))) continue
      const set = space.and(branch.node.set, unsure && isOpaque(network, device) ? mayBecome(space, question.asked) : question.asked)
      if (space.isEmpty(set)) continue
      if (branch.because.length > 0) because.push(...branch.because)
      else return { verdict: 'refuted', witness: { trace: arrivalOf(space, network, origin, branch, set), reply: null } }
    }
    return settled(because)
  }, (sources) => space.and(sources, question.asked))
}

function isOpaque(network: Network, device: number | null): boolean {
  return device !== null && (network.devices[device]?.opaque.length ?? 0) > 0
}

/** A line that nobody understood may translate. What no file describes (a wire, a table, a hop) is taken not to (docs/prove.md). */
function mayBecome(space: PacketSpace, asked: PacketSet): PacketSet {
  return (['dst', 'dport'] as const).reduce((set, field) => space.assign(set, field, wholeField(space, field)), asked)
}

/** Does everything of the question arrive, and does its reply come back? Refuted: the witness or its reply does not. */
export function proveAlive(space: PacketSpace, network: Network, question: PathQuestion): PathResult {
  const sent = space.and(question.asked, firstPackets(space))
  return ask(space, network, question, (origin, sources) => {
    const start = startNode(space.and(space.and(sent, space.and(openers(space), sources)), originFields(space)))
    const there = new Map<number, DeviceSets>()
    const back = new Map<number, DeviceSets>()
    const because: Blame[] = []
    const branches = followSets(space, network, origin, start, { strictGateways: true, cache: there })
    for (const branch of branches) {
      if (ARRIVED.has(branch.ending.disposition)) continue
      if (branch.because.length > 0) because.push(...branch.because)
      else return { verdict: 'refuted', witness: { trace: arrivalOf(space, network, origin, branch, branch.node.set), reply: null } }
    }
    for (const branch of branches.filter((b) => ARRIVED.has(b.ending.disposition))) {
      const failed = failedReply(space, network, origin, branch, back)
      if (failed === null) continue
      if ('blame' in failed) because.push(...branch.because, ...failed.blame)
      else return { verdict: 'refuted', witness: failed }
    }
    return settled(because)
  }, (sources) => space.and(sources, sent))
}

/** What is wrong with the replies to the packets of a branch: null when all come back. */
function failedReply(
  space: PacketSpace, network: Network, origin: Origin, branch: Branch, cache: Map<number, DeviceSets>,
): PathWitness | { readonly blame: readonly Blame[] } | null {
  const { ending, node } = branch
  const from: Origin = ending.disposition === 'accepted' ? { device: ending.device ?? 0 } : { link: ending.link ?? 0 }
  const start = replyStart(space, node.set)
  const blame: Blame[] = []
  for (const reply of followSets(space, network, from, start, { replyTo: branch.passages, strictGateways: true, cache })) {
    const home = 'device' in origin ? reply.ending.disposition === 'accepted' && reply.ending.device === origin.device
      : reply.ending.link === origin.link && ARRIVED.has(reply.ending.disposition)
    if (home) continue
    const answered = preimage(space, reply.node, reply.node.set)
    const sent = preimage(space, node, freed(space, answered, REPLY_FIELDS.map(([field]) => field)))
    if (space.isEmpty(sent)) continue
    const certain = branch.because.length === 0 && reply.because.length === 0
    const shown = certain ? replyShown(space, network, origin, branch, reply, sent) : null
    if (shown) return shown
    blame.push(...reply.because, ...(certain ? [vagueTranslation()] : []))
  }
  return blame.length > 0 ? { blame } : null
}

function vagueTranslation(): Blame {
  return { device: null, line: 0, text: 'translation', reason: 'several packets become the same, and only the device knows which one a reply belongs to' }
}

/** Replayed by the slow interpreter; null when it does not confirm, which translation of many to one may cause. */
function replyShown(space: PacketSpace, network: Network, origin: Origin, branch: Branch, reply: Branch, sent: PacketSet): PathWitness | null {
  const point = space.pick(sent)
  if (!point) return null
  for (const trace of walkNetwork(network, origin, point, space.version, { hints: hintsOf(space, branch.node.set) })) {
    if (endingKey(trace.ending) !== endingKey(branch.ending) || trace.because.length > 0) continue
    const back = walkReply(network, trace, space.version).find((t) => endingKey(t.ending) === endingKey(reply.ending) && t.because.length === 0)
    if (back) return { trace, reply: back }
  }
  return null
}

const REPLY_FIELDS: readonly (readonly [Field, bigint])[] = [
  ['iif', 0n], ['oif', 0n], ['state', BigInt(ConnState.established)], ['flags', 18n], ['icmpType', 0n],
]

/** The packets that arrived, as their replies are asked about: SYN and ACK, echo reply, of a connection that is established. */
function replyStart(space: PacketSpace, arrived: PacketSet): PathNode {
  return startNode(REPLY_FIELDS.reduce((set, [field, value]) => {
    const answer = field === 'icmpType' && space.version === 6 ? 129n : value
    return space.assign(set, field, [{ low: answer, high: answer }])
  }, arrived))
}

function freed(space: PacketSpace, set: PacketSet, fields: readonly Field[]): PacketSet {
  return fields.reduce((all, field) => space.assign(all, field, wholeField(space, field)), set)
}

/** Everything that opens a connection or stands alone: state new. */
function openers(space: PacketSpace): PacketSet {
  return space.of(within('state', [{ low: 0n, high: 0n }]))
}

/** Before the first device no interface is meant; one packet is one point. */
function originFields(space: PacketSpace): PacketSet {
  return space.and(space.of(within('iif', [{ low: 0n, high: 0n }])), space.of(within('oif', [{ low: 0n, high: 0n }])))
}

/** What really opens: a SYN, an echo request; other protocols have no such mark. */
function firstPackets(space: PacketSpace): PacketSet {
  const tcp = space.of(within('proto', [{ low: Proto.tcp, high: Proto.tcp }]))
  const icmp = space.of(within('proto', [Proto.icmp, Proto.icmpv6].map((value) => ({ low: value, high: value }))))
  const request = space.version === 4 ? 8n : 128n
  const syn = space.and(tcp, space.of(within('flags', [{ low: 2n, high: 2n }])))
  const echo = space.and(icmp, space.of(within('icmpType', [{ low: request, high: request }])))
  return space.or(space.or(syn, echo), space.not(space.or(tcp, icmp)))
}

function settled(because: readonly Blame[]): PathAnswer {
  if (because.length === 0) return { verdict: 'proved' }
  const once = new Map(because.map((blame) => [`${blame.device} ${blame.line} ${blame.text} ${blame.reason}`, blame]))
  return { verdict: 'unknown', because: [...once.values()].slice(0, BLAME_MAX), limit: null }
}

/** The most human packet of those that end so, with its way as the slow interpreter walks it. */
function arrivalOf(space: PacketSpace, network: Network, origin: Origin, branch: Branch, set: PacketSet): Trace {
  const point = space.pick(preimage(space, branch.node, set))
  assert(point !== null, 'packets that arrive were sent')
  const traces = walkNetwork(network, origin, point, space.version, { hints: hintsOf(space, set) })
  const shown = traces.find((trace) => trace.because.length === 0 && endingKey(trace.ending) === endingKey(branch.ending)
    && space.contains(freed(space, set, ['iif', 'oif']), { ...trace.arrived, iif: 0n, oif: 0n }))
  assert(shown !== undefined, 'the set engine and the slow interpreter disagree on a path')
  return shown
}

/** Addresses and ports of one member: where a pool is too large to be tried whole, these are tried. */
function hintsOf(space: PacketSpace, set: PacketSet): readonly bigint[] {
  const point: PacketPoint | null = space.pick(set)
  return point ? [point.dst, point.src, point.dport, point.sport] : []
}

function ask(
  space: PacketSpace, network: Network, question: PathQuestion, one: (origin: Origin, sources: PacketSet) => PathAnswer,
  speaksOf: (sources: PacketSet) => PacketSet,
): PathResult {
  const { starts, unplaced } = placed(network, question.from, space.version)
  const answers: PathAnswer[] = []
  let saysSomething = false
  try {
    for (const { origin, ranges } of starts) {
      const sources = space.of(within('src', ranges))
      if (!space.isEmpty(speaksOf(sources))) saysSomething = true
      const answer = one(origin, sources)
      if (answer.verdict === 'refuted') return { answer, unplaced, saysSomething: true }
      answers.push(answer)
    }
  } catch (cause) {
    if (!(cause instanceof SetLimitError)) throw cause
    return { answer: { verdict: 'unknown', because: [], limit: cause.message }, unplaced, saysSomething }
  }
  if (starts.length === 0 && unplaced.length > 0) {
    const nowhere: Blame = { device: null, line: 0, text: 'from', reason: 'these addresses are on no link of the network file' }
    return { answer: { verdict: 'unknown', because: [nowhere], limit: null }, unplaced, saysSomething }
  }
  const because = answers.flatMap((answer) => (answer.verdict === 'unknown' ? answer.because : []))
  return { answer: settled(because), unplaced, saysSomething }
}

interface Start {
  readonly origin: Origin
  readonly ranges: readonly ValueRange[]
}

/** Where packets of these sources begin. What is on no link comes from the Internet when it is public, and otherwise from nowhere. */
export function placed(
  network: Network, from: PathQuestion['from'], version: IpVersion,
): { readonly starts: readonly Start[]; readonly unplaced: readonly ValueRange[] } {
  const top = (1n << (version === 4 ? 32n : 128n)) - 1n
  if ('device' in from) {
    const own = network.devices[from.device]?.interfaces.flatMap((i) => i.addresses.filter((a) => a.version === version)) ?? []
    const ranges = rangeList(own.map(({ value }) => ({ low: value, high: value })), top)
    return { starts: ranges.length > 0 ? [{ origin: from, ranges }] : [], unplaced: [] }
  }
  const hosts = network.links.map((link) => rangeList(link.prefixes.filter((p) => p.version === version).map(prefixRange), top))
  const outside = intersect(complement(rangeList(hosts.flat(), top), top), zoneRanges(new Map(), version).get('internet') ?? [])
  // Addresses of devices and broadcasts are no host's: packets of the devices themselves are asked about with `from: { device }`.
  const devices = rangeList(network.devices.flatMap((d) => ownValues(d, version)).map((value) => ({ low: value, high: value })), top)
  const behind = network.links.map((link, i) => (
    intersect(rangeList([...(hosts[i] ?? []), ...(link.internet ? outside : [])], top), complement(devices, top))))
  if ('link' in from) return { starts: [{ origin: from, ranges: behind[from.link] ?? [] }], unplaced: [] }
  const wanted = rangeList(from.ranges, top)
  const starts = behind.map((ranges, link) => ({ origin: { link }, ranges: intersect(ranges, wanted) })).filter((s) => s.ranges.length > 0)
  return { starts, unplaced: intersect(wanted, complement(rangeList([...behind.flat(), ...devices], top), top)) }
}
