// Rule rogue-router: a device that is no router says that it is one (IPv6 router advertisements), or sends others' packets its own way (ICMP redirects).
// Keeps to devices whose own address shows that they are none: a router that a hospital runs got no address by DHCP. Sources: RFC 6104, RFC 4861 section 11.

import type { Ip } from '../../base/ip.ts'
import { parseMac, type MacNumber } from '../../base/mac.ts'
import { claimedByArp, type Bindings } from '../../inventory/bindings.ts'
import type { IcmpRedirect, IcmpRouter } from '../../protocols/icmp/facts.ts'
import { subjectAt, type Detector, type Draft, type FindingSubject, type Rule } from '../rule.ts'
import type { Asset } from '../../inventory/asset.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import { cardsWithLease } from './leased-cards.ts'
import { posesFirst } from './poses.ts'

interface Router {
  readonly vlan: number
  readonly from: Ip
  readonly card: MacNumber
  readonly prefixes: Set<string>
  readonly servers: Set<Ip>
  readonly seen: Sightings
}

interface Redirect {
  readonly vlan: number
  readonly from: Ip
  readonly card: MacNumber
  readonly gateway: Ip
  readonly misled: Set<Ip>
  readonly seen: Sightings
}

/** Routers and redirecting ends remembered; a flood of forged ones fills it and no more. */
const KEPT_MAX = 4096
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
  const redirects = new Map<string, Redirect>()
  return {
    hears: ['icmp'],
    fact(fact) {
      if (fact.protocol !== 'icmp') return
      if (fact.kind === 'router') advertised(routers, fact)
      else if (fact.kind === 'redirect') redirected(redirects, fact)
    },
    findings(world) {
      if (routers.size + redirects.size === 0) return []
      const leased = cardsWithLease(world.bindings)
      return [
        ...[...routers.values()].filter((r) => leased.has(r.card) && !world.routers.has(r.card)).map((r) => advertisedDraft(world, r)),
        ...[...redirects.values()].flatMap((r) => redirectedDraft(world, r, leased)),
      ]
    },
  }
}

/** A router for others, or their name server: a lifetime of 0 takes the first back, never the second. */
function advertised(routers: Map<string, Router>, fact: IcmpRouter): void {
  const card = fact.frameMac === null ? null : parseMac(fact.frameMac)
  if (card === null || (fact.lifetimeSeconds === 0 && fact.dnsServers.length === 0)) return
  const key = `${fact.vlan}|${card}|${fact.from}`
  const router = routers.get(key) ?? { vlan: fact.vlan, from: fact.from, card, prefixes: new Set(), servers: new Set(), seen: noSightings(fact.at) }
  if (!routers.has(key) && routers.size >= KEPT_MAX) return
  routers.set(key, router)
  for (const prefix of fact.prefixes) if (router.prefixes.size < LISTED_MAX) router.prefixes.add(prefix)
  for (const server of fact.dnsServers) if (router.servers.size < LISTED_MAX) router.servers.add(server)
  sight(router.seen, fact, null)
}

function redirected(redirects: Map<string, Redirect>, fact: IcmpRedirect): void {
  const card = fact.frameMac === null ? null : parseMac(fact.frameMac)
  // "Ask the destination itself" (RFC 4861 section 4.5): it is on this link, nobody stands between.
  if (card === null || fact.gateway === fact.destination) return
  const key = `${fact.vlan}|${card}|${fact.from}|${fact.gateway}`
  const redirect = redirects.get(key) ?? { vlan: fact.vlan, from: fact.from, card, gateway: fact.gateway, misled: new Set(), seen: noSightings(fact.at) }
  if (!redirects.has(key) && redirects.size >= KEPT_MAX) return
  redirects.set(key, redirect)
  if (redirect.misled.size < LISTED_MAX) redirect.misled.add(fact.to)
  sight(redirect.seen, fact, null)
}

const NO_ROUTER = 'That it is no router is inferred from its address, which it got by DHCP.'

