// Writes the policy as IOS access lists for one interface: who may open what, and a way back that is never wider than that.
// Keeps "stateless is said": IOS lists know no connections, so the way back is chosen by option and refused where it cannot be exact.

import type { IpVersion } from '../../../base/ip.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { listName, oneLine, plainRules, portText, protocolText, refusedOptions, sideText } from '../text/cisco-emit.ts'
import type { PlainEntry, PlainRule } from '../text/cisco-emit.ts'

/** Security entries that the smaller Catalyst access switches hold in hardware are some 1,500 to 2,000; routers take more. */
export const RULE_BUDGET = 2_000

/** `reflexive`: temporary entries per connection; `established`: ACK or RST, TCP only; `none`: another box sees to it. */
export const RETURNS = ['reflexive', 'established', 'none'] as const
export type Returns = (typeof RETURNS)[number]

const OPTIONS = ['interface', 'returns', 'neighbour-discovery', 'previous-in', 'previous-out', 'previous-in6', 'previous-out6']

/** What all lists of one output share. */
interface Plan {
  readonly input: CompileInput
  readonly base: string
  readonly returns: Returns
  readonly rules: Readonly<Record<IpVersion, readonly PlainRule[]>>
}

/** One list of the output. */
interface List {
  readonly name: string
  readonly version: IpVersion
  readonly direction: 'in' | 'out'
  readonly lines: readonly string[]
}

/** Both families, always: a list for IPv4 alone would say nothing about IPv6. Options: README.md. */
export function emitIos(input: CompileInput): EmitResult {
  const returns = RETURNS.find((word) => word === (input.options.returns ?? 'reflexive'))
  const wrong = [...refusedOptions(input.options, OPTIONS),
    ...(returns === undefined ? [`option returns is one of ${RETURNS.join(', ')}`] : [])]
  if (returns === undefined || wrong.length > 0) return { ok: false, refused: wrong }
  const budget = input.ruleBudget ?? RULE_BUDGET
  const four = plainRules(input.chains[4], 4, budget)
  const six = plainRules(input.chains[6], 6, budget)
  if (!four.ok || !six.ok) return { ok: false, refused: [...(four.ok ? [] : four.refused), ...(six.ok ? [] : six.refused)] }
  const plan: Plan = { input, base: listName(input.name, input.policyHash), returns, rules: { 4: four.rules, 6: six.rules } }
  const refused = [...refusedReturns(plan), ...refusedNeighbours(plan)]
  if (refused.length > 0) return { ok: false, refused }
  const lists = ([4, 6] as const).flatMap((version) => listsOf(plan, version))
  const count = lists.flatMap((list) => list.lines).filter((line) => !line.startsWith(' remark')).length
  if (count > budget) return { ok: false, refused: [`${count} entries are needed with the way back, and ${budget} are allowed`] }
  return { ok: true, value: { text: textOf(plan, lists), rollback: rollbackOf(plan, lists), rules: count, notes: notesOf(plan) } }
}

/** With `established` a way back exists for TCP only; anything else would let its sender open what it likes. */
function refusedReturns({ input, returns, rules }: Plan): readonly string[] {
  if (returns !== 'established') return []
  const help = 'has no exact way back with returns=established, which is TCP only; use returns=reflexive or none'
  return ([4, 6] as const).flatMap((version) => {
    const other = rules[version].filter(({ entries }) => entries.some((entry) => entry.permit && entry.proto !== 6))
    const open = input.chains[version].policy === 'permit' ? [`the default of IPv${version} is allow, which ${help}`] : []
    return [...other.map(({ rule }) => `rule "${oneLine(rule.text)}" in IPv${version} ${help}`), ...open]
  })
}

/** Without neighbour discovery no IPv6 passes an interface; letting it pass is more than the policy says, so it must be asked for. */
function refusedNeighbours({ input, rules }: Plan): readonly string[] {
  if (input.options['neighbour-discovery'] === 'permit') return []
  if (input.options['neighbour-discovery'] !== undefined) return ['option neighbour-discovery is permit, or is not given']
  const opens = input.chains[6].policy === 'permit' || rules[6].some(({ entries }) => entries.some((entry) => entry.permit))
  return opens ? ['IPv6 is allowed somewhere, and cannot work without neighbour discovery: add the option neighbour-discovery=permit'] : []
}

