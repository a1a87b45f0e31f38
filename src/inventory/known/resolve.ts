// Resolve: from the ids that conversations and findings were stored with to the assets as they are known now.
// Keeps one picture: what was said of a merged asset is said of the one it is part of.

import type { Ip } from '../../base/ip.ts'
import type { Asset, AssetId } from '../asset.ts'

export type Resolve = (id: AssetId, ip: Ip | null) => Asset | null

/** Of an asset that was split the address decides; without one, the part that kept the id. */
export function resolver(assets: readonly Asset[]): Resolve {
  const byId = new Map<AssetId, Asset[]>()
  for (const asset of assets) {
    for (const id of new Set([asset.id, ...(asset.composition?.bare ?? []).map((b) => b.id)])) {
      const known = byId.get(id)
      if (known) known.push(asset)
      else byId.set(id, [asset])
    }
  }
  return (id, ip) => {
    const found = byId.get(id) ?? []
    if (found.length <= 1) return found[0] ?? null
    const holder = ip === null ? undefined : found.find((a) => a.interfaces.some((i) => i.ip === ip))
    return holder ?? found.find((a) => a.id === id) ?? found[0] ?? null
  }
}
