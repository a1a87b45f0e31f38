// release: a TUF repository taken in from a folder, verified by the whole client workflow, and its releases given out as bytes in memory.
// Keeps the rules: pinned root, expiry kept, the clock never goes back, no delegation by two roads, and nothing served that was not verified just now.

import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Updater, type TargetFile } from 'tuf-js'
import { err, ok, type Result } from '../base/result.ts'
import { groupReleases, releaseFile, type ReleaseFile, type ReleaseManifest } from './core/update/release.ts'
import { makeTree, type ReleaseTree } from './core/update/tree.ts'
import { writeDurably } from './durable.ts'
import { checkedDelegations } from './delegations.ts'
import { LocalFetcher, METADATA_URL, openBelow, TARGETS_URL } from './local-fetcher.ts'
import { makeFolder } from '../store/make-folder.ts'

/**
 * Where the gateway keeps what it trusts:
 *   trusted/root.json, timestamp.json, ...   metadata of the last good refresh: what rollback is judged by
 *   repository/metadata, repository/targets  the copy that was taken in; it is verified again each time it is used
 *   clock.json                               the latest hour ever seen
 */
export interface ReleaseStore {
  readonly folder: string
  /** Milliseconds since 1970. tuf-js asks the system's clock itself; this one guards it. */
  readonly clock: () => number
}

/** What one file of metadata may hold, as tuf-js has it for targets; and what a repository may hold in all. */
const METADATA_BYTES_MAX = 5_000_000
const TARGET_BYTES_MAX = 256 * 1024 * 1024
const REPOSITORY_BYTES_MAX = 1024 * 1024 * 1024
const REPOSITORY_FILES_MAX = 8192
const FOLDER_DEPTH_MAX = 16
/** A clock that is corrected by a little is not set back. */
const CLOCK_SLACK_MS = 5 * 60_000

/** The client's limits: the numbers of tuf-js 6 stated here, so that another version cannot widen them. */
const CLIENT_LIMITS = {
  maxRootRotations: 256, maxDelegations: 32, rootMaxLength: 512_000, timestampMaxLength: 16_384, snapshotMaxLength: 2_000_000,
  targetsMaxLength: METADATA_BYTES_MAX,
}

const at = (store: ReleaseStore, ...parts: string[]): string => path.join(store.folder, ...parts)

/** Pins the first root. It comes to the hospital by another road than the releases; it is never replaced here, only rotated by itself. */
export function pinRoot(store: ReleaseStore, rootFile: string): Result<string> {
  if (fs.existsSync(at(store, 'trusted', 'root.json'))) return err('a root is pinned already; only a new root signed by the old one replaces it')
  const bytes = readBounded(path.dirname(rootFile), path.basename(rootFile), CLIENT_LIMITS.rootMaxLength)
  if (!bytes.ok) return bytes
  makeFolder(store.folder, 0o700)
  const staging = fs.mkdtempSync(at(store, 'root-'))
  try {
    fs.writeFileSync(path.join(staging, 'root.json'), bytes.value)
    // Its constructor verifies that the root is signed by its own threshold.
    const client = new Updater({ metadataDir: staging, metadataBaseUrl: METADATA_URL, fetcher: new LocalFetcher(staging), config: CLIENT_LIMITS })
    void client
    makeFolder(at(store, 'trusted'))
    writeDurably(at(store, 'trusted', 'root.json'), bytes.value)
  } catch (cause) {
    return err(`${rootFile} is no root that signs itself: ${messageOf(cause)}`)
  } finally {
    fs.rmSync(staging, { recursive: true, force: true })
  }
  return ok(createHash('sha256').update(bytes.value).digest('hex'))
}

export interface LoadedRelease {
  readonly manifest: ReleaseManifest
  readonly tree: ReleaseTree
}

export interface LoadOptions {
  readonly exportPath?: string
}

/**
 * Copies the repository `source` (folders `metadata` and `targets`), verifies it whole, and keeps it in place of the last one.
 * When anything is wrong nothing is kept but newer roots that were good.
 */
