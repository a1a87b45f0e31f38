// What DHCP teaches: a client's hardware address, its own words about itself, and the lease it was given.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

/** One BOOTP/DHCP message (RFC 2131, options RFC 2132). Absent options are null. */
export interface DhcpMessage extends FactBase {
  readonly protocol: 'dhcp'
  readonly kind: 'message'
  readonly vlan: number
  /** `discover`, `offer`, `request`, `decline`, `ack`, `nak`, `release`, `inform`, `bootp`, or `type-N`. */
  readonly type: string
  readonly client: Mac | null
  readonly transactionId: number
  /** yiaddr of an offer or ack; ciaddr or option 50 of a request. */
  readonly address: Ip | null
  /** Option 54. */
  readonly server: Ip | null
  /** Option 12. */
  readonly hostName: string | null
  /** Option 60. */
  readonly vendorClass: string | null
  /** Option 55 as decimal numbers joined by commas: a fingerprint of the client's software. */
  readonly parameterList: string | null
  /** Option 3, first router. */
  readonly router: Ip | null
  /** Option 1. */
  readonly subnetMask: Ip | null
}

export interface DhcpMalformed extends FactBase {
  readonly protocol: 'dhcp'
  readonly kind: 'malformed'
  readonly vlan: number
  readonly reason: string
}

export type DhcpFact = DhcpMessage | DhcpMalformed
