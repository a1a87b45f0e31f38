// The nftables compiler: the policy's chains as one table that a person loads, and the command that takes it away again.
// Keeps "never wider than the policy": what a rule cannot say exactly is refused; the readers here prove what was written.

import { ipFromValue, IP_BITS, type IpVersion } from '../../../base/ip.ts'
import type { Chain, Constraint, Field, Match, ValueRange } from '../../rules/model.ts'
import { hooksOption, type HookName } from '../hooks-option.ts'
import { unknownOptions } from '../plan.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { PORT_PROTOCOLS } from './fields.ts'

const VERSIONS: readonly IpVersion[] = [4, 6]

/** Addresses that stand in the rule itself; longer lists become named sets, which several rules share. */
const INLINE_MAX = 8
/** Bytes of a rule's comment: NFTNL_UDATA_COMMENT_MAXLEN in libnftnl is 128. */
const COMMENT_MAX = 120
/** Bytes of a table's name: NFT_NAME_MAXLEN is 256; a name that a person reads is shorter. */
const NAME_MAX = 64

/** Thrown inside and turned into a refusal: this policy has no exact nftables text. */
class NotExact extends Error {
  override name = 'NotExact'
}

interface Writing {
  readonly sets: Map<string, { readonly name: string; readonly version: IpVersion; readonly items: readonly string[] }>
  readonly refused: string[]
}

/**
 * One `table inet cordon_<name>`: sets, a chain for each family, and a base chain for each hook of the option `hooks`
 * (`forward`, `input`, `output`, separated by commas; forward when absent). Same input, same text.
 */
export function emitNft(input: CompileInput): EmitResult {
  const hooks = hooksOption(input.options.hooks)
  const wrong = [...unknownOptions(input, ['hooks']), ...(typeof hooks === 'string' ? [hooks] : [])]
  if (wrong.length > 0 || typeof hooks === 'string') return { ok: false, refused: wrong }
  const table = tableName(input.name)
  const writing: Writing = { sets: new Map(), refused: [] }
  const bodies = VERSIONS.map((version) => familyChain(input.chains[version], version, writing))
  const bases = hooks.flatMap((hook) => baseChain(hook, input))
  const rules = bodies.flat().length + bases.length
  if (input.ruleBudget !== null
    && rules > input.ruleBudget) writing.refused.push(`${rules} lines are needed and ${input.ruleBudget} are allowed`)
  if (writing.refused.length > 0) return { ok: false, refused: writing.refused }
  const lines = [
    ...headerLines(input, table), `table inet ${table}`, `delete table inet ${table}`, `table inet ${table} {`,
    `\tcomment "cordon policy ${cleaned(input.policyHash, COMMENT_MAX)}"`,
    ...[...writing.sets.values()].flatMap(setLines), ...VERSIONS.flatMap((version, i) => chainLines(`policy_v${version}`, bodies[i] ?? [])),
    ...bases, '}', '',
  ]
  return { ok: true, value: { text: lines.join('\n'), rollback: `delete table inet ${table}\n`, rules, notes: notes(input, hooks, table) } }
}

/** `cordon_` and the policy's name in the letters that nft identifiers have. The prefix keeps it from being a keyword. */
export function tableName(name: string): string {
  return `cordon_${name.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_')}`.slice(0, NAME_MAX)
}

function headerLines(input: CompileInput, table: string): readonly string[] {
  return [
    `# Cordon: policy "${cleaned(input.name, COMMENT_MAX)}", SHA-256 ${cleaned(input.policyHash, COMMENT_MAX)}`,
    '# Check with: nft -c -f FILE    load with: nft -f FILE    both need the whole file, which replaces an earlier version in one step.',
    `# Roll back with: nft delete table inet ${table}`,
  ]
}

