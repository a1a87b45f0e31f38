// Grant source: the permits and releases of the data folder as what is granted now.
// Keeps the rule that a release is verified again before it is served: at each change of its files, and each minute while a permit is open.

import fs from 'node:fs'
import path from 'node:path'
import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import { grantsOf, listPermits, type PermitStore } from '../permits.ts'
import { loadReleases, type LoadedRelease, type ReleaseStore } from '../release.ts'
import type { Granting, KeptLine } from './parts.ts'

/** A verified release is used this long before the whole client workflow runs again: metadata expires by the hour, not by the second. */
export const REVERIFY_MICROS = MICROS_PER_MINUTE

export function permitStore(config: GatewayConfig): PermitStore {
  const approvers = config.updates.approvers.map(({ id, name, key }) => ({ id, role: name, publicKey: key }))
  return { folder: path.join(config.folder, 'permits'), approvers }
}

export function releaseStore(config: GatewayConfig, clockMs: () => number): ReleaseStore {
  return { folder: path.join(config.folder, 'releases'), clock: clockMs }
}

interface Verified {
  readonly stamp: string
  readonly at: Micros
  readonly releases: readonly LoadedRelease[]
}

export function grantSource(config: GatewayConfig, clock: () => Micros): (now: Micros) => Promise<Granting> {
  const permits = permitStore(config)
  const releases = releaseStore(config, () => clock() / 1000)
  let verified: Verified | null = null
  return async (now) => {
    const isNeeded = listPermits(permits, now).some(({ state }) => state === 'approved' || state === 'open' || state === 'completing')
    if (!isNeeded) {
      verified = null
      return { ...grantsOf(permits, [], now), releases: [], problem: null }
    }
    const stamp = stampOf(releases.folder)
    if (verified === null || verified.stamp !== stamp || Math.abs(now - verified.at) >= REVERIFY_MICROS) {
      const loaded = await loadReleases(releases, { exportPath: config.updates.exportPath })
      if (!loaded.ok) {
        verified = null
        return { grants: [], refused: grantsOf(permits, [], now).refused, releases: [], problem: loaded.error }
      }
      verified = { stamp: stampOf(releases.folder), at: now, releases: loaded.value }
    }
    return { ...grantsOf(permits, verified.releases, now), releases: verified.releases.map((r) => r.manifest.id), problem: null }
  }
}

/** Changes whenever another repository was taken in. */
function stampOf(folder: string): string {
  return ['repository', path.join('trusted', 'root.json'), path.join('trusted', 'timestamp.json')].map((name) => {
    const stats = fs.statSync(path.join(folder, name), { throwIfNoEntry: false, bigint: true })
    return stats === undefined ? '-' : `${stats.ino} ${stats.mtimeNs}`
  }).join(' ')
}

/** Bytes below a folder of ours; nothing of these two is deleted by time. */
export function folderKept(config: GatewayConfig, what: 'releases' | 'permits'): KeptLine {
  return { what, bytes: bytesBelow(path.join(config.folder, what)), nextDeletion: null, rule: 'until replaced or archived by hand' }
}

export function bytesBelow(folder: string): number {
  if (!fs.existsSync(folder)) return 0
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
    if (!entry.isFile()) return sum
    return sum + (fs.statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
  }, 0)
}
