// cordon gateway release: pin the first root, import a repository from a folder or over https, list what is kept, verify it now.
// Keeps "refuse by default": nothing is served by any of these; a good release still needs a permit of two people.

import fs from 'node:fs'
import { quote } from '../base/tree-reader.ts'
import { CONFIG_BYTES_MAX, readTextFile } from '../config/index.ts'
import { HTTPS_LIMITS, repositoryUrl, type HttpsOrigin } from '../gateway/https-fetcher.ts'
import { takeByHttps } from '../gateway/https-import.ts'
import { bringFolder, hasRepository, hasRoot, loadKept, pinRoot, rootState, takeRepository, type ReleaseStore, type Taken } from '../gateway/release.ts'
import { plain } from '../policy/replay/index.ts'
import { rolesTable, takenJson, takenText, type Verdict } from './gateway-release-text.ts'
import { releaseStoreOf, type SiteFlags } from './gateway-site.ts'
import { Exit, type Io } from './io.ts'

const PROOF_FAILED = 5

type ReleaseIo = Pick<Io, 'out' | 'err'>

export interface ReleaseArgs extends SiteFlags {
  readonly json?: boolean | undefined
  /** PEM file of certificate authorities, for https. */
  readonly ca?: string | undefined
}

function usage(io: ReleaseIo, message: string, help: string): number {
  io.err(`error: ${message}\n  help: ${help}\n`)
  return Exit.usage
}

/** 2 when one is pinned already, 3 when the file cannot be read, 5 when it does not sign itself. */
export function runPin(file: string, args: ReleaseArgs, io: ReleaseIo, clock: () => number = Date.now): number {
  const store = releaseStoreOf(args, clock, io)
  if (store === null) return Exit.usage
  if (hasRoot(store)) return usage(io, 'a root is pinned already', 'Only a new root that the old one signed takes its place; it comes with a repository.')
  if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    io.err(`cordon: ${quote(file)} is no file\n  help: Name the root.json that was handed over.\n`)
    return Exit.unreadable
  }
  const pinned = pinRoot(store, file)
  if (!pinned.ok) {
    io.err(`cordon: ${plain(pinned.error, 400)}\n  help: Ask whoever handed it over for the file again. Nothing was pinned.\n`)
    return PROOF_FAILED
  }
  const root = rootState(store)
  if (args.json === true) io.out(`${JSON.stringify({ schema: 'cordon.gateway-root/1', sha256: pinned.value, root }, null, 2)}\n`)
  else io.out(`${root === null ? '' : rolesTable([root], clock())}\nSHA-256 of the file: ${pinned.value}\n`)
  io.err('Pinned. Compare this number with the one that was given to you in person or by telephone; if it differs, delete the folder\'s releases.\n')
  return Exit.ok
}

export async function runImport(source: string, args: ReleaseArgs, io: ReleaseIo, clock: () => number = Date.now): Promise<number> {
  const store = releaseStoreOf(args, clock, io)
  if (store === null) return Exit.usage
  return take(store, source, args, true, io)
}

export interface VerifyArgs extends ReleaseArgs {
  /** Nothing imported yet is no fault. */
  readonly emptyIsFine?: boolean
}

/** Without `source`: what is kept. */
export async function runVerify(source: string | undefined, args: VerifyArgs, io: ReleaseIo, clock: () => number = Date.now): Promise<number> {
  const store = releaseStoreOf(args, clock, io)
  if (store === null) return Exit.usage
  if (source !== undefined) return take(store, source, args, false, io)
  if (!hasRepository(store)) {
    if (args.emptyIsFine !== true) return usage(io, 'no release was imported yet', 'cordon gateway release import FOLDER takes one in.')
    if (args.json === true) io.out(takenJson('none', { loaded: { ok: true, value: [] }, roles: [], leftOut: [] }, { kept: false }))
    io.err('no release was imported yet; nothing is served\n')
    return Exit.ok
  }
  const taken = await loadKept(store)
  tell(taken, taken.loaded.ok ? 'good' : 'refused', true, store, args, io)
  if (taken.loaded.ok) return Exit.ok
  io.err(`cordon: the kept repository is refused now: ${plain(taken.loaded.error, 400)}\n  help: Import a newer one. Until then nothing is served.\n`)
  return PROOF_FAILED
}