function notes(input: CompileInput, hooks: readonly HookName[], table: string): readonly string[] {
  const word = (version: IpVersion): string => (input.chains[version].policy === 'permit' ? 'allowed' : 'denied')
  const own = hooks.some((hook) => hook !== 'forward')
  return [
    `IPv4 and IPv6 are both decided here: what no rule names is ${word(4)} for IPv4 and ${word(6)} for IPv6.`,
    'Replies of sessions that a rule allowed pass by connection state; of related traffic only ICMP and ICMPv6 errors pass.',
    'Sessions that exist when this is loaded go on until they end: list them with conntrack -L and end them with conntrack -D.',
    'Other tables on the machine still apply: a packet must be accepted by every table. Compare with nft list ruleset and iptables-save.',
    own ? 'Input and output also hold IPv6 neighbour discovery and DHCP of the machine itself: what the policy does not name is denied.'
      : `Only forwarded packets are decided: what table ${table} does not see are packets from and to the machine itself.`,
  ]
}

/** Base chain of a hook: established sessions first, then the chain of the packet's family. */
function baseChain(hook: HookName, input: CompileInput): readonly string[] {
  const loopback = hook === 'forward' ? [] : [`\t\t${hook === 'input' ? 'iifname' : 'oifname'} "lo" accept`]
  const open = VERSIONS.every((version) => input.chains[version].policy === 'permit')
  return [
    `\tchain ${hook} {`, `\t\ttype filter hook ${hook} priority filter; policy ${open ? 'accept' : 'drop'};`, ...loopback,
    '\t\tct state established accept', '\t\tct state related meta l4proto { icmp, ipv6-icmp } accept',
    '\t\tmeta nfproto ipv4 goto policy_v4', '\t\tmeta nfproto ipv6 goto policy_v6', '\t}',
  ]
}

function chainLines(name: string, rules: readonly string[]): readonly string[] {
  return [`\tchain ${name} {`, ...rules.map((rule) => `\t\t${rule}`), '\t}']
}

function setLines(set: { readonly name: string; readonly version: IpVersion; readonly items: readonly string[] }): readonly string[] {
  return [
    `\tset ${set.name} {`, `\t\ttype ipv${set.version}_addr`, '\t\tflags interval',
    `\t\telements = {\n\t\t\t${set.items.join(',\n\t\t\t')}\n\t\t}`, '\t}',
  ]
}

/** Rules of one family, and its default as the last one. */
function familyChain(chain: Chain, version: IpVersion, writing: Writing): readonly string[] {
  const rules = chain.rules.flatMap((rule) => {
    if (rule.family !== null && rule.family !== version) return []
    const verb = VERBS.get(rule.action.kind === 'deny' && rule.action.reject ? 'reject' : rule.action.kind)
    if (verb === undefined) {
      writing.refused.push(`"${rule.text}": a compiler gets allow and deny only, not ${rule.action.kind}`)
      return []
    }
    return rule.matches.flatMap((match) => guardedMatch(match, version, writing, rule.text)).map((words) => finished(words, verb,
      rule.text))
  })
  return [...rules, `counter ${chain.policy === 'permit' ? 'accept' : 'drop'} comment "default"`]
}

const VERBS: ReadonlyMap<string, string> = new Map([['permit', 'accept'], ['deny', 'drop'], ['reject', 'reject']])

function finished(words: string, verb: string, text: string): string {
  return `${words === '' ? '' : `${words} `}counter ${verb} comment "${cleaned(text, COMMENT_MAX)}"`
}

