// What ICMP teaches: routers and prefixes, neighbours of IPv6, who sends packets elsewhere, and who refuses them.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

interface IcmpBase extends FactBase {
  readonly protocol: 'icmp'
  readonly vlan: number
  readonly version: 4 | 6
  /** Sender of the IP packet. */
  readonly from: Ip
}

/** Neighbour discovery states "`ip` is at `mac`" (RFC 4861): an advertisement, or the source of a solicitation. */
export interface IcmpClaim extends IcmpBase {
  readonly kind: 'claim'
  readonly by: 'advertisement' | 'solicitation'
  readonly ip: Ip
  readonly mac: Mac
  /** Sender of the frame, null on links without MACs; differs from `mac` in some forgeries. */
  readonly frameMac: Mac | null
  /** The advertisement says it was asked for. */
  readonly solicited: boolean
  readonly isRouter: boolean
}

/** Somebody looks for an address; `ip` is null when it only checks that nobody has it (RFC 4862 section 5.4). */
export interface IcmpAsk extends IcmpBase {
  readonly kind: 'ask'
  readonly mac: Mac | null
  readonly ip: Ip | null
  readonly target: Ip
}

/** A router says so itself: addresses it routes for, how clients get theirs, and which name servers. */
export interface IcmpRouter extends IcmpBase {
  readonly kind: 'router'
  /** Sender of the frame, null on links without MACs. */
  readonly frameMac: Mac | null
  /** IPv4 (RFC 1256) lists its addresses; IPv6 has one. */
  readonly routers: readonly Ip[]
  /** 0: no default router (any more). */
  readonly lifetimeSeconds: number
  /** `10.0.0.0/24` style, of IPv6 only. */
  readonly prefixes: readonly string[]
  /** Addresses come by DHCPv6 (M flag); other things do (O flag). */
  readonly managed: boolean
  readonly otherConfig: boolean
  readonly dnsServers: readonly Ip[]
}

/** "Send packets for `destination` to `gateway`": true of a second router, and what an attacker says too. */
export interface IcmpRedirect extends IcmpBase {
  readonly kind: 'redirect'
  /** Sender of the frame, null on links without MACs; another card than the router's in forgeries. */
  readonly frameMac: Mac | null
  readonly to: Ip
  readonly destination: Ip
  readonly gateway: Ip
}

/** A packet of `to` did not arrive, told once per sender and reason. */
export interface IcmpUnreachable extends IcmpBase {
  readonly kind: 'unreachable'
  readonly to: Ip
  readonly reason: string
}

/** `reason`: `hop-limit` (neighbour discovery from beyond the link, RFC 4861 section 7.1), `truncated` or `option-length`. */
export interface IcmpMalformed extends IcmpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type IcmpFact = IcmpClaim | IcmpAsk | IcmpRouter | IcmpRedirect | IcmpUnreachable | IcmpMalformed
