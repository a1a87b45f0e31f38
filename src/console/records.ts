// records: reads the store's records of one analysis through the door, and writes triage with its audit line.
// The only file of the console that knows record kinds and keys.

import { randomUUID } from 'node:crypto'
import type { Micros } from '../base/time.ts'
import { knownPicture, type Told } from '../detect/known-picture.ts'
import type { Knowing } from '../inventory/known/know.ts'
import { knowingOf, readBesides } from '../store/besides.ts'
import type { Store, StoreRecord, StoreRow } from '../store/store.ts'
import type { Analysis, Finding, TriagedFinding, TriageState } from './api.ts'
import { analysisOf, assetOf, conversationOf, findingOf } from './door.ts'
import { type AnalysisRecords, bucketMicros, triaged, TRIAGE_STATES, type TrafficRow } from './views.ts'

/** Newest first. */
export async function readAnalyses(store: Store): Promise<Analysis[]> {
  const records = await store.read('analysis')
  return records.map((record) => analysisOf(record.body)).reverse()
}

/** One analysis, or null when there is none of that id. */
export async function readAnalysis(store: Store, id: string): Promise<Analysis | null> {
  // The empty name is the store's own for "site-wide": never an analysis.
  const records = id === '' ? [] : await store.read('analysis', { analysis: id })
  const found = records.at(-1)
  return found ? analysisOf(found.body) : null
}

type Profiles = Knowing['profiles']

/** All that views.ts joins, for one analysis, as people, lists and forms beside the packets make it. */
export async function readRecords(store: Store, analysis: Analysis, profiles: Profiles): Promise<AnalysisRecords> {
  const [told, besides, states] = await Promise.all([readTold(store, analysis.id), readBesides(store), readStates(store, analysis.id)])
  const { assets, conversations, findings, matches } = knownPicture(told, knowingOf(besides, profiles), besides.forms)
  return { analysis, assets, conversations, findings: triaged(findings, states), listed: matches.matches }
}

async function readTold(store: Store, analysis: string): Promise<Told> {
  const of = { analysis }
  const [assets, conversations, findings] = await Promise.all([store.read('asset', of), store.read('conversation', of), store.read('finding', of)])
  return {
    assets: assets.map((record) => assetOf(record.body)),
    conversations: conversations.map((record) => conversationOf(record.body)),
    findings: findings.map((record) => findingOf(record.body)),
  }
}

async function readStates(store: Store, analysis: string): Promise<ReadonlyMap<string, TriageState>> {
  return new Map((await store.read('triage', { analysis })).map((record) => [record.key, stateOf(record.body)]))
}

/** Findings with triage, worst first. */
export async function readFindings(store: Store, analysis: Analysis, profiles: Profiles): Promise<readonly TriagedFinding[]> {
  return (await readRecords(store, analysis, profiles)).findings
}

/** The state in a stored triage body; `new` when it is none of ours. */
function stateOf(body: unknown): TriageState {
  return triageStateIn(body) ?? 'new'
}

/** The `state` of a JSON body when it is a triage state, else null. */
export function triageStateIn(body: unknown): TriageState | null {
  const state = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)['state'] : undefined
  return TRIAGE_STATES.find((known) => known === state) ?? null
}

/** Bytes and flows per bucket; the store leaves empty buckets out. */
export async function readTraffic(store: Store, analysis: Analysis): Promise<TrafficRow[]> {
  const bucket = bucketMicros(analysis.firstAt, analysis.lastAt)
  const rows = await store.query({ name: 'traffic-series', analysis: analysis.id, bucketMicros: bucket })
  return rows.map((row) => ({ at: count(row, 'at'), flows: count(row, 'flows'), bytes: count(row, 'bytes') }))
}

const count = (row: StoreRow, name: string): number => Number(row[name] ?? 0)

/** A person's decision and its audit line, durable together. */
export async function writeTriage(store: Store, analysis: string, finding: TriagedFinding, state: TriageState, at: Micros): Promise<void> {
  await store.append([
    { kind: 'triage', analysis, key: finding.id, at, body: { state, at } },
    auditRecord(at, { action: 'triage', analysis, finding: finding.id, from: finding.triage, to: state }),
  ])
}

/** Who opened which capture when. */
export async function writeCaptureAudit(store: Store, analysis: string, name: string, at: Micros): Promise<void> {
  await store.append([auditRecord(at, { action: 'open-capture', analysis, name })])
}

/** Audit lines are site-wide and never replaced: each has its own key. `by` is `local` until there are logins. */
function auditRecord(at: Micros, body: Readonly<Record<string, string>>): StoreRecord {
  return { kind: 'audit', analysis: '', key: randomUUID(), at, body: { at, by: 'local', ...body } }
}

/** The finding of that id with its triage, or null. */
export function findFinding(findings: readonly TriagedFinding[], id: Finding['id']): TriagedFinding | null {
  return findings.find((finding) => finding.id === id) ?? null
}
