// Rule name-poisoning: one device answers for names that are not its own, on LLMNR, NetBIOS or mDNS, as tools do that collect passwords.
// Keeps to names that a device cannot have: many at once, one that another device goes by, or wpad. Sources: RFC 4795 section 5, RFC 1001 section 15.

import type { Ip } from '../../base/ip.ts'
import { formatMac } from '../../base/mac.ts'
import type { Asset } from '../../inventory/asset.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type FindingSubject, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { some } from '../words.ts'
import type { World } from '../world.ts'
import { cardAt } from './end-card.ts'

/**
 * Names one device may answer for before it is odd: a host has one by LLMNR (RFC 4795 section 2.3) and the same by NetBIOS; a renamed
 * one two; file servers with aliases a few. Inferred, not of any standard.
 */
export const NAMES_MIN = 4
/** When one of them is certainly not its own. */
const NAMES_MIN_WITH_FOREIGN = 2
/** The name browsers look for to find a proxy. */
const WPAD = 'wpad'
/** NetBIOS names of machines: workstation and file server. Others are of groups, users and domains (MS-BRWS). */
const MACHINE_SUFFIXES: ReadonlySet<number> = new Set([0x00, 0x20])

interface Answerer {
  readonly vlan: number
  readonly device: Ip
  readonly card: string | null
  /** First labels, lower case, and whether the answer went to one who asked (LLMNR, NetBIOS), which makes it count by itself. */
  readonly names: Map<string, boolean>
  readonly asked: Set<Ip>
  readonly ways: Set<string>
  readonly seen: Sightings
}

/** Devices that answer: all of a large segment, of which most have one name. */
const ANSWERERS_MAX = 16_384
const NAMES_MAX = 256
/** Names whose owners are known; and owners of one name: a laptop by cable and by air. */
const OWNED_MAX = 16_384
const OWNERS_MAX = 8
const ASKED_MAX = 64

export const namePoisoning: Rule = {
  id: 'name-poisoning',
  title: 'A device answers for names that are not its own',
  attack: [
    { id: 'T1557.001', name: 'LLMNR/NBT-NS Poisoning and SMB Relay', matrix: 'enterprise' },
    { id: 'T0830', name: 'Adversary-in-the-Middle', matrix: 'ics' },
  ],
  open,
}

interface Memory {
  readonly answerers: Map<string, Answerer>
  /** By segment and name: addresses and cards that go by it, by their own words or DHCP's. */
  readonly owners: Map<string, Set<string>>
}

function open(): Detector {
  const memory: Memory = { answerers: new Map(), owners: new Map() }
  return {
    hears: ['dhcp', 'dns', 'nbns'],
    fact: (fact, flow) => heard(memory, fact, flow),
    findings: (world) => [...memory.answerers.values()].flatMap((a) => draftOf(world, memory, a)),
  }
}

function heard(memory: Memory, fact: Fact, flow: Flow | null): void {
  if (fact.protocol === 'dhcp') {
    if (fact.kind === 'message' && fact.hostName !== null && fact.client !== null) owned(memory, fact.vlan, fact.hostName, fact.client)
  } else if (fact.protocol === 'nbns') {
    if (fact.kind !== 'name' || fact.isGroup || !MACHINE_SUFFIXES.has(fact.suffix) || !flow) return
    // A name server answers for others, and says so.
    if (fact.how !== 'answer') ownedAt(memory, flow, fact.name, fact.owner)
    else if (fact.owner === fact.from) answered(memory, fact, flow, 'NetBIOS', fact.from, [fact.name], true)
  } else if (fact.protocol === 'dns' && fact.kind === 'announcement' && flow) {
    if (fact.how === 'llmnr') answered(memory, fact, flow, 'LLMNR', fact.device, fact.hosts.map((h) => h.name), true)
    else announced(memory, fact, flow)
  }
}

/** mDNS: who says a name of its own address owns it, unless another said so first; programs give one device many names, so none counts by itself. */
function announced(memory: Memory, fact: Extract<Fact, { protocol: 'dns'; kind: 'announcement' }>, flow: Flow): void {
  const own = fact.hosts.filter((h) => h.addresses.includes(fact.device)).map((h) => h.name)
  answered(memory, fact, flow, 'mDNS', fact.device, own, false)
  for (const name of own) {
    if (!memory.owners.has(`${flow.vlan}|${firstLabel(name)}`)) ownedAt(memory, flow, name, fact.device)
  }
}

function cardOf(flow: Flow, ip: Ip): string | null {
  const card = cardAt(flow, ip)
  return card === null ? null : formatMac(card)
}

