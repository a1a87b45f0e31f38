// Launch: starts the drill's process in namespaces of its own, unprivileged where the machine lets it, as root else, and waits for its result.
// Keeps the rule that nothing is left behind: the namespaces live only as long as that process, and it ends with its launcher.

import { fork, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import { isInstalled, run, toolEnv } from './lab.ts'
import type { DrillSpec, InsideMessage } from './protocol.ts'

/** What a machine must have, and the Debian package it comes from. */
const TOOLS: readonly (readonly [string, string])[] = [
  ['unshare', 'util-linux'], ['ip', 'iproute2'], ['nft', 'nftables'], ['tcpdump', 'tcpdump'], ['tcpreplay', 'tcpreplay'],
]

/** Its own networks, mounts and processes; --kill-child ends all of it with unshare. */
const OWN = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']
/** Own users too, so that no root is needed. Not as its root: tcpdump would drop privileges, which one mapped user cannot (EPERM, measured). */
const AS_USER = ['--user', '--map-user=1', '--map-group=1', '--keep-caps']
const WAYS: readonly (readonly string[])[] = [[...AS_USER, ...OWN], OWN]

/** What every drill begins with. */
const TRY = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add try && nft list ruleset'

/** Why no drill can run here, or the flags of unshare that work. */
export async function canDrill(): Promise<Result<readonly string[]>> {
  if (process.platform !== 'linux') return err(`a drill needs Linux network namespaces, and this is ${process.platform}`)
  const missing = TOOLS.filter(([tool]) => !isInstalled(tool)).map(([tool, source]) => `${tool} (package ${source})`)
  if (missing.length > 0) return err(`not installed: ${missing.join(', ')}`)
  const reasons: string[] = []
  for (const flags of WAYS) {
    const { code, err: said } = await run(['unshare', ...flags, 'sh', '-c', TRY])
    if (code === 0) return ok(flags)
    reasons.push(said.trim().split('\n').at(-1) ?? '')
  }
  return err(`this machine gives no namespaces, neither to this user nor as root: ${[...new Set(reasons)].join('; ')}`)
}

/** This process's network, for the guard inside. */
export function ownNetwork(): string {
  return fs.readlinkSync('/proc/self/ns/net')
}

export type Ended = Extract<InsideMessage, { kind: 'result' | 'failed' }> | { readonly kind: 'stopped' }

/** Runs a drill to its end. `unshare` are flags from canDrill; null starts it as it is, which its guard refuses: for the test of the guard. */
export function launchDrill(spec: DrillSpec, unshare: readonly string[] | null, signal: AbortSignal, say: (words: string) => void): Promise<Ended> {
  const child = startInside(unshare)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)))
  return new Promise((resolve) => {
    // SIGKILL: unshare ignores the others while its child runs, and with it everything inside ends.
    const stop = (): boolean => child.kill('SIGKILL')
    signal.addEventListener('abort', stop, { once: true })
    let ended: Ended | null = null
    child.on('message', (message: InsideMessage) => {
      if (message.kind === 'hello') child.send(spec)
      else if (message.kind === 'step') say(message.words)
      else ended = message
    })
    child.on('error', (cause) => resolve({ kind: 'failed', because: 'machine', reason: cause.message }))
    child.on('close', (code, by) => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) resolve({ kind: 'stopped' })
      else resolve(ended ?? { kind: 'failed', because: 'machine', reason: `the drill's process ended with ${code ?? by}: ${said.trim()}` })
    })
  })
}

function startInside(unshare: readonly string[] | null): ChildProcess {
  const file = path.join(import.meta.dirname, `inside${path.extname(import.meta.filename)}`)
  const stdio: ('ignore' | 'pipe' | 'ipc')[] = ['ignore', 'ignore', 'pipe', 'ipc']
  if (unshare === null) return fork(file, [], { serialization: 'advanced', stdio, env: toolEnv() })
  const execArgv = [...unshare, process.execPath, ...process.execArgv]
  return fork(file, [], { execPath: 'unshare', execArgv, serialization: 'advanced', stdio, env: toolEnv() })
}
