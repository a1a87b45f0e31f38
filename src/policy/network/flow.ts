// Flow: all packets of a set at once on every way they may take, device by device. The engine behind questions about a path.
// Keeps "unknown goes both ways": what is not known splits a set into a part that is certain and parts that carry their reasons.

import { prefixRange } from '../policy-rules.ts'
import { ConnState, type Chain, type Hook, type NatRule, type Route } from '../rules/model.ts'
import { Proto } from '../sets/fields.ts'
import { SetLimitError, type PacketSet, type PacketSpace } from '../sets/packet-set.ts'
import { deviceSets, type DeviceSets } from './device-sets.ts'
import {
  HOPS_MAX, NO_INTERFACE, TRANSLATIONS_MAX, type Blame, type Device, type Disposition, type Ending, type Link, type Network, type Origin,
} from './model.ts'
import { keep, overwrite, preimage, wholeField, within, type PathNode } from './path-node.ts'
import { interfaceOf, missingTable, managementBlame, noRouter, offLinkBlame, opaqueBlame, routeRulesOf, strangeHop } from './steps.ts'
import { rewriteOf, rowBlame, rowsAt, type Rewrite, type Stage } from './translation.ts'

/** Ways that are followed for one question: a hospital's path has tens; load balancing over many stages multiplies them. */
export const BRANCHES_MAX = 10_000
/** Steps per way before somebody must have gone in circles. */
const STEPS_PER_BRANCH = 5

/** One device on a branch's way: the sets there, for the reply to be translated back. */
export interface Passage {
  readonly device: number
  readonly before: PacketSet
  readonly filtered: PacketSet
  readonly writes: { readonly destination: Rewrite | null; readonly source: Rewrite | null }
}

/** Packets that end alike, by one way. */
export interface Branch {
  readonly ending: Ending
  readonly node: PathNode
  readonly because: readonly Blame[]
  readonly passages: readonly Passage[]
}

/** Where a set is and how it came there. */
interface Here {
  readonly node: PathNode
  readonly because: readonly Blame[]
  readonly visited: readonly string[]
  /** Translations so far: after one, the same place is not the same packet. */
  readonly epoch: number
  readonly passages: readonly Passage[]
}

export interface FlowOptions {
  /** The passages of the packets that are answered; left out for packets that open a connection. */
  readonly replyTo?: readonly Passage[]
  /** Not knowing which router hosts use makes the outcome uncertain (it does for "everything arrives", not for "nothing can"). */
  readonly strictGateways?: boolean
  /** Sets per device, kept between flows of the same direction. */
  readonly cache?: Map<number, DeviceSets>
  /** BRANCHES_MAX when left out. */
  readonly branchesMax?: number
}

interface Work {
  readonly space: PacketSpace
  readonly network: Network
  readonly replyTo: readonly Passage[] | null
  readonly strict: boolean
  readonly sets: Map<number, DeviceSets>
  readonly branches: Branch[]
  readonly branchesMax: number
  steps: number
}

/** Every way the packets of `node` may take from the origin. Throws SetLimitError beyond BRANCHES_MAX ways or the engine's own bound. */
export function followSets(space: PacketSpace, network: Network, origin: Origin, node: PathNode, options: FlowOptions = {}): Branch[] {
  const work: Work = {
    space, network, replyTo: options.replyTo ?? null, strict: options.strictGateways ?? false, sets: options.cache ?? new Map(), branches: [],
    branchesMax: options.branchesMax ?? BRANCHES_MAX, steps: 0,
  }
  const here: Here = { node, because: [], visited: [], epoch: 0, passages: [] }
  if ('device' in origin) atDevice(work, here, origin.device, null)
  else fromHosts(work, here, origin.link)
  return work.branches
}

function setsOf(work: Work, device: number): DeviceSets {
  const known = work.sets.get(device)
  if (known) return known
  const made = deviceSets(work.space, work.network.devices[device] as Device, work.replyTo !== null)
  work.sets.set(device, made)
  return made
}

