// NAC: a downloadable access list for the switch port of one zone's devices. The source is always `any`, which is the endpoint.
// Keeps "never wider": a policy that treats the zone's addresses differently is refused, and so are answers that need a state.

import { ipFromValue, IP_BITS, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { numbersOf } from '../address-book.ts'
import { addressesOption } from '../addresses-option.ts'
import { makePlan, overBudget, unknownOptions, type Plan, type PlanChain, type PlanRule } from '../plan.ts'
import { everyAddress, intersectRanges, rangesToPrefixes, sameRanges, wildcardOf } from '../ranges.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: false, portRanges: true, wildcardMasks: true, logging: false, ruleBudget: 40, canRead: false,
}

const OPTIONS = ['source', 'family', 'returns']
const PURPOSE = 'the addresses or blocks of the one zone behind the port (cordon compile takes zone=NAME for it)'

/** Words of IOS; other protocols are written as numbers. In an IPv6 list `icmp` is ICMPv6. */
const WORDS: Readonly<Record<IpVersion, Readonly<Record<number, string>>>> = {
  4: { 1: 'icmp', 2: 'igmp', 6: 'tcp', 17: 'udp' },
  6: { 58: 'icmp', 6: 'tcp', 17: 'udp' },
}
const ANY_PROTOCOL: Readonly<Record<IpVersion, string>> = { 4: 'ip', 6: 'ipv6' }

/** One list for one IP version (option `family`, 4 when left out). */
export function emitNacDacl(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const version = input.options['family'] === '6' ? 6 : 4
  const chain = planned.value.chains[version]
  const source = addressesOption('source', input.options['source'], PURPOSE, true)
  const own = source.ranges[version]
  const refused = [...optionProblems(input), ...source.problems, ...problems(chain, own, version, input.options['returns'] === 'drop')]
  if (refused.length > 0) return { ok: false, refused: [...new Set(refused)] }
  const rules = needed(chain.rules.filter((rule) => concerns(rule, own)), chain.permitOtherwise)
  const last = `${chain.permitOtherwise ? 'permit' : 'deny'} ${ANY_PROTOCOL[version]} any any`
  const lines = [...rules.flatMap((rule) => ruleLines(rule, version)), last]
  const tooMany = overBudget(lines.length, input, CAPABILITIES)
  if (tooMany !== null) return { ok: false, refused: [tooMany] }
  const { title, hash, object } = planned.value
  const text = `remark Cordon policy ${title}, sha256 ${hash}\n${lines.join('\n')}\n`
  return { ok: true, value: { text, rollback: rollbackOf(object), rules: lines.length, notes: notes(planned.value, version, own) } }
}

function optionProblems(input: CompileInput): readonly string[] {
  const { family = '4', returns = 'refuse' } = input.options
  return [
    ...unknownOptions(input, OPTIONS),
    ...(family === '4' || family === '6' ? [] : ['option family is 4 or 6']),
    ...(returns === 'refuse' || returns === 'drop' ? [] : ['option returns is refuse or drop']),
  ]
}

function concerns(rule: PlanRule, own: readonly ValueRange[]): boolean {
  return rule.src === null || intersectRanges(rule.src, own).length > 0
}

function problems(chain: PlanChain, own: readonly ValueRange[], version: IpVersion, drop: boolean): readonly string[] {
  if (own.length === 0) return [`the zone has no IPv${version} address`]
  const partial = chain.rules.filter((rule) => rule.src !== null && concerns(rule, own) && !sameRanges(intersectRanges(rule.src, own), own))
    .map((rule) => `rule ${rule.name}: it concerns only a part of the source; the list would be wrong for the rest`)
  const sctp = chain.rules.filter((rule) => concerns(rule, own) && rule.proto === 132 && rule.dport !== null)
    .map((rule) => `rule ${rule.name}: ports of SCTP are not in this list's language`)
  const answered = drop ? [] : answeredRules(chain, own).map((name) =>
    `rule ${name}: flows towards the device need its answers, and a list without state cannot tell them; returns=drop blocks such answers`)
  return [...partial, ...sctp, ...answered]
}

/** Conduits on which others open flows to the zone: their answers leave through this list. */
function answeredRules(chain: PlanChain, own: readonly ValueRange[]): readonly string[] {
  const opened = chain.rules.filter((rule) => rule.permit && (rule.dst === null || intersectRanges(rule.dst, own).length > 0))
  return [...new Set(opened.map((rule) => rule.name)), ...(chain.permitOtherwise ? ['default'] : [])]
}

/** Without the rules that say what the end of the list says anyway, as no later rule says otherwise for any of their packets. */
function needed(rules: readonly PlanRule[], permitOtherwise: boolean): readonly PlanRule[] {
  return rules.filter((rule, i) =>
    rule.permit !== permitOtherwise || rules.slice(i + 1).some((later) => later.permit !== rule.permit && overlap(rule, later)))
}

/** Whether some packet of the zone matches both. The source is the same for all. */
function overlap(a: PlanRule, b: PlanRule): boolean {
  const meet = (x: readonly ValueRange[] | null, y: readonly ValueRange[] | null): boolean =>
    x === null || y === null || intersectRanges(x, y).length > 0
  return (a.proto === null || b.proto === null || a.proto === b.proto) && meet(a.dst, b.dst) && meet(a.dport, b.dport)
    && meet(a.icmpType, b.icmpType)
}

function ruleLines(rule: PlanRule, version: IpVersion): readonly string[] {
  const verb = rule.permit ? 'permit' : 'deny'
  const protocol = rule.proto === null ? ANY_PROTOCOL[version] : WORDS[version][rule.proto] ?? String(rule.proto)
  const subs = subTexts(rule)
  return destinations(rule.dst, version).flatMap((dst) => subs.map((sub) => `${verb} ${protocol} any ${dst}${sub}`))
}

function destinations(dst: readonly ValueRange[] | null, version: IpVersion): readonly string[] {
  return rangesToPrefixes(version, dst ?? [everyAddress(version)]).map(({ network, length }) => {
    const address = ipFromValue(version, network)
    if (length === 0) return 'any'
    if (length === IP_BITS[version]) return `host ${address}`
    return version === 6 ? `${address}/${length}` : `${address} ${ipFromValue(4, wildcardOf(4, length))}`
  })
}

function subTexts(rule: PlanRule): readonly string[] {
  if (rule.dport !== null) return rule.dport.map(({ low, high }) => (low === high ? ` eq ${low}` : ` range ${low} ${high}`))
  if (rule.icmpType !== null) return numbersOf(rule.icmpType).map((type) => ` ${type}`)
  return ['']
}

function rollbackOf(object: string): string {
  return `remark Rollback of ${object}: give the authorization profile its earlier list again, then reauthenticate the ports\n`
}

function notes(plan: Plan, version: IpVersion, own: readonly ValueRange[]): readonly string[] {
  const dropped = answeredRules(plan.chains[version], own)
  const other = version === 4 ? 6 : 4
  return [
    `This list is for IPv${version}. IPv${other} of the devices is not judged by it: compile again with family=${other}.`,
    'The list has no state: it judges every packet from the device, whatever source address the device writes.',
    ...(dropped.length === 0 ? []
      : [`Answers of the device on flows that others open are dropped unless a line permits them: ${dropped.join(', ')}.`]),
    ...(version === 6 ? ['The last line also covers neighbour discovery, which needs ICMPv6 permitted.'] : []),
    'Lines that only repeat what the last line says are not written.',
  ]
}
