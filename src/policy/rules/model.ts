// Rules: what a firewall's text means, in one shape for every vendor and for the policy itself. Compilers write it, readers read it, proofs ask it.
// Keeps "never dropped": what a reader does not understand stays in the rule as an unknown match, with its line.

import type { IpVersion } from '../../base/ip.ts'

/**
 * Header fields a rule can look at, as unsigned integers. `flags` are the eight TCP flag bits (FIN 1 .. CWR 128); `state` is ConnState;
 * `iif` and `oif` are indexes into Config.interfaces. Ports exist for TCP, UDP and SCTP, icmpType/icmpCode for ICMP and ICMPv6, flags for
 * TCP; a constraint on a field the protocol does not have matches nothing.
 */
export const FIELDS = ['dst', 'src', 'proto', 'dport', 'sport', 'flags', 'icmpType', 'icmpCode', 'state', 'iif', 'oif'] as const
export type Field = (typeof FIELDS)[number]

/** Connection states as firewalls name them; a packet is in exactly one. Stateless filters never look at it. */
export const ConnState = { new: 0, established: 1, related: 2, invalid: 3 } as const

/** Both ends included. */
export interface ValueRange {
  readonly low: bigint
  readonly high: bigint
}

/** Bits that are 1 in `mask` must equal those of `value`: wildcard masks, contiguous or not. */
export interface ValueMask {
  readonly value: bigint
  readonly mask: bigint
}

/** The value is (not) in any of these. An empty list with `not: false` matches nothing. */
export type Constraint =
  | { readonly kind: 'ranges'; readonly ranges: readonly ValueRange[]; readonly not: boolean }
  | { readonly kind: 'masks'; readonly masks: readonly ValueMask[]; readonly not: boolean }

/** Something the reader saw and could not model. A proof must take it as possibly true and possibly false. */
export interface UnknownMatch {
  /** The words of the config, e.g. `meta skuid 0`. */
  readonly text: string
  readonly line: number
  /** Why it is not modelled, in plain words. */
  readonly reason: string
}

/** All fields must match (conjunction); a missing field matches everything. A field may be constrained more than once. */
export interface Match {
  readonly fields: readonly (readonly [Field, Constraint])[]
  readonly unknown: readonly UnknownMatch[]
}

/** `next`: the rule decides nothing (counters, logging). `return` from the chain; at the base of a hook it means the chain's policy. */
export type RuleAction =
  | { readonly kind: 'permit' }
  | { readonly kind: 'deny'; readonly reject: boolean }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'return' | 'next' }
  /** An action that is not modelled (NAT elsewhere, queue to userspace): may do anything. */
  | { readonly kind: 'unknown'; readonly why: UnknownMatch }

export interface Rule {
  /** 1-based line of the config's text; 0 for rules a compiler made from the policy. */
  readonly line: number
  /** The config's words, or the conduit's name. */
  readonly text: string
  /** null: both families. */
  readonly family: IpVersion | null
  /** Any of these alternatives (disjunction). */
  readonly matches: readonly Match[]
  readonly action: RuleAction
}

/** Rules in order, first decision counts. `policy` is what happens at the end; null for chains that only others jump to. */
export interface Chain {
  readonly name: string
  readonly rules: readonly Rule[]
  readonly policy: 'permit' | 'deny' | null
}

/** Where chains sit. `interface` is an access list bound to one interface, `in` or `out`. */
export type Hook = 'forward' | 'input' | 'output' | 'interface-in' | 'interface-out'

export interface Binding {
  readonly hook: Hook
  /** Index into Config.interfaces, for the interface hooks; null otherwise. */
  readonly iface: number | null
  /** null: both families. */
  readonly family: IpVersion | null
  /** A packet must be permitted by every bound chain of its hook; in this order. */
  readonly chain: string
}

export interface Route {
  readonly version: IpVersion
  readonly network: bigint
  readonly length: number
  /** `blackhole` is silent, `prohibit` and `unreachable` answer; `connected` needs no next hop. */
  readonly kind: 'connected' | 'via' | 'blackhole' | 'prohibit' | 'unreachable'
  readonly nextHop: bigint | null
  readonly iface: number | null
  readonly metric: number
  /** Routing table for policy routing; `main` otherwise. */
  readonly table: string
  readonly line: number
}

/** An `ip rule`: which table a packet asks, lowest priority number first. */
export interface RouteRule {
  readonly priority: number
  readonly match: Match
  readonly action: { readonly kind: 'table'; readonly table: string } | { readonly kind: 'blackhole' | 'prohibit' | 'unreachable' }
  readonly line: number
  /** Family whose packets ask it; left out where the text does not say. */
  readonly family?: IpVersion
}

/** Address translation of destination (before routing) or source (after it). What a filter sees is the vendor's business, said in Config.sees. */
export interface NatRule {
  readonly line: number
  readonly text: string
  readonly match: Match
  readonly kind: 'destination' | 'source' | 'masquerade' | 'none'
  readonly address: ValueRange | null
  readonly port: ValueRange | null
  /** Family of the packets it looks at; left out where the text does not say. */
  readonly family?: IpVersion | null
  /** Where a rule that translates nothing stands: before routing or after it. Left out: not said, so possibly either. */
  readonly stage?: 'destination' | 'source'
  /** The destination becomes the device itself (nft and iptables redirect). */
  readonly toSelf?: boolean
  /** `own`: only for packets that the device itself sends (nft hook output); otherwise for those that come in. */
  readonly packets?: 'own'
}

/** An address of the device itself. */
export interface InterfaceAddress {
  readonly version: IpVersion
  readonly value: bigint
  readonly length: number
  readonly iface: number
  readonly line: number
}

/** Everything a reader understood of one device's text. */
export interface Config {
  /** Target id, e.g. `nftables`. */
  readonly target: string
  readonly device: string
  readonly interfaces: readonly string[]
  readonly chains: ReadonlyMap<string, Chain>
  readonly bindings: readonly Binding[]
  readonly nat: readonly NatRule[]
  readonly routes: readonly Route[]
  readonly routeRules: readonly RouteRule[]
  /** Own addresses, where the text gives them whole; left out by readers that do not look for them. */
  readonly addresses?: readonly InterfaceAddress[]
  /** nft and iptables forward chains see the address after DNAT; PAN-OS rules match the one before (facts on segmentation, section 6). */
  readonly sees: 'before-dnat' | 'after-dnat'
  /** All unknown matches and actions, in line order: what a proof must name. */
  readonly unknowns: readonly UnknownMatch[]
}
