// release: a TUF repository taken in from a folder, verified by the whole client workflow, and its releases given out as bytes in memory.
// Keeps the rules: pinned root, expiry kept, the clock never goes back, no delegation by two roads, and nothing served that was not verified just now.

import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Updater, type BaseFetcher, type TargetFile } from 'tuf-js'
import { err, ok, type Result } from '../base/result.ts'
import { groupReleases, releaseFile, type ReleaseFile, type ReleaseManifest } from './core/update/release.ts'
import { makeTree, type ReleaseTree } from './core/update/tree.ts'
import { writeDurably } from './durable.ts'
import { checkedDelegations } from './delegations.ts'
import { LocalFetcher, METADATA_URL, TARGETS_URL } from './local-fetcher.ts'
import { copyRepository, METADATA_BYTES_MAX, readBounded } from './repository-copy.ts'
import { describeRoles, faultOfRoles, type RoleState } from './role-state.ts'
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

/** A clock that is corrected by a little is not set back. */
const CLOCK_SLACK_MS = 5 * 60_000

/** The client's limits: the numbers of tuf-js 6 stated here, so that another version cannot widen them. */
export const CLIENT_LIMITS = {
  maxRootRotations: 256, maxDelegations: 32, rootMaxLength: 512_000, timestampMaxLength: 16_384, snapshotMaxLength: 2_000_000,
  targetsMaxLength: METADATA_BYTES_MAX,
}

const at = (store: ReleaseStore, ...parts: string[]): string => path.join(store.folder, ...parts)

