// Policy model: zones, services and conduits as plain values that cannot be nonsense once parsePolicy made them.
// Keeps the rule that a policy knows only names, prefixes and 5-tuples: no packets, no devices, no clock.

import type { Prefix } from '../../base/ip.ts'
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

/** A whole checked policy: every reference in it exists. */
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
