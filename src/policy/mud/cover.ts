// Cover: does an entry of a MUD file let this traffic pass: yes, no, or only when somebody says who a name or a controller is.
// Keeps "names are never looked up": a name and an address are equal only where a caller says so, otherwise the answer is perhaps.

import { ipScope } from '../../base/ip-scope.ts'
import { ipFromValue, type IpVersion, type Prefix } from '../../base/ip.ts'
import { formatPortRange, type PortRange } from '../../base/port-range.ts'
import { isInsideName, peerText } from './conduits.ts'
import type { Mud, MudDirection, MudPeer, MudRule } from './model.ts'

/** Packets of one kind, or what an entry of another file lets pass. null and an empty list: the record does not say. */
export interface MudTraffic {
  readonly direction: MudDirection
  readonly family: IpVersion | null
  /** IP protocol number. */
  readonly protocol: number | null
  /** All of these are true of the other side. */
  readonly peers: readonly MudPeer[]
  readonly devicePorts: readonly PortRange[] | null
  readonly peerPorts: readonly PortRange[] | null
  readonly icmp: { readonly type: number; readonly code: number | null } | null
  /** Who opened the connection. */
  readonly opens: MudDirection | null
}

/** What the site says: addresses of names, controllers and classes by `peerText`, and its local networks. */
export interface MudSite {
  readonly addresses: ReadonlyMap<string, readonly Prefix[]>
  /** null: private and link-local addresses. */
  readonly local: readonly Prefix[] | null
}

export const NO_SITE: MudSite = { addresses: new Map(), local: null }

export type Tri = 'yes' | 'perhaps' | 'no'

/** A criterion that does not hold, or may not, in words. */
export interface Doubt {
  readonly tri: 'perhaps' | 'no'
  readonly words: string
}

export interface Coverage {
  readonly answer: Tri
  /** The entry that covers, or may; when nothing does, the one that comes nearest, or null. */
  readonly rule: MudRule | null
  /** What is missing, or what it depends on. */
  readonly doubts: readonly Doubt[]
}

/** The first entry that decides, as a list is read; an entry that may match leaves everything after it in doubt. */
export function coverage(mud: Mud, traffic: MudTraffic, site: MudSite = NO_SITE): Coverage {
  let perhaps: Coverage | null = null
  let nearest: Coverage = { answer: 'no', rule: null, doubts: [] }
  for (const rule of mud.rules) {
    if (rule.direction !== traffic.direction) continue
    const doubts = doubtsOf(rule, traffic, site)
    const answer = triOf(doubts)
    if (answer === 'no') {
      if (nearest.rule === null || missing(doubts) < missing(nearest.doubts)) nearest = { answer, rule, doubts }
      continue
    }
    if (answer === 'yes' && rule.action === 'allow') return perhaps?.rule?.action === 'deny' ? perhaps : { answer, rule, doubts }
    if (answer === 'yes') return perhaps ?? { answer: 'no', rule, doubts: [{ tri: 'no', words: 'the entry denies it' }] }
    perhaps ??= { answer, rule, doubts }
  }
  return perhaps ?? nearest
}

function missing(doubts: readonly Doubt[]): number {
  return doubts.filter((d) => d.tri === 'no').length
}

function triOf(doubts: readonly Doubt[]): Tri {
  if (doubts.some((d) => d.tri === 'no')) return 'no'
  return doubts.length > 0 ? 'perhaps' : 'yes'
}

/** Everything that keeps the entry from surely matching. */
export function doubtsOf(rule: MudRule, traffic: MudTraffic, site: MudSite): readonly Doubt[] {
  return [
    ...plainDoubt('IPv', rule.family, traffic.family),
    ...plainDoubt('IP protocol ', rule.protocol, traffic.protocol),
    ...plainDoubt('ICMP type ', rule.icmp?.type ?? null, traffic.icmp?.type ?? null),
    ...plainDoubt('ICMP code ', rule.icmp?.code ?? null, traffic.icmp?.code ?? null),
    ...portDoubt('port of the other side', rule.peerPorts, traffic.peerPorts),
    ...portDoubt('port of the device', rule.devicePorts, traffic.devicePorts),
    ...openerDoubt(rule.initiated, traffic.opens),
    ...rule.peers.flatMap((peer) => peerDoubt(peer, traffic.peers, site)),
  ]
}