function end(work: Work, here: Here, disposition: Disposition, device: number | null, link: number | null, because: readonly Blame[] = []): void {
  if (work.space.isEmpty(here.node.set)) return
  if (work.branches.length >= work.branchesMax) throw new SetLimitError(`more than ${work.branchesMax} ways through the network`)
  work.branches.push({ ending: { disposition, device, link }, node: here.node, because: [...here.because, ...because], passages: here.passages })
}

/** The packets of `set` only, or null when none of them is here. */
function narrowed(work: Work, here: Here, set: PacketSet, because: readonly Blame[] = []): Here | null {
  const stepsMax = work.branchesMax * STEPS_PER_BRANCH
  if (++work.steps > stepsMax) throw new SetLimitError(`more than ${stepsMax} steps through the network`)
  const node = keep(work.space, here.node, set)
  return work.space.isEmpty(node.set) ? null : { ...here, node, because: because.length === 0 ? here.because : [...here.because, ...because] }
}

/** Hosts reach their neighbours directly and everything else by a gateway. */
function fromHosts(work: Work, here: Here, index: number): void {
  const link = work.network.links[index] as Link
  const near = neighbours(work, link)
  const direct = narrowed(work, here, near)
  if (direct) onLink(work, direct, index, null, null)
  const far = narrowed(work, here, work.space.not(near))
  if (!far) return
  const ends = link.ends.filter((e) => link.gateways?.includes(e.device) ?? true)
  const unsaid = work.strict && link.gateways === null && ends.length > 1
  const because = unsaid ? [{ device: null, line: 0, text: `link ${link.name}`, reason: 'which router its hosts use is not said: add "gateways"' }] : []
  for (const { device, iface } of ends) atDevice(work, { ...far, because: [...far.because, ...because] }, device, iface)
  if (ends.length === 0) end(work, far, 'insufficient-info', null, index, [noRouter(link)])
}

function neighbours(work: Work, link: Link): PacketSet {
  const { space } = work
  const ranges = link.prefixes.filter((p) => p.version === space.version).map(prefixRange)
  return space.of(within(work.replyTo ? 'src' : 'dst', ranges))
}

/** Takes packets from the wire, or from the device itself when `iif` is null. */
function atDevice(work: Work, here: Here, index: number, iif: number | null): void {
  const { space } = work
  const sets = setsOf(work, index)
  const place = `${index} ${iif} ${here.epoch}`
  if (here.visited.includes(place) || here.visited.length >= HOPS_MAX || here.epoch > TRANSLATIONS_MAX) return end(work, here, 'loop', index, null)
  const node = overwrite(space, overwrite(space, here.node, 'oif', [one(NO_INTERFACE)]), 'iif', [one(iif === null ? NO_INTERFACE : BigInt(iif))])
  const blame = opaqueBlame(sets.device)
  const entered: Here = { ...here, node, visited: [...here.visited, place], because: [...here.because, ...blame] }
  if (blame.length > 0) end(work, entered, 'insufficient-info', index, null)
  if (work.replyTo) return replyAt(work, entered, index, iif, work.replyTo)
  for (const { before, after, rewrite } of translations(work, entered, index, 'destination', iif, iif === null)) {
    decide(work, { index, iif, before, translated: after, destination: rewrite, known: null })
  }
}

function one(value: bigint) {
  return { low: value, high: value }
}

interface Translated {
  readonly before: Here
  readonly after: Here
  readonly rewrite: Rewrite | null
}

/** The set cut by the rows it matches, first match first; what matches none goes on as it is. A vague row is taken and is not taken. */
function translations(work: Work, here: Here, index: number, stage: Stage, iface: number | null, own: boolean): readonly Translated[] {
  const sets = setsOf(work, index)
  const found: Translated[] = []
  let rest: readonly Here[] = [here]
  for (const row of rowsAt(sets.device, stage, own, work.space.version)) {
    const because = rowBlame(sets.device, row)
    const covered = work.space.of({ fields: row.match.fields, unknown: [] })
    rest = rest.flatMap((each) => {
      const hit = narrowed(work, each, covered, because)
      if (!hit) return [each]
      found.push(rewritten(work, hit, row, stage, iface, sets.device))
      const beside = narrowed(work, each, work.space.not(covered))
      return [...(beside ? [beside] : []), ...(because.length > 0 ? [hit] : [])]
    })
  }
  return [...found, ...rest.map((each) => ({ before: each, after: each, rewrite: null }))]
}

