// enter: first program of the process that reads a ring: gives everything up and then becomes Node again, with the reader's program.
// Keeps the rule that nothing of this start is left: no thread of it, no file, no capability.

import fs from 'node:fs'
import path from 'node:path'
import { becomeNode } from '../../kernel/become.ts'
import { closeFiles, closeRings, dropCapabilities, limitResources, neededPaths } from '../../kernel/sandbox.ts'
import { isMachine } from '../../kernel/syscalls.ts'
import { BLOCKS_FD, RING_FD, type ReaderPlan } from './reader-plan.ts'

/** Standard, blocks, ring, and what Node opens for itself. */
const FILES_MAX = 64

function enter(plan: ReaderPlan): never {
  const machine = process.arch
  const { holds } = limitResources(FILES_MAX)
  const all = isMachine(machine)
    ? [...holds, ...dropCapabilities(machine), ...closeFiles(neededPaths(fs.readFileSync('/proc/self/maps', 'utf8')), machine), closeRings(machine)]
    : holds
  const program = path.join(import.meta.dirname, `${plan.program}${path.extname(import.meta.filename)}`)
  becomeNode({ program, args: [JSON.stringify({ ...plan, holds: all })], keep: [BLOCKS_FD, RING_FD], what: 'the reader of the ring' })
}

enter(JSON.parse(process.argv[2] ?? '{}') as ReaderPlan)
