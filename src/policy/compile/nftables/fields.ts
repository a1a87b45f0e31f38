// From nft's selectors to fields of the model, and from nft's words to numbers.
// Keeps "a table over branches": a selector that is not in FIELD_OF is an unknown match, by name.

import { ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import { ConnState, type Field, type ValueRange } from '../../rules/model.ts'
import type { Expr } from './ast.ts'
import { ICMP6_CODES, ICMP6_TYPES, ICMP_CODES, ICMP_TYPES, PROTOCOL_NUMBERS, SERVICE_PORTS, TCP_FLAGS } from './names.ts'

/** How the words of a field are read. */
export type ValueType =
  'ip4' | 'ip6' | 'proto' | 'port' | 'flags' | 'icmp' | 'icmp6' | 'icmpCode' | 'icmp6Code' | 'state' | 'iface' | 'family'

export interface FieldUse {
  readonly field: Field | null
  readonly type: ValueType
  /** The version a packet must have for this selector to match at all. */
  readonly family: IpVersion | null
  /** The protocol it must have; null for any. */
  readonly proto: number | null
  /** Reads ports where they would be, whatever the protocol is. */
  readonly anyTransport: boolean
  /** The version nft adds by itself when nothing before in the rule has said one: `icmp` in an inet table. */
  readonly usual: IpVersion | null
}

function use(field: Field | null, type: ValueType, family: IpVersion | null = null, proto: number | null = null,
  anyTransport = false): FieldUse {
  return { field, type, family, proto, anyTransport, usual: proto === 1 ? 4 : proto === 58 ? 6 : null }
}

/**
 * Selectors the model has. `ip6 nexthdr` is read as the upper protocol: the model's packets have no extension headers.
 * `meta nfproto` and `meta protocol` decide the family and no field.
 */
export const FIELD_OF: ReadonlyMap<string, FieldUse> = new Map([
  ['ip saddr', use('src', 'ip4', 4)], ['ip daddr', use('dst', 'ip4', 4)], ['ip protocol', use('proto', 'proto', 4)],
  ['ip6 saddr', use('src', 'ip6', 6)], ['ip6 daddr', use('dst', 'ip6', 6)], ['ip6 nexthdr', use('proto', 'proto', 6)],
  ['meta l4proto', use('proto', 'proto')], ['meta nfproto', use(null, 'family')], ['meta protocol', use(null, 'family')],
  ['tcp sport', use('sport', 'port', null, 6)], ['tcp dport', use('dport', 'port', null, 6)], ['tcp flags', use('flags', 'flags', null, 6)],
  ['udp sport', use('sport', 'port', null, 17)], ['udp dport', use('dport', 'port', null, 17)],
  ['sctp sport', use('sport', 'port', null, 132)], ['sctp dport', use('dport', 'port', null, 132)],
  ['th sport', use('sport', 'port', null, null, true)], ['th dport', use('dport', 'port', null, null, true)],
  ['@th,0,16', use('sport', 'port', null, null, true)], ['@th,16,16', use('dport', 'port', null, null, true)],
  ['icmp type', use('icmpType', 'icmp', null, 1)], ['icmp code', use('icmpCode', 'icmpCode', null, 1)],
  ['icmpv6 type', use('icmpType', 'icmp6', null, 58)], ['icmpv6 code', use('icmpCode', 'icmp6Code', null, 58)],
  ['ct state', use('state', 'state')], ['iif', use('iif', 'iface')], ['oif', use('oif', 'iface')],
])

/** Largest value of a type; null for interfaces, which have no order. */
export const TYPE_MAX: Readonly<Record<ValueType, bigint | null>> = {
  ip4: 0xffffffffn, ip6: (1n << 128n) - 1n, proto: 255n, port: 65535n, flags: 255n, icmp: 255n, icmp6: 255n, icmpCode: 255n,
    icmp6Code: 255n,
  state: 3n, iface: null, family: null,
}

/** Protocols whose ports the model has: TCP, UDP, SCTP. */
export const PORT_PROTOCOLS = [6n, 17n, 132n] as const

const NAMES: Readonly<Partial<Record<ValueType, ReadonlyMap<string, number>>>> = {
  proto: PROTOCOL_NUMBERS, port: SERVICE_PORTS, flags: TCP_FLAGS, icmp: ICMP_TYPES, icmp6: ICMP6_TYPES, icmpCode: ICMP_CODES,
    icmp6Code: ICMP6_CODES,
}

/** Interface names of the whole text: indexes for the model. Wildcards stand for every other interface with that start. */
export class Interfaces {
  readonly names: string[] = []
  private readonly indexes = new Map<string, number>()

  /** Index of this name or wildcard, new when it was not there. */
  index(name: string): number {
    const known = this.indexes.get(name)
    if (known !== undefined) return known
    this.names.push(name)
    this.indexes.set(name, this.names.length - 1)
    return this.names.length - 1
  }

  /** Indexes that a word of a rule covers: itself, and for `eth*` all names and narrower wildcards that start so. */
  covered(word: string): readonly number[] {
    const own = this.index(word)
    if (!isWildcard(word)) return [own]
    const start = word.slice(0, -1)
    return this.names.flatMap((name, i) => (i === own || name.startsWith(start) ? [i] : []))
  }
}

function isWildcard(word: string): boolean {
  return word.endsWith('*') && !word.endsWith('\\*')
}

/** nft's numbers of connection states (nft describe ct_state) and the model's. Untracked is no state of the model. */
const STATES: readonly (readonly [string, bigint, number])[] = [
  ['invalid', 1n, ConnState.invalid], ['established', 2n, ConnState.established], ['related', 4n, ConnState.related],
  ['new', 8n, ConnState.new],
]

export function stateOfBit(bit: bigint): bigint | null {
  const row = STATES.find(([, value]) => value === bit)
  return row === undefined ? null : BigInt(row[2])
}

/**
 * A number, an address or a name as the number it stands for; null when it is not understood. Interfaces and families are not asked here.
 */
export function numberOf(text: string, type: ValueType): bigint | null {
  if (type === 'ip4' || type === 'ip6') return addressOf(text, type)
  if (type === 'state') return STATES.find(([name]) => name === text)?.[1] ?? plainNumber(text)
  const named = NAMES[type]?.get(text)
  return named === undefined ? plainNumber(text) : BigInt(named)
}

function addressOf(text: string, type: 'ip4' | 'ip6'): bigint | null {
  const parsed = parseIp(text)
  if (!parsed.ok || ipVersion(parsed.value) !== (type === 'ip4' ? 4 : 6)) return null
  return ipValue(parsed.value)
}

function plainNumber(text: string): bigint | null {
  return /^(?:0[xX][0-9a-fA-F]{1,16}|\d{1,20})$/.test(text) ? BigInt(text) : null
}

/** The number an expression stands for: a word, or words joined by bit operations. */
export function exactValue(e: Expr, type: ValueType): bigint | null {
  if (e.kind === 'value') return numberOf(e.text, type)
  if (e.kind === 'list') return joined(e.items.map((item) => exactValue(item, type)))
  if (e.kind !== 'bits') return null
  const left = exactValue(e.left, type)
  const right = exactValue(e.right, type)
  if (left === null || right === null) return null
  if (e.op === '|') return left | right
  return e.op === '&' ? left & right : left ^ right
}

function joined(values: readonly (bigint | null)[]): bigint | null {
  let sum = 0n
  for (const value of values) {
    if (value === null) return null
    sum |= value
  }
  return sum
}

/** Values of a range, a prefix or a single value; null when not understood. Ranges of interfaces do not exist. */
export function rangeOf(e: Expr, type: ValueType): ValueRange | null {
  const max = TYPE_MAX[type]
  if (max === null) return null
  if (e.kind === 'any') return { low: 0n, high: max }
  if (e.kind === 'prefix') return prefixRange(e.base, e.length, type)
  if (e.kind === 'range') {
    const low = exactValue(e.low, type)
    const high = exactValue(e.high, type)
    return low === null || high === null || high > max ? null : { low, high }
  }
  const value = exactValue(e, type)
  if (value === null) return null
  return value > max && type !== 'state' ? null : { low: value, high: value }
}

function prefixRange(base: Expr, length: number, type: ValueType): ValueRange | null {
  const value = exactValue(base, type)
  const bits = PREFIX_BITS[type]
  if (value === null || bits === undefined || length > bits) return null
  const host = (1n << BigInt(bits - length)) - 1n
  return { low: value & ~host, high: value | host }
}

/** nft prints blocks of ports and marks as prefixes, too. */
const PREFIX_BITS: Readonly<Partial<Record<ValueType, number>>> = { ip4: 32, ip6: 128, port: 16, proto: 8 }

/** The family a word of `meta nfproto` or `meta protocol` means; null when it is none of the two. */
export function familyOf(e: Expr): IpVersion | null {
  const text = e.kind === 'value' ? e.text : ''
  return FAMILY_WORDS.get(text.toLowerCase()) ?? null
}

const FAMILY_WORDS: ReadonlyMap<string, IpVersion> = new Map([
  ['ipv4', 4], ['ip', 4], ['2', 4], ['0x0800', 4], ['0x800', 4], ['2048', 4], ['ipv6', 6], ['ip6', 6], ['10', 6], ['0x86dd', 6],
  ['34525', 6],
])