function rewritten(work: Work, before: Here, row: NatRule, stage: Stage, iface: number | null, device: Device): Translated {
  const rewrite = rewriteOf(device, row, stage, iface, work.space.version)
  return { before, after: overwritten(work, before, rewrite), rewrite: rewrite.writes.length > 0 ? rewrite : null }
}

function overwritten(work: Work, here: Here, { writes, because }: Rewrite): Here {
  const node = writes.reduce((at, { field, ranges }) => overwrite(work.space, at, field, ranges), here.node)
  return { ...here, node, epoch: here.epoch + (writes.length > 0 ? 1 : 0), because: [...here.because, ...because] }
}

/** A packet at a device between translation of its destination and the filter. */
interface Crossing {
  readonly index: number
  readonly iif: number | null
  readonly before: Here
  readonly translated: Here
  readonly destination: Rewrite | null
  /** For a reply: the passage of the packet it answers, when that came through here. */
  readonly known: Passage | null
}

/** What filters look at and what routing does, in the order of the platform. */
function decide(work: Work, crossing: Crossing): void {
  const { index, iif, before, translated, destination } = crossing
  const { device, local } = setsOf(work, index)
  const early = destination !== null && device.config.sees === 'before-dnat'
  /** The packets as the filter sees them, of those that routing puts in this class; and how they go on behind it. */
  const seen = (set: PacketSet, because: readonly Blame[] = []): Here | null => (early
    ? narrowed(work, { ...before, because: translated.because }, preimage(work.space, translated.node, set, before.node), because)
    : narrowed(work, translated, set, because))
  const behind = (here: Here, set: PacketSet): Here | null => (early
    ? narrowed(work, overwritten(work, here, destination), work.space.assign(set, 'oif', wholeField(work.space, 'oif'))) : here)
  const mine = seen(local)
  if (mine) toSelf(work, crossing, mine)
  const away = work.space.not(local)
  for (const step of routed(work, index, iif, work.space.and(translated.node.set, away))) {
    const here = seen(work.space.and(step.set, away), step.because)
    if (here) forward(work, crossing, here, step, (passed) => behind(passed, step.set))
  }
}

function toSelf(work: Work, { index, iif, known, before, destination }: Crossing, mine: Here): void {
  const passage: Passage = { device: index, before: before.node.set, filtered: mine.node.set, writes: { destination, source: null } }
  const here = { ...mine, passages: [...mine.passages, passage], node: overwrite(work.space, mine.node, 'oif', [one(NO_INTERFACE)]) }
  const { device } = setsOf(work, index)
  if (device.manner === 'session' && known === null) {
    return end(work, here, 'insufficient-info', index, null, [managementBlame(device)])
  }
  for (const passed of filtered(work, here, index, [['interface-in', iif], ['input', null]], known)) end(work, passed, 'accepted', index, null)
}

/** Where a class of packets goes next. */
interface RouteStep {
  readonly set: PacketSet
  readonly because: readonly Blame[]
  readonly route: Route | 'none' | 'unknown'
}

/** Policy routing rules in order, each with its table; every equal route is a way of its own. */
function routed(work: Work, index: number, iif: number | null, set: PacketSet): readonly RouteStep[] {
  const { space } = work
  const sets = setsOf(work, index)
  const steps: RouteStep[] = []
  let rest: { readonly set: PacketSet; readonly because: readonly Blame[] }[] = [{ set, because: [] }]
  for (const rule of routeRulesOf(sets.device, sets.routeRules, iif)) {
    const vague = rule.match.unknown.map((why): Blame => ({ device: sets.device.name, ...why }))
    // The rules of a reply are turned round already.
    const covered = space.of({ fields: rule.match.fields, unknown: [] })
    const next: typeof rest = []
    for (const each of rest) {
      const hit = space.and(each.set, covered)
      if (space.isEmpty(hit)) {
        next.push(each)
        continue
      }
      const because = [...each.because, ...vague]
      const missing = missingTable(sets.device, rule, space.version)
      let taken = space.empty
      if (rule.action.kind !== 'table') {
        steps.push({ set: hit, because, route: dropRoute(rule.action.kind, rule.line) })
        taken = hit
      } else if (missing) {
        steps.push({ set: hit, because: [...because, missing], route: 'unknown' })
        taken = hit
      } else for (const part of sets.table(rule.action.table)) {
        const both = space.and(hit, part.set)
        if (space.isEmpty(both)) continue
        taken = space.or(taken, both)
        for (const route of part.routes) steps.push({ set: both, because, route })
      }
      next.push({ set: space.minus(each.set, taken), because: each.because })
      if (vague.length > 0) next.push({ set: taken, because })
    }
    rest = next.filter((each) => !space.isEmpty(each.set))
  }
  return [...steps, ...rest.map((each): RouteStep => ({ ...each, route: 'none' }))]
}

