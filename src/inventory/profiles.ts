// Device profiles: the text of profiles/*.yaml as values, and relabels with the facts of their originals.
// Keeps the rule that a profile names and explains, and never identifies by itself: evidence.ts decides what is on the wire.

import type { Diagnostic } from '../base/diagnostic.ts'
import { positionOf, type Position, type TreeNode } from '../base/tree.ts'
import { createReader, hasErrors, readChoice, readMap, readName, readText, report } from '../base/tree-reader.ts'
import { PROFILE_KEYS } from './profile-keys.ts'
import { ASSET_ROLES } from './asset.ts'
import { COVERAGES, PROFILE_VERSIONS, type DeviceProfile } from './profile-model.ts'
import { readAdvisory, readAlias, readEach, readFlow, readIdentity, readIndicator, readRemedy, readSourced,
  readVulnerability } from './profile-parts.ts'

export * from './profile-model.ts'

/** The profile, or why there is none. */
export interface ProfileResult {
  /** null when there is at least one error. */
  readonly profile: DeviceProfile | null
  readonly diagnostics: readonly Diagnostic[]
  readonly places: Places
}

/** Where each part of a profile stands in its file, by the part itself. */
export type Places = ReadonlyMap<object, Position>

/** Reads one profile file. Never throws, whatever the tree; format in docs/profiles.md. */
export function parseProfile(tree: TreeNode): ProfileResult {
  const reader = createReader('profile')
  const fields = readMap(reader, tree, 'the profile', PROFILE_KEYS)
  const places = new Map<object, Position>()
  if (fields === null) return { profile: null, diagnostics: reader.diagnostics, places }
  readChoice(reader, fields.get('version'), '"version" of the profile', PROFILE_VERSIONS)
  const id = readName(reader, fields.get('id'), '"id" of the profile')
  const vendor = readText(reader, fields.get('vendor'), '"vendor"')
  const model = readText(reader, fields.get('model'), '"model"')
  const role = readChoice(reader, fields.get('role'), '"role"', ASSET_ROLES)
  const covers = fields.get('covers') === undefined ? 'model' : readChoice(reader, fields.get('covers'), '"covers"', COVERAGES)
  const sourced = readSourced(reader, fields, 'the profile')
  const parts = {
    relabels: readName(reader, fields.get('relabels'), '"relabels"'),
    description: readText(reader, fields.get('description'), '"description"'),
    aliases: readEach(reader, fields, 'aliases', readAlias, places),
    identity: readEach(reader, fields, 'identity', readIdentity, places),
    flows: readEach(reader, fields, 'flows', readFlow, places),
    indicators: readEach(reader, fields, 'indicators', readIndicator, places),
    vulnerabilities: readEach(reader, fields, 'vulnerabilities', readVulnerability, places),
    advisories: readEach(reader, fields, 'advisories', readAdvisory, places),
    remedies: readEach(reader, fields, 'remedies', readRemedy, places),
  }
  const diagnostics = [...reader.diagnostics].sort((a, b) => a.line - b.line || a.column - b.column)
  if (id === null || vendor === null || model === null || role === null || covers === null || sourced === null) return { profile: null, diagnostics, places }
  const profile = { id, vendor, model, role, covers, ...sourced, ...parts, at: positionOf(tree) }
  return { profile: hasErrors(diagnostics) ? null : profile, diagnostics, places }
}

/** Profiles ready for use. */
export interface ResolvedProfiles {
  /** By id, in the order given. Relabels hold the original's facts before their own. */
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly diagnostics: readonly Diagnostic[]
}

/** Gives each relabel the facts of its original. A relabel of a relabel is refused: the original is what facts are about. */
export function resolveRelabels(parsed: readonly DeviceProfile[]): ResolvedProfiles {
  const reader = createReader('profile')
  const own = new Map(parsed.map((profile) => [profile.id, profile]))
  const profiles = new Map<string, DeviceProfile>()
  for (const profile of own.values()) {
    const original = profile.relabels === null ? undefined : own.get(profile.relabels)
    if (profile.relabels !== null && original === undefined) {
      const help = `Known profiles: ${[...own.keys()].sort().join(', ')}.`
      report(reader, profile.at, 'unknown-profile', `profile ${profile.id} relabels the unknown profile "${profile.relabels}"`, help)
    } else if (original === profile) {
      report(reader, profile.at, 'relabel-chain', `profile ${profile.id} relabels itself`, 'Name the original, or delete "relabels:".')
    } else if (original !== undefined && original.relabels !== null) {
      const message = `profile ${profile.id} relabels ${original.id}, which is a relabel itself`
      report(reader, profile.at, 'relabel-chain', message, `Name the original, ${original.relabels}.`)
    }
    profiles.set(profile.id, original === undefined ? profile : inherit(profile, original))
  }
  return { profiles, diagnostics: reader.diagnostics }
}

function inherit(relabel: DeviceProfile, original: DeviceProfile): DeviceProfile {
  return {
    ...relabel,
    identity: [...original.identity, ...relabel.identity],
    flows: [...original.flows, ...relabel.flows],
    indicators: [...original.indicators, ...relabel.indicators],
    vulnerabilities: [...original.vulnerabilities, ...relabel.vulnerabilities],
    advisories: [...original.advisories, ...relabel.advisories],
    remedies: [...original.remedies, ...relabel.remedies],
  }
}
