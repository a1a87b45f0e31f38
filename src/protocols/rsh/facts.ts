// What rlogin, rsh and rexec teach: that user names, perhaps a password, and a command crossed the wire in clear. Never their text.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'

/** rsh and rexec look alike but for the port of the second connection; without one nobody can tell. */
export type RshForm = 'rlogin' | 'rsh' | 'rexec' | 'rsh-or-rexec'

interface RshBase extends FactBase {
  readonly protocol: 'rsh'
  readonly flowId: number
  readonly clientSide: Direction
}

export interface RshRequest extends RshBase {
  readonly kind: 'request'
  readonly form: RshForm
  /** User names in clear: two, or one where the second string is a password. */
  readonly userNames: 1 | 2
  /** A password in clear: certain for rexec only. */
  readonly password: boolean
  /** A command followed; rlogin opens a terminal instead. */
  readonly command: boolean
}

/** The server's first byte. */
export interface RshAnswer extends RshBase {
  readonly kind: 'answer'
  /** Zero: let in. One: an error message follows. */
  readonly accepted: boolean
}

export type RshFact = RshRequest | RshAnswer
