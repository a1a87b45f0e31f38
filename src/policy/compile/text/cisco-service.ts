// Protocols, ports and ICMP types in Cisco entries and service groups, as field constraints.
// Keeps "a port belongs to a protocol": a term carries its protocol, so that TCP 53 and UDP 22 never appear by crossing.

import type { IpVersion } from '../../../base/ip.ts'
import type { Constraint, ValueRange } from '../../rules/model.ts'
import type { CiscoGroups, FieldConstraint, ServiceTerm } from './cisco-model.ts'
import { ICMP6_TYPES, ICMP_TYPES, lookUp, PORTS, PROTOCOLS } from './cisco-names.ts'
import type { Words } from './lines.ts'
import { complementRanges, inRanges, inValues, joinRanges, oneValue } from './ranges.ts'

/** Highest port (RFC 9293 section 3.1: sixteen bits) and highest protocol number. */
const PORT_LAST = 65_535n
const PROTOCOL_LAST = 255

/** ICMP is protocol 1 in IPv4, ICMPv6 is 58 (RFC 4443); IOS calls both `icmp`, by the family of the list. */
const ICMP_PROTOCOL: Readonly<Record<IpVersion, number>> = { 4: 1, 6: 58 }

/** Terms of a protocol word. `family` is that of the list; null for ASA. Null for a word that names no protocol. */
export function protocolValues(word: string, family: IpVersion | null): readonly ServiceTerm[] | null {
  if (word === 'ip' || (word === 'ipv6' && family === 6)) return [{ family: null, fields: [] }]
  if (word === 'icmp') return [icmpTerm(family ?? 4)]
  if (word === 'icmp6' || word === 'icmpv6') return [icmpTerm(6)]
  if (word === 'tcp-udp') return [{ family: null, fields: [['proto', inValues(6, 17)]] }]
  const number = /^\d{1,3}$/.test(word) ? Number(word) : lookUp(PROTOCOLS, word)
  if (number === null || number > PROTOCOL_LAST) return null
  return [{ family: null, fields: [['proto', inValues(number)]] }]
}

function icmpTerm(version: IpVersion): ServiceTerm {
  return { family: version, fields: [['proto', inValues(ICMP_PROTOCOL[version])]] }
}

/** The family whose ICMP a term is about; null when it is about something else. */
export function icmpVersion(term: ServiceTerm): IpVersion | null {
  return term.family !== null && term.fields.some(([field]) => field === 'proto') ? term.family : null
}

/** A member of a service group: protocol, then ports (`source` before, `destination` optional) or an ICMP type. */
export function takeService(words: Words, groups: CiscoGroups): readonly ServiceTerm[] | null {
  const terms = protocolValues(words.take().toLowerCase(), null)
  const [term] = terms ?? []
  if (terms === null || term === undefined) return null
  const version = icmpVersion(term)
  const fields = version === null ? takeServicePorts(words, groups) : takeOptionalIcmp(words, version)
  return fields === null ? null : terms.map((t) => ({ family: t.family, fields: [...t.fields, ...fields] }))
}

function takeOptionalIcmp(words: Words, version: IpVersion): readonly FieldConstraint[] | null {
  return words.done ? [] : takeIcmp(words, version)
}

function takeServicePorts(words: Words, groups: CiscoGroups): readonly FieldConstraint[] | null {
  const fields: FieldConstraint[] = []
  if (words.takeIf('source')) {
    const ports = takePorts(words, groups)
    if (ports === null) return null
    fields.push(['sport', ports.constraint])
  }
  if (words.done) return fields
  words.takeIf('destination')
  const ports = takePorts(words, groups)
  return ports === null ? null : [...fields, ['dport', ports.constraint]]
}

export interface Ports {
  readonly constraint: Constraint
  readonly unknown: string | null
}

