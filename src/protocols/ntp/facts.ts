// What NTP teaches: who takes its clock from whom, how good it is, and in which version.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface NtpBase extends FactBase {
  readonly protocol: 'ntp'
  readonly flowId: number
}

/** A clock and who asks it; told again only when what it says of itself changes. */
export interface NtpServer extends NtpBase {
  readonly kind: 'server'
  readonly server: Ip
  /** null when the clock broadcasts. */
  readonly client: Ip | null
  readonly version: number
  /** 1: has a reference clock; 2 to 15: hops away from one; 16 (or 0): not synchronised. */
  readonly stratum: number
  /** The address it takes its time from (IPv4, stratum 2 and above), a clock's letters (`GPS`), a kiss code (`RATE`), or null. */
  readonly reference: string | null
}

/** Totals of a flow, at its end. */
export interface NtpTotal extends NtpBase {
  readonly kind: 'total'
  readonly client: Ip
  readonly server: Ip
  readonly version: number
  readonly requests: number
  readonly replies: number
}

/** What a server says of itself when its variables are read (RFC 9327); told again only when that changes. */
export interface NtpSoftware extends NtpBase {
  readonly kind: 'software'
  readonly server: Ip
  /** `ntpd 4.2.8p15@1.3728-o ...`. */
  readonly version: string | null
  /** `Linux/5.10.0`. */
  readonly system: string | null
  readonly processor: string | null
}

/** One kind of management message of a flow. */
export interface NtpOperation {
  readonly mode: 6 | 7
  /** `read-variables`, `monitor-list`, ... (codes.ts). */
  readonly operation: string
  readonly questions: number
  readonly answers: number
  /** Answers that are errors; they count as answers, too. */
  readonly refused: number
  /** UDP payload bytes each way. */
  readonly questionBytes: number
  readonly answerBytes: number
}

/** Control and private messages of a flow, at its end: who asked a clock about itself or changed it, and how much came back. */
export interface NtpManaged extends NtpBase {
  readonly kind: 'management'
  readonly client: Ip
  readonly server: Ip
  readonly operations: readonly NtpOperation[]
  /** Of answers about whom the server has talked to (`monitor-list`, `recent-clients`): how many came. */
  readonly clientLists: number
}

export type NtpFact = NtpServer | NtpTotal | NtpSoftware | NtpManaged
