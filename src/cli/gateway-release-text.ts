// gateway-release-text: a repository for people: what it would change at the bedside, its files, who signed, and when what ends.
// Keeps the rule that text of the repository is shown as text only, and that "good" never stands without the day on which it ends.

import type { Micros } from '../base/time.ts'
import { quote } from '../base/tree-reader.ts'
import type { LoadedRelease, Taken } from '../gateway/release.ts'
import type { RoleState } from '../gateway/role-state.ts'
import { atText, plain } from '../policy/replay/index.ts'
import { table } from './text.ts'

const MINUTE = 60_000
/** Largest first; the last one that is full is said. */
const UNITS: readonly (readonly [string, number])[] = [['day', 1440 * MINUTE], ['hour', 60 * MINUTE], ['minute', MINUTE]]
const DAYS_PER_YEAR = 365
const NOTE_MAX = 400

/** `in 3 days`, `3 days ago`, `in less than a minute`: never more than is left. */
export function untilText(atMs: number, nowMs: number): string {
  const left = Math.abs(atMs - nowMs)
  const [unit, size] = UNITS.find(([, s]) => left >= s) ?? ['minute', 0]
  const count = size === 0 ? 0 : Math.floor(left / size)
  const words = count === 0 ? 'less than a minute'
    : unit === 'day' && count >= 2 * DAYS_PER_YEAR ? `${Math.floor(count / DAYS_PER_YEAR)} years` : `${count} ${unit}${count === 1 ? '' : 's'}`
  return atMs > nowMs ? `in ${words}` : `${words} ago`
}

/** `unreadable`: it could not be fetched or read whole, so nobody can say. */
export type Verdict = 'good' | 'refused' | 'unreadable' | 'none'

export function endText({ expires, expiresAt }: RoleState, nowMs: number): string {
  if (expiresAt === null) return expires === '' ? '' : `never said: ${quote(expires)} is no date`
  return `${expiresAt > nowMs ? 'ends' : 'ENDED'} ${untilText(expiresAt, nowMs)} (${minuteText(expiresAt * 1000)})`
}

function minuteText(at: Micros): string {
  return `${atText(at).slice(0, 16).replace('T', ' ')} UTC`
}

export function rolesTable(roles: readonly RoleState[], nowMs: number): string {
  return table(['role', 'version', 'signatures', 'end', 'wrong'], roles.map((role) => [
    plain(role.role), role.version === 0 ? '-' : String(role.version), `${role.signed} good of ${role.keys}, ${role.threshold} needed`, endText(role, nowMs),
    role.fault === null ? '' : plain(role.fault, NOTE_MAX),
  ]))
}

export function releaseText({ manifest }: LoadedRelease): string {
  const { files } = manifest
  const notes = [...new Set(files.map((f) => f.note))].map((note) => `  at the bedside: ${plain(note, NOTE_MAX)}\n`)
  const evidence = [...new Set(files.map((f) => f.evidence))].map((text) => `  evidence: ${plain(text, NOTE_MAX)}\n`)
  const rows = files.map((f) => [f.nfsPath, `${f.size.toLocaleString('en-US')} bytes`, f.mode.toString(8), f.sha256].map((cell) => plain(cell, NOTE_MAX)))
  return [
    `${plain(manifest.model)} ${manifest.fromVersions.map((v) => plain(v)).join(', ')} -> ${plain(manifest.toVersion)}, release ${plain(manifest.id)}\n`,
    ...notes, ...evidence, table(['file', 'size', 'mode', 'sha256'], rows),
  ].join('')
}

/** The role whose end comes first: then all of it is refused. */
export function firstEnd(roles: readonly RoleState[]): RoleState | null {
  const end = (role: RoleState): number => role.expiresAt ?? Number.POSITIVE_INFINITY
  return roles.toSorted((a, b) => end(a) - end(b)).find((role) => role.expiresAt !== null) ?? null
}

export function takenText(verdict: Verdict, { loaded, roles, leftOut }: Taken, nowMs: number): string {
  const releases = loaded.ok ? loaded.value.map(releaseText) : []
  const first = loaded.ok ? firstEnd(roles) : null
  return [
    ...(loaded.ok ? [] : [`${verdict === 'unreadable' ? 'NOT READ' : 'REFUSED'}: ${plain(loaded.error, NOTE_MAX)}\n`]),
    ...releases,
    ...(roles.length === 0 ? [] : [rolesTable(roles, nowMs)]),
    ...(first === null ? [] : [`${plain(first.role)} ${endText(first, nowMs)}; from then on all of it is refused until a newer one is imported.\n`]),
    ...(leftOut.length === 0 ? [] : [
      `Left out, since no role that is trusted for the path signed it:\n${leftOut.map((name) => `  ${plain(name)}\n`).join('')}`,
    ]),
  ].join('\n')
}

export function takenJson(verdict: Verdict, { loaded, roles, leftOut }: Taken, more: { readonly [key: string]: unknown }): string {
  const releases = loaded.ok ? loaded.value.map(({ manifest }) => manifest) : []
  const why = loaded.ok ? null : loaded.error
  return `${JSON.stringify({ schema: 'cordon.gateway-release/1', verdict, why, ...more, releases, roles, leftOut }, null, 2)}\n`
}
