// walkNetwork: one packet, hop by hop, with every line that decides. The slow twin of flow.ts: no sets, no diagrams, no cleverness.
// Keeps "every counterexample is replayed through the slow interpreter before a human sees it", replies turned round for real.

import { ipFromValue, prefixContains, type IpVersion } from '../../base/ip.ts'
import { ConnState, type Hook, type Match, type NatRule, type Route, type RouteRule, type UnknownMatch,
  type ValueRange } from '../rules/model.ts'
import { Proto, protocolHas } from '../sets/fields.ts'
import { SetLimitError, type PacketPoint } from '../sets/packet-set.ts'
import { matches } from '../sets/point.ts'
import { walkChain } from '../sets/walk.ts'
import {
  HOPS_MAX, NO_INTERFACE, TRANSLATIONS_MAX, ownValues, unroutedRange, type Blame, type Decision, type Device, type Disposition, type Hop, type Link,
  type Network, type Origin, type Trace,
} from './model.ts'
import { interfaceOf, managementBlame, missingTable, noRouter, offLinkBlame, opaqueBlame, routeRulesOf, strangeHop } from './steps.ts'
import { rewriteOf, rowBlame, rowsAt, type Rewrite, type Stage } from './translation.ts'

/** Devices entered for one packet, over all its ways: equal routes and lines that are not understood multiply them. */
export const VISITS_MAX = 10_000
/** Addresses of a pool that are tried one by one; of a larger pool the ends and the hints. */
const POOL_MAX = 16

export interface WalkOptions {
  /** The hops of the packet that is answered. */
  readonly replyTo?: readonly Hop[]
  /** Values to try where a translation may choose from a large pool. */
  readonly hints?: readonly bigint[]
  /** VISITS_MAX when left out. */
  readonly visitsMax?: number
}

interface At {
  readonly packet: PacketPoint
  readonly hops: readonly Hop[]
  readonly visited: readonly string[]
  readonly epoch: number
  readonly because: readonly Blame[]
}

interface Walking {
  readonly network: Network
  readonly version: IpVersion
  readonly origin: Origin
  readonly sent: PacketPoint
  readonly replyTo: readonly Hop[] | null
  readonly hints: readonly bigint[]
  readonly traces: Trace[]
  visitsLeft: number
}

/** Every way this packet may take: several where routes are equal, hosts have several routers, or something is not known. Throws SetLimitError. */
export function walkNetwork(network: Network, origin: Origin, packet: PacketPoint, version: IpVersion, options: WalkOptions = {}): Trace[] {
  const walking: Walking = {
    network, version, origin, sent: packet, replyTo: options.replyTo ?? null, hints: options.hints ?? [], traces: [],
    visitsLeft: options.visitsMax ?? VISITS_MAX,
  }
  const at: At = { packet, hops: [], visited: [], epoch: 0, because: [] }
  if ('device' in origin) enter(walking, at, origin.device, null)
  else fromHost(walking, at, origin.link)
  return walking.traces
}

/** The reply to a packet that arrived: who it was sent to answers, and the ways the answer may take. */
export function walkReply(network: Network, trace: Trace, version: IpVersion): Trace[] {
  const origin = replyOrigin(trace)
  return origin === null ? [] : walkNetwork(network, origin, replyPacket(trace.arrived), version, { replyTo: trace.hops })
}

function replyOrigin({ ending }: Trace): Origin | null {
  if (ending.disposition === 'accepted') return ending.device === null ? null : { device: ending.device }
  return ending.link === null ? null : { link: ending.link }
}

/** Ends change places; a SYN is answered with SYN and ACK, an echo request with an echo reply. */
export function replyPacket(packet: PacketPoint): PacketPoint {
  const { src, dst, sport, dport, proto } = packet
  const icmpType = proto === Proto.icmp ? 0n : proto === Proto.icmpv6 ? 129n : 0n
  const flags = proto === Proto.tcp ? 18n : 0n
  return { ...packet, src: dst, dst: src, sport: dport, dport: sport, flags, icmpType, state: BigInt(ConnState.established), iif: 0n, oif: 0n }
}

