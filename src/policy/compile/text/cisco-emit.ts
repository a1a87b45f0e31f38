// Rules of the policy as plain Cisco entries: one protocol, one block on each side, one port range each. IOS and ASA write them.
// Keeps exactness: what an entry cannot say is refused by name, and the count is known before anything is written.

import { IP_BITS, ipFromValue, type IpVersion } from '../../../base/ip.ts'
import type { Chain, Constraint, Field, Match, Rule, ValueRange } from '../../rules/model.ts'
import { addressMax, fieldMax, intersectRanges, rangeToBlocks, type Block } from './ranges.ts'

/** null is everything: every protocol, address, port or type. */
export interface PlainEntry {
  readonly permit: boolean
  readonly proto: number | null
  readonly src: Block | null
  readonly dst: Block | null
  readonly dport: ValueRange | null
  readonly icmpType: number | null
}

/** The entries of one rule, in any order: they are alternatives with one action. */
export interface PlainRule {
  readonly rule: Rule
  readonly entries: readonly PlainEntry[]
}

export type PlainResult =
  | { readonly ok: true; readonly rules: readonly PlainRule[]; readonly count: number }
  | { readonly ok: false; readonly refused: readonly string[] }

/** Protocols whose packets have ports, as rules/model.ts says. */
const WITH_PORTS = [6, 17, 132]
/** ICMP and ICMPv6. Lists name types only for the one that belongs to their family. */
const ICMP: Readonly<Record<IpVersion, number>> = { 4: 1, 6: 58 }
const PROTOCOLS = Array.from({ length: 256 }, (_, i) => i)

/** Values one match asks for in each dimension; null where it asks nothing. */
interface Dimensions {
  readonly protos: readonly (number | null)[]
  readonly src: readonly (Block | null)[]
  readonly dst: readonly (Block | null)[]
  readonly dports: readonly (ValueRange | null)[]
  readonly types: readonly (number | null)[]
}

const SAYABLE: ReadonlySet<Field> = new Set(['dst', 'src', 'proto', 'dport', 'icmpType'])

/** All rules of a chain as entries, at most `countMax` of them; the chain's policy is not among them. */
export function plainRules(chain: Chain, version: IpVersion, countMax: number): PlainResult {
  const rules = chain.rules.filter((rule) => rule.family === null || rule.family === version)
  const refused = [...new Set(rules.flatMap((rule) => unsayable(rule, version).map((why) => `rule "${oneLine(rule.text)}": ${why}`)))]
  if (refused.length > 0) return { ok: false, refused }
  const planned = rules.map((rule) => ({ rule, dimensions: rule.matches.map((match) => dimensionsOf(match, version)) }))
  const count = planned.flatMap((p) => p.dimensions).reduce((sum, dimensions) => sum + sizeOf(dimensions), 0)
  if (count > countMax) {
    const sizes = planned.map(({ rule, dimensions }) => ({ rule, size: dimensions.reduce((sum, d) => sum + sizeOf(d), 0) }))
    const most = sizes.toSorted((a, b) => b.size - a.size)[0]
    const why = most === undefined ? '' : `; rule "${oneLine(most.rule.text)}" alone takes ${most.size}`
    return { ok: false, refused: [`IPv${version} needs ${count} entries, and ${countMax} are allowed${why}`] }
  }
  return { ok: true, count, rules: planned.map(({ rule, dimensions }) => ({ rule, entries: dimensions.flatMap((d) => entriesOf(rule,
    d)) })) }
}

function unsayable(rule: Rule, version: IpVersion): readonly string[] {
  const action = rule.action.kind === 'permit' || rule.action.kind === 'deny' ? [] : [`the action "${rule.action.kind}" has no entry`]
  return [...action, ...rule.matches.flatMap((match) => unsayableMatch(match, version))]
}

function unsayableMatch(match: Match, version: IpVersion): readonly string[] {
  const unknown = match.unknown.length > 0 ? ['it holds something that is not modelled'] : []
  const fields = match.fields.filter(([field]) => !SAYABLE.has(field)).map(([field]) => `an entry that looks at ${field} is not written`)
  const kinds = match.fields.filter(([, c]) => c.kind !== 'ranges' || c.not).map(([field]) => `${field} is not given as ranges`)
  const typed = match.fields.some(([field]) => field === 'icmpType')
  const foreign = typed && protosOf(match, version).some((proto) => proto !== null && proto !== ICMP[version])
  return [...unknown, ...fields, ...kinds, ...(foreign ? [`ICMP types of the other family are asked for in IPv${version}`] : [])]
}

/** Ranges of a field over all its constraints; null when it has none. */
function rangesOf(match: Match, field: Field, version: IpVersion): readonly ValueRange[] | null {
  const constraints = match.fields.filter(([name]) => name === field).map(([, constraint]) => constraint)
  if (constraints.length === 0) return null
  const all: readonly ValueRange[] = [{ low: 0n, high: fieldMax(field, version) ?? addressMax(version) }]
  return constraints.reduce((rest: readonly ValueRange[], c: Constraint) => intersectRanges(rest, c.kind === 'ranges' ? c.ranges : []), all)
}

