// deps: what the console is given. It owns a socket and nothing else; store, policy and capture reading come from outside.
// Keeps the direction of the levels: the console never imports the sensor, it is handed a function.

import type { Micros } from '../base/time.ts'
import type { Knowing } from '../inventory/known/know.ts'
import type { Store } from '../store/store.ts'
import type { AdvisoryMatch, Analysis, ApiError, Asset, BedsFrame, BedsSetup, ChangeEvent, Conversation, ProgressEvent } from './api.ts'
import type { PolicyZones } from './views.ts'

/** 512 MiB: about seven minutes of a busy 10 Mbit/s ward segment, and what a hospital laptop has of free disk. */
export const UPLOAD_LIMIT_BYTES = 512 * 1024 * 1024

export type AnalyseResult =
  | { readonly ok: true; readonly analysis: Analysis }
  /** Not a capture, or an unreadable one: what, where, what to do. Never a path of ours. */
  | { readonly ok: false; readonly error: ApiError['error'] }

/** One event for every open browser. */
export type ConsoleEvent =
  | { readonly name: 'change'; readonly data: ChangeEvent }
  | { readonly name: 'progress'; readonly data: ProgressEvent }

/** What a running gateway gives the beds page. Numbers are shown, never judged here: the browser judges age by its own clock. */
export interface BedsFeed {
  setup(): BedsSetup
  /**
   * The whole page now, then the whole page again at every change of it; only waves hold just the samples since the last frame.
   * At least one frame a second, however quiet the ward is. Pages count from 1.
   */
  subscribe(page: number, listener: (frame: BedsFrame) => void): () => void
}

/** Matches of published advisories, and what people say of them. */
export interface AdvisoryMatches {
  /** First what a person should look at first. */
  matches(past: { readonly assets: readonly Asset[]; readonly conversations: readonly Conversation[] }): Promise<AdvisoryMatch[]>
  /** Durable when it resolves. */
  keep(match: AdvisoryMatch['match'], said: { readonly verdict: 'confirm' | 'reject'; readonly reason: string; readonly by: string; readonly at: Micros }):
    Promise<NonNullable<AdvisoryMatch['decision']>>
}

export interface ConsoleDeps {
  /** Without it no advisory matches. */
  readonly advisories?: AdvisoryMatches
  /** Only where a gateway runs. */
  readonly beds?: BedsFeed
  readonly store: Store
  /** Device profiles by id, for names that people and lists give. */
  readonly profiles?: Knowing['profiles']
  /** Zones and conduits of the policy that was in force for this analysis. */
  readonly zoneMap: (analysisId: string) => Promise<PolicyZones>
  /** Reads the file at `path` into the store; `name` is what the user called it. Throws only when we are wrong. */
  readonly analyseCapture: (path: string, name: string, onProgress: (progress: ProgressEvent) => void) => Promise<AnalyseResult>
  /** Folder for captures on their way in; each file is mode 0600 and lives only while it is read. Made when missing. */
  readonly incoming: string
  /** Folder of the built browser app (`web/dist`). */
  readonly webRoot: string
  readonly version: string
  /** Wall clock, for triage and audit records. */
  readonly now: () => Micros
  /** Default UPLOAD_LIMIT_BYTES. */
  readonly uploadLimitBytes?: number
  /** Names by which people reach this server, beside localhost and loopback: `cordon.hospital.example`. Without port. */
  readonly hosts?: readonly string[]
  /** Default HEARTBEAT_MS of events.ts. */
  readonly heartbeatMs?: number
  /** Told of failures of ours (500); the answer to the browser carries none of it. */
  readonly onError?: (error: unknown) => void
}
