// Rule update-attempted: a device asked for the NFS update and nobody answered: connection tries to the portmapper, then MNT calls into the void.
// Source: facts on the device, section 6 (order inferred from BusyBox 1.12; the fallback to UDP 635 is its code).

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { RpcTotals } from '../../protocols/rpc/facts.ts'
import { IpProto } from '../../wire/frame.ts'
import { subjectAt, wardName, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, sight, type Sightings } from '../sightings.ts'
import type { Talk } from '../talks.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import { sumTalks } from './talk-group.ts'
import { isUpdatePath } from './update-pulled.ts'

/** Portmapper, the old mountd port BusyBox falls back to, NFS. */
const UPDATE_PORTS = new Set([111, 635, 2049])

/** MNT calls of one client to one server, and how many were accepted. */
interface Asking {
  readonly vlan: number
  readonly client: Ip
  readonly server: Ip
  accepted: number
  readonly paths: Set<string>
  /** Its count is of the calls. */
  readonly seen: Sightings
}

/** Client and server pairs remembered. */
const ASKING_MAX = 4096
const MOUNT_CALL = 'MOUNT.MNT'
/** Distinct paths remembered per pair: the device knows one, a person trying by hand some more. */
const PATHS_MAX = 64

export const updateAttempted: Rule = {
  id: 'update-attempted',
  title: 'A device asked for an NFS update and nobody answered',
  attack: [{ id: 'T0857', name: 'System Firmware', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const askings = new Map<string, Asking>()
  return {
    hears: ['rpc'],
    fact(fact, flow) {
      if (fact.protocol !== 'rpc' || !flow) return
      if (fact.kind === 'totals') return more(askings, fact, flow.vlan)
      const isCall = fact.kind === 'call' && fact.procedureName === MOUNT_CALL
      if (!isCall && fact.kind !== 'mount') return
      const asking = askingOf(askings, flow.vlan, fact.client, fact.server, fact.at)
      if (!asking) return
      if (fact.path && asking.paths.size < PATHS_MAX) asking.paths.add(fact.path)
      if (fact.kind === 'mount') asking.accepted++
      sight(asking.seen, fact, flow, isCall ? 1 : 0)
    },
    findings: (world) => findings(world, askings),
  }
}

/** Calls that were counted and not told one by one. */
function more(askings: Map<string, Asking>, { procedureName, client, server, at, calls, callsTold }: RpcTotals, vlan: number): void {
  const asking = procedureName === MOUNT_CALL ? askingOf(askings, vlan, client, server, at) : null
  if (!asking) return
  asking.seen.lastAt = Math.max(asking.seen.lastAt, at)
  asking.seen.count += calls - callsTold
}

function askingOf(askings: Map<string, Asking>, vlan: number, client: Ip, server: Ip, at: Micros): Asking | null {
  const key = `${vlan}|${client}|${server}`
  const known = askings.get(key)
  if (known) return known
  if (askings.size >= ASKING_MAX) return null
  const asking: Asking = { vlan, client, server, accepted: 0, paths: new Set(), seen: noSightings(at) }
  askings.set(key, asking)
  return asking
}

function findings(world: World, askings: ReadonlyMap<string, Asking>): Draft[] {
  const tries = new Map<string, Talk[]>()
  for (const talk of world.talks) {
    if (talk.answered + talk.oneSided > 0 || talk.proto !== IpProto.tcp || !UPDATE_PORTS.has(talk.port)) continue
    const key = `${talk.vlan}|${talk.src}|${talk.dst}`
    const known = tries.get(key)
    if (known) known.push(talk)
    else tries.set(key, [talk])
  }
  const keys = new Set([...tries.keys(), ...askings.keys()])
  return [...keys].flatMap((key) => draftsOf(world, tries.get(key) ?? [], askings.get(key) ?? null))
}

/** One pair: a finding when a monitor tried, or when the update path was asked for, and no mount was accepted. */
function draftsOf(world: World, talks: readonly Talk[], asking: Asking | null): Draft[] {
  const first = talks[0]
  const vlan = asking?.vlan ?? first?.vlan ?? 0
  const client = asking?.client ?? first?.src
  const server = asking?.server ?? first?.dst
  if (!client || !server || (asking && asking.accepted > 0)) return []
  const byMonitor = world.isMonitor(world.assetAt(vlan, client))
  const namesUpdate = asking !== null && [...asking.paths].some(isUpdatePath)
  const triesIndicator = first !== undefined && world.indicatorOf(server) !== null
  return byMonitor || namesUpdate || triesIndicator ? [toDraft(world, vlan, client, server, talks, asking)] : []
}

function toDraft(world: World, vlan: number, client: Ip, server: Ip, talks: readonly Talk[], asking: Asking | null): Draft {
  const subject = subjectAt(world, vlan, client)
  const sum = sumTalks(talks)
  const calls = asking?.seen.count ?? 0
  const ports = [...new Set(talks.map((t) => `tcp/${t.port}`))]
  const paths = asking ? [...asking.paths] : []
  return {
    asset: subject, behaviour: `nfs ${server}`, severity: 'high',
    ward: `Somebody pressed "update" on ${wardName(subject)}: it asked for new software and got no answer.`,
    technical:
      `${count(sum.count, 'connection try', 'connection tries')}${ports.length > 0 ? ` (${ports.join(', ')})` : ''} and ${count(calls, 'MNT call')}` +
      `${paths.length > 0 ? ` for ${some(paths)}` : ''} from ${client} to ${server}; no mount was accepted.`,
    help: 'Ask the ward why, and keep the path blocked: had a server answered, the monitor would have copied its files unchecked.',
    inferred: ['That a person pressed a key is inferred: the update is known to start from a menu or a button, not by itself.'],
    firstAt: Math.min(sum.firstAt, asking?.seen.firstAt ?? Number.POSITIVE_INFINITY),
    lastAt: Math.max(sum.lastAt, asking?.seen.lastAt ?? Number.NEGATIVE_INFINITY), count: sum.count + calls,
    frames: [...sum.frames, ...(asking?.seen.frames ?? [])],
    flows: [...sum.flows, ...(asking?.seen.flows.values() ?? [])],
    details: [['server', server], ['connection tries', String(sum.count)], ['MNT calls', String(calls)], ['paths', some(paths)]],
  }
}
