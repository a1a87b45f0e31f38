// MUD model: a manufacturer's usage description (RFC 8520) as values, whatever dialect it was written in.
// Keeps "names are never looked up": a DNS name stays a named endpoint until a person says which address it is.

import type { Diagnostic } from '../../base/diagnostic.ts'
import type { IpVersion, Prefix } from '../../base/ip.ts'
import type { PortRange } from '../../base/port-range.ts'
import type { Position } from '../../base/tree.ts'

/** The other side. `any` stands only where a caller asked for widening. RFC 8520 section 4 for the abstract ones. */
export type MudPeer =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'prefix'; readonly prefix: Prefix }
  | { readonly kind: 'local-networks' | 'my-controller' | 'same-manufacturer' | 'any' }
  | { readonly kind: 'controller' | 'manufacturer' | 'model'; readonly uri: string }

export type MudDirection = 'from-device' | 'to-device'

/** One access control entry for IP. */
export interface MudRule {
  readonly direction: MudDirection
  readonly acl: string
  readonly ace: string
  /** null: the list is for both families. */
  readonly family: IpVersion | null
  /** IP protocol number; null: every protocol. */
  readonly protocol: number | null
  /** All must hold: `local-networks` with a block means that block on the local networks. Never empty. */
  readonly peers: readonly MudPeer[]
  /** null: every port, or a protocol without ports. */
  readonly devicePorts: readonly PortRange[] | null
  readonly peerPorts: readonly PortRange[] | null
  readonly icmp: { readonly type: number; readonly code: number | null } | null
  /** Who opens a TCP connection (RFC 8520 section 4.8, direction-initiated); null when not said. */
  readonly initiated: MudDirection | null
  readonly action: 'allow' | 'deny'
  readonly at: Position
}

/** Why an entry is in no rule. Each has a warning of the same code. */
export const REFUSAL_CODES = ['no-peer', 'not-ip', 'unknown-match', 'bad-value', 'own-address', 'no-action'] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

export interface RefusedAce {
  readonly acl: string
  readonly ace: string
  readonly code: RefusalCode
  readonly at: Position
}

export const MUD_DIALECTS = ['acls', 'access-lists', 'acl-name'] as const
/** `acls` is RFC 8520; `access-lists` is what MUDgee writes; `acl-name` is of the drafts of 2017, with rule-name and port ranges. */
export type MudDialect = (typeof MUD_DIALECTS)[number]

export interface Mud {
  readonly dialect: MudDialect
  /** Empty when the file has none. */
  readonly url: string
  readonly systeminfo: string | null
  readonly manufacturer: string | null
  readonly model: string | null
  readonly lastUpdate: string | null
  /** In file order. With `refused` they are all entries of the lists that the two policies name. */
  readonly rules: readonly MudRule[]
  readonly refused: readonly RefusedAce[]
}

export interface MudResult {
  /** null when the file is no MUD file at all, or its lists cannot be told apart. */
  readonly mud: Mud | null
  readonly diagnostics: readonly Diagnostic[]
}

export interface MudOptions {
  /** An entry that names no other side: `refuse` leaves it out, `widen` takes it as everybody. Either way it is said. */
  readonly withoutPeer?: 'refuse' | 'widen'
}