/** The asset of a card on a segment, else what stands at the address. */
function subjectOf(world: World, vlan: number, card: MacNumber, ip: Ip): Asset | FindingSubject {
  return world.assets.find((a) => a.interfaces.some((i) => i.vlan === vlan && i.mac !== null && parseMac(i.mac) === card)) ?? subjectAt(world, vlan, ip)
}

function advertisedDraft(world: World, router: Router): Draft {
  const { vlan, card, from, seen } = router
  const subject = subjectOf(world, vlan, card, from)
  const servers = [...router.servers]
  return {
    asset: subject, behaviour: 'router advertisement', severity: 'high',
    ward: `${posesFirst(subject)} tells all devices around it to send their data through it.`,
    technical: `IPv6 router advertisements from ${from}, a card that got its own address by DHCP; networks: ${some([...router.prefixes]) || 'none'}${
      servers.length > 0 ? `; name servers: ${some(servers)}` : ''}.`,
    help: 'Take it off the network, or turn off connection sharing on it; on the switches, turn on RA Guard (RFC 6105) for all ports but the router\'s.',
    inferred: [NO_ROUTER],
    ...shown(seen), details: [['says it is the router', from], ['networks', some([...router.prefixes])], ['name servers', some(servers)]],
  }
}

/** Somebody else's card speaks for a router, or the way leads to a device that is none. */
function redirectedDraft(world: World, redirect: Redirect, leased: ReadonlySet<MacNumber>): Draft[] {
  const { vlan, from, card, gateway, seen } = redirect
  const isForged = !world.routers.has(card) && isAnothers(world.bindings, vlan, from, card)
  const leadsTo = world.bindings.claimants(vlan, gateway).find((b) => leased.has(b.mac) && !world.routers.has(b.mac))
  if (!isForged && !leadsTo) return []
  const subject = isForged ? subjectOf(world, vlan, card, from) : subjectOf(world, vlan, leadsTo?.mac ?? card, gateway)
  const misled = [...redirect.misled]
  const isMonitor = misled.some((ip) => world.monitorAt(vlan, ip) !== null)
  return [{
    asset: subject, behaviour: `redirect ${gateway}`, severity: isMonitor ? 'critical' : 'high',
    ward: `${posesFirst(subject)} leads the data of ${misled.length === 1 ? 'another device' : `${misled.length} other devices`} ${
      isForged ? 'astray' : 'through itself'}; it can be read and changed on the way.`,
    technical: `${count(seen.count, 'ICMP redirect')} in the name of ${from} to ${some(misled)}, leading to ${gateway}${
      isForged ? `; the card that sent them does not own ${from}` : ''}${leadsTo ? `; ${gateway} got its address by DHCP` : ''}.`,
    help: 'Find the switch port of that device and unplug it; on routers and devices that allow it, turn redirects off.',
    inferred: [isForged ? 'That they are forged is inferred from the card that sent them.' : NO_ROUTER],
    ...shown(seen), details: [['in the name of', from], ['leads to', gateway], ['misled', some(misled)]],
  }]
}

/** The address is claimed by another card, this one never did, and this one is known by an address of its own. Cards that routers share are left out. */
function isAnothers(bindings: Bindings, vlan: number, ip: Ip, card: MacNumber): boolean {
  const owners = bindings.claimants(vlan, ip).filter(claimedByArp)
  if (owners.length === 0 || owners.some((b) => b.mac === card || isSharedByRouters(b.mac)) || isSharedByRouters(card)) return false
  return bindings.all().some((b) => b.vlan === vlan && b.mac === card && b.ip !== ip && (claimedByArp(b) || b.dhcpLeases > 0))
}

/**
 * First four bytes of cards of VRRP (RFC 5798 section 7.3), HSRP 1, 2 and for IPv6, and GLBP (Cisco): such an address answers with one card,
 * its router sends with another.
 */
const SHARED_CARDS: ReadonlySet<number> = new Set([0x00005e00, 0x00000c07, 0x00000c9f, 0x000573a0, 0x0007b400])

function isSharedByRouters(card: MacNumber): boolean {
  return SHARED_CARDS.has(Math.floor(card / 0x10000))
}
