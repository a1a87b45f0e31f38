// Objects of FortiOS: addresses and groups of both families, services and service groups, as sets.
// Keeps "never dropped": what has no fixed addresses, or is not defined, is an unknown member with its line.

import { ipValue, parseIp } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { maskRange, numberRange, portRange, prefixRange, spanRange, type AddressRange } from '../zone-based/ranges.ts'
import { groupResolver, unknownOf } from '../zone-based/reading.ts'
import {
  ANY_SERVICE, ANY_V4, ANY_V6, NO_ADDRESS, addressOf, serviceOf, subtractAddresses, unionAddresses, unknownAddress, unknownService,
  type AddressSet, type ServiceTerm,
} from '../zone-based/terms.ts'
import type { Entry } from './blocks.ts'

export type Tables = ReadonlyMap<string, readonly Entry[]>
export type AddressLookup = (name: string, line: number) => AddressSet
export type ServiceLookup = (name: string, line: number) => readonly ServiceTerm[]

export function valuesOf(entry: Entry, key: string): readonly string[] {
  return entry.fields.get(key)?.values ?? []
}

export function valueOf(entry: Entry, key: string): string | null {
  return valuesOf(entry, key)[0] ?? null
}

export function lineOf(entry: Entry, key: string): number {
  return entry.fields.get(key)?.line ?? entry.line
}

/** Name to entry; the last of a name counts, as the box would have it. */
function byName(tables: Tables, path: string): ReadonlyMap<string, Entry> {
  return new Map((tables.get(path) ?? []).map((e) => [e.name, e]))
}

/** IPv4 names live in `firewall address` and `addrgrp`, IPv6 names in `address6` and `addrgrp6`; `all` and `none` exist on every box. */
export function addressLookup(tables: Tables, version: 4 | 6): AddressLookup {
  const suffix = version === 4 ? '' : '6'
  const addresses = byName(tables, `firewall address${suffix}`)
  const groups = byName(tables, `firewall addrgrp${suffix}`)
  const resolve = groupResolver<AddressSet | null>(
    (name, member) => {
      const address = addresses.get(name)
      if (address) return version === 4 ? addressValue(address) : address6Value(address)
      const group = groups.get(name)
      if (group) return groupValue(group, member)
      return name === 'all' ? (version === 4 ? ANY_V4 : ANY_V6) : name === 'none' ? NO_ADDRESS : null
    },
    (name) => unknownAddress(unknownOf(`addrgrp ${name}`, groups.get(name)?.line ?? 0, 'contains itself')),
  )
  return (name, line) => resolve(name) ?? undefinedAddress(name, line)
}

function undefinedAddress(name: string, line: number): AddressSet {
  return unknownAddress(unknownOf(`address ${name}`, line,
    'not defined here as an address or group: a virtual IP, a fabric object, or nothing'))
}

/** Members without the excluded ones. The list of excluded members stays while `exclude` is off, and does nothing. */
function groupValue(group: Entry, member: (name: string) => AddressSet | null): AddressSet {
  const union = (key: string): AddressSet =>
    unionAddresses(valuesOf(group, key).map((m) => member(m) ?? undefinedAddress(m, lineOf(group, key))))
  const members = union('member')
  if (valueOf(group, 'exclude') !== 'enable') return members
  const left = subtractAddresses(members, union('exclude-member'))
  return left ?? unknownAddress(unknownOf(`addrgrp ${group.name}`, group.line, 'excluded members are not all plain addresses'))
}

/** `subnet` without a value is 0.0.0.0/0, as on the box. */
function addressValue(entry: Entry): AddressSet {
  const type = valueOf(entry, 'type') ?? (entry.fields.has('start-ip') ? 'iprange' : 'ipmask')
  if (type === 'wildcard') return wildcardAddress(entry)
  const found = type === 'ipmask' ? subnet(valuesOf(entry, 'subnet')) : type === 'iprange' ? span(entry) : null
  return found ? addressOf(found) : noFixedAddress(entry, type)
}

