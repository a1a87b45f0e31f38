// cordon policy check, eval and fmt: is the policy sound, what would it say of one flow, and is it laid out as everybody's.
// Keeps the rule "stdout is data, stderr is talk": verdicts and tables go out, diagnostics go to err (or into the JSON).

import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { formatDiagnostic, type Diagnostic } from '../base/diagnostic.ts'
import { formatPrefix, parseIp, type Ip } from '../base/ip.ts'
import { formatPortRange } from '../base/port-range.ts'
import { err } from '../base/result.ts'
import { quote } from '../base/tree-reader.ts'
import { formatPolicy, loadPolicy, loadProfiles, readTextFile, type LoadedPolicy } from '../config/index.ts'
import { BUILT_IN_SERVICES, evaluate, isDay, policyNames, type AssertionEnd, type FiveTuple, type Service,
  type WrittenPolicy } from '../policy/index.ts'
import { assetAddresses } from './assets-flag.ts'
import { Exit, type Io } from './io.ts'
import { table } from './text.ts'

/** The part of Io these commands need. */
export type PolicyIo = Pick<Io, 'out' | 'err'>

/** Flags of `cordon policy check`. */
export interface PolicyCheckArgs {
  /** The shipped policy when left out. */
  readonly file?: string
  /** A site's own profile folder. */
  readonly profiles?: string
  readonly json?: boolean
  /** The day exceptions are judged by, `2026-12-24`; the machine's day in UTC when left out. */
  readonly today?: string
}

/** Flags of `cordon policy fmt`. */
export interface PolicyFormatArgs {
  readonly file: string
  /** Only say whether it is laid out; exit code 1 when it is not. */
  readonly check?: boolean
  /** Write the file instead of printing it. */
  readonly write?: boolean
}

/** Flags of `cordon policy eval`; ports as typed. */
export interface PolicyEvalArgs extends PolicyCheckArgs {
  readonly src: string
  readonly dst: string
  /** `tcp`, `udp`, `icmp`, `igmp`, or a protocol number. */
  readonly proto: string
  readonly srcPort?: string | number
  readonly dstPort?: string | number
  /** `profile=address`, e.g. `contec-cms8000=10.20.3.7`: which device has which address. */
  readonly assets?: readonly string[]
}

/** Prints diagnostics, or zones and conduits in order. Returns the exit code. */
export function policyCheck(args: PolicyCheckArgs, io: PolicyIo): number {
  const loaded = load(args)
  const diagnostics = Array.isArray(loaded) ? loaded : loaded.warnings
  if (args.json === true) {
    const policy = Array.isArray(loaded) ? null : policyJson(loaded.policy)
    const builtInServices = BUILT_IN_SERVICES.map(serviceJson)
    io.out(`${JSON.stringify({ ok: policy !== null, diagnostics, policy, builtInServices }, null, 2)}\n`)
  } else {
    for (const diagnostic of diagnostics) io.err(`${formatDiagnostic(diagnostic)}\n`)
    io.err(summary(diagnostics))
    if (!Array.isArray(loaded)) io.out(policyText(loaded))
  }
  return Array.isArray(loaded) ? Exit.usage : Exit.ok
}

/** Prints what the policy says of one flow. Allow and deny both exit with 0: the question was answered. */
export function policyEval(args: PolicyEvalArgs, io: PolicyIo): number {
  const loaded = load(args)
  const flow = flowOf(args)
  const problems = [...(Array.isArray(loaded) ? loaded.map(formatDiagnostic) : []), ...flow.problems]
  if (Array.isArray(loaded) || flow.tuple === null || problems.length > 0) {
    if (args.json === true) io.out(`${JSON.stringify({ ok: false, problems }, null, 2)}\n`)
    for (const problem of problems) io.err(`${problem}\n`)
    return Exit.usage
  }
  for (const warning of loaded.warnings) io.err(`${formatDiagnostic(warning)}\n`)
  for (const note of notes(loaded, flow.assets)) io.err(`note: ${note}\n`)
  const verdict = evaluate(loaded.policy, policyNames(loaded.policy, flow.assets), flow.tuple)
  if (args.json === true) io.out(`${JSON.stringify({ ok: true, flow: flow.tuple, verdict }, null, 2)}\n`)
  else io.out(`${verdict.action}  ${verdict.from} -> ${verdict.to}  rule ${verdict.rule}\n${verdict.reason}\n`)
  return Exit.ok
}

