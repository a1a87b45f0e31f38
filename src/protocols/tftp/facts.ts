// What TFTP teaches: who asked whom for which file or offered one, and what the answer was. Files: ../file-transfer/facts.ts.
// Keeps the rule that content never leaves.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface TftpBase extends FactBase {
  readonly protocol: 'tftp'
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
}

/** A request, told once however often it is repeated. */
export interface TftpRequestFact extends TftpBase {
  readonly kind: 'request'
  readonly operation: 'read' | 'write'
  readonly name: string | null
  /** `octet`, `netascii`, `mail`. */
  readonly mode: string
  /** Names of options asked for. */
  readonly options: readonly string[]
}

/** Either side ended the transfer. */
export interface TftpError extends TftpBase {
  readonly kind: 'error'
  /** A word of codes.ts. */
  readonly reason: string
  readonly name: string | null
}

/** Nobody answered until the flow ended. */
export interface TftpUnanswered extends TftpBase {
  readonly kind: 'unanswered'
  readonly operation: 'read' | 'write'
  readonly name: string | null
}

export type TftpFact = TftpRequestFact | TftpError | TftpUnanswered
