// Rule password-in-clear: somebody was let in over FTP, or over HTTP with Basic, and whoever listens can read name and password.
// Keeps the rule that a password is said to have been in clear, its text never. Telnet and the like: unencrypted-administration.
// Sources: RFC 2577 section 3 (FTP sends passwords as they are), RFC 7617 section 4 (Basic is no encryption).

import type { Ip } from '../../base/ip.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { FtpFact } from '../../protocols/ftp/facts.ts'
import type { HttpCredentials, HttpFact } from '../../protocols/http/facts.ts'
import { copyFlow } from '../../wire/flow-record.ts'
import type { Flow } from '../../wire/flow.ts'
import type { Severity } from '../finding.ts'
import { subjectAt, wardName, type Detector, type Draft, type Rule } from '../rule.ts'
import { joined, noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import { crossesBorder, noteClient, type LoggedInto } from './logged-into.ts'

type Way = 'FTP' | 'HTTP'

interface Password extends LoggedInto {
  readonly way: Way
  readonly seen: Sightings
}

/** Devices and ways remembered: every asset of a large hospital. */
const KEPT_MAX = 16_384
/** HTTP flows whose answers are awaited: as many as a large hospital has open with a password at once. Of more the log-in counts when sent. */
export const WAITING_MAX = 8192

export const passwordInClear: Rule = {
  id: 'password-in-clear',
  title: 'A password crosses the network unencrypted',
  attack: [{ id: 'T1040', name: 'Network Sniffing', matrix: 'enterprise' }, { id: 'T0842', name: 'Network Sniffing', matrix: 'ics' }],
  open,
}

/** A log-in that was sent; the flow as it was then. */
interface Sent {
  readonly fact: HttpCredentials
  readonly flow: Flow
}

function open(): Detector {
  const kept = new Map<string, Password>()
  const waiting = new Map<number, Sent>()
  return {
    hears: ['ftp', 'http'],
    fact(fact, flow) {
      if (fact.protocol === 'ftp' && flow && wasLetIn(fact)) note(kept, 'FTP', fact, flow)
      else if (fact.protocol === 'http') heardHttp(kept, waiting, fact, flow)
    },
    findings: (world) => [...withWaiting(kept, waiting).values()].map((p) => toDraft(world, p)),
  }
}

/** A guess that was refused is no password, and `anonymous` no secret. */
function wasLetIn(fact: FtpFact): boolean {
  return fact.kind === 'login' && fact.accepted && fact.passwordSeen && !fact.anonymous
}

/** Noted when the connection is over and not everything asked on it was refused; until then it waits. */
function heardHttp(kept: Map<string, Password>, waiting: Map<number, Sent>, fact: HttpFact, flow: Flow | null): void {
  if (fact.kind === 'credentials' && flow) {
    if (waiting.size < WAITING_MAX) waiting.set(fact.flowId, { fact, flow: copyFlow(flow) })
    else note(kept, 'HTTP', fact, flow)
  } else if (fact.kind === 'totals') {
    const sent = waiting.get(fact.flowId)
    waiting.delete(fact.flowId)
    if (sent && !(fact.responses > 0 && fact.refused === fact.responses)) note(kept, 'HTTP', sent.fact, sent.flow)
  }
}

/**
 * With those still open, as far as they are known: a camera is watched over one connection for days, and a request whose head was cut
 * has no totals. Nothing of it stays when all turns out to be refused.
 */
function withWaiting(kept: ReadonlyMap<string, Password>, waiting: ReadonlyMap<number, Sent>): ReadonlyMap<string, Password> {
  if (waiting.size === 0) return kept
  const now = new Map([...kept].map(([key, p]) => [key, { ...p, clients: new Map(p.clients), seen: joined([p.seen]) }]))
  for (const { fact, flow } of waiting.values()) note(now, 'HTTP', fact, flow)
  return now
}

function note(kept: Map<string, Password>, way: Way, fact: Fact & { readonly server: Ip }, flow: Flow): void {
  const key = `${flow.vlan}|${fact.server}|${way}`
  const known = kept.get(key) ?? { vlan: flow.vlan, device: fact.server, way, clients: new Map(), seen: noSightings(fact.at) }
  if (!kept.has(key) && kept.size >= KEPT_MAX) return
  kept.set(key, known)
  noteClient(known, flow, fact.server === flow.src ? 0 : 1)
  sight(known.seen, fact, flow)
}

const STEPS: readonly Severity[] = ['low', 'medium', 'high']

/** Inside somebody must listen there: low. One step for a monitor at either end, one for the border, one for a device reached from beyond it. */
function severityOf(world: World, p: Password, leaving: boolean): Severity {
  const ends = [p.device, ...p.clients.keys()]
  const isMonitor = ends.some((ip) => world.monitorAt(p.vlan, ip) !== null)
  const step = (isMonitor ? 1 : 0) + (leaving ? 1 : 0) + (leaving && world.isInside(p.device) ? 1 : 0)
  return STEPS[Math.min(step, STEPS.length - 1)] ?? 'high'
}

const HELP: Readonly<Record<Way, string>> = {
  FTP: 'Use SFTP, or FTP with TLS; where the device knows neither, give it a password used nowhere else and allow FTP from one named computer.',
  HTTP: 'Turn HTTPS on in the device\'s settings; until then give it a password used nowhere else, and treat the present one as known.',
}

function toDraft(world: World, p: Password): Draft {
  const leaving = crossesBorder(world, p)
  const clients = some([...p.clients.keys()])
  const way = p.way === 'HTTP' ? 'HTTP (Basic)' : 'FTP'
  return {
    asset: subjectAt(world, p.vlan, p.device), behaviour: p.way, severity: severityOf(world, p, leaving),
    ward: `The password for ${wardName(subjectAt(world, p.vlan, p.device))} can be read by whoever listens on the network${
      leaving ? ', and on the way out of the hospital' : ''}.`,
    technical: `${count(p.seen.count, 'log-in')} with a user name and a password in clear over ${way} to ${p.device} from ${clients}.`,
    help: HELP[p.way], inferred: [], ...shown(p.seen),
    details: [['way', way], ['in clear', 'a user name, a password'], ['from', clients], ['leaves the hospital', leaving ? 'yes' : 'no']],
  }
}
