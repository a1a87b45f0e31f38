// Identity: under which names an asset may be meant by an advisory, each with the claims that say so.
// Keeps the evidence ladder: A to C name, D only behaves like, and gives way to any better name; E (the card's maker) never names.

import type { Asset, Claim, EvidenceLevel } from '../asset.ts'
import type { DeviceProfile } from '../profile-model.ts'
import { fold } from './atoms.ts'
import { vendorMeaning } from './vendors.ts'

/** A claim as a match quotes it. */
export interface QuotedClaim {
  readonly what: string
  readonly value: string
  readonly level: EvidenceLevel
  readonly evidence: string
  readonly inferred: boolean
  readonly frame: number
}

export interface DeviceName {
  /** Null when nobody says who made it. */
  readonly vendor: string | null
  readonly model: string
  readonly level: Exclude<EvidenceLevel, 'E'>
  /** The model's claim first. */
  readonly claims: readonly QuotedClaim[]
  /** How the claim leads to this name when it is not the name itself: `profile contec-cms8000`, `Epsimed MN-120 is a CONTEC CMS8000 by another label`. */
  readonly via: string | null
}

export interface Subject {
  readonly assetId: string
  readonly assetLabel: string
  readonly role: Asset['role']
  readonly zone: string | null
  readonly names: readonly DeviceName[]
  readonly versions: readonly QuotedClaim[]
  /** Names that better evidence contradicts, in words. */
  readonly setAside: readonly string[]
}

type Profiles = ReadonlyMap<string, DeviceProfile>

/** What other parts may call a claim of a version. */
const VERSION_CLAIMS: ReadonlySet<string> = new Set(['version', 'firmware', 'firmware-version', 'software-version'])
/** Names kept for one asset: label, list, protocol and profile with its aliases. */
const NAMES_MAX = 32

export function subjectOf(asset: Asset, profiles: Profiles): Subject {
  const claims = asset.claims.filter((claim) => claim.level !== 'E' && claim.what !== 'nic-vendor')
  const vendors = claims.filter((claim) => claim.what === 'vendor')
  const models = claims.filter((claim) => claim.what === 'model' || claim.what === 'device-identifier')
  const all = models.flatMap((claim) => namesOfClaim(claim, vendors, profiles, asset.vendor)).slice(0, NAMES_MAX)
  const better = all.filter(({ level }) => level !== 'D')
  const setAside = all.filter((name) => name.level === 'D' && contradicted(name, better, vendors))
  return {
    assetId: asset.id, assetLabel: asset.label, role: asset.role, zone: asset.zone,
    names: all.filter((name) => !setAside.includes(name)),
    versions: claims.filter((claim) => VERSION_CLAIMS.has(claim.what)).map(quoted),
    setAside: [...new Set(setAside.map((name) => `it behaves like ${wordsOfName(name)}, but better evidence says otherwise`))],
  }
}

export function wordsOfName({ vendor, model }: Pick<DeviceName, 'vendor' | 'model'>): string {
  return vendor === null ? model : `${vendor} ${model}`
}

function quoted(claim: Claim): QuotedClaim {
  return { what: claim.what, value: claim.value, level: claim.level, evidence: claim.evidence, inferred: claim.inferred, frame: claim.frame }
}

/** `known`: the maker the asset as a whole has, for a model whose claims name none. */
function namesOfClaim(claim: Claim, vendors: readonly Claim[], profiles: Profiles, known: string | null): DeviceName[] {
  if (claim.level === 'E') return []
  const level = claim.level
  const profile = profiles.get(claim.value)
  if (claim.what === 'model' && profile !== undefined) {
    return namesOfProfile(profile, profiles).map((name) => ({ ...name, level, claims: [quoted(claim)] }))
  }
  const makers = makersOf(claim, vendors)
  const own: DeviceName[] = makers.length === 0
    ? [{ vendor: known, model: claim.value, level, claims: [quoted(claim)], via: null }]
    : makers.map((maker) => ({ vendor: maker.value, model: claim.value, level: worse(level, maker.level), claims: [quoted(claim), quoted(maker)], via: null }))
  return [...own, ...own.flatMap((name) => originalsOf(name, profiles))]
}

/** Makers stated by the same source as the model; else all that are stated. */
function makersOf(model: Claim, vendors: readonly Claim[]): readonly Claim[] {
  const same = vendors.filter(({ evidence }) => evidence === model.evidence)
  return same.length > 0 ? same : vendors.filter(({ level }) => level <= 'C')
}

function worse(a: DeviceName['level'], b: EvidenceLevel): DeviceName['level'] {
  return b === 'E' || a >= b ? a : b
}

type BareName = Pick<DeviceName, 'vendor' | 'model' | 'via'>

/** A profile's own name, its aliases, and the original it is a relabel of. */
function namesOfProfile(profile: DeviceProfile, profiles: Profiles): BareName[] {
  const original = profile.relabels === null ? undefined : profiles.get(profile.relabels)
  const via = `profile ${profile.id}`
  const own: BareName[] = [profile, ...profile.aliases].map(({ vendor, model }) => ({ vendor, model, via }))
  if (original === undefined) return own
  return [...own, { vendor: original.vendor, model: original.model, via: relabelWords(profile, original) }]
}

/** A list that names a relabel by its label means the original too. */
function originalsOf(name: DeviceName, profiles: Profiles): DeviceName[] {
  return [...profiles.values()].flatMap((profile) => {
    const original = profile.relabels === null ? undefined : profiles.get(profile.relabels)
    if (original === undefined || !isNamed(name, profile)) return []
    return [{ ...name, vendor: original.vendor, model: original.model, via: relabelWords(profile, original) }]
  })
}

function relabelWords(profile: DeviceProfile, original: DeviceProfile): string {
  return `${profile.vendor} ${profile.model} is a ${original.vendor} ${original.model} by another label (${profile.source})`
}

function isNamed(name: DeviceName, profile: DeviceProfile): boolean {
  const flat = (text: string): string => fold(text).replaceAll(/[^\p{L}\d]/gu, '')
  if (name.vendor === null) return false
  const ids = vendorMeaning(name.vendor).ids
  return vendorMeaning(profile.vendor).ids.some((id) => ids.includes(id)) && flat(name.model) === flat(profile.model)
}

/** Another maker by label, list or protocol, or a name of another maker. */
function contradicted(name: DeviceName, better: readonly DeviceName[], vendors: readonly Claim[]): boolean {
  const makers = [...better.flatMap(({ vendor }) => vendor ?? []), ...vendors.filter(({ level }) => level <= 'C').map(({ value }) => value)]
  if (makers.length === 0 || name.vendor === null) return false
  const own = vendorMeaning(name.vendor).ids
  return !makers.some((maker) => vendorMeaning(maker).ids.some((id) => own.includes(id)))
}