export async function importRepository(store: ReleaseStore, source: string, options: LoadOptions = {}): Promise<Result<readonly LoadedRelease[]>> {
  makeFolder(store.folder, 0o700)
  const staging = at(store, `incoming-${randomUUID()}`)
  const trusted = `${staging}-trusted`
  try {
    const copied = copyRepository(source, staging)
    if (!copied.ok) return copied
    // On a copy of what is trusted: a repository that turns out bad at its last file must not have moved the timestamp before.
    if (fs.existsSync(at(store, 'trusted'))) fs.cpSync(at(store, 'trusted'), trusted, { recursive: true })
    const loaded = await verifyRepository(store, staging, trusted, options)
    if (loaded.ok) {
      replaceFolder(trusted, at(store, 'trusted'))
      replaceFolder(staging, at(store, 'repository'))
    } else keepNewerRoot(store, trusted)
    return loaded
  } finally {
    for (const folder of [staging, trusted]) fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** A root is signed by the one before: a newer one is kept whatever else was wrong (TUF section 5.3.8), so that revoked keys stay revoked. */
function keepNewerRoot(store: ReleaseStore, trusted: string): void {
  const [fresh, kept] = [path.join(trusted, 'root.json'), at(store, 'trusted', 'root.json')]
  if (fs.existsSync(fresh) && fs.existsSync(kept)) writeDurably(kept, fs.readFileSync(fresh))
}

/** Verifies the kept repository again, now: what has expired since is refused. */
export async function loadReleases(store: ReleaseStore, options: LoadOptions = {}): Promise<Result<readonly LoadedRelease[]>> {
  if (!fs.existsSync(at(store, 'repository'))) return err('no release was imported yet; import one with `gateway release import FOLDER`')
  return verifyRepository(store, at(store, 'repository'), at(store, 'trusted'), options)
}

/** The whole client workflow over a folder of our own. One client for each look-up: no role is trusted because another look-up loaded it. */
async function verifyRepository(
  store: ReleaseStore, repository: string, metadataDir: string, options: LoadOptions,
): Promise<Result<readonly LoadedRelease[]>> {
  const clock = advanceClock(store)
  if (!clock.ok) return clock
  if (!fs.existsSync(path.join(metadataDir, 'root.json'))) return err('no root is pinned; pin the one that was handed over in person first')
  const client = (): Updater => new Updater({
    metadataDir, metadataBaseUrl: METADATA_URL, targetBaseUrl: TARGETS_URL, fetcher: new LocalFetcher(repository), config: CLIENT_LIMITS,
    forceCache: false,
  })
  try {
    await client().refresh()
    const paths = checkedDelegations(metadataDir, path.join(repository, 'metadata'), CLIENT_LIMITS.maxDelegations, METADATA_BYTES_MAX)
    if (!paths.ok) return paths
    const files: { file: ReleaseFile; content: Uint8Array }[] = []
    for (const target of paths.value) {
      const loaded = await loadTarget(client(), target, store)
      if (!loaded.ok) return loaded
      if (loaded.value) files.push(loaded.value)
    }
    return assemble(files, options)
  } catch (cause) {
    return err(`the repository is refused: ${messageOf(cause)}`)
  }
}

async function loadTarget(client: Updater, target: string, store: ReleaseStore): Promise<Result<{ file: ReleaseFile; content: Uint8Array } | null>> {
  const info = await client.getTargetInfo(target)
  // Listed by a role that is not trusted for this path: it is no target at all (TUF section 5.6.7).
  if (!info) return ok(null)
  const file = releaseFile({ path: info.path, length: info.length, hashes: info.hashes, custom: info.custom })
  if (!file.ok) return file
  const content = await download(client, info, store)
  const sha512 = createHash('sha512').update(content).digest('hex')
  const sha256 = createHash('sha256').update(content).digest('hex')
  if (content.length !== info.length || sha256 !== file.value.sha256 || sha512 !== file.value.sha512) return err(`target "${target}" is not what was signed`)
  return ok({ file: file.value, content })
}

/** Into a file of our own, verified by the client; then into memory, and verified again there by the caller. */
async function download(client: Updater, info: TargetFile, store: ReleaseStore): Promise<Uint8Array> {
  const file = at(store, `target-${randomUUID()}`)
  try {
    await client.downloadTarget(info, file)
    return fs.readFileSync(file)
  } finally {
    fs.rmSync(file, { force: true })
  }
}

function assemble(files: readonly { file: ReleaseFile; content: Uint8Array }[], options: LoadOptions): Result<readonly LoadedRelease[]> {
  const grouped = groupReleases(files.map((f) => f.file))
  if (!grouped.ok) return grouped
  const contents = new Map(files.map((f) => [f.file.target, f.content]))
  const loaded: LoadedRelease[] = []
  for (const manifest of grouped.value) {
    const tree = makeTree({
      id: manifest.id, exportPath: options.exportPath ?? '/pm', modified: stableTime(manifest.id),
      files: manifest.files.map((f) => ({ path: f.nfsPath, mode: f.mode, content: contents.get(f.target) ?? new Uint8Array(0), sha256: f.sha256 })),
    })
    if (!tree.ok) return tree
    loaded.push({ manifest, tree: tree.value })
  }
  return ok(loaded)
}

/** Modification time of a release's files: the same for the same content, another for another, in the year 2026. */
function stableTime(id: string): number {
  return 1_767_225_600 + (createHash('sha256').update(id).digest().readUInt32BE(0) % 31_536_000)
}

/** The latest hour ever seen only grows. A clock that stands before it makes expired metadata look fresh, so nothing is verified then. */
function advanceClock(store: ReleaseStore): Result<number> {
  const file = at(store, 'clock.json')
  const now = store.clock()
  const latest = fs.existsSync(file) ? Number((JSON.parse(fs.readFileSync(file, 'utf8')) as { latest?: unknown }).latest) : 0
  if (!Number.isFinite(latest)) return err(`${file} is damaged: the latest hour seen is not in it`)
  if (now < latest - CLOCK_SLACK_MS) {
    return err(`the clock stands at ${new Date(now).toISOString()}, before ${new Date(latest).toISOString()} which was seen already: was it set back?`)
  }
  if (now > latest) writeDurably(file, JSON.stringify({ latest: now }))
  return ok(now)
}

function replaceFolder(from: string, to: string): void {
  const old = `${to}-old`
  fs.rmSync(old, { recursive: true, force: true })
  if (fs.existsSync(to)) fs.renameSync(to, old)
  fs.renameSync(from, to)
  fs.rmSync(old, { recursive: true, force: true })
}

function readBounded(folder: string, relative: string, max: number): Result<Uint8Array> {
  const fd = openBelow(folder, relative)
  if (fd === null) return err(`${path.join(folder, relative)} is not there, or no regular file`)
  try {
    // One byte more than may be there: a file that grows while it is read is seen to be too long, whatever its stated size was.
    const buf = new Uint8Array(Math.min(fs.fstatSync(fd).size, max) + 1)
    let length = 0
    for (let n = -1; n !== 0 && length < buf.length; length += n) n = fs.readSync(fd, buf, length, buf.length - length, null)
    return length > max || length === buf.length ? err(`${relative} is longer than ${max} bytes, or grew while it was read`) : ok(buf.subarray(0, length))
  } finally {
    fs.closeSync(fd)
  }
}

function copyRepository(source: string, staging: string): Result<null> {
  let files = 0
  let bytes = 0
  for (const [part, max] of [['metadata', METADATA_BYTES_MAX], ['targets', TARGET_BYTES_MAX]] as const) {
    const names = listFiles(path.join(source, part))
    if (!names.ok) return names
    makeFolder(path.join(staging, part), 0o700)
    for (const name of names.value) {
      const content = readBounded(path.join(source, part), name, max)
      if (!content.ok) return content
      files++
      bytes += content.value.length
      if (files > REPOSITORY_FILES_MAX || bytes > REPOSITORY_BYTES_MAX) {
        return err(`${source} has more than ${REPOSITORY_FILES_MAX} files or ${REPOSITORY_BYTES_MAX} bytes`)
      }
      makeFolder(path.dirname(path.join(staging, part, name)))
      fs.writeFileSync(path.join(staging, part, name), content.value)
    }
  }
  return ok(null)
}

/** Regular files below a folder; a link or a device is a refusal, not a surprise. */
function listFiles(folder: string, prefix = '', depth = 0): Result<string[]> {
  if (depth > FOLDER_DEPTH_MAX) return err(`${folder} is nested deeper than ${FOLDER_DEPTH_MAX} folders`)
  if (fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return err(`${folder} is not there; a repository has the folders metadata and targets`)
  }
  const names: string[] = []
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = prefix + entry.name
    if (entry.isDirectory()) {
      const below = listFiles(path.join(folder, entry.name), `${name}/`, depth + 1)
      if (!below.ok) return below
      names.push(...below.value)
    } else if (entry.isFile()) names.push(name)
    else return err(`${path.join(folder, entry.name)} is no regular file; links and devices are not taken in`)
    if (names.length > REPOSITORY_FILES_MAX) return err(`${folder} has more than ${REPOSITORY_FILES_MAX} files`)
  }
  return ok(names.sort())
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
