// hostile-check: one hostile capture through `cordon check - --json` in a process of its own, with the most memory that process ever held.
// Keeps the shipped command under test, launcher included: nothing is lowered, nothing is mocked.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { once } from 'node:events'
import { hostileCapture, type HostileStory } from './hostile.ts'

const LAUNCHER = path.join(import.meta.dirname, '..', '..', 'cordon')
const TELL = path.join(import.meta.dirname, 'tell-memory.ts')

export interface HostileRun {
  readonly exitCode: number | null
  /** Of the checking process, its threads included, in bytes. */
  readonly memoryMost: number
  /** Observations and problem codes of the report, with counts. */
  readonly named: ReadonlyMap<string, number>
  readonly packets: number
  readonly reportBytes: number
  readonly seconds: number
  readonly stderr: string
}

/** Reports are large where every conversation is one: their beginning says it all. */
const HEAD_CHARS = 64 * 1024

export async function checkHostile(story: HostileStory, count: number, seed: number, node: readonly string[] = []): Promise<HostileRun> {
  const began = performance.now()
  const child = spawn(LAUNCHER, ['check', '-', '--json'], { env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: `--import "${TELL}" ${node.join(' ')}` } })
  let head = ''
  let reportBytes = 0
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    reportBytes += data.length
    if (head.length < HEAD_CHARS) head += data.toString('latin1')
  })
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString('latin1')))
  // A child that ends early closes its input: what it says then is the result.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'close') as Promise<[number | null]>
  for (const chunk of hostileCapture(story, count, seed)) {
    if (child.stdin.destroyed) break
    if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain').catch(() => undefined), ended])
  }
  child.stdin.end()
  const [exitCode] = await ended
  return {
    exitCode, reportBytes, named: namedIn(head), stderr, packets: Number(/"packets": (\d+)/.exec(head)?.[1] ?? 0),
    memoryMost: Number(/most memory: (\d+)\s*$/.exec(stderr)?.[1] ?? Number.NaN), seconds: (performance.now() - began) / 1000,
  }
}

function namedIn(head: string): Map<string, number> {
  const named = new Map<string, number>()
  for (const [, name = '', count] of head.matchAll(/"name": "([^"]+)",\s*"count": (\d+)/g)) named.set(name, Number(count))
  for (const [, code = ''] of head.matchAll(/"code": "([^"]+)"/g)) named.set(code, 1)
  return named
}
