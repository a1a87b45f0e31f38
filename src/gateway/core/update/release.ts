// release: what the signed metadata says of each file beside its hash, and which files make one release.
// Keeps the rule that a release id names content: another byte, path or mode is another release, and a permit for it is none for this.

import { err, ok, type Result } from '../../../base/result.ts'
import { hexOfBytes, sha256Bytes } from './hmac.ts'
import { pathFault, RELEASE_BYTES_MAX } from './tree.ts'

/** TUF `targets.custom` of one file, and the hashes that TUF itself states of it. */
export interface ReleaseFile {
  readonly target: string
  readonly model: string
  readonly fromVersions: readonly string[]
  readonly toVersion: string
  readonly nfsPath: string
  readonly mode: number
  readonly size: number
  readonly sha256: string
  readonly sha512: string
  readonly note: string
  readonly evidence: string
}

export interface ReleaseManifest {
  /** `MODEL@VERSION#` and 16 hexadecimal digits over the files. */
  readonly id: string
  readonly model: string
  readonly toVersion: string
  readonly fromVersions: readonly string[]
  readonly files: readonly ReleaseFile[]
}

/** A target as TUF verified it. */
export interface SignedTarget {
  readonly path: string
  readonly length: number
  readonly hashes: { readonly [algorithm: string]: string }
  readonly custom: { readonly [key: string]: unknown }
}

/** Longest text of a custom field: a clinical note is a few sentences. */
const TEXT_MAX = 4000
const WORD_MAX = 64
const VERSIONS_MAX = 64
const MODE_DEFAULT = 0o755
const MODE_MAX = 0o777

function text(value: unknown, max: number): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= max ? value : null
}

/** Models and versions go into ids and messages: printable ASCII without blanks. */
function word(value: unknown): string | null {
  const found = text(value, WORD_MAX)
  return found !== null && /^[!-~]+$/.test(found) ? found : null
}

function words(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > VERSIONS_MAX) return null
  const found = value.map(word)
  return found.every((v): v is string => v !== null) ? found : null
}

function mode(value: unknown): number | null {
  if (value === undefined) return MODE_DEFAULT
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MODE_MAX ? value : null
}

/** The file of a target; every field must be there, and size and both hashes must be what TUF states too. */
export function releaseFile(target: SignedTarget): Result<ReleaseFile> {
  const { custom } = target
  const wrong = (field: string, needed: string): Result<ReleaseFile> => err(`target "${target.path}": custom.${field} ${needed}`)
  const model = word(custom['model'])
  if (model === null) return wrong('model', 'must name the model, e.g. "CMS8000"')
  const fromVersions = words(custom['fromVersions'])
  if (fromVersions === null) return wrong('fromVersions', 'must list the versions this may replace')
  const toVersion = word(custom['toVersion'])
  if (toVersion === null) return wrong('toVersion', 'must name the version this makes')
  const nfsPath = text(custom['nfsPath'], TEXT_MAX) ?? ''
  const fault = pathFault(nfsPath)
  if (fault !== null) return wrong('nfsPath', `"${nfsPath}" ${fault}`)
  const bits = mode(custom['mode'])
  if (bits === null) return wrong('mode', 'must be permission bits as a number, or absent')
  const { size, sha256, sha512 } = custom
  if (size !== target.length) return wrong('size', `must be ${target.length}, as the target's length`)
  if (target.length > RELEASE_BYTES_MAX) return wrong('size', `must be at most ${RELEASE_BYTES_MAX}`)
  if (typeof sha256 !== 'string' || sha256 !== target.hashes['sha256']) return wrong('sha256', 'must be the target\'s own SHA-256')
  if (typeof sha512 !== 'string' || sha512 !== target.hashes['sha512']) return wrong('sha512', 'must be the target\'s own SHA-512')
  const note = text(custom['note'], TEXT_MAX)
  if (note === null) return wrong('note', 'must say what this changes at the bedside')
  const evidence = text(custom['evidence'], TEXT_MAX)
  if (evidence === null) return wrong('evidence', 'must say where the file comes from and who analysed it')
  return ok({ target: target.path, model, fromVersions, toVersion, nfsPath, mode: bits, size: target.length, sha256, sha512, note, evidence })
}

function idOf(model: string, toVersion: string, files: readonly ReleaseFile[]): string {
  const lines = files.map((f) => `${f.nfsPath} ${f.mode} ${f.size} ${f.sha256} ${f.sha512} ${f.fromVersions.join(',')}\n`)
  return `${model}@${toVersion}#${hexOfBytes(sha256Bytes(new TextEncoder().encode(lines.join('')))).slice(0, 16)}`
}

/** One release for each model and version, in the order of their names. A path twice in one release is refused. */
export function groupReleases(files: readonly ReleaseFile[]): Result<readonly ReleaseManifest[]> {
  const groups = new Map<string, ReleaseFile[]>()
  for (const file of files) {
    const key = `${file.model} ${file.toVersion}`
    groups.set(key, [...(groups.get(key) ?? []), file])
  }
  const releases: ReleaseManifest[] = []
  for (const key of [...groups.keys()].sort()) {
    const sorted = (groups.get(key) ?? []).toSorted((a, b) => (a.nfsPath < b.nfsPath ? -1 : 1))
    const first = sorted[0]
    if (!first) continue
    const twice = sorted.find((f, i) => f.nfsPath === sorted[i - 1]?.nfsPath)
    if (twice) return err(`release ${key} has two files for "${twice.nfsPath}"`)
    // What all files may replace: a release is taken whole.
    const fromVersions = first.fromVersions.filter((v) => sorted.every((f) => f.fromVersions.includes(v)))
    if (fromVersions.length === 0) return err(`release ${key}: its files have no version in common that they may replace`)
    releases.push({ id: idOf(first.model, first.toVersion, sorted), model: first.model, toVersion: first.toVersion, fromVersions, files: sorted })
  }
  return ok(releases)
}
