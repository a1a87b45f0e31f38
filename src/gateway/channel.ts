// Channel: what the two processes of the gateway say to each other: the one that faces the segment, and the one that faces the hospital.
// Keeps the rule that the segment's process decides nothing about the hospital: it gets beds, patients and grants, and gives readings and notes.

import type { Ip } from '../base/ip.ts'
import type { Micros } from '../base/time.ts'
import type { MissingHold } from '../kernel/sandbox.ts'
import type { BedView, GatewayCommand, GatewayEvent } from './core/gateway.ts'
import type { AuditRecord } from './core/update/audit.ts'
import type { Grant } from './core/update/window.ts'
import type { ServerCounts } from './nfs-server.ts'

/** Events of GatewayCore that come from the hospital's side. */
export type ToldEvent = Extract<GatewayEvent, { kind: 'adt' | 'place' | 'assign' | 'link' | 'taps' }>

export type ToSegment =
  | { readonly kind: 'told'; readonly event: ToldEvent }
  /** All grants in force; replaces those before. Bytes of releases were verified on the hospital's side just now. */
  | { readonly kind: 'grants'; readonly grants: readonly Grant[] }
  /** All is told that a segment has to know when it starts: only now the sockets are read, so that no reading is without its bed or patient. */
  | {
    readonly kind: 'read'
    /** Since when nobody read them: bytes that waited in the kernel may be as old as this. */
    readonly since: Micros
  }
  | { readonly kind: 'close' }

export type FromSegment =
  /** Sandbox is closed, nothing is read yet: with what holds and what does not, in words, for `gateway status`. */
  | { readonly kind: 'ready'; readonly at: Micros; readonly sandbox: readonly string[]; readonly missing: readonly MissingHold[] }
  /** Readings of one frame, coded by core/record.ts; stored as they are, decoded when somebody wants them. */
  | { readonly kind: 'readings'; readonly record: Uint8Array }
  | { readonly kind: 'note'; readonly command: Exclude<GatewayCommand, { kind: 'store' | 'publish' | 'close' }> }
  | { readonly kind: 'audit'; readonly record: AuditRecord }
  /** A few devices at a time, each at most once a second (in large wards in turn): how they stand, with update counts. Values come with readings. */
  | { readonly kind: 'beds'; readonly at: Micros; readonly views: readonly StandingView[]; readonly updates: ServerCounts; readonly segment: SegmentCounts }

export type StandingView = Omit<BedView, 'values'>

/** What the segment's process did since it started. */
export interface SegmentCounts {
  /** Connections of monitors now, and accepted in all. */
  readonly connections: number
  readonly accepted: number
  /** Reset because there was no room. */
  readonly refused: number
  /** How often all monitors had to wait because the hospital's side did not take readings, and whether they wait now. */
  readonly holds: number
  readonly isHolding: boolean
}

/** Where the monitors' connections come from: one address, one device. */
export interface Arrival {
  readonly ip: Ip
  readonly port: number
}
