// views: pure joins of stored records into the shapes of api.ts. No store, no clock, no HTTP.
// Keeps "no invented risk score": everything here is a count, a join or an order that a person can redo by hand.

import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { assetBlindSpots } from '../detect/asset-blind-spots.ts'
import { SEVERITIES } from '../detect/finding.ts'
import { confidenceOf } from '../inventory/claims.ts'
import type { ListMatch } from '../inventory/listed/match.ts'
import type {
  Analysis, Asset, AssetPage, AssetRole, AssetRow, Conversation, Finding, ListedSight, OutsideContact, Overview, Severity, TriagedFinding, TriageState,
  ZoneCell, ZoneMap,
} from './api.ts'

/** The states a person can give a finding (product.md, "triage"). */
export const TRIAGE_STATES: readonly TriageState[] = ['new', 'acknowledged', 'in-progress', 'closed']

/** Overview shows this many findings (api.ts: "at most 5"). */
export const TOP_FINDINGS_MAX = 5

/** Bars of the traffic chart: about one per 8 pixels of a 1000 pixel wide chart. */
export const TRAFFIC_BUCKETS_MAX = 120

/** Bucket lengths a person can read, in seconds: 1 s to 1 day. Longer captures get whole days. */
const BUCKET_SECONDS = [1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400] as const

/** Roles that belong to the clinical path. */
const MEDICAL_ROLES: ReadonlySet<AssetRole> = new Set<AssetRole>([
  'patient-monitor', 'infusion-pump', 'central-station', 'dicom-modality', 'pacs', 'dicom-viewer', 'dicom-worklist', 'dicom-printer', 'dicom-node',
  'lab-analyser', 'point-of-care-device', 'laboratory-system', 'point-of-care-manager', 'alarm-reporter', 'device-reporter', 'adt-source', 'hl7-server',
])

/** One row of the store's `traffic-series` answer. */
export interface TrafficRow {
  readonly at: Micros
  readonly flows: number
  readonly bytes: number
}

/** What the policy knows of zones; the cells are joined here. */
export type PolicyZones = Pick<ZoneMap, 'conduits'> & {
  readonly zones: readonly Omit<ZoneMap['zones'][number], 'assets'>[]
}

/** Everything the store holds about one analysis. */
export interface AnalysisRecords {
  readonly analysis: Analysis
  readonly assets: readonly Asset[]
  readonly conversations: readonly Conversation[]
  readonly findings: readonly TriagedFinding[]
  /** Rows of the hospital's lists that are assets of this analysis. */
  readonly listed?: readonly ListMatch[]
}

/** Findings with their triage state; `new` until someone decides. Worst first, then newest. */
export function triaged(findings: readonly Finding[], states: ReadonlyMap<string, TriageState>): TriagedFinding[] {
  return findings.map((finding) => ({ ...finding, triage: states.get(finding.id) ?? 'new' })).sort(worstThenNewest)
}

/** Newest by when it arose, not by when it was last seen: a live list must not move under the pointer. */
function worstThenNewest(a: Finding, b: Finding): number {
  const bySeverity = SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity)
  return bySeverity || b.firstAt - a.firstAt || compareText(a.id, b.id)
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const isOpen = (finding: TriagedFinding): boolean => finding.triage !== 'closed'

/** Counts of the overview. Assets are those inside the hospital; findings are those not closed. */
export function overview(records: AnalysisRecords, traffic: readonly TrafficRow[]): Overview {
  const { analysis, conversations } = records
  const open = records.findings.filter(isOpen)
  return {
    analysis,
    assets: assetCounts(records),
    conversations: {
      total: conversations.length,
      leaving: conversations.filter((c) => c.leaves).length,
      denied: conversations.filter((c) => c.verdict === 'deny').length,
    },
    findings: severityCounts(open),
    top: [...open].sort(worstThenNewest).slice(0, TOP_FINDINGS_MAX),
    traffic: trafficSeries(traffic, bucketMicros(analysis.firstAt, analysis.lastAt)),
  }
}

