// What compile and break-glass start from: the checked policy of a day, who is in its zones, and hashes that name both.
// Keeps "never wider, in silence or otherwise": a zone without addresses is a refusal, and one meaning has one hash.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { ipFromValue } from '../base/ip.ts'
import { quote } from '../base/tree-reader.ts'
import { loadPolicy, loadProfiles, type LoadedPolicy } from '../config/index.ts'
import type { DeviceProfile } from '../inventory/profiles.ts'
import { addressRangeText } from '../policy/compile/address-book.ts'
import { rangeToPrefixes } from '../policy/compile/ranges.ts'
import type { CompileInput } from '../policy/compile/target.ts'
import { isDay, policyNames, type NameMap, type Policy } from '../policy/index.ts'
import { policyChains, zoneRanges } from '../policy/policy-rules.ts'
import { assetsOf, type AssetMap } from './assets-of.ts'
import { sha256Hex } from './audit.ts'
import { Exit, type Io } from './io.ts'

export interface CompileInputArgs {
  /** The shipped policy when left out. */
  readonly policy?: string | undefined
  /** A site's own profile folder. */
  readonly profiles?: string | undefined
  /** `profile=address`, e.g. `contec-cms8000=10.20.3.7`: which device has which address. */
  readonly assets?: readonly string[]
  /** Data folder: its newest analysis fills the zones too, and says who is in use. */
  readonly data?: string | undefined
  /** Break-glass must not fail for want of an analysis. */
  readonly emptyDataIsFine?: boolean
  /** Compile although zones hold no address; their conduits are then left out. */
  readonly allowEmptyZones?: boolean
  /** The day exceptions are judged by; the machine's day in UTC when left out. */
  readonly today?: string | undefined
}

/** The policy of a day with its zones filled. */
export interface Prepared extends LoadedPolicy {
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly assets: AssetMap
  readonly names: NameMap
  /** Over the policy as understood and the addresses of its zones: what decides the text. */
  readonly hash: string
  /** Over the policy alone: the same when devices come and go. */
  readonly policyHash: string
}

/** Everything ready to compile; or an exit code after everything that is wrong was said. */
export async function prepare(args: CompileInputArgs, io: Io): Promise<Prepared | number> {
  const problems: string[] = []
  const loaded = loadForCompile(args, problems)
  for (const problem of problems) io.err(`${problem}\n`)
  if (loaded === null) return Exit.usage
  for (const warning of loaded.warnings) io.err(`${formatDiagnostic(warning)}\n`)
  const assets = await assetsOf({ assets: args.assets ?? [], data: args.data, profiles: loaded.profiles, emptyDataIsFine: args.emptyDataIsFine === true }, io)
  if (typeof assets === 'number') return assets
  const names = policyNames(loaded.policy, assets)
  const empty = args.allowEmptyZones === true ? [] : emptyZones(loaded, names)
  for (const problem of empty) io.err(`${problem}\n`)
  if (empty.length > 0) return Exit.usage
  return { ...loaded, assets, names, hash: hashOf(loaded.policy, names), policyHash: hashOf(loaded.policy, null) }
}

/** The policy of a day with the profiles it may name. */
export type LoadedForCompile = Pick<Prepared, 'policy' | 'file' | 'warnings' | 'profiles'>

/** The policy and profiles that a text is made of; what is wrong goes to `problems`, ready to print. */
export function loadForCompile(args: Pick<CompileInputArgs, 'policy' | 'profiles' | 'today'>, problems: string[]): LoadedForCompile | null {
  const today = args.today ?? new Date().toISOString().slice(0, 10)
  const profiles = loadProfiles(args.profiles)
  const known = profiles.ok ? { profiles: new Set(profiles.value.profiles.keys()) } : {}
  const loaded = loadPolicy(args.policy, { ...known, ...(isDay(today) ? { today } : {}) })
  if (!isDay(today)) problems.push(`error: ${quote(today)} is no day\n  help: Write year-month-day, e.g. 2026-12-24.`)
  if (!profiles.ok) problems.push(...profiles.error.map(formatDiagnostic))
  if (!loaded.ok) problems.push(...loaded.error.map(formatDiagnostic))
  return loaded.ok && profiles.ok && isDay(today) ? { ...loaded.value, profiles: profiles.value.profiles } : null
}

/** A zone of devices that were not named would drop its denies, and the devices would count as the subnet around them. */
export function emptyZones(loaded: LoadedPolicy, names: NameMap): readonly string[] {
  return loaded.policy.zones.filter((zone) => (names.get(zone.name) ?? []).length === 0).map((zone) => {
    const devices = zone.profiles.length === 0 ? 'Give it prefixes' : `Name its devices, e.g. --asset ${zone.profiles[0]}=10.20.3.7, or --data FOLDER`
    return `error: zone ${zone.name} of ${loaded.file} holds no address, so its conduits would be left out`
      + `\n  help: ${devices}, or say --allow-empty-zones when there are none.`
  })
}

/** SHA-256 of the policy as understood, without lines and comments; with `names` also of the addresses of every zone. */
export function hashOf(policy: Policy, names: NameMap | null): string {
  const zones = names === null ? null : ([4, 6] as const).map((version) => [...zoneRanges(names, version)].map(([zone, ranges]) =>
    [zone, ranges.map((range) => addressRangeText(version, range))]))
  const plain = (key: string, value: unknown): unknown => (key === 'at' ? undefined : typeof value === 'bigint' ? String(value) : value)
  return sha256Hex(JSON.stringify({ policy, zones }, plain))
}

/** `zone=bedside` becomes `source=10.20.3.7/32,...`: targets know no zones. */
export function expandZone(
  options: Readonly<Record<string, string>>, names: NameMap, problems: string[],
): Readonly<Record<string, string>> {
  const { zone, ...rest } = options
  if (zone === undefined) return options
  const blocks = ([4, 6] as const).flatMap((version) => (zoneRanges(names, version).get(zone) ?? [])
    .flatMap((range) => rangeToPrefixes(version, range).map(({ network, length }) => `${ipFromValue(version, network)}/${length}`)))
  const known = [...names.keys()].join(', ')
  if (blocks.length === 0) problems.push(`error: option zone: no zone ${quote(zone)} with addresses\n  help: Zones are ${known}.`)
  if (rest['source'] !== undefined) problems.push('error: give option zone or option source, not both')
  return { ...rest, source: blocks.join(',') }
}

/** What every compiler gets of a policy. */
export function inputOf(
  args: { readonly budget?: number | undefined }, loaded: LoadedPolicy, names: NameMap, options: Readonly<Record<string, string>>,
): CompileInput {
  return {
    name: loaded.policy.name, policyHash: hashOf(loaded.policy, names), ruleBudget: args.budget ?? null, options,
    chains: policyChains(loaded.policy, names),
  }
}
