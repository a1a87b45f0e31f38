// Report: the whole answer about one capture as plain data. The same file gives byte-for-byte the same JSON: no clock, no path, no order of chance.

import type { Analysis } from '../detect/analysis.ts'
import { blindSpots } from '../detect/blind-spots.ts'
import { healthFindings } from '../detect/health-findings.ts'
import { isLoss, lostCount, observationWords } from '../detect/observations.ts'
import type { Conversation } from '../detect/conversation.ts'
import { SEVERITIES, type Finding, type Severity } from '../detect/finding.ts'
import type { Asset } from '../inventory/asset.ts'
import type { CaptureSummary } from '../wire/capture/capture.ts'
import type { Picture } from './picture.ts'
import type { Heard } from './sensor.ts'

export const REPORT_SCHEMA = 'cordon.report/1'

export interface Report {
  readonly schema: typeof REPORT_SCHEMA
  readonly analysis: Analysis
  /** Counts by severity: what the exit code is made of. */
  readonly severities: Readonly<Record<Severity, number>>
  readonly findings: readonly Finding[]
  readonly assets: readonly Asset[]
  /** Made when first asked for, as the picture's. */
  readonly conversations: readonly Conversation[]
}

export interface AnalysisParts {
  readonly id: string
  readonly name: string
  readonly source: Analysis['source']
  readonly sha256: string | null
  /** null while a demo or a live watch is running. */
  readonly summary: CaptureSummary | null
}

export function analysisOf(heard: Heard, picture: Picture, parts: AnalysisParts): Analysis {
  const { summary } = parts
  const { counters } = heard
  const dropped = summary?.dropped ?? 0
  const observations = [...heard.observations, ...(dropped > 0 ? [{ name: 'captureDropped', count: dropped }] : [])]
  const countOf = (name: string): number => observations.find((o) => o.name === name)?.count ?? 0
  const problems = (summary?.problems ?? []).map(({ code, message }) => ({ code, message }))
  return {
    id: parts.id, name: parts.name, source: parts.source,
    state: stateOf(summary),
    sha256: parts.sha256, format: summary?.format ?? null,
    packets: counters.packets, bytes: counters.bytes, flows: heard.flowsOpened, firstAt: counters.firstAt, lastAt: counters.lastAt,
    problems, observations: observations.map(withMeaning),
    health: healthFindings(heard.healthCounts(dropped)),
    blindSpots: blindSpots({
      ...counters, lost: lostCount(observations), damaged: problems.length > 0,
      cutFrames: countOf('cutBySnaplen'), fragmentsOfUnknownLinks: countOf('linkUnsupported'),
      unidentifiedAssets: picture.assets.filter((a) => a.role === 'unknown').length,
    }),
  }
}

function withMeaning(observation: { readonly name: string; readonly count: number }): Analysis['observations'][number] {
  const means = observationWords(observation.name)
  return means === null ? observation : { ...observation, means }
}

function stateOf(summary: CaptureSummary | null): Analysis['state'] {
  if (!summary) return 'running'
  if (summary.format === null) return 'failed'
  return summary.problems.length > 0 ? 'partial' : 'complete'
}

export function reportOf(analysis: Analysis, picture: Picture): Report {
  const severities = Object.fromEntries(SEVERITIES.map((s) => [s, picture.findings.filter((f) => f.severity === s).length])) as Record<Severity, number>
  return {
    schema: REPORT_SCHEMA, analysis, severities, findings: picture.findings, assets: picture.assets,
    get conversations() {
      return picture.conversations
    },
  }
}

/** Exit code of `check` (product conventions): 3 unreadable or damaged, 1 findings at or above the bar, 4 incomplete or nothing seen, 0. */
export function exitCodeOf(report: Report, failOn: Severity | 'never'): number {
  const { analysis } = report
  if (analysis.state === 'failed' || analysis.state === 'partial') return 3
  const bar = failOn === 'never' ? SEVERITIES.length : SEVERITIES.indexOf(failOn)
  if (SEVERITIES.some((s, i) => i >= bar && report.severities[s] > 0)) return 1
  return sawNothing(analysis) || analysis.health.some((f) => f.incomplete) || analysis.observations.some(isLoss) ? 4 : 0
}

/** No frame of it could be judged: recorded on the wrong port, or a link type that is not decoded. That is no green tick (S4). */
function sawNothing(analysis: Analysis): boolean {
  const undecoded = analysis.observations.find((o) => o.name === 'linkUnsupported')?.count ?? 0
  return undecoded >= analysis.packets
}
