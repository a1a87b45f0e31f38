// reader-plan: what the process that reads a ring is told on its command line, and which of its descriptors is what.
// Keeps the rule that there is nothing else it has to know: no file, no name of an interface, no filter.

import type { Hold } from '../../kernel/sandbox.ts'

/** Blocks go out here. */
export const BLOCKS_FD = 3
/** The packet socket. */
export const RING_FD = 4

export interface ReaderPlan {
  /** Program of this folder that runs inside; tests put a probe here. */
  readonly program: string
  readonly blocks: number
  readonly blockBytes: number
  /** What the first stage reached; filled by it. */
  readonly holds: readonly Hold[]
}

/** The one line it says on standard error when it is closed in and reads. */
export interface ReaderReady {
  readonly holds: readonly Hold[]
}
