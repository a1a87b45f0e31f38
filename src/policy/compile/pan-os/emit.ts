// Compiler to PAN-OS: address objects, services and security rules as `set` commands, and the `delete` commands that undo them.
// Keeps "never wider": ports are service objects; ICMP and other protocols are custom applications told by the header alone.

import { ipFromValue, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { unknownOptions } from '../plan.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { NameTable, addressName, commentText, isZoneWord, namePrefix, overBudget, type AddressValue } from '../zone-based/naming.ts'
import { numbersIn, planOf, type PlanRule, type PlanService } from '../zone-based/plan.ts'
import { ALL_PORTS, allAddresses, prefixText } from '../zone-based/ranges.ts'

/** Rules when nobody says otherwise: what the smallest current boxes take. */
export const RULE_BUDGET = 500

const PROTOCOL_WORDS: ReadonlyMap<number, string> = new Map([[6, 'tcp'], [17, 'udp'], [132, 'sctp']])
const ACTIONS: Readonly<Record<PlanRule['action'], string>> = { permit: 'allow', deny: 'deny', reject: 'reset-both' }
const OPTIONS = ['vsys', 'from-zone', 'to-zone']

interface Place {
  /** `rulebase security rules`, with the system before it when one is named. */
  readonly base: string
  readonly from: string
  readonly to: string
}

/** Options: `vsys` for a named virtual system, `from-zone` and `to-zone` (default `any`). */
export function emitPanOs(input: CompileInput): EmitResult {
  const plan = planOf(input)
  const rules = plan.ok ? plan.rules.flatMap(split) : []
  const refused = [...(plan.ok ? unsayable(plan.rules) : plan.refused), ...unknownOptions(input, OPTIONS), ...wrongOptions(input.options)]
  const budget = overBudget(input, rules.length, RULE_BUDGET)
  if (budget !== null) refused.push(budget)
  if (refused.length > 0) return { ok: false, refused }
  const { vsys } = input.options
  const place: Place = {
    base: vsys === undefined ? '' : `vsys ${vsys} `, from: input.options['from-zone'] ?? 'any', to: input.options['to-zone'] ?? 'any',
  }
  const prefix = namePrefix(input)
  const emission: Emission = {
    place, input, addresses: new NameTable(`${prefix}-a`), services: new NameTable(`${prefix}-s`),
    applications: new NameTable(`${prefix}-x`),
  }
  const policies = rules.flatMap((rule, i) => ruleLines(rule, `${prefix}-p${i + 1}`, emission))
  const text = [...objectLines(emission), ...policies, ''].join('\n')
  return { ok: true, value: { text, rollback: rollbackText(emission, prefix, rules.length), rules: rules.length, notes: NOTES } }
}

function objectLines({ place, addresses, services, applications }: Emission): string[] {
  return [
    ...addresses.entries.map((e) => addressLine(e, place)),
    ...services.entries.map((e) => serviceLine(e, place)),
    ...applications.entries.flatMap((e) => applicationLines(e, place)),
  ]
}

/** Rules first: a commit is refused while they name an object that is gone. */
function rollbackText({ place, addresses, services, applications }: Emission, prefix: string, count: number): string {
  return [
    ...Array.from({ length: count }, (_, i) => `delete ${place.base}rulebase security rules ${prefix}-p${i + 1}`),
    ...applications.entries.map((e) => `delete ${place.base}application ${e.name}`),
    ...services.entries.map((e) => `delete ${place.base}service ${e.name}`),
    ...addresses.entries.map((e) => `delete ${place.base}address ${e.name}`),
    '',
  ].join('\n')
}

function wrongOptions(options: CompileInput['options']): string[] {
  return OPTIONS.flatMap((key) => {
    const value = options[key]
    return value === undefined || isZoneWord(value) ? [] : [`option ${key}: "${value}" is no name`]
  })
}

/** A packet is one application only: ICMP as a whole and by type would be two that claim the same packet. */
function unsayable(rules: readonly PlanRule[]): string[] {
  const services = rules.flatMap((r) => r.services ?? [])
  const zero = services.some((s) => s.proto === 0) ? ['IP protocol 0 is left out by App-ID'] : []
  const torn = [1, 58].filter((proto) => {
    const own = services.filter((s) => s.proto === proto)
    return own.some((s) => s.icmpType === null) && own.some((s) => s.icmpType !== null)
  })
  return [...zero, ...torn.map((p) => `IP protocol ${p} as a whole and by ICMP type: PAN-OS tells a packet as one application only`)]
}

interface Emission {
  readonly place: Place
  readonly input: CompileInput
  readonly addresses: NameTable<AddressValue>
  readonly services: NameTable<PlanService>
  readonly applications: NameTable<PlanService>
}

/** Ports and applications do not go into one rule: both would have to hold. Split, the rules keep their place and action. */
function split(rule: PlanRule): PlanRule[] {
  if (rule.services === null) return [rule]
  const ported = rule.services.filter((s) => PROTOCOL_WORDS.has(s.proto))
  const others = rule.services.filter((s) => !PROTOCOL_WORDS.has(s.proto))
  return [ported, others].filter((services) => services.length > 0).map((services) => ({ ...rule, services }))
}

function ruleLines(rule: PlanRule, name: string, emission: Emission): string[] {
  const { place, addresses, services, input } = emission
  const set = `set ${place.base}rulebase security rules ${name}`
  const side = (ranges: PlanRule['src']): string =>
    listText((ranges ?? [allAddresses(rule.version)]).map((r) => addressName(addresses, rule.version, r)))
  const byPort = rule.services?.every((s) => PROTOCOL_WORDS.has(s.proto)) === true
  const used = byPort ? rule.services?.map((s) => services.of(`${s.proto} ${s.dport?.low}-${s.dport?.high}`, s)) : undefined
  const apps = byPort ? undefined : rule.services?.flatMap((s) => applicationNames(s, emission))
  return [
    `${set} from ${place.from}`,
    `${set} to ${place.to}`,
    `${set} source ${side(rule.src)}`,
    `${set} destination ${side(rule.dst)}`,
    `${set} source-user any`,
    `${set} category any`,
    `${set} application ${listText(apps ?? ['any'])}`,
    `${set} service ${listText(used ?? ['any'])}`,
    `${set} action ${ACTIONS[rule.action]}`,
    `${set} log-end yes`,
    `${set} description "${commentText(`${rule.label} - policy ${input.policyHash}`)}"`,
  ]
}

/** ICMP types one by one: an application names one type. */
function applicationNames(service: PlanService, { applications }: Emission): string[] {
  const types = service.icmpType === null ? [null] : numbersIn(service.icmpType)
  return types.map((type) => {
    const one = { ...service, icmpType: type === null ? null : { low: BigInt(type), high: BigInt(type) } }
    return applications.of(`${one.proto} ${type}`, one)
  })
}

function applicationLines({ name, value }: Named<PlanService>, place: Place): string[] {
  const set = `set ${place.base}application ${name}`
  const word = value.proto === 1 ? 'ident-by-icmp-type' : 'ident-by-icmp6-type'
  const how = value.icmpType ? `${word} type ${value.icmpType.low}` : `ident-by-ip-protocol ${value.proto}`
  return [`${set} category networking`, `${set} subcategory ip-protocol`, `${set} technology network-protocol`, `${set} risk 1`,
    `${set} default ${how}`]
}

function listText(items: readonly string[]): string {
  return items.length === 1 ? items[0] ?? '' : `[ ${items.join(' ')} ]`
}

interface Named<T> {
  readonly name: string
  readonly value: T
}

/** Every family's "any" is an object too: the word `any` would be both. */
function addressLine({ name, value }: Named<AddressValue>, place: Place): string {
  return `set ${place.base}address ${name} ${addressText(value.version, value.range)}`
}

function addressText(version: IpVersion, range: ValueRange): string {
  const prefix = prefixText(version, range)
  return prefix === null ? `ip-range ${ipFromValue(version, range.low)}-${ipFromValue(version, range.high)}` : `ip-netmask ${prefix}`
}

function serviceLine({ name, value }: Named<PlanService>, place: Place): string {
  const { low, high } = value.dport ?? ALL_PORTS
  return `set ${place.base}service ${name} protocol ${PROTOCOL_WORDS.get(value.proto)} port ${low === high ? low : `${low}-${high}`}`
}

const NOTES = [
  'ICMP and protocols without ports are custom applications told by the header: no other of the box may claim the same packets.',
  'Rules are added at the end of the rulebase: those already there are asked first; order them with "move".',
  'A rule matches the address before destination translation, with the zone after it: servers behind NAT go by their outer address.',
  'IPv4 and IPv6 each end in their own last rule, which also stops traffic inside one zone that the default would allow.',
  'IPv6 is only looked at when "IPv6 firewalling" is on for the device; without it IPv6 passes or not regardless of these rules.',
  'Sessions that stand are matched again only when "rematch sessions" is on; else clear them with "clear session all filter ...".',
  'Load in configuration mode with "set cli scripting-mode on", look with "show config diff", then commit.',
]
