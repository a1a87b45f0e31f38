// Rule second-dhcp-server: a client's question was answered by two DHCP servers that do not agree, or by a device that is a client itself.
// Keeps to one question with two answers: servers of other segments in one capture, and pairs that share the work, are left alone.
// Sources: RFC 2131 section 7 (unauthorised servers), RFC 8415 section 22, RFC 8987 on pairs.

import { v4Number, ipVersion, type Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import type { DhcpMessage } from '../../protocols/dhcp/facts.ts'
import type { Dhcp6Message } from '../../protocols/dhcp6/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import { subjectAt, wardName, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count } from '../words.ts'
import type { World } from '../world.ts'
import { cardAt } from './end-card.ts'
import { cardsWithLease } from './leased-cards.ts'
import { posesFirst } from './poses.ts'

/** What a server offered to one question. */
interface Offer {
  readonly server: Ip
  readonly address: Ip | null
  readonly router: Ip | null
  readonly mask: Ip | null
}

/** Two servers that answered the same question differently. */
interface Rivals {
  readonly vlan: number
  readonly first: Ip
  readonly second: Ip
  /** `another router: 10.0.0.1 and 10.0.0.66`, of the first time. */
  readonly difference: string
  readonly seen: Sightings
}

interface Giver {
  readonly vlan: number
  readonly server: Ip
  readonly card: MacNumber
  readonly family: 'DHCP' | 'DHCPv6'
  readonly seen: Sightings
}

/** Questions whose first offer is remembered: all clients of a large segment after a power cut. */
const QUESTIONS_MAX = 4096
const KEPT_MAX = 1024

export const secondDhcpServer: Rule = {
  id: 'second-dhcp-server',
  title: 'A second machine hands out addresses',
  attack: [
    { id: 'T1557.003', name: 'DHCP Spoofing', matrix: 'enterprise' }, { id: 'T0830', name: 'Adversary-in-the-Middle', matrix: 'ics' },
  ],
  open,
}

function open(): Detector {
  const offers = new Map<string, Offer>()
  const rivals = new Map<string, Rivals>()
  const givers = new Map<string, Giver>()
  return {
    hears: ['dhcp', 'dhcp6'],
    fact(fact, flow) {
      if (fact.protocol === 'dhcp' && fact.kind === 'message' && (fact.type === 'offer' || fact.type === 'ack') && fact.server) {
        if (fact.type === 'offer') offered(offers, rivals, fact, fact.server)
        if (flow) gave(givers, 'DHCP', fact.server, fact, flow)
      } else if (fact.protocol === 'dhcp6' && fact.kind === 'message' && !fact.relayed && flow && (fact.type === 'advertise' || fact.type === 'reply')) {
        gave(givers, 'DHCPv6', fact.from, fact, flow)
      }
    },
    findings(world) {
      if (rivals.size + givers.size === 0) return []
      const leased = cardsWithLease(world.bindings)
      return [
        ...[...givers.values()].filter((g) => leased.has(g.card) && !world.routers.has(g.card)).map((g) => clientDraft(world, g)),
        ...[...rivals.values()].map((r) => rivalsDraft(world, r)),
      ]
    },
  }
}

/** One question is one client and one transaction (RFC 2131 section 4.1): both servers heard the same broadcast. */
function offered(offers: Map<string, Offer>, rivals: Map<string, Rivals>, fact: DhcpMessage, server: Ip): void {
  const question = `${fact.vlan}|${fact.client}|${fact.transactionId}`
  const offer: Offer = { server, address: fact.address, router: fact.router, mask: fact.subnetMask }
  const first = offers.get(question)
  if (!first) {
    for (const oldest of offers.keys()) {
      if (offers.size < QUESTIONS_MAX) break
      offers.delete(oldest)
    }
    offers.set(question, offer)
    return
  }
  const difference = first.server === server ? null : differenceOf(first, offer)
  if (difference === null) return
  const key = `${fact.vlan}|${[first.server, server].sort().join('|')}`
  const known = rivals.get(key) ?? { vlan: fact.vlan, first: first.server, second: server, difference, seen: noSightings(fact.at) }
  if (!rivals.has(key) && rivals.size >= KEPT_MAX) return
  rivals.set(key, known)
  sight(known.seen, fact, null)
}

/** Null when a client fares alike with both, as with two servers that share the work. An offer without a router leads nobody astray. */
function differenceOf(a: Offer, b: Offer): string | null {
  if (a.router !== null && b.router !== null && a.router !== b.router) return `another router: ${a.router} and ${b.router}`
  if (a.address === null || b.address === null || a.mask === null || b.mask === null || !isV4(a.address, b.address, a.mask)) return null
  const mask = v4Number(a.mask)
  return (v4Number(a.address) & mask) === (v4Number(b.address) & mask) ? null : `addresses of another network: ${a.address} and ${b.address}`
}

function isV4(...ips: readonly Ip[]): boolean {
  return ips.every((ip) => ipVersion(ip) === 4)
}

function gave(givers: Map<string, Giver>, family: Giver['family'], server: Ip, fact: DhcpMessage | Dhcp6Message, flow: Flow): void {
  // The card is the server's own only when its packet is, and not a relay's.
  const card = cardAt(flow, server)
  if (card === null) return
  const key = `${fact.vlan}|${card}|${family}`
  const giver = givers.get(key) ?? { vlan: fact.vlan, server, card, family, seen: noSightings(fact.at) }
  if (!givers.has(key) && givers.size >= KEPT_MAX) return
  givers.set(key, giver)
  sight(giver.seen, fact, flow)
}

function clientDraft(world: World, { vlan, server, family, seen }: Giver): Draft {
  const subject = subjectAt(world, vlan, server)
  return {
    asset: subject, behaviour: `gives ${family}`, severity: 'high',
    ward: `${posesFirst(subject)} hands out network settings to the devices around it, and is an ordinary device itself.`,
    technical: `${count(seen.count, `${family} answer`)} from ${server}, whose card got its own address by DHCP.`,
    help: 'Take it off the network, or turn off connection sharing on it; on the switches, turn on DHCP snooping (for IPv6: DHCPv6 guard, RFC 7610).',
    inferred: ['That it should not hand out settings is inferred from its own address, which it got by DHCP.'],
    ...shown(seen), details: [['answers from', server], ['family', family]],
  }
}

/** The finding is about the one that answered second; which is the hospital's own, a person knows. */
function rivalsDraft(world: World, { vlan, first, second, difference, seen }: Rivals): Draft {
  const subject = subjectAt(world, vlan, second)
  return {
    asset: subject, behaviour: `rivals ${first}`, severity: 'high',
    ward: `Two machines hand out addresses here and disagree: ${wardName(subject)} and ${wardName(subjectAt(world, vlan, first))
    }; devices that heed the wrong one lose their central station or are listened to.`,
    technical: `DHCP servers ${first} and ${second} answered the same question ${count(seen.count, 'time')} with ${difference}.`,
    help: 'Find out which of the two the hospital runs and unplug the other: often a home router that somebody plugged in; then turn on DHCP snooping.',
    inferred: ['Which of the two should not be there is not known.'],
    ...shown(seen), details: [['servers', `${first}, ${second}`], ['difference', difference]],
  }
}
