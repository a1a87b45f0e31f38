// cordon profile list, show and check: the library of device profiles, one of them with every source, and a site's own file or folder.
// Keeps "each fact with its source and how sure it is": nothing is printed without both.

import { statSync } from 'node:fs'
import { formatDiagnostic, type Diagnostic } from '../base/diagnostic.ts'
import { formatPortRange } from '../base/port-range.ts'
import { hasErrors } from '../base/tree-reader.ts'
import { checkProfiles, loadProfiles } from '../config/index.ts'
import type { DeviceProfile, ProfileFlow, Sourced } from '../inventory/profiles.ts'
import { reviewProfile } from '../inventory/profile-review.ts'
import { createRegistry } from '../protocols/registry.ts'
import { Exit, type Io } from './io.ts'
import { table } from './text.ts'

export interface ProfileArgs {
  /** A site's own profile folder. */
  readonly profiles?: string | undefined
  readonly json?: boolean
}

type Out = Pick<Io, 'out' | 'err'>

/** Protocols that content is recognised by; ARP has no row. */
function decoders(): ReadonlySet<string> {
  return new Set(['arp', ...createRegistry().map((row) => row.id)])
}

/** Every profile, one a line. Exits with 2 when the site's folder has an error. */
export function runProfileList(args: ProfileArgs, io: Out): number {
  const all = library(args, io)
  if (all === null) return Exit.usage
  if (args.json === true) {
    io.out(`${JSON.stringify({ schema: 'cordon.profiles/1', profiles: all.map(({ at: _at, ...rest }) => plain(rest)) }, null, 2)}\n`)
    return Exit.ok
  }
  io.out(table(['id', 'covers', 'device', 'role', 'flows', 'advisories'], all.map((p) => [
    p.id, p.covers, `${p.vendor} ${p.model}${p.relabels === null ? '' : ` (relabels ${p.relabels})`}`, p.role,
    String(p.flows.length), String(p.advisories.length),
  ])))
  return Exit.ok
}

/** One profile in whole. Exits with 2 when there is none. */
export function runProfileShow(id: string, args: ProfileArgs, io: Out): number {
  const all = library(args, io)
  if (all === null) return Exit.usage
  const profile = all.find((p) => p.id === id)
  if (profile === undefined) {
    io.err(`cordon profile show: no profile "${id}"\n  help: Profiles: ${all.map((p) => p.id).join(', ')}.\n`)
    return Exit.usage
  }
  io.out(args.json === true ? `${JSON.stringify({ schema: 'cordon.profile/1', ...plain(profile) as object }, null, 2)}\n` : showText(profile))
  return Exit.ok
}

/** A file or folder: errors exit with 2 (3 when it cannot be read), remarks with 1 only when asked to be strict. */
export function runProfileCheck(path: string, args: { readonly strict?: boolean; readonly json?: boolean }, io: Out): number {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    io.err(`cordon profile check: ${path} is not there\n  help: Name a profile file or a folder of them, such as profiles/.\n`)
    return Exit.unreadable
  }
  const { profiles, diagnostics, places } = checkProfiles(path)
  const remarks = hasErrors(diagnostics) ? [] : profiles.flatMap((profile) => reviewProfile(profile, decoders(), places))
  const all: readonly Diagnostic[] = [...diagnostics, ...remarks]
  if (args.json === true) io.out(`${JSON.stringify({ schema: 'cordon.profile-check/1', profiles: profiles.map((p) => p.id), diagnostics: all }, null, 2)}\n`)
  else for (const diagnostic of all) io.err(`${formatDiagnostic(diagnostic)}\n`)
  if (hasErrors(all)) return Exit.usage
  if (args.json !== true) io.out(`${path}: ${profiles.length} ${profiles.length === 1 ? 'profile' : 'profiles'}, no error, ${all.length} remarks\n`)
  if (profiles.length === 0) return Exit.usage
  return args.strict === true && all.length > 0 ? Exit.findings : Exit.ok
}

function library(args: ProfileArgs, io: Out): readonly DeviceProfile[] | null {
  const loaded = loadProfiles(args.profiles)
  for (const diagnostic of loaded.ok ? loaded.value.warnings : loaded.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
  return loaded.ok ? [...loaded.value.profiles.values()] : null
}

/** Prefixes hold big numbers, and their text stands beside them. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, each: unknown) => (key === 'prefix' ? undefined : each)))
}

function showText(p: DeviceProfile): string {
  const head = [`${p.vendor} ${p.model}`, `  ${p.role}, ${p.covers}${p.relabels === null ? '' : `, relabels ${p.relabels}`}; ${sure(p)}`]
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['Also called', p.aliases.map((a) => `${a.vendor} ${a.model}; ${sure(a)}`)],
    ['Recognised by', p.identity.map((i) => `${i.protocol}, ${i.side}${i.value === null ? '' : `, "${i.value}"`}: ${i.detail} ${sure(i)}`)],
    ['Flows, and what the ward notices when one is blocked', p.flows.flatMap(flowLines)],
    ['Indicators', p.indicators.map((i) => `${i.kind} ${i.value}: ${i.meaning} ${sure(i)}`)],
    ['Vulnerabilities', p.vulnerabilities.map((v) => `${v.id} (${v.weakness}, CVSS ${v.cvss} ${v.score}): ${v.summary} ${sure(v)}`)],
    ['Advisories', p.advisories.map((a) => `${a.publisher} ${a.id}, ${a.date}: ${a.title}; ${sure(a)}`)],
    ['What can be done', p.remedies.map((r) => `${r.remedy} On the ward: ${r.effect} ${sure(r)}`)],
  ]
  const text = parts.filter(([, lines]) => lines.length > 0).map(([title, lines]) => `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`)
  return `${head.join('\n')}\n${p.description === null ? '' : `  ${p.description}\n`}${text.join('')}`
}

function flowLines(flow: ProfileFlow): readonly string[] {
  const ports = flow.dynamicPorts ? 'a negotiated port' : flow.ports.map(formatPortRange).join(', ')
  const way = flow.opens === 'device' ? `to ${flow.peer}` : `from ${flow.peer}`
  const content = [
    flow.expected, flow.occurs, ...(flow.clear === null ? [] : [flow.clear ? 'in clear' : 'encrypted']),
    ...(flow.patientData === true ? ['names patients'] : []),
  ]
  const factory = flow.address === null ? '' : ` (factory ${flow.address})`
  return [
    `${flow.name}: ${flow.transports.join('+')} ${ports} ${way}${factory}, ${content.join(', ')}`,
    `  ${flow.purpose} Blocked: ${flow.blocked} ${sure(flow)}`,
  ]
}

function sure(fact: Sourced): string {
  return `[${fact.confidence}: ${fact.source}]`
}
