// Reads ipset save (ipset(8)): what is in a set, as alternatives of model constraints for one use with -m set.
// Keeps "exact or unknown": sets whose elements leave by themselves, and types that the model has no fields for, say why.

import { IP_BITS, type IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, ValueRange } from '../../rules/model.ts'
import { numberOf } from '../nftables/fields.ts'
import { ALWAYS, oneOf, type Alternative } from '../nftables/lower-match.ts'
import { lastAddress, mergeRanges, subtractRanges } from '../ranges.ts'
import { addressConstraint, addressValue, icmpType, portRange } from './words.ts'

/** A set of the text. Elements are kept as words until a rule asks: the meaning needs the directions of that rule. */
export interface SetText {
  readonly name: string
  readonly type: string
  readonly family: IpVersion
  /** Bits that hash:ip and bitmap:ip keep of each address. */
  readonly netmask: number | null
  readonly elements: { readonly entry: string; readonly nomatch: boolean }[]
  /** Why its content is not known; null when it is. */
  doubt: string | null
}

export type Sets = Map<string, SetText>

/** Elements of one set: far above the kernel's own limit (maxelem is 65,536 unless raised). */
const ELEMENTS_MAX = 1_000_000

/** Types with the parts of their elements. Others are unknown by name. */
const PARTS: ReadonlyMap<string, readonly ('ip' | 'port' | 'iface')[]> = new Map([
  ['hash:ip', ['ip']], ['hash:net', ['ip']], ['bitmap:ip', ['ip']], ['bitmap:port', ['port']],
  ['hash:ip,port', ['ip', 'port']], ['hash:net,port', ['ip', 'port']], ['hash:net,net', ['ip', 'ip']], ['hash:net,iface', ['ip', 'iface']],
  ['hash:ip,port,ip', ['ip', 'port', 'ip']], ['hash:ip,port,net', ['ip', 'port', 'ip']], ['hash:net,port,net', ['ip', 'port', 'ip']],
])

/** Takes a line such as `create ward hash:net family inet` or `add ward 10.20.3.0/24`; false when it is none. `unsure`: why it may not run. */
export function ipsetLine(sets: Sets, words: readonly string[], unsure: string | null): boolean {
  const at = words[0] === 'ipset' ? 1 : 0
  const [verb = '', name, ...rest] = words.slice(at).filter((word) => !QUIET.has(word))
  if (CREATE.has(verb) && name !== undefined && (at === 1 || verb === 'create')) {
    // Made again with -exist: the elements stay.
    const made = created(name, rest)
    sets.set(name, { ...made, elements: sets.get(name)?.elements ?? [], doubt: made.doubt ?? unsure })
  } else if (ADD.has(verb) && name !== undefined && (at === 1 || verb === 'add')) added(sets, name, rest, unsure)
  else if (CHANGE.has(verb) && (at === 1 || (sets.size > 0 && !verb.startsWith('-')))) {
    changed(sets, verb, name === undefined ? [...sets.keys()] : [name, ...rest])
  } else if (!(at === 1 && READ.has(verb))) return false
  return true
}

const QUIET = new Set(['-exist', '-!', '-quiet', '-q'])
const CREATE = new Set(['create', 'n', '-N', '--create'])
const ADD = new Set(['add', '-A', '--add'])
const CHANGE = new Set([
  'del', '-D', '--del', 'flush', '-F', '--flush', 'destroy', '-X', '--destroy', 'swap', '-W', '--swap', 'rename', '-E', '--rename',
])
const READ = new Set(['list', '-L', '--list', 'save', '-S', '--save', 'test', '-T', '--test', 'restore', '-R', '--restore', 'version'])

function created(name: string, [type = '', ...options]: readonly string[]): SetText {
  const after = (word: string): string | undefined => options[options.indexOf(word) + 1]
  const known = PARTS.has(type) || type === 'list:set'
  const family = options.includes('family') && /^(?:inet6|ipv6)$/.test(after('family') ?? '') ? 6 : 4
  const netmask = options.includes('netmask') ? Number(after('netmask')) : null
  const odd = options.includes('bitmask') ? 'its bit mask is not read' : known ? null : `the type ${type} is not one of the model`
  return { name, type, family, netmask, elements: [], doubt: options.includes('timeout') ? 'its elements leave by themselves' : odd }
}

