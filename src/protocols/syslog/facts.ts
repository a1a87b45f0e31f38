// What syslog teaches: which host and which programs log from here, and how grave it was by counts. Never a message.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'

export type SyslogFormat = '5424' | '3164' | 'bare'

interface SyslogBase extends FactBase {
  readonly protocol: 'syslog'
  readonly flowId: number
}

/** A host name, or a message without one, for the first time in this flow; bounded. */
export interface SyslogSender extends SyslogBase {
  readonly kind: 'sender'
  readonly direction: Direction
  readonly format: SyslogFormat
  /** As the message has it: a relay sends those of others. */
  readonly host: string | null
}

/** A program's name for the first time in this flow; bounded. */
export interface SyslogApp extends SyslogBase {
  readonly kind: 'app'
  readonly direction: Direction
  readonly app: string
}

/** At the end. */
export interface SyslogSession extends SyslogBase {
  readonly kind: 'session'
  readonly messages: number
  /** Messages of severity 0 (emergency) to 7 (debug). */
  readonly severities: readonly number[]
  /** What was no syslog message: datagrams, or stretches of a stream. */
  readonly unread: number
}

export type SyslogFact = SyslogSender | SyslogApp | SyslogSession
