// sandbox: the steps by which a process that reads other people's bytes gives up everything but what it inherited.
// Keeps two rules: each step says whether it holds, in words, and no step is believed because it was called.

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { landlockVersion, restrictTo, type ReadablePath } from './landlock.ts'
import { dropGroups, errnoName, hardLimit, prctl, seteuid, setresgid, setresuid, setrlimit, syscallSeccomp, syscallWithTwo, type Outcome } from './libc.ts'
import { compileFilter, compileStartFilter, encodeFilter, type SyscallRule } from './seccomp.ts'
import { isMachine, syscallNumber, type Machine } from './syscalls.ts'

/** One thing that keeps the process in. */
export interface Hold {
  /** For a person, as a sentence that is true when `holds`. */
  readonly what: string
  readonly holds: boolean
  /** Why not, and what to do. */
  readonly why: string
  /** Without it the process is not what it says; the others are a second wall behind a first. */
  readonly isVital: boolean
}

/** A wall that does not stand, and whether the rest is a wall without it. */
export interface MissingHold {
  readonly what: string
  readonly why: string
  readonly isVital: boolean
}

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const held = (what: string, isVital: boolean): Hold => ({ what, holds: true, why: '', isVital })
const failed = (what: string, isVital: boolean, why: string): Hold => ({ what, holds: false, why, isVital })
const asHold = (what: string, isVital: boolean, { errno }: Outcome): Hold => (errno === 0 ? held(what, isVital) : failed(what, isVital, errnoName(errno)))

/** linux/prctl.h */
const PR = { setParentDeathSignal: 1, setDumpable: 4, dropBounding: 24, noNewPrivileges: 38, ambient: 47 } as const
const AMBIENT_CLEAR_ALL = 4
const SIGKILL = 9
/** Kernels know about forty; one too many is EINVAL and ends the loop. */
const CAPABILITIES_MAX = 64
/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two sets of three words. */
const CAPABILITY_VERSION = 0x20080522
const RLIMIT = { core: 4, files: 7 } as const
/** linux/seccomp.h */
const SET_MODE_FILTER = 1
const FILTER_ALL_THREADS = 1

/** `src` in a checkout, `dist` in a package. */
const CODE = path.resolve(import.meta.dirname, '..')
const KOFFI = fileURLToPath(import.meta.resolve('koffi'))

/** The line of /etc/passwd of a name or a number; null when there is none. */
export function accountOf(user: string, passwd: string): Account | null {
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = '', gid = ''] = line.split(':')
    if (user !== '' && /^\d+$/.test(uid) && /^\d+$/.test(gid) && (name === user || uid === user)) return { name, uid: Number(uid), gid: Number(gid) }
  }
  return null
}

/** Every file that a Node with Cordon's code opens until it is closed in for good. */
export function neededPaths(maps: string): ReadablePath[] {
  const mapped = [...new Set(maps.split('\n').map((line) => line.slice(line.indexOf('/'))).filter((p) => p.startsWith('/')))]
  const koffi = path.dirname(KOFFI)
  return [
    ...mapped.map((file): ReadablePath => ({ path: file, kind: file === process.execPath || path.basename(file).startsWith('ld-') ? 'program' : 'file' })),
    { path: CODE, kind: 'tree' }, { path: path.join(path.dirname(CODE), 'package.json'), kind: 'file' },
    { path: koffi, kind: 'tree' }, { path: path.join(path.dirname(koffi), '@koromix'), kind: 'tree' },
    { path: '/etc/ld.so.cache', kind: 'file' }, { path: '/dev/null', kind: 'file' }, { path: '/dev/urandom', kind: 'file' },
  ]
}

/** Core dumps would hold patients; every connection needs a descriptor. With how many descriptors there are. */
export function limitResources(filesMax: number): { readonly holds: readonly Hold[]; readonly filesMax: number } {
  const what = `room for ${filesMax} connections and files`
  const wanted = setrlimit(RLIMIT.files, filesMax, filesMax)
  const most = wanted.errno === 0 ? filesMax : Math.min(filesMax, hardLimit(RLIMIT.files) ?? filesMax)
  const files = most >= filesMax ? held(what, false) : failed(what, false, `only ${most}; raise LimitNOFILE of the service`)
  return { filesMax: most, holds: [asHold('no memory image is left behind by a crash', false, setrlimit(RLIMIT.core, 0, 0)), files] }
}

