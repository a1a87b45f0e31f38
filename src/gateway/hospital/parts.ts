// Parts: what the hospital's side of the gateway is made of, as small interfaces: the segment's process, readings, the way out, ADT, grants.
// Keeps the rule that the loop can be run whole on made-up parts: clock, timers, processes and disks all come from here.

import type { AdtConfig, GatewayConfig } from '../../config/gateway.ts'
import type { Micros } from '../../base/time.ts'
import type { FromSegment, ToSegment } from '../channel.ts'
import type { GatewayCommand } from '../core/gateway.ts'
import type { TargetLine } from '../core/beds-frame.ts'
import type { DeviceId } from '../core/intake/reading.ts'
import type { Grant } from '../core/update/window.ts'

/** Readings of one frame with their owners, as the segment's process gave them. */
export type OwnedReadings = Omit<Extract<GatewayCommand, { kind: 'store' | 'publish' }>, 'kind'>

export interface SegmentEar {
  /** In order. `ready` comes again each time that a process was started anew. */
  onMessage(message: FromSegment): void
  /** What a process that has just started must know, in order. Asked at each start, before `ready`. */
  onStart(): readonly ToSegment[]
  /** The process is gone; another one is being started, unless it was closed. */
  onDown(why: string): void
}

/** The process that faces the monitors, started again for as long as it is wanted. */
export interface SegmentPart {
  /** What is told while it is not ready is not heard. */
  tell(message: ToSegment): void
  /** Nothing more is taken from it until `resume`: it then holds the monitors back, and loses nothing. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

/** One class of what is kept. */
export interface KeptLine {
  readonly what: 'readings' | 'queue' | 'audit' | 'releases' | 'permits'
  readonly bytes: number
  /** When the oldest of it is deleted next; null: nothing is deleted by time. */
  readonly nextDeletion: Micros | null
  readonly rule: string
}

/** As the segment's process coded it, with what the store finds it by. */
export interface ReadingsRecord {
  readonly device: DeviceId
  readonly at: Micros
  readonly bytes: Uint8Array
}

export interface ReadingsPart {
  decode(record: Uint8Array): OwnedReadings | null
  /** Resolves, or returns, when all of them are durable; fails when they are not. */
  append(records: readonly ReadingsRecord[]): void | Promise<void>
  kept(now: Micros): KeptLine
  close(): Promise<void>
}

/** Queues and senders of all targets, as one. */
export interface OutPart {
  take(readings: OwnedReadings): void
  /** About once a second: what was gathered for long enough becomes messages. */
  tick(now: Micros): void
  lines(now: Micros): readonly TargetLine[]
  /** What to renew or to repair, by target. */
  warnings(): ReadonlyMap<string, readonly string[]>
  kept(now: Micros): KeptLine
  close(): Promise<void>
}

export interface Stores {
  readonly readings: ReadingsPart
  readonly out: OutPart
}

export interface AdtPart {
  /** Why nothing can come in, in words; null while it listens. */
  why(): string | null
  /** Why the last connection that was tried was not taken or was given up, in words; null when it was taken since. */
  refused(): string | null
  /** What to renew or to repair. */
  warnings(): readonly string[]
  close(): Promise<void>
}

export interface Granting {
  readonly grants: readonly Grant[]
  readonly refused: readonly { readonly id: string; readonly why: string }[]
  /** Ids of the releases that were verified now. */
  readonly releases: readonly string[]
  /** Why no release could be verified; null when none was needed or all is well. */
  readonly problem: string | null
}

export interface GatewayParts {
  clock(): Micros
  /** Calls back about every `ms`; the answer ends it. */
  every(ms: number, call: () => void): () => void
  after(ms: number, call: () => void): () => void
  /** Resolves when it is ready for the first time; fails with the reason when it cannot be. */
  startSegment(config: GatewayConfig, ear: SegmentEar): Promise<SegmentPart>
  /** Both at once: what goes out is made of what is stored. `note`: words for the audit, without a patient. */
  openStores(config: GatewayConfig, note: (words: string) => void): Promise<Stores>
  /** `take`: one message, without framing; it is acknowledged when `take` returns. `note`: words for the audit, without a patient. */
  startAdt(config: AdtConfig, take: (bytes: Uint8Array) => void, note: (words: string) => void): Promise<AdtPart>
  loadGrants(now: Micros): Promise<Granting>
  /** The text of /proc/net/arp; null where there is none. */
  arpTable(): string | null
}
