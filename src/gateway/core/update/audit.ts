// audit: what was asked and what was sent, by byte coverage of each file: complete, partial (loud) or none.
// Keeps the rules that a retransmission is counted as a request but never as a second event, and that every list here has a bound.

import type { Ip } from '../../../base/ip.ts'
import { MICROS_PER_MINUTE, type Micros } from '../../../base/time.ts'
import { Coverage } from '../../../protocols/file-transfer/coverage.ts'
import type { FileNode } from './tree.ts'
import type { Grant } from './window.ts'

export type AuditKind =
  | 'window-opened' | 'window-closed' | 'mount-granted' | 'mount-refused' | 'unmounted'
  | 'file-complete' | 'file-partial' | 'file-none' | 'file-stalled' | 'release-complete'
  | 'handle-refused' | 'path-refused' | 'write-refused' | 'unreadable' | 'rate-limited'

/** `alarm`: a monitor may hold half a program. */
export type AuditSeverity = 'info' | 'warning' | 'alarm'

export interface AuditRecord {
  readonly at: Micros
  readonly kind: AuditKind
  readonly severity: AuditSeverity
  readonly ip: Ip
  readonly deviceId: string | null
  readonly permitId: string | null
  readonly releaseId: string | null
  /** File of the release, export path, or name asked for; printable ASCII. */
  readonly path: string | null
  /** A fixed word. */
  readonly reason: string | null
  /** Bytes of the file sent at least once, and its size. */
  readonly sentBytes: number | null
  readonly sizeBytes: number | null
  /** The same thing from the same source since the last record of it that were not told one by one. */
  readonly repeats: number
}

export type AuditDetail = Partial<Pick<AuditRecord, 'path' | 'reason' | 'sentBytes' | 'sizeBytes'>>

export type FileOutcome = 'complete' | 'partial' | 'none'

export interface FileCoverage {
  readonly path: string
  readonly sizeBytes: number
  readonly sentBytes: number
  readonly outcome: FileOutcome
}

const SEVERITIES: { readonly [K in AuditKind]: AuditSeverity } = {
  'window-opened': 'info', 'window-closed': 'info', 'mount-granted': 'info', 'mount-refused': 'warning', unmounted: 'info',
  'file-complete': 'info', 'file-partial': 'alarm', 'file-none': 'info', 'file-stalled': 'alarm', 'release-complete': 'info',
  'handle-refused': 'warning', 'path-refused': 'warning', 'write-refused': 'warning', unreadable: 'warning', 'rate-limited': 'warning',
}

/** The same refusal is told again after this; in between it is counted. */
const REPEAT_MICROS = MICROS_PER_MINUTE
/** Refusals remembered for that: kinds times reasons times paths of a few sources. Past it the oldest is forgotten and may be told again. */
const NOTES_MAX = 1024
/** A copy that stands still this long in the middle of a file is told at once: the hard mount retries every 7 s at most. */
export const STALL_MICROS = MICROS_PER_MINUTE
/** Calls remembered for telling a retransmission from a new call: busybox sends three, kernels five, of one call at a time. */
const XIDS_MAX = 512
/** Names of procedures counted; there are about 80 of the programs spoken here, and one word for all others. */
const COUNTED_MAX = 128
const OTHER = 'other'

/** Progress of one grant. */
interface Progress {
  readonly grant: Grant
  readonly covered: Map<number, Coverage>
  lastReadAt: Micros
  isStalled: boolean
  hasBegun: boolean
  isComplete: boolean
}

interface Note {
  at: Micros
  repeats: number
}

/** Everything that is remembered about requests. `take()` hands over the records since the last time. */
export class AuditBook {
  readonly #progress = new Map<string, Progress>()
  readonly #notes = new Map<string, Note>()
  readonly #xids = new Set<string>()
  readonly #counts = new Map<string, number>()
  #duplicates = 0
  #records: AuditRecord[] = []

  take(): AuditRecord[] {
    const records = this.#records
    this.#records = []
    return records
  }

  /** Requests by procedure, retransmissions included, and how many of all were retransmissions. */
  counts(): { readonly requests: ReadonlyMap<string, number>; readonly duplicates: number } {
    return { requests: this.#counts, duplicates: this.#duplicates }
  }

  /** Counts a request; true when the same call of the same socket was seen before. */
  isRepeat(procedure: string, source: string): boolean {
    const name = this.#counts.has(procedure) || this.#counts.size < COUNTED_MAX ? procedure : OTHER
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    const seen = this.#xids.has(source)
    if (seen) this.#duplicates++
    else remember(this.#xids, source)
    return seen
  }

  /** A record that is told each time. */
  tell(at: Micros, kind: AuditKind, ip: Ip, grant: Grant | null, detail: AuditDetail = {}, repeats = 0): void {
    this.#records.push({
      at, kind, severity: SEVERITIES[kind], ip, deviceId: grant?.deviceId ?? null, permitId: grant?.permitId ?? null,
      releaseId: grant?.tree.release.id ?? null, path: detail.path ?? null, reason: detail.reason ?? null,
      sentBytes: detail.sentBytes ?? null, sizeBytes: detail.sizeBytes ?? null, repeats,
    })
  }

