// Status: how the gateway stands, as data: what `gateway status --json` prints and the terminal shows.
// Keeps the rule that it is counts, states and reasons: no value, no patient.

import path from 'node:path'
import type { Micros } from '../../base/time.ts'
import type { GatewayConfig, Protection } from '../../config/gateway.ts'
import type { SegmentCounts } from '../channel.ts'
import { INTENDED_USE, type TargetLine } from '../core/beds-frame.ts'
import type { ServerCounts } from '../nfs-server.ts'
import { auditKept } from './audit-file.ts'
import type { SegmentState } from './beds.ts'
import { folderKept } from './grant-source.ts'
import type { Granting, KeptLine } from './parts.ts'
import type { Tile } from './tile.ts'

export interface BedCounts {
  readonly devices: number
  readonly connections: number
  readonly feed: Readonly<Record<'never' | 'live' | 'silent' | 'lost', number>>
  readonly assignment: Readonly<Record<'assigned' | 'contested' | 'unassigned', number>>
  readonly dataCheck: Readonly<Record<'OK' | 'CHECK BEDSIDE' | 'NOT TRUSTED' | 'NOT CHECKED', number>>
}

export interface GatewayStatus {
  readonly schema: 'cordon.gateway-status/1'
  readonly intendedUse: string
  readonly at: Micros
  readonly name: string
  /** Null: nothing runs; what follows was read from the file and the folder. */
  readonly startedAt: Micros | null
  readonly segment: SegmentState & {
    readonly restarts: number
    /** Of the process that runs; null before its first word. */
    readonly counts: SegmentCounts | null
  }
  readonly beds: BedCounts
  readonly targets: readonly TargetLine[]
  readonly adt: { readonly state: 'listening' | 'down' | 'none'; readonly why: string | null; readonly isProtected: boolean }
  readonly updates: {
    readonly grants: readonly { readonly permit: string; readonly device: string; readonly ip: string; readonly release: string; readonly from: Micros;
      readonly until: Micros; readonly completeBy: Micros }[]
    readonly refused: Granting['refused']
    readonly problem: string | null
    /** Of this run; null before the first count. */
    readonly requests: number | null
    readonly served: ServerCounts | null
  }
  readonly kept: readonly KeptLine[]
  readonly notices: readonly string[]
}

export function countBeds(tiles: readonly Tile[], isDown: boolean): BedCounts {
  const feed = { never: 0, live: 0, silent: 0, lost: 0 }
  const assignment = { assigned: 0, contested: 0, unassigned: 0 }
  const dataCheck = { OK: 0, 'CHECK BEDSIDE': 0, 'NOT TRUSTED': 0, 'NOT CHECKED': 0 }
  for (const tile of tiles) {
    feed[isDown ? 'lost' : tile.feed] += 1
    assignment[tile.state] += 1
    dataCheck[tile.dataCheck] += 1
  }
  return { devices: tiles.length, connections: tiles.reduce((sum, tile) => sum + tile.connections, 0), feed, assignment, dataCheck }
}

export function updatesOf(granting: Granting, served: ServerCounts | null): GatewayStatus['updates'] {
  const grants = granting.grants.map((g) => ({
    permit: g.permitId, device: g.deviceId, ip: g.ip, release: g.tree.release.id, from: g.from, until: g.until, completeBy: g.completeBy,
  }))
  const requests = served === null ? null : Object.values(served.requests).reduce((sum, count) => sum + count, 0)
  return { grants, refused: granting.refused, problem: granting.problem, requests, served }
}

/** What the file and the folder say where no gateway runs. */
export function restingStatus(config: GatewayConfig, at: Micros, granting: Granting, kept: readonly KeptLine[]): GatewayStatus {
  const none = { devices: config.beds.length, connections: 0 }
  return {
    schema: 'cordon.gateway-status/1', intendedUse: INTENDED_USE, at, name: config.name, startedAt: null,
    segment: { state: 'down', since: at, sandbox: [], restarts: 0, counts: null },
    beds: {
      ...none, feed: { never: config.beds.length, live: 0, silent: 0, lost: 0 }, assignment: { assigned: 0, contested: 0, unassigned: config.beds.length },
      dataCheck: { OK: 0, 'CHECK BEDSIDE': 0, 'NOT TRUSTED': 0, 'NOT CHECKED': config.beds.length },
    },
    targets: config.targets.map((target) => ({ ...restingLine(target.protection), target: target.name, kind: target.kind })),
    adt: {
      state: config.adt === null ? 'none' : 'down', why: config.adt === null ? null : 'no gateway runs', isProtected: config.adt?.protection.kind === 'tls',
    },
    updates: updatesOf(granting, null), kept, notices: ['No gateway runs on this folder: no monitor is heard, nothing is sent.', ...clearNotices(config)],
  }
}

function restingLine(protection: Protection): Omit<TargetLine, 'target' | 'kind'> {
  return {
    state: 'down', why: 'no gateway runs', isProtected: protection.kind === 'tls', clearReason: protection.kind === 'clear' ? protection.reason : null,
    waiting: 0, ambiguous: 0, refused: 0, delivered: 0, given: 0, lagMicros: null,
  }
}

/** What leaves or comes in without TLS, by the operator's own word. */
export function clearNotices(config: GatewayConfig): string[] {
  const words = (what: string, protection: Protection): string[] =>
    protection.kind === 'clear' ? [`${what} is NOT PROTECTED, by decision: ${protection.reason}`] : []
  return [...config.targets.flatMap((t) => words(`Target ${t.name}`, t.protection)), ...(config.adt === null ? [] : words('ADT', config.adt.protection))]
}

/** What lies in the folder whoever runs: audit, releases, permits. */
export function folderLines(config: GatewayConfig): readonly KeptLine[] {
  return [auditKept(path.join(config.folder, 'audit')), folderKept(config, 'releases'), folderKept(config, 'permits')]
}
