// What DHCPv6 teaches: a client's identity and own words, the addresses and prefixes it was given, and by whom.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'
import type { Dhcp6Value } from './message.ts'

interface Dhcp6Base extends FactBase {
  readonly protocol: 'dhcp6'
  readonly vlan: number
}

/** A message that says something new (the transaction and the elapsed time aside). Absent options are null or empty. */
export interface Dhcp6Message extends Dhcp6Base, Dhcp6Value {
  readonly kind: 'message'
  /** Who sent the datagram. */
  readonly from: Ip
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
