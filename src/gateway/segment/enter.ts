// enter: first program of the process that faces the segment: gives everything up and then becomes Node again, with the segment's program.
// Keeps the rule that nothing of this start is left: one execve later there is a fresh program that never held a capability.

import fs from 'node:fs'
import path from 'node:path'
import { errnoName, execve, fcntl, syscall } from '../../kernel/libc.ts'
import { becomeAccount, closeFiles, closeRings, dropCapabilities, emptyBoundingSet, limitResources, neededPaths } from '../../kernel/sandbox.ts'
import { FIRST_SOCKET_FD, type SegmentPlan } from './plan.ts'
import { isMachine, syscallNumber } from '../../kernel/syscalls.ts'

/** fcntl.h */
const F_SETFD = 2
/** linux/close_range.h: closed by the execve, not now: some are Node's own. */
const CLOSE_RANGE_CLOEXEC = 4
const LAST_FD = 0xffffffff
/** sysexits.h EX_OSERR */
const EXIT_OS_ERROR = 71
/**
 * UTC and no OpenSSL file, because neither is among the files.
 * `--disallow-code-generation-from-strings`: no eval. `--max-semi-space-size=4`: what a frame makes is soon gone; larger halves only hold more of
 * the dead (the core at 1,000 beds: 209 MB resident instead of 273, for the same CPU).
 */
const ENVIRONMENT = ['OPENSSL_CONF=/dev/null', 'TZ=UTC', 'NODE_NO_WARNINGS=1']
const NODE_FLAGS = ['--disallow-code-generation-from-strings', '--max-semi-space-size=4']

function enter(plan: SegmentPlan): never {
  const given = giveUp(plan)
  forgetOthers(FIRST_SOCKET_FD + plan.sockets.length)
  // Node marks what it inherits as its own: the sockets and the channel have to cross one execve more.
  for (let fd = 0; fd < FIRST_SOCKET_FD + plan.sockets.length; fd++) fcntl(fd, F_SETFD, 0)
  const program = path.join(import.meta.dirname, `${plan.program}${path.extname(import.meta.filename)}`)
  const { errno } = execve(process.execPath, [process.execPath, ...NODE_FLAGS, program, JSON.stringify({ ...plan, ...given })], ENVIRONMENT)
  process.stderr.write(`the segment's program cannot be started: ${errnoName(errno)}\n`)
  process.exit(EXIT_OS_ERROR)
}

/** Descriptors that the parent was started with itself, by a shell or a service manager, are nobody's business here. */
function forgetOthers(first: number): void {
  if (isMachine(process.arch)) syscall(syscallNumber('close_range', process.arch) ?? -1, first, LAST_FD, CLOSE_RANGE_CLOEXEC)
}

function giveUp(plan: SegmentPlan): Pick<SegmentPlan, 'holds' | 'filesMax'> {
  const machine = process.arch
  const limits = limitResources(plan.filesMax)
  if (!isMachine(machine)) return limits
  // Read before the account changes: afterwards they may be out of reach.
  const [passwd, maps] = [fs.readFileSync('/etc/passwd', 'utf8'), fs.readFileSync('/proc/self/maps', 'utf8')]
  const paths = neededPaths(maps)
  const holds = [
    ...limits.holds, emptyBoundingSet(), ...becomeAccount(plan.user, passwd, 'segment.user'), ...dropCapabilities(machine), ...closeFiles(paths, machine),
    closeRings(machine),
  ]
  return { holds, filesMax: limits.filesMax }
}

enter(JSON.parse(process.argv[2] ?? '{}') as SegmentPlan)
