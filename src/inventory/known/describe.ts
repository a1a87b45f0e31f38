// Describe: from claims and interfaces to what an asset is called and taken for, once a person or a list has spoken beside the packets.
// Keeps the order person, own protocol, list, behaviour; and says so where they disagree.

import { greatestOf, leastOf } from '../../base/extent.ts'
import { parseMac } from '../../base/mac.ts'
import { bedOf, labelOf, roleOf, type ProfileName } from '../assemble.ts'
import { ASSET_ROLES, type AssetInterface, type AssetRole, type BareAsset, type Claim, type ClaimSubject } from '../asset.ts'
import { strongest } from '../claims.ts'
import { sameModel } from '../listed/names.ts'

export interface DescribeParts {
  readonly id: string
  /** What a person called it, or null. */
  readonly name: string | null
  readonly interfaces: readonly AssetInterface[]
  readonly claims: readonly Claim[]
  /** The assets of the evidence it is made of, at least one. */
  readonly from: readonly BareAsset[]
}

/** An asset anew, and what in it contradicts what. */
export function describe(
  parts: DescribeParts, profiles: ReadonlyMap<string, ProfileName>,
): { readonly asset: BareAsset; readonly contradictions: readonly string[] } {
  const { claims, interfaces, from } = parts
  const model = modelOf(claims)
  const profile = model ? (profiles.get(model.value) ?? null) : null
  const identifiers = new Set(claims.filter((c) => c.what === 'device-identifier').map((c) => c.value))
  const identifier = identifiers.size === 1 ? strongest(claims, 'device-identifier') : null
  const listed = strongest(claims, 'listed-model')
  // A person's word or the device's own is a name without a profile too.
  const ownName = model && !profile && (model.source === 'person' || isShown(model)) ? model.value : null
  const role = confirmed(claims, 'role') ?? profile?.role ?? roleOf(claims, from.some((a) => a.role === 'router'))
  const bed = confirmed(claims, 'bed') ?? bedOf(claims)
  const firstIp = interfaces.find((i) => i.ip !== null)?.ip ?? null
  const label = parts.name ?? labelOf({
    identifier: identifier?.value ?? (model?.source === 'person' ? ownName : null), profile, level: model?.level ?? null,
    bed: bed === null ? null : Number(bed),
    hostName: strongest(claims, 'host-name')?.value ?? null, role: isRole(role) ? role : 'unknown', ip: firstIp,
    mac: parseMac(interfaces[0]?.mac ?? ''),
  })
  const asset: BareAsset = {
    id: parts.id, label,
    profile: profile?.id ?? null,
    vendor: confirmed(claims, 'vendor') ?? profile?.vendor ?? (ownName === null ? strongest(claims, 'vendor')?.value : from[0]?.vendor) ?? null,
    model: identifier?.value ?? profile?.model ?? ownName ?? listed?.value ?? null,
    role: isRole(role) ? role : 'unknown',
    level: identifier?.level ?? (profile || ownName ? model?.level : listed?.level) ?? null,
    bed: bed === null ? null : Number(bed),
    outside: from.every((a) => a.outside), zone: from.map((a) => a.zone).find((zone) => zone !== null) ?? null,
    interfaces, claims,
    firstAt: interfaces.length > 0 ? leastOf(interfaces, (i) => i.firstAt) : leastOf(from, (a) => a.firstAt),
    lastAt: interfaces.length > 0 ? greatestOf(interfaces, (i) => i.lastAt) : greatestOf(from, (a) => a.lastAt),
  }
  return { asset, contradictions: contradictionsOf(claims, profiles) }
}

function isRole(role: string): role is AssetRole {
  return ASSET_ROLES.some((known) => known === role)
}

/** Later confirmations come later in the list: the last one holds. */
function confirmed(claims: readonly Claim[], what: ClaimSubject): string | null {
  return claims.findLast((c) => c.what === what && c.source === 'person')?.value ?? null
}

/** A person's word first; then what its own protocol shows now; then the list, which says what was bought; then behaviour and inference. */
function modelOf(claims: readonly Claim[]): Claim | null {
  const models = claims.filter((c) => c.what === 'model' && c.level <= 'D')
  return models.findLast((c) => c.source === 'person')
    ?? strongest(models.filter(isShown), 'model')
    ?? strongest(models.filter((c) => c.source === 'list'), 'model')
    ?? strongest(models, 'model')
}

/** Its own bytes prove it. */
function isShown(c: Claim): boolean {
  return c.source === undefined && c.level <= 'C' && !c.inferred
}

/** Subjects of which an asset has one: two values that are both more than a guess contradict each other. */
const SINGLE: readonly ClaimSubject[] = ['model', 'bed', 'role']

function contradictionsOf(claims: readonly Claim[], profiles: ReadonlyMap<string, ProfileName>): string[] {
  const byName = SINGLE.flatMap((what) => {
    const told = claims.filter((c) => c.what === what)
    const holding = told.findLast((c) => c.source === 'person') ?? told.find((c) => c.source === 'list')
    if (!holding) return []
    // A box has many roles; only its own protocol's word for a device speaks against a person's.
    const others = told.filter((c) => isShown(c) && c.value !== holding.value && (what !== 'role' || isDeviceRole(c.value)))
    const who = holding.source === 'person' ? 'a person says' : 'the list says'
    return others.map((c) => `${who} ${what} ${named(holding, profiles)}, its packets say ${named(c, profiles)} (${c.evidence}, frame ${c.frame})`)
  })
  return [...byName, ...unknownModel(claims, profiles)]
}

/** The list has a model that no profile knows, and its packets prove one that has another name. */
function unknownModel(claims: readonly Claim[], profiles: ReadonlyMap<string, ProfileName>): string[] {
  const listed = claims.find((c) => c.what === 'listed-model')
  const shown = claims.find((c) => c.what === 'model' && isShown(c))
  if (!listed || !shown || sameModel(listed.value, profiles.get(shown.value)?.model ?? shown.value)) return []
  return [`the list says model ${listed.value}, its packets say ${named(shown, profiles)} (${shown.evidence}, frame ${shown.frame})`]
}

function isDeviceRole(value: string): boolean {
  return value === 'patient-monitor' || value === 'central-station'
}

function named(claim: Claim, profiles: ReadonlyMap<string, ProfileName>): string {
  const profile = claim.what === 'model' ? profiles.get(claim.value) : undefined
  return profile ? `${profile.vendor} ${profile.model}` : claim.value
}
