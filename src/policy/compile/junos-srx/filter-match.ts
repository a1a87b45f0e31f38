// The `from` of a term of a stateless Junos filter as matches: values of one key are alternatives, keys hold together.
// Keeps "never dropped": a key or a value that is not modelled is an unknown match with its line.

import { ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, Match, ValueMask, ValueRange } from '../../rules/model.ts'
import { inMasks } from '../text/ranges.ts'
import { joined } from '../ways.ts'
import { numberRange, prefixRange, subtractRanges, allAddresses, mergeRanges } from '../zone-based/ranges.ts'
import { unknownOf } from '../zone-based/reading.ts'
import { one, rangesConstraint } from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'
import { portValue, protocolValue } from './objects.ts'
import { ICMP_WORDS } from './predefined.ts'

interface Value {
  readonly words: readonly string[]
  readonly line: number
}

/** Alternatives of one term; `address` and `port` look at either end. */
const MATCHES_MAX = 4096

export function termMatches(term: Tree, version: IpVersion, root: Tree): readonly Match[] {
  const keys = new Map<string, Value[]>()
  for (const { words, line } of term.child('from')?.paths() ?? []) {
    const key = words[0] ?? ''
    keys.set(key, [...(keys.get(key) ?? []), { words: words.slice(1), line }])
  }
  let matches: readonly Match[] = [{ fields: [], unknown: [] }]
  for (const [key, values] of keys) {
    const more = keyMatches(key, values, version, root)
    if (matches.length * more.length > MATCHES_MAX) return [{ fields: [], unknown: [unknownOf(`term ${term.word}`, term.line, 'too many alternatives')] }]
    matches = matches.flatMap((left) => more.map((right) => joined(left, right)))
  }
  return matches
}

type FieldReader = (text: string) => ValueRange | null

const byte: FieldReader = (text) => numberRange(text, 255n)

/** ICMPv6 has numbers of its own for the same words (RFC 4443). */
const ICMP6_WORDS: ReadonlyMap<string, number> = new Map([
  ['destination-unreachable', 1], ['packet-too-big', 2], ['time-exceeded', 3], ['parameter-problem', 4], ['echo-request', 128], ['echo-reply', 129],
  ['membership-query', 130], ['membership-report', 131], ['membership-termination', 132], ['router-solicit', 133], ['router-advertisement', 134],
  ['neighbor-solicit', 135], ['neighbor-advertisement', 136], ['redirect', 137],
])

function icmpType(version: IpVersion): FieldReader {
  return (text) => {
    const known = (version === 4 ? ICMP_WORDS : ICMP6_WORDS).get(text)
    return known === undefined ? byte(text) : one(known)
  }
}

function readerOf(key: string, version: IpVersion): readonly [readonly Field[], FieldReader] | null {
  if (['protocol', 'ip-protocol', 'next-header', 'payload-protocol'].includes(key)) return [['proto'], protocolValue]
  if (key === 'source-port') return [['sport'], portValue]
  if (key === 'destination-port') return [['dport'], portValue]
  if (key === 'port') return [['sport', 'dport'], portValue]
  if (key === 'icmp-type') return [['icmpType'], icmpType(version)]
  return key === 'icmp-code' ? [['icmpCode'], byte] : null
}

const ADDRESS_KEYS: ReadonlyMap<string, readonly ('src' | 'dst')[]> = new Map([
  ['source-address', ['src']], ['destination-address', ['dst']], ['address', ['src', 'dst']],
  ['source-prefix-list', ['src']], ['destination-prefix-list', ['dst']], ['prefix-list', ['src', 'dst']],
])

function keyMatches(key: string, values: readonly Value[], version: IpVersion, root: Tree): readonly Match[] {
  const sides = ADDRESS_KEYS.get(key)
  if (sides !== undefined) return addressMatches(key, sides, values, version, root)
  if (key.startsWith('tcp-')) return values.flatMap((value) => flagMatches(key, value))
  const not = key.endsWith('-except')
  const reader = readerOf(not ? key.slice(0, -'-except'.length) : key, version)
  if (reader === null) return values.slice(0, 1).map((value) => unknownMatch(key, value))
  const ranges = values.map(({ words }) => (words.length === 1 ? reader[1](words[0] ?? '') : null))
  const odd = values.find((_value, i) => ranges[i] === null)
  const known = ranges.filter((range) => range !== null)
  if (not) {
    if (odd !== undefined) return [unknownMatch(key, odd)]
    return [{ fields: reader[0].map((field) => [field, { ...rangesConstraint(known), not: true }] as const), unknown: [] }]
  }
  const found: readonly Match[] = known.length === 0 ? [] : reader[0].map((field) => ({ fields: [[field, rangesConstraint(known)]], unknown: [] }))
  return odd === undefined ? found : [...found, unknownMatch(key, odd)]
}

