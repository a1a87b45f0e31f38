// pf (OpenBSD, FreeBSD, OPNsense, pfSense): the policy as quick rules and tables of one anchor.
// Keeps "never wider": every pass rule is for one address family and makes state; packets that pf refuses by itself are said, not written.

import type { IpVersion } from '../../../base/ip.ts'
import { AddressBook, numberRangeText, numbersOf, prefixTexts } from '../address-book.ts'
import { DEFAULT_NAME, makePlan, overBudget, unknownOptions, type Plan, type PlanChain, type PlanRule } from '../plan.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: null, canRead: false,
}

const OPTIONS = ['interface']

/** pf's PF_TABLE_NAME_SIZE is 32 with the ending zero; `_v4_` and a number of four digits are added. */
const TABLE_PREFIX_CHARS_MAX = 23
/** PF_RULE_LABEL_SIZE is 64 with the ending zero. */
const LABEL_CHARS_MAX = 63

const FAMILY: Readonly<Record<IpVersion, string>> = { 4: 'inet', 6: 'inet6' }
const WORDS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6' }
/** ICMP of the other family: pfctl refuses the line, and the kernel drops the packet before any rule. */
const FOREIGN_ICMP: Readonly<Record<IpVersion, number>> = { 4: 58, 6: 1 }

/** Text for `pfctl -a cordon/<name> -f`, and the commands that flush the anchor. */
export function emitPf(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const plan = planned.value
  const refused = [
    ...unknownOptions(input, OPTIONS), ...interfaceProblem(input), ...problems(plan.chains[4]), ...problems(plan.chains[6]),
  ]
  if (refused.length > 0) return { ok: false, refused }
  const on = input.options['interface'] === undefined ? '' : ` on ${input.options['interface']}`
  const parts = ([4, 6] as const).map((version) => family(plan, plan.chains[version], on))
  const filters = parts.flatMap((part) => part.filters)
  const count = filters.length
  const tooMany = overBudget(count, input, CAPABILITIES)
  if (tooMany !== null) return { ok: false, refused: [tooMany] }
  const head = `# Cordon policy ${plan.title}, sha256 ${plan.hash}\n# Anchor cordon/${plan.object}: pfctl -a cordon/${plan.object} -f FILE`
  const text = `${[head, ...parts.flatMap((part) => part.tables), ...filters].join('\n')}\n`
  const undo = ['rules', 'Tables'].map((what) => `pfctl -a cordon/${plan.object} -F ${what}`)
  const rollback = `${[`# Takes away Cordon policy ${plan.title}`, ...undo].join('\n')}\n`
  return { ok: true, value: { text, rollback, rules: count, notes: notes(plan) } }
}

function interfaceProblem(input: CompileInput): readonly string[] {
  const name = input.options['interface']
  return name === undefined || /^[A-Za-z][\w.]{0,14}$/.test(name) ? [] : ['option interface is no interface name or group']
}

function problems(chain: PlanChain): readonly string[] {
  return chain.rules.flatMap((rule) => {
    if (rule.proto === 0) return [`rule ${rule.name}: protocol 0 cannot be told from any protocol in pf`]
    if (rule.proto === 132 && rule.dport !== null) return [`rule ${rule.name}: not every pf matches ports of SCTP`]
    return []
  })
}

interface Family {
  readonly tables: readonly string[]
  readonly filters: readonly string[]
}

function family(plan: Plan, chain: PlanChain, on: string): Family {
  const { version } = chain
  const book = new AddressBook(`${plan.object.replaceAll('-', '_').slice(0, TABLE_PREFIX_CHARS_MAX)}_v${version}_`)
  const own = chain.rules.filter((rule) => rule.proto !== FOREIGN_ICMP[version])
  const all = { src: null, dst: null, proto: null, dport: null, icmpType: null }
  const last: PlanRule = { name: DEFAULT_NAME, permit: chain.permitOtherwise, ...all }
  const filters = [...own, last].map((rule) => ruleLine(rule, version, on, plan.object, book))
  const tables = book.lists.flatMap(({ name, ranges }) =>
    [`table <${name}> const {`, ...prefixTexts(version, ranges).map((prefix) => `  ${prefix}`), '}'])
  return { tables, filters }
}

function ruleLine(rule: PlanRule, version: IpVersion, on: string, object: string, book: AddressBook): string {
  const address = (ranges: PlanRule['src']): string => (ranges === null ? 'any' : `<${book.listOf(ranges).name}>`)
  const proto = rule.proto === null ? '' : ` proto ${WORDS[rule.proto] ?? rule.proto}`
  const ports = rule.dport === null ? '' : ` port { ${rule.dport.map((range) => numberRangeText(range, ':')).join(', ')} }`
  const types = rule.icmpType === null ? '' : ` ${version === 4 ? 'icmp-type' : 'icmp6-type'} { ${numbersOf(rule.icmpType).join(', ')} }`
  const label = `${object} ${rule.name}`.slice(0, LABEL_CHARS_MAX)
  const verb = rule.permit ? 'pass in quick' : 'block drop in quick'
  const flags = rule.permit && rule.proto === 6 ? ' flags S/SA' : ''
  const state = rule.permit ? ' keep state' : ''
  const ends = `from ${address(rule.src)} to ${address(rule.dst)}${ports}`
  return `${verb}${on} ${FAMILY[version]}${proto} ${ends}${types}${flags}${state} label "${label}"`
}

function notes(plan: Plan): readonly string[] {
  return [
    'IPv4 and IPv6 are both written, as inet and inet6 rules.',
    'The main ruleset needs the line: anchor "cordon/*" in front of its own quick rules, else nothing of this is asked.'
      + ` Name: cordon/${plan.object}.`,
    'Rules are for direction in, before source translation: they also judge what is sent to the firewall itself, and not what it sends.',
    'Flows with a state keep passing, also those that the new policy denies: pfctl -k SOURCE -k DESTINATION removes them.',
    'pf drops ICMPv6 inside IPv4 and ICMP inside IPv6 by itself, whatever the policy says of them.',
  ]
}
