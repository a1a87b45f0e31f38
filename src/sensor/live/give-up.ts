// give-up: the process that opened the rings gives up every privilege and becomes itself again: same process, same command line, nothing to send with.
// Keeps the rule that it happens before one packet is looked at, and that each step says whether it holds.

import fs from 'node:fs'
import type { Micros } from '../../base/time.ts'
import { becomeNode } from '../../kernel/become.ts'
import { landlockVersion, restrictTo, type ReadablePath } from '../../kernel/landlock.ts'
import { close, errnoName, fcntl, syscall, syscallSeccomp } from '../../kernel/libc.ts'
import { becomeAccount, dropCapabilities, emptyBoundingSet, type Hold, type MissingHold } from '../../kernel/sandbox.ts'
import { compileRefusals, encodeFilter } from '../../kernel/seccomp.ts'
import { isMachine, syscallNumber, type Machine } from '../../kernel/syscalls.ts'
import { FIRST_HELD_FD, keeperRefusals } from './keeper-rules.ts'
import { RING_FD } from './reader-plan.ts'
import type { Ring } from './ring.ts'

/** A tcpdump that was started while that was allowed. */
export interface HeldTcpdump {
  readonly pid: number
  readonly dataFd: number
  readonly wordsFd: number
  /** A line asks for its counts; closed, it ends. */
  readonly controlFd: number
}

/** What crosses over. */
export interface Held {
  readonly rings: readonly Ring[]
  readonly tcpdump: HeldTcpdump | null
  /** The interface's number: to ask for it takes a socket. */
  readonly index: number
  /** When the rings were opened, by this machine's clock: packets are heard from then on. */
  readonly openedAt: Micros
  readonly holds: readonly string[]
  readonly missing: readonly MissingHold[]
}

export interface GiveUpOptions {
  readonly rings: readonly Ring[]
  readonly tcpdump: HeldTcpdump | null
  readonly index: number
  readonly openedAt: Micros
  /** Folders in which files are to be written. */
  readonly writable: readonly string[]
  /** Account of -Z; null: nobody, or the one it has when it is to write files. */
  readonly user: string | null
}

const VARIABLE = 'CORDON_WATCH'
/** fcntl.h */
const F_DUPFD_CLOEXEC = 1030
/** linux/seccomp.h */
const SET_MODE_FILTER = 1
/** Each ring has a read that waits in a thread; files, names and the store want some too. */
const THREADS = 8

/** What an earlier stage of this process holds; null in the first. Gone from the environment afterwards. */
export function heldFromBefore(): Held | null {
  const text = process.env[VARIABLE]
  delete process.env[VARIABLE]
  return text === undefined ? null : (JSON.parse(text) as Held)
}

/** Never comes back. */
export function giveUp(options: GiveUpOptions): never {
  const rings = options.rings.map((ring) => ({ ...ring, fd: moveUp(ring.fd) }))
  const given = options.tcpdump
  const tcpdump = given && { ...given, dataFd: moveUp(given.dataFd), wordsFd: moveUp(given.wordsFd), controlFd: moveUp(given.controlFd) }
  const fds = rings.map((r) => r.fd)
  const holds = isMachine(process.arch) ? closeIn(options, fds, process.arch) : [noTable()]
  const keep = [...fds, ...(tcpdump ? [tcpdump.dataFd, tcpdump.wordsFd, tcpdump.controlFd] : []), ...(isMachine(process.arch) ? [holdPlace(process.arch)] : [])]
  const held: Held = {
    rings, tcpdump, index: options.index, openedAt: options.openedAt, holds: holds.filter((h) => h.holds).map((h) => h.what),
    missing: holds.filter((h) => !h.holds).map(({ what, why, isVital }) => ({ what, why, isVital })),
  }
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(THREADS), [VARIABLE]: JSON.stringify(held) }
  becomeNode({
    program: process.argv[1] ?? '', args: process.argv.slice(2), keep, what: 'cordon watch without privileges',
    env: Object.entries(env).map(([key, value]) => `${key}=${value ?? ''}`), nodeFlags: process.execArgv,
  })
}

function noTable(): Hold {
  return { what: 'is closed in', holds: false, why: `no table of system calls for ${process.arch}; x64 and arm64 have one`, isVital: true }
}

function moveUp(fd: number): number {
  const { value } = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_HELD_FD)
  close(fd)
  return value
}

/** Nobody else gets the number by which readers know their ring, for it is refused to write there. What Node had there ends with this program. */
function holdPlace(machine: Machine): number {
  syscall(syscallNumber('dup3', machine) ?? -1, fs.openSync('/dev/null', 'r'), RING_FD, 0)
  return RING_FD
}

function closeIn(options: GiveUpOptions, rings: readonly number[], machine: Machine): readonly Hold[] {
  const passwd = fs.readFileSync('/etc/passwd', 'utf8')
  const isWriting = options.writable.length > 0
  // Only root may empty it, so before the account.
  const bounding = emptyBoundingSet()
  const account = isWriting && options.user === null ? [stays(options.writable)] : becomeAccount(options.user, passwd, '-Z ACCOUNT')
  return [bounding, ...account, ...dropCapabilities(machine), closeFolders(options.writable, machine), closeSending(rings, machine)]
}

function stays(folders: readonly string[]): Hold {
  const what = 'runs as an account that owns nothing'
  const why = `it keeps the account it was started with, to write into ${folders.join(' and ')}; name another with -Z`
  return process.getuid?.() === 0 ? { what, holds: false, why, isVital: false } : { what: 'is not root', holds: true, why: '', isVital: false }
}

/** Reads and starts what it could before; writes where a person said, and nowhere else. */
function closeFolders(writable: readonly string[], machine: Machine): Hold {
  const what = writable.length === 0 ? 'can write no file' : `can write in ${writable.join(' and ')} only`
  const version = landlockVersion(machine)
  if (version === 0) return { what, holds: false, why: 'this kernel has no Landlock (needs Linux 5.13, and landlock in the lsm= list)', isVital: false }
  const paths: readonly ReadablePath[] = [
    { path: '/', kind: 'programs' }, ...['/dev/null', '/dev/tty'].map((path): ReadablePath => ({ path, kind: 'device' })),
    ...writable.map((path): ReadablePath => ({ path, kind: 'writable' })),
  ]
  const fault = restrictTo(paths, version, machine)
  return { what, holds: fault === null, why: fault ?? '', isVital: false }
}

function closeSending(rings: readonly number[], machine: Machine): Hold {
  const filter = encodeFilter(compileRefusals(keeperRefusals(rings), machine))
  const { errno } = syscallSeccomp(syscallNumber('seccomp', machine) ?? -1, SET_MODE_FILTER, 0, filter)
  return { what: 'can open no socket, send nothing, and write to no ring (filter of system calls)', holds: errno === 0, why: errnoName(errno), isVital: true }
}