/** Import, or the same without keeping. 2 for what the operator can mend, 3 when it cannot be fetched or read, 5 when it is refused. */
async function take(store: ReleaseStore, source: string, args: ReleaseArgs, keep: boolean, io: ReleaseIo): Promise<number> {
  if (!hasRoot(store)) {
    return usage(io, 'no root is pinned', 'cordon gateway release pin ROOT.json, with the root that was handed over by another road than the releases.')
  }
  const origin = originOf(source, args, io)
  if (typeof origin === 'number') return origin
  const taken = origin === null ? await takeFolder(store, source, keep) : await takeByHttps(store, origin, { keep })
  const verdict = taken.loaded.ok ? 'good' : taken.wayFault === null ? 'refused' : 'unreadable'
  tell(taken, verdict, keep && taken.loaded.ok, store, args, io)
  if (taken.loaded.ok) {
    const what = keep ? 'Taken in.' : 'Good. Nothing of it was kept.'
    io.err(`${what} Nothing is served until two people have approved a permit (cordon gateway permit request).\n`)
    return Exit.ok
  }
  const kept = hasRepository(store) ? 'The release that was there before is still the one.' : 'Nothing was kept.'
  if (taken.wayFault !== null) {
    const help = `${kept} Check the address, the folder or the certificate authority.`
    io.err(`cordon: ${quote(source)} cannot be read: ${plain(taken.wayFault, 400)}\n  help: ${help}\n`)
    return Exit.unreadable
  }
  io.err(`cordon: ${quote(source)} is refused: ${plain(taken.loaded.error, 400)}\n  help: ${kept} Ask the publisher; do not make the check milder.\n`)
  return PROOF_FAILED
}

/** Where it comes from by https; null: a folder; or the exit code after saying what is wrong. */
function originOf(source: string, args: ReleaseArgs, io: ReleaseIo): HttpsOrigin | null | number {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    return args.ca === undefined ? null : usage(io, '--ca is for an https address', 'A folder needs none.')
  }
  const url = repositoryUrl(source)
  if (!url.ok) return usage(io, `the address ${url.error}`, 'Write https://HOST/PATH of the folder that holds metadata and targets, or name a folder here.')
  if (args.ca === undefined) return { url: url.value, ca: null, limits: HTTPS_LIMITS }
  const ca = readTextFile(args.ca, args.ca, CONFIG_BYTES_MAX)
  if (!ca.ok || !ca.value.includes('-----BEGIN CERTIFICATE-----')) {
    const why = ca.ok ? 'holds no certificate in PEM' : `cannot be read: ${ca.error.message}`
    return usage(io, `--ca ${quote(args.ca)} ${why}`, 'Name the PEM file of the hospital\'s authority.')
  }
  return { url: url.value, ca: ca.value, limits: HTTPS_LIMITS }
}

/** A folder without its two parts is not a bad repository but none. */
async function takeFolder(store: ReleaseStore, source: string, keep: boolean): Promise<Taken & { readonly wayFault: string | null }> {
  const missing = ['metadata', 'targets'].find((part) => fs.lstatSync(`${source}/${part}`, { throwIfNoEntry: false })?.isDirectory() !== true)
  const taken = await takeRepository(store, bringFolder(source), { keep })
  return { ...taken, wayFault: missing === undefined ? null : `it has no folder ${missing}; a repository has metadata and targets` }
}

function tell(taken: Taken, verdict: Verdict, kept: boolean, store: ReleaseStore, args: ReleaseArgs, io: ReleaseIo): void {
  io.out(args.json === true ? takenJson(verdict, taken, { kept }) : takenText(verdict, taken, store.clock()))
}
