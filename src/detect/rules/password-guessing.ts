// Rule password-guessing: one device is refused again and again when it logs in to others, by FTP, SSH, Telnet, rsh or rexec.
// Keeps to refusals that were seen, at a rate that people do not type at; names and passwords are counted, never told.

import type { Ip } from '../../base/ip.ts'
import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import type { Fact } from '../../protocols/facts.ts'
import { opposite, type Direction, type Flow } from '../../wire/flow.ts'
import { subjectAt, wardName, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
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
  /** When the last REFUSALS_MIN refusals were, as a ring. */
  readonly times: Micros[]
  isGuessing: boolean
  /** A log-in was taken after a refusal. */
  letIn: boolean
}

interface Sign {
  readonly way: Way
  /** Who logs in. */
  readonly client: Direction
  readonly refusals: number
  readonly accepted: boolean
}

/** Pairs remembered; each keeps 20 times. */
const PAIRS_MAX = 8192

export const passwordGuessing: Rule = {
  id: 'password-guessing',
  title: 'Passwords are tried one after the other',
  attack: [{ id: 'T1110.001', name: 'Password Guessing', matrix: 'enterprise' }, { id: 'T0859', name: 'Valid Accounts', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const pairs = new Map<string, Pair>()
  return {
    hears: ['ftp', 'rsh', 'ssh', 'telnet'],
    fact(fact, flow) {
      const sign = flow && signOf(fact, flow)
      if (sign && flow) note(pairs, sign, fact, flow)
    },
    findings: (world) => bySource([...pairs.values()].filter((p) => p.isGuessing)).map((group) => toDraft(world, group)),
  }
}

function signOf(fact: Fact, flow: Flow): Sign | null {
  switch (fact.protocol) {
    case 'ftp': {
      const client = fact.client === flow.src ? 0 : 1
      if (fact.kind === 'totals') return { way: 'FTP', client, refusals: fact.failedLogins, accepted: false }
      return fact.kind === 'login' && fact.accepted && !fact.anonymous ? { way: 'FTP', client, refusals: 0, accepted: true } : null
    }
    // The first answer is to the question which methods there are (RFC 4252 section 5.2).
    case 'ssh': return fact.kind === 'refused' ? { way: 'SSH', client: opposite(fact.direction), refusals: fact.answers - 1, accepted: false } : null
    // Whoever is asked again was refused; what became of the last is not known.
    case 'telnet': return fact.kind === 'session' ? { way: 'Telnet', client: 0, refusals: fact.logins - 1, accepted: false } : null
    case 'rsh': return fact.kind !== 'answer' ? null
      : { way: 'rlogin, rsh or rexec', client: fact.clientSide, refusals: fact.accepted ? 0 : 1, accepted: fact.accepted }
    default: return null
  }
}

function note(pairs: Map<string, Pair>, { way, client, refusals, accepted }: Sign, fact: Fact, flow: Flow): void {
  const [from, to] = client === 0 ? [flow.src, flow.dst] : [flow.dst, flow.src]
  const key = `${flow.vlan}|${from}|${to}|${way}`
  const known = pairs.get(key)
  if (known && accepted) known.letIn = true
  if (refusals <= 0) return
  if (!known && pairs.size >= PAIRS_MAX) return
  const pair = known ?? { vlan: flow.vlan, from, to, way, seen: noSightings(fact.at), times: [], isGuessing: false, letIn: false }
  pairs.set(key, pair)
  sight(pair.seen, fact, flow, refusals)
  for (let i = 0; i < Math.min(refusals, REFUSALS_MIN); i++) {
    pair.times.push(fact.at)
    if (pair.times.length > REFUSALS_MIN) pair.times.shift()
  }
  pair.isGuessing ||= pair.times.length === REFUSALS_MIN && fact.at - (pair.times[0] ?? 0) <= WITHIN_MICROS
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

function joined(group: readonly Pair[]): Sightings {
  const all = noSightings(Math.min(...group.map((p) => p.seen.firstAt)))
  for (const { seen } of group) {
    all.lastAt = Math.max(all.lastAt, seen.lastAt)
    all.count += seen.count
    all.frames.push(...seen.frames)
    for (const [id, flow] of seen.flows) all.flows.set(id, flow)
  }
  return all
}

function toDraft(world: World, group: readonly Pair[]): Draft {
  const [{ vlan, from, way }] = group as [Pair]
  const targets = group.map((p) => p.to)
  const letIn = group.some((p) => p.letIn)
  const isMonitor = targets.some((ip) => world.monitorAt(vlan, ip) !== null)
  const seen = joined(group)
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
    details: [['way', way], ['tried on', some(targets)], ['let in', letIn ? 'yes' : way === 'FTP' ? 'no' : 'not known']],
  }
}
