// What LPD teaches: that a flow to port 515 is a printer being used, not a monitor (RFC 1179).

import type { FactBase } from '../facts.ts'

export interface LpdCommand extends FactBase {
  readonly protocol: 'lpd'
  readonly kind: 'command'
  readonly flowId: number
  /** `print-waiting`, `receive-job`, `queue-short`, `queue-long`, `remove-jobs` (RFC 1179 section 5). */
  readonly command: string
  /** Queue name, ASCII, bounded. Job owners and file names are not kept. */
  readonly queue: string
}

export type LpdFact = LpdCommand