/** Text between quotes: printable ASCII without quotes, backslashes and line ends, in whole characters. */
function cleaned(text: string, lengthMax: number): string {
  return text.replaceAll(/[^\x20-\x7e]|["\\]/g, '?').slice(0, lengthMax)
}

function guardedMatch(match: Match, version: IpVersion, writing: Writing, text: string): readonly string[] {
  try {
    return matchWords(match, version, writing)
  } catch (error) {
    if (!(error instanceof NotExact)) throw error
    writing.refused.push(`"${text}": ${error.message}`)
    return []
  }
}

/** Values of each field as disjoint ranges; a field that is constrained twice holds what both allow. */
type Values = ReadonlyMap<Field, readonly ValueRange[]>

const FIELD_MAX: Readonly<Partial<Record<Field, bigint>>> = { proto: 255n, dport: 65535n, sport: 65535n, icmpType: 255n, icmpCode: 255n }

function maxOf(field: Field, version: IpVersion): bigint {
  const max = field === 'src' || field === 'dst' ? (1n << BigInt(IP_BITS[version])) - 1n : FIELD_MAX[field]
  if (max === undefined) throw new NotExact(`the field ${field} is not written by this compiler`)
  return max
}

function valuesOf(match: Match, version: IpVersion): Values {
  if (match.unknown.length > 0) throw new NotExact('a match that is not known')
  const values = new Map<Field, readonly ValueRange[]>()
  for (const [field, constraint] of match.fields) {
    const ranges = rangesOf(constraint, maxOf(field, version))
    const before = values.get(field)
    values.set(field, before === undefined ? ranges : intersection(before, ranges))
  }
  return values
}

/** Sorted, joined, inside 0..max; complemented when the constraint is negative. */
function rangesOf(constraint: Constraint, max: bigint): readonly ValueRange[] {
  if (constraint.kind !== 'ranges') throw new NotExact('bit masks')
  const sorted = [...constraint.ranges].filter((r) => r.low <= r.high && r.low <= max).sort((a, b) => (a.low < b.low ? -1 : 1))
  const joined: ValueRange[] = []
  for (const { low, high } of sorted) {
    const last = joined.at(-1)
    const end = high > max ? max : high
    if (last === undefined || low > last.high + 1n) joined.push({ low, high: end })
    else joined[joined.length - 1] = { low: last.low, high: last.high > end ? last.high : end }
  }
  return constraint.not ? complement(joined, max) : joined
}

function complement(ranges: readonly ValueRange[], max: bigint): readonly ValueRange[] {
  const gaps: ValueRange[] = []
  let from = 0n
  for (const { low, high } of ranges) {
    if (low > from) gaps.push({ low: from, high: low - 1n })
    from = high + 1n
  }
  return from > max ? gaps : [...gaps, { low: from, high: max }]
}

function intersection(a: readonly ValueRange[], b: readonly ValueRange[]): readonly ValueRange[] {
  return a.flatMap((x) => b.flatMap((y) => {
    const low = x.low > y.low ? x.low : y.low
    const high = x.high < y.high ? x.high : y.high
    return low <= high ? [{ low, high }] : []
  }))
}

/** The words of one match before its verdict; none when no packet of the family matches. */
function matchWords(match: Match, version: IpVersion, writing: Writing): readonly string[] {
  const values = valuesOf(match, version)
  if ([...values.values()].some((ranges) => ranges.length === 0)) return []
  const ends = (['src', 'dst'] as const).flatMap((field) => addressWords(field, values.get(field), version, writing))
  return transportWords(values).map((transport) => [...(ends.length === 0 ? transport.family[version] : ends),
    ...transport.words].join(' '))
}

function addressWords(field: 'src' | 'dst', ranges: readonly ValueRange[] | undefined, version: IpVersion,
  writing: Writing): readonly string[] {
  if (ranges === undefined || isWhole(ranges, maxOf(field, version))) return []
  const items = ranges.map((range) => addressText(range, version))
  const key = `${version === 4 ? 'ip' : 'ip6'} ${field === 'src' ? 'saddr' : 'daddr'}`
  if (items.length <= INLINE_MAX) return [`${key} ${braced(items)}`]
  const id = `${version} ${items.join(' ')}`
  const set = writing.sets.get(id) ?? { name: `addresses_v${version}_${writing.sets.size + 1}`, version, items }
  writing.sets.set(id, set)
  return [`${key} @${set.name}`]
}

function isWhole(ranges: readonly ValueRange[], max: bigint): boolean {
  return ranges.length === 1 && ranges[0]?.low === 0n && ranges[0].high === max
}

function braced(items: readonly string[]): string {
  return items.length === 1 ? (items[0] as string) : `{ ${items.join(', ')} }`
}

/** `10.0.0.1`, `10.0.0.0/24`, `10.0.0.1-10.0.0.9`. */
function addressText({ low, high }: ValueRange, version: IpVersion): string {
  const size = high - low + 1n
  const first = ipFromValue(version, low)
  if (size === 1n) return first
  const isBlock = (size & (size - 1n)) === 0n && low % size === 0n
  return isBlock ? `${first}/${IP_BITS[version] - (size.toString(2).length - 1)}` : `${first}-${ipFromValue(version, high)}`
}

function numberText({ low, high }: ValueRange): string {
  return low === high ? String(low) : `${low}-${high}`
}

/** Words about the transport header, and those before them that name the family when no address does. */
interface Transport {
  readonly words: readonly string[]
  readonly family: Readonly<Record<IpVersion, readonly string[]>>
}

const NO_FAMILY: Transport['family'] = { 4: [], 6: [] }

/** Protocol, ports and ICMP, one for each way to match; none when no protocol has all the fields that are constrained. */
function transportWords(values: Values): readonly Transport[] {
  const protos = values.get('proto')
  const ports = (['sport', 'dport'] as const).filter((field) => values.has(field))
  const icmp = (['icmpType', 'icmpCode'] as const).filter((field) => values.has(field))
  if (ports.length > 0 && icmp.length > 0) return []
  if (ports.length > 0) return portWords(values, ports, protos)
  if (icmp.length > 0) return ICMP_HEADERS.filter(({ proto }) => includes(protos, proto)).map((header) => icmpWords(values, icmp, header))
  const words = protos === undefined || isWhole(protos, 255n) ? [] : [`meta l4proto ${braced(protos.map(numberText))}`]
  return [{ words, family: NO_FAMILY }]
}

function portWords(values: Values, ports: readonly ('sport' | 'dport')[], protos: readonly ValueRange[] | undefined): readonly Transport[] {
  const having = PORT_PROTOCOLS.filter((proto) => includes(protos, proto))
  if (having.length === 0) return []
  const words = ports.map((field) => `th ${field} ${braced((values.get(field) ?? []).map(numberText))}`)
  return [{ words: [`meta l4proto ${braced(having.map((proto) => PROTOCOL_WORDS.get(proto) ?? String(proto)))}`, ...words],
    family: NO_FAMILY }]
}

const PROTOCOL_WORDS: ReadonlyMap<bigint, string> = new Map([[6n, 'tcp'], [17n, 'udp'], [132n, 'sctp']])

function includes(protos: readonly ValueRange[] | undefined, proto: bigint): boolean {
  return protos === undefined || protos.some((r) => r.low <= proto && proto <= r.high)
}

/** `icmp` alone means IPv4 to nft and `icmpv6` IPv6; the model has both protocols in both families, so the other one is said. */
const ICMP_HEADERS: readonly { readonly proto: bigint; readonly word: string; readonly family: Transport['family'] }[] = [
  { proto: 1n, word: 'icmp', family: { 4: [], 6: ['meta nfproto ipv6'] } },
    { proto: 58n, word: 'icmpv6', family: { 4: ['meta nfproto ipv4'], 6: [] } },
]

function icmpWords(values: Values, fields: readonly ('icmpType' | 'icmpCode')[], header: (typeof ICMP_HEADERS)[number]): Transport {
  const words = fields.map((field) =>
    `${header.word} ${field === 'icmpType' ? 'type' : 'code'} ${braced((values.get(field) ?? []).map(numberText))}`)
  return { words, family: header.family }
}
