// What SSH teaches: which software is at each end (RFC 4253 section 4.2), and by the sizes of what is encrypted that nobody was let in.

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

/** The connection ended and no log-in was taken (inferred, login.ts). `direction` is the server's. */
export interface SshRefused extends SshBase {
  readonly kind: 'refused'
  /** Times the server answered to an attempt; the first is mostly to the question which methods there are. */
  readonly answers: number
}

export type SshFact = SshBanner | SshRefused | SshMalformed