/** Prints a policy in its one layout, or checks or rewrites its file. A wrong policy is laid out too; what is no YAML is not. */
export function policyFormat(args: PolicyFormatArgs, io: PolicyIo): number {
  if (args.check === true && args.write === true) {
    io.err('error: --check and --write exclude each other\n  help: Give one of them.\n')
    return Exit.usage
  }
  const text = readTextFile(args.file)
  const formatted = text.ok ? formatPolicy(text.value, args.file) : err([text.error])
  if (!text.ok || !formatted.ok) {
    for (const diagnostic of formatted.ok ? [] : formatted.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
    return Exit.usage
  }
  const changed = formatted.value !== text.value
  if (args.check === true) {
    if (changed) io.err(`${args.file} is not laid out; cordon policy fmt --write ${args.file} does it\n`)
    return changed ? Exit.findings : Exit.ok
  }
  if (args.write !== true) io.out(formatted.value)
  else if (changed) return writeInPlace(args.file, formatted.value, io)
  return Exit.ok
}

/** Beside the file and then in its place, so that a full disk leaves the old one whole. A link stays a link. */
function writeInPlace(file: string, text: string, io: PolicyIo): number {
  try {
    const path = realpathSync(file)
    if (!statSync(path).isFile()) {
      io.err(`error: ${file} is no file that can be replaced\n  help: Leave --write out; the text goes to stdout.\n`)
      return Exit.usage
    }
    const beside = `${path}.${process.pid}.tmp`
    try {
      writeFileSync(beside, text, { flag: 'wx', mode: statSync(path).mode })
      renameSync(beside, path)
    } finally {
      rmSync(beside, { force: true })
    }
    return Exit.ok
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null
    if (code === null) throw error
    io.err(`error: cannot write ${file}: the system says ${code}\n  help: Check permissions and the disk; the file is as it was.\n`)
    return Exit.usage
  }
}

/** What makes an answer other than the asker may think. */
function notes(loaded: LoadedPolicy, assets: ReadonlyMap<string, readonly Ip[]>): readonly string[] {
  const byProfile = loaded.policy.zones.filter((zone) => zone.profiles.length > 0).map((zone) => zone.name)
  if (assets.size === 0 && byProfile.length > 0) {
    return [`no device was named with --asset, so nothing is in ${byProfile.join(', ')} by what it is`]
  }
  const unknown = [...assets.keys()].filter((id) => !loaded.policy.zones.some((zone) => zone.profiles.includes(id)))
  return unknown.map((id) => `no zone of ${loaded.file} selects the profile ${quote(id)}`)
}

/** The policy, or every diagnostic. Profiles are read first: a policy that names them can only be judged with them. */
function load(args: PolicyCheckArgs): LoadedPolicy | Diagnostic[] {
  const today = args.today ?? new Date().toISOString().slice(0, 10)
  if (!isDay(today)) return [badDay(today)]
  const profiles = loadProfiles(args.profiles)
  const loaded = loadPolicy(args.file, profiles.ok ? { profiles: new Set(profiles.value.profiles.keys()), today } : { today })
  if (!profiles.ok) return [...profiles.error, ...(loaded.ok ? loaded.value.warnings : loaded.error)]
  if (!loaded.ok) return [...profiles.value.warnings, ...loaded.error]
  return { ...loaded.value, warnings: [...profiles.value.warnings, ...loaded.value.warnings] }
}

function badDay(today: string): Diagnostic {
  const help = 'Write year-month-day, e.g. 2026-12-24.'
  return { severity: 'error', code: 'option/today', message: `${quote(today)} is no day`, file: '--today', line: 0, column: 0, help }
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((d) => d.severity === 'error').length
  const warnings = diagnostics.length - errors
  if (diagnostics.length === 0) return ''
  return `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}\n`
}

function policyText(loaded: LoadedPolicy): string {
  const { policy } = loaded
  const zones = policy.zones.map((zone) => {
    const held = [...zone.prefixes.map(formatPrefix), ...zone.profiles.map((id) => `profile ${id}`)]
    return [zone.name, zone.kind, held.join(', ') || '(nothing)']
  })
  const conduits = policy.conduits.map((c, i) => [String(i + 1), c.name, c.from, c.to, c.services.join(', '), c.action, `fail ${c.fail}`])
  const last = [String(policy.conduits.length + 1), 'default', '*', '*', '*', policy.default, '']
  const head = `${loaded.file}: ${policy.zones.length} zones, ${policy.conduits.length} conduits, default ${policy.default}\n`
  const conduitHead = ['#', 'conduit', 'from', 'to', 'services', 'action', 'if the box fails']
  return [head, table(['zone', 'kind', 'holds'], zones), table(conduitHead, [...conduits, last]), ...furtherTables(policy)].join('\n')
}

/** Segments, exceptions and assertions, each when there is any. */
function furtherTables(policy: WrittenPolicy): readonly string[] {
  const segments = policy.segments.map(({ prefix, zone, via, elsewhere }) =>
    [formatPrefix(prefix), zone, via.join(', ') || '(attached)', elsewhere ?? ''])
  const exceptions = policy.exceptions.map((e) => {
    const active = policy.conduits.some((conduit) => conduit.name === e.name)
    return [e.name, e.conduit ?? `${e.from} -> ${e.to}: ${e.services.join(', ')}`, e.expires, active ? 'in effect' : 'ended', e.owner]
  })
  const assertions = policy.assertions.map(({ text }) => [text])
  return [
    ...(segments.length === 0 ? [] : [table(['segment', 'zone', 'next hops', 'elsewhere'], segments)]),
    ...(exceptions.length === 0 ? [] : [table(['exception', 'allows', 'last day', '', 'owner'], exceptions)]),
    ...(assertions.length === 0 ? [] : [table(['must hold (read here, proved by other commands)'], assertions)]),
  ]
}

/** Prefixes as text: their numbers do not fit JSON. */
function policyJson(policy: WrittenPolicy) {
  return {
    ...policy,
    segments: policy.segments.map((segment) => ({ ...segment, prefix: formatPrefix(segment.prefix) })),
    assertions: policy.assertions.map((assertion) => ({ ...assertion, from: endJson(assertion.from), to: endJson(assertion.to) })),
    zones: policy.zones.map((zone) => ({ ...zone, prefixes: zone.prefixes.map(formatPrefix) })),
    services: policy.services.map(serviceJson),
  }
}

function endJson(end: AssertionEnd) {
  return end.kind === 'prefix' ? { ...end, prefix: formatPrefix(end.prefix) } : end
}

function serviceJson(service: Service) {
  return { ...service, ports: service.ports.map(formatPortRange) }
}

interface Flow {
  /** null when there is a problem. */
  readonly tuple: FiveTuple | null
  readonly assets: ReadonlyMap<string, readonly Ip[]>
  readonly problems: readonly string[]
}

const PROTO_NUMBERS: Readonly<Record<string, number>> = { icmp: 1, igmp: 2, tcp: 6, udp: 17, icmpv6: 58 }

function flowOf(args: PolicyEvalArgs): Flow {
  const problems: string[] = []
  const src = address(args.src, '--src', problems)
  const dst = address(args.dst, '--dst', problems)
  const proto = protocolNumber(args.proto, problems)
  const needsPort = proto === PROTO_NUMBERS.tcp || proto === PROTO_NUMBERS.udp
  const srcPort = port(args.srcPort, '--sport', problems)
  const dstPort = port(args.dstPort, '--dport', problems)
  if (needsPort && args.dstPort === undefined) {
    problems.push('error: --dport is missing\n  help: TCP and UDP need the port that is connected to.')
  }
  if (src !== null && dst !== null && src.includes(':') !== dst.includes(':')) {
    problems.push('error: --src and --dst are of different IP versions\n  help: One packet has one version; ask twice.')
  }
  const assets = assetAddresses(args.assets ?? [], problems)
  const usable = problems.length === 0 && src !== null && dst !== null && proto !== null
  return { tuple: usable ? { src, dst, proto, srcPort, dstPort } : null, assets, problems }
}

function address(text: string, flag: string, problems: string[]): Ip | null {
  const parsed = parseIp(text)
  if (parsed.ok) return parsed.value
  problems.push(`error: ${flag} ${quote(text)} is no address\n  help: Write an IPv4 or IPv6 address; names are not looked up.`)
  return null
}

function protocolNumber(text: string, problems: string[]): number | null {
  const known = Object.hasOwn(PROTO_NUMBERS, text.toLowerCase()) ? PROTO_NUMBERS[text.toLowerCase()] : undefined
  if (known !== undefined) return known
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text)
  const words = Object.keys(PROTO_NUMBERS).join(', ')
  problems.push(`error: --proto ${quote(text)} is unknown\n  help: Write ${words}, or a number from 0 to 255.`)
  return null
}

/** 0 when left out. */
function port(value: string | number | undefined, flag: string, problems: string[]): number {
  if (value === undefined) return 0
  const text = String(value)
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text)
  problems.push(`error: ${flag} ${quote(text)} is no port\n  help: Write a number from 0 to 65535.`)
  return 0
}
