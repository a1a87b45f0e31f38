// Inventory: takes facts and senders in, answers with assets. State is claims and bindings; an asset is computed, never stored.

import { ipScope } from '../base/ip-scope.ts'
import { prefixTest, type Ip, type Prefix } from '../base/ip.ts'
import { parseMac, type MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import type { ArpClaim } from '../protocols/arp/facts.ts'
import type { Fact } from '../protocols/facts.ts'
import type { FlowKey } from '../wire/flow.ts'
import { IpProto } from '../wire/frame.ts'
import { assembleAssets, type AssembleOptions } from './assemble.ts'
import type { Asset } from './asset.ts'
import { Bindings, type BindingEvidence } from './bindings.ts'
import { ClaimSet } from './claims.ts'
import { claimsOf, type ClaimTarget } from './evidence.ts'
import { SynShapes, type SynSeen } from './hints/syn.ts'
import { Neighbours } from './neighbours.ts'
import type { Place } from './places.ts'
import type { SenderTold } from './senders.ts'

/** An address that spoke, on one segment. */
export interface Host {
  readonly vlan: number
  readonly ip: Ip
  readonly firstAt: Micros
  lastAt: Micros
  /** Frame of the first packet or claim. */
  readonly frame: number
  readonly claims: ClaimSet
  /** The card that spoke from the address first in this tenancy; -1 before one did. An address that DHCP gave on has a host per card. */
  tenant: MacNumber
  /** How it opens connections; null until it opened one in view. */
  syns: SynShapes | null
}

/** What a profile's devices do when they start, whoever answers: evidence level D, "behaves like". Address and port together, never the address alone. */
export interface Behaviour {
  readonly profile: string
  readonly blocks: readonly Prefix[]
  readonly ports: readonly number[]
}

/**
 * Addresses kept; a flood of forged senders beyond it is counted. A hospital of 10 000 assets fits three times: an IPv4 address, a link-local
 * IPv6 one and another each. Claims, evidence and the asset of each take some 3 kB when the report is made.
 */
export const HOSTS_MAX = 32_768

const NOBODY: MacNumber = -1

export class Inventory {
  readonly bindings = new Bindings()
  /** In order of first appearance. */
  readonly #hosts: Host[] = []
  /** Claims about hardware addresses that have no IP address yet (a DHCP client before its lease). */
  readonly #macClaims = new Map<MacNumber, ClaimSet>()
  readonly #neighbours = new Neighbours()
  readonly #behaviours: readonly { readonly profile: string; readonly ports: readonly number[]; readonly holds: readonly ((ip: Ip) => boolean)[] }[]
  readonly #startPorts: ReadonlySet<number>
  /** Hosts of addresses that changed hands, in order. */
  readonly #tenants = new Map<Ip, readonly Host[]>()
  #refused = 0

  constructor(behaviours: readonly Behaviour[]) {
    this.#startPorts = new Set(behaviours.flatMap((b) => b.ports))
    this.#behaviours = behaviours.map(({ profile, ports, blocks }) => ({ profile, ports, holds: blocks.map(prefixTest) }))
  }

  /** Hosts, cards and bindings that were not kept because a table was full. */
  get refused(): number {
    return this.#refused + this.bindings.refused + this.#neighbours.refused
  }

  /**
   * A packet's sender: `mac` is -1 on links without hardware addresses. Called for the first packet of a flow and direction; of a card
   * and address that are known, the caller may count by itself and tell it later (heardMore).
   */
  sender(vlan: number, mac: MacNumber, ip: Ip, at: Micros, frame: number): Host | null {
    return this.#spoke(vlan, mac, ip, 'traffic', at, frame)
  }

  /** A card showed that it uses an address: one look-up for the host and the binding. */
  #spoke(vlan: number, mac: MacNumber, ip: Ip, how: BindingEvidence, at: Micros, frame: number): Host | null {
    const known = this.bindings.places.find(vlan, ip)
    let host = known?.host ?? null
    if (host && at > host.lastAt) host.lastAt = at
    if (!host && !canSend(ip)) return null
    host ??= this.#newHost(known, vlan, ip, at, frame)
    if (host && mac !== host.tenant && mac > 0) host = this.#tenancy(host, mac, at, frame)
    this.bindings.claimAt(known ?? this.bindings.places.find(vlan, ip), vlan, ip, mac, how, at, frame)
    return host
  }

  /**
   * Another card than before speaks from the address. With a lease for it, it is another device, and what is learnt from now on is about
   * that one; without, it may be a router or an impostor, and nothing changes.
   */
  #tenancy(host: Host, mac: MacNumber, at: Micros, frame: number): Host | null {
    if (host.tenant === NOBODY) {
      host.tenant = mac
      return host
    }
    const { vlan, ip } = host
    const claimants = this.bindings.claimants(vlan, ip)
    if (!claimants.some((b) => b.mac === mac && b.dhcpLeases > 0)) return host
    const place = this.bindings.places.find(vlan, ip)
    const tenants = this.#tenants.get(host.ip) ?? [host]
    const known = tenants.find((h) => h.vlan === vlan && h.tenant === mac)
    const tenant = known ?? this.#newHost(place, vlan, ip, at, frame)
    if (!tenant || !place) return host
    if (!known) this.#tenants.set(ip, [...tenants, tenant])
    tenant.tenant = mac
    if (at > tenant.lastAt) tenant.lastAt = at
    place.host = tenant
    return tenant
  }

  /** Ports that some behaviour begins with a connection to: of others `started` need not be told. */
  get startPorts(): ReadonlySet<number> {
    return this.#startPorts
  }

  /** A flow began: does it look like what a profile's devices do at start-up? */
  started(flow: FlowKey, at: Micros, frame: number): void {
    if (flow.proto !== IpProto.tcp) return
    for (const b of this.#behaviours) {
      if (!b.ports.includes(flow.dstPort) || !b.holds.some((holds) => holds(flow.dst))) continue
      const evidence = `connects to ${flow.dst} on TCP ${flow.dstPort}`
      this.#host(flow.vlan, flow.src, at, frame)?.claims.add({ what: 'model', value: b.profile, level: 'D', evidence, inferred: true }, at, frame)
    }
  }

  /** What was counted of a sender since `sender` told it first. */
  heardMore(told: SenderTold): void {
    const place = this.bindings.places.find(told.vlan, told.ip)
    if (!place) return
    const host = this.#tenantOf(place, told.mac)
    if (host) host.lastAt = Math.max(host.lastAt, told.claimAt, told.seenAt)
    this.bindings.claimedMore(place, told)
  }

  /** Whose the card is: of an address that changed hands each card has its host. */
  #tenantOf(place: Place, mac: MacNumber): Host | null {
    return this.#tenants.get(place.ip)?.find((h) => h.vlan === place.vlan && h.tenant === mac) ?? place.host
  }

  /** A connection was opened from an address: the first SYN of a new flow. */
  opened(vlan: number, ip: Ip, syn: SynSeen): void {
    const place = this.bindings.places.find(vlan, ip)
    const host = place && this.#tenantOf(place, syn.mac)
    if (!host) return
    host.syns ??= new SynShapes()
    host.syns.note(syn)
  }

  fact(fact: Fact, flow: FlowKey | null): void {
    if (fact.protocol === 'arp') this.#arp(fact)
    else if (fact.protocol === 'dhcp' && fact.kind === 'message') this.#lease(fact)
    else if (fact.protocol === 'icmp') this.#neighbourDiscovery(fact)
    else if ((fact.protocol === 'lldp' || fact.protocol === 'cdp') && fact.kind === 'neighbour') this.#neighbours.heard(fact)
    const times = fact.protocol === 'hl7' && fact.kind === 'message' ? fact.times : 1
    for (const { target, claim } of claimsOf(fact, flow)) this.#claimSet(target, fact)?.add(claim, fact.at, fact.frame, times)
  }

  #arp(fact: Extract<Fact, { protocol: 'arp' }>): void {
    if (fact.kind === 'malformed') return
    const mac = parseMac(fact.mac) ?? -1
    if (fact.kind === 'ask') this.bindings.asked(fact.vlan, fact.target, mac, fact.at)
    else if (fact.kind === 'repeats') this.#repeated(fact, mac)
    else if (mac > 0) this.#spoke(fact.vlan, mac, fact.ip, evidenceOf(fact), fact.at, fact.frame)
  }

  /** Questions need no count: who asked is known since the first. */
  #repeated(fact: Extract<Fact, { kind: 'repeats' }>, mac: MacNumber): void {
    if (fact.of !== 'claim' || fact.ip === null) return
    const place = this.bindings.places.find(fact.vlan, fact.ip)
    if (!place) return
    const host = this.#tenantOf(place, mac)
    if (host && fact.at > host.lastAt) host.lastAt = fact.at
    const isReply = fact.operation === 'reply'
    this.bindings.claimedAgain(place, mac, {
      requests: isReply ? 0 : fact.times, solicited: fact.solicited, unsolicited: isReply ? fact.times - fact.solicited : 0,
      lastAt: fact.at, frames: fact.frames,
    })
  }

  /** What ARP is to IPv4. An advertisement that says it was asked for was asked by the one it was sent to. */
  #neighbourDiscovery(fact: Extract<Fact, { protocol: 'icmp' }>): void {
    if (fact.kind === 'ask') this.bindings.asked(fact.vlan, fact.target, fact.mac === null ? -1 : (parseMac(fact.mac) ?? -1), fact.at)
    if (fact.kind !== 'claim') return
    if (fact.solicited) this.bindings.asked(fact.vlan, fact.ip, -1, fact.at)
    this.#spoke(fact.vlan, parseMac(fact.mac) ?? -1, fact.ip, fact.by === 'advertisement' ? 'arp-reply' : 'arp-request', fact.at, fact.frame)
  }

  /** A lease binds, but makes no host: an attacker takes a pool's addresses with cards that do not exist, and none of them ever speaks. */
  #lease(fact: Extract<Fact, { protocol: 'dhcp'; kind: 'message' }>): void {
    const mac = fact.client ? parseMac(fact.client) : null
    if (fact.type !== 'ack' || mac === null || !fact.address || !canSend(fact.address)) return
    this.bindings.claim(fact.vlan, fact.address, mac, 'dhcp', fact.at, fact.frame)
    const host = this.bindings.places.find(fact.vlan, fact.address)?.host
    // A card that has spoken from the address before, and now has it.
    const hasSpoken = this.bindings.claimants(fact.vlan, fact.address).some((b) => b.mac === mac && b.traffic > 0)
    if (host && host.tenant !== mac && hasSpoken) this.#tenancy(host, mac, fact.at, fact.frame)
  }

  #claimSet(target: ClaimTarget, fact: Fact): ClaimSet | null {
    if ('ip' in target) return canSend(target.ip) ? (this.#host(target.vlan, target.ip, fact.at, fact.frame)?.claims ?? null) : null
    const mac = parseMac(target.mac)
    return mac === null ? null : (this.#macClaims.get(mac) ?? this.#newMacClaims(mac))
  }

  #newMacClaims(mac: MacNumber): ClaimSet | null {
    if (this.#macClaims.size >= HOSTS_MAX) {
      this.#refused++
      return null
    }
    const claims = new ClaimSet()
    this.#macClaims.set(mac, claims)
    return claims
  }

  #host(vlan: number, ip: Ip, at: Micros, frame: number): Host | null {
    const place = this.bindings.places.find(vlan, ip)
    if (!place?.host) return this.#newHost(place, vlan, ip, at, frame)
    if (at > place.host.lastAt) place.host.lastAt = at
    return place.host
  }

  #newHost(place: Place | undefined, vlan: number, ip: Ip, at: Micros, frame: number): Host | null {
    if (this.#hosts.length >= HOSTS_MAX) {
      this.#refused++
      return null
    }
    const host: Host = { vlan, ip, firstAt: at, lastAt: at, frame, claims: new ClaimSet(), tenant: NOBODY, syns: null }
    this.#hosts.push(host)
    const kept = place ?? this.bindings.places.at(vlan, ip)
    kept.host = host
    return host
  }

  /** The assets as of now, ordered by label then id. Pure reading: calling it twice gives the same answer. */
  assets(options: AssembleOptions): Asset[] {
    const assets = assembleAssets({ hosts: this.#hosts, macClaims: this.#macClaims, bindings: this.bindings }, options)
    return this.#neighbours.complete(assets, this.#macClaims)
  }
}

function evidenceOf(claim: ArpClaim): BindingEvidence {
  if (claim.operation === 'request') return 'arp-request'
  return claim.solicited === true ? 'arp-answer' : 'arp-reply'
}

/** Addresses that can name a sender: not 0.0.0.0, not a group. */
function canSend(ip: Ip): boolean {
  const scope = ipScope(ip)
  return scope !== 'unspecified' && scope !== 'multicast' && scope !== 'broadcast'
}
