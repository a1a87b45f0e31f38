// withStore: opens the data folder for one command and closes it whatever happens.

import type { OpenedParts } from '../store/embedded.ts'
import type { Store } from '../store/store.ts'
import { Exit, type Io } from './io.ts'

/** `folder` undefined: the command keeps nothing. `parts`: what of the folder is opened at once. */
export async function withStore(
  folder: string | undefined, io: Io, use: (store: Store | null) => Promise<number>, parts: OpenedParts = 'all',
): Promise<number> {
  if (folder === undefined) return use(null)
  // Loaded only when needed: the engine's library is the slowest part of starting.
  const { openEmbeddedStore } = await import('../store/embedded.ts')
  const opened = await openEmbeddedStore(folder, parts)
  if (!opened.ok) {
    io.err(`cordon: ${opened.error.message}\n  help: ${opened.error.help}\n`)
    return Exit.usage
  }
  try {
    return await use(opened.value)
  } finally {
    await opened.value.close()
  }
}
