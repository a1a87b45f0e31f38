// What DNS teaches: which names are asked for, and which address an answer gave.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface DnsBase extends FactBase {
  readonly protocol: 'dns'
  readonly flowId: number
}

export interface DnsQuery extends DnsBase {
  readonly kind: 'query'
  readonly client: Ip
  readonly server: Ip
  /** Lower case, no trailing dot, non-printables escaped as \DDD (RFC 4343). */
  readonly name: string
  /** `A`, `AAAA`, `PTR`, ... or `TYPE123`. */
  readonly type: string
}

export interface DnsAnswer extends DnsBase {
  readonly kind: 'answer'
  readonly client: Ip
  readonly server: Ip
  readonly name: string
  readonly type: string
  /** `NOERROR`, `NXDOMAIN`, ... or `RCODE9`. */
  readonly responseCode: string
  /** A and AAAA records of the answer section, in order; bounded. */
  readonly addresses: readonly Ip[]
}

export interface DnsMalformed extends DnsBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type DnsFact = DnsQuery | DnsAnswer | DnsMalformed
