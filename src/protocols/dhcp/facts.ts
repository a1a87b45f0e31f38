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
  /** Option 43: numbers of the vendor's own options, joined by commas; never their values. */
  readonly vendorOptions: string | null
  /** Option 61: a MAC, `duid-` and hex (RFC 4361), text, or hex. */
  readonly clientIdentifier: string | null
  /** Option 81, lower case. */
  readonly fullName: string | null
  /** Option 82, written by the access switch or relay: the port, and the box it is on. Text, or hex. */
  readonly circuit: string | null
  readonly remote: string | null
}

/** All messages of a flow, at its end. Repeats differ from one that was told in transaction and seconds alone. */
export interface DhcpTotal extends FactBase {
  readonly protocol: 'dhcp'
  readonly kind: 'total'
  readonly vlan: number
  readonly messages: number
  readonly repeats: number
}

export interface DhcpMalformed extends FactBase {
  readonly protocol: 'dhcp'
  readonly kind: 'malformed'
  readonly vlan: number
  readonly reason: string
}

export type DhcpFact = DhcpMessage | DhcpTotal | DhcpMalformed