function finish(w: Walking, at: At, disposition: Disposition, device: number | null, link: number | null, because: readonly Blame[] = []): void {
  w.traces.push({
    origin: w.origin, sent: w.sent, arrived: at.packet, hops: at.hops, ending: { disposition, device, link }, because: [...at.because, ...because],
  })
}

function isNear(link: Link, dst: bigint, version: IpVersion): boolean {
  return link.prefixes.some((prefix) => prefix.version === version && prefixContains(prefix, ipFromValue(version, dst)))
}

function fromHost(w: Walking, at: At, index: number): void {
  const link = w.network.links[index] as Link
  if (isNear(link, at.packet.dst, w.version)) return wire(w, at, index, null, null)
  const routers = link.ends.filter((end) => link.gateways === null || link.gateways.includes(end.device))
  for (const { device, iface } of routers) enter(w, at, device, iface)
  if (routers.length === 0) finish(w, at, 'insufficient-info', null, index, [noRouter(link)])
}

/** What is gathered while a packet is at one device. */
interface Visit {
  readonly index: number
  readonly device: Device
  readonly iif: number | null
  readonly entered: PacketPoint
  /** For a reply: the hop of the packet it answers. */
  readonly known: Hop | null
}

interface Doing extends At {
  readonly decisions: readonly Decision[]
}

function enter(w: Walking, came: At, index: number, iif: number | null): void {
  if (w.visitsLeft-- <= 0) throw new SetLimitError('a packet has too many ways through the network')
  const device = w.network.devices[index] as Device
  const place = `${index} ${iif} ${came.epoch}`
  if (came.visited.includes(place) || came.visited.length >= HOPS_MAX || came.epoch > TRANSLATIONS_MAX) return finish(w, came, 'loop', index, null)
  const blame = opaqueBlame(device)
  const packet = { ...came.packet, iif: iif === null ? NO_INTERFACE : BigInt(iif), oif: NO_INTERFACE }
  const at: Doing = { ...came, packet, visited: [...came.visited, place], because: [...came.because, ...blame], decisions: [] }
  if (blame.length > 0) finish(w, at, 'insufficient-info', index, null)
  const known = w.replyTo?.findLast((hop) => hop.device === index) ?? null
  const visit: Visit = { index, device, iif, entered: came.packet, known }
  if (w.replyTo === null) {
    for (const [before, after, rewrite] of translate(w, visit, at, 'destination', iif)) routeAndFilter(w, visit, before, after, rewrite)
  } else if (known !== null) knownReply(w, visit, at, known)
  else strangeReply(w, visit, at)
}

function knownReply(w: Walking, visit: Visit, at: Doing, known: Hop): void {
  const { src, sport } = known.before
  const changed = known.after.src !== src || known.after.sport !== sport
  const packet = { ...at.packet, state: BigInt(ConnState.established), ...(changed ? { dst: src, dport: sport } : {}) }
  const here: Doing = { ...at, packet, epoch: at.epoch + (changed ? 1 : 0) }
  routeAndFilter(w, visit, here, here, null)
}

function strangeReply(w: Walking, visit: Visit, at: Doing): void {
  const state = at.packet.proto === Proto.tcp ? ConnState.invalid : ConnState.new
  if (visit.device.manner === 'session') {
    const decision: Decision = { what: 'session', where: 'session table', line: 0, text: 'no connection of it was opened here' }
    return stop(w, visit, { ...at, decisions: [...at.decisions, decision] }, 'denied-in')
  }
  const here: Doing = { ...at, packet: { ...at.packet, state: BigInt(state) } }
  routeAndFilter(w, visit, here, here, null)
}

