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
  /** Somebody asked for `ip` within the time an answer takes; null when nobody remembers questions. */
  readonly solicited: boolean | null
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

/** What was told before was said again: claims and questions that are the same in every field are counted, not told one by one. */
export interface ArpRepeats extends ArpBase {
  readonly kind: 'repeats'
  readonly of: 'claim' | 'ask'
  /** Of a claim; a question is a request. */
  readonly operation: 'request' | 'reply'
  readonly mac: Mac
  /** null for a probe. */
  readonly ip: Ip | null
  /** Of a question; null for a claim. */
  readonly target: Ip | null
  /** How often; `at` and `frame` are of the last time. */
  readonly times: number
  /** Of these, answers to a question. */
  readonly solicited: number
  /** The first frames, ascending. */
  readonly frames: readonly number[]
}

export type ArpFact = ArpClaim | ArpAsk | ArpRepeats | ArpMalformed
