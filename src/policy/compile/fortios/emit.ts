// Compiler to FortiOS: addresses of both families, services and policies as `config` blocks, and the blocks that undo them.
// Keeps "never wider": services say exactly one protocol each, and every family ends in its own last policy.

import { ipFromValue, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { unknownOptions } from '../plan.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { NameTable, addressName, commentText, isZoneWord, namePrefix, overBudget, type AddressValue } from '../zone-based/naming.ts'
import { numbersIn, planOf, type PlanRule, type PlanService } from '../zone-based/plan.ts'
import { prefixText } from '../zone-based/ranges.ts'

/** Policies when nobody says otherwise: what the smallest current boxes take per virtual domain. */
export const RULE_BUDGET = 2_000
/** First policy id; ids are names here, and high ones are seldom taken. FortiOS ends at 4,294,967,294. */
const FIRST_ID = 90_001
const ID_LAST = 4_294_967_294
/** Options that are names. */
const NAMES = ['srcintf', 'dstintf', 'vdom']

interface Emission {
  readonly input: CompileInput
  readonly prefix: string
  readonly firstId: number
  readonly from: string
  readonly to: string
  readonly addresses: NameTable<AddressValue>
  readonly services: NameTable<PlanService>
}

/** Options: `srcintf` and `dstintf` (interface or zone, default `any`), `first-id`, `vdom` for boxes with virtual domains. */
export function emitFortiOs(input: CompileInput): EmitResult {
  const plan = planOf(input)
  const rules = plan.ok ? plan.rules : []
  const firstId = Number(input.options['first-id'] ?? FIRST_ID)
  const refused = [
    ...(plan.ok ? plan.rules.flatMap(unsayable) : plan.refused), ...unknownOptions(input, ['first-id', ...NAMES]),
    ...wrongOptions(input.options, firstId + rules.length - 1),
  ]
  const budget = overBudget(input, rules.length, RULE_BUDGET)
  if (budget !== null) refused.push(budget)
  if (refused.length > 0) return { ok: false, refused }
  const prefix = namePrefix(input)
  const emission: Emission = {
    input, prefix, firstId, from: input.options.srcintf ?? 'any', to: input.options.dstintf ?? 'any',
    addresses: new NameTable(`${prefix}-a`), services: new NameTable(`${prefix}-s`),
  }
  const policies = block('firewall policy', rules.flatMap((rule, i) => policyLines(rule, i, emission)))
  const text = inDomain(input.options.vdom, [...objectBlocks(emission), ...policies])
  const rollback = inDomain(input.options.vdom, rollbackBlocks(rules.length, emission))
  return { ok: true, value: { text, rollback, rules: rules.length, notes: notesFor(emission, rules.length) } }
}

function wrongOptions(options: CompileInput['options'], lastId: number): string[] {
  const words = NAMES.flatMap((key) => {
    const value = options[key]
    return value === undefined || isZoneWord(value) ? [] : [`option ${key}: "${value}" is no name`]
  })
  const id = options['first-id']
  const wrongId = id !== undefined && (!/^[1-9]\d{0,9}$/.test(id) || lastId > ID_LAST)
  return wrongId ? [...words, `option first-id: "${id}" leaves no room for policy ids`] : words
}

/** Protocol number 0 means "any" in a FortiOS service. */
function unsayable(rule: PlanRule): string[] {
  return rule.services?.some((s) => s.proto === 0) === true
    ? [`rule "${rule.label}": IP protocol 0 means any protocol in a FortiOS service`] : []
}

function block(path: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`config ${path}`, ...lines, 'end']
}

function inDomain(vdom: string | undefined, lines: readonly string[]): string {
  return [...(vdom === undefined ? [] : ['config vdom', `edit ${vdom}`]), ...lines, ...(vdom === undefined ? [] : ['end']), ''].join('\n')
}

function policyLines(rule: PlanRule, index: number, emission: Emission): string[] {
  const suffix = rule.version === 4 ? '' : '6'
  const side = (ranges: PlanRule['src']): string =>
    (ranges?.map((r) => addressName(emission.addresses, rule.version, r)) ?? ['all']).map(quoted).join(' ')
  const used = rule.services?.flatMap((s) => serviceNames(emission, s)) ?? [anyService(emission)]
  return [
    `    edit ${emission.firstId + index}`,
    `        set name "${emission.prefix}-p${index + 1}"`,
    `        set srcintf "${emission.from}"`,
    `        set dstintf "${emission.to}"`,
    `        set srcaddr${suffix} ${side(rule.src)}`,
    `        set dstaddr${suffix} ${side(rule.dst)}`,
    `        set action ${rule.action === 'permit' ? 'accept' : 'deny'}`,
    ...(rule.action === 'reject' ? ['        set send-deny-packet enable'] : []),
    '        set schedule "always"',
    `        set service ${used.map(quoted).join(' ')}`,
    '        set logtraffic all',
    `        set comments "${commentText(`${rule.label} - policy ${emission.input.policyHash}`)}"`,
    '    next',
  ]
}

