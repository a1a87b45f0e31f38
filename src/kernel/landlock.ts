// landlock: the kernel's list of files a process may still open, and that it may bind and dial no TCP port.
// Keeps the rule that what is handled and not granted is refused; writing is granted beneath folders that a person named, and nowhere else.

import { close, open, syscallWithBytes, syscallWithThird, syscall, errnoName } from './libc.ts'
import { syscallNumber, type Machine, type Syscall } from './syscalls.ts'

/** linux/landlock.h, LANDLOCK_ACCESS_FS_*. */
const EXECUTE = 1
const READ_FILE = 4
const READ_DIR = 8
/** All rights that each version of the interface knows: a right that is handled and not granted is refused. */
const FS_RIGHTS: readonly number[] = [0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff]
/** Bind and connect, from version 4 on. */
const NET_RIGHTS = 3
/** Abstract UNIX sockets and signals to outside, from version 6 on. */
const SCOPES = 3
const VERSION_FLAG = 1
const RULE_PATH_BENEATH = 1
const O_PATH_CLOEXEC = 0o12000000

export interface ReadablePath {
  readonly path: string
  /** `programs`: a tree whose files may be started too. `writable`: a folder in which files are made, written and removed. */
  readonly kind: 'file' | 'program' | 'tree' | 'programs' | 'writable' | 'device'
}

const WRITE_FILE = 2
/** Remove a folder or a file, make a folder, a file, a socket, a FIFO: 4, 5, 7, 8, 9, 10; rename over folders and truncate, from later versions on. */
const CHANGE = 0x10 | 0x20 | 0x80 | 0x100 | 0x200 | 0x400
const REFER = 0x2000
const TRUNCATE = 0x4000

/** Bits that a version does not know make the kernel refuse the whole rule: they are masked by what it handles. */
const RIGHTS_OF: Readonly<Record<ReadablePath['kind'], number>> = {
  file: READ_FILE, program: READ_FILE | EXECUTE, tree: READ_FILE | READ_DIR, programs: READ_FILE | READ_DIR | EXECUTE,
  writable: READ_FILE | READ_DIR | WRITE_FILE | CHANGE | REFER | TRUNCATE, device: READ_FILE | WRITE_FILE,
}

/** Version of the kernel's Landlock; 0 when there is none or it is switched off. */
export function landlockVersion(machine: Machine): number {
  const number = syscallNumber('landlock_create_ruleset', machine)
  return number === null ? 0 : Math.max(0, syscallWithBytes(number, null, 0, VERSION_FLAG).value)
}

/** Bits of struct landlock_ruleset_attr by version: file system, network, scopes; each of eight bytes. */
export function rulesetAttributes(version: number): Uint8Array {
  const words = [fsRights(version), NET_RIGHTS, SCOPES]
  const count = version >= 6 ? 3 : version >= 4 ? 2 : 1
  return new Uint8Array(new BigUint64Array(words.slice(0, count).map(BigInt)).buffer)
}

function fsRights(version: number): number {
  return FS_RIGHTS[Math.min(version, FS_RIGHTS.length) - 1] ?? 0
}

/** struct landlock_path_beneath_attr, packed: rights u64, descriptor s32. */
function pathRule(rights: number, fd: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(rights), true)
  view.setInt32(8, fd, true)
  return bytes
}

/** From here on this thread and all it starts can read `paths` and nothing else. null, or what failed. A path that is not there is left out. */
export function restrictTo(paths: readonly ReadablePath[], version: number, machine: Machine): string | null {
  const number = (call: Syscall): number => syscallNumber(call, machine) ?? -1
  const attributes = rulesetAttributes(version)
  const ruleset = syscallWithBytes(number('landlock_create_ruleset'), attributes, attributes.length)
  if (ruleset.errno !== 0) return `no rule set (${errnoName(ruleset.errno)})`
  for (const { path, kind } of paths) {
    const file = open(path, O_PATH_CLOEXEC)
    if (file.errno !== 0) continue
    const added = syscallWithThird(number('landlock_add_rule'), ruleset.value, RULE_PATH_BENEATH, pathRule(RIGHTS_OF[kind] & fsRights(version), file.value))
    close(file.value)
    if (added.errno !== 0) return `${path} cannot be granted (${errnoName(added.errno)})`
  }
  const done = syscall(number('landlock_restrict_self'), ruleset.value, 0)
  close(ruleset.value)
  return done.errno === 0 ? null : `not taken (${errnoName(done.errno)})`
}