  /** A record that an attacker could cause without end: told once a minute for each source, kind, reason and path. */
  note(at: Micros, kind: AuditKind, ip: Ip, grant: Grant | null, detail: AuditDetail = {}): void {
    const key = `${kind} ${ip} ${detail.reason ?? ''} ${detail.path ?? ''}`
    const found = this.#notes.get(key)
    if (found && at - found.at < REPEAT_MICROS) {
      found.repeats++
      return
    }
    this.tell(at, kind, ip, grant, detail, found?.repeats ?? 0)
    this.#notes.delete(key)
    if (this.#notes.size >= NOTES_MAX) this.#notes.delete(this.#notes.keys().next().value ?? '')
    this.#notes.set(key, { at, repeats: 0 })
  }

  begin(grant: Grant, at: Micros): void {
    this.#progress.set(grant.permitId, { grant, covered: new Map(), lastReadAt: at, isStalled: false, hasBegun: false, isComplete: false })
    this.tell(at, 'window-opened', grant.ip, grant)
  }

  /** Bytes [start, end) of a file were sent. The same bytes again change nothing. */
  sent(grant: Grant, file: FileNode, start: number, end: number, at: Micros): void {
    const progress = this.#progress.get(grant.permitId)
    if (!progress) return
    progress.lastReadAt = at
    progress.isStalled = false
    const known = progress.covered.get(file.no)
    const coverage = known ?? new Coverage()
    const wasWhole = known !== undefined && coverage.isWhole(file.content.length)
    coverage.add(start, end)
    progress.covered.set(file.no, coverage)
    progress.hasBegun ||= end > start
    if (wasWhole || file.content.length === 0 || !coverage.isWhole(file.content.length)) return
    this.tell(at, 'file-complete', grant.ip, grant, fileDetail(coverageOf(file, coverage)))
    progress.isComplete = this.files(grant).every((f) => f.outcome === 'complete')
    if (progress.isComplete) this.tell(at, 'release-complete', grant.ip, grant)
  }

  /** A copy has begun and is not yet whole: the case in which a window may be completed. */
  isUnfinished(grant: Grant): boolean {
    const progress = this.#progress.get(grant.permitId)
    return progress !== undefined && progress.hasBegun && !progress.isComplete
  }

  files(grant: Grant): FileCoverage[] {
    const progress = this.#progress.get(grant.permitId)
    return grant.tree.files.map((file) => coverageOf(file, progress?.covered.get(file.no)))
  }

  /** Tells once when an unfinished copy stands still. */
  noticeStalls(now: Micros): void {
    for (const progress of this.#progress.values()) {
      const { grant } = progress
      if (progress.isStalled || !this.isUnfinished(grant) || now - progress.lastReadAt < STALL_MICROS) continue
      progress.isStalled = true
      for (const file of this.files(grant)) if (file.outcome === 'partial') this.tell(now, 'file-stalled', grant.ip, grant, fileDetail(file))
    }
  }

  /** The window is over: each file's outcome, then the end. */
  close(grant: Grant, at: Micros, reason: string): void {
    if (!this.#progress.has(grant.permitId)) return
    const files = this.files(grant)
    const begun = files.some((f) => f.sentBytes > 0)
    for (const file of files) {
      if (file.outcome === 'complete') continue
      // Nothing of this file, but something of others: the release is on the device by halves.
      const isLoud = file.outcome === 'partial' || begun
      this.tell(at, isLoud ? 'file-partial' : 'file-none', grant.ip, grant, { ...fileDetail(file), reason })
    }
    this.#progress.delete(grant.permitId)
    this.tell(at, 'window-closed', grant.ip, grant, { reason })
  }
}

function remember(set: Set<string>, value: string): void {
  if (set.size >= XIDS_MAX) set.delete(set.keys().next().value ?? '')
  set.add(value)
}

function coverageOf(file: FileNode, coverage: Coverage | undefined): FileCoverage {
  const sizeBytes = file.content.length
  const sentBytes = Math.min(coverage?.total ?? 0, sizeBytes)
  return { path: file.path, sizeBytes, sentBytes, outcome: outcomeOf(coverage, sizeBytes) }
}

/** Of an empty file nothing is to be sent: clients do not even ask. */
function outcomeOf(coverage: Coverage | undefined, sizeBytes: number): FileOutcome {
  if (sizeBytes === 0) return 'complete'
  if (coverage === undefined || coverage.total === 0) return 'none'
  return coverage.isWhole(sizeBytes) ? 'complete' : 'partial'
}

function fileDetail(file: FileCoverage): AuditDetail {
  return { path: file.path, sentBytes: file.sentBytes, sizeBytes: file.sizeBytes }
}
