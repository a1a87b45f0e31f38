// withStore: opens the data folder for one command and closes it whatever happens.

import { openEmbeddedStore } from '../store/embedded.ts'
import type { Store } from '../store/store.ts'
import { Exit, type Io } from './io.ts'

/** `folder` undefined: the command keeps nothing. */
export async function withStore(folder: string | undefined, io: Io, use: (store: Store | null) => Promise<number>): Promise<number> {
  if (folder === undefined) return use(null)
  const opened = await openEmbeddedStore(folder)
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
