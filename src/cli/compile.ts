// cordon compile: the policy as text for one platform, with its rollback. A person reads it and loads it; nothing here reaches a device.
// Keeps "never wider, in silence or otherwise": empty zones and whatever a platform cannot say exactly end in a refusal with reasons.

import { writeFileSync } from 'node:fs'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { ipFromValue } from '../base/ip.ts'
import { Sha256 } from '../base/sha256.ts'
import { quote } from '../base/tree-reader.ts'
import { loadPolicy, loadProfiles, type LoadedPolicy } from '../config/index.ts'
import type { DeviceProfile } from '../inventory/profiles.ts'
import { addressRangeText } from '../policy/compile/address-book.ts'
import { targetById, TARGETS } from '../policy/compile/registry.ts'
import { rangeToPrefixes } from '../policy/compile/ranges.ts'
import type { CompileInput, Emitted, Target } from '../policy/compile/target.ts'
import { policyNames, type NameMap, type Policy } from '../policy/index.ts'
import { policyChains, zoneRanges } from '../policy/policy-rules.ts'
import { assetAddresses } from './assets-flag.ts'
import { Exit, type Io } from './io.ts'
import { table } from './text.ts'

/** The part of Io these commands need. */
export type CompileIo = Pick<Io, 'out' | 'err'>

/** Flags of `cordon compile`. */
export interface CompileArgs {
  /** Target id, see listTargets. */
  readonly target: string
  /** The shipped policy when left out. */
  readonly policy?: string | undefined
  /** A site's own profile folder. */
  readonly profiles?: string | undefined
  /** File to write; the rollback goes to `<out>.rollback`. Standard output when left out. */
  readonly out?: string | undefined
  /** Lines allowed, in place of the platform's own budget. */
  readonly budget?: number | undefined
  /** Platform words, such as `interface`. `zone` names a zone whose addresses are handed on as `source`. */
  readonly options?: Readonly<Record<string, string>>
  /** `profile=address`, e.g. `contec-cms8000=10.20.3.7`: which device has which address. */
  readonly assets?: readonly string[]
  /** Compile although zones hold no address; their conduits are then left out. */
  readonly allowEmptyZones?: boolean
}

/** Writes the text and its rollback, notes to stderr. Exit code 2 when the policy, an option or the platform refuses. */
export function runCompile(args: CompileArgs, io: CompileIo): number {
  const problems: string[] = []
  const target = targetById(args.target)
  if (target === null) problems.push(`error: no target is called ${quote(args.target)}\n  help: Targets are ${ids()}.`)
  const loaded = loadForCompile(args, problems)
  const assets = assetAddresses(args.assets ?? [], problems)
  if (loaded === null || target === null || problems.length > 0) return refuse(problems, io)
  for (const warning of loaded.warnings) io.err(`${formatDiagnostic(warning)}\n`)
  const names = policyNames(loaded.policy, assets)
  if (args.allowEmptyZones !== true) problems.push(...emptyZones(loaded, names))
  const options = withIndicators(target, loaded, expandZone(args.options ?? {}, names, problems))
  if (problems.length > 0) return refuse(problems, io)
  const result = target.emit(inputOf(args, loaded, names, options))
  if (!result.ok) return refuse(result.refused.map((reason) => `refused by ${target.id}: ${reason}`), io)
  return deliver(args, target, result.value, io)
}

/** Prints every target and what it can say. */
export function listTargets(args: { readonly json?: boolean }, io: CompileIo): number {
  if (args.json === true) {
    io.out(`${JSON.stringify(TARGETS.map(({ id, name, capabilities }) => ({ id, name, capabilities })), null, 2)}\n`)
    return Exit.ok
  }
  const yes = (value: boolean): string => (value ? 'yes' : '-')
  const rows = TARGETS.map(({ id, name, capabilities: c }) => [
    id, c.families.map((family) => `IPv${family}`).join('+'), yes(c.stateful), yes(c.portRanges), yes(c.wildcardMasks), yes(c.canRead),
    c.ruleBudget === null ? 'none' : String(c.ruleBudget), name,
  ])
  io.out(table(['target', 'families', 'stateful', 'port ranges', 'wildcards', 'reads back', 'line budget', 'platform'], rows))
  return Exit.ok
}

function ids(): string {
  return TARGETS.map((target) => target.id).join(', ')
}

