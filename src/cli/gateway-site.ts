// gateway-site: where the update commands find releases and permits, and who may approve: from the gateway's file, or a folder that is named.
// Keeps the rule that what is wrong with the file is told with its line, and a command then does nothing.

import path from 'node:path'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { loadUpdateSite, type UpdateSite } from '../config/update-site.ts'
import type { PermitStore } from '../gateway/permits.ts'
import type { ReleaseStore } from '../gateway/release.ts'
import type { Io } from './io.ts'

export interface SiteFlags {
  readonly config: string
  /** Data folder; goes before the one of the file. */
  readonly folder?: string | undefined
}

/** Null after saying why not. */
export function releaseStoreOf(flags: SiteFlags, clock: () => number, io: Pick<Io, 'err'>): ReleaseStore | null {
  const folder = flags.folder ?? siteOf(flags, io)?.folder
  return folder === undefined ? null : { folder: path.join(folder, 'releases'), clock }
}

/** The approvers come from the file whatever the folder is: what lies in the folder must not say who may sign. */
export function permitStoreOf(flags: SiteFlags, io: Pick<Io, 'err'>): PermitStore | null {
  const site = siteOf(flags, io)
  if (site === null) return null
  const approvers = site.approvers.map(({ id, name, key }) => ({ id, role: name, publicKey: key }))
  return { folder: path.join(flags.folder ?? site.folder, 'permits'), approvers }
}

function siteOf(flags: SiteFlags, io: Pick<Io, 'err'>): UpdateSite | null {
  const loaded = loadUpdateSite(flags.config)
  if (loaded.ok) return loaded.value
  for (const diagnostic of loaded.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
  return null
}
