// What ARP teaches: who claims which address on which segment, and who is looking for whom.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

interface ArpBase extends FactBase {
  readonly protocol: 'arp'
  readonly vlan: number
}

/** A sender states "I am `ip` at `mac`" (RFC 826; gratuitous and announcements as RFC 5227 section 3). Probes (sender 0.0.0.0) state nothing. */
export interface ArpClaim extends ArpBase {
  readonly kind: 'claim'
  readonly operation: 'request' | 'reply'
  readonly gratuitous: boolean
  /** Sender hardware address inside the ARP body. */
  readonly mac: Mac
  readonly ip: Ip
  /** Sender of the Ethernet frame; differs from `mac` in some forgeries. */
  readonly frameMac: Mac
}

/** Someone asks for an address: the earliest sign that it wants to talk to it. */
export interface ArpAsk extends ArpBase {
  readonly kind: 'ask'
  readonly mac: Mac
  /** null for a probe. */
  readonly ip: Ip | null
  readonly target: Ip
}

/** Lengths or types that no IPv4-over-Ethernet ARP has; `reason` is a fixed word, e.g. `hardware-length`. */
export interface ArpMalformed extends ArpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type ArpFact = ArpClaim | ArpAsk | ArpMalformed
