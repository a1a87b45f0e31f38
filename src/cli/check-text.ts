// The two plain pages of `cordon check`: ward sentences first, then devices, then who leaves, then what we cannot see.

import { formatMicros } from '../base/time.ts'
import type { Outgoing } from '../detect/conversations.ts'
import type { Finding } from '../detect/finding.ts'
import { count } from '../detect/words.ts'
import type { Asset } from '../inventory/asset.ts'
import type { ReportHead } from './check-json.ts'
import type { Io } from './io.ts'
import { formatBytes, paint, SEVERITY_COLOURS, table } from './text.ts'

/** Rows shown on a terminal; `--json` has them all. */
const ASSETS_SHOWN = 40
const FINDINGS_SHOWN = 40
export const CONVERSATIONS_SHOWN = 20

export function reportText(report: ReportHead, out: Outgoing, io: Io): string {
  return [
    ...head(report, io), ...findings(report, io), ...assets(report, out, io), ...leaving(out, io), ...sensor(report, io), ...notSeen(report, io),
  ].join('\n').concat('\n')
}

function title(io: Io, text: string): string {
  return `\n${paint(io, 'bold', text)}`
}

function head(report: ReportHead, io: Io): string[] {
  const a = report.analysis
  const lines = [
    `${paint(io, 'bold', a.name)}  ${count(a.packets, 'packet')}, ${formatBytes(a.bytes)}, ${count(a.flows, 'flow')}` +
      (a.firstAt === null ? '' : `, ${formatMicros(a.firstAt)} to ${formatMicros(a.lastAt ?? a.firstAt)}`),
  ]
  for (const p of a.problems) lines.push(paint(io, 'red', `damaged (${p.code}): ${p.message}`))
  return lines
}

function findings(report: ReportHead, io: Io): string[] {
  if (report.findings.length === 0) {
    return [title(io, 'Findings'), 'None in what this capture shows. That is not a statement that all is well: read the last part.']
  }
  const shown = report.findings.slice(0, FINDINGS_SHOWN).flatMap((f) => findingLines(f, io))
  const more = report.findings.length - FINDINGS_SHOWN
  return [title(io, `Findings (${report.findings.length})`), ...shown, ...(more > 0 ? [`... and ${more} more (--json has them all)`] : [])]
}

function findingLines(f: Finding, io: Io): string[] {
  const flow = f.evidence.flows[0]
  const evidence = [
    f.evidence.frames.length > 0 ? `frames ${f.evidence.frames.slice(0, 8).join(', ')}${f.evidence.frames.length > 8 ? ', ...' : ''}` : '',
    flow ? `Community ID ${flow.communityId}` : '',
    f.attack.map((t) => t.id).join(', '),
  ].filter((part) => part !== '')
  return [
    `${paint(io, SEVERITY_COLOURS[f.severity], f.severity.toUpperCase().padEnd(8))}  ${f.ward}`,
    `          ${f.technical}`,
    `          ${evidence.join('; ')}`,
    ...f.inferred.map((i) => `          inferred: ${i}`),
    `          what to do: ${f.help}`,
  ]
}

/** Addresses of one asset written out in a table for people; a router or a forged card can have thousands. */
const ADDRESSES_SHOWN = 4

/** One row of ASSET_HEAD. All addresses, for machines, unless `addressesMax` says how many. */
export function assetCells(asset: Asset, addressesMax = Number.POSITIVE_INFINITY): string[] {
  const first = asset.interfaces[0]
  return [
    asset.label, asset.vendor ?? '', asset.model ?? '', asset.level ?? '', asset.bed === null ? '' : String(asset.bed),
    addressesText(asset, addressesMax), first?.mac ?? '', asset.zone ?? '', formatMicros(asset.lastAt),
  ]
}

function addressesText(asset: Asset, max: number): string {
  const all = asset.interfaces.map((i) => i.ip ?? '')
  return all.length <= max ? all.join(' ') : `${all.slice(0, max).join(' ')} and ${all.length - max} more`
}

export const ASSET_HEAD = ['asset', 'vendor', 'model', 'evidence', 'bed', 'ip', 'mac', 'zone', 'last seen'] as const

function assets(report: ReportHead, out: Outgoing, io: Io): string[] {
  if (report.assets.length === 0) return [title(io, 'Assets'), 'None: no device inside the hospital sent a packet that could be read.']
  const rows = report.assets.slice(0, ASSETS_SHOWN).map((a) => [...assetCells(a, ADDRESSES_SHOWN), out.talking.has(a.id) ? 'yes' : 'no'])
  const more = report.assets.length - ASSETS_SHOWN
  return [
    title(io, `Assets (${report.assets.length})`), table([...ASSET_HEAD, 'talks outside'], rows).trimEnd(), ...(more > 0 ? [`... and ${more} more`] : []),
  ]
}

function leaving(out: Outgoing, io: Io): string[] {
  if (out.total === 0) return []
  const rows = out.first.map((c) => [
    c.from.label, c.to.label, `${c.transport}/${c.port}`, c.protocol ?? '', formatBytes(c.bytes), c.leaves ? 'leaves' : 'stays', c.verdict, c.rule,
  ])
  const more = out.total - out.first.length
  const heading = title(io, `Conversations that leave the hospital or that the policy denies (${out.total})`)
  const columns = ['from', 'to', 'service', 'protocol', 'bytes', 'path', 'policy', 'rule']
  return [heading, table(columns, rows).trimEnd(), ...(more > 0 ? [`... and ${more} more`] : [])]
}

/** What is wrong with the ear comes before what is out of its reach. */
function sensor(report: ReportHead, io: Io): string[] {
  const { health } = report.analysis
  if (health.length === 0) return []
  return [title(io, `The sensor itself (${health.length})`), ...health.flatMap((f) => [
    `${paint(io, SEVERITY_COLOURS[f.severity], f.severity.toUpperCase().padEnd(8))}  ${f.ward}`,
    `          ${f.technical}`,
    `          what to do: ${f.help}`,
  ])]
}

function notSeen(report: ReportHead, io: Io): string[] {
  const { blindSpots, observations } = report.analysis
  const odd = observations.filter((o) => o.means === undefined).map((o) => `${o.name} ${o.count}`).join(', ')
  const explained = observations.filter((o) => o.means !== undefined).map((o) => `- odd in the packets: ${o.means} (${o.name} ${o.count})`)
  return [
    title(io, 'What we cannot see'), ...blindSpots.map((b) => `- ${b}`), ...explained, ...(odd === '' ? [] : [`- odd in the packets: ${odd}`]),
  ]
}
