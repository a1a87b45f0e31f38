// --asset profile=address, as policy eval, compile and prove take it: which device has which address.

import { parseIp, type Ip } from '../base/ip.ts'
import { quote } from '../base/tree-reader.ts'

/** Addresses by profile id, in the order given; what is no pair goes to `problems`, ready to print. */
export function assetAddresses(assets: readonly string[], problems: string[]): ReadonlyMap<string, readonly Ip[]> {
  const byProfile = new Map<string, Ip[]>()
  for (const asset of assets) {
    const [profile = '', text = ''] = asset.split('=', 2)
    const parsed = parseIp(text)
    if (profile === '' || !parsed.ok) {
      problems.push(`error: --asset ${quote(asset)} is no profile=address\n  help: Write e.g. contec-cms8000=10.20.3.7.`)
    } else byProfile.set(profile, [...(byProfile.get(profile) ?? []), parsed.value])
  }
  return byProfile
}
