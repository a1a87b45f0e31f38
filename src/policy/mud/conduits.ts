// MUD conduits: who opens what, out of entries that describe packets in both directions. Also: does the device reach the Internet.
// Keeps "inexact is said": what a policy of zones and responder ports cannot hold stands beside the conduit in words.

import { ipScope } from '../../base/ip-scope.ts'
import { formatPrefix, IP_BITS, ipFromValue, type IpVersion } from '../../base/ip.ts'
import { formatPortRange, type PortRange } from '../../base/port-range.ts'
import type { Mud, MudDirection, MudPeer, MudRule } from './model.ts'

/** One connection the profile lets somebody open. */
export interface MudConduit {
  readonly opens: 'device' | 'peer'
  /** All must hold. Names are unresolved on purpose. */
  readonly peers: readonly MudPeer[]
  readonly family: IpVersion | null
  /** IP protocol number; null: every protocol. */
  readonly protocol: number | null
  /** Responder ports; null: every port, or a protocol without ports. */
  readonly ports: readonly PortRange[] | null
  readonly action: 'allow' | 'deny'
  /** Entry it comes from. */
  readonly ace: string
  readonly line: number
  /** What a conduit of the policy language would lose, in words; empty: nothing. */
  readonly inexact: readonly string[]
}

const TCP = 6
const UDP = 17
/** Echo replies of ICMP and ICMPv6: answers, whoever sends them. */
const ANSWER_TYPES: ReadonlySet<number> = new Set([0, 129])

/** Conduits in file order. Entries that are the way back of another one give none. */
export function mudConduits(mud: Mud): readonly MudConduit[] {
  const questions = mud.rules.filter((rule) => openerOf(rule) === rule.direction)
  return mud.rules.flatMap((rule) => {
    const opener = openerOf(rule)
    if (opener === rule.direction) return [conduitOf(rule, opener, [])]
    if (questions.some((question) => answers(rule, question))) return []
    return [conduitOf(rule, opener, ['the file has the answer only: the question is inferred from it'])]
  })
}

/** Who opens: as stated for TCP; else a port on the sender's side only is a service that answers. */
function openerOf(rule: MudRule): MudDirection {
  const other = rule.direction === 'from-device' ? 'to-device' : 'from-device'
  if (rule.initiated !== null) return rule.initiated
  if (rule.icmp !== null && ANSWER_TYPES.has(rule.icmp.type)) return other
  const [sender, receiver] = rule.direction === 'from-device' ? [rule.devicePorts, rule.peerPorts] : [rule.peerPorts, rule.devicePorts]
  return sender !== null && receiver === null ? other : rule.direction
}

/**
 * Same protocol, opposite directions, and the port that answers is one that is asked. Peers inside may differ: DHCP is asked by
 * broadcast. Packets to the Internet are an answer only where the same peer asks: else a way out would hide behind a local question.
 */
function answers(answer: MudRule, question: MudRule): boolean {
  if (answer.direction === question.direction || answer.protocol !== question.protocol) return false
  if (openerOf(answer) !== question.direction) return false
  if (answer.peers.every(mayBeOutside) && peersText(answer.peers) !== peersText(question.peers)) return false
  const asked = question.direction === 'from-device' ? question.peerPorts : question.devicePorts
  const answering = question.direction === 'from-device' ? answer.peerPorts : answer.devicePorts
  if (asked === null || answering === null) return true
  return answering.every((a) => asked.some((q) => q.low <= a.low && a.high <= q.high))
}

function conduitOf(rule: MudRule, opener: MudDirection, before: readonly string[]): MudConduit {
  const byDevice = opener === 'from-device'
  const ports = byDevice ? rule.peerPorts : rule.devicePorts
  const initiatorPorts = byDevice ? rule.devicePorts : rule.peerPorts
  const inexact = [
    ...before,
    ...(initiatorPorts === null ? [] : [`only from port ${initiatorPorts.map(formatPortRange).join(', ')} of the side that opens`]),
    ...(rule.icmp === null ? [] : [`only ICMP type ${rule.icmp.type}${rule.icmp.code === null ? '' : ` code ${rule.icmp.code}`}`]),
    ...(ports === null && (rule.protocol === TCP || rule.protocol === UDP) ? ['every port'] : []),
  ]
  return {
    opens: byDevice ? 'device' : 'peer', peers: rule.peers, family: rule.family, protocol: rule.protocol, ports, action: rule.action,
    ace: rule.ace, line: rule.at.line, inexact,
  }
}

/** A DNS name, a block, or an abstraction in words. */
export function peerText(peer: MudPeer): string {
  if (peer.kind === 'name') return peer.name
  if (peer.kind === 'prefix') return formatPrefix(peer.prefix)
  return 'uri' in peer ? `${peer.kind} ${peer.uri}` : peer.kind
}

function peersText(peers: readonly MudPeer[]): string {
  return peers.map(peerText).join(' and ')
}

/** Names somebody has to give addresses to before a policy can hold them; sorted, each once. */
export function unresolvedNames(conduits: readonly MudConduit[]): readonly string[] {
  return [...new Set(conduits.flatMap((c) => c.peers.flatMap((p) => (p.kind === 'name' ? [p.name] : []))))].sort()
}

/** A packet's way out that the profile allows. */
export interface InternetWitness {
  readonly opens: 'device' | 'peer'
  readonly protocol: number | null
  /** Lowest responder port, or null without ports. */
  readonly port: number | null
  /** Name or block outside. */
  readonly peer: string
  readonly ace: string
  readonly line: number
}

/** Allowed conduits whose other side lies, or may lie, in the Internet: a public name, a global block, or anybody. */
export function internetWitnesses(conduits: readonly MudConduit[]): readonly InternetWitness[] {
  return conduits.filter((c) => c.action === 'allow' && c.peers.every(mayBeOutside)).map((c) => ({
    opens: c.opens, protocol: c.protocol, port: c.ports?.[0]?.low ?? null, peer: peersText(c.peers),
    ace: c.ace, line: c.line,
  }))
}

/** Special-use names that no public server answers: RFC 6762, RFC 8375, RFC 6761, and `internal` (ICANN 2024). */
const INSIDE_NAME = /(?:^|\.)(?:local|home\.arpa|localhost|internal)\.?$/

/** Names without a dot, and special-use names, are the house's own. */
export function isInsideName(name: string): boolean {
  return !name.includes('.') || INSIDE_NAME.test(name)
}

function mayBeOutside(peer: MudPeer): boolean {
  if (peer.kind === 'any') return true
  if (peer.kind === 'name') return !isInsideName(peer.name)
  if (peer.kind !== 'prefix') return false
  const { version, network, length } = peer.prefix
  const last = network | ((1n << BigInt(IP_BITS[version] - length)) - 1n)
  const scopes = [network, last].map((value) => ipScope(ipFromValue(version, value)))
  return scopes.some((scope) => scope === 'global' || scope === 'reserved') || length < WIDEST_INSIDE[version]
}

/** No wider block is inside from end to end: 224.0.0.0/4 is for groups, fc00::/7 is private. Both ends of 0.0.0.0/0 are special. */
const WIDEST_INSIDE: Readonly<Record<IpVersion, number>> = { 4: 4, 6: 7 }
