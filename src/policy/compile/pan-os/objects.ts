// Objects of PAN-OS: addresses, address groups, services and service groups, looked up in scopes (vsys, device group, pushed, shared).
// Keeps "never dropped": a name no scope knows, a tag filter or a DNS name is an unknown member with its line.

import { ipValue, parseIp } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { portRange, prefixRange, spanRange } from '../zone-based/ranges.ts'
import { groupResolver, unknownOf } from '../zone-based/reading.ts'
import {
  ANY_ADDRESS, ANY_SERVICE, NO_ADDRESS, addressOf, serviceOf, unionAddresses, unknownAddress, unknownService, type AddressSet,
  type ServiceTerm,
} from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'

export type AddressLookup = (name: string, line: number) => AddressSet
export type ServiceLookup = (name: string, line: number) => readonly ServiceTerm[]

/** The first scope that knows the name, as an object or as a group. */
function findIn(scopes: readonly Tree[], kinds: readonly string[], name: string): { node: Tree; kind: string } | null {
  for (const scope of scopes) {
    const kind = kinds.find((k) => scope.at(k, name))
    const node = kind === undefined ? undefined : scope.at(kind, name)
    if (kind !== undefined && node) return { node, kind }
  }
  return null
}

/** Objects first, then literals: `4.3.2.1` may be the name of an object with another address. */
export function addressLookup(scopes: readonly Tree[]): AddressLookup {
  const resolve = groupResolver<AddressSet | null>(
    (name, member) => {
      const found = findIn(scopes, ['address', 'address-group'], name)
      if (found?.kind === 'address') return addressValue(found.node)
      if (!found) return literalAddress(name)
      if (found.node.child('dynamic')) {
        return unknownAddress(unknownOf(`address-group ${name}`, found.node.line, 'members are chosen by tags'))
      }
      const members = found.node.list('static')
      return unionAddresses(members.map((m) => member(m.word) ?? undefinedAddress(m.word, m.line)))
    },
    (name) => unknownAddress(unknownOf(`address-group ${name}`, 0, 'contains itself')),
  )
  return (name, line) => (name === 'any' ? ANY_ADDRESS : resolve(name) ?? undefinedAddress(name, line))
}

function undefinedAddress(name: string, line: number): AddressSet {
  return unknownAddress(unknownOf(`address ${name}`, line, 'not defined here: a region, an external list, or nothing'))
}

function literalAddress(text: string): AddressSet | null {
  const [first = '', last] = text.split('-')
  const found = last === undefined ? prefixRange(text) : spanRange(first, last)
  return found ? addressOf(found) : null
}

function addressValue(node: Tree): AddressSet {
  const literal = node.value('ip-netmask') ?? node.value('ip-range')
  const wildcard = node.value('ip-wildcard')
  const found = literal === null ? wildcard === null ? null : wildcardAddress(wildcard) : literalAddress(literal)
  const words = node.paths().find((p) => ADDRESS_KINDS.has(p.words[0] ?? ''))?.words.join(' ') ?? 'has no value'
  return found ?? unknownAddress(unknownOf(`address ${node.word} ${words}`, node.line, 'no fixed address, or not understood'))
}

const ADDRESS_KINDS = new Set(['ip-netmask', 'ip-range', 'ip-wildcard', 'fqdn'])

/** `10.20.1.0/0.0.248.255`: bits set in the wildcard are free. */
function wildcardAddress(text: string): AddressSet | null {
  const [address = '', wildcard = ''] = text.split('/')
  const a = parseIp(address)
  const w = parseIp(wildcard)
  if (!a.ok || !w.ok || address.includes(':') || wildcard.includes(':')) return null
  const mask = 0xffffffffn - ipValue(w.value)
  return { ...NO_ADDRESS, masks: [{ value: ipValue(a.value) & mask, mask }] }
}

const PORTED: ReadonlyMap<string, number> = new Map([['tcp', 6], ['udp', 17], ['sctp', 132]])

function port(value: number): ValueRange {
  return { low: BigInt(value), high: BigInt(value) }
}

/** Built into every PAN-OS; a service of the same name in the text wins. */
const BUILT_IN: ReadonlyMap<string, ServiceTerm> = new Map([
  ['any', ANY_SERVICE],
  ['application-default', ANY_SERVICE],
  ['service-http', serviceOf(6, { dport: [port(80), port(8080)] })],
  ['service-https', serviceOf(6, { dport: [port(443)] })],
])

/** `application-default` leaves ports to the application: with application `any` it is any port, else the application is unknown anyway. */
export function serviceLookup(scopes: readonly Tree[]): ServiceLookup {
  const resolve = groupResolver<readonly ServiceTerm[] | null>(
    (name, member) => {
      const found = findIn(scopes, ['service', 'service-group'], name)
      if (found?.kind === 'service') return serviceTerms(found.node)
      const builtIn = BUILT_IN.get(name)
      if (!found) return builtIn ? [builtIn] : null
      return found.node.list('members').flatMap((m) => member(m.word) ?? [undefinedService(m.word, m.line)])
    },
    (name) => [unknownService(unknownOf(`service-group ${name}`, 0, 'contains itself'))],
  )
  return (name, line) => resolve(name) ?? [undefinedService(name, line)]
}

function undefinedService(name: string, line: number): ServiceTerm {
  return unknownService(unknownOf(`service ${name}`, line, 'not defined here'))
}

function serviceTerms(node: Tree): readonly ServiceTerm[] {
  const terms = node.list('protocol').map((protocol) => {
    const proto = PORTED.get(protocol.word)
    const dport = ports(protocol.value('port'))
    const sport = ports(protocol.value('source-port'))
    if (proto === undefined || dport === 'wrong' || sport === 'wrong') {
      return undefinedService(`${node.word} ${protocol.word}`, protocol.line)
    }
    return serviceOf(proto, { dport, sport })
  })
  return terms.length > 0 ? terms : [undefinedService(node.word, node.line)]
}

/** `80,8000-8010`; null is any port. */
function ports(text: string | null): readonly ValueRange[] | null | 'wrong' {
  if (text === null) return null
  const ranges = text.split(',').map((part) => portRange(part.trim()))
  const good = ranges.filter((r) => r !== null)
  return good.length === ranges.length ? good : 'wrong'
}