/** Pins the first root. It comes to the hospital by another road than the releases; it is never replaced here, only rotated by itself. */
export function pinRoot(store: ReleaseStore, rootFile: string): Result<string> {
  if (hasRoot(store)) return err('a root is pinned already; only a new root signed by the old one replaces it')
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

/** How one repository fared. */
export interface Taken {
  readonly loaded: Result<readonly LoadedRelease[]>
  /** What its metadata say of each role, whether it was taken in or not; empty when they cannot be told. */
  readonly roles: readonly RoleState[]
  /** Listed targets that no role trusted for their path has signed: no targets at all (TUF section 5.6.7). */
  readonly leftOut: readonly string[]
}

/** Brings a repository (folders `metadata` and `targets`) into `staging`. `trusted` is a copy of what is trusted, to try things on. */
export type Bring = (staging: string, trusted: string) => Promise<Result<null>>

export interface TakeOptions extends LoadOptions {
  /** false: verified only, and nothing of it stays. */
  readonly keep: boolean
}

/**
 * Copies the repository `source` (folders `metadata` and `targets`), verifies it whole, and keeps it in place of the last one.
 * When anything is wrong nothing is kept but newer roots that were good.
 */
export async function importRepository(store: ReleaseStore, source: string, options: LoadOptions = {}): Promise<Result<readonly LoadedRelease[]>> {
  return (await takeRepository(store, bringFolder(source), { ...options, keep: true })).loaded
}

export function bringFolder(source: string): Bring {
  return (staging) => Promise.resolve(copyRepository(source, staging))
}

/** The import of any source: brought into a folder of our own, verified there whole, then kept or dropped. */
export async function takeRepository(store: ReleaseStore, bring: Bring, options: TakeOptions): Promise<Taken> {
  makeFolder(store.folder, 0o700)
  const staging = at(store, `incoming-${randomUUID()}`)
  const [trusted, tried] = [`${staging}-trusted`, `${staging}-tried`]
  try {
    // On copies of what is trusted: a repository that turns out bad at its last file must not have moved the timestamp before.
    if (fs.existsSync(at(store, 'trusted'))) for (const copy of [trusted, tried]) fs.cpSync(at(store, 'trusted'), copy, { recursive: true })
    const brought = await bring(staging, tried)
    if (!brought.ok) {
      const roles = describeRoles(tried, path.join(staging, 'metadata'), METADATA_BYTES_MAX)
      if (options.keep) keepNewerRoot(store, tried)
      return { loaded: brought, roles, leftOut: [] }
    }
    const leftOut: string[] = []
    const loaded = await verifyRepository(store, { repository: staging, metadataDir: trusted, leftOut }, options)
    const roles = describeRoles(trusted, path.join(staging, 'metadata'), METADATA_BYTES_MAX)
    if (loaded.ok && options.keep) {
      replaceFolder(trusted, at(store, 'trusted'))
      replaceFolder(staging, at(store, 'repository'))
    } else if (options.keep) keepNewerRoot(store, trusted)
    return { loaded, roles, leftOut }
  } finally {
    for (const folder of [staging, trusted, tried]) fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** A root is signed by the one before: a newer one is kept whatever else was wrong (TUF section 5.3.8), so that revoked keys stay revoked. */
function keepNewerRoot(store: ReleaseStore, trusted: string): void {
  const [fresh, kept] = [path.join(trusted, 'root.json'), at(store, 'trusted', 'root.json')]
  if (fs.existsSync(fresh) && fs.existsSync(kept)) writeDurably(kept, fs.readFileSync(fresh))
}

/** Whether there is a root to judge repositories by. */
export function hasRoot(store: ReleaseStore): boolean {
  return fs.existsSync(at(store, 'trusted', 'root.json'))
}

/** What the pinned root says of its own keys. */
export function rootState(store: ReleaseStore): RoleState | null {
  return describeRoles(at(store, 'trusted'), at(store, 'trusted'), METADATA_BYTES_MAX)[0] ?? null
}

/** Whether a repository was taken in at some time. */
export function hasRepository(store: ReleaseStore): boolean {
  return fs.existsSync(at(store, 'repository'))
}

/** Verifies the kept repository again, now: what has expired since is refused. */
export async function loadReleases(store: ReleaseStore, options: LoadOptions = {}): Promise<Result<readonly LoadedRelease[]>> {
  if (!hasRepository(store)) return err('no release was imported yet; import one with `gateway release import FOLDER`')
  return verifyRepository(store, { repository: at(store, 'repository'), metadataDir: at(store, 'trusted') }, options)
}

/** The same with what its metadata say of each role. */
export async function loadKept(store: ReleaseStore, options: LoadOptions = {}): Promise<Taken> {
  if (!hasRepository(store)) return { loaded: await loadReleases(store, options), roles: [], leftOut: [] }
  const leftOut: string[] = []
  const loaded = await verifyRepository(store, { repository: at(store, 'repository'), metadataDir: at(store, 'trusted'), leftOut }, options)
  return { loaded, leftOut, roles: describeRoles(at(store, 'trusted'), at(store, 'repository', 'metadata'), METADATA_BYTES_MAX) }
}

export interface VerifySource {
  /** Folder of our own, with `metadata` and `targets`. */
  readonly repository: string
  /** What is trusted; it moves on as the client goes. */
  readonly metadataDir: string
  /** Where the client gets its files; default: the folder itself. */
  readonly fetcher?: Pick<BaseFetcher, 'downloadFile' | 'downloadBytes'>
  /** Puts a delegated role's file into the folder before it is looked at. */
  readonly ensure?: (file: string) => Promise<void>
  /** Gets the targets that are left out. */
  readonly leftOut?: string[]
}

/** The whole client workflow over a folder of our own. One client for each look-up: no role is trusted because another look-up loaded it. */
export async function verifyRepository(store: ReleaseStore, source: VerifySource, options: LoadOptions): Promise<Result<readonly LoadedRelease[]>> {
  const { repository, metadataDir } = source
  const clock = advanceClock(store)
  if (!clock.ok) return clock
  if (!fs.existsSync(path.join(metadataDir, 'root.json'))) return err('no root is pinned; pin the one that was handed over in person first')
  const client = (): Updater => new Updater({
    metadataDir, metadataBaseUrl: METADATA_URL, targetBaseUrl: TARGETS_URL, fetcher: source.fetcher ?? new LocalFetcher(repository),
    config: CLIENT_LIMITS, forceCache: false,
  })
  try {
    await client().refresh()
    const limits = { rolesMax: CLIENT_LIMITS.maxDelegations, bytesMax: METADATA_BYTES_MAX }
    const paths = await checkedDelegations(metadataDir, path.join(repository, 'metadata'), limits, source.ensure)
    if (!paths.ok) return paths
    const files: { file: ReleaseFile; content: Uint8Array }[] = []
    for (const target of paths.value) {
      const loaded = await loadTarget(client(), target, store)
      if (!loaded.ok) return loaded
      if (loaded.value) files.push(loaded.value)
      else source.leftOut?.push(target)
    }
    const doubt = faultOfRoles(describeRoles(metadataDir, path.join(repository, 'metadata'), METADATA_BYTES_MAX), clock.value)
    return doubt === null ? assemble(files, options) : err(`the repository is refused: ${doubt}`)
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