function plainDoubt(what: string, wanted: number | null, given: number | null): readonly Doubt[] {
  if (wanted === null || wanted === given) return []
  if (given === null) return [{ tri: 'perhaps', words: `only ${what}${wanted}` }]
  return [{ tri: 'no', words: `${what}${wanted}, not ${given}` }]
}

function portDoubt(what: string, wanted: readonly PortRange[] | null, given: readonly PortRange[] | null): readonly Doubt[] {
  if (wanted === null) return []
  const text = wanted.map(formatPortRange).join(', ')
  if (given === null) return [{ tri: 'perhaps', words: `only ${what} ${text}` }]
  if (given.every((g) => wanted.some((w) => w.low <= g.low && g.high <= w.high))) return []
  const meet = given.some((g) => wanted.some((w) => w.low <= g.high && g.low <= w.high))
  return [{ tri: meet ? 'perhaps' : 'no', words: `${what} ${text}, not ${given.map(formatPortRange).join(', ')}` }]
}

function openerDoubt(wanted: MudDirection | null, given: MudDirection | null): readonly Doubt[] {
  if (wanted === null || given === null || wanted === given) return []
  return [{ tri: 'no', words: wanted === 'from-device' ? 'only when the device opens' : 'only when the other side opens' }]
}

/** The other side holds when anything known of it implies what is wanted. */
function peerDoubt(wanted: MudPeer, given: readonly MudPeer[], site: MudSite): readonly Doubt[] {
  if (wanted.kind === 'any') return []
  const answers = given.map((peer) => implies(peer, wanted, site))
  if (answers.includes('yes')) return []
  const [is, want] = [given.map(peerText).join(' or '), peerText(wanted)]
  if (given.length === 0) return [{ tri: 'perhaps', words: `the other side is ${want}` }]
  return answers.includes('perhaps') ? [{ tri: 'perhaps', words: `${is} is ${want}` }] : [{ tri: 'no', words: `the other side is ${want}, not ${is}` }]
}

function implies(given: MudPeer, wanted: MudPeer, site: MudSite): Tri {
  if (peerText(given) === peerText(wanted)) return 'yes'
  if (given.kind === 'any') return 'perhaps'
  const [inner, outer] = [blocksOf(given, site), blocksOf(wanted, site)]
  if (inner !== null && outer !== null) return blocksWithin(inner, outer)
  if (wanted.kind === 'local-networks') return isLocal(given, inner)
  // Two names may have one address, but a record that says which name was asked has said whom it means.
  if (given.kind === 'name' && wanted.kind === 'name') return 'no'
  // Classes and controllers are machines of the site or of its makers: nobody but the site knows which.
  return 'perhaps'
}

function blocksOf(peer: MudPeer, site: MudSite): readonly Prefix[] | null {
  if (peer.kind === 'prefix') return [peer.prefix]
  if (peer.kind === 'local-networks') return site.local
  return site.addresses.get(peerText(peer)) ?? null
}

function isLocal(given: MudPeer, blocks: readonly Prefix[] | null): Tri {
  if (blocks !== null) {
    const inside = blocks.filter(insideBlock).length
    return inside === blocks.length ? 'yes' : inside > 0 ? 'perhaps' : 'no'
  }
  if (given.kind === 'name') return isInsideName(given.name) ? 'yes' : 'perhaps'
  return given.kind === 'my-controller' ? 'perhaps' : 'no'
}

/** Addresses that stay: private, of the link, or a group's. */
const STAYS = new Set(['private', 'link-local', 'loopback', 'multicast', 'broadcast', 'unspecified'])

function insideBlock({ version, network }: Prefix): boolean {
  return STAYS.has(ipScope(ipFromValue(version, network)))
}

function blocksWithin(inner: readonly Prefix[], outer: readonly Prefix[]): Tri {
  if (inner.every((a) => outer.some((b) => within(a, b)))) return 'yes'
  return inner.some((a) => outer.some((b) => within(a, b) || within(b, a))) ? 'perhaps' : 'no'
}

function within(a: Prefix, b: Prefix): boolean {
  const bits = BigInt((a.version === 4 ? 32 : 128) - b.length)
  return a.version === b.version && a.length >= b.length && a.network >> bits === b.network >> bits
}

export { within as prefixWithin }