function assetCounts(records: AnalysisRecords): Overview['assets'] {
  const inside = records.assets.filter((asset) => !asset.outside)
  const leaving = leavingAssets(records.conversations)
  return {
    total: inside.length,
    medical: inside.filter(isMedical).length,
    unidentified: inside.filter((asset) => asset.model === null && asset.role === 'unknown').length,
    talkOutside: inside.filter((asset) => leaving.has(asset.id)).length,
  }
}

const isMedical = (asset: Asset): boolean => MEDICAL_ROLES.has(asset.role) || asset.profile !== null

/** Assets that sent something, or tried to, to an address beyond the hospital. */
function leavingAssets(conversations: readonly Conversation[]): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const c of conversations) if (c.leaves && c.from.assetId !== null) ids.add(c.from.assetId)
  return ids
}

function severityCounts(findings: readonly Finding[]): Record<Severity, number> {
  const counts: Record<Severity, number> = { info: 0, low: 0, medium: 0, high: 0, critical: 0 }
  for (const finding of findings) counts[finding.severity]++
  return counts
}

/** Length of one bar so that at most TRAFFIC_BUCKETS_MAX cover the capture; one second when there are no times. */
export function bucketMicros(firstAt: Micros | null, lastAt: Micros | null): Micros {
  const seconds = firstAt === null || lastAt === null ? 0 : Math.max(0, lastAt - firstAt) / MICROS_PER_SECOND
  // One bucket is spent on the partial ones at both ends.
  const least = seconds / (TRAFFIC_BUCKETS_MAX - 1)
  const day = 86_400
  const length = BUCKET_SECONDS.find((s) => s >= least) ?? Math.ceil(least / day) * day
  return length * MICROS_PER_SECOND
}

/** Fills the empty buckets with zeros, so that silence is drawn as silence and not as a line between two bursts. */
export function trafficSeries(rows: readonly TrafficRow[], bucket: Micros): Overview['traffic'] {
  const first = rows[0]
  const last = rows.at(-1)
  const at: number[] = []
  const bytes: number[] = []
  const flows: number[] = []
  if (!first || !last) return { at, bytes, flows }
  const byTime = new Map(rows.map((row) => [row.at, row]))
  // Twice the maximum: rows may lie outside the analysis' own times when a capture is not in order.
  const count = Math.min(Math.floor((last.at - first.at) / bucket) + 1, 2 * TRAFFIC_BUCKETS_MAX)
  for (let i = 0; i < count; i++) {
    const row = byTime.get(first.at + i * bucket)
    at.push((first.at + i * bucket) / MICROS_PER_SECOND)
    bytes.push(row?.bytes ?? 0)
    flows.push(row?.flows ?? 0)
  }
  return { at, bytes, flows }
}

/** Rows of the asset list: those inside first, worst findings first, then by label. */
export function assetRows(records: Omit<AnalysisRecords, 'analysis'>): AssetRow[] {
  const leaving = leavingAssets(records.conversations)
  const open = groupBy(records.findings.filter(isOpen), (finding) => finding.assetId)
  const rows = records.assets.map((asset): AssetRow => {
    const own = open.get(asset.id) ?? []
    return { ...asset, medical: isMedical(asset), talksOutside: leaving.has(asset.id), findings: own.length, worst: worstOf(own) }
  })
  return rows.sort(byPlaceThenWorst)
}

function byPlaceThenWorst(a: AssetRow, b: AssetRow): number {
  const byPlace = Number(a.outside) - Number(b.outside)
  return byPlace || rank(b.worst) - rank(a.worst) || compareText(a.label, b.label) || compareText(a.id, b.id)
}

const rank = (severity: Severity | null): number => (severity === null ? -1 : SEVERITIES.indexOf(severity))

function worstOf(findings: readonly Finding[]): Severity | null {
  return findings.reduce<Severity | null>((worst, f) => (rank(f.severity) > rank(worst) ? f.severity : worst), null)
}