function added(sets: Sets, name: string, [entry = '', ...options]: readonly string[], unsure: string | null): void {
  const set = sets.get(name)
  if (set === undefined) return
  if (unsure !== null) set.doubt = unsure
  if (options.includes('timeout')) set.doubt = 'its elements leave by themselves'
  if (options.includes('wildcard')) set.doubt = 'an element that stands for several interfaces'
  if (set.elements.length >= ELEMENTS_MAX) set.doubt = `more than ${ELEMENTS_MAX} elements`
  else set.elements.push({ entry, nomatch: options.includes('nomatch') })
}

/** Deleting, emptying and exchanging are not followed. */
function changed(sets: Sets, verb: string, names: readonly string[]): void {
  for (const name of names) {
    const set = sets.get(name)
    if (set !== undefined) set.doubt = `ipset ${verb} changes it`
  }
}

/** What `--match-set NAME flags` matches: alternatives, or why it is not known. */
export function setMatches(sets: Sets, name: string, flags: readonly string[], version: IpVersion,
  interfaces: (name: string) => readonly number[]): readonly Alternative[] | string {
  const set = sets.get(name)
  if (set === undefined) return `the set ${name} is not in this text`
  if (flags.some((flag) => flag !== 'src' && flag !== 'dst')) return 'directions other than src and dst'
  const asked = { sets, flags, version, interfaces }
  if (set.type !== 'list:set') return oneSet(set, asked)
  if (set.doubt !== null) return `the set ${name}: ${set.doubt}`
  const found: Alternative[] = []
  for (const { entry } of set.elements) {
    const member = sets.get(entry)
    if (member === undefined || member.type === 'list:set') return `the set ${entry} in ${name} is not in this text`
    const matches = oneSet(member, asked)
    if (typeof matches === 'string') return matches
    found.push(...matches)
  }
  return found
}

interface Asked {
  readonly flags: readonly string[]
  readonly version: IpVersion
  readonly interfaces: (name: string) => readonly number[]
}

/** Fewer directions than parts, or a set of the other family: the kernel says no match (ip_set_test in ip_set_core.c). */
function oneSet(set: SetText, asked: Asked): readonly Alternative[] | string {
  if (set.doubt !== null) return `the set ${set.name}: ${set.doubt}`
  const parts = PARTS.get(set.type) ?? []
  if (asked.flags.length < parts.length || (set.type !== 'bitmap:port' && set.family !== asked.version)) return []
  if (parts.length === 1 && parts[0] === 'ip') return addressSet(set, asked)
  if (set.elements.some(({ nomatch }) => nomatch)) return `the set ${set.name}: an exception in a set of several parts`
  if (set.type === 'bitmap:port') return portSet(set, asked)
  return tupleSet(set, parts, asked)
}

/** `10.0.0.0/24`, `10.0.0.1-10.0.0.9`, `10.0.0.1`, cut to the set's netmask. */
function entryRange(text: string, set: SetText): ValueRange | null {
  const [low, high, more] = text.split('-')
  if (high !== undefined) {
    const [from, to] = [addressValue(low ?? '', set.family), addressValue(high, set.family)]
    return from === null || to === null || from > to || more !== undefined ? null : masked({ low: from, high: to }, set)
  }
  const block = addressConstraint(text, set.family)
  const range = block?.kind === 'ranges' ? block.ranges[0] : undefined
  return range === undefined ? null : masked(range, set)
}

function masked({ low, high }: ValueRange, { netmask, family }: SetText): ValueRange {
  const host = (1n << BigInt(IP_BITS[family] - (netmask ?? IP_BITS[family]))) - 1n
  return { low: low & ~host, high: high | host }
}

const SIDES: Readonly<Record<string, { readonly ip: Field; readonly port: Field; readonly iface: Field }>> = {
  src: { ip: 'src', port: 'sport', iface: 'iif' }, dst: { ip: 'dst', port: 'dport', iface: 'oif' },
}

function fieldOf(kind: 'ip' | 'port' | 'iface', flag: string | undefined): Field {
  return (SIDES[flag ?? ''] ?? { ip: 'src', port: 'sport', iface: 'iif' })[kind]
}

function inRanges(ranges: readonly ValueRange[]): Constraint {
  return { kind: 'ranges', ranges: mergeRanges(ranges), not: false }
}