function listsOf(plan: Plan, version: IpVersion): readonly List[] {
  const suffix = version === 4 ? '' : '6'
  const name = (end: string): string => `${plan.base}-${end}${suffix}`
  const list = (direction: 'in' | 'out', lines: readonly string[], reflect: string | null = null): List => ({
    name: name(direction.toUpperCase()), version, direction,
    lines: [...neighbourLines(plan, version), ...lines, finalLine(plan, version, reflect)],
  })
  if (plan.returns === 'none') return [list('in', ruleLines(plan, version, null))]
  if (plan.returns === 'established') return [list('in', ruleLines(plan, version, null)), list('out', mirrorLines(plan, version))]
  const twin = (direction: 'in' | 'out', evaluate: string, reflect: string): List =>
    list(direction, [` evaluate ${evaluate}`, ...ruleLines(plan, version, reflect)], reflect)
  return [twin('in', name('BACK'), name('FWD')), twin('out', name('FWD'), name('BACK'))]
}

function neighbourLines({ input }: Plan, version: IpVersion): readonly string[] {
  const asked = version === 6 && input.options['neighbour-discovery'] === 'permit'
  return asked ? [' remark neighbour discovery, asked for by option', ' permit icmp any any nd-ns', ' permit icmp any any nd-na'] : []
}

/** The default, written out: the implicit end of an IPv6 list would let neighbour discovery pass. */
function finalLine({ input }: Plan, version: IpVersion, reflect: string | null): string {
  const permit = input.chains[version].policy === 'permit'
  return ` ${permit ? 'permit' : 'deny'} ${version === 4 ? 'ip' : 'ipv6'} any any${permit && reflect !== null ? ` reflect ${reflect}` : ''}`
}

/** Protocols that reflexive lists follow (IOS security guide, "IP session filtering"); null is all of IP. */
const REFLECTABLE: ReadonlySet<number | null> = new Set([null, 1, 4, 6, 17, 47, 58, 94])

function ruleLines(plan: Plan, version: IpVersion, reflect: string | null): readonly string[] {
  return plan.rules[version].flatMap(({ rule, entries }) => [
    ...(entries.length > 0 ? [` remark ${oneLine(rule.text)}`] : []),
    ...entries.map((entry) => ` ${entryText(entry, version)}${reflectText(entry, reflect)}`),
  ])
}

function reflectText(entry: PlainEntry, reflect: string | null): string {
  return reflect !== null && entry.permit && REFLECTABLE.has(entry.proto) ? ` reflect ${reflect}` : ''
}

function entryText(entry: PlainEntry, version: IpVersion): string {
  const proto = protocolText(entry.proto, version, version === 4 ? 'ip' : 'ipv6', 'icmp')
  const src = sideText(entry.src, version, 'any', 'wildcard')
  const dst = sideText(entry.dst, version, 'any', 'wildcard')
  const type = entry.icmpType === null ? '' : ` ${entry.icmpType}`
  return `${entry.permit ? 'permit' : 'deny'} ${proto} ${src} ${dst}${portText(entry.dport)}${type}`
}

/** The rules seen from the other side: ends swapped, ports at the source, permits only for ACK or RST. Only TCP can have a way back. */
function mirrorLines(plan: Plan, version: IpVersion): readonly string[] {
  return plan.rules[version].flatMap(({ rule, entries }) => {
    const tcp = entries.filter((entry) => entry.proto === 6 || entry.proto === null)
    return [...(tcp.length > 0 ? [` remark back: ${oneLine(rule.text)}`.slice(0, 101)] : []),
      ...tcp.map((entry) => ` ${mirrorText(entry, version)}`)]
  })
}

