// Compiler to Junos SRX: address book entries, applications and policies as `set` lines, and the `delete` lines that undo them.
// Keeps "never wider": one policy per set of addresses, services listed and not multiplied, an explicit last policy per family.

import { assert } from '../../../base/assert.ts'
import { ipFromValue, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { unknownOptions } from '../plan.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { NameTable, addressName, commentText, isZoneWord, namePrefix, overBudget, type AddressValue } from '../zone-based/naming.ts'
import { numbersIn, planOf, type PlanRule, type PlanService } from '../zone-based/plan.ts'
import { prefixRange, prefixText, rangePrefixes } from '../zone-based/ranges.ts'

/** Policies an SRX takes per context when nobody says otherwise: small branch models stop at 1,024. */
export const RULE_BUDGET = 1_024

interface Names {
  readonly prefix: string
  readonly addresses: NameTable<AddressValue>
  readonly services: NameTable<PlanService>
}

/** Options: `from-zone` and `to-zone` together for policies of one zone pair; without them global policies are written. */
export function emitJunosSrx(input: CompileInput): EmitResult {
  const plan = planOf(input)
  const context = contextOf(input.options)
  const refused = [
    ...(plan.ok ? plan.rules.flatMap(unsayable) : plan.refused), ...unknownOptions(input, ['from-zone', 'to-zone']),
    ...(typeof context === 'string' ? [context] : []),
  ]
  const rules = plan.ok ? plan.rules : []
  const budget = overBudget(input, rules.length, RULE_BUDGET)
  if (budget !== null) refused.push(budget)
  if (refused.length > 0 || typeof context === 'string') return { ok: false, refused }
  const prefix = namePrefix(input)
  const names: Names = { prefix, addresses: new NameTable(`${prefix}-a`), services: new NameTable(`${prefix}-s`) }
  const policies = rules.flatMap((rule, i) => policyLines(rule, i, context, names, input))
  const objects = [...names.addresses.entries.flatMap((e) => addressLines(e.name, e.value)),
    ...names.services.entries.flatMap(serviceLines)]
  return {
    ok: true,
    value: {
      text: [`# ${commentText(`${input.name} policy ${input.policyHash}`)}`, ...objects, ...policies, ''].join('\n'),
      rollback: [...rollbackLines(rules, context, names), ''].join('\n'),
      rules: rules.length,
      notes: notesFor(context),
    },
  }
}

interface Context {
  readonly path: string
  readonly pair: boolean
}

function contextOf(options: CompileInput['options']): Context | string {
  const from = options['from-zone']
  const to = options['to-zone']
  if (from === undefined && to === undefined) return { path: 'security policies global', pair: false }
  if (from === undefined || to === undefined) return 'options from-zone and to-zone are given together or not at all'
  if (!isZoneWord(from) || !isZoneWord(to)) return `"${isZoneWord(from) ? to : from}" is no zone name`
  return { path: `security policies from-zone ${from} to-zone ${to}`, pair: true }
}

/** Protocol 0 in an application is read by Junos as none at all. */
function unsayable(rule: PlanRule): string[] {
  return rule.services?.some((s) => s.proto === 0) === true
    ? [`rule "${rule.label}": IP protocol 0 cannot be named in a Junos application`] : []
}

function policyLines(rule: PlanRule, index: number, context: Context, names: Names, input: CompileInput): string[] {
  const policy = `set ${context.path} policy ${names.prefix}-p${index + 1}`
  const side = (ranges: PlanRule['src']): string[] =>
    ranges === null ? [`any-ipv${rule.version}`] : ranges.flatMap((r) => addressNames(names, rule.version, r))
  const applications = rule.services === null ? ['any'] : rule.services.flatMap((s) => serviceNames(names, s))
  return [
    `${policy} description "${commentText(`${rule.label} - policy ${input.policyHash}`)}"`,
    `${policy} match source-address ${listText(side(rule.src))}`,
    `${policy} match destination-address ${listText(side(rule.dst))}`,
    `${policy} match application ${listText(applications)}`,
    `${policy} then ${rule.action}`,
  ]
}

function listText(items: readonly string[]): string {
  return items.length === 1 ? items[0] ?? '' : `[ ${items.join(' ')} ]`
}

/** `range-address` exists for IPv4; an IPv6 range is written as its blocks. */
function addressNames(names: Names, version: IpVersion, range: ValueRange): string[] {
  if (version === 4 || prefixText(version, range) !== null) return [addressName(names.addresses, version, range)]
  return rangePrefixes(version, range).map((prefix) => addressName(names.addresses, version, blockOf(prefix)))
}

function blockOf(prefix: string): ValueRange {
  const found = prefixRange(prefix)
  assert(found !== null, 'a block that was just written is a block')
  return found.range
}

function addressLines(name: string, { version, range }: AddressValue): string[] {
  const prefix = prefixText(version, range)
  const value = prefix ?? `range-address ${ipFromValue(version, range.low)} to ${ipFromValue(version, range.high)}`
  return [`set security address-book global address ${name} ${value}`]
}

/** One application per port range; ICMP types one by one, since Junos knows no range of them. */
function serviceNames(names: Names, service: PlanService): string[] {
  const types = service.icmpType === null ? [null] : numbersIn(service.icmpType)
  return types.map((type) => {
    const one = { ...service, icmpType: type === null ? null : { low: BigInt(type), high: BigInt(type) } }
    return names.services.of(`${one.proto} ${one.dport?.low}-${one.dport?.high} ${type}`, one)
  })
}

function serviceLines({ name, value }: { readonly name: string; readonly value: PlanService }): string[] {
  const application = `set applications application ${name}`
  const ports = value.dport ? [`${application} destination-port ${portText(value.dport)}`] : []
  const word = value.proto === ICMP6 ? 'icmp6-type' : 'icmp-type'
  const type = value.icmpType ? [`${application} ${word} ${value.icmpType.low}`] : []
  return [`${application} protocol ${PROTOCOL_WORDS.get(value.proto) ?? value.proto}`, ...ports, ...type]
}

const ICMP6 = 58
const PROTOCOL_WORDS: ReadonlyMap<number, string> = new Map([[1, 'icmp'], [6, 'tcp'], [17, 'udp'], [ICMP6, 'icmp6']])

function portText(range: ValueRange): string {
  return range.low === range.high ? String(range.low) : `${range.low}-${range.high}`
}

/** Policies first: a box refuses to commit while they name an object that is gone. */
function rollbackLines(rules: readonly PlanRule[], context: Context, names: Names): string[] {
  return [
    ...rules.map((_, i) => `delete ${context.path} policy ${names.prefix}-p${i + 1}`),
    ...names.services.entries.map((e) => `delete applications application ${e.name}`),
    ...names.addresses.entries.map((e) => `delete security address-book global address ${e.name}`),
  ]
}

function notesFor(context: Context): string[] {
  const reach = context.pair
    ? 'Policies are added at the end of their zone pair: those already there are asked first; order them with "insert".'
    : 'Global policies are asked after those of the zone pair: a pair policy that permits is not taken back by these.'
  return [
    reach,
    'IPv4 and IPv6 each end in their own last policy; nothing after it is reached.',
    'Sessions that stand stay until they end unless "policy-rematch" is set or they are cleared with "clear security flow session".',
    'Zones with an address book of their own inside the zone cannot stand beside the global address book on older Junos releases.',
    'Load with "load set terminal", look with "show | compare", then "commit confirmed 10".',
  ]
}