/** Whether the next words are ports: an operator, or a group of ports. */
export function portsNext(words: Words, groups: CiscoGroups): boolean {
  const word = words.peek()
  if (Object.hasOwn(OPERATORS, word) || word === 'portgroup') return true
  return word === 'object-group' && groups.kind(groupName(words)) === 'port'
}

function groupName(words: Words): string {
  const ahead = words.rest().split(' ')
  return ahead[1] ?? ''
}

/** Ports, their words taken; null when they are not understood. */
export function takePorts(words: Words, groups: CiscoGroups): Ports | null {
  const word = words.take().toLowerCase()
  if (word === 'object-group' || word === 'portgroup') {
    const found = groups.ports(words.take())
    return { constraint: found.unknown === null ? inRanges(found.ranges) : EVERY_PORT_OF_ONE, unknown: found.unknown }
  }
  const operator = Object.hasOwn(OPERATORS, word) ? OPERATORS[word] : undefined
  const ranges = operator?.(words) ?? null
  return ranges === null ? null : { constraint: inRanges(ranges), unknown: null }
}

const EVERY_PORT_OF_ONE: Constraint = inRanges([{ low: 0n, high: PORT_LAST }])

type Operator = (words: Words) => readonly ValueRange[] | null

/** IOS takes up to ten ports after eq and neq, ASA one (IOS security command reference, "permit (IP)"). */
const LISTED_PORTS_MAX = 10

const OPERATORS: Readonly<Record<string, Operator>> = {
  eq: takeListed,
  neq: (words) => {
    const listed = takeListed(words)
    return listed === null ? null : complementRanges(listed, PORT_LAST)
  },
  gt: (words) => mapPort(takePort(words), (port) => ({ low: port + 1n, high: PORT_LAST })),
  lt: (words) => mapPort(takePort(words), (port) => ({ low: 0n, high: port - 1n })),
  range: (words) => {
    const low = takePort(words)
    const high = takePort(words)
    return low === null || high === null || low > high ? null : [{ low, high }]
  },
}

function mapPort(port: bigint | null, range: (port: bigint) => ValueRange): readonly ValueRange[] | null {
  return port === null ? null : joinRanges([range(port)])
}

function takeListed(words: Words): readonly ValueRange[] | null {
  const ranges: ValueRange[] = []
  while (!words.done && ranges.length < LISTED_PORTS_MAX && portNumber(words.peek()) !== null) {
    ranges.push(oneValue(takePort(words) ?? 0n))
  }
  return ranges.length === 0 ? null : ranges
}

function takePort(words: Words): bigint | null {
  return portNumber(words.take().toLowerCase())
}

function portNumber(word: string): bigint | null {
  const number = /^\d{1,5}$/.test(word) ? Number(word) : lookUp(PORTS, word)
  return number === null || BigInt(number) > PORT_LAST ? null : BigInt(number)
}

/** An ICMP type by name or number, a code behind the number; null when not understood. */
export function takeIcmp(words: Words, version: IpVersion): readonly FieldConstraint[] | null {
  const word = words.take().toLowerCase()
  const named = lookUp(version === 4 ? ICMP_TYPES : ICMP6_TYPES, word)
  if (named !== null) return icmpFields(named[0], named[1])
  const type = octet(word)
  if (type === null) return null
  const code = octet(words.peek())
  if (code !== null) words.skip(1)
  return icmpFields(type, code)
}

/** Whether the next word is an ICMP type. */
export function icmpNext(words: Words, version: IpVersion): boolean {
  const word = words.peek()
  return octet(word) !== null || lookUp(version === 4 ? ICMP_TYPES : ICMP6_TYPES, word) !== null
}

function octet(word: string): number | null {
  return /^\d{1,3}$/.test(word) && Number(word) <= 255 ? Number(word) : null
}

function icmpFields(type: number, code: number | null): readonly FieldConstraint[] {
  const first: FieldConstraint = ['icmpType', inValues(type)]
  return code === null ? [first] : [first, ['icmpCode', inValues(code)]]
}
