// What SSH teaches before it encrypts: which software is at each end (RFC 4253 section 4.2).

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'

interface SshBase extends FactBase {
  readonly protocol: 'ssh'
  readonly flowId: number
  /** Who said it: 0 is the flow's initiator. */
  readonly direction: Direction
}

/** The identification string of one end. */
export interface SshBanner extends SshBase {
  readonly kind: 'banner'
  /** `2.0`, `1.99` (both), `1.5`. */
  readonly version: string
  /** `OpenSSH_6.7p1`, printable ASCII, bounded. */
  readonly software: string
  /** What follows a blank: often the distribution. Null without. */
  readonly comment: string | null
}

/** No identification string within the bounds, or bytes were lost before it. */
export interface SshMalformed extends SshBase {
  readonly kind: 'malformed'
  readonly reason: 'no-identification' | 'gap'
}

export type SshFact = SshBanner | SshMalformed