/** Another account, when started as root and that account can read the code. `setting` is where a person names one. */
export function becomeAccount(user: string | null, passwd: string, setting: string): Hold[] {
  const name = user ?? 'nobody'
  const what = `runs as ${name}`
  if (process.getuid?.() !== 0) return [held(`runs as user number ${process.getuid?.()}, not as root`, false)]
  const account = accountOf(name, passwd)
  if (account === null) return [failed(what, false, `there is no account "${name}" here; name another as ${setting}`)]
  if (account.uid === 0) return [failed(what, false, `"${name}" is root; name another account as ${setting}`)]
  if (dropGroups().errno !== 0) return [failed(what, false, 'groups cannot be dropped; this looks like a user namespace with one user')]
  const unreadable = unreadableFor(account)
  if (unreadable !== null) {
    return [failed(what, false, `${name} cannot read ${unreadable}; install Cordon where every account can read it, or name one that can as ${setting}`)]
  }
  const gid = setresgid(account.gid)
  const uid = gid.errno === 0 ? setresuid(account.uid) : gid
  return [asHold(what, false, uid)]
}

/** Tried with that account's eyes. */
function unreadableFor(account: Account): string | null {
  if (seteuid(account.uid).errno !== 0) return 'anything: the account cannot be taken'
  try {
    return [process.execPath, import.meta.filename, KOFFI].find((file) => !canRead(file)) ?? null
  } finally {
    seteuid(0)
  }
}

function canRead(file: string): boolean {
  try {
    fs.closeSync(fs.openSync(file, 'r'))
    return true
  } catch {
    return false
  }
}

/** The bounding set goes before the account changes, because only root may empty it. */
export function emptyBoundingSet(): Hold {
  const what = 'the set of capabilities it could ever get is empty'
  for (let capability = 0; capability < CAPABILITIES_MAX; capability++) {
    const { errno } = prctl(PR.dropBounding, capability)
    if (errno === 0) continue
    if (errnoName(errno) === 'EINVAL' && capability > 0) return held(what, false)
    return failed(what, false, `${errnoName(errno)}: only root may empty it; the next lines keep the set out of reach`)
  }
  return held(what, false)
}

export function dropCapabilities(machine: Machine): Hold[] {
  prctl(PR.ambient, AMBIENT_CLEAR_ALL)
  const header = new Uint8Array(new Uint32Array([CAPABILITY_VERSION, 0]).buffer)
  return [
    asHold('holds no capability', true, syscallWithTwo(syscallNumber('capset', machine) ?? -1, header, new Uint8Array(24))),
    asHold('can gain no privilege by starting a program', true, prctl(PR.noNewPrivileges, 1)),
  ]
}

export function closeFiles(paths: readonly ReadablePath[], machine: Machine): Hold[] {
  const files = 'can write no file, and read its own program only'
  const network = 'can bind and dial no TCP port'
  const version = landlockVersion(machine)
  if (version === 0) {
    const why = 'this kernel has no Landlock (needs Linux 5.13, and landlock in the lsm= list)'
    return [failed(files, false, `${why}; from its first byte on it can open no file at all all the same`), failed(network, false, why)]
  }
  const fault = restrictTo(paths, version, machine)
  if (fault !== null) return [failed(files, true, fault), failed(network, false, fault)]
  const noTcp = version >= 4 ? held(network, false) : failed(network, false, 'needs Linux 6.7; the filter refuses both all the same')
  return [held(`${files} (Landlock version ${version})`, true), noTcp]
}

/** Before Node starts: no ring of calls, which would go around the filter that comes later. */
export function closeRings(machine: Machine): Hold {
  const what = 'has no way around the filter of system calls (io_uring)'
  const filter = encodeFilter(compileStartFilter(machine))
  return asHold(what, true, syscallSeccomp(syscallNumber('seccomp', machine) ?? -1, SET_MODE_FILTER, 0, filter))
}

/** The last step, in the process itself and for all its threads: the list of system calls. */
export function closeCalls(rules: (pid: number) => readonly SyscallRule[]): Hold[] {
  const what = 'can open no file and no socket, dial nobody, start nothing (filter of system calls)'
  const holds = [
    asHold('cannot be read or traced by others of its account', false, prctl(PR.setDumpable, 0)),
    asHold('ends with the process that started it', false, prctl(PR.setParentDeathSignal, SIGKILL)),
  ]
  if (!isMachine(process.arch)) return [...holds, failed(what, true, `no table of system calls for ${process.arch}; x64 and arm64 have one`)]
  const filter = encodeFilter(compileFilter(rules(process.pid), process.arch))
  const { value, errno } = syscallSeccomp(syscallNumber('seccomp', process.arch) ?? -1, SET_MODE_FILTER, FILTER_ALL_THREADS, filter)
  if (value > 0) return [...holds, failed(what, true, `thread ${value} would not take it`)]
  return [...holds, asHold(what, true, { value, errno })]
}
