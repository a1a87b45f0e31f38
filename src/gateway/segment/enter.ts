// enter: first program of the process that faces the segment: gives everything up and then becomes Node again, with the segment's program.
// Keeps the rule that nothing of this start is left: one execve later there is a fresh program that never held a capability.

import fs from 'node:fs'
import path from 'node:path'
import { errnoName, execve, fcntl } from './libc.ts'
import { becomeAccount, closeFiles, dropCapabilities, emptyBoundingSet, limitResources, neededPaths, type Hold } from './sandbox.ts'
import { CHANNEL_FD, type SegmentPlan } from './plan.ts'
import { isMachine } from './syscalls.ts'

/** fcntl.h */
const F_SETFD = 2
/** sysexits.h EX_OSERR */
const EXIT_OS_ERROR = 71
/**
 * libuv's io_uring would go around the filter of system calls; UTC, because /etc/localtime is not among the files.
 * `--disallow-code-generation-from-strings`: no eval.
 */
const ENVIRONMENT = ['UV_USE_IO_URING=0', 'TZ=UTC', 'NODE_NO_WARNINGS=1']
const NODE_FLAGS = ['--disallow-code-generation-from-strings']

function enter(plan: SegmentPlan): never {
  const holds = giveUp(plan)
  // Node marks what it inherits as its own: the sockets and the channel have to cross one execve more.
  for (let fd = 0; fd <= CHANNEL_FD + plan.sockets.length; fd++) fcntl(fd, F_SETFD, 0)
  const program = path.join(import.meta.dirname, `${plan.program}${path.extname(import.meta.filename)}`)
  const argv = [process.execPath, ...NODE_FLAGS, program, JSON.stringify({ ...plan, holds } satisfies SegmentPlan)]
  const { errno } = execve(process.execPath, argv, ENVIRONMENT)
  process.stderr.write(`the segment's program cannot be started: ${errnoName(errno)}\n`)
  process.exit(EXIT_OS_ERROR)
}

function giveUp(plan: SegmentPlan): Hold[] {
  const machine = process.arch
  if (!isMachine(machine)) return []
  // Read before the account changes: afterwards they may be out of reach.
  const [passwd, maps] = [fs.readFileSync('/etc/passwd', 'utf8'), fs.readFileSync('/proc/self/maps', 'utf8')]
  const paths = neededPaths(maps)
  return [
    ...limitResources(plan.filesMax), emptyBoundingSet(), ...becomeAccount(plan.user, passwd), ...dropCapabilities(machine), ...closeFiles(paths, machine),
  ]
}

enter(JSON.parse(process.argv[2] ?? '{}') as SegmentPlan)