function mirrorText(entry: PlainEntry, version: IpVersion): string {
  const proto = protocolText(entry.proto, version, version === 4 ? 'ip' : 'ipv6', 'icmp')
  const src = sideText(entry.dst, version, 'any', 'wildcard')
  const dst = sideText(entry.src, version, 'any', 'wildcard')
  return `${entry.permit ? 'permit' : 'deny'} ${proto} ${src}${portText(entry.dport)} ${dst}${entry.permit ? ' established' : ''}`
}

function textOf(plan: Plan, lists: readonly List[]): string {
  const { input } = plan
  const lines = [
    `! Cordon: policy ${oneLine(input.name)}, hash ${oneLine(input.policyHash)}`,
    '! Paste in configuration mode. New list names: nothing changes before the lines of the interface.',
    ...lists.flatMap((list) => [headOf(list), ` remark policy hash ${oneLine(input.policyHash).slice(0, 80)}`, ...list.lines, '!']),
    ...bindLines(plan, lists.map((list) => bindText(list, list.name))),
    'end',
  ]
  return `${lines.join('\n')}\n`
}

function headOf({ name, version }: List): string {
  return version === 4 ? `ip access-list extended ${name}` : `ipv6 access-list ${name}`
}

function bindText({ version, direction }: List, name: string): string {
  return `${version === 4 ? 'ip access-group' : 'ipv6 traffic-filter'} ${name} ${direction}`
}

function bindLines({ input }: Plan, lines: readonly string[]): readonly string[] {
  const iface = input.options.interface
  return iface === undefined ? [] : [`interface ${iface}`, ...lines.map((line) => ` ${line}`), '!']
}

/** Bindings first, then the lists: a binding to a list that is gone would let everything pass. */
function rollbackOf(plan: Plan, lists: readonly List[]): string {
  const before = lists.map((list) => {
    const previous = plan.input.options[`previous-${list.direction}${list.version === 4 ? '' : '6'}`]
    return previous === undefined ? `no ${bindText(list, list.name)}` : bindText(list, previous)
  })
  const lines = [
    `! Cordon: takes policy ${oneLine(plan.input.name)}, hash ${oneLine(plan.input.policyHash)}, off again`,
    ...bindLines(plan, before), ...lists.map((list) => `no ${headOf(list)}`), 'end',
  ]
  return `${lines.join('\n')}\n`
}

const RETURN_NOTES: Readonly<Record<Returns, string>> = {
  reflexive: 'Way back: reflexive entries, made by the first packet of each connection and gone when it is idle; the platform must know '
    + 'reflexive lists (most switches do not), and connections open now need one new packet from the side that opened them.',
  established: 'Way back: the OUT list lets TCP with ACK or RST pass from allowed responders, so it opens nothing, but it does not '
    + 'check that a connection exists; connections that others open towards this interface are stopped by it, whatever the policy says.',
  none: 'Way back: none is written; replies pass in the other direction only if no list there stops them.',
}

function notesOf({ input, returns, rules }: Plan): readonly string[] {
  const oneWay = ([4, 6] as const).flatMap((version) => rules[version])
    .filter(({ entries }) => entries.some((entry) => entry.permit && !REFLECTABLE.has(entry.proto)))
  return [
    RETURN_NOTES[returns],
    'The lists see packets to the router itself too: DHCP relay, ping and routing protocols pass only if the policy allows them.',
    'Later fragments have no ports: IOS judges them by addresses and protocol alone.',
    input.options['neighbour-discovery'] === 'permit'
      ? 'IPv6: judged by its own lists; neighbour discovery passes beyond the policy, as asked.'
      : 'IPv6: judged by its own lists, which stop all of it, neighbour discovery included.',
    ...(input.options.interface === undefined ? ['No interface was named: the lists are written and bound nowhere.'] : []),
    ...(input.options.interface !== undefined && !Object.keys(input.options).some((key) => key.startsWith('previous-'))
      ? ['The rollback takes the binding off; if a list is bound there today, name it in the option previous-in or previous-out.'] : []),
    ...(returns === 'reflexive' ? oneWay.map(({ rule }) =>
      `"${oneLine(rule.text)}" has protocols that reflexive lists do not follow: one way only.`) : []),
  ]
}
