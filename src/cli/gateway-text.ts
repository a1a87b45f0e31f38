// The gateway's status for a person at a terminal: intended use, what needs attention, segment, beds, targets, updates, what is kept.
// Keeps the rule that an absence is said: no target, no ADT, no grant are words, not empty places.

import { formatMicros, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import type { GatewayStatus } from '../gateway/hospital/status.ts'
import type { Io } from './io.ts'
import { formatBytes, paint, table } from './text.ts'

export function statusText(status: GatewayStatus, io: Pick<Io, 'color'>): string {
  const { segment, beds, adt, updates } = status
  const isUp = status.startedAt !== null
  return [
    `Gateway ${status.name}, ${isUp ? `running since ${clock(status.startedAt ?? 0)}` : paint(io, 'red', 'NOT RUNNING')}. ${status.intendedUse}`,
    '', heading(io, 'Needs attention'), ...(status.notices.length === 0 ? ['Nothing is known to.'] : status.notices.map((n) => `- ${n}`)),
    '', heading(io, 'Segment'), segmentLine(status), ...segmentCounts(segment.counts),
    ...(segment.sandbox.length === 0 ? [] : [`sandbox: ${segment.sandbox.join('; ')}`]),
    '', heading(io, 'Beds'),
    `${beds.devices} monitors, ${beds.connections} connections: ${counts(beds.feed)}`,
    `patients: ${counts(beds.assignment)}`, `data checks: ${counts(beds.dataCheck)}`,
    `ADT: ${adtText(adt)}`,
    '', heading(io, 'Targets'), ...targets(status),
    '', heading(io, 'Updates'), ...updateLines(updates),
    '', heading(io, 'Kept'), ...lines(table(['what', 'size', 'kept for', 'next deletion'], status.kept.map((k) => [
      k.what, formatBytes(k.bytes), k.rule, k.nextDeletion === null ? '-' : clock(k.nextDeletion),
    ]))),
  ].map((text) => `${text}\n`).join('')
}

const heading = (io: Pick<Io, 'color'>, text: string): string => paint(io, 'bold', text)
const clock = (at: Micros): string => `${formatMicros(at).slice(0, 19)}Z`
const protection = (isProtected: boolean): string => (isProtected ? 'mutual TLS' : 'NOT PROTECTED')
const lines = (text: string): string[] => text.trimEnd().split('\n')

/** `2 live, 1 lost`; what is nought is left out. */
function counts(of: Readonly<Record<string, number>>): string {
  const some = Object.entries(of).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`)
  return some.length === 0 ? 'none' : some.join(', ')
}

function adtText({ state, why, isProtected }: GatewayStatus['adt']): string {
  return state === 'none' ? 'none; beds are assigned by hand' : `${state}${why === null ? '' : ` (${why})`}, ${protection(isProtected)}`
}

function segmentLine({ segment, startedAt }: GatewayStatus): string {
  if (startedAt === null) return 'no process faces the monitors'
  const restarts = segment.restarts === 0 ? '' : `, started anew ${segment.restarts} times`
  return `${segment.state === 'running' ? 'running' : 'DOWN: no monitor is heard,'} since ${clock(segment.since)}${restarts}`
}

function segmentCounts(of: GatewayStatus['segment']['counts']): string[] {
  if (of === null) return []
  const { connections, accepted, refused, holds, isHolding } = of
  const held = holds === 0 ? '' : `; monitors had to wait ${holds} times${isHolding ? ', and wait now' : ''}`
  return [`connections of monitors: ${connections} now, ${accepted} in all, ${refused} refused for want of room${held}`]
}

function targets({ targets: all }: GatewayStatus): string[] {
  if (all.length === 0) return ['none: nothing is sent to anybody']
  return lines(table(['target', 'kind', 'state', 'protection', 'waiting', 'lag', 'ambiguous', 'refused', 'given up', 'delivered'], all.map((t) => [
    t.target, t.kind, t.why === null ? t.state : `${t.state} (${t.why})`, protection(t.isProtected), String(t.waiting), lag(t.lagMicros), String(t.ambiguous),
    String(t.refused), String(t.given), String(t.delivered),
  ])))
}

function lag(micros: Micros | null): string {
  if (micros === null) return '-'
  return micros < 2 * MICROS_PER_MINUTE ? `${Math.round(micros / MICROS_PER_SECOND)} s` : `${Math.round(micros / MICROS_PER_MINUTE)} min`
}

function updateLines({ grants, refused, problem, requests, served }: GatewayStatus['updates']): string[] {
  const [again, unreadable] = [served?.duplicates ?? 0, served?.noCalls ?? 0]
  const asked = requests === null ? [] : [`${requests} requests from the segment, ${again} of them sent again, ${unreadable} unreadable`]
  return [
    ...(grants.length === 0 ? ['none is granted: every request is refused'] : grants.map((g) =>
      `permit ${g.permit}: ${g.release} to ${g.ip} (${g.device}) from ${clock(g.from)} until ${clock(g.until)}, begun copies until ${clock(g.completeBy)}`)),
    ...refused.map(({ id, why }) => `permit ${id} grants nothing: ${why}`), ...(problem === null ? [] : [`no release can be served: ${problem}`]), ...asked,
  ]
}