function refuse(problems: readonly string[], io: CompileIo): number {
  for (const problem of problems) io.err(`${problem}\n`)
  return Exit.usage
}

/** The policy with the profiles it may name. */
interface Loaded extends LoadedPolicy {
  readonly profiles: ReadonlyMap<string, DeviceProfile>
}

/** The policy and profiles that a text is made of; what is wrong goes to `problems`, ready to print. */
export function loadForCompile(args: Pick<CompileArgs, 'policy' | 'profiles'>, problems: string[]): Loaded | null {
  const profiles = loadProfiles(args.profiles)
  if (!profiles.ok) problems.push(...profiles.error.map(formatDiagnostic))
  const loaded = loadPolicy(args.policy, profiles.ok ? { profiles: new Set(profiles.value.profiles.keys()) } : {})
  if (!loaded.ok) problems.push(...loaded.error.map(formatDiagnostic))
  return loaded.ok && profiles.ok ? { ...loaded.value, profiles: profiles.value.profiles } : null
}

/** A zone of devices that were not named would drop its denies, and the devices would count as the subnet around them. */
export function emptyZones(loaded: LoadedPolicy, names: NameMap): readonly string[] {
  return loaded.policy.zones.filter((zone) => (names.get(zone.name) ?? []).length === 0).map((zone) => {
    const devices = zone.profiles.length === 0 ? 'Give it prefixes' : `Name its devices, e.g. --asset ${zone.profiles[0]}=10.20.3.7`
    return `error: zone ${zone.name} of ${loaded.file} holds no address, so its conduits would be left out`
      + `\n  help: ${devices}, or say --allow-empty-zones when there are none.`
  })
}

/** `zone=bedside` becomes `source=10.20.3.7/32,...`: targets know no zones. */
function expandZone(
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

/** The Zeek target looks for what the profiles know, of those devices that a zone of the policy selects. */
function withIndicators(target: Target, loaded: Loaded, options: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (target.id !== 'zeek-intel' || options['indicators'] !== undefined) return options
  const selected = new Set(loaded.policy.zones.flatMap((zone) => zone.profiles))
  const lines = [...loaded.profiles].filter(([id]) => selected.has(id)).flatMap(([id, profile]) =>
    profile.indicators.map(({ kind, value, meaning }) => [kind, value, id, meaning.replaceAll(/\s+/g, ' ').trim()].join('\t')))
  return { ...options, indicators: lines.join('\n') }
}

/** What every compiler gets of a policy. */
export function inputOf(
  args: Pick<CompileArgs, 'budget'>, loaded: LoadedPolicy, names: NameMap, options: Readonly<Record<string, string>>,
): CompileInput {
  return {
    name: loaded.policy.name, policyHash: policyHash(loaded.policy, names), ruleBudget: args.budget ?? null, options,
    chains: policyChains(loaded.policy, names),
  }
}

/** Over the policy as it was understood, without lines and comments, and the addresses of every zone: what decides the text. */
function policyHash(policy: Policy, names: NameMap): string {
  const zones = ([4, 6] as const).map((version) => [...zoneRanges(names, version)].map(([zone, ranges]) =>
    [zone, ranges.map((range) => addressRangeText(version, range))]))
  const plain = (key: string, value: unknown): unknown => (key === 'at' ? undefined : typeof value === 'bigint' ? String(value) : value)
  return new Sha256().update(new TextEncoder().encode(JSON.stringify({ policy, zones }, plain))).hex()
}

function deliver(args: CompileArgs, target: Target, { text, rollback, rules, notes }: Emitted, io: CompileIo): number {
  const budget = args.budget ?? target.capabilities.ruleBudget
  for (const note of notes) io.err(`note: ${note}\n`)
  io.err(`${target.name}: ${rules} line${rules === 1 ? '' : 's'}${budget === null ? '' : ` of ${budget}`}\n`)
  if (args.out === undefined) {
    io.out(text)
    io.err('note: the rollback is written beside the text with --out FILE\n')
    return Exit.ok
  }
  try {
    writeFileSync(`${args.out}.rollback`, rollback)
    writeFileSync(args.out, text)
  } catch (cause) {
    io.err(`error: ${quote(args.out)} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    return Exit.usage
  }
  io.err(`${args.out} and ${args.out}.rollback written; read both before anyone loads them\n`)
  return Exit.ok
}
