// cordon gateway permit: request, approve, revoke, list, show, and the public half of a key.
// Keeps "two people, two keys": each approval is one person's own key file, read for one signature, after what it allows was said.

import fs from 'node:fs'
import path from 'node:path'
import { MICROS_PER_MINUTE, type Micros } from '../base/time.ts'
import { quote } from '../base/tree-reader.ts'
import { readTextFile } from '../config/index.ts'
import { APPROVALS_NEEDED, parseInstant, type PermitBody } from '../gateway/core/update/permit.ts'
import {
  approvePermit, DOCUMENT_BYTES_MAX, grantsOf, listPermits, requestPermit, revokePermit, type PermitEntry, type PermitStore,
} from '../gateway/permits.ts'
import { hasRepository, loadReleases, type LoadedRelease } from '../gateway/release.ts'
import { plain } from '../policy/replay/index.ts'
import { instantText, permitJson, permitTable, permitText, wardLine, type PermitView } from './gateway-permit-text.ts'
import { permitStoreOf, releaseStoreOf, type SiteFlags } from './gateway-site.ts'
import { Exit, type Io } from './io.ts'
import { publicKeyOf, readPrivateKey } from './key-file.ts'

const PROOF_FAILED = 5
/** A monitor copies a release in minutes. */
const COMPLETION_MICROS = 15 * MICROS_PER_MINUTE

type PermitIo = Pick<Io, 'out' | 'err'>
/** Milliseconds since 1970. */
type Clock = () => number

export interface PermitArgs extends SiteFlags {
  readonly json?: boolean | undefined
}

export interface SignArgs extends PermitArgs {
  readonly as: string
  readonly key: string
}

export interface RequestArgs extends PermitArgs {
  readonly id?: string
  readonly release?: string
  readonly serial?: string
  readonly model?: string
  readonly installed?: string
  readonly ip?: string
  readonly mac?: string
  readonly from?: string
  readonly until?: string
  readonly completeBy?: string
  readonly bed?: string
  readonly emptyConfirmedBy?: string
  readonly emptyAt?: string
  readonly by?: string
  readonly reason?: string
}

const FLAGS_NEEDED = [
  'release', 'serial', 'model', 'installed', 'ip', 'mac', 'from', 'until', 'bed', 'emptyConfirmedBy', 'emptyAt', 'by', 'reason',
] as const

function usage(io: PermitIo, message: string, help: string): number {
  io.err(`error: ${plain(message, 400)}\n  help: ${help}\n`)
  return Exit.usage
}

