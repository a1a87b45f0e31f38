// Match: which row of the hospital's list is which asset, by what, and what speaks against it.
// Keeps card and serial number above names, names above addresses, and an address alone never against a card.

import type { Asset, AssetId, BareAsset } from '../asset.ts'
import type { ListedDevice } from './listed.ts'

/** Strongest first. */
export const MATCH_KEYS = ['mac', 'serial', 'host-name', 'address'] as const
export type MatchKey = (typeof MATCH_KEYS)[number]

export interface ListMatch {
  readonly device: ListedDevice
  readonly asset: AssetId
  readonly by: MatchKey
  /** The text both sides have. */
  readonly value: string
}

export interface ListMatches {
  readonly matches: readonly ListMatch[]
  /** Rows without an asset. */
  readonly unseen: readonly ListedDevice[]
  /** Several rows are one asset, or one row several: for a person. */
  readonly problems: readonly string[]
}

/** A serial number that can be looked for in a device's own words: shorter ones are found everywhere. */
const SERIAL_LENGTH_MIN = 4

/** Each row at most one asset and each asset at most one row; among equals the earlier row, and a problem says so. */
export function matchListed(assets: readonly BareAsset[], devices: readonly ListedDevice[]): ListMatches {
  const inside = assets.filter((a) => !a.outside)
  const taken = new Map<AssetId, ListMatch>()
  const matched = new Map<ListedDevice, ListMatch>()
  const problems: string[] = []
  for (const by of MATCH_KEYS) {
    const index = indexOf(inside, by)
    for (const device of devices) {
      if (matched.has(device)) continue
      const found = candidates(device, by, index)
      const first = found.find(({ asset }) => by !== 'address' || !speaksAgainst(device, asset))
      if (!first) continue
      const holder = taken.get(first.asset.id)
      if (holder) {
        if (by !== 'address') problems.push(`${device.where} and ${holder.device.where} are both ${first.asset.label} (${by} ${first.value})`)
        continue
      }
      const others = found.filter(({ asset }) => asset !== first.asset)
      if (others.length > 0) problems.push(`${device.where} is ${first.asset.label} and ${others.map(({ asset }) => asset.label).join(', ')} (${by})`)
      const match: ListMatch = { device, asset: first.asset.id, by, value: first.value }
      taken.set(first.asset.id, match)
      matched.set(device, match)
    }
  }
  return { matches: devices.flatMap((d) => matched.get(d) ?? []), unseen: devices.filter((d) => !matched.has(d)), problems }
}

type Index = ReadonlyMap<string, readonly BareAsset[]>

function indexOf(assets: readonly BareAsset[], by: MatchKey): Index {
  const index = new Map<string, BareAsset[]>()
  for (const asset of assets) {
    for (const key of new Set(keysOf(asset, by))) {
      const known = index.get(key)
      if (known) known.push(asset)
      else index.set(key, [asset])
    }
  }
  return index
}

function keysOf(asset: BareAsset, by: MatchKey): readonly string[] {
  switch (by) {
    case 'mac': return asset.interfaces.flatMap((i) => i.mac ?? [])
    case 'address': return asset.interfaces.flatMap((i) => i.ip ?? [])
    case 'host-name': return asset.claims.filter((c) => c.what === 'host-name').map((c) => hostKey(c.value))
    case 'serial': return asset.claims.filter((c) => c.what === 'device-identifier' || c.what === 'serial-number').flatMap((c) => serialWords(c.value))
  }
}

/** A serial number inside an identifier such as `CMS8000^SN-123456^EUI-64`: its words, and the whole. */
function serialWords(text: string): readonly string[] {
  const upper = text.toUpperCase()
  return [upper, ...upper.split(/[^A-Z0-9-]+/)].filter(isSerial)
}

function isSerial(text: string): boolean {
  return text.length >= SERIAL_LENGTH_MIN && /\d/.test(text)
}

/** Without its domain: lists write either. */
function hostKey(name: string): string {
  return name.toLowerCase().split('.')[0] ?? ''
}

function candidates(device: ListedDevice, by: MatchKey, index: Index): { readonly asset: BareAsset; readonly value: string }[] {
  const wanted = wantedOf(device, by)
  const found = new Map<BareAsset, string>()
  for (const value of wanted) for (const asset of index.get(value) ?? []) if (!found.has(asset)) found.set(asset, value)
  return [...found].map(([asset, value]) => ({ asset, value }))
}

function wantedOf(device: ListedDevice, by: MatchKey): readonly string[] {
  switch (by) {
    case 'mac': return device.macs
    case 'address': return device.ips
    case 'host-name': return device.hostName === null ? [] : [hostKey(device.hostName)].filter((name) => name !== '')
    case 'serial': return device.serial !== null && isSerial(device.serial) ? [device.serial.toUpperCase()] : []
  }
}

/** The list has a card or a name for the device, and the one at its address has another: the address went to somebody else. */
function speaksAgainst(device: ListedDevice, asset: BareAsset): boolean {
  const macs = asset.interfaces.flatMap((i) => i.mac ?? [])
  return device.macs.length > 0 && macs.length > 0 && !macs.some((mac) => device.macs.includes(mac))
}

/** Rows whose address is used by another card than the list says. */
export function addressesTaken(assets: readonly Asset[], unseen: readonly ListedDevice[]): readonly { readonly device: ListedDevice; readonly asset: Asset }[] {
  const index = indexOf(assets.filter((a) => !a.outside), 'address')
  return unseen.flatMap((device) => candidates(device, 'address', index).filter(({ asset }) => speaksAgainst(device, asset)).slice(0, 1)
    .map(({ asset }) => ({ device, asset: asset as Asset })))
}
