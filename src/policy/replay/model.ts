// Replay model: what was seen, what is documented, and what a draft would do to both. Plain records; who makes them is not known here.
// Keeps "policy sees no devices": a device is a label, an address and words, handed in from outside.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { FiveTuple, Verdict } from '../eval/evaluate.ts'

/** One side of a conversation. */
export interface ReplayDevice {
  /** Stable id of the asset; null for an address that is no asset (Internet hosts, multicast). */
  readonly id: string | null
  readonly label: string
  readonly ip: Ip
  /** What it is for, in words: `patient-monitor`, `central-station`, `unknown`. */
  readonly function: string
  readonly bed: number | null
  /** Packet time of its last sign of life, or null when it was never seen. */
  readonly lastSeen: Micros | null
}

export const OCCURRENCES = ['continuous', 'at-start', 'after-measurement', 'user-action', 'unknown'] as const
export type Occurrence = (typeof OCCURRENCES)[number]

/** What a device's documentation says of a flow. */
export interface DocumentedFunction {
  /** `vitals`, `hl7`. */
  readonly name: string
  /** What the ward notices when it is stopped: `The bed disappears from the central station.` */
  readonly blocked: string
  readonly occurs: Occurrence
  /** `rare`: its absence from a capture proves nothing. */
  readonly expected: 'routine' | 'rare'
  readonly source: string
}

/** All flows between two ends on one service. */
export interface ReplayConversation {
  readonly from: ReplayDevice
  readonly to: ReplayDevice
  readonly tuple: FiveTuple
  readonly flows: number
  /** Flows that were only tried (SYN without answer, or refused), at most `flows`. */
  readonly attempts: number
  readonly bytes: number
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** Starts of the time buckets with activity, ascending, without repeats; empty when not kept. */
  readonly times: readonly Micros[]
  /** Protocol id by content, or null. */
  readonly protocol: string | null
  /** The packets go to a router on their way out: there, an address that also exists on the segment is not that neighbour. */
  readonly leaves: boolean
  /** It carries measurements of a patient who may be connected now. */
  readonly telemetry: boolean
  /** `side` is the end whose documentation names it. */
  readonly documented: { readonly side: 'from' | 'to'; readonly what: DocumentedFunction } | null
}

/** A flow from a device's documentation that no conversation showed. */
export interface UnseenFlow {
  readonly device: ReplayDevice
  readonly what: DocumentedFunction
  /** What to ask the policy: each known other side, each transport, each port. Empty when nothing can be asked. */
  readonly tuples: readonly FiveTuple[]
  /** Why `tuples` do not stand for the whole flow (`its port is negotiated`), or null when they do. */
  readonly notAsked: string | null
}

/** A span of time in which somebody looked. Both ends are packet times. */
export interface Watch {
  readonly from: Micros
  readonly to: Micros
}

/** What is known of how complete the record is. */
export interface Observation {
  readonly watches: readonly Watch[]
  /** Packets or records lost on the way. */
  readonly lost: number
  /** The capture was damaged or cut, or stood still for a while. */
  readonly damaged: boolean
  /** Devices that are known to exist, seen or not. */
  readonly devices: readonly ReplayDevice[]
  /** Local time minus UTC in minutes, for shifts and weekends. */
  readonly utcOffsetMinutes: number
}

/** What a policy says. `leaving` is asked for conversations that leave, `local` for all others. */
export interface ReplayPolicy {
  readonly local: { evaluate(tuple: FiveTuple): Verdict }
  readonly leaving: { evaluate(tuple: FiveTuple): Verdict }
}

export interface ReplayInput {
  readonly conversations: readonly ReplayConversation[]
  readonly unseen: readonly UnseenFlow[]
  readonly observation: Observation
  readonly draft: ReplayPolicy
  /** The policy in force, or null when there is none to compare with. */
  readonly inForce: ReplayPolicy | null
  /** The moment of the change: packet time of the newest packet for a capture, the clock's time for a live site. */
  readonly now: Micros
  /** Why it is approved all the same; null or blank: nobody said so. */
  readonly reason: string | null
}

/**
 * What the draft says against what happened, in the words of Cisco Secure Workload's policy analysis.
 * `permitted`: allowed, and it got through. `misdropped`: allowed, but it was only tried: something else stops it.
 * `escaped`: denied, but it got through: enforcing the draft stops it. `rejected`: denied, and it was only tried.
 */
export const REPLAY_CLASSES = ['permitted', 'misdropped', 'escaped', 'rejected'] as const
export type ReplayClass = (typeof REPLAY_CLASSES)[number]

/** One conversation with its class. */
export interface ReplayedConversation {
  readonly conversation: ReplayConversation
  readonly class: ReplayClass
  readonly verdict: Verdict
  /** What the policy in force says of it, or null without one. */
  readonly inForce: 'allow' | 'deny' | null
}

/** Conversations of one class, one device and one function. */
export interface ReplayGroup {
  readonly class: Exclude<ReplayClass, 'permitted'>
  readonly device: ReplayDevice
  /** Documented name, protocol id, or service such as `tcp 515`. */
  readonly function: string
  /** Ward words: what somebody at a bed notices. */
  readonly sentence: string
  readonly conversations: number
  readonly flows: number
  readonly bytes: number
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** Newest first, at most EXAMPLES_MAX. */
  readonly examples: readonly ReplayedConversation[]
}

/**
 * `kept`: allowed in full. `broken`: nobody said that it should stop. `partly`: some of its ports or servers. `on-purpose`: a rare
 * function that a deny conduit with a reason names. `unused`: it runs all the time where it runs, and a complete record shows none.
 * `unknown`: nobody knows its other side or port.
 */
export const UNSEEN_STATES = ['kept', 'broken', 'partly', 'on-purpose', 'unused', 'unknown'] as const
export type UnseenState = (typeof UNSEEN_STATES)[number]

export interface ReplayedUnseen {
  readonly flow: UnseenFlow
  readonly state: UnseenState
  readonly sentence: string
  /** Rule that decided, and its reason; null when nothing was asked. */
  readonly rule: string | null
  readonly why: string
}
