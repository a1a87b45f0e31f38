// Rule rogue-router: a device that is no router says that it is one (IPv6 router advertisements), or sends others' packets its own way (ICMP redirects).
// Keeps to devices whose own address shows that they are none: a router that a hospital runs got no address by DHCP. Sources: RFC 6104, RFC 4861 section 11.

import type { Ip } from '../../base/ip.ts'
import { formatMac, parseMac, type MacNumber } from '../../base/mac.ts'
import { claimedByArp, type Binding, type Bindings } from '../../inventory/bindings.ts'
import type { IcmpRedirect, IcmpRouter } from '../../protocols/icmp/facts.ts'
import { subjectAt, type Detector, type Draft, type FindingSubject, type Rule } from '../rule.ts'
import type { Asset } from '../../inventory/asset.ts'
import { joined, noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import { cardsWithLease } from './leased-cards.ts'
import { posesFirst } from './poses.ts'

interface Router {
  readonly vlan: number
  readonly card: MacNumber
  /** As it called itself, first first: the finding is about the card, which can write any sender. */
  readonly from: Set<Ip>
  readonly prefixes: Set<string>
  readonly servers: Set<Ip>
  readonly seen: Sightings
}

/** What one card wrote in one name, leading to one gateway. */
interface Redirect {
  readonly vlan: number
  readonly from: Ip
  readonly card: MacNumber
  readonly gateway: Ip
  readonly misled: Set<Ip>
  readonly seen: Sightings
}

/** Redirects of one culprit: of the card that forges them, or of the device that they lead to. */
interface Leading {
  readonly vlan: number
  readonly culprit: MacNumber
  readonly isForged: boolean
  readonly redirects: Redirect[]
  /** Of the gateways, those that got their address by DHCP. */
  readonly leased: Set<Ip>
}

/** Cards that advertise, and redirects, remembered; a flood of forged ones fills it and no more. */
const KEPT_MAX = 4096
/** Redirects of one card: a sixteenth, so that one that forges all it can leaves room for others. A router has a few gateways beside it. */
const REDIRECTS_OF_CARD_MAX = 256
const LISTED_MAX = 64

export const rogueRouter: Rule = {
  id: 'rogue-router',
  title: 'A device that is no router leads the traffic of others',
  attack: [
    { id: 'T1557', name: 'Adversary-in-the-Middle', matrix: 'enterprise' }, { id: 'T0830', name: 'Adversary-in-the-Middle', matrix: 'ics' },
  ],
  open,
}

function open(): Detector {
  const routers = new Map<string, Router>()
  const redirects = new Redirects()
  return {
    hears: ['icmp'],
    fact(fact) {
      if (fact.protocol !== 'icmp') return
      if (fact.kind === 'router') advertised(routers, fact)
      else if (fact.kind === 'redirect') redirects.heard(fact)
    },
    findings(world) {
      if (routers.size + redirects.size === 0) return []
      const leased = cardsWithLease(world.bindings)
      return [
        ...[...routers.values()].filter((r) => leased.has(r.card) && !world.routers.has(r.card)).map((r) => advertisedDraft(world, r)),
        ...(redirects.size === 0 ? [] : byCulprit(world, redirects.all(), leased)).map((l) => redirectedDraft(world, l)),
      ]
    },
  }
}

/** A router for others, or their name server: a lifetime of 0 takes the first back, never the second. */
function advertised(routers: Map<string, Router>, fact: IcmpRouter): void {
  const card = fact.frameMac === null ? null : parseMac(fact.frameMac)
  if (card === null || (fact.lifetimeSeconds === 0 && fact.dnsServers.length === 0)) return
  const key = `${fact.vlan}|${card}`
  const router = routers.get(key) ?? { vlan: fact.vlan, card, from: new Set(), prefixes: new Set(), servers: new Set(), seen: noSightings(fact.at) }
  if (!routers.has(key) && routers.size >= KEPT_MAX) return
  routers.set(key, router)
  if (router.from.size < LISTED_MAX) router.from.add(fact.from)
  for (const prefix of fact.prefixes) if (router.prefixes.size < LISTED_MAX) router.prefixes.add(prefix)
  for (const server of fact.dnsServers) if (router.servers.size < LISTED_MAX) router.servers.add(server)
  sight(router.seen, fact, null)
}

class Redirects {
  readonly #cards = new Map<string, Map<string, Redirect>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  all(): Redirect[] {
    return [...this.#cards.values()].flatMap((ways) => [...ways.values()])
  }

  heard(fact: IcmpRedirect): void {
    const card = fact.frameMac === null ? null : parseMac(fact.frameMac)
    // "Ask the destination itself" (RFC 4861 section 4.5): it is on this link, nobody stands between.
    if (card === null || fact.gateway === fact.destination) return
    const redirect = this.#redirectOf(fact, card)
    if (!redirect) return
    if (redirect.misled.size < LISTED_MAX) redirect.misled.add(fact.to)
    sight(redirect.seen, fact, null)
  }

  #redirectOf({ vlan, from, gateway, at }: IcmpRedirect, card: MacNumber): Redirect | undefined {
    const key = `${from}|${gateway}`
    const ways = this.#cards.get(`${vlan}|${card}`)
    const known = ways?.get(key)
    if (known || this.#size >= KEPT_MAX || (ways && ways.size >= REDIRECTS_OF_CARD_MAX)) return known
    const redirect: Redirect = { vlan, from, card, gateway, misled: new Set(), seen: noSightings(at) }
    if (ways) ways.set(key, redirect)
    else this.#cards.set(`${vlan}|${card}`, new Map([[key, redirect]]))
    this.#size++
    return redirect
  }
}

const NO_ROUTER = 'That it is no router is inferred from its address, which it got by DHCP.'

/** The asset of a card on a segment, else what stands at the address. */
function subjectOf(world: World, vlan: number, card: MacNumber, ip: Ip): Asset | FindingSubject {
  const mac = formatMac(card)
  return world.assets.find((a) => a.interfaces.some((i) => i.mac === mac && i.vlan === vlan)) ?? subjectAt(world, vlan, ip)
}

/** `a, b and 3 more`; `at least 64: a, b, ...` of a list that was filled to its end, for then nobody counted on. */
function listed(names: ReadonlySet<string>): string {
  return `${names.size >= LISTED_MAX ? `at least ${names.size}: ` : ''}${some([...names])}`
}

function advertisedDraft(world: World, router: Router): Draft {
  const { vlan, card, from, prefixes, servers, seen } = router
  const [first] = [...from] as [Ip]
  const subject = subjectOf(world, vlan, card, first)
  return {
    asset: subject, behaviour: 'router advertisement', severity: 'high',
    ward: `${posesFirst(subject)} tells all devices around it to send their data through it.`,
    technical: `IPv6 router advertisements from ${listed(from)}, a card that got its own address by DHCP; networks: ${listed(prefixes) || 'none'}${
      servers.size > 0 ? `; name servers: ${listed(servers)}` : ''}.`,
    help: 'Take it off the network, or turn off connection sharing on it; on the switches, turn on RA Guard (RFC 6105) for all ports but the router\'s.',
    inferred: [NO_ROUTER],
    ...shown(seen), details: [['says it is the router', listed(from)], ['networks', listed(prefixes)], ['name servers', listed(servers)]],
  }
}

/**
 * One row per card that forges, whatever names and gateways it writes, and one per device that is no router and is led to by others.
 * Redirects of routers to routers are left out.
 */
function byCulprit(world: World, redirects: readonly Redirect[], leased: ReadonlySet<MacNumber>): Leading[] {
  const owning = cardsThatOwn(world.bindings)
  const rows = new Map<string, Leading>()
  for (const redirect of redirects) {
    const { vlan, from, card, gateway } = redirect
    const isForged = !world.routers.has(card) && isAnothers(world.bindings, owning, vlan, from, card)
    const leadsTo = world.bindings.claimants(vlan, gateway).find((b) => leased.has(b.mac) && !world.routers.has(b.mac))
    if (!isForged && !leadsTo) continue
    const culprit = isForged ? card : leadsTo?.mac ?? card
    const key = `${vlan}|${culprit}|${isForged}`
    const row = rows.get(key) ?? { vlan, culprit, isForged, redirects: [], leased: new Set() }
    rows.set(key, row)
    row.redirects.push(redirect)
    if (leadsTo) row.leased.add(gateway)
  }
  return [...rows.values()]
}

/** Somebody else's card speaks for a router, or the way leads to a device that is none. */
function redirectedDraft(world: World, { vlan, culprit, isForged, redirects, leased }: Leading): Draft {
  const [{ from, gateway }] = redirects as [Redirect]
  const names = firstOf(redirects.map((r) => r.from))
  const gateways = firstOf(redirects.map((r) => r.gateway))
  const misled = firstOf(redirects.flatMap((r) => [...r.misled]))
  const seen = joined(redirects.map((r) => r.seen))
  const subject = subjectOf(world, vlan, culprit, isForged ? from : gateway)
  const isMonitor = redirects.some((r) => [...r.misled].some((ip) => world.monitorAt(vlan, ip) !== null))
  return {
    asset: subject, behaviour: isForged ? 'forged redirects' : 'redirects to it', severity: isMonitor ? 'critical' : 'high',
    ward: `${posesFirst(subject)} leads the data of ${misled.size === 1 ? 'another device' : `${misled.size} other devices`} ${
      isForged ? 'astray' : 'through itself'}; it can be read and changed on the way.`,
    technical: `${redirects.length >= REDIRECTS_OF_CARD_MAX ? 'at least ' : ''}${count(seen.count, 'ICMP redirect')} in the name of ${listed(names)} to ${
      listed(misled)}, leading to ${listed(gateways)}${
      isForged ? `; the card that sent them does not own ${names.size === 1 ? from : 'these names'}` : ''}${
      leased.size > 0 ? `; ${some([...leased])} got ${leased.size === 1 ? 'its address' : 'their addresses'} by DHCP` : ''}.`,
    help: 'Find the switch port of that device and unplug it; on routers and devices that allow it, turn redirects off.',
    inferred: [isForged ? 'That they are forged is inferred from the card that sent them.' : NO_ROUTER],
    ...shown(seen), details: [['in the name of', listed(names)], ['leads to', listed(gateways)], ['misled', listed(misled)]],
  }
}

function firstOf(ips: readonly Ip[]): ReadonlySet<Ip> {
  return new Set([...new Set(ips)].slice(0, LISTED_MAX))
}

/** `vlan|card` of all that are known by an address of their own. */
function cardsThatOwn(bindings: Bindings): ReadonlySet<string> {
  return new Set(bindings.all().filter(owns).map((b) => `${b.vlan}|${b.mac}`))
}

function owns(b: Binding): boolean {
  return claimedByArp(b) || b.dhcpLeases > 0
}

/**
 * The address is claimed by another card, this one never did nor was given it, and this one is known by an address of its own.
 * Cards that routers share are left out.
 */
function isAnothers(bindings: Bindings, owning: ReadonlySet<string>, vlan: number, ip: Ip, card: MacNumber): boolean {
  const claimants = bindings.claimants(vlan, ip)
  const owners = claimants.filter(claimedByArp)
  if (owners.length === 0 || owners.some((b) => isSharedByRouters(b.mac)) || isSharedByRouters(card)) return false
  return !claimants.some((b) => b.mac === card && owns(b)) && owning.has(`${vlan}|${card}`)
}

/**
 * First four bytes of cards of VRRP (RFC 5798 section 7.3), HSRP 1, 2 and for IPv6, and GLBP (Cisco): such an address answers with one card,
 * its router sends with another.
 */
const SHARED_CARDS: ReadonlySet<number> = new Set([0x00005e00, 0x00000c07, 0x00000c9f, 0x000573a0, 0x0007b400])

function isSharedByRouters(card: MacNumber): boolean {
  return SHARED_CARDS.has(Math.floor(card / 0x10000))
}
