// The Store seam: append-only events and keyed records behind one small interface, one folder, one owning process.
// A record is { at, kind, key, body }; its producer owns the type of body. append resolves only when the records are durable.

import type { Micros } from '../base/time.ts'

/** Event kinds (many, append-only, analytical) and record kinds (keyed, latest wins). */
export const EVENT_KINDS = ['flow', 'fact'] as const
export const RECORD_KINDS = [
  'analysis', 'asset', 'conversation', 'finding', 'triage', 'user', 'audit', 'policy',
  // Site-wide, of the inventory: people's decisions, the hospital's lists, manufacturers' MDS2 forms.
  'decision', 'listed', 'mds2',
  // Of advisories: those that were imported, and what people said of their matches.
  'advisory', 'advisory-decision',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]
export type RecordKind = (typeof RECORD_KINDS)[number]
export type StoreKind = EventKind | RecordKind

export interface StoreRecord {
  readonly kind: StoreKind
  /** Which analysis (one capture, one demo, one live watch) it belongs to; '' for site-wide records (users, audit, policy). */
  readonly analysis: string
  /** Identity within kind and analysis. For events a sequence number as text, unique. */
  readonly key: string
  readonly at: Micros
  /** JSON-safe. */
  readonly body: unknown
}

/** All records of one kind in one analysis. */
export interface RecordSet {
  readonly kind: RecordKind
  readonly analysis: string
}

export interface ReadOptions {
  readonly analysis?: string
  readonly key?: string
  readonly fromAt?: Micros
  readonly toAt?: Micros
  readonly limit?: number
  readonly offset?: number
}

/** A closed set of analytical questions over events, so that no SQL crosses the seam. */
export type StoreQuery =
  /** Events per kind: rows { kind, count }. */
  | { readonly name: 'event-counts'; readonly analysis: string }
  /** Time of its last event: one row { at }, null when there is none. */
  | { readonly name: 'last-event'; readonly analysis: string }
  /** Bytes and flows per time bucket: rows { at, flows, bytes }. Buckets ascending, empty ones absent. */
  | { readonly name: 'traffic-series'; readonly analysis: string; readonly bucketMicros: number }
  /** Largest talkers: rows { ip, flows, bytes }. */
  | { readonly name: 'top-sources'; readonly analysis: string; readonly limit: number }

export type StoreRow = Readonly<Record<string, string | number | null>>

export interface Store {
  /**
   * Durable when it resolves. Same kind, analysis and key: a record is replaced; an event is written once (a repeat is ignored).
   * `replacing` empties these record sets first, in the same transaction: how a new picture leaves no asset of the old one behind.
   */
  append(records: readonly StoreRecord[], replacing?: readonly RecordSet[]): Promise<void>
  /** Ascending by at, then key. */
  read(kind: StoreKind, options?: ReadOptions): Promise<StoreRecord[]>
  query(question: StoreQuery): Promise<StoreRow[]>
  close(): Promise<void>
}
