// Grouping of talks by asset, shared by the rules that look at who spoke to whom: one finding per asset and behaviour.

import { greatestOf, leastOf } from '../../base/extent.ts'
import type { Micros } from '../../base/time.ts'
import type { Asset } from '../../inventory/asset.ts'
import type { FlowMark } from '../flow-mark.ts'
import type { Talk } from '../talks.ts'
import type { World } from '../world.ts'

export interface TalkGroup {
  readonly asset: Asset
  readonly talks: readonly Talk[]
}

/** Talks for which `assetOf` names an asset, by asset, in order of first appearance. */
export function groupTalks(world: World, assetOf: (talk: Talk) => Asset | null): TalkGroup[] {
  const groups = new Map<string, { asset: Asset; talks: Talk[] }>()
  for (const talk of world.talks) {
    const asset = assetOf(talk)
    if (!asset) continue
    const group = groups.get(asset.id)
    if (group) group.talks.push(talk)
    else groups.set(asset.id, { asset, talks: [talk] })
  }
  return [...groups.values()]
}

export interface TalkSum {
  readonly flows: readonly FlowMark[]
  readonly frames: readonly number[]
  readonly count: number
  readonly bytes: number
  readonly bytesBack: number
  readonly firstAt: Micros
  readonly lastAt: Micros
}

/** Totals over a group; `count` is the number of flows. */
export function sumTalks(talks: readonly Talk[]): TalkSum {
  return {
    flows: talks.flatMap((t) => t.evidence).sort((a, b) => a.flowId - b.flowId),
    frames: talks.flatMap((t) => t.frames),
    count: talks.reduce((n, t) => n + t.flows, 0),
    bytes: talks.reduce((n, t) => n + t.bytes, 0),
    bytesBack: talks.reduce((n, t) => n + t.bytesBack, 0),
    firstAt: leastOf(talks, (t) => t.firstAt),
    lastAt: greatestOf(talks, (t) => t.lastAt),
  }
}