const flagOf = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`

/** 2 when something is missing or wrong, 3 when the file cannot be read. */
export async function runRequest(file: string | undefined, args: RequestArgs, io: PermitIo, clock: Clock = Date.now): Promise<number> {
  const store = permitStoreOf(args, io)
  if (store === null) return Exit.usage
  const body = file === undefined ? bodyOf(args, io) : readBody(file, args, io)
  if (typeof body === 'number') return body
  const made = requestPermit(store, body)
  if (!made.ok) return usage(io, made.error, 'Correct it and ask again; nothing was written.')
  const view = (await viewsOf(store, args, io, clock)).views.find((v) => v.entry.id === made.value.id)
  if (view === undefined) return usage(io, `permit ${made.value.id} was written and is not there`, 'Look at the data folder.')
  say(view, store, args, io, clock)
  for (const note of await misfits(made.value, args, io, clock)) io.err(`note: ${note}\n`)
  const people = store.approvers.map((a) => plain(`${a.id} (${a.role})`)).join(', ')
  io.err(people === '' ? 'note: the gateway\'s file names no approvers, so nobody can approve it\n' : `Two of these must approve it: ${people}.\n`)
  return Exit.ok
}

function bodyOf(args: RequestArgs, io: PermitIo): unknown {
  const missing = FLAGS_NEEDED.filter((name) => args[name] === undefined)
  if (missing.length > 0) return usage(io, `a request needs ${missing.map(flagOf).join(', ')}`, 'Or write it as a document: permit request FILE.json.')
  const until = parseInstant(args.until)
  const completeBy = args.completeBy ?? (until === null ? args.until : instantText(until + COMPLETION_MICROS))
  const id = args.id ?? `${args.from?.replaceAll(/[^0-9TZ]/g, '') ?? ''}-${args.serial?.replaceAll(/[^A-Za-z0-9.-]/g, '_') ?? ''}`.slice(0, 64)
  return {
    type: 'cordon-permit', version: 1, id, release: args.release,
    device: { serial: args.serial, model: args.model, version: args.installed, ip: args.ip, mac: args.mac?.toLowerCase() },
    from: args.from, until: args.until, completeBy, bedEmpty: { bed: args.bed, confirmedBy: args.emptyConfirmedBy, at: args.emptyAt },
    requestedBy: args.by, reason: args.reason,
  }
}

/** The document, or an exit code after saying why not. */
function readBody(file: string, args: RequestArgs, io: PermitIo): unknown {
  const beside = [...FLAGS_NEEDED, 'id', 'completeBy'].find((name) => args[name as keyof RequestArgs] !== undefined)
  if (beside !== undefined) return usage(io, `${flagOf(beside)} beside a file`, 'Say it in one place: the file or the flags.')
  const text = readTextFile(file, file, DOCUMENT_BYTES_MAX)
  if (!text.ok) {
    io.err(`cordon: ${text.error.message}\n  help: ${text.error.help}\n`)
    return Exit.unreadable
  }
  try {
    return JSON.parse(text.value) as unknown
  } catch (cause) {
    const why = cause instanceof Error ? plain(cause.message, 200) : ''
    io.err(`cordon: ${quote(file)} is no JSON: ${why}\n  help: See docs/gateway-updates.md for what a request says.\n`)
    return Exit.unreadable
  }
}

/** What would keep the permit from being served, as the releases are now; told early, while it can be mended. */
async function misfits(body: PermitBody, args: SiteFlags, io: PermitIo, clock: Clock): Promise<readonly string[]> {
  const { releases, problem } = await releasesOf(args, io, clock)
  const release = releases.find((r) => r.manifest.id === body.release)?.manifest
  if (release === undefined) return [problem ?? `release ${plain(body.release)} is not here; "release list" shows what is`]
  const notes = []
  if (release.model !== body.device.model) notes.push(`the release is for ${plain(release.model)}, the monitor is a ${plain(body.device.model)}`)
  if (!release.fromVersions.includes(body.device.version)) {
    notes.push(`the release may replace ${release.fromVersions.map((v) => plain(v)).join(', ')}, not ${plain(body.device.version)}`)
  }
  return notes
}

export async function runApprove(id: string, args: SignArgs, io: PermitIo, clock: Clock = Date.now): Promise<number> {
  const store = permitStoreOf(args, io)
  if (store === null) return Exit.usage
  const found = await viewOf(id, store, args, io, clock)
  if (typeof found === 'number') return found
  const { entry } = found
  if (entry.body === null) return unreadable(found, io)
  if (entry.state === 'revoked' || Date.parse(entry.body.completeBy) <= clock()) {
    return usage(io, `permit ${id} is ${entry.state === 'revoked' ? 'revoked' : 'over'}`, 'Ask for another; a permit is never changed.')
  }
  const key = readPrivateKey(args.key)
  if (!key.ok) return usage(io, key.error.message, key.error.help)
  const approved = approvePermit(store, id, args.as, key.value)
  if (!approved.ok) return usage(io, approved.error, 'Each approver signs with the key whose public half stands in the gateway\'s file.')
  const after = await viewOf(id, store, args, io, clock)
  if (typeof after === 'number') return after
  say(after, store, args, io, clock)
  const count = after.entry.approvedBy.length
  const more = count >= APPROVALS_NEEDED ? 'Two people have approved it' : `${count} of ${APPROVALS_NEEDED}: another person must approve it too`
  io.err(`Signed. ${more}.\n`)
  return Exit.ok
}

export async function runRevoke(id: string, args: SignArgs & { readonly reason: string }, io: PermitIo, clock: Clock = Date.now): Promise<number> {
  const store = permitStoreOf(args, io)
  if (store === null) return Exit.usage
  if (args.reason.trim() === '') return usage(io, '--reason is empty', 'Somebody will ask why.')
  // What cannot be read can be stopped too; what is not there is a mistyped name.
  const found = await viewOf(id, store, args, io, clock)
  if (typeof found === 'number') return found
  const key = readPrivateKey(args.key)
  if (!key.ok) return usage(io, key.error.message, key.error.help)
  const revoked = revokePermit(store, id, args.as, key.value, args.reason, clock() * 1000)
  if (!revoked.ok) return usage(io, revoked.error, 'Any one approver can revoke, with the key whose public half stands in the gateway\'s file.')
  const after = await viewOf(id, store, args, io, clock)
  if (typeof after === 'number') return after
  say(after, store, args, io, clock)
  io.err('Revoked. A running gateway stops serving it when it next looks, within a minute; what was already copied stays on the monitor.\n')
  return Exit.ok
}

export async function runList(args: PermitArgs, io: PermitIo, clock: Clock = Date.now): Promise<number> {
  const store = permitStoreOf(args, io)
  if (store === null) return Exit.usage
  const { views, problem } = await viewsOf(store, args, io, clock)
  if (args.json === true) io.out(`${JSON.stringify({ schema: 'cordon.gateway-permits/1', releases: problem, permits: views.map(permitJson) }, null, 2)}\n`)
  else if (views.length > 0) io.out(permitTable(views, clock() * 1000))
  if (views.length === 0) io.err('no permit is here; nothing is served\n')
  if (problem !== null && views.some((view) => isApproved(view.entry))) io.err(`note: ${plain(problem, 400)}\n`)
  return Math.max(Exit.ok, ...views.map(exitOf))
}

/** 2 when there is no such permit, 3 when it cannot be read, 5 when two people approved what cannot be served. */
export async function runShow(id: string, args: PermitArgs, io: PermitIo, clock: Clock = Date.now): Promise<number> {
  const store = permitStoreOf(args, io)
  if (store === null) return Exit.usage
  const found = await viewOf(id, store, args, io, clock)
  if (typeof found === 'number') return found
  say(found, store, args, io, clock)
  return found.entry.body === null ? unreadable(found, io) : exitOf(found)
}

export function runKey(file: string, io: PermitIo): number {
  const key = publicKeyOf(file)
  if (!key.ok) return usage(io, key.error.message, key.error.help)
  io.out(`${key.value}\n`)
  return Exit.ok
}

/** Two people signed, nobody revoked, and it is not over. */
function isApproved({ state }: PermitEntry): boolean {
  return state === 'approved' || state === 'open' || state === 'completing'
}

function exitOf(view: PermitView): number {
  if (view.entry.body === null) return Exit.unreadable
  return isApproved(view.entry) && !view.isGranted ? PROOF_FAILED : Exit.ok
}

function unreadable(view: PermitView, io: PermitIo): number {
  io.err(`cordon: ${wardLine(view)}\n  help: It gives nothing. Move it away, or revoke it.\n`)
  return Exit.unreadable
}

function say(view: PermitView, store: PermitStore, args: PermitArgs, io: PermitIo, clock: Clock): void {
  const json = (): string => `${JSON.stringify({ schema: 'cordon.gateway-permit/1', ...permitJson(view) }, null, 2)}\n`
  io.out(args.json === true ? json() : permitText(view, store.approvers, clock() * 1000))
}

interface Problem {
  /** Why there are no releases; null when there are. */
  readonly problem: string | null
}

/** Releases as they are verified now, or why there are none. */
async function releasesOf(args: SiteFlags, io: PermitIo, clock: Clock): Promise<{ readonly releases: readonly LoadedRelease[] } & Problem> {
  const store = releaseStoreOf(args, clock, io)
  if (store === null || !hasRepository(store)) return { releases: [], problem: 'no release was imported yet; "release import" takes one in' }
  const loaded = await loadReleases(store)
  return loaded.ok ? { releases: loaded.value, problem: null } : { releases: [], problem: `the kept releases are refused now: ${loaded.error}` }
}

async function viewsOf(store: PermitStore, args: SiteFlags, io: PermitIo, clock: Clock): Promise<{ readonly views: readonly PermitView[] } & Problem> {
  const now: Micros = clock() * 1000
  const entries = listPermits(store, now)
  if (entries.length === 0) return { views: [], problem: null }
  const { releases, problem } = await releasesOf(args, io, clock)
  const { refused } = grantsOf(store, releases, now)
  const views = entries.map((entry): PermitView => {
    const files = releases.find((r) => r.manifest.id === entry.body?.release)?.manifest.files ?? []
    const fault = refused.find((r) => r.id === entry.id)?.why ?? null
    const isGranted = isApproved(entry) && fault === null
    return { entry, isGranted, why: isGranted ? null : (fault ?? entry.why), files: files.map((f) => ({ path: f.nfsPath, size: f.size, sha256: f.sha256 })) }
  })
  return { views, problem }
}

/** One permit, or an exit code after saying that there is none. */
async function viewOf(id: string, store: PermitStore, args: SiteFlags, io: PermitIo, clock: Clock): Promise<PermitView | number> {
  const { views } = await viewsOf(store, args, io, clock)
  const found = views.find((view) => view.entry.id === id)
  if (found !== undefined) return found
  const where = fs.existsSync(store.folder) ? path.resolve(store.folder) : `${path.resolve(store.folder)}, which does not exist`
  return usage(io, `there is no permit ${quote(id)} in ${where}`, 'permit list shows them.')
}
