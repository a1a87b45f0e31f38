// FolderLock: one process owns a data folder. A second one is told who, instead of corrupting or hanging.
// Keeps the rule that a number alone proves nothing: after a crash or a start of the machine it may be another process's.

import fs from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import type { StoreProblem } from './embedded.ts'
import { makeFolder } from './make-folder.ts'

const OWNER_FILE = 'owner.pid'
/** Tries at taking a folder whose owner died: one to see it, one to take it, one for a race. */
const TRIES = 3

/** Folders this process owns: a second opening in the same process is as wrong as one from outside. */
const heldHere = new Set<string>()

export interface FolderLock {
  release(): void
}

/** Makes the folder if needed (mode 0700: it holds addresses) and writes our process number into it, unless a living process did. */
export function takeFolder(folder: string): Result<FolderLock, StoreProblem> {
  const made = makeDataFolder(folder)
  if (!made.ok) return made
  const file = path.join(folder, OWNER_FILE)
  for (let i = 0; i < TRIES; i++) {
    try {
      fs.writeFileSync(file, `${process.pid} ${beginningOf(process.pid) ?? ''}\n`, { flag: 'wx', mode: 0o600 })
      return ok(hold(file))
    } catch (cause) {
      const problem = occupied(file, folder, cause)
      if (problem) return err(problem)
    }
  }
  return err({ code: 'in-use', message: `the data folder ${folder} is being taken by another process`, help: 'Try again, or use another --data folder.' })
}

function hold(file: string): FolderLock {
  heldHere.add(path.resolve(file))
  return {
    release() {
      heldHere.delete(path.resolve(file))
      fs.rmSync(file, { force: true })
    },
  }
}

function makeDataFolder(folder: string): Result<null, StoreProblem> {
  try {
    makeFolder(folder, 0o700)
    return ok(null)
  } catch (cause) {
    const message = `${folder} cannot be used as a data folder: ${cause instanceof Error ? cause.message : String(cause)}`
    return err({ code: 'not-a-folder', message, help: 'Name a folder that exists or can be made, with --data.' })
  }
}

/** null when the owner is gone and its mark was removed: try again. */
function occupied(file: string, folder: string, cause: unknown): StoreProblem | null {
  if (!(cause instanceof Error) || (cause as NodeJS.ErrnoException).code !== 'EEXIST') {
    return { code: 'unreadable', message: `${file} cannot be written: ${String(cause)}`, help: 'Check the permissions of the folder.' }
  }
  const [number = '', beginning = ''] = readOwner(file).trim().split(/ (.*)/s)
  const owner = Number.parseInt(number, 10)
  const ours = owner === process.pid && heldHere.has(path.resolve(file))
  if (Number.isInteger(owner) && (ours || (owner !== process.pid && isAlive(owner) && isSame(owner, beginning)))) {
    const message = `the data folder ${folder} is in use by process ${owner}`
    return { code: 'in-use', message, help: 'Ask that process (its console), stop it, or use another --data folder.' }
  }
  fs.rmSync(file, { force: true })
  return null
}

function readOwner(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Whether the living process began when the owner did. Where nothing is known of either, it is taken to be the owner. */
function isSame(pid: number, beginning: string): boolean {
  const now = beginningOf(pid)
  return beginning === '' || now === null || now === beginning
}

/** Field 22 of /proc/PID/stat, counted from the field after the name, which may hold anything, and with which start of the machine it counts. */
const START_TIME = 19

/** When a process began, in words that no other process has; null where the kernel does not tell. It stays when the process becomes another program. */
function beginningOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]
    return ticks === undefined ? null : `${ticks} ${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}`
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}
