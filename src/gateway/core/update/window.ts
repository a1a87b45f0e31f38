// window: when one device may take one release, and what is still allowed after the end to a copy that has begun.
// Keeps the rule that the default is no: without a grant, before its start and after its end everything is refused.

import type { Ip } from '../../../base/ip.ts'
import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import type { HandleScope } from './handle.ts'
import type { ReleaseTree } from './tree.ts'

/** One device's leave to take one release. Made from a verified permit and a verified release, never by hand. */
export interface Grant {
  readonly permitId: string
  readonly deviceId: string
  /** Where the device asks from: one device per isolated port (docs/gateway-updates.md, residual risk). */
  readonly ip: Ip
  readonly from: Micros
  /** The window's end: nothing new may begin from here on. */
  readonly until: Micros
  /** A copy begun before `until` may be finished before this: half a program on a monitor is worse than none. At least `until`. */
  readonly completeBy: Micros
  readonly tree: ReleaseTree
}

/** `completing`: the window is over, a copy that has begun may be finished. */
export type WindowPhase = 'early' | 'open' | 'completing' | 'over'

export function windowPhase(grant: Pick<Grant, 'from' | 'until' | 'completeBy'>, now: Micros): WindowPhase {
  if (now < grant.from) return 'early'
  if (now < grant.until) return 'open'
  return now < grant.completeBy ? 'completing' : 'over'
}

/** What the handles of this grant stand for. */
export function handleScope(grant: Grant): HandleScope {
  return { releaseId: grant.tree.release.id, deviceId: grant.deviceId, expiry: Math.ceil(Math.max(grant.until, grant.completeBy) / MICROS_PER_SECOND) }
}
