// What FTP teaches: which server software, whether names and passwords go in clear and are taken, what files move (../file-transfer/facts.ts).
// Keeps the rule that a user's name and password are never told, only that they were there.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface FtpBase extends FactBase {
  readonly protocol: 'ftp'
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
}

/** The greeting, or the answer to SYST. */
export interface FtpSoftware extends FtpBase {
  readonly kind: 'software'
  readonly software: string
}

/** A log-in in clear and what became of it. At most 16 are told per connection; totals count them all. */
export interface FtpLogin extends FtpBase {
  readonly kind: 'login'
  /** `anonymous` or `ftp`: by custom no secret. */
  readonly anonymous: boolean
  readonly passwordSeen: boolean
  readonly accepted: boolean
}

/** AUTH was granted: the rest is encrypted. */
export interface FtpEncrypted extends FtpBase {
  readonly kind: 'encrypted'
}

/** The connection is over. */
export interface FtpTotals extends FtpBase {
  readonly kind: 'totals'
  readonly commands: number
  readonly logins: number
  readonly failedLogins: number
  readonly transfers: number
}

export type FtpFact = FtpSoftware | FtpLogin | FtpEncrypted | FtpTotals
