// become: a process becomes Node again in place, with another program: the same process, none of its threads, none of its files but those named.
// Keeps the rule that what was given up before stays given up: capabilities, files, calls.

import { errnoName, execve, fcntl, syscall } from './libc.ts'
import { isMachine, syscallNumber } from './syscalls.ts'

/** fcntl.h */
const F_SETFD = 2
/** linux/close_range.h: closed by the execve, not now: some are Node's own. */
const CLOSE_RANGE_CLOEXEC = 4
const LAST_FD = 0xffffffff
const STANDARD_FDS = [0, 1, 2]
const FIRST_OTHER_FD = 3
/** sysexits.h EX_OSERR */
const EXIT_OS_ERROR = 71
/**
 * UTC and no OpenSSL file, because neither is among the files.
 * `--disallow-code-generation-from-strings`: no eval. `--max-semi-space-size=4`: what a frame makes is soon gone; larger halves only hold more of
 * the dead (the gateway's core at 1,000 beds: 209 MB resident instead of 273, for the same CPU).
 */
const ENVIRONMENT = ['OPENSSL_CONF=/dev/null', 'TZ=UTC', 'NODE_NO_WARNINGS=1']
const NODE_FLAGS = ['--disallow-code-generation-from-strings', '--max-semi-space-size=4']

export interface Becoming {
  readonly program: string
  readonly args: readonly string[]
  /** Descriptors that go along, beside the standard ones; others were somebody else's mistake. */
  readonly keep: readonly number[]
  /** For a person, when it fails. */
  readonly what: string
  /** In place of the few that a closed-in process needs. */
  readonly env?: readonly string[]
  readonly nodeFlags?: readonly string[]
}

export function becomeNode({ program, args, keep, what, env = ENVIRONMENT, nodeFlags = NODE_FLAGS }: Becoming): never {
  if (isMachine(process.arch)) syscall(syscallNumber('close_range', process.arch) ?? -1, FIRST_OTHER_FD, LAST_FD, CLOSE_RANGE_CLOEXEC)
  // Node marks what it inherits as its own: these have to cross one execve more.
  for (const fd of [...STANDARD_FDS, ...keep]) fcntl(fd, F_SETFD, 0)
  const { errno } = execve(process.execPath, [process.execPath, ...nodeFlags, program, ...args], env)
  process.stderr.write(`${what} cannot be started: ${errnoName(errno)}\n`)
  process.exit(EXIT_OS_ERROR)
}