/** Addresses; of hash:net the longest block that holds the packet's decides, and `nomatch` ones say no. */
function addressSet(set: SetText, { flags }: Asked): readonly Alternative[] | string {
  const rows = set.elements.map(({ entry, nomatch }) => ({ range: entryRange(entry, set), nomatch }))
  if (rows.some(({ range }) => range === null)) return `the set ${set.name}: an element that is not understood`
  let held: readonly ValueRange[] = []
  const size = (range: ValueRange | null): bigint => (range === null ? 0n : range.high - range.low)
  for (const group of groupsBySize(rows.sort((a, b) => Number(size(b.range) > size(a.range)) - Number(size(b.range) < size(a.range))))) {
    const picked = (out: boolean): readonly ValueRange[] => group.flatMap(({ range, nomatch }) => (range && nomatch === out ? [range] : []))
    held = subtractRanges(mergeRanges([...held, ...picked(false)]), picked(true), lastAddress(set.family))
  }
  return [{ ...ALWAYS, fields: [[fieldOf('ip', flags[0]), inRanges(held)]] }]
}

type SizedRow = { readonly range: ValueRange | null; readonly nomatch: boolean }

/** Runs that may be taken at once: exceptions apart from the rest, in order. */
function groupsBySize(rows: readonly SizedRow[]): readonly (readonly SizedRow[])[] {
  const groups: SizedRow[][] = []
  for (const row of rows) {
    const last = groups.at(-1)
    if (last?.[0]?.nomatch === row.nomatch) last.push(row)
    else groups.push([row])
  }
  return groups
}

/** Ports of TCP and UDP (ip_set_get_ip_port looks at no other). */
function portSet(set: SetText, { flags }: Asked): readonly Alternative[] | string {
  const ranges = set.elements.map(({ entry }) => portRange(entry.replace('-', ':')))
  if (ranges.includes(null)) return `the set ${set.name}: an element that is not understood`
  const known = ranges.filter((range) => range !== null)
  return known.length === 0 ? [] : [{ ...ALWAYS, fields: [['proto', oneOf([6n, 17n])], [fieldOf('port', flags[0]), inRanges(known)]] }]
}

/** Elements that differ in the first address only become one alternative. */
function tupleSet(set: SetText, parts: readonly ('ip' | 'port' | 'iface')[], asked: Asked): readonly Alternative[] | string {
  const groups = new Map<string, { readonly first: ValueRange[]; readonly rest: Alternative['fields'] }>()
  for (const { entry } of set.elements) {
    const texts = entry.split(',')
    const first = entryRange(texts[0] ?? '', set)
    const rest = texts.slice(1).map((text, i) => partFields(text, parts[i + 1], i + 1, set, asked))
    if (first === null || texts.length !== parts.length || rest.includes(null)) return `the set ${set.name}: an element that is not understood`
    const key = texts.slice(1).join(',')
    const group = groups.get(key) ?? { first: [], rest: rest.flatMap((fields) => fields ?? []) }
    groups.set(key, group)
    group.first.push(first)
  }
  return [...groups.values()].map(({ first, rest }) => ({ ...ALWAYS, fields: [[fieldOf('ip', asked.flags[0]), inRanges(first)], ...rest] }))
}

function partFields(text: string, kind: 'ip' | 'port' | 'iface' | undefined, index: number, set: SetText,
  { flags, version, interfaces }: Asked): Alternative['fields'] | null {
  const flag = flags[index]
  if (kind === 'ip') {
    const range = entryRange(text, set)
    return range && [[fieldOf('ip', flag), inRanges([range])]]
  }
  if (kind === 'iface') return text.includes(':') ? null : [[fieldOf('iface', flag), oneOf(interfaces(text).map(BigInt))]]
  return kind === 'port' ? serviceFields(text, fieldOf('port', flag), version) : null
}

/** `tcp:80`, `80` for TCP, `udp:5000-5010`, `icmp:echo-request`, `icmp:8/0`, `gre:0`: a protocol without ports has the port 0. */
function serviceFields(text: string, port: Field, version: IpVersion): Alternative['fields'] | null {
  const [name, value] = text.includes(':') ? [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)] : ['tcp', text]
  const proto = numberOf(name.toLowerCase(), 'proto')
  if (proto === null || proto > 255n || proto === 136n) return null
  const head = ['proto', oneOf([proto])] as const
  if (proto === (version === 4 ? 1n : 58n)) return icmpFields(head, value, version)
  if (proto !== 6n && proto !== 17n && proto !== 132n) return value === '0' ? [head] : null
  const range = portRange(value.replace('-', ':'))
  return range && [head, [port, inRanges([range])]]
}

function icmpFields(head: readonly [Field, Constraint], value: string, version: IpVersion): Alternative['fields'] | null {
  const found = icmpType(value, version)
  if (found === null || found.type === null) return null
  return [head, ['icmpType', oneOf([BigInt(found.type)])], ['icmpCode', oneOf([BigInt(found.code ?? 0)])]]
}
