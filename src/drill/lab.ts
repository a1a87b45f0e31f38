// Lab: network namespaces as a small set of verbs: run a command in one, start a capture, replay frames, start an agent, read the state.
// Keeps the rule that every process started here is known and ended here; nothing is started before the guard has looked.

import { fork, spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LinkState } from './guard.ts'
import { LINK } from './core/scripts.ts'
import type { AgentAnswer, AgentRequest } from './protocol.ts'

/** A command failed; the message says which one and what it printed. */
export class CommandFailed extends Error {
  override name = 'CommandFailed'
}

/** The rules under test cannot be loaded: the text is wrong, not the machine. */
export class RulesRefused extends CommandFailed {
  override name = 'RulesRefused'
}

/** Users have no sbin folders in their path on some systems, and the tools of a drill are there. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin']

function toolFolders(): readonly string[] {
  return [...(process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== ''), ...SYSTEM_FOLDERS]
}

/** The environment of everything a drill starts. */
export function toolEnv(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: toolFolders().join(path.delimiter) }
}

/** A folder of the path that may not be read is one without the tool. */
export function isInstalled(tool: string): boolean {
  return toolFolders().some((folder) => fs.existsSync(path.join(folder, tool)))
}

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs to the end, `input` on standard input. Never throws for an exit code. */
export function run(argv: readonly string[], input = ''): Promise<Ran> {
  const [command = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: toolEnv() })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.on('error', (cause) => reject(new CommandFailed(`${command}: ${cause.message}`)))
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Runs and returns what it printed; throws CommandFailed unless it ended well. */
export async function must(argv: readonly string[], input = ''): Promise<string> {
  const { code, out, err } = await run(argv, input)
  if (code !== 0) throw new CommandFailed(`${argv.join(' ')} ended with ${code}: ${(err || out).trim().split('\n').slice(0, 3).join(' / ')}`)
  return out
}

export function inside(namespace: string, argv: readonly string[]): readonly string[] {
  return ['ip', 'netns', 'exec', namespace, ...argv]
}

/** A shell script, line by line, the first failure ends it. */
export function script(namespace: string | null, text: string): Promise<string> {
  const shell = ['sh', '-e', '-s']
  return must(namespace === null ? shell : inside(namespace, shell), text)
}

export async function linksOf(namespace: string | null): Promise<readonly LinkState[]> {
  const argv = ['ip', '-j', 'link', 'show']
  return JSON.parse(await must(namespace === null ? argv : inside(namespace, argv))) as LinkState[]
}

/** Bytes kept of each packet: the longest probe and every header. */
const SNAP_BYTES = 256
const BUFFER_KIB = 65_536
/** A capture is quiet when its file did not grow for this long. */
const QUIET_MS = 150
const WAIT_MS_MAX = 10_000

export interface Capture {
  readonly file: string
  /** Waits until nothing more comes, ends the capture, and says how many packets it lost. */
  stop(): Promise<number>
}

/** What arrives on a side's link, from now on: resolves once it listens. */
export async function capture(namespace: string, file: string): Promise<Capture> {
  const child = spawn('ip', [
    'netns', 'exec', namespace, 'tcpdump', '-i', LINK, '-n', '-p', '-Q', 'in', '-s', String(SNAP_BYTES), '-B', String(BUFFER_KIB), '--immediate-mode', '-U',
    '-Z', 'root', '-w', file,
  ], { stdio: ['ignore', 'ignore', 'pipe'], env: toolEnv() })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let error: Error | null = null
  child.on('error', (cause) => (error = cause))
  for (let waited = 0; !/listening on/.test(said); waited += 10) {
    if (error !== null || child.exitCode !== null || waited > WAIT_MS_MAX) throw new CommandFailed(`tcpdump in ${namespace}: ${said.trim() || String(error)}`)
    await sleep(10)
  }
  return {
    file,
    async stop() {
      await quiet(file)
      child.kill('SIGINT')
      await closed
      return Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1] ?? Number.NaN)
    },
  }
}

async function quiet(file: string): Promise<void> {
  for (let [before, waited] = [-1, 0]; waited < WAIT_MS_MAX; waited += QUIET_MS) {
    const { size } = fs.statSync(file)
    if (size === before) return
    before = size
    await sleep(QUIET_MS)
  }
}

/** Sends the frames of a pcap file from a side to the router, as fast as `perSecond` allows. */
export async function replayFrames(namespace: string, file: string, perSecond: number): Promise<void> {
  await must(inside(namespace, ['tcpreplay', '-q', '-K', '-i', LINK, `--pps=${perSecond}`, file]))
}

/** One process with sockets in a namespace; requests are answered in order. */
export class Agent {
  readonly #child: ChildProcess
  #last: Promise<unknown> = Promise.resolve()

  constructor(namespace: string) {
    const file = path.join(import.meta.dirname, `agent${path.extname(import.meta.filename)}`)
    this.#child = fork(file, [], {
      execPath: 'ip', execArgv: ['netns', 'exec', namespace, process.execPath, ...process.execArgv], serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: toolEnv(),
    })
  }

  ask<K extends AgentAnswer['kind']>(request: AgentRequest, kind: K): Promise<Extract<AgentAnswer, { kind: K }>> {
    const asked = this.#last.then(() => new Promise<Extract<AgentAnswer, { kind: K }>>((resolve, reject) => {
      const gone = (): void => reject(new CommandFailed('an agent of the drill ended by itself'))
      this.#child.once('exit', gone)
      this.#child.once('message', (answer: AgentAnswer) => {
        this.#child.off('exit', gone)
        if (answer.kind === kind) resolve(answer as Extract<AgentAnswer, { kind: K }>)
        else reject(new CommandFailed(`an agent answered ${answer.kind} to ${request.kind}`))
      })
      this.#child.send(request)
    }))
    this.#last = asked.catch(() => {})
    return asked
  }

  end(): void {
    this.#child.kill()
  }
}