function dropRoute(kind: 'blackhole' | 'prohibit' | 'unreachable', line: number): Route {
  return { version: 4, network: 0n, length: 0, kind, nextHop: null, iface: null, metric: 0, table: 'rule', line }
}

function forward(work: Work, crossing: Crossing, here: Here, { route }: RouteStep, behind: (here: Here) => Here | null): void {
  const { index, iif, before, known } = crossing
  if (route === 'unknown') return end(work, here, 'insufficient-info', index, null)
  if (route === 'none') return end(work, here, 'no-route', index, null)
  if (route.kind !== 'connected' && route.kind !== 'via') return end(work, here, 'null-route', index, null)
  const { device } = setsOf(work, index)
  const oif = interfaceOf(device, route)
  if (oif === null) {
    return end(work, here, 'insufficient-info', index, null,
      [{ device: device.name, line: route.line, text: 'route', reason: 'no interface leads to its next hop' }])
  }
  const out = { ...here, node: overwrite(work.space, here.node, 'oif', [one(BigInt(oif))]) }
  const stages: readonly (readonly [Hook, number | null])[] = iif === null ? [['output', null]]
    : [['interface-in', iif], ['forward', null], ['interface-out', oif]]
  for (const passed of filtered(work, out, index, stages, known)) {
    const on = behind(passed)
    if (!on) continue
    if (known !== null) leave(work, untranslated(work, on, known.writes.destination, known.before), index, oif, route)
    else sourceTranslated(work, crossing, on, { oif, route, before, filtered: passed })
  }
}

function sourceTranslated(work: Work, { index, iif, destination }: Crossing, on: Here,
  { oif, route, before, filtered: passed }: { oif: number; route: Route; before: Here; filtered: Here }): void {
  if (work.replyTo) return leave(work, on, index, oif, route)
  for (const { after, rewrite } of translations(work, on, index, 'source', oif, iif === null)) {
    const passage: Passage = { device: index, before: before.node.set, filtered: passed.node.set, writes: { destination, source: rewrite } }
    leave(work, { ...after, passages: [...after.passages, passage] }, index, oif, route)
  }
}

const DENIED: Readonly<Record<Hook, Disposition>> = {
  forward: 'denied-forward', input: 'denied-in', output: 'denied-out', 'interface-in': 'denied-in', 'interface-out': 'denied-out',
}

/** Every chain bound to each hook must permit, in order. */
function filtered(
  work: Work, here: Here, index: number, stages: readonly (readonly [Hook, number | null])[], known: Passage | null,
): readonly Here[] {
  const sets = setsOf(work, index)
  if (known !== null && sets.device.manner === 'session') return [here]
  let left: readonly Here[] = [here]
  for (const [hook, iface] of stages) {
    for (const chain of sets.chains(hook, iface)) left = left.flatMap((each) => throughChain(work, each, index, chain, DENIED[hook]))
  }
  return left
}

function throughChain(work: Work, here: Here, index: number, chain: Chain, denied: Disposition): readonly Here[] {
  const { space } = work
  const sets = setsOf(work, index)
  const { surely, possibly } = sets.bounds(chain)
  const vague = space.and(here.node.set, space.minus(possibly, surely))
  const stopped = narrowed(work, here, space.not(possibly))
  if (stopped) end(work, stopped, denied, index, null)
  const passed = narrowed(work, here, surely)
  if (space.isEmpty(vague)) return passed ? [passed] : []
  const maybe = narrowed(work, here, vague, sets.blame(chain, vague))
  if (maybe) end(work, maybe, denied, index, null)
  return [passed, maybe].filter((each) => each !== null)
}

