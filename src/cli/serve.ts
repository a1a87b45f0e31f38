// cordon serve: the console over a data folder, until Ctrl-C.

import { once } from 'node:events'
import { createConsole, type Console } from '../console/server.ts'
import { closeWatchesLeft } from '../sensor/live/left.ts'
import { openEmbeddedStore } from '../store/embedded.ts'
import { watchingAdvisories } from './advisory-watched.ts'
import { consoleDeps } from './console.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'

export interface ServeArgs {
  readonly data: string
  readonly policy: string | undefined
  readonly host: string
  readonly port: number
}

export async function runServe(args: ServeArgs, io: Io): Promise<number> {
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const opened = await openEmbeddedStore(args.data)
  if (!opened.ok) {
    io.err(`cordon serve: ${opened.error.message}\n  help: ${opened.error.help}\n`)
    return Exit.usage
  }
  const store = opened.value
  try {
    for (const words of await closeWatchesLeft(store)) io.err(`cordon serve: ${words}\n`)
    const onError = (e: unknown): void => io.err(`cordon serve: ${String(e)}\n`)
    const watching = await watchingAdvisories(knowledge.value, store)
    const console = await createConsole(consoleDeps({ store, knowledge: watching, dataFolder: args.data, onError }))
    const url = await listen(console, args, io)
    if (url === null) return Exit.usage
    io.out(`Console: ${url}\n`)
    io.err('Drop a capture on the page. Ctrl-C ends it.\n')
    await untilStopped(io)
    await console.close()
    return Exit.ok
  } finally {
    await store.close()
  }
}

/** null when the port cannot be had; the reason is told. */
export async function listen(console: Console, args: Pick<ServeArgs, 'host' | 'port'>, io: Io): Promise<string | null> {
  try {
    return await console.listen(args.host, args.port)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const what = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be bound (${code})`
    io.err(`cordon: ${args.host}:${args.port} ${what}\n  help: Choose another one with --port, or --port 0 for any free one.\n`)
    await console.close()
    return null
  }
}

export async function untilStopped(io: Io): Promise<void> {
  if (!io.signal.aborted) await once(io.signal, 'abort')
}
