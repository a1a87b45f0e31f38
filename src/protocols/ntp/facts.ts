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

export type NtpFact = NtpServer | NtpTotal