function leave(work: Work, here: Here, index: number, oif: number, route: Route): void {
  const { device } = setsOf(work, index)
  const link = device.interfaces[oif]?.link ?? null
  if (link !== null) return onLink(work, here, link, route.nextHop, index)
  end(work, here, 'insufficient-info', index, null, [offLinkBlame(device, oif, route)])
}

/** On a wire: to the device that owns the next hop or the destination, to a host, or out of the network. */
function onLink(work: Work, here: Here, index: number, nextHop: bigint | null, from: number | null): void {
  const { space, network } = work
  const link = network.links[index] as Link
  const owners = link.ends.map((e) => ({
    ...e, own: (network.devices[e.device]?.interfaces[e.iface]?.addresses ?? []).filter((a) => a.version === space.version).map((a) => a.value),
  }))
  if (nextHop !== null) {
    const next = owners.find((o) => o.own.includes(nextHop))
    if (next) return atDevice(work, here, next.device, next.iface)
    if (link.internet) return end(work, here, 'exits-network', from, index)
    return end(work, here, 'insufficient-info', from, index, [strangeHop(space, link, nextHop)])
  }
  const dst = work.replyTo ? 'src' : 'dst'
  let rest: Here | null = here
  for (const { device, iface, own } of owners.filter((o) => o.device !== from)) {
    const theirs = space.of(within(dst, own.map(one)))
    const taken: Here | null = rest && narrowed(work, rest, theirs)
    if (taken) atDevice(work, taken, device, iface)
    rest = rest && narrowed(work, rest, space.not(theirs))
  }
  const delivered = rest && narrowed(work, rest, neighbours(work, link))
  if (delivered) end(work, delivered, 'delivered-to-segment', from, index)
  const beyond = rest && narrowed(work, rest, space.not(neighbours(work, link)))
  if (beyond) end(work, beyond, link.internet ? 'exits-network' : 'neighbor-unreachable', from, index)
}

/** A reply meets connection tracking where its packet came through; anywhere else it opens nothing and belongs to nothing. */
function replyAt(work: Work, here: Here, index: number, iif: number | null, passages: readonly Passage[]): void {
  const { space } = work
  const { device } = setsOf(work, index)
  const known = passages.findLast((passage) => passage.device === index) ?? null
  const marked = (at: Here, state: number): Here => ({ ...at, node: overwrite(space, at.node, 'state', [one(BigInt(state))]) })
  if (known !== null) {
    const mine = untranslated(work, marked(here, ConnState.established), known.writes.source, known.filtered)
    return decide(work, { index, iif, before: mine, translated: mine, destination: null, known })
  }
  const tcp = space.of(within('proto', [one(Proto.tcp)]))
  for (const [set, state] of [[tcp, ConnState.invalid], [space.not(tcp), ConnState.new]] as const) {
    const part = narrowed(work, here, set)
    if (!part) continue
    if (device.manner === 'session') end(work, part, 'denied-in', index, null)
    else {
      const at = marked(part, state)
      decide(work, { index, iif, before: at, translated: at, destination: null, known: null })
    }
  }
}

/** Takes a translation back: the field may be what it was in any packet that was there on the way out. */
function untranslated(work: Work, here: Here, rewrite: Rewrite | null, was: PacketSet): Here {
  if (rewrite === null) return here
  const { space } = work
  const node = rewrite.writes.reduce((at, { field }) => overwrite(space, at, field, wholeField(space, field)), here.node)
  return { ...here, node: keep(space, node, bare(space, was)), epoch: here.epoch + 1 }
}

/** The set without what differs between a packet and its reply, or from device to device. */
function bare(space: PacketSpace, set: PacketSet): PacketSet {
  return (['iif', 'oif', 'state', 'flags', 'icmpType', 'icmpCode'] as const).reduce((all, field) => space.assign(all, field, wholeField(space, field)), set)
}
