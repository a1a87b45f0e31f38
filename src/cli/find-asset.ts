// findAsset: one device of a data folder's newest analysis, by id, label, `bed 7` or address, with all its addresses.

import { ipScope } from '../base/ip-scope.ts'
import type { Ip } from '../base/ip.ts'
import { quote } from '../base/tree-reader.ts'
import type { Asset } from '../inventory/asset.ts'
import { Exit, type Io } from './io.ts'
import { newestAssets } from './past.ts'
import { withStore } from './with-store.ts'

/** An exit code after saying why when there is none, or more than one. */
export async function findAsset(name: string, data: string, io: Io): Promise<{ readonly addresses: readonly Ip[]; readonly label: string } | number> {
  let assets: readonly Asset[] = []
  const code = await withStore(data, io, async (store) => {
    assets = (store === null ? null : await newestAssets(store)) ?? []
    return Exit.ok
  })
  if (code !== Exit.ok) return code
  const bed = Number(/^bed (\d{1,4})$/i.exec(name)?.[1] ?? Number.NaN)
  const found = assets.filter((asset) => asset.id === name || asset.label === name || (asset.bed !== null && asset.bed === bed)
    || asset.interfaces.some(({ ip }) => ip === name))
  const [asset] = found
  const addresses = [...new Set((asset?.interfaces ?? []).flatMap(({ ip }) => (ip === null || ipScope(ip) === 'unspecified' ? [] : [ip])))]
  if (asset !== undefined && found.length === 1 && addresses.length > 0) return { addresses, label: `${asset.label} (${addresses.join(', ')})` }
  const one = asset === undefined ? `no device is called ${quote(name)}` : `${quote(name)} has no address`
  const what = found.length > 1 ? `${found.length} devices are called ${quote(name)}` : one
  io.err(`error: ${what} in ${data}\n  help: cordon inventory list --data FOLDER shows ids, labels and addresses.\n`)
  return Exit.usage
}