function noFixedAddress(entry: Entry, type: string): AddressSet {
  const value = valueOf(entry, 'fqdn') ?? valueOf(entry, 'country') ?? ''
  return unknownAddress(unknownOf(`address ${entry.name} type ${type} ${value}`.trim(), entry.line, 'no fixed address, or not understood'))
}

function subnet(values: readonly string[]): AddressRange | null {
  const [address, mask] = values
  if (address === undefined) return maskRange('0.0.0.0', '0.0.0.0')
  return mask === undefined ? (address.includes('/') ? prefixRange(address) : null) : maskRange(address, mask)
}

function span(entry: Entry): AddressRange | null {
  return spanRange(valueOf(entry, 'start-ip') ?? '', valueOf(entry, 'end-ip') ?? '')
}

/** Bits that are 1 in the second value are compared: a mask, not an IOS wildcard. */
function wildcardAddress(entry: Entry): AddressSet {
  const [address = '', mask = ''] = valuesOf(entry, 'wildcard')
  const a = parseIp(address)
  const m = parseIp(mask)
  if (!a.ok || !m.ok || address.includes(':') || mask.includes(':')) return noFixedAddress(entry, 'wildcard')
  return { ...NO_ADDRESS, masks: [{ value: ipValue(a.value) & ipValue(m.value), mask: ipValue(m.value) }] }
}

function address6Value(entry: Entry): AddressSet {
  const type = valueOf(entry, 'type') ?? (entry.fields.has('start-ip') ? 'iprange' : 'ipprefix')
  const found = type === 'ipprefix' ? prefixRange(valueOf(entry, 'ip6') ?? '::/0') : type === 'iprange' ? span(entry) : null
  return found?.version === 6 ? addressOf(found) : noFixedAddress(entry, type)
}

const PORTED = [['tcp', 6], ['udp', 17], ['sctp', 132]] as const
const ICMP = 1
const ICMP6 = 58

function ports(text: string): readonly ValueRange[] {
  const range = portRange(text)
  return range ? [range] : []
}

/** Services that every box has from the factory and whose ports are beyond doubt; a service of the same name in the text wins. */
const FACTORY: ReadonlyMap<string, readonly ServiceTerm[]> = new Map<string, readonly ServiceTerm[]>([
  ['ALL', [ANY_SERVICE]],
  ['ALL_TCP', [serviceOf(6, { dport: ports('1-65535') })]],
  ['ALL_UDP', [serviceOf(17, { dport: ports('1-65535') })]],
  ['ALL_ICMP', [serviceOf(ICMP)]],
  ['ALL_ICMP6', [serviceOf(ICMP6)]],
  ['PING', [serviceOf(ICMP, { icmpType: ports('8') })]],
  ['PING6', [serviceOf(ICMP6, { icmpType: ports('128') })]],
  ['GRE', [serviceOf(47)]],
  ['OSPF', [serviceOf(89)]],
  ['DNS', [serviceOf(6, { dport: ports('53') }), serviceOf(17, { dport: ports('53') })]],
  ['NTP', [serviceOf(6, { dport: ports('123') }), serviceOf(17, { dport: ports('123') })]],
  ...([['FTP', '21'], ['HTTP', '80'], ['HTTPS', '443'], ['IMAP', '143'], ['IMAPS', '993'], ['POP3', '110'], ['SMTP', '25'], ['SSH', '22'],
    ['SMB', '445'], ['TELNET', '23'], ['BGP', '179'], ['RDP', '3389']] as const)
    .map(([name, port]) => [name, [serviceOf(6, { dport: ports(port) })]] as const),
  ...([['SYSLOG', '514'], ['TFTP', '69'], ['DHCP', '67-68']] as const)
    .map(([name, port]) => [name, [serviceOf(17, { dport: ports(port) })]] as const),
])

