// loadProfiles: the device profiles shipped with Cordon and those of a site's own folder.
// Keeps the rule that a broken profile is told and never half used: any error, and none is loaded.

import { readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { createReader, hasErrors, report, type TreeReader } from '../base/tree-reader.ts'
import type { Position } from '../base/tree.ts'
import { parseProfile, resolveRelabels, type DeviceProfile, type Places } from '../inventory/profiles.ts'
import { loadYamlTree } from './load.ts'
import { productPath } from './product.ts'
import { fileDiagnostic, systemDiagnostic } from './text-file.ts'

/** CISA's medical advisories name about 400 products; a folder with more files than this is the wrong folder. */
const FILES_MAX = 1024

/** All profiles of the product and the site. */
export interface LoadedProfiles {
  /** By id, shipped ones first. Relabels carry the facts of their original. */
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly warnings: readonly Diagnostic[]
}

/** Reads the shipped profiles and, when given, those of `userFolder`, which replace shipped ones of the same id (with a warning). */
export function loadProfiles(userFolder?: string): Result<LoadedProfiles, readonly Diagnostic[]> {
  const reader = createReader('profile')
  const shipped = loadFolder(reader, productPath('profiles'), 'profiles')
  const own = userFolder === undefined ? [] : loadFolder(reader, userFolder, userFolder)
  const byId = new Map(shipped.map((profile) => [profile.id, profile]))
  for (const profile of own) {
    const replaced = byId.get(profile.id)
    byId.set(profile.id, profile)
    if (replaced !== undefined) reportReplaced(reader, profile, replaced)
  }
  const resolved = resolveRelabels([...byId.values()])
  const all = [...reader.diagnostics, ...resolved.diagnostics]
  return hasErrors(all) ? err(all) : ok({ profiles: resolved.profiles, warnings: all })
}

function reportReplaced(reader: TreeReader, profile: DeviceProfile, replaced: DeviceProfile): void {
  const message = `profile ${profile.id} replaces the shipped one of ${replaced.at.file}`
  report(reader, profile.at, 'replaced', message, 'Give it an id of its own to keep both.', 'warning')
}

/** What a file or a folder holds, beside the shipped profiles that it may relabel or replace. */
export interface CheckedProfiles {
  /** Those of the file or folder, relabels with the facts of their original; empty when there is an error. */
  readonly profiles: readonly DeviceProfile[]
  readonly diagnostics: readonly Diagnostic[]
  readonly places: Places
}

/** Reads one profile file, or a folder of them, as `loadProfiles` would take it. */
export function checkProfiles(path: string): CheckedProfiles {
  const reader = createReader('profile')
  const shipped = loadFolder(createReader('profile'), productPath('profiles'), 'profiles')
  const places = new Map<object, Position>()
  const own = isFolder(path) ? loadFolder(reader, path, path, places) : [loadProfile(reader, path, path, places)].flatMap((profile) => profile ?? [])
  const ids = new Set(own.map((profile) => profile.id))
  for (const profile of own) {
    const replaced = shipped.find(({ id }) => id === profile.id)
    if (replaced !== undefined && !isShipped(path)) reportReplaced(reader, profile, replaced)
  }
  const { profiles, diagnostics } = resolveRelabels([...shipped.filter((profile) => !ids.has(profile.id)), ...own])
  const files = new Set(own.map((profile) => profile.at.file))
  const all = [...reader.diagnostics, ...diagnostics.filter((d) => files.has(d.file))]
  return { profiles: hasErrors(all) ? [] : own.flatMap((profile) => profiles.get(profile.id) ?? []), diagnostics: all, places }
}

/** The shipped folder and its files replace nothing. */
function isShipped(path: string): boolean {
  const shipped = realpathSync(productPath('profiles'))
  const own = realpathSync(path)
  return own === shipped || dirname(own) === shipped
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** `label` stands for the folder in diagnostics. Files by name, so that the same folder always gives the same order. */
function loadFolder(reader: TreeReader, folder: string, label: string, places: Map<object, Position> = new Map()): readonly DeviceProfile[] {
  const names = profileFiles(folder, label)
  if (!names.ok) {
    reader.diagnostics.push(names.error)
    return []
  }
  const byId = new Map<string, DeviceProfile>()
  for (const name of names.value) {
    const profile = loadProfile(reader, join(folder, name), `${label}/${name}`, places)
    if (profile === null) continue
    const first = byId.get(profile.id)
    if (first === undefined) byId.set(profile.id, profile)
    else report(reader, profile.at, 'duplicate-name', `two profiles are called ${profile.id}`, `Rename one; the first is ${first.at.file}.`)
  }
  return [...byId.values()]
}

function loadProfile(reader: TreeReader, path: string, label: string, places: Map<object, Position>): DeviceProfile | null {
  const loaded = loadYamlTree(path, label)
  if (!loaded.ok) {
    reader.diagnostics.push(...loaded.error)
    return null
  }
  const { profile, diagnostics, places: own } = parseProfile(loaded.value.tree)
  for (const [part, place] of own) places.set(part, place)
  reader.diagnostics.push(...loaded.value.diagnostics, ...diagnostics)
  return profile
}

function profileFiles(folder: string, label: string): Result<readonly string[], Diagnostic> {
  try {
    const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort()
    if (names.length <= FILES_MAX) return ok(names)
    return err(fileDiagnostic(label, 'too-many', `${label} holds ${names.length} YAML files`,
      'Name the folder that holds device profiles only.'))
  } catch (error) {
    return err(systemDiagnostic(error, label))
  }
}