function firstLabel(name: string): string {
  const dot = name.indexOf('.')
  return (dot < 0 ? name : name.slice(0, dot)).trim().toLowerCase()
}

/** By the address and by its card, which may answer from other addresses too (IPv4 and IPv6). */
function ownedAt(memory: Memory, flow: Flow, name: string, ip: Ip): void {
  owned(memory, flow.vlan, name, ip)
  const card = cardOf(flow, ip)
  if (card !== null) owned(memory, flow.vlan, name, card)
}

function owned({ owners }: Memory, vlan: number, name: string, by: string): void {
  const label = firstLabel(name)
  const key = `${vlan}|${label}`
  const known = owners.get(key)
  if (known) {
    if (known.size < OWNERS_MAX) known.add(by)
  } else if (label !== '' && owners.size < OWNED_MAX) owners.set(key, new Set([by]))
}

function answered(memory: Memory, fact: Fact, flow: Flow, way: string, device: Ip, names: readonly string[], counts: boolean): void {
  if (names.length === 0) return
  const key = `${flow.vlan}|${device}`
  const known: Answerer = memory.answerers.get(key) ?? {
    vlan: flow.vlan, device, card: cardOf(flow, device), names: new Map(), asked: new Set(), ways: new Set(), seen: noSightings(fact.at),
  }
  if (!memory.answerers.has(key) && memory.answerers.size >= ANSWERERS_MAX) return
  memory.answerers.set(key, known)
  known.ways.add(way)
  for (const name of names) {
    const label = firstLabel(name)
    if (known.names.has(label) || known.names.size < NAMES_MAX) known.names.set(label, counts || known.names.get(label) === true)
  }
  if (counts && known.asked.size < ASKED_MAX) known.asked.add(flow.src === device ? flow.dst : flow.src)
  sight(known.seen, fact, flow)
}

/** Names the device surely has not: `wpad`, and those only others go by. */
function foreignNames({ owners }: Memory, { vlan, device, card, names }: Answerer): string[] {
  return [...names.keys()].filter((name) => {
    const known = owners.get(`${vlan}|${name}`)
    return name === WPAD || (known !== undefined && !known.has(device) && (card === null || !known.has(card)))
  })
}

/** Of names told by mDNS only those of others count, and as many: a laptop on cable and air has its two names twice. */
function isOdd({ names }: Answerer, foreign: readonly string[]): boolean {
  const asked = [...names.values()].filter((counts) => counts).length
  const hasForeign = foreign.some((name) => names.get(name) === true)
  return asked >= NAMES_MIN || foreign.length >= NAMES_MIN || (hasForeign && asked >= NAMES_MIN_WITH_FOREIGN)
}

/** The inventory believes what a device calls itself: here that may be the name of its victim. */
function asItself(subject: Asset | FindingSubject, { names, device }: Answerer): Asset | FindingSubject {
  return names.has(firstLabel(subject.label)) ? { id: subject.id, label: device } : subject
}

function draftOf(world: World, memory: Memory, answerer: Answerer): Draft[] {
  const { vlan, device, seen } = answerer
  const foreign = foreignNames(memory, answerer)
  const counting = [...answerer.names].filter(([name, counts]) => counts || foreign.includes(name)).length
  if (!isOdd(answerer, foreign)) return []
  const subject = asItself(subjectAt(world, vlan, device), answerer)
  const asked = [...answerer.asked]
  const ways = [...answerer.ways].sort().join(', ')
  const isMonitor = asked.some((ip) => world.monitorAt(vlan, ip) !== null)
  return [{
    asset: subject, behaviour: 'answers for others', severity: isMonitor ? 'critical' : 'high',
    ward: `${wardNameFirst(subject)} answers when others are called by name; computers that believe it send it their passwords.`,
    technical: `${device} answered for ${counting} names over ${ways}${asked.length > 0 ? `, asked by ${some(asked)}` : ''}${
      foreign.length > 0 ? `; ${foreign.length} of them ${foreign.length === 1 ? 'is' : 'are'} not its own` : ''}.`,
    help: 'Find that device and take it off the network; change the passwords of who asked it. Then turn LLMNR and NetBIOS name resolution off on Windows.',
    inferred: ['That the names are not its own is inferred from their number and from who else goes by them; a server with many aliases looks alike.'],
    ...shown(seen), details: [['names', String(counting)], ['not its own', String(foreign.length)], ['over', ways], ['asked by', some(asked)]],
  }]
}
