// Rule password-guessing: one device is refused again and again when it logs in to others, by FTP, SSH, Telnet, rsh or rexec.
// Keeps to refusals that were seen, at a rate that people do not type at; names and passwords are counted, never told. That nobody was let
// in is never said: of a connection's log-ins FTP tells the first 16 only, SSH and Telnet none.

import type { Ip } from '../../base/ip.ts'
import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { FtpFact } from '../../protocols/ftp/facts.ts'
import { opposite, type Direction, type Flow } from '../../wire/flow.ts'
import { subjectAt, wardName, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { joined, noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'

type Way = 'FTP' | 'SSH' | 'Telnet' | 'rlogin, rsh or rexec'

/**
 * So many refusals within so long, from one device to one other: what Zeek's detector for FTP takes (20 in 15 minutes,
 * policy/protocols/ftp/detect-bruteforcing). A program that tries an old password every minute stays below it.
 */
export const REFUSALS_MIN = 20
export const WITHIN_MICROS = 15 * MICROS_PER_MINUTE

interface Pair {
  readonly vlan: number
  readonly from: Ip
  readonly to: Ip
  readonly way: Way
  readonly seen: Sightings
  /** When the last REFUSALS_MIN refusals were, oldest first. */
  readonly times: Micros[]
  isGuessing: boolean
  /** When a log-in was last taken after so many refusals that it may have been guessed; null: never. */
  takenAt: Micros | null
  /** Such a log-in was taken while passwords were guessed. */
  letIn: boolean
}

interface Sign {
  readonly way: Way
  /** Who logs in. */
  readonly client: Direction
  readonly refusals: number
  readonly accepted: boolean
}

/**
 * Refusals just before a log-in that make it a guess: a person who mistypes stays below, for servers end the connection or lock the
 * account about here (OpenSSH's MaxAuthTries is 6, of which one asks for the methods). Inferred, not of any standard.
 */
export const REFUSALS_BEFORE_MIN = 5

/** Pairs remembered; each keeps 20 times. */
const PAIRS_MAX = 8192
/** FTP connections whose refusals were told one by one; of more, all are counted at their end. */
const TOLD_MAX = 65_536

export const passwordGuessing: Rule = {
  id: 'password-guessing',
  title: 'Passwords are tried one after the other',
  attack: [{ id: 'T1110.001', name: 'Password Guessing', matrix: 'enterprise' }, { id: 'T0859', name: 'Valid Accounts', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const pairs = new Map<string, Pair>()
  const told = new Map<number, number>()
  return {
    hears: ['ftp', 'rsh', 'ssh', 'telnet'],
    fact(fact, flow) {
      const sign = flow && signOf(fact, flow, told)
      if (sign && flow) note(pairs, sign, fact, flow)
    },
    findings: (world) => bySource([...pairs.values()].filter((p) => p.isGuessing)).map((group) => toDraft(world, group)),
  }
}

function signOf(fact: Fact, flow: Flow, told: Map<number, number>): Sign | null {
  switch (fact.protocol) {
    case 'ftp': return ftpSign(fact, flow, told)
    // The first answer is to the question which methods there are (RFC 4252 section 5.2).
    case 'ssh': return fact.kind === 'refused' ? { way: 'SSH', client: opposite(fact.direction), refusals: fact.answers - 1, accepted: false } : null
    // Whoever is asked again was refused; what became of the last is not known.
    case 'telnet': return fact.kind === 'session' ? { way: 'Telnet', client: 0, refusals: fact.logins - 1, accepted: false } : null
    case 'rsh': return fact.kind !== 'answer' ? null
      : { way: 'rlogin, rsh or rexec', client: fact.clientSide, refusals: fact.accepted ? 0 : 1, accepted: fact.accepted }
    default: return null
  }
}

/** The first refusals of a connection are told one by one, which gives their order with log-ins that are taken; its totals count the others. */
function ftpSign(fact: FtpFact, flow: Flow, told: Map<number, number>): Sign | null {
  const sign = { way: 'FTP', client: fact.client === flow.src ? 0 : 1 } as const
  const known = told.get(fact.flowId) ?? 0
  if (fact.kind === 'totals') {
    told.delete(fact.flowId)
    return { ...sign, refusals: fact.failedLogins - known, accepted: false }
  }
  if (fact.kind !== 'login') return null
  if (fact.accepted) return fact.anonymous ? null : { ...sign, refusals: 0, accepted: true }
  if (known === 0 && told.size >= TOLD_MAX) return null
  told.set(fact.flowId, known + 1)
  return { ...sign, refusals: 1, accepted: false }
}

function note(pairs: Map<string, Pair>, { way, client, refusals, accepted }: Sign, fact: Fact, flow: Flow): void {
  const [from, to] = client === 0 ? [flow.src, flow.dst] : [flow.dst, flow.src]
  const key = `${flow.vlan}|${from}|${to}|${way}`
  const known = pairs.get(key)
  if (known && accepted) taken(known, fact.at)
  if (refusals <= 0) return
  if (!known && pairs.size >= PAIRS_MAX) return
  const pair = known ?? { vlan: flow.vlan, from, to, way, seen: noSightings(fact.at), times: [], isGuessing: false, takenAt: null, letIn: false }
  pairs.set(key, pair)
  sight(pair.seen, fact, flow, refusals)
  for (let i = 0; i < Math.min(refusals, REFUSALS_MIN); i++) refused(pair, fact.at)
}

function refused(pair: Pair, at: Micros): void {
  pair.times.push(at)
  if (pair.times.length > REFUSALS_MIN) pair.times.shift()
  const [first = at] = pair.times
  if (pair.times.length < REFUSALS_MIN || at - first > WITHIN_MICROS) return
  pair.isGuessing = true
  pair.letIn ||= pair.takenAt !== null && pair.takenAt >= first
}

/** A log-in counts when guessing went on just before it, whether the guesses were enough by then or only with those that followed. */
function taken(pair: Pair, at: Micros): void {
  if (pair.times.filter((t) => at - t <= WITHIN_MICROS).length < REFUSALS_BEFORE_MIN) return
  pair.takenAt = at
  pair.letIn ||= pair.isGuessing
}

/** One finding per device that guesses, whomever it tries, and way. */
function bySource(pairs: readonly Pair[]): Pair[][] {
  const groups = new Map<string, Pair[]>()
  for (const pair of pairs) {
    const key = `${pair.vlan}|${pair.from}|${pair.way}`
    const group = groups.get(key)
    if (group) group.push(pair)
    else groups.set(key, [pair])
  }
  return [...groups.values()]
}

function toDraft(world: World, group: readonly Pair[]): Draft {
  const [{ vlan, from, way }] = group as [Pair]
  const targets = group.map((p) => p.to)
  const letIn = group.some((p) => p.letIn)
  const isMonitor = targets.some((ip) => world.monitorAt(vlan, ip) !== null)
  const seen = joined(group.map((p) => p.seen))
  const whom = targets.length === 1 ? wardName(subjectAt(world, vlan, targets[0] as Ip)) : `${targets.length} devices`
  return {
    asset: subjectAt(world, vlan, from), behaviour: way, severity: letIn || isMonitor ? 'high' : 'medium',
    ward: `${wardNameFirst(subjectAt(world, vlan, from))} tries one password after the other on ${whom}${letIn ? ', and was let in' : ''}.`,
    technical: `${count(seen.count, 'refused log-in')} over ${way} from ${from} to ${some(targets)}; ${REFUSALS_MIN} to one of them within 15 minutes.`,
    help: letIn
      ? 'Take the device that tries off the network, change the password of the one it got into, and look at what was done there.'
      : 'Find out who uses the device that tries, and why; if nobody does, take it off the network. Then change weak passwords on the other.',
    inferred: [
      'A program that keeps trying an old password many times a minute looks alike.',
      ...(way === 'SSH' ? ['That SSH refused is inferred from the sizes of its encrypted answers.'] : []),
    ],
    ...shown(seen),
    details: [['way', way], ['tried on', some(targets)], ['let in', letIn ? 'yes' : 'not known']],
  }
}
