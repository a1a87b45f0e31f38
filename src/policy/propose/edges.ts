// Edges: conversations and documented flows as who opened what to whom, each with what earned it.
// Keeps "a proposal opens no way out by itself": documented flows to public addresses, and rare ones, are listed and left out.

import { isGroupIp, ipScope } from '../../base/ip-scope.ts'
import type { Ip } from '../../base/ip.ts'
import { formatPortRange, normalisePortRanges, type PortRange } from '../../base/port-range.ts'
import type { FiveTuple } from '../eval/evaluate.ts'
import { describeService } from '../eval/evaluate.ts'
import type { ZoneKind } from '../language/model.ts'
import type { ReplayConversation, ReplayDevice, UnseenFlow } from '../replay/model.ts'
import { functionOf, nameOf, plain, tupleText } from '../replay/words.ts'
import type { Earned, Edge, End, LeftOut } from './model.ts'

/** Functions whose devices belong to a patient or serve those that do. */
const MEDICAL_FUNCTIONS: ReadonlySet<string> = new Set(['patient-monitor', 'infusion-pump', 'central-station', 'hl7-server', 'dicom-node'])

export interface Gathered {
  readonly edges: ReadonlyMap<string, Edge>
  readonly ends: ReadonlyMap<string, End>
  readonly notExpressed: readonly LeftOut[]
  readonly leftOut: readonly LeftOut[]
}

interface Gathering {
  readonly edges: Map<string, Edge>
  readonly ends: Map<string, End>
  readonly notExpressed: LeftOut[]
  readonly leftOut: LeftOut[]
}

/** All edges, in order of first appearance. */
export function gatherEdges(conversations: readonly ReplayConversation[], unseen: readonly UnseenFlow[]): Gathered {
  const into: Gathering = { edges: new Map(), ends: new Map(), notExpressed: [], leftOut: [] }
  for (const conversation of conversations) addConversation(into, conversation)
  for (const flow of unseen) addUnseen(into, flow)
  return into
}

function addConversation(into: Gathering, c: ReplayConversation): void {
  const service = serviceOf(c.tuple)
  if (service === null || isGroupIp(c.tuple.src)) {
    const why = service === null ? `the policy language cannot name ${describeService(c.tuple)} alone` : 'its sender is a group address'
    into.notExpressed.push({ what: tupleText(c.tuple), why })
    return
  }
  const earned = edgeOf(into, endOf(into, c.from, c.tuple.src, false), endOf(into, c.to, c.tuple.dst, c.leaves), service).earned
  if (earned.conversations === 0) earned.example = `${c.tuple.src} to ${c.tuple.dst}`
  earned.conversations++
  earned.flows += c.flows
  earned.firstAt = Math.min(earned.firstAt, c.firstAt)
  earned.lastAt = Math.max(earned.lastAt, c.lastAt)
  earned.functions.add(functionOf(c))
  earned.leaves ||= c.leaves
}

/** Name of the service, or null when no service of the language is as narrow. */
function serviceOf(tuple: FiveTuple): string | null {
  if (tuple.proto === 1 || tuple.proto === 58) return 'icmp'
  if (tuple.proto === 2) return 'igmp'
  if (tuple.proto !== 6 && tuple.proto !== 17) return null
  return tuple.dstPort < 1 ? null : portService(tuple.proto, { low: tuple.dstPort, high: tuple.dstPort })
}

/** `tcp-515`, `udp-5000-5010`. */
function portService(proto: number, range: PortRange): string {
  return `${proto === 6 ? 'tcp' : 'udp'}-${formatPortRange(range)}`
}

