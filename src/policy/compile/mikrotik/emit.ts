// MikroTik RouterOS: the policy as a chain of its own in /ip and /ipv6 firewall filter, entered by one jump from forward.
// Keeps "never wider": established flows pass first, related packets only when they are ICMP errors, so no helper opens a port.

import type { IpVersion } from '../../../base/ip.ts'
import { AddressBook, numbersOf, prefixTexts } from '../address-book.ts'
import { DEFAULT_NAME, makePlan, overBudget, unknownOptions, type Plan, type PlanChain, type PlanRule } from '../plan.ts'
import { portLists } from '../port-lists.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: null, canRead: false,
}

/** Protocol words of RouterOS; any other number is written as it is. */
const WORDS: Readonly<Record<IpVersion, Readonly<Record<number, string>>>> = {
  4: { 1: 'icmp', 6: 'tcp', 17: 'udp' },
  6: { 58: 'icmpv6', 6: 'tcp', 17: 'udp' },
}
const MENU: Readonly<Record<IpVersion, string>> = { 4: '/ip firewall', 6: '/ipv6 firewall' }

/** Text for `/import`, and the text that takes it away again. */
export function emitMikrotik(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const plan = planned.value
  const refused = [...unknownOptions(input, []), ...([4, 6] as const).flatMap((version) => problems(plan.chains[version]))]
  if (refused.length > 0) return { ok: false, refused }
  const parts = ([4, 6] as const).map((version) => family(plan, plan.chains[version]))
  const rules = parts.reduce((sum, part) => sum + part.rules, 0)
  const tooMany = overBudget(rules, input, CAPABILITIES)
  if (tooMany !== null) return { ok: false, refused: [tooMany] }
  const text = `${[`# Cordon policy ${plan.title}, sha256 ${plan.hash}`, ...parts.flatMap((part) => part.lines)].join('\n')}\n`
  const rollback = `${[`# Takes away Cordon policy ${plan.title}`, ...([4, 6] as const).flatMap((v) => undo(plan.object, v))].join('\n')}\n`
  return { ok: true, value: { text, rollback, rules, notes: notes(plan) } }
}

function problems(chain: PlanChain): readonly string[] {
  return chain.rules.filter((rule) => rule.dport !== null && rule.proto === 132)
    .map((rule) => `rule ${rule.name}: RouterOS matches ports of TCP and UDP only, not of SCTP`)
}

function family(plan: Plan, chain: PlanChain): { readonly lines: readonly string[]; readonly rules: number } {
  const { object } = plan
  const { version } = chain
  const book = new AddressBook(`${object}-`)
  const icmp = WORDS[version][version === 4 ? 1 : 58] ?? ''
  const filters = [
    `add chain=${object} action=accept connection-state=established comment="${object} established"`,
    `add chain=${object} action=accept connection-state=related protocol=${icmp} comment="${object} errors of established flows"`,
    ...chain.rules.flatMap((rule) => ruleLines(rule, version, object, book)),
    `add chain=${object} action=${chain.permitOtherwise ? 'accept' : 'drop'} comment="${object} ${DEFAULT_NAME}"`,
    `add chain=forward action=jump jump-target=${object} comment="${object} jump"`,
  ]
  const lists = book.lists.flatMap(({ name, ranges }) =>
    prefixTexts(version, ranges).map((prefix) => `add list=${name} address=${prefix} comment="${object}"`))
  const move = `move [find comment="${object} jump"] destination=0`
  const addresses = lists.length === 0 ? [] : [`${MENU[version]} address-list`, ...lists]
  return { lines: [...addresses, `${MENU[version]} filter`, ...filters, move], rules: filters.length }
}

function ruleLines(rule: PlanRule, version: IpVersion, object: string, book: AddressBook): readonly string[] {
  const protocol = rule.proto === null ? '' : ` protocol=${WORDS[version][rule.proto] ?? rule.proto}`
  const src = rule.src === null ? '' : ` src-address-list=${book.listOf(rule.src).name}`
  const dst = rule.dst === null ? '' : ` dst-address-list=${book.listOf(rule.dst).name}`
  const action = rule.permit ? 'accept' : 'drop'
  return subTexts(rule).map((sub) => `add chain=${object} action=${action}${protocol}${src}${dst}${sub} comment="${object} ${rule.name}"`)
}

/** One text per line that is needed: ports in lists of 15 items, ICMP types one by one. */
function subTexts(rule: PlanRule): readonly string[] {
  if (rule.dport !== null) return portLists(rule.dport, '-').map((list) => ` dst-port=${list}`)
  if (rule.icmpType !== null) return numbersOf(rule.icmpType).map((type) => ` icmp-options=${type}:0-255`)
  return ['']
}

function undo(object: string, version: IpVersion): readonly string[] {
  const menu = MENU[version]
  return [
    `${menu} filter remove [find comment="${object} jump"]`,
    `${menu} filter remove [find chain=${object}]`,
    `${menu} address-list remove [find comment="${object}"]`,
  ]
}

function notes(plan: Plan): readonly string[] {
  return [
    'IPv4 and IPv6 are both written; RouterOS needs the ipv6 package enabled for the second part.',
    `Packets that the policy allows leave chain ${plan.object} with accept: later rules of forward do not see them.`,
    'Established flows keep passing, also those that the new policy denies: remove them with /ip firewall connection remove.',
    'Traffic between ports of one bridge is not seen unless use-ip-firewall is on and hardware offload is off; traffic to the router itself'
      + ' is chain input and is not touched.',
    'When an earlier version is loaded, load its rollback first: lines are added, never replaced.',
  ]
}
