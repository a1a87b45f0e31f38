// Rule update-pulled: a monitor mounted an export, or somebody mounted the update path, on a server the policy has not approved.
// Source: CVE-2025-0626, CVE-2025-1204 (facts on the device, section 6): files are copied over system binaries without any check.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { RpcFileRead } from '../../protocols/rpc/facts.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import type { Severity } from '../finding.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { markOf, type FlowMark } from '../flow-mark.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'

/** The export the device's firmware mounts (facts on the device, section 1). */
const UPDATE_PATH = '/pm'

/** The update export, however the client spells it: some write a slash behind. */
export function isUpdatePath(path: string): boolean {
  return path === UPDATE_PATH || path === `${UPDATE_PATH}/`
}

/** What one client did on one server's exports. */
interface Pull {
  readonly vlan: number
  readonly client: Ip
  readonly server: Ip
  readonly firstAt: Micros
  lastAt: Micros
  count: number
  readonly mounts: Set<string>
  readonly files: RpcFileRead[]
  readonly frames: number[]
  readonly flows: Map<number, FlowMark>
}

/** Client and server pairs remembered. */
const PULLS_MAX = 4096
/** Files kept per pair: the device's data partition holds 211 (facts, section 5). */
const FILES_MAX = 256
/** Distinct exports kept per pair: a file server of a ward has a handful. */
const MOUNTS_MAX = 64
const FRAMES_MAX = 20
const FLOWS_MAX = 10
const FILES_SHOWN = 20
/** Magics of things a device would run. */
const PROGRAM_MAGICS = new Set(['elf', 'script', 'pe', 'cramfs', 'squashfs'])

export const updatePulled: Rule = {
  id: 'update-pulled',
  title: 'A monitor pulled files over NFS from an unapproved server',
  attack: [{ id: 'T0857', name: 'System Firmware', matrix: 'ics' }, { id: 'T1105', name: 'Ingress Tool Transfer', matrix: 'enterprise' }],
  open,
}

function open(): Detector {
  const pulls = new Map<string, Pull>()
  return {
    hears: ['rpc'],
    fact(fact, flow) {
      if (fact.protocol === 'rpc' && flow) note(pulls, fact, flow)
    },
    findings: (world) => [...pulls.values()].filter((pull) => concerns(world, pull)).map((pull) => toDraft(world, pull)),
  }
}

function note(pulls: Map<string, Pull>, fact: Extract<Fact, { protocol: 'rpc' }>, flow: Flow): void {
  if (fact.kind !== 'mount' && fact.kind !== 'file-read') return
  const key = `${flow.vlan}|${fact.client}|${fact.server}`
  const pull = pulls.get(key) ?? {
    vlan: flow.vlan, client: fact.client, server: fact.server, firstAt: fact.at, lastAt: fact.at, count: 0,
    mounts: new Set<string>(), files: [], frames: [], flows: new Map<number, FlowMark>(),
  }
  if (!pulls.has(key) && pulls.size >= PULLS_MAX) return
  pulls.set(key, pull)
  pull.lastAt = Math.max(pull.lastAt, fact.at)
  pull.count++
  if (fact.kind === 'mount') noteMount(pull, fact.path)
  else if (pull.files.length < FILES_MAX) pull.files.push(fact)
  if (pull.frames.length < FRAMES_MAX) pull.frames.push(fact.frame)
  if (pull.flows.size < FLOWS_MAX && !pull.flows.has(flow.id)) pull.flows.set(flow.id, markOf(flow))
}

/** The update path is kept whatever was mounted before it. */
function noteMount(pull: Pull, path: string): void {
  if (pull.mounts.size < MOUNTS_MAX || isUpdatePath(path)) pull.mounts.add(path)
}

/** The update path by anyone, or any mount or read by a monitor; never from a server the policy approves. */
function concerns(world: World, pull: Pull): boolean {
  if (world.approvesUpdate(pull.client, pull.server)) return false
  return [...pull.mounts].some(isUpdatePath) || world.isMonitor(world.assetAt(pull.vlan, pull.client))
}

/** A mount alone copied nothing that was seen: saying more would send people to the wrong conclusion. */
function wardSentence(who: string, pull: Pull, programs: number): string {
  if (pull.files.length === 0) return `${who} opened the files of a server nobody approved; no copying was seen, but it may have begun or follow.`
  return `${who} copied ${programs > 0 ? 'new program files' : 'files'} from a server nobody approved; it may not be the device it was.`
}

function toDraft(world: World, pull: Pull): Draft {
  const subject = subjectAt(world, pull.vlan, pull.client)
  const programs = pull.files.filter((f) => f.magic !== null && PROGRAM_MAGICS.has(f.magic))
  const severity: Severity = programs.length > 0 ? 'critical' : 'high'
  const mounts = [...pull.mounts].map((p) => `${pull.server}:${p}`)
  return {
    asset: subject, behaviour: `nfs ${pull.server}`, severity,
    ward: wardSentence(wardNameFirst(subject), pull, programs.length),
    technical:
      `${mounts.length > 0 ? `Mounted ${some(mounts)}` : `Read files from ${pull.server}`}; ${count(pull.files.length, 'file')} read, ` +
      `${programs.length} of them programs: ${pull.files.slice(0, FILES_SHOWN).map(fileText).join('; ') || 'none'}.`,
    help:
      'Do not restart the monitor before biomedical engineering has compared the hashes with the maker\'s; ' +
      'take it off the network and use another one.',
    inferred: ['That the device copies what it reads over its own programs is known from advisories, not visible on the wire.'],
    firstAt: pull.firstAt, lastAt: pull.lastAt, count: pull.count, frames: pull.frames, flows: [...pull.flows.values()],
    details: [
      ['server', pull.server], ['exports', some(mounts)],
      ...pull.files.slice(0, FILES_SHOWN).map((f): [string, string] => [f.name ?? 'unnamed file', fileText(f)]),
    ],
  }
}

function fileText(f: RpcFileRead): string {
  const seen = f.size === null ? `${f.covered} bytes seen` : `${f.covered} of ${f.size} bytes seen`
  return [f.name ?? 'unnamed file', f.magic ?? 'start not seen', seen, f.sha256 ? `SHA-256 ${f.sha256}` : 'no hash'].join(', ')
}
