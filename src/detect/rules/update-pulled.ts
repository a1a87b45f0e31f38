// Rule update-pulled: a monitor took files, or somebody mounted the update path, from a server the policy has not approved; by any carrier.
// Source: CVE-2025-0626, CVE-2025-1204 (facts on the device, section 6): files are copied over system binaries without any check.

import type { Ip } from '../../base/ip.ts'
import type { FileCarrier, FileTransfer } from '../../protocols/file-transfer/facts.ts'
import { isPacked, isRunnable } from '../../protocols/file-transfer/magic.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import type { Severity } from '../finding.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'

/** The export the device's firmware mounts (facts on the device, section 1). */
const UPDATE_PATH = '/pm'

/** The update export, however the client spells it: some write a slash behind. */
export function isUpdatePath(path: string): boolean {
  return path === UPDATE_PATH || path === `${UPDATE_PATH}/`
}

/** What one device took from another, by one carrier. */
interface Pull {
  readonly vlan: number
  readonly over: FileCarrier
  /** Who has the files now, and where they came from: a server may also be given files. */
  readonly client: Ip
  readonly server: Ip
  readonly mounts: Set<string>
  readonly files: FileTransfer[]
  /** The other side put them there; the device did not ask. */
  pushed: number
  readonly seen: Sightings
}

/** Client and server pairs remembered. */
const PULLS_MAX = 4096
/** Files kept per pair: the device's data partition holds 211 (facts, section 5). */
const FILES_MAX = 256
/** Distinct exports kept per pair: a file server of a ward has a handful. */
const MOUNTS_MAX = 64
const FILES_SHOWN = 20

export const updatePulled: Rule = {
  id: 'update-pulled',
  title: 'A monitor took files from an unapproved server',
  attack: [{ id: 'T0857', name: 'System Firmware', matrix: 'ics' }, { id: 'T1105', name: 'Ingress Tool Transfer', matrix: 'enterprise' }],
  open,
}

function open(): Detector {
  const pulls = new Map<string, Pull>()
  return {
    hears: ['rpc', 'file-transfer'],
    fact(fact, flow) {
      if (flow) note(pulls, fact, flow)
    },
    findings: (world) => [...pulls.values()].filter((pull) => concerns(world, pull)).map((pull) => toDraft(world, pull)),
  }
}

function note(pulls: Map<string, Pull>, fact: Fact, flow: Flow): void {
  if (fact.protocol === 'rpc' && fact.kind === 'mount') {
    const pull = pullOf(pulls, fact, flow, 'nfs', fact.client, fact.server)
    if (pull) noteMount(pull, fact.path)
  } else if (fact.protocol === 'file-transfer') {
    const isPush = fact.kind === 'write'
    const [taker, giver] = isPush ? [fact.server, fact.client] : [fact.client, fact.server]
    const pull = pullOf(pulls, fact, flow, fact.over, taker, giver)
    if (pull === null) return
    pull.pushed += isPush ? 1 : 0
    if (pull.files.length < FILES_MAX) pull.files.push(fact)
  }
}

function pullOf(pulls: Map<string, Pull>, fact: Fact, flow: Flow, over: FileCarrier, client: Ip, server: Ip): Pull | null {
  const key = `${flow.vlan}|${over}|${client}|${server}`
  const pull = pulls.get(key) ?? {
    vlan: flow.vlan, over, client, server, mounts: new Set<string>(), files: [], pushed: 0, seen: noSightings(fact.at),
  }
  if (!pulls.has(key) && pulls.size >= PULLS_MAX) return null
  pulls.set(key, pull)
  sight(pull.seen, fact, flow)
  return pull
}

/** The update path is kept whatever was mounted before it. */
function noteMount(pull: Pull, path: string): void {
  if (pull.mounts.size < MOUNTS_MAX || isUpdatePath(path)) pull.mounts.add(path)
}

/** The update path by anyone, or any mount or file a monitor took; never from a server the policy approves. */
function concerns(world: World, pull: Pull): boolean {
  if (world.approvesUpdate(pull.client, pull.server)) return false
  return [...pull.mounts].some(isUpdatePath) || world.isMonitor(world.assetAt(pull.vlan, pull.client))
}

/** A mount alone copied nothing that was seen: saying more would send people to the wrong conclusion. */
function wardSentence(who: string, pull: Pull, programs: number): string {
  if (pull.files.length === 0) return `${who} opened the files of a server nobody approved; no copying was seen, but it may have begun or follow.`
  const files = programs > 0 ? 'new program files' : 'files'
  const what = pull.pushed === pull.files.length ? `was given ${files} by a machine` : `copied ${files} from a server`
  return `${who} ${what} nobody approved; it may not be the device it was.`
}

function toDraft(world: World, pull: Pull): Draft {
  const subject = subjectAt(world, pull.vlan, pull.client)
  const programs = pull.files.filter((f) => isRunnable(f.magic))
  const severity: Severity = programs.length > 0 ? 'critical' : 'high'
  const packed = pull.files.filter((f) => isPacked(f.magic)).length
  const mounts = [...pull.mounts].map((p) => `${pull.server}:${p}`)
  return {
    asset: subject, behaviour: `${pull.over} ${pull.server}`, severity,
    ward: wardSentence(wardNameFirst(subject), pull, programs.length),
    technical:
      `${mounts.length > 0 ? `Mounted ${some(mounts)}` : `Took files from ${pull.server} over ${pull.over.toUpperCase()}`}; ` +
      `${count(pull.files.length, 'file')} ${pull.pushed > 0 ? 'passed' : 'read'}, ${programs.length} of them programs` +
      `${packed > 0 ? `, ${packed} archives` : ''}: ${pull.files.slice(0, FILES_SHOWN).map(fileText).join('; ') || 'none'}.`,
    help:
      'Do not restart the monitor before biomedical engineering has compared the hashes with the maker\'s; ' +
      'take it off the network and use another one.',
    inferred: ['That the device copies what it takes over its own programs is known from advisories, not visible on the wire.'],
    ...shown(pull.seen),
    details: [
      ['server', pull.server], ...(pull.over === 'nfs' ? [['exports', some(mounts)] as const] : [['carrier', pull.over] as const]),
      ...pull.files.slice(0, FILES_SHOWN).map((f): [string, string] => [f.name ?? 'unnamed file', fileText(f)]),
    ],
  }
}

function fileText(f: FileTransfer): string {
  const seen = f.size === null ? `${f.covered} bytes seen` : `${f.covered} of ${f.size} bytes seen`
  return [f.name ?? 'unnamed file', f.magic ?? 'start not seen', seen, f.sha256 ? `SHA-256 ${f.sha256}` : 'no hash'].join(', ')
}
