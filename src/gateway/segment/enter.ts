// enter: first program of the process that faces the segment: gives everything up and then becomes Node again, with the segment's program.
// Keeps the rule that nothing of this start is left: one execve later there is a fresh program that never held a capability.

import fs from 'node:fs'
import path from 'node:path'
import { becomeNode } from '../../kernel/become.ts'
import { becomeAccount, closeFiles, closeRings, dropCapabilities, emptyBoundingSet, limitResources, neededPaths } from '../../kernel/sandbox.ts'
import { isMachine } from '../../kernel/syscalls.ts'
import { CHANNEL_FD, FIRST_SOCKET_FD, type SegmentPlan } from './plan.ts'

function enter(plan: SegmentPlan): never {
  const given = giveUp(plan)
  const program = path.join(import.meta.dirname, `${plan.program}${path.extname(import.meta.filename)}`)
  const keep = [CHANNEL_FD, ...plan.sockets.map((_, i) => FIRST_SOCKET_FD + i)]
  becomeNode({ program, args: [JSON.stringify({ ...plan, ...given })], keep, what: 'the segment\'s program' })
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