/** One asset with all that is known of it, or null when the analysis has no such asset. */
export function assetPage(records: Omit<AnalysisRecords, 'analysis'>, assetId: string): AssetPage | null {
  const asset = assetRows(records).find((row) => row.id === assetId)
  if (!asset) return null
  const said = records.conversations.filter((c) => c.from.assetId === assetId || c.to.assetId === assetId)
  return {
    asset,
    claims: asset.claims.map((c) => ({ ...c, confidence: confidenceOf(c) })),
    listed: (records.listed ?? []).filter((m) => m.asset === assetId).map(listedSight),
    outside: outsideContacts(said.filter((c) => c.leaves && c.from.assetId === assetId)),
    cannotSee: assetBlindSpots(asset, said),
    conversations: sortedConversations(said),
    findings: records.findings.filter((finding) => finding.assetId === assetId),
  }
}

function listedSight({ device, by, value }: ListMatch): ListedSight {
  const { where, tag, serial, statusText, status } = device
  return { where, tag, serial, status: statusText, retired: status === 'retired', matchedBy: by, value }
}

/** Addresses shown on the page of an asset; a scanner has thousands, and the conversations below list them. */
const OUTSIDE_SHOWN_MAX = 50

/** By first contact; answered when any connection to it was. */
function outsideContacts(leaving: readonly Conversation[]): OutsideContact[] {
  return leaving.map((c): OutsideContact => ({
    ip: c.to.ip, service: `${c.transport}/${c.port}`, protocol: c.protocol, answered: c.flows > c.attempts, firstAt: c.firstAt, lastAt: c.lastAt,
  })).sort((a, b) => a.firstAt - b.firstAt || compareText(a.ip, b.ip)).slice(0, OUTSIDE_SHOWN_MAX)
}

/** Denied and leaving first, because those need a decision; then the largest. */
export function sortedConversations(conversations: readonly Conversation[]): Conversation[] {
  const weight = (c: Conversation): number => (c.verdict === 'deny' ? 2 : 0) + (c.leaves ? 1 : 0)
  return [...conversations].sort((a, b) => weight(b) - weight(a) || b.bytes - a.bytes || compareText(a.id, b.id))
}

/** Zones and conduits of the policy joined with what was seen. Zones that only traffic shows are added after the policy's. */
export function zoneMap(policy: PolicyZones, records: Omit<AnalysisRecords, 'analysis' | 'findings'>): ZoneMap {
  const inZone = groupBy(records.assets, zoneOf)
  const known = new Set(policy.zones.map((zone) => zone.name))
  const seen = records.conversations.flatMap((c) => [c.from.zone, c.to.zone])
  const extra = [...new Set([...seen, ...inZone.keys()])].filter((name) => !known.has(name)).sort()
  const zones = [...policy.zones, ...extra.map((name) => ({ name, kind: kindOfUnlisted(name), prefixes: [] }))]
  return {
    zones: zones.map((zone) => ({ ...zone, assets: inZone.get(zone.name)?.length ?? 0 })),
    conduits: policy.conduits,
    cells: zoneCells(records.conversations),
  }
}

const zoneOf = (asset: Asset): string => asset.zone ?? (asset.outside ? 'internet' : 'unzoned')

function kindOfUnlisted(name: string): ZoneMap['zones'][number]['kind'] {
  if (name === 'internet') return 'external'
  return name === 'group' ? 'group' : 'unzoned'
}

/** One cell per pair of zones that spoke; worst (denied) first, then by name. */
export function zoneCells(conversations: readonly Conversation[]): ZoneCell[] {
  const pairs = groupBy(conversations, (c) => JSON.stringify([c.from.zone, c.to.zone]))
  const cells = [...pairs.values()].map(cellOf).filter((cell) => cell !== null)
  return cells.sort((a, b) => b.denied - a.denied || compareText(a.from, b.from) || compareText(a.to, b.to))
}

function cellOf(conversations: readonly Conversation[]): ZoneCell | null {
  const first = conversations[0]
  if (!first) return null
  return {
    from: first.from.zone,
    to: first.to.zone,
    conversations: conversations.length,
    bytes: conversations.reduce((sum, c) => sum + c.bytes, 0),
    denied: conversations.filter((c) => c.verdict === 'deny').length,
    protocols: [...new Set(conversations.map(serviceName))].sort(),
  }
}

/** Protocol by content, else transport and port, e.g. `tcp/8080`. */
function serviceName(c: Conversation): string {
  return c.protocol ?? (c.port > 0 ? `${c.transport}/${c.port}` : c.transport)
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
