// source: where live packets come from, as a watch sees it: it is started, counted every second and stopped.
// Keeps the rule that every source says what it lost, or it is none.

import type { MissingHold } from '../../kernel/sandbox.ts'
import type { Gap } from './gap.ts'

export interface LiveCounters {
  /** That passed the filter, as the kernel counts them; it counts those dropped too. */
  readonly kernelPackets: number
  readonly kernelDrops: number
  readonly delivered: number
  /** In blocks that never came or could not be read. */
  readonly ours: number
  readonly vlanRestored: number
}

export interface LiveSource {
  readonly gaps: readonly Gap[]
  readonly gapsNotKept: number
  /** Resolves when it reads, with the walls that are missing. */
  start(): Promise<readonly MissingHold[]>
  /** What has come is delivered first. */
  stop(): Promise<void>
  /** Has the counts brought up to date. */
  ask(): Promise<void>
  counters(): LiveCounters
}
