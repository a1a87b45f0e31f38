// Windows Firewall: what the policy says of one host, as PowerShell that needs no order: block rules for exactly what is denied.
// Keeps "never wider": block beats allow on Windows, so other rules of the host cannot open what the policy closes.

import type { IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { addressRangeText, numberRangeText, numbersOf } from '../address-book.ts'
import { addressesOption } from '../addresses-option.ts'
import { deniedPieces, type DeniedPiece } from '../denied.ts'
import { DEFAULT_NAME, makePlan, overBudget, PROTOCOL_MAX, unknownOptions, type Plan, type PlanChain } from '../plan.ts'
import { everyAddress, intersectRanges, rangesKey } from '../ranges.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: false, ruleBudget: null, canRead: false,
}

const PURPOSE = 'the addresses of the PC that loads the text, for example 10.20.4.10,2001:db8::10'
/** ICMP of the other family is nothing a Windows host answers, and its rules refuse the pair. */
const FOREIGN_ICMP: Readonly<Record<IpVersion, number>> = { 4: 58, 6: 1 }
const WORDS: Readonly<Record<number, string>> = { 1: 'ICMPv4', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' }

type Direction = 'Inbound' | 'Outbound'

/** One rule or, for many protocols alike, one loop of rules. */
interface HostRule {
  readonly name: string
  readonly direction: Direction
  readonly block: boolean
  /** Ranges of the host's own and of the other side's addresses; null: every address. */
  readonly local: readonly ValueRange[]
  readonly remote: readonly ValueRange[] | null
  /** null: every protocol. */
  readonly protos: readonly number[] | null
  readonly sub: readonly ValueRange[] | null
}

/** PowerShell text for one host, given as option `host`. */
export function emitWindowsFirewall(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const plan = planned.value
  const host = addressesOption('host', input.options['host'], PURPOSE, false)
  const sctp = [...plan.chains[4].rules, ...plan.chains[6].rules].filter((rule) => rule.proto === 132 && rule.dport !== null)
    .map((rule) => `rule ${rule.name}: Windows Firewall matches ports of TCP and UDP only, not of SCTP`)
  const refused = [...unknownOptions(input, ['host']), ...host.problems, ...sctp]
  if (refused.length > 0) return { ok: false, refused }
  const versions = ([4, 6] as const).filter((version) => host.ranges[version].length > 0)
  const lines = versions.flatMap((version) =>
    family(plan.chains[version], host.ranges[version]).flatMap((rule) => ruleLines(rule, version)))
  const rules = lines.reduce((sum, line) => sum + line.count, 0)
  const tooMany = overBudget(rules, input, CAPABILITIES)
  if (tooMany !== null) return { ok: false, refused: [tooMany] }
  return { ok: true, value: { text: textOf(plan, lines), rollback: rollbackOf(plan), rules, notes: notes(plan, versions) } }
}

interface Line {
  readonly words: string
  /** null: one rule; else the protocols of a loop. */
  readonly loop: readonly number[] | null
  readonly count: number
}

function textOf(plan: Plan, lines: readonly Line[]): string {
  const commands = lines.map(({ words, loop }, i) => {
    const name = `${plan.object}-${String(i + 1).padStart(4, '0')}`
    if (loop === null) return `New-NetFirewallRule -Group '${plan.object}' -Name '${name}' ${words} | Out-Null`
    const inner = `New-NetFirewallRule -Group '${plan.object}' -Name "${name}-$p" ${words} -Protocol $p | Out-Null`
    return `foreach ($p in @(${loop.join(', ')})) { ${inner} }`
  })
  return `${[`# Cordon policy ${plan.title}, sha256 ${plan.hash}`, "$ErrorActionPreference = 'Stop'", ...commands].join('\n')}\n`
}

function rollbackOf(plan: Plan): string {
  return `# Takes away Cordon policy ${plan.title}\nRemove-NetFirewallRule -Group '${plan.object}'\n`
}

function family(chain: PlanChain, host: readonly ValueRange[]): readonly HostRule[] {
  return (['Outbound', 'Inbound'] as const).flatMap((direction) => [...allowed(chain, host, direction), ...denied(chain, host, direction)])
}

/** Every allow of the policy that concerns the host: what an earlier rule denies is taken back by a block rule. */
function allowed(chain: PlanChain, host: readonly ValueRange[], direction: Direction): readonly HostRule[] {
  const all = { src: null, dst: null, proto: null, dport: null, icmpType: null }
  const last = chain.permitOtherwise ? [{ name: DEFAULT_NAME, permit: true, ...all }] : []
  return [...chain.rules, ...last].flatMap((rule): readonly HostRule[] => {
    const [own, remote] = direction === 'Outbound' ? [rule.src, rule.dst] : [rule.dst, rule.src]
    const local = intersectRanges(own ?? [everyAddress(chain.version)], host)
    if (!rule.permit || local.length === 0 || rule.proto === FOREIGN_ICMP[chain.version]) return []
    const protos = rule.proto === null ? null : [rule.proto]
    return [{ name: rule.name, direction, block: false, local, remote, protos, sub: rule.dport ?? rule.icmpType }]
  })
}

function denied(chain: PlanChain, host: readonly ValueRange[], direction: Direction): readonly HostRule[] {
  const scope = direction === 'Outbound' ? { src: host, dst: null } : { src: null, dst: host }
  const pieces = deniedPieces(chain, scope, [])
  const whole = Map.groupBy(pieces.filter((piece) => piece.sub === null), shapeOf)
  const everywhere = new Set([...whole].filter(([, list]) => list.flatMap((p) => p.protos).length === PROTOCOL_MAX + 1).map(([key]) => key))
  const once = new Set<string>()
  return pieces.flatMap((piece): readonly HostRule[] => {
    const shape = shapeOf(piece)
    const [local, remote] = direction === 'Outbound' ? [piece.src, piece.dst] : [piece.dst, piece.src]
    const base = { name: piece.rule, direction, block: true, local, remote: wholeSpace(remote, chain.version) ? null : remote }
    if (piece.sub === null && everywhere.has(shape)) {
      if (once.has(shape)) return []
      once.add(shape)
      return [{ ...base, protos: null, sub: null }]
    }
    const protos = piece.protos.filter((proto) => proto !== FOREIGN_ICMP[chain.version])
    return protos.length === 0 ? [] : [{ ...base, protos, sub: piece.sub }]
  })
}

function shapeOf({ rule, src, dst }: DeniedPiece): string {
  return `${rule}|${rangesKey(src)}|${rangesKey(dst)}`
}

function wholeSpace(ranges: readonly ValueRange[], version: IpVersion): boolean {
  return rangesKey(ranges) === rangesKey([everyAddress(version)])
}

function ruleLines(rule: HostRule, version: IpVersion): readonly Line[] {
  const addresses = (key: string, ranges: readonly ValueRange[] | null): string =>
    (ranges === null ? '' : ` ${key} @(${ranges.map((range) => `'${addressRangeText(version, range)}'`).join(', ')})`)
  const words = `-DisplayName 'Cordon ${rule.name}' -Direction ${rule.direction} -Action ${rule.block ? 'Block' : 'Allow'}`
    + `${addresses('-LocalAddress', rule.local)}${addresses('-RemoteAddress', rule.remote)}`
  if (rule.protos === null) return [{ words: `${words} -Protocol Any`, loop: null, count: 1 }]
  const [proto = 0] = rule.protos
  if (rule.protos.length > 1) return [{ words, loop: rule.protos, count: rule.protos.length }]
  return [{ words: `${words} -Protocol ${WORDS[proto] ?? proto}${subWords(rule, proto)}`, loop: null, count: 1 }]
}

/** The port that the connection is made to: the other side's when the host opens it, its own when it answers. */
function subWords({ sub, direction }: HostRule, proto: number): string {
  if (sub === null) return ''
  if (proto === 1 || proto === 58) return ` -IcmpType @(${numbersOf(sub).map((type) => `'${type}'`).join(', ')})`
  const ports = sub.map((range) => `'${numberRangeText(range, '-')}'`).join(', ')
  return ` -${direction === 'Outbound' ? 'RemotePort' : 'LocalPort'} @(${ports})`
}

function notes(plan: Plan, versions: readonly IpVersion[]): readonly string[] {
  const missing = ([4, 6] as const).filter((version) => !versions.includes(version))
  return [
    ...missing.map((version) => `No IPv${version} address of the host was given, so IPv${version} is not judged at all by this text.`),
    'Only flows that begin or end at the given addresses are judged; traffic of other interfaces and of addresses got later is not.',
    'Block rules beat every allow rule of the host, but not rules that override blocks for authenticated IPsec peers.',
    'The firewall must be on for the profile in use: Get-NetFirewallProfile. Established connections may live on until they are closed.',
    `When an earlier version is loaded, load its rollback first: group ${plan.object} would be written twice.`,
  ]
}
