// The console's HTTP API as types only, shared with the browser. Paths, bodies and answers; no logic.
// Every text in here is free of payload and of patient data by construction of the types below it.

import type { Analysis } from '../detect/analysis.ts'
import type { Asset, Claim } from '../inventory/asset.ts'
import type { ClaimConfidence } from '../inventory/claims.ts'
import type { Conversation } from '../detect/conversation.ts'
import type { JudgedMatch } from '../inventory/advisories/decisions.ts'
import type { Finding, Severity } from '../detect/finding.ts'

export type { Asset, AssetInterface, AssetRole, BareAsset, Claim, EvidenceLevel } from '../inventory/asset.ts'
export type { ClaimConfidence } from '../inventory/claims.ts'
export type { Analysis } from '../detect/analysis.ts'
export type { Conversation, Endpoint } from '../detect/conversation.ts'
export type { AttackTag, EvidenceFlow, Finding, Severity } from '../detect/finding.ts'

/** Advisory times asset with its reason, its place in the order, and what a person said of it. */
export type AdvisoryMatch = JudgedMatch

export type TriageState = 'new' | 'acknowledged' | 'in-progress' | 'closed'

export interface TriagedFinding extends Finding {
  readonly triage: TriageState
}

export interface Overview {
  readonly analysis: Analysis
  readonly assets: { readonly total: number; readonly medical: number; readonly unidentified: number; readonly talkOutside: number }
  readonly conversations: { readonly total: number; readonly leaving: number; readonly denied: number }
  readonly findings: Readonly<Record<Severity, number>>
  /** Newest and worst first, at most 5. */
  readonly top: readonly TriagedFinding[]
  /** For uPlot: bucket starts in seconds, bytes and flows per bucket. */
  readonly traffic: { readonly at: readonly number[]; readonly bytes: readonly number[]; readonly flows: readonly number[] }
}

export interface AssetRow extends Asset {
  /** Part of the clinical path, by role or device profile. */
  readonly medical: boolean
  readonly talksOutside: boolean
  readonly findings: number
  readonly worst: Severity | null
}

/** A claim with how sure it is, in a word: no number is made up. */
export interface ClaimRow extends Claim {
  readonly confidence: ClaimConfidence
}

/** What the hospital's own list says of an asset. */
export interface ListedSight {
  readonly where: string
  readonly tag: string | null
  readonly serial: string | null
  /** The list's own word. */
  readonly status: string | null
  readonly retired: boolean
  /** `mac`, `serial`, `host-name` or `address`, and the text both sides have. */
  readonly matchedBy: string
  readonly value: string
}

/** One address outside that the asset sent to, or tried to. */
export interface OutsideContact {
  readonly ip: string
  readonly service: string
  readonly protocol: string | null
  readonly answered: boolean
  readonly firstAt: number
  readonly lastAt: number
}

export interface AssetPage {
  readonly asset: AssetRow
  readonly claims: readonly ClaimRow[]
  readonly listed: readonly ListedSight[]
  readonly outside: readonly OutsideContact[]
  /** What this view cannot show of it, in sentences. */
  readonly cannotSee: readonly string[]
  readonly conversations: readonly Conversation[]
  readonly findings: readonly TriagedFinding[]
}

/** Cell of the matrix and edge of the map: all conversations from one zone to another. */
export interface ZoneCell {
  readonly from: string
  readonly to: string
  readonly conversations: number
  readonly bytes: number
  readonly denied: number
  readonly protocols: readonly string[]
}

export interface ZoneMap {
  readonly zones: readonly {
    readonly name: string
    readonly kind: 'medical' | 'it' | 'external' | 'unzoned' | 'group'
    readonly assets: number
    readonly prefixes: readonly string[]
  }[]
  readonly conduits: readonly { readonly from: string; readonly to: string; readonly service: string; readonly name: string }[]
  readonly cells: readonly ZoneCell[]
}

/** Errors: what, where, what to do. HTTP status 4xx/5xx carries this body. */
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly help: string }
}

/** Server-sent event `change` on GET /api/events: refetch what you show of this analysis. `progress` reports an upload being read. */
export interface ChangeEvent {
  readonly analysis: string
  readonly state: Analysis['state']
}
export interface ProgressEvent {
  readonly analysis: string
  /** The mark the browser chose for its own upload, to tell it from another one. */
  readonly upload?: string
  readonly bytesRead: number
  readonly bytesTotal: number
  readonly packets: number
}

/** Is the server there, which one, and how large a capture it takes. */
export interface Health {
  readonly ok: true
  readonly version: string
  readonly uploadLimitBytes: number
  /** A gateway runs here, so there is a page of beds. */
  readonly hasBeds: boolean
}

export {
  TILES_PER_PAGE, type BedNumeric, type BedsFrame, type BedsSetup, type BedTile, type BedWave, type TargetLine,
} from '../gateway/core/beds-frame.ts'

/**
 * GET  /api/beds                                  BedsSetup; 404 where no gateway runs
 * GET  /api/beds/stream?page=N                    text/event-stream of BedsFrame (event `beds`), at least one a second
 * GET  /api/analyses                              Analysis[] (newest first)
 * GET  /api/analyses/:id/overview                 Overview
 * GET  /api/analyses/:id/assets                   AssetRow[]
 * GET  /api/analyses/:id/assets/:assetId          AssetPage
 * GET  /api/analyses/:id/assets/:assetId/advisories   AdvisoryMatch[]
 * GET  /api/analyses/:id/advisories               AdvisoryMatch[] (first what to look at first)
 * PUT  /api/analyses/:id/advisories/:matchId/decision   body { verdict: 'confirm' | 'reject', reason } -> AdvisoryMatch
 * GET  /api/analyses/:id/conversations            Conversation[]
 * GET  /api/analyses/:id/zones                    ZoneMap
 * GET  /api/analyses/:id/findings                 TriagedFinding[]
 * PUT  /api/analyses/:id/findings/:findingId/triage   body { state: TriageState } -> TriagedFinding
 * POST /api/captures?upload=MARK                  multipart file `capture` -> 201 Analysis (once analysed) or ApiError
 * GET  /api/events                                text/event-stream of ChangeEvent and ProgressEvent, and `beat` while all is quiet
 * GET  /api/health                                Health
 */
export const API_PREFIX = '/api'