function quoted(text: string): string {
  return `"${text}"`
}

/** The factory service ALL may have been changed on the box, so "any protocol" is a service of our own. */
const ANY_PROTOCOL: PlanService = { proto: 0, dport: null, icmpType: null }

function anyService(emission: Emission): string {
  return emission.services.of('any', ANY_PROTOCOL)
}

/** ICMP types one by one: a service holds one type. */
function serviceNames(emission: Emission, service: PlanService): string[] {
  const types = service.icmpType === null ? [null] : numbersIn(service.icmpType)
  return types.map((type) => {
    const one = { ...service, icmpType: type === null ? null : { low: BigInt(type), high: BigInt(type) } }
    return emission.services.of(`${one.proto} ${one.dport?.low}-${one.dport?.high} ${type}`, one)
  })
}

function objectBlocks({ addresses, services }: Emission): string[] {
  const of = (version: IpVersion): string[] => addresses.entries.filter((e) => e.value.version === version)
    .flatMap((e) => [`    edit "${e.name}"`, ...addressLines(version, e.value.range), '    next'])
  const custom = services.entries.flatMap((e) => [`    edit "${e.name}"`, ...serviceLines(e.value), '    next'])
  return [...block('firewall address', of(4)), ...block('firewall address6', of(6)), ...block('firewall service custom', custom)]
}

function addressLines(version: IpVersion, range: ValueRange): string[] {
  const prefix = prefixText(version, range)
  if (prefix !== null && version === 6) return [`        set ip6 ${prefix}`]
  if (prefix !== null) return [`        set subnet ${ipFromValue(4, range.low)} ${ipFromValue(4, 0xffffffffn - (range.high - range.low))}`]
  return ['        set type iprange', `        set start-ip ${ipFromValue(version, range.low)}`,
    `        set end-ip ${ipFromValue(version, range.high)}`]
}

const PORT_WORDS: ReadonlyMap<number, string> = new Map([[6, 'tcp'], [17, 'udp'], [132, 'sctp']])
const ICMP_WORDS: ReadonlyMap<number, string> = new Map([[1, 'ICMP'], [58, 'ICMP6']])

function serviceLines(service: PlanService): string[] {
  const port = PORT_WORDS.get(service.proto)
  const icmp = ICMP_WORDS.get(service.proto)
  if (icmp !== undefined) return [`        set protocol ${icmp}`,
    ...(service.icmpType ? [`        set icmptype ${service.icmpType.low}`] : [])]
  if (port === undefined) return ['        set protocol IP',
    ...(service.proto === 0 ? [] : [`        set protocol-number ${service.proto}`])]
  const { low, high } = service.dport ?? { low: 0n, high: 65_535n }
  return ['        set protocol TCP/UDP/SCTP', `        set ${port}-portrange ${low === high ? low : `${low}-${high}`}`]
}

/** Policies first: the box refuses to delete an object that one still names. */
function rollbackBlocks(count: number, { firstId, addresses, services }: Emission): string[] {
  const of = (version: IpVersion): string[] => addresses.entries.filter((e) => e.value.version === version)
    .map((e) => `    delete "${e.name}"`)
  return [
    ...block('firewall policy', Array.from({ length: count }, (_, i) => `    delete ${firstId + i}`)),
    ...block('firewall service custom', services.entries.map((e) => `    delete "${e.name}"`)),
    ...block('firewall address6', of(6)),
    ...block('firewall address', of(4)),
  ]
}

function notesFor({ firstId, from, to }: Emission, count: number): string[] {
  const everywhere = from === 'any' && to === 'any'
  const zones = everywhere ? 'The last policies hold between all interfaces.' : `The policies hold from ${from} to ${to} alone.`
  return [
    `Policies take the ids ${firstId} to ${firstId + count - 1}: look that none exists (option first-id), else it would be changed.`,
    'Policies are added at the end: those already there are asked first; order them with "move".',
    zones,
    'Traffic between interfaces of one zone passes without a policy where the zone says "intrazone allow".',
    'A policy of destination "all" does not match traffic to a virtual IP unless "match-vip" is set.',
    'IPv6 stands in the same policies by srcaddr6 and dstaddr6 (FortiOS 6.4 and later); each family ends in its own last policy.',
    'Sessions that stand are checked again when policies change, unless "firewall-session-dirty" says otherwise.',
  ]
}
