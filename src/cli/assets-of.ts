// assetsOf: which device has which address, from --asset flags and from the newest analysis of a data folder. The one reader of both.
// Keeps one meaning: compile, eval, replay and proofs put the same device into the same zone, or an approval would be for another policy.

import { formatDiagnostic } from '../base/diagnostic.ts'
import type { Ip } from '../base/ip.ts'
import { loadProfiles } from '../config/index.ts'
import type { Asset } from '../inventory/asset.ts'
import type { DeviceProfile } from '../inventory/profiles.ts'
import { factoryAddresses } from '../sensor/knowledge.ts'
import { assetAddresses } from './assets-flag.ts'
import { Exit, type Io } from './io.ts'
import { newestAssets } from './past.ts'
import { addressesByProfile } from './replay-input.ts'
import { withStore } from './with-store.ts'

export type AssetMap = ReadonlyMap<string, readonly Ip[]>

export interface AssetsFrom {
  /** `profile=address`, as typed. */
  readonly assets: readonly string[]
  /** Data folder whose newest analysis says who is here. */
  readonly data?: string | undefined
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  /** A folder without any analysis is no mistake: nobody is known by what they are. */
  readonly emptyDataIsFine?: boolean
}

/** Addresses by profile id; or an exit code after everything that is wrong was said. */
export async function assetsOf(from: AssetsFrom, io: Io): Promise<AssetMap | number> {
  const problems: string[] = []
  const named = assetAddresses(from.assets, problems)
  if (problems.length > 0) {
    for (const problem of problems) io.err(`${problem}\n`)
    return Exit.usage
  }
  if (from.data === undefined) return named
  const stored = await storedAssets(from.data, from.emptyDataIsFine === true, io)
  return typeof stored === 'number' ? stored : joinAssets(named, stored, from.profiles)
}

/** The devices of the inventory and those named by hand, each address once. */
export function joinAssets(named: AssetMap, stored: readonly Asset[], profiles: AssetsFrom['profiles']): AssetMap {
  const found = addressesByProfile(stored, factoryAddresses({ profiles }))
  const joined = new Map<string, readonly Ip[]>()
  for (const profile of [...new Set([...found.keys(), ...named.keys()])].sort()) {
    joined.set(profile, [...new Set([...found.get(profile) ?? [], ...named.get(profile) ?? []])].sort())
  }
  return joined
}

/** Assets of the newest analysis; an exit code when the folder cannot be opened or is empty. */
async function storedAssets(data: string, emptyIsFine: boolean, io: Io): Promise<readonly Asset[] | number> {
  let assets: readonly Asset[] | null = null
  const code = await withStore(data, io, async (store) => {
    assets = store === null ? null : await newestAssets(store)
    return Exit.ok
  })
  if (code !== Exit.ok) return code
  if (assets !== null || emptyIsFine) return assets ?? []
  io.err(`cordon: nothing has been analysed in ${data} yet\n  help: cordon check --data FOLDER CAPTURE puts an analysis there.\n`)
  return Exit.usage
}

/** The devices of a data folder as `profile=address`, for commands that take flags. */
export async function storedAssetFlags(data: string, io: Io): Promise<readonly string[] | number> {
  const profiles = loadProfiles()
  if (!profiles.ok) {
    for (const diagnostic of profiles.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
    return Exit.usage
  }
  const found = await assetsOf({ assets: [], data, profiles: profiles.value.profiles }, io)
  return typeof found === 'number' ? found : [...found].flatMap(([profile, ips]) => ips.map((ip) => `${profile}=${ip}`))
}
