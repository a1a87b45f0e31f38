// Rule unencrypted-administration: a device is administered in clear: Telnet, rlogin, rsh, rexec, or SNMP with the community it came with.
// Keeps the patient-data rule for people who work here too: that a name, a password or a community was in clear is said, its text never.

import type { Fact } from '../../protocols/facts.ts'
import type { RshFact } from '../../protocols/rsh/facts.ts'
import type { SnmpFact } from '../../protocols/snmp/facts.ts'
import type { TelnetFact } from '../../protocols/telnet/facts.ts'
import { opposite, type Direction, type Flow } from '../../wire/flow.ts'
import type { Severity } from '../finding.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { subjectAt, wardName, type Detector, type Draft, type Rule } from '../rule.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import { crossesBorder, noteClient, type LoggedInto } from './logged-into.ts'

type Way = 'Telnet' | 'rlogin, rsh or rexec' | 'SNMP'

/** What was seen of one device in one way. */
interface Administration extends LoggedInto {
  readonly way: Way
  /** `a password`, `user names`, `the community "public"`, ... in order of appearance. */
  readonly inClear: Set<string>
  /** Something is changed this way, or everything can be: a log-in, a command, an SNMP set. */
  isGrave: boolean
  /** The device answered: an attempt alone is somebody looking around. */
  isAnswered: boolean
  readonly seen: Sightings
}

/** One observation out of a fact. */
interface Sign {
  readonly way: Way
  /** The end that is administered. */
  readonly device: Direction
  readonly inClear: readonly string[]
  readonly isGrave: boolean
  readonly isAnswered: boolean
  /** The first sign of its connection. */
  readonly isFirst: boolean
}

/** Devices and ways remembered: every asset of a large hospital. */
const KEPT_MAX = 16_384

export const unencryptedAdministration: Rule = {
  id: 'unencrypted-administration',
  title: 'A device is administered without encryption',
  attack: [{ id: 'T1040', name: 'Network Sniffing', matrix: 'enterprise' }, { id: 'T0859', name: 'Valid Accounts', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const kept = new Map<string, Administration>()
  return {
    hears: ['rsh', 'snmp', 'telnet'],
    fact(fact, flow) {
      const sign = signOf(fact)
      if (sign && flow) note(kept, sign, fact, flow)
    },
    findings: (world) => [...kept.values()].filter((a) => a.isAnswered && a.inClear.size > 0).map((a) => toDraft(world, a)),
  }
}

function signOf(fact: Fact): Sign | null {
  switch (fact.protocol) {
    case 'telnet': return telnetSign(fact)
    case 'rsh': return rshSign(fact)
    case 'snmp': return snmpSign(fact)
    default: return null
  }
}

function telnetSign(fact: TelnetFact): Sign | null {
  // Options are negotiated only once a connection stands: both ends speak Telnet.
  if (fact.kind === 'start') return { way: 'Telnet', device: 1, inClear: ['the session'], isGrave: false, isAnswered: true, isFirst: true }
  if (fact.kind !== 'login') return null
  const inClear = fact.userName ? ['a user name', 'a password'] : ['a password']
  return { way: 'Telnet', device: opposite(fact.clientSide), inClear, isGrave: true, isAnswered: true, isFirst: false }
}

function rshSign(fact: RshFact): Sign | null {
  const sign = { way: 'rlogin, rsh or rexec', device: opposite(fact.clientSide), isGrave: true } as const
  if (fact.kind === 'answer') return { ...sign, inClear: [], isAnswered: true, isFirst: false }
  const names = fact.userNames === 2 ? 'user names' : 'a user name'
  return { ...sign, inClear: [names, ...(fact.password ? ['a password'] : []), ...(fact.command ? ['a command'] : [])], isAnswered: false, isFirst: true }
}

/** Communities that devices come with, and any that changes something. One of a hospital's own that only reads is in clear as well, but tells little. */
function snmpSign(fact: SnmpFact): Sign | null {
  if (fact.kind !== 'access' || fact.operation === 'notify') return null
  const isAnswer = fact.operation === 'answer'
  const isGrave = fact.operation === 'write'
  const isOwn = fact.community === 'other'
  if (isOwn && !isAnswer && !isGrave) return null
  const community = isOwn ? 'a community that changes settings' : `the community "${fact.community}" it came with`
  return {
    way: 'SNMP', device: isAnswer ? fact.direction : opposite(fact.direction), inClear: isOwn && isAnswer ? [] : [community],
    isGrave, isAnswered: isAnswer, isFirst: isAnswer,
  }
}

function note(kept: Map<string, Administration>, sign: Sign, fact: Fact, flow: Flow): void {
  const device = sign.device === 0 ? flow.src : flow.dst
  const key = `${flow.vlan}|${device}|${sign.way}`
  const known: Administration = kept.get(key) ?? {
    vlan: flow.vlan, device, way: sign.way, clients: new Map(), inClear: new Set<string>(), isGrave: false, isAnswered: false, seen: noSightings(fact.at),
  }
  if (!kept.has(key) && kept.size >= KEPT_MAX) return
  kept.set(key, known)
  known.isGrave ||= sign.isGrave
  known.isAnswered ||= sign.isAnswered
  for (const what of sign.inClear) known.inClear.add(what)
  noteClient(known, flow, sign.device)
  sight(known.seen, fact, flow, sign.isFirst ? 1 : 0)
}

/** A monitor, or a way that leaves the hospital, one step graver. */
function severityOf(isGrave: boolean, isWorse: boolean): Severity {
  if (isGrave) return isWorse ? 'high' : 'medium'
  return isWorse ? 'medium' : 'low'
}

const HELP: Readonly<Record<Way, string>> = {
  Telnet: 'Administer it over SSH or its own console; where it knows only Telnet, allow that from one named computer and change the password.',
  'rlogin, rsh or rexec': 'Turn the r-commands off or allow them from one named computer only; they trust an address and a name.',
  SNMP: 'Set a community of the hospital\'s own or SNMP 3, turn writing off, and allow SNMP from the management station only.',
}

function danger({ isGrave, way }: Administration): string {
  if (isGrave) return 'listens can take over'
  return way === 'SNMP' ? 'is on the network can read the settings of' : 'listens can read along at'
}

function toDraft(world: World, a: Administration): Draft {
  const subject = subjectAt(world, a.vlan, a.device)
  const clients = [...a.clients.keys()]
  const leaving = crossesBorder(world, a)
  const isMonitor = world.monitorAt(a.vlan, a.device) !== null
  const inClear = [...a.inClear].join(', ')
  return {
    asset: subject, behaviour: a.way, severity: severityOf(a.isGrave, leaving || isMonitor),
    ward: `Whoever ${danger(a)} ${wardName(subject)}: it is administered without encryption${leaving ? ', across the hospital\'s border' : ''}.`,
    technical: `${a.way} in clear to ${a.device} from ${some(clients)} on ${count(a.seen.count, 'connection')}; in clear: ${inClear}.`,
    help: HELP[a.way], inferred: [], ...shown(a.seen),
    details: [['way', a.way], ['in clear', inClear], ['from', some(clients)], ['leaves the hospital', leaving ? 'yes' : 'no']],
  }
}