function addUnseen(into: Gathering, flow: UnseenFlow): void {
  const what = `${nameOf(flow.device)}: ${plain(flow.what.name)}`
  const why = whyLeftOut(flow)
  if (why !== null) {
    into.leftOut.push({ what, why })
    return
  }
  const pairs = new Map<string, FiveTuple[]>()
  for (const tuple of flow.tuples) {
    const key = `${tuple.src}|${tuple.dst}|${tuple.proto}`
    pairs.set(key, [...(pairs.get(key) ?? []), tuple])
  }
  for (const tuples of pairs.values()) addDocumented(into, flow, tuples)
}

function addDocumented(into: Gathering, flow: UnseenFlow, tuples: readonly FiveTuple[]): void {
  const first = tuples[0] as FiveTuple
  const isPorts = first.proto === 6 || first.proto === 17
  const ranges = normalisePortRanges(tuples.map((t) => ({ low: t.dstPort, high: t.dstPort })))
  const services = isPorts ? ranges.map((range) => portService(first.proto, range)) : [serviceOf(first)]
  for (const service of services) {
    if (service === null) continue
    const [from, to] = [first.src, first.dst].map((ip) => endOf(into, deviceAt(flow, ip), ip, false))
    const { earned } = edgeOf(into, from as string, to as string, service)
    earned.documented.add(flow.what.name)
    if (earned.example === '') earned.example = `${first.src} to ${first.dst}`
  }
}

/** The other side of a documented flow is known by address only. */
function deviceAt(flow: UnseenFlow, ip: Ip): ReplayDevice {
  if (flow.device.ip === ip) return flow.device
  return { id: null, label: ip, ip, function: 'unknown', bed: null, lastSeen: null }
}

function whyLeftOut(flow: UnseenFlow): string | null {
  if (flow.tuples.length === 0 || flow.notAsked !== null) return flow.notAsked ?? 'nobody is known to be its other side'
  if (flow.what.expected === 'rare') return 'rare; allow it in a conduit of its own if it is wanted'
  const outside = flow.tuples.find((t) => [t.src, t.dst].some((ip) => ['global', 'reserved'].includes(ipScope(ip))))
  if (outside !== undefined) return `its other side, ${outside.dst}, is a public address: nobody here has it`
  if (flow.tuples.some((t) => isGroupIp(t.src) || serviceOf(t) === null)) return 'the policy language cannot name it alone'
  return null
}

/** Key of an end, remembered with what is known of it first. */
function endOf(into: Gathering, device: ReplayDevice, ip: Ip, leaves: boolean): string {
  if (isGroupIp(ip)) return 'group'
  // 0.0.0.0 and :: name nobody yet: a zone of their own, never the function of one device.
  const nobody = ipScope(ip) === 'unspecified'
  const known = into.ends.get(ip)
  if (known === undefined || (known.function === 'unknown' && device.function !== 'unknown')) {
    into.ends.set(ip, nobody
      ? { key: ip, ip, label: 'a device without an address yet', function: 'newcomer', kind: 'it' }
      : { key: ip, ip, label: nameOf(device), function: device.function, kind: kindOf(device, ip, leaves) })
  }
  return ip
}

function kindOf(device: ReplayDevice, ip: Ip, leaves: boolean): ZoneKind {
  const scope = ipScope(ip)
  if (device.id === null && (leaves || scope === 'global' || scope === 'reserved')) return 'external'
  return MEDICAL_FUNCTIONS.has(device.function) ? 'medical' : 'it'
}

function edgeOf(into: Gathering, from: string, to: string, service: string): Edge {
  const key = `${from}|${to}|${service}`
  const known = into.edges.get(key)
  if (known !== undefined) return known
  const edge: Edge = { from, to, service, earned: emptyEarned() }
  into.edges.set(key, edge)
  return edge
}

/** Nothing earned yet; sums start so that Math.min and Math.max work. */
export function emptyEarned(): Earned {
  return {
    conversations: 0, flows: 0, firstAt: Number.POSITIVE_INFINITY, lastAt: Number.NEGATIVE_INFINITY, example: '',
    documented: new Set(), functions: new Set(), leaves: false,
  }
}
