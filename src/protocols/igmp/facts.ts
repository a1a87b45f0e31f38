// What IGMP and MLD teach: who listens to which group, and who keeps the list.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface IgmpBase extends FactBase {
  readonly protocol: 'igmp'
  readonly vlan: number
  /** `igmp` for IPv4, `mld` for IPv6. */
  readonly family: 'igmp' | 'mld'
  /** Sender of the packet; null when it has no address yet. */
  readonly from: Ip | null
}

/** A host says that it listens to `group`, told once. */
export interface IgmpMember extends IgmpBase {
  readonly kind: 'member'
  readonly group: Ip
  /** Protocol version of the report. */
  readonly version: number
}

/** The one who asks who listens: a router, or a switch that watches memberships. */
export interface IgmpQuerier extends IgmpBase {
  readonly kind: 'querier'
  readonly version: number
}

/** `reason`: `truncated` or `group` (an address that is no group). */
export interface IgmpMalformed extends IgmpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type IgmpFact = IgmpMember | IgmpQuerier | IgmpMalformed
