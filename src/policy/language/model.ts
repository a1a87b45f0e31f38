// Policy model: zones, services and conduits as plain values that cannot be nonsense once parsePolicy made them.
// Keeps the rule that a policy knows only names, prefixes and 5-tuples: no packets, no devices, no clock.

import type { Ip, Prefix } from '../../base/ip.ts'
import type { OverlapPolicy } from '../../base/overlap.ts'
import type { PortRange } from '../../base/port-range.ts'
import type { Position } from '../../base/tree.ts'

export const ZONE_KINDS = ['medical', 'it', 'external'] as const
/** `medical` never reaches the Internet by default; `external` belongs to someone else (a vendor's support network). */
export type ZoneKind = (typeof ZONE_KINDS)[number]

/**
 * Zones nobody declares. `internet`: every address in no zone that a default route would carry out; `group`: multicast and limited
 * broadcast; `unzoned`: private, link-local, loopback or unspecified addresses that no zone holds.
 */
export const BUILT_IN_ZONES = ['internet', 'group', 'unzoned'] as const
export type BuiltInZone = (typeof BUILT_IN_ZONES)[number]

export const ACTIONS = ['allow', 'deny'] as const
export type Action = (typeof ACTIONS)[number]

export const FAIL_MODES = ['open', 'closed'] as const
/** What happens to this traffic when the enforcing box itself fails: it passes (`open`) or stops (`closed`). Rule S7. */
export type FailMode = (typeof FAIL_MODES)[number]

export const TRANSPORTS = ['tcp', 'udp', 'icmp', 'igmp', 'any'] as const
/** `icmp` is ICMP for IPv4 and ICMPv6; `any` is every IP protocol and every port. */
export type PolicyTransport = (typeof TRANSPORTS)[number]

/** Addresses that are trusted alike: by block, and by what the assets are. */
export interface Zone {
  readonly name: string
  readonly kind: ZoneKind
  readonly prefixes: readonly Prefix[]
  /** Device profile ids; addresses of assets with these profiles belong to the zone. */
  readonly profiles: readonly string[]
  /** The zone out of which this one is carved: sharing its addresses is meant, the longer prefix wins. */
  readonly inside: string | null
  /** How hosts here put overlapping fragments and segments together; null: as those of the zone around it, or the product's default. */
  readonly overlap: OverlapPolicy | null
  readonly description: string | null
  readonly at: Position
}

/** A name for transports and responder ports. */
export interface Service {
  readonly name: string
  /** Each transport is combined with each port range. Never empty. */
  readonly transports: readonly PolicyTransport[]
  /** Responder ports, sorted, disjoint. Meaningful for tcp and udp only; empty when no transport has ports. */
  readonly ports: readonly PortRange[]
  /** Protocol id the content should have (`cms8000`), or null. Not judged from the 5-tuple. */
  readonly protocol: string | null
  readonly description: string | null
  readonly builtIn: boolean
  /** null for built-in services. */
  readonly at: Position | null
}

/** Who may open which service to whom; answers on the same flow belong to it. Order matters: the first match decides. */
export interface Conduit {
  readonly name: string
  /** Zone name of the side that opens the flow; never `group`. */
  readonly from: string
  readonly to: string
  /** Names in Policy.services, at least one. */
  readonly services: readonly string[]
  readonly action: Action
  readonly fail: FailMode
  /** Who answers for it, or null. */
  readonly owner: string | null
  readonly reason: string
  readonly at: Position
}

/**
 * What is allowed for a while although a conduit or the default denies it. In effect up to and including its day, in UTC; only
 * effectivePolicy gives it any effect.
 */
export interface PolicyException {
  readonly name: string
  /** The denying conduit that it lifts, or null when it names its own traffic. */
  readonly conduit: string | null
  /** Of the lifted conduit when it names one. */
  readonly from: string
  readonly to: string
  readonly services: readonly string[]
  readonly action: 'allow'
  /** Who answers for it. */
  readonly owner: string
  readonly reason: string
  /** Last day in effect, `2026-12-24`. */
  readonly expires: string
  readonly at: Position
}

export const ASSERTION_KINDS = ['never', 'always', 'only'] as const
/**
 * `never`: no packet from A to B is permitted; `always`: every packet on the services is; `only`: whatever is permitted is on the services.
 */
export type AssertionKind = (typeof ASSERTION_KINDS)[number]

/** One end of an assertion: a zone, built-in ones included, an address block whoever holds it, or every address. */
export type AssertionEnd =
  | { readonly kind: 'zone'; readonly zone: string }
  | { readonly kind: 'prefix'; readonly prefix: Prefix }
  | { readonly kind: 'any' }

/** What must hold whatever the conduits are. Written by people, proved elsewhere: here it is only known to name what exists. */
export interface Assertion {
  readonly kind: AssertionKind
  readonly from: AssertionEnd
  readonly to: AssertionEnd
  /** Names in Policy.services; empty: every protocol and port (`never` only). */
  readonly services: readonly string[]
  /** `never` only: packets addressed to this zone itself, a gateway or proxy, are left out of the claim. */
  readonly via: string | null
  /** In canonical words. */
  readonly text: string
  readonly at: Position
}

export const ELSEWHERE = ['blackhole', 'prohibit'] as const
/** What a router does with a block it has no next hop for: drop it silently, or answer that it is prohibited. */
export type Elsewhere = (typeof ELSEWHERE)[number]

/** Where an address block of a zone is found: what static routes are made of. */
export interface Segment {
  readonly prefix: Prefix
  /** Holds the whole block by the policy's zones. */
  readonly zone: string
  /** Next hops, of the prefix's version and outside of it, in order of preference; empty when routers are attached to it. */
  readonly via: readonly Ip[]
  /** null: such routers do what they did before. */
  readonly elsewhere: Elsewhere | null
  readonly description: string | null
  readonly at: Position
}

/** A whole checked policy: every reference in it exists. What a verdict needs. */
export interface Policy {
  readonly name: string
  readonly description: string | null
  readonly zones: readonly Zone[]
  /** The file's own services in file order, then the built-in ones its conduits use. */
  readonly services: readonly Service[]
  readonly conduits: readonly Conduit[]
  /** What happens when no conduit matches. */
  readonly default: Action
}

/** A policy as its file says it: with what is allowed for a while, what must hold, and where addresses are. */
export interface WrittenPolicy extends Policy {
  readonly exceptions: readonly PolicyException[]
  readonly assertions: readonly Assertion[]
  readonly segments: readonly Segment[]
}

/** Rule name of a verdict that no conduit gave. */
export const DEFAULT_RULE = 'default'

/** True for `internet`, `group` and `unzoned`. */
export function isBuiltInZone(name: string): name is BuiltInZone {
  return BUILT_IN_ZONES.some((zone) => zone === name)
}

/** Kind of a zone by name; null for the built-in zones and unknown names. */
export function zoneKind(policy: Policy, name: string): ZoneKind | null {
  return policy.zones.find((zone) => zone.name === name)?.kind ?? null
}