export function serviceLookup(tables: Tables): ServiceLookup {
  const services = byName(tables, 'firewall service custom')
  const groups = byName(tables, 'firewall service group')
  const resolve = groupResolver<readonly ServiceTerm[] | null>(
    (name, member) => {
      const own = services.get(name)
      if (own) return serviceTerms(own)
      const group = groups.get(name)
      if (group) return valuesOf(group, 'member').flatMap((m) => member(m) ?? [undefinedService(m, lineOf(group, 'member'))])
      return FACTORY.get(name) ?? null
    },
    (name) => [unknownService(unknownOf(`service group ${name}`, groups.get(name)?.line ?? 0, 'contains itself'))],
  )
  return (name, line) => resolve(name) ?? [undefinedService(name, line)]
}

function undefinedService(name: string, line: number): ServiceTerm {
  return unknownService(unknownOf(`service ${name}`, line, 'not defined here, and not in the table of factory services'))
}

/** Say nothing about which packets match. */
const HARMLESS = new Set([
  'category', 'comment', 'visibility', 'color', 'protocol', 'tcp-portrange', 'udp-portrange', 'sctp-portrange', 'icmptype', 'icmpcode',
  'protocol-number', 'helper', 'session-ttl', 'tcp-halfclose-timer', 'tcp-halfopen-timer', 'tcp-timewait-timer', 'tcp-rst-timer',
  'udp-idle-timer', 'check-reset-range', 'fabric-object', 'uuid', 'uid', 'global-object',
])

function serviceTerms(entry: Entry): readonly ServiceTerm[] {
  const unknown = [...entry.fields].filter(([key]) => !HARMLESS.has(key))
    .map(([key, field]) => unknownOf(`service ${entry.name} ${key} ${field.values.join(' ')}`, field.line, 'not modelled'))
  return protocolTerms(entry).map((term) => ({ ...term, unknown: [...term.unknown, ...unknown] }))
}

const BYTE_MAX = 255n

function protocolTerms(entry: Entry): readonly ServiceTerm[] {
  const protocol = valueOf(entry, 'protocol') ?? 'TCP/UDP/SCTP'
  if (protocol === 'IP') {
    const number = Number(valueOf(entry, 'protocol-number') ?? 0)
    return [number === 0 ? ANY_SERVICE : number <= Number(BYTE_MAX) ? serviceOf(number) : undefinedService(entry.name, entry.line)]
  }
  if (protocol === 'ICMP' || protocol === 'ICMP6') return [icmpTerm(entry, protocol === 'ICMP' ? ICMP : ICMP6)]
  if (!['TCP/UDP/SCTP', 'TCP/UDP/UDP-Lite/SCTP'].includes(protocol)) {
    return [undefinedService(`${entry.name} protocol ${protocol}`, entry.line)]
  }
  const terms = PORTED.flatMap(([word, proto]) => valuesOf(entry, `${word}-portrange`).map((text) => portTerm(entry, proto, text)))
  return terms.length > 0 ? terms : [undefinedService(entry.name, entry.line)]
}

function icmpTerm(entry: Entry, proto: number): ServiceTerm {
  const byte = (key: string): readonly ValueRange[] | null => {
    const range = numberRange(valueOf(entry, key) ?? '', BYTE_MAX)
    return range ? [range] : null
  }
  return serviceOf(proto, { icmpType: byte('icmptype'), icmpCode: byte('icmpcode') })
}

/** `DESTINATION` or `DESTINATION:SOURCE`, each a port or a range. */
function portTerm(entry: Entry, proto: number, text: string): ServiceTerm {
  const [to = '', from] = text.split(':')
  const dport = portRange(to)
  const sport = from === undefined ? null : portRange(from)
  if (!dport || (from !== undefined && !sport)) return undefinedService(`${entry.name} ${text}`, entry.line)
  return serviceOf(proto, { dport: [dport], sport: sport ? [sport] : null })
}
