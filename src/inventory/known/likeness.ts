// Likeness: assets that may be one box with several cards, each with the signs. A suggestion for a person, never a merge.
// Keeps "wrong labels cost more than missing ones": two monitors of one delivery have factory names and neighbouring cards too.

import type { AssetId, BareAsset, Claim, ClaimSubject, Likeness } from '../asset.ts'

interface Sign {
  readonly what: ClaimSubject
  readonly words: string
}

const SIGNS: readonly Sign[] = [
  { what: 'host-name', words: 'the same host name' },
  { what: 'device-identifier', words: 'the same device named in its messages' },
  { what: 'serial-number', words: 'the same serial number' },
]

/** A name that more boxes bear is a factory default and tells nothing. */
const BEARERS_MAX = 3
/** Shorter names are words, not names. */
const NAME_LENGTH_MIN = 3

/** By asset id; assets with interfaces only, for a reported device is no box of its own. */
export function likenesses(assets: readonly BareAsset[]): ReadonlyMap<AssetId, readonly Likeness[]> {
  const found = new Map<AssetId, Map<AssetId, Likeness>>()
  for (const sign of SIGNS) {
    for (const bearers of bearersOf(assets, sign.what)) {
      if (bearers.length < 2 || bearers.length > BEARERS_MAX) continue
      for (const a of bearers) for (const b of bearers) if (a !== b) note(found, a, b, sign.words)
    }
  }
  return new Map([...found].map(([id, others]) => [id, [...others.values()]]))
}

function bearersOf(assets: readonly BareAsset[], what: ClaimSubject): Iterable<readonly BareAsset[]> {
  const byValue = new Map<string, BareAsset[]>()
  for (const asset of assets) {
    if (asset.interfaces.length === 0 || asset.outside) continue
    for (const value of new Set(asset.claims.filter((c) => c.what === what && isName(c)).map((c) => c.value.toLowerCase()))) {
      const bearers = byValue.get(value)
      if (bearers) bearers.push(asset)
      else byValue.set(value, [asset])
    }
  }
  return byValue.values()
}

function isName({ value }: Claim): boolean {
  return value.length >= NAME_LENGTH_MIN && value.toLowerCase() !== 'localhost'
}

function note(found: Map<AssetId, Map<AssetId, Likeness>>, of: BareAsset, other: BareAsset, words: string): void {
  const list = found.get(of.id) ?? new Map<AssetId, Likeness>()
  found.set(of.id, list)
  const known = list.get(other.id)
  list.set(other.id, { asset: other.id, label: other.label, signs: [...(known?.signs ?? []), words] })
}