/** Closes the hop and ends the trace. */
function stop(w: Walking, visit: Visit, at: Doing, disposition: Disposition, because: readonly Blame[] = []): void {
  finish(w, { ...at, hops: [...at.hops, hopOf(visit, at)] }, disposition, visit.index, null, because)
}

function hopOf(visit: Visit, at: Doing): Hop {
  const { oif } = at.packet
  return {
    device: visit.index, iif: visit.iif, oif: oif === NO_INTERFACE ? null : Number(oif), before: visit.entered, after: at.packet, decisions: at.decisions,
  }
}

type Translated = readonly [before: Doing, after: Doing, rewrite: Rewrite | null]

/** Rows in order; the first that matches decides, one that may match is taken and is not taken. */
function translate(w: Walking, visit: Visit, at: Doing, stage: Stage, iface: number | null): readonly Translated[] {
  const found: Translated[] = []
  let here = at
  for (const row of rowsAt(visit.device, stage, visit.iif === null, w.version)) {
    if (!matches({ fields: row.match.fields, unknown: [] }, here.packet)) continue
    const because = rowBlame(visit.device, row)
    const before: Doing = { ...here, because: [...here.because, ...because] }
    const rewrite = rewriteOf(visit.device, row, stage, iface, w.version)
    for (const after of rewritten(w, before, row, rewrite, stage)) found.push([before, after, rewrite.writes.length > 0 ? rewrite : null])
    if (because.length === 0) return found
    here = before
  }
  return [...found, [here, here, null]]
}

function rewritten(w: Walking, at: Doing, row: NatRule, { writes, because }: Rewrite, stage: Stage): readonly Doing[] {
  if (writes.length === 0) return [at]
  const decision: Decision = { what: 'translate', where: stage, line: row.line, text: row.text }
  let packets: readonly PacketPoint[] = [at.packet]
  for (const { field, ranges } of writes) {
    if (protocolHas(at.packet.proto, field)) packets = packets.flatMap((packet) => choices(ranges, w.hints).map((value) => ({ ...packet, [field]: value })))
  }
  return packets.map((packet) => ({ ...at, packet, epoch: at.epoch + 1, because: [...at.because, ...because], decisions: [...at.decisions, decision] }))
}

function choices(ranges: readonly ValueRange[], hints: readonly bigint[]): readonly bigint[] {
  return ranges.flatMap(({ low, high }) => {
    if (high - low < BigInt(POOL_MAX)) return Array.from({ length: Number(high - low) + 1 }, (_, i) => low + BigInt(i))
    return [...new Set([low, ...hints.filter((hint) => low <= hint && hint <= high), high])]
  })
}

function isOwn(device: Device, dst: bigint, version: IpVersion): boolean {
  return ownValues(device, version).includes(dst) || unroutedRange(version).some((range) => range.low <= dst && dst <= range.high)
}

/** `after` is what is routed; the filter sees `before` where the platform looks at packets before their destination is translated. */
function routeAndFilter(w: Walking, visit: Visit, before: Doing, after: Doing, rewrite: Rewrite | null): void {
  const { device, iif } = visit
  const early = rewrite !== null && device.config.sees === 'before-dnat'
  const seen = early ? { ...before, decisions: after.decisions, because: after.because } : after
  if (isOwn(device, after.packet.dst, w.version)) {
    const unread = device.manner === 'session' && visit.known === null
    if (unread) return stop(w, visit, seen, 'insufficient-info', [managementBlame(device)])
    for (const passed of through(w, visit, seen, [['interface-in', iif], ['input', null]])) stop(w, visit, passed, 'accepted')
    return
  }
  for (const { route, because } of nextSteps(w, visit, after.packet)) {
    const here: Doing = { ...seen, because: [...seen.because, ...because] }
    if (route === 'unknown') stop(w, visit, here, 'insufficient-info')
    else if (route === 'none') stop(w, visit, here, 'no-route')
    else if (route.kind !== 'connected' && route.kind !== 'via') stop(w, visit, routeSaid(w, here, route), 'null-route')
    else goOut(w, visit, routeSaid(w, here, route), route, (passed) => (
      early ? { ...passed, epoch: after.epoch, packet: { ...after.packet, oif: passed.packet.oif } } : passed))
  }
}

