// Proposal model: what a least-privilege draft is made of, and what it could not or would not hold.
// Keeps "no silent widening": what the language cannot say exactly is listed, not approximated.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { ZoneKind } from '../language/model.ts'
import type { Policy } from '../language/model.ts'
import type { ReplayConversation, ReplayPolicy, UnseenFlow } from '../replay/model.ts'

export interface ProposeInput {
  /** Name of the draft. */
  readonly name: string
  readonly conversations: readonly ReplayConversation[]
  readonly unseen: readonly UnseenFlow[]
  /** Policy in force, to list what of it was never used; null without one. */
  readonly inForce: { readonly policy: Policy; readonly eyes: ReplayPolicy } | null
}

/** What earned a line. */
export interface Earned {
  conversations: number
  flows: number
  firstAt: Micros
  lastAt: Micros
  /** `10.0.1.7 to 10.0.9.9`. */
  example: string
  /** Documented functions that nobody saw, by name. */
  readonly documented: Set<string>
  /** Documented names or protocols of the conversations, for the reason. */
  readonly functions: Set<string>
  leaves: boolean
}

/** One address as an end of edges. */
export interface End {
  /** The address as text; groups are no ends of their own, and stand as `group` in edges. */
  readonly key: string
  readonly ip: Ip
  readonly label: string
  readonly function: string
  readonly kind: ZoneKind
}

/** Who opened what to whom: one line of evidence. */
export interface Edge {
  readonly from: string
  readonly to: string
  /** `tcp-515`, `udp-5000-5010`, `icmp`, `igmp`. */
  readonly service: string
  readonly earned: Earned
}

/** Something that is not in the draft, and why. */
export interface LeftOut {
  readonly what: string
  readonly why: string
}

export interface UnusedConduit {
  readonly conduit: string
  /** Services of it that no conversation used. */
  readonly services: readonly string[]
  /** None of its services was used. */
  readonly entirely: boolean
}

export interface Proposal {
  /** YAML in the policy language (docs/policy.md), with a comment on every line that evidence earned. Ends in a newline. */
  readonly text: string
  /** Every pair of addresses the draft allows was seen or documented; false when zones had to be joined. Groups are never exact. */
  readonly exact: boolean
  readonly zones: number
  readonly conduits: number
  /** Conversations the draft does not allow, by reason. */
  readonly notExpressed: readonly LeftOut[]
  /** Documented flows that are not in the draft. */
  readonly leftOut: readonly LeftOut[]
  readonly neverUsed: readonly UnusedConduit[]
  /** Conversations in the draft that leave the hospital: to be decided by a person. */
  readonly leaving: readonly string[]
}
