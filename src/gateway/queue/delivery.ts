// Delivery: the seam between the durable queue and whoever sends: what a sender may ask of the queue of one target.
// Keeps the rule that only a receiver's answer takes a message out: sent and unanswered is `ambiguous`, which is not delivered.

import type { Micros } from '../../base/time.ts'

/** A message as it was made durable: sent again it is the same bytes under the same control id. */
export interface QueuedMessage {
  /** Rises by insertion within the target; the order of delivery. */
  readonly seq: number
  /** MSH-10, and in FHIR the business identifier: by it a receiver knows a repetition. */
  readonly controlId: string
  readonly device: string
  readonly enqueuedAt: Micros
  /** `ambiguous`: handed to a connection that ended before the answer; the receiver may have it. Sent again, marked as such for the screen. */
  readonly state: 'waiting' | 'in-flight' | 'ambiguous'
  readonly attempts: number
  readonly body: Uint8Array
}

export interface TargetQueue {
  readonly target: string
  /** The oldest messages not in flight, in order; they become `in-flight`, durably, before this returns. */
  take(countMax: number, at: Micros): readonly QueuedMessage[]
  /** The receiver has them for good. */
  acknowledge(seqs: readonly number[], at: Micros): void
  /** The receiver will never take this one (docs/gateway-out.md has which answers): kept apart, counted and shown; of the newest with their bytes. */
  refuse(seq: number, why: string, at: Micros): void
  /** The connection ended: what was in flight is ambiguous now, at the head of the queue, in order. Also done at start-up after a kill. */
  connectionLost(at: Micros): void
  figures(now: Micros): QueueFigures
  /** Called when something was added; at most one listener. */
  onWork(listener: (() => void) | null): void
}

export interface QueueFigures {
  readonly target: string
  readonly waiting: number
  readonly inFlight: number
  readonly ambiguous: number
  readonly refused: number
  readonly delivered: number
  readonly bytes: number
  /** Age of the oldest message that is not delivered; null when there is none. */
  readonly lagMicros: Micros | null
  /** Messages given up because the disk's share was full: never in silence, each stretch with its first and last time. */
  readonly given: readonly { readonly from: Micros; readonly to: Micros; readonly count: number }[]
}

/** How a sender stands, for the screen. */
export interface LineState {
  readonly target: string
  readonly state: 'idle' | 'connecting' | 'connected' | 'down'
  /** Why it is down, in words; no address book of the hospital, no patient. */
  readonly why: string | null
  readonly since: Micros
  /** False: the operator decided that this one target has no TLS. */
  readonly isProtected: boolean
  readonly clearReason: string | null
}

/** One running sender of one target. */
export interface Sender {
  state(): LineState
  /** What to renew or to repair before it fails, in words: certificates that end soon, a key that others can read. */
  warnings(): readonly string[]
  close(): Promise<void>
}