function routeSaid(w: Walking, at: Doing, route: Route): Doing {
  const to = route.nextHop === null ? '' : ` via ${ipFromValue(w.version, route.nextHop)}`
  const text = route.table === 'rule' ? route.kind : `${ipFromValue(w.version, route.network)}/${route.length} ${route.kind === 'via' ? '' : route.kind}${to}`
  return { ...at, decisions: [...at.decisions, { what: 'route', where: `table ${route.table}`, line: route.line, text: text.replaceAll('  ', ' ').trim() }] }
}

function goOut(w: Walking, visit: Visit, at: Doing, route: Route, behind: (at: Doing) => Doing): void {
  const { device, iif, index, known } = visit
  const oif = interfaceOf(device, route)
  if (oif === null) {
    return stop(w, visit, at, 'insufficient-info', [{ device: device.name, line: route.line, text: 'route', reason: 'no interface leads to its next hop' }])
  }
  const out: Doing = { ...at, packet: { ...at.packet, oif: BigInt(oif) } }
  const stages: readonly (readonly [Hook, number | null])[] = iif === null ? [['output', null]]
    : [['interface-in', iif], ['forward', null], ['interface-out', oif]]
  for (const passed of through(w, visit, out, stages)) {
    const on = behind(passed)
    const ways = known !== null ? [untranslated(on, known)] : w.replyTo !== null ? [on]
      : translate(w, visit, on, 'source', oif).map(([, after]) => after)
    for (const way of ways) onward(w, { ...way, hops: [...way.hops, hopOf(visit, way)] }, index, device, oif, route)
  }
}

function untranslated(at: Doing, { before, after }: Hop): Doing {
  if (before.dst === after.dst && before.dport === after.dport) return at
  return { ...at, epoch: at.epoch + 1, packet: { ...at.packet, src: before.dst, sport: before.dport } }
}

function onward(w: Walking, at: At, index: number, device: Device, oif: number, route: Route): void {
  const link = device.interfaces[oif]?.link ?? null
  if (link !== null) return wire(w, at, link, route.nextHop, index)
  finish(w, at, 'insufficient-info', index, null, [offLinkBlame(device, oif, route)])
}

const DENIED: Readonly<Record<Hook, Disposition>> = {
  forward: 'denied-forward', input: 'denied-in', output: 'denied-out', 'interface-in': 'denied-in', 'interface-out': 'denied-out',
}

/** Each chain of each hook; where a chain's verdict is not known, the packet is stopped there and goes on, both with the reason. */
function through(w: Walking, visit: Visit, at: Doing, stages: readonly (readonly [Hook, number | null])[]): readonly Doing[] {
  const { device, known } = visit
  if (known !== null && device.manner === 'session') {
    return [{ ...at, decisions: [...at.decisions, { what: 'session', where: 'session table', line: 0, text: 'a reply of a known connection' }] }]
  }
  let here = at
  for (const [hook, iface] of stages) {
    for (const name of chainNames(device, hook, iface, w.version)) {
      const chain = device.config.chains.get(name)
      if (!chain) continue
      const walk = walkChain(chain, device.config.chains, here.packet, w.version)
      const because = walk.verdict === 'unknown' ? chainBlame(device, name, walk.because) : []
      const decided = (what: 'permit' | 'deny'): Doing => {
        const decision: Decision = { what, where: `${hook} ${name}`, line: walk.rule?.line ?? 0, text: walk.rule?.text ?? `end of ${name}` }
        return { ...here, because: [...here.because, ...because], decisions: [...here.decisions, decision] }
      }
      if (walk.verdict !== 'permit') stop(w, visit, decided('deny'), DENIED[hook])
      if (walk.verdict === 'deny') return []
      here = decided('permit')
    }
  }
  return [here]
}

