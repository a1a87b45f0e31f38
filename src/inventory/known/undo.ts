// Undo: stored assets back to what the packets alone told. What makes every decision reversible, on old analyses too.
// Keeps one meaning: knowing twice is the same as knowing once.

import type { Asset, AssetId, BareAsset } from '../asset.ts'

/** The evidence's own assets, each once. A zone found later for the composed asset stays with its parts. */
export function bareAssets(assets: readonly Asset[]): readonly BareAsset[] {
  if (assets.every((a) => a.composition === undefined && a.perhaps === undefined)) return assets
  const byId = new Map<AssetId, BareAsset>()
  for (const asset of assets) {
    for (const bare of asset.composition?.bare ?? [plain(asset)]) {
      if (!byId.has(bare.id)) byId.set(bare.id, bare.zone === null && asset.zone !== null ? { ...bare, zone: asset.zone } : bare)
    }
  }
  return [...byId.values()]
}

function plain(asset: Asset): BareAsset {
  const { composition: _composition, perhaps: _perhaps, ...bare } = asset
  return bare
}