function unknownMatch(key: string, { words, line }: Value, reason = 'not a match of the model'): Match {
  return { fields: [], unknown: [unknownOf(`${key} ${words.join(' ')}`.trim(), line, reason)] }
}

interface Part {
  readonly range: ValueRange
  readonly except: boolean
}

/** The most specific prefix decides; without any that is not an exception, nothing matches (Junos, "match conditions based on addresses"). */
function addressMatches(key: string, sides: readonly ('src' | 'dst')[], values: readonly Value[], version: IpVersion, root: Tree): readonly Match[] {
  const parts: Part[] = []
  const masks: Constraint[] = []
  const odd: Value[] = []
  for (const value of key.endsWith('prefix-list') ? listed(values, root, odd) : values) {
    const [text = '', word] = value.words
    const found = prefixRange(text)
    const mask = found === null && version === 4 && word === undefined ? addressMask(text) : null
    if (found !== null && (word === undefined || word === 'except')) {
      if (found.version === version) parts.push({ range: found.range, except: word === 'except' })
    } else if (mask !== null) masks.push(inMasks([mask]))
    else odd.push(value)
  }
  const excepted = parts.some(({ except }) => except)
  if (excepted && (masks.length > 0 || odd.length > 0)) return [unknownMatch(key, odd[0] ?? values[0] ?? { words: [], line: 0 })]
  const size = ({ range }: Part): bigint => range.high - range.low
  const bySize = [...parts].sort((a, b) => (size(a) === size(b) ? Number(a.except) - Number(b.except) : size(a) > size(b) ? -1 : 1))
  const ranges = bySize.reduce<readonly ValueRange[]>((all, { range, except }) =>
    (except ? subtractRanges(all, [range], allAddresses(version)) : mergeRanges([...all, range])), [])
  const constraints = [...(ranges.length > 0 ? [rangesConstraint(ranges)] : []), ...masks]
  return [...sides.flatMap((side) => constraints.map((c): Match => ({ fields: [[side, c]], unknown: [] }))), ...odd.map((value) => unknownMatch(key, value))]
}

/** `1.2.3.4/255.0.255.0`: ones of the mask must be equal. */
function addressMask(text: string): ValueMask | null {
  const [address, mask] = text.split('/').map(parseIp)
  if (!address?.ok || !mask?.ok || ipVersion(address.value) !== 4 || ipVersion(mask.value) !== 4) return null
  return { value: ipValue(address.value) & ipValue(mask.value), mask: ipValue(mask.value) }
}

/** The prefixes of lists in `policy-options`; one that is not there is odd. */
function listed(values: readonly Value[], root: Tree, odd: Value[]): readonly Value[] {
  return values.flatMap((value) => {
    const list = root.at('policy-options', 'prefix-list', value.words[0] ?? '')
    if (list === undefined || list.child('apply-path') !== undefined) {
      odd.push(value)
      return []
    }
    return list.children.map((prefix) => ({ words: [prefix.word, ...value.words.slice(1)], line: value.line }))
  })
}

const FLAGS: ReadonlyMap<string, bigint> = new Map([['fin', 1n], ['syn', 2n], ['rst', 4n], ['push', 8n], ['ack', 16n], ['urgent', 32n]])

/** `tcp-established` is ACK or RST, `tcp-initial` SYN without ACK; `tcp-flags "syn & !ack"` and `"ack | rst"`. */
function flagMatches(key: string, value: Value): readonly Match[] {
  const of = (masks: readonly { readonly value: bigint; readonly mask: bigint }[]): readonly Match[] => [{ fields: [['flags', inMasks(masks)]], unknown: [] }]
  if (key === 'tcp-established') return of([{ value: 16n, mask: 16n }, { value: 4n, mask: 4n }])
  if (key === 'tcp-initial') return of([{ value: 2n, mask: 18n }])
  const text = value.words.join(' ').replaceAll(/[()"\s]/g, '')
  const ors = text.split(/[|,]/).map((part) => part.split(/[&+]/).map((word) => ({ not: word.startsWith('!'), bit: FLAGS.get(word.replace(/^!/, '')) })))
  if (key !== 'tcp-flags' || (/[()]/.test(value.words.join('')) && /[|,]/.test(text)) || ors.flat().some(({ bit }) => bit === undefined)) {
    return [unknownMatch(key, value)]
  }
  return of(ors.map((ands) => ands.reduce((all, { not, bit = 0n }) => ({ value: not ? all.value : all.value | bit, mask: all.mask | bit }),
    { value: 0n, mask: 0n })))
}
