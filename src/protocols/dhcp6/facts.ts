// What DHCPv6 teaches: a client's identity and own words, the addresses and prefixes it was given, and by whom.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

interface Dhcp6Base extends FactBase {
  readonly protocol: 'dhcp6'
  readonly vlan: number
}

/** A message that says something new (the transaction and the elapsed time aside). Absent options are null or empty. */
export interface Dhcp6Message extends Dhcp6Base {
  readonly kind: 'message'
  /** `solicit`, `advertise`, ..., `information-request`, or `type-N`; of a relayed message that of the one inside. */
  readonly type: string
  readonly relayed: boolean
  /** Who sent the datagram. */
  readonly from: Ip
  /** The card in the client's DUID, or as the relay saw it (option 79). A DUID may name another card of the same device. */
  readonly client: Mac | null
  readonly clientDuid: string | null
  readonly serverDuid: string | null
  readonly addresses: readonly Ip[]
  /** Delegated: `2001:db8::/56` style. */
  readonly prefixes: readonly string[]
  readonly dnsServers: readonly Ip[]
  /** Option 39, lower case. */
  readonly fullName: string | null
  /** Option 16: the maker's IANA enterprise number, and its words. */
  readonly enterprise: number | null
  readonly vendorClass: string | null
  /** Option 6 as decimal numbers joined by commas: a fingerprint of the client's software. */
  readonly requestedList: string | null
  /** Option 18, written by the relay: the port the client is behind. Text, or hex. */
  readonly interfaceId: string | null
}

/** All messages of a flow, at its end, when some were repeats. */
export interface Dhcp6Total extends Dhcp6Base {
  readonly kind: 'total'
  readonly messages: number
  readonly repeats: number
}

/** `reason`: `truncated`, `option-truncated`, `too-many-options` or `relay-depth`. */
export interface Dhcp6Malformed extends Dhcp6Base {
  readonly kind: 'malformed'
  readonly reason: string
}

export type Dhcp6Fact = Dhcp6Message | Dhcp6Total | Dhcp6Malformed
