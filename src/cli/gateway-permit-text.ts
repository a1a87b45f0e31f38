// gateway-permit-text: a permit in the ward's words first: which bed's monitor may fetch what, between when and when, and who says so.
// Keeps the rule that the first line is the truth of this moment: "may fetch" only when it would be served, else "nothing" and why.

import type { Micros } from '../base/time.ts'
import { APPROVALS_NEEDED, type Approver, type PermitBody } from '../gateway/core/update/permit.ts'
import type { PermitEntry } from '../gateway/permits.ts'
import { atText, plain } from '../policy/replay/index.ts'
import { untilText } from './gateway-release-text.ts'
import { table } from './text.ts'

/** How one permit stands: what is written, and whether it would be served. */
export interface PermitView {
  readonly entry: PermitEntry
  /** Would be served in its window as things are now. */
  readonly isGranted: boolean
  /** Why it would not; null when it would, or when there is nothing left to serve. */
  readonly why: string | null
  readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[]
}

const WHY_MAX = 300

/** `bed 4W 401 A's monitor`: unit^room^bed without its carets. */
function monitorOf(body: PermitBody): string {
  return `bed ${plain(body.bedEmpty.bed.replaceAll('^', ' '))}'s monitor`
}

/** `between 07:30 and 07:40 UTC on 2026-01-05`, or both in full. */
function windowText(from: string, until: string): string {
  const [day, other] = [from.slice(0, 10), until.slice(0, 10)]
  return day === other ? `between ${hour(from)} and ${hour(until)} UTC on ${day}` : `between ${day} ${hour(from)} and ${other} ${hour(until)} UTC`
}

function hour(instant: string): string {
  return instant.slice(11, instant.endsWith(':00Z') ? 16 : 19)
}

function releaseName(id: string): string {
  return plain(id.split('#')[0]?.replace('@', ' ') ?? id)
}

/** The first line. */
export function wardLine({ entry, isGranted, why }: PermitView): string {
  const { body, state, id } = entry
  if (body === null) return `Permit ${plain(id)} cannot be read, and gives nothing: ${plain(why ?? entry.why ?? '', WHY_MAX)}.`
  const who = monitorOf(body)
  const what = `${who} may fetch ${releaseName(body.release)} ${windowText(body.from, body.until)}`
  if (isGranted) return `${capital(what)}.`
  if (state === 'requested') return `If two people approve it, ${what}. Until then it may fetch nothing.`
  if (state === 'revoked') return `${capital(who)} may fetch nothing: the permit was revoked.`
  if (state === 'over') return `${capital(who)} may fetch nothing any more: the permit is over.`
  return `${capital(who)} may fetch NOTHING, although two people approved it: ${plain(why ?? 'unknown', WHY_MAX)}.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** How it stands, in a few words. */
export function stateText(entry: PermitEntry, now: Micros): string {
  const { body, state, approvedBy } = entry
  if (body === null || state === 'unreadable') return 'UNREADABLE'
  const until = (instant: string): string => untilText(Date.parse(instant), now / 1000)
  switch (state) {
    case 'requested':
      if (Date.parse(body.completeBy) * 1000 <= now) return 'never approved, over'
      return `asked for, ${approvedBy.length} of ${APPROVALS_NEEDED} approvals`
    case 'approved': return `approved, begins ${until(body.from)}`
    case 'open': return `OPEN, ends ${until(body.until)}`
    case 'completing': return `window over, a copy may be finished: ends ${until(body.completeBy)}`
    default: return state
  }
}

export function permitTable(views: readonly PermitView[], now: Micros): string {
  const head = ['permit', 'bed', 'monitor', 'window (UTC)', 'state', 'approved by', 'release', 'not served because']
  return table(head, views.map(({ entry, why }) => {
    const { body } = entry
    return [
      plain(entry.id), plain(body?.bedEmpty.bed ?? '?'), plain(body === null ? '?' : `${body.device.ip} ${body.device.serial}`),
      body === null ? '?' : `${body.from.slice(0, 16)} to ${body.until.slice(0, 16)}`, stateText(entry, now),
      entry.approvedBy.map((id) => plain(id)).join(', '),
      plain(body?.release ?? '?'), plain(why ?? '', WHY_MAX),
    ]
  }))
}

/** Everything about one permit. `approvers` give the names behind the ids. */
export function permitText(view: PermitView, approvers: readonly Approver[], now: Micros): string {
  const { entry, files } = view
  const { body } = entry
  if (body === null) return `${wardLine(view)}\n`
  const nameOf = (id: string): string => plain(approvers.find((a) => a.id === id)?.role ?? id)
  const { device, bedEmpty } = body
  const facts: readonly (readonly [string, string])[] = [
    ['state', stateText(entry, now)],
    ['to finish', `a copy that has begun may go on until ${body.completeBy}`],
    ['monitor', `${device.model} with version ${device.version}, serial ${device.serial}, ${device.ip}, ${device.mac}`],
    ['bed empty', `confirmed by ${bedEmpty.confirmedBy} at ${bedEmpty.at}`],
    ['asked for by', `${body.requestedBy}: ${body.reason}`],
    ['approved by', entry.approvedBy.length === 0 ? 'nobody yet' : entry.approvedBy.map(nameOf).join(' and ')],
    ['release', body.release],
  ]
  const rows = files.map((f) => [plain(f.path, WHY_MAX), `${f.size.toLocaleString('en-US')} bytes`, f.sha256])
  return [
    `${wardLine(view)}\n`, facts.map(([name, value]) => `  ${name.padEnd(13)} ${plain(value, WHY_MAX)}\n`).join(''),
    ...(rows.length === 0 ? [] : [table(['file that is served', 'size', 'sha256'], rows)]),
  ].join('\n')
}

export function permitJson({ entry, isGranted, why, files }: PermitView): { readonly [key: string]: unknown } {
  return { id: entry.id, state: entry.state, granted: isGranted, why, approvedBy: entry.approvedBy, permit: entry.body, files }
}

/** The time as commands take it. */
export function instantText(at: Micros): string {
  return atText(at)
}
