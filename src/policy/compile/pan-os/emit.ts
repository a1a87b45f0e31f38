// Compiler to PAN-OS: address objects, services and security rules as `set` commands, and the `delete` commands that undo them.
// Keeps "never wider": only what service objects can say (tcp, udp, sctp, or everything); ICMP would need App-ID and is refused.

import { ipFromValue, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { NameTable, addressName, commentText, isZoneWord, namePrefix, overBudget, type AddressValue } from '../zone-based/naming.ts'
import { planOf, type PlanRule, type PlanService } from '../zone-based/plan.ts'
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
  const refused = [...(plan.ok ? plan.rules.flatMap(unsayable) : plan.refused), ...wrongOptions(input.options)]
  const rules = plan.ok ? plan.rules : []
  const budget = overBudget(input, rules.length, RULE_BUDGET)
  if (budget !== null) refused.push(budget)
  if (refused.length > 0) return { ok: false, refused: [...new Set(refused)] }
  const { vsys } = input.options
  const place: Place = {
    base: vsys === undefined ? '' : `vsys ${vsys} `, from: input.options['from-zone'] ?? 'any', to: input.options['to-zone'] ?? 'any',
  }
  const prefix = namePrefix(input)
  const addresses = new NameTable<AddressValue>(`${prefix}-a`)
  const services = new NameTable<PlanService>(`${prefix}-s`)
  const policies = rules.flatMap((rule, i) => ruleLines(rule, `${prefix}-p${i + 1}`, place, addresses, services, input))
  const objects = [...addresses.entries.map((e) => addressLine(e, place)), ...services.entries.map((e) => serviceLine(e, place))]
  const rollback = [
    ...rules.map((_, i) => `delete ${place.base}rulebase security rules ${prefix}-p${i + 1}`),
    ...services.entries.map((e) => `delete ${place.base}service ${e.name}`),
    ...addresses.entries.map((e) => `delete ${place.base}address ${e.name}`),
  ]
  return {
    ok: true,
    value: { text: [...objects, ...policies, ''].join('\n'), rollback: [...rollback, ''].join('\n'), rules: rules.length, notes: NOTES },
  }
}

function wrongOptions(options: CompileInput['options']): string[] {
  return OPTIONS.flatMap((key) => {
    const value = options[key]
    return value === undefined || isZoneWord(value) ? [] : [`option ${key}: "${value}" is no name`]
  })
}

function unsayable(rule: PlanRule): string[] {
  const protocols = new Set((rule.services ?? []).map((s) => s.proto).filter((p) => !PROTOCOL_WORDS.has(p)))
  if (protocols.size === 0) return []
  const some = [...protocols].slice(0, 5).join(', ')
  return [`rule "${rule.label}": IP protocol ${some}: PAN-OS service objects know tcp, udp and sctp; others need App-ID, which is no header match`]
}

function ruleLines(
  rule: PlanRule, name: string, place: Place, addresses: NameTable<AddressValue>, services: NameTable<PlanService>, input: CompileInput,
): string[] {
  const set = `set ${place.base}rulebase security rules ${name}`
  const side = (ranges: PlanRule['src']): string =>
    listText((ranges ?? [allAddresses(rule.version)]).map((r) => addressName(addresses, rule.version, r)))
  const used = rule.services?.map((s) => services.of(`${s.proto} ${s.dport?.low}-${s.dport?.high}`, s)) ?? ['any']
  return [
    `${set} from ${place.from}`,
    `${set} to ${place.to}`,
    `${set} source ${side(rule.src)}`,
    `${set} destination ${side(rule.dst)}`,
    `${set} source-user any`,
    `${set} category any`,
    `${set} application any`,
    `${set} service ${listText(used)}`,
    `${set} action ${ACTIONS[rule.action]}`,
    `${set} log-end yes`,
    `${set} description "${commentText(`${rule.label} - policy ${input.policyHash}`)}"`,
  ]
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
  'Rules are added at the end of the rulebase: those already there are asked first; order them with "move".',
  'A rule matches the address before destination translation, with the zone after it: policies about translated servers name the outer address.',
  'IPv4 and IPv6 each end in their own last rule, which also stops traffic inside one zone that the default would allow.',
  'IPv6 is only looked at when "IPv6 firewalling" is on for the device; without it IPv6 passes or not regardless of these rules.',
  'Sessions that stand are matched again only when "rematch sessions" is on; else clear them with "clear session all filter ...".',
  'Load in configuration mode with "set cli scripting-mode on", look with "show config diff", then commit.',
]
