// Advisories from files: the shipped table, and CSAF documents of a file, a folder or a mirror of a publisher's folder.
// Keeps the rule that a file is hashed as it stands, checked, and used whole or not at all; what was passed over is told.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import type { Diagnostic } from '../base/diagnostic.ts'
import {
  advisoriesOfTable, advisoryOfCsaf, knownExploitedOf, knownExploitedOfCatalog, looksLikeCsaf, markingOfCsaf, type Advisory, type KnownExploited,
} from '../inventory/advisories/index.ts'
import type { CsafValidator } from './csaf-validator.ts'
import { productPath } from './product.ts'
import { jsonOf } from './json-file.ts'
import { fileDiagnostic, systemDiagnostic } from './text-file.ts'

/** CISA's whole repository holds some 4,000 documents, a large vendor's some 20,000. */
export const ADVISORY_FILES_MAX = 65_536
/** The largest documents of large vendors have some 20 MB. */
export const ADVISORY_BYTES_MAX = 64 * 1024 * 1024
/** A mirror nests publisher, class, marking and year. */
const FOLDER_DEPTH_MAX = 12

export interface ShippedAdvisories {
  readonly advisories: readonly Advisory[]
  readonly exploited: KnownExploited
}

/** Facts shipped with Cordon. */
export function loadShippedAdvisories(): ShippedAdvisories {
  const folder = productPath('advisories')
  return {
    advisories: advisoriesOfTable(readFileSync(path.join(folder, 'medical.jsonl'), 'utf8')),
    exploited: knownExploitedOf(JSON.parse(readFileSync(path.join(folder, 'known-exploited.json'), 'utf8'))),
  }
}

export type ReadFile =
  | { readonly kind: 'advisory'; readonly file: string; readonly advisory: Advisory; readonly marking: string | null }
  | { readonly kind: 'exploited'; readonly file: string; readonly exploited: KnownExploited }
  /** JSON that is neither: a feed, metadata of the publisher. */
  | { readonly kind: 'other'; readonly file: string }
  | { readonly kind: 'refused'; readonly file: string; readonly reasons: readonly string[] }

/** JSON files of a folder and its folders by name; a single file is taken whatever it is called. Links are not followed. */
export function advisoryFiles(from: string): Result<readonly string[], Diagnostic> {
  try {
    if (!statSync(from).isDirectory()) return ok([from])
    const files: string[] = []
    walk(from, 0, files)
    if (files.length > ADVISORY_FILES_MAX) {
      return err(fileDiagnostic(from, 'too-many', `${from} holds more than ${ADVISORY_FILES_MAX} JSON files`, 'Name one of its folders.'))
    }
    return ok(files)
  } catch (error) {
    return err(systemDiagnostic(error, from))
  }
}

function walk(folder: string, depth: number, files: string[]): void {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (files.length > ADVISORY_FILES_MAX) return
    const full = path.join(folder, entry.name)
    if (entry.isDirectory() && depth < FOLDER_DEPTH_MAX) walk(full, depth + 1, files)
    else if (entry.isFile() && entry.name.toLowerCase().endsWith('.json')) files.push(full)
  }
}

/** One file to facts, or why not. `validator` null: its form is not checked. */
export async function readAdvisoryFile(file: string, validator: CsafValidator | null): Promise<ReadFile> {
  const bytes = bytesOf(file)
  if (!bytes.ok) return { kind: 'refused', file, reasons: [bytes.error] }
  const json = jsonOf(bytes.value)
  if (!json.ok) return { kind: 'refused', file, reasons: [json.error] }
  const { value } = json
  const exploited = knownExploitedOfCatalog(value)
  if (exploited !== null) return { kind: 'exploited', file, exploited }
  if (!looksLikeCsaf(value)) return { kind: 'other', file }
  const sum = checksumProblem(file, bytes.value)
  const read = advisoryOfCsaf(value, { of: 'file', sha256: createHash('sha256').update(bytes.value).digest('hex') })
  const reasons = [...(sum === null ? [] : [sum]), ...(read.ok ? [] : [read.error]), ...(validator === null || !read.ok ? [] : await validator(value))]
  return reasons.length > 0 || !read.ok ? { kind: 'refused', file, reasons } : { kind: 'advisory', file, advisory: read.value, marking: markingOfCsaf(value) }
}

function bytesOf(file: string): Result<Buffer> {
  try {
    const { size } = statSync(file)
    if (size > ADVISORY_BYTES_MAX) return err(`larger than ${ADVISORY_BYTES_MAX / 1024 / 1024} MiB, which no advisory is: name the advisories' own folder`)
    return ok(readFileSync(file))
  } catch (error) {
    return err(systemDiagnostic(error, file).message)
  }
}

/** CSAF 2.0, requirement 19: a mirror has the hash beside each file, as sha256sum and sha512sum write it. */
function checksumProblem(file: string, bytes: Buffer): string | null {
  for (const algorithm of ['sha512', 'sha256']) {
    const beside = `${file}.${algorithm}`
    if (!existsSync(beside)) continue
    const wanted = readFileSync(beside, 'utf8').trim().split(/\s/)[0]?.toLowerCase()
    if (wanted !== createHash(algorithm).update(bytes).digest('hex')) return `its ${algorithm} is not what ${path.basename(beside)} says: it was changed or cut`
  }
  return null
}