/** Protocol numbers, [null] for all of them. A port or type constraint leaves only protocols that have such a field. */
function protosOf(match: Match, version: IpVersion): readonly (number | null)[] {
  const asked = rangesOf(match, 'proto', version)
  const has = (proto: number): boolean => asked === null || asked.some((r) => r.low <= BigInt(proto) && BigInt(proto) <= r.high)
  const ports = rangesOf(match, 'dport', version) !== null
  const types = rangesOf(match, 'icmpType', version) !== null
  const able = PROTOCOLS.filter((p) => has(p) && (!ports || WITH_PORTS.includes(p)) && (!types || p === ICMP[4] || p === ICMP[6]))
  return able.length === PROTOCOLS.length ? [null] : able
}

function dimensionsOf(match: Match, version: IpVersion): Dimensions {
  return {
    protos: protosOf(match, version),
    src: blocksOf(rangesOf(match, 'src', version), version),
    dst: blocksOf(rangesOf(match, 'dst', version), version),
    dports: wholeAsNull(rangesOf(match, 'dport', version), 'dport', version),
    types: wholeAsNull(rangesOf(match, 'icmpType', version), 'icmpType', version).flatMap((range) => typeNumbers(range)),
  }
}

function blocksOf(ranges: readonly ValueRange[] | null, version: IpVersion): readonly (Block | null)[] {
  if (ranges === null) return [null]
  return ranges.flatMap((range) => rangeToBlocks(range, IP_BITS[version])).map((block) => (block.length === 0 ? null : block))
}

function wholeAsNull(ranges: readonly ValueRange[] | null, field: Field, version: IpVersion): readonly (ValueRange | null)[] {
  if (ranges === null) return [null]
  return ranges.map((range) => (range.low === 0n && range.high === fieldMax(field, version) ? null : range))
}

function typeNumbers(range: ValueRange | null): readonly (number | null)[] {
  if (range === null) return [null]
  return PROTOCOLS.filter((n) => range.low <= BigInt(n) && BigInt(n) <= range.high)
}

function sizeOf({ protos, src, dst, dports, types }: Dimensions): number {
  return protos.length * src.length * dst.length * dports.length * types.length
}

function entriesOf(rule: Rule, { protos, src, dst, dports, types }: Dimensions): readonly PlainEntry[] {
  const permit = rule.action.kind === 'permit'
  return protos.flatMap((proto) => src.flatMap((from) => dst.flatMap((to) => dports.flatMap((dport) => types.map((icmpType) => (
    { permit, proto, src: from, dst: to, dport, icmpType }))))))
}

/** Longest remark that IOS and ASA take (both: 100 characters). */
const REMARK_CHARS_MAX = 100

/** Text that can stand on one line of a device: printable ASCII only, so that no name can smuggle in a command. */
export function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim().slice(0, REMARK_CHARS_MAX)
}

/** Longest part of a policy's name in a list's name: IOS takes 64 characters for the whole. */
const NAME_CHARS_MAX = 24
/** Digits of the hash in a list's name: enough to tell two versions of a policy apart, so that both can be loaded during the change. */
const HASH_CHARS = 8

/** `CORDON-ward-1a2b3c4d`: letters, digits and hyphens. */
export function listName(policyName: string, policyHash: string): string {
  const name = policyName.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, NAME_CHARS_MAX)
  return `CORDON-${name === '' ? 'policy' : name}-${policyHash.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, HASH_CHARS)}`
}

/** Names people hand in as options: of interfaces, zones and lists. */
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/

/** Refusals for options that are not known, or whose value could not be a name. */
export function refusedOptions(options: Readonly<Record<string, string>>, known: readonly string[]): readonly string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    if (!known.includes(key)) return [`option "${oneLine(key)}" is not known; there are ${known.join(', ')}`]
    return SAFE_NAME.test(value) ? [] : [`option ${key}: "${oneLine(value)}" cannot be a name here`]
  })
}

/** `any`, `host A`, or a block in the words of the platform. */
export function sideText(block: Block | null, version: IpVersion, any: string, masks: 'wildcard' | 'subnet'): string {
  if (block === null) return any
  const ip = ipFromValue(version, block.network)
  if (block.length === IP_BITS[version]) return `host ${ip}`
  if (version === 6) return `${ip}/${block.length}`
  const free = (1n << BigInt(IP_BITS[4] - block.length)) - 1n
  return `${ip} ${ipFromValue(4, masks === 'wildcard' ? free : addressMax(4) - free)}`
}

/** ` eq 515`, ` range 515 520`, or nothing. */
export function portText(range: ValueRange | null): string {
  if (range === null) return ''
  return range.low === range.high ? ` eq ${range.low}` : ` range ${range.low} ${range.high}`
}

/** Words for protocols that both platforms know by name; all others stay numbers. */
const PROTOCOL_WORDS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' }

/** `all` for null, and the family's word for its own ICMP. */
export function protocolText(proto: number | null, version: IpVersion, all: string, icmp: string): string {
  if (proto === null) return all
  return proto === ICMP[version] ? icmp : (PROTOCOL_WORDS[proto] ?? String(proto))
}
