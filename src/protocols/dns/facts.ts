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

/** A device speaks for itself on its segment (mDNS, DNS-SD, LLMNR): told once for as long as it says the same. */
export interface DnsAnnouncement extends DnsBase {
  readonly kind: 'announcement'
  /** Sender of the packet. */
  readonly device: Ip
  /** `mdns`, or `llmnr` when it answers one question of a neighbour. */
  readonly how: 'mdns' | 'llmnr'
  readonly hosts: readonly { readonly name: string; readonly addresses: readonly Ip[] }[]
  /** `_ipp._tcp`, ... */
  readonly services: readonly string[]
  /** Words about the product in TXT records, by key (`model`, `ty`, `fv`, ...); other keys never leave. */
  readonly product: readonly { readonly key: string; readonly text: string }[]
}

export interface DnsMalformed extends DnsBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type DnsFact = DnsQuery | DnsAnswer | DnsAnnouncement | DnsMalformed