function chainNames({ config }: Device, hook: Hook, iface: number | null, version: IpVersion): readonly string[] {
  const bound = config.bindings.filter((b) => b.hook === hook && (b.family === null || b.family === version) && (b.iface === null || b.iface === iface))
  return [...new Set(bound.map((b) => b.chain))]
}

function chainBlame(device: Device, name: string, because: readonly UnknownMatch[]): readonly Blame[] {
  if (because.length > 0) return because.map((why) => ({ device: device.name, ...why }))
  return [{ device: device.name, line: 0, text: name, reason: 'the chain cannot be followed to its end' }]
}

interface NextStep {
  readonly route: Route | 'none' | 'unknown'
  readonly because: readonly Blame[]
}

/** Rules in order of priority; each asks its table for the longest prefix, and the next rule is asked when it has none. */
function nextSteps(w: Walking, { device, iif }: Visit, packet: PacketPoint): readonly NextStep[] {
  const steps: NextStep[] = []
  let because: readonly Blame[] = []
  const rules = device.config.routeRules.filter((rule) => rule.family === undefined || rule.family === w.version)
  for (const rule of routeRulesOf(device, rules, iif)) {
    const asked: Match = { fields: rule.match.fields, unknown: [] }
    if (!matches(asked, packet)) continue
    const vague = rule.match.unknown.map((why): Blame => ({ device: device.name, ...why }))
    const found = answer(w, device, rule, packet)
    steps.push(...found.map((step) => ({ ...step, because: [...because, ...vague, ...step.because] })))
    if (found.length > 0 && vague.length === 0) return steps
    if (found.length > 0) because = [...because, ...vague]
  }
  return [...steps, { route: 'none', because }]
}

function answer(w: Walking, device: Device, { action, line }: RouteRule, packet: PacketPoint): readonly NextStep[] {
  const base = { version: w.version, network: 0n, length: 0, nextHop: null, iface: null, metric: 0, table: 'rule', line }
  if (action.kind !== 'table') return [{ route: { ...base, kind: action.kind }, because: [] }]
  const missing = missingTable(device, { action, line, priority: 0, match: { fields: [], unknown: [] } }, w.version)
  if (missing) return [{ route: 'unknown', because: [missing] }]
  return bestRoutes(device.config.routes.filter((route) => route.table === action.table && route.version === w.version), packet.dst)
    .map((route) => ({ route, because: [] }))
}

/** Longest prefix, then lowest metric; all that are equal. */
function bestRoutes(routes: readonly Route[], dst: bigint): readonly Route[] {
  const covering = routes.filter(({ network, length, version }) => {
    const host = BigInt((version === 4 ? 32 : 128) - length)
    return network >> host === dst >> host
  })
  const longest = Math.max(...covering.map((route) => route.length))
  const same = covering.filter((route) => route.length === longest)
  const best = Math.min(...same.map((route) => route.metric))
  return same.filter((route) => route.metric === best)
}

function wire(w: Walking, at: At, index: number, nextHop: bigint | null, from: number | null): void {
  const link = w.network.links[index] as Link
  const owner = (value: bigint, besides: number | null) => link.ends.find((end) => end.device !== besides
    && w.network.devices[end.device]?.interfaces[end.iface]?.addresses.some((a) => a.version === w.version && a.value === value))
  const target = nextHop === null ? owner(at.packet.dst, from) : owner(nextHop, null)
  if (target) return enter(w, at, target.device, target.iface)
  if (nextHop === null && isNear(link, at.packet.dst, w.version)) return finish(w, at, 'delivered-to-segment', from, index)
  if (link.internet) return finish(w, at, 'exits-network', from, index)
  if (nextHop === null) return finish(w, at, 'neighbor-unreachable', from, index)
  finish(w, at, 'insufficient-info', from, index, [strangeHop(w, link, nextHop)])
}
