// Rule password-in-clear: somebody was let in over FTP, or over HTTP with Basic, and whoever listens can read name and password.
// Keeps the rule that a password is said to have been in clear, its text never. Telnet and the like: unencrypted-administration.
// Sources: RFC 2577 section 3 (FTP sends passwords as they are), RFC 7617 section 4 (Basic is no encryption).

import type { Ip } from '../../base/ip.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { FtpFact } from '../../protocols/ftp/facts.ts'
import type { HttpFact } from '../../protocols/http/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import type { Severity } from '../finding.ts'
import { subjectAt, wardName, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
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
/** HTTP flows whose answers are awaited. */
const WAITING_MAX = 65_536

export const passwordInClear: Rule = {
  id: 'password-in-clear',
  title: 'A password crosses the network unencrypted',
  attack: [{ id: 'T1040', name: 'Network Sniffing', matrix: 'enterprise' }, { id: 'T0842', name: 'Network Sniffing', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const kept = new Map<string, Password>()
  /** HTTP flows that brought credentials and have not ended: what became of them is known at the end. */
  const waiting = new Map<number, Password>()
  return {
    hears: ['ftp', 'http'],
    fact(fact, flow) {
      if (fact.protocol === 'ftp' && flow && wasLetIn(fact)) note(kept, 'FTP', fact, flow, 1)
      else if (fact.protocol === 'http') heardHttp(kept, waiting, fact, flow)
    },
    findings: (world) => [...kept.values()].filter(({ seen }) => seen.count > 0).map((p) => toDraft(world, p)),
  }
}

/** A guess that was refused is no password, and `anonymous` no secret. */
function wasLetIn(fact: FtpFact): boolean {
  return fact.kind === 'login' && fact.accepted && fact.passwordSeen && !fact.anonymous
}

/** Counted when sent; taken back when everything asked was refused. */
function heardHttp(kept: Map<string, Password>, waiting: Map<number, Password>, fact: HttpFact, flow: Flow | null): void {
  if (fact.kind === 'credentials' && flow) {
    const known = note(kept, 'HTTP', fact, flow, 1)
    if (known && waiting.size < WAITING_MAX) waiting.set(fact.flowId, known)
  } else if (fact.kind === 'totals') {
    const known = waiting.get(fact.flowId)
    waiting.delete(fact.flowId)
    if (known && fact.responses > 0 && fact.refused === fact.responses) known.seen.count--
  }
}

function note(kept: Map<string, Password>, way: Way, fact: Fact & { readonly server: Ip }, flow: Flow, times: number): Password | null {
  const key = `${flow.vlan}|${fact.server}|${way}`
  const known = kept.get(key) ?? { vlan: flow.vlan, device: fact.server, way, clients: new Map(), seen: noSightings(fact.at) }
  if (!kept.has(key) && kept.size >= KEPT_MAX) return null
  kept.set(key, known)
  noteClient(known, flow, fact.server === flow.src ? 0 : 1)
  sight(known.seen, fact, flow, times)
  return known
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
