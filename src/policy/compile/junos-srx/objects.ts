// Objects of an SRX: address books (global, attached, inside a zone) and applications, as sets.
// Keeps "never dropped": a name that is not defined, or a form that is not modelled, is an unknown member with its line.

import { ipValue, parseIp } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { numberRange, portRange, prefixRange, spanRange } from '../zone-based/ranges.ts'
import { groupResolver, unknownOf } from '../zone-based/reading.ts'
import type { Statement } from '../zone-based/statements.ts'
import {
  ANY_ADDRESS, ANY_SERVICE, ANY_V4, ANY_V6, NO_ADDRESS, addressOf, one, unionAddresses, unknownAddress, unknownService,
  type AddressSet, type ServiceTerm,
} from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'
import { ICMP_WORDS, PORT_WORDS, PREDEFINED, PROTOCOLS } from './predefined.ts'

/** Zone (null: global policies) and address name to addresses. A zone's own books are asked before the global one. */
export type AddressLookup = (zone: string | null, name: string, line: number) => AddressSet

const BUILT_IN: ReadonlyMap<string, AddressSet> = new Map([['any', ANY_ADDRESS], ['any-ipv4', ANY_V4], ['any-ipv6', ANY_V6]])

export function addressLookup(security: Tree | undefined): AddressLookup {
  const books = security?.list('address-book') ?? []
  const global = books.filter((b) => b.word === 'global')
  const inZone = new Map<string | null, ((name: string) => AddressSet | null)>()
  const booksOf = (zone: string | null): readonly Tree[] => {
    if (zone === null) return global
    const inline = security?.at('zones', 'security-zone', zone, 'address-book')
    return [...(inline ? [inline] : []), ...books.filter((b) => b.at('attach', 'zone', zone) !== undefined), ...global]
  }
  return (zone, name, line) => {
    const builtIn = BUILT_IN.get(name)
    if (builtIn) return builtIn
    if (!inZone.has(zone)) inZone.set(zone, booksReader(booksOf(zone)))
    const where = zone === null ? 'the global address book' : `the address books of zone ${zone}`
    return inZone.get(zone)?.(name) ?? unknownAddress(unknownOf(`address ${name}`, line, `not defined in ${where}`))
  }
}

/** The first book that knows a name decides; members of a set are looked up in the set's own book. */
function booksReader(books: readonly Tree[]): (name: string) => AddressSet | null {
  const readers = books.map((book) => ({ book, resolve: bookResolver(book) }))
  return (name) => {
    const holder = readers.find(({ book }) => book.at('address', name) ?? book.at('address-set', name))
    return holder ? holder.resolve(name) : null
  }
}

function bookResolver(book: Tree): (name: string) => AddressSet {
  return groupResolver<AddressSet>(
    (name, member) => {
      const address = book.at('address', name)
      if (address) return addressValue(address)
      const set = book.at('address-set', name)
      if (!set) return unknownAddress(unknownOf(`address ${name}`, book.line, `not defined in address book ${book.word}`))
      return unionAddresses([...set.values('address'), ...set.values('address-set')].map(member))
    },
    (name) => unknownAddress(unknownOf(`address-set ${name}`, book.line, 'contains itself')),
  )
}

/** `PREFIX`, `ip-prefix PREFIX`, `range-address A to B`, `wildcard-address A/MASK`; a DNS name is unknown. */
function addressValue(node: Tree): AddressSet {
  const values = node.paths().filter((p) => p.words[0] !== 'description').map((p) => oneAddress(node.word, p))
  return values.length > 0 ? unionAddresses(values) : unknownAddress(unknownOf(`address ${node.word}`, node.line, 'has no value'))
}

function oneAddress(name: string, { words, line }: Statement): AddressSet {
  const [kind = '', value = ''] = words
  const plain = prefixRange(kind === 'ip-prefix' ? value : kind)
  if (plain) return addressOf(plain)
  const span = kind === 'range-address' && words[2] === 'to' ? spanRange(value, words[3] ?? '') : null
  if (span) return addressOf(span)
  if (kind === 'wildcard-address') {
    const [address = '', mask = ''] = value.split('/')
    const a = parseIp(address)
    const m = parseIp(mask)
    if (a.ok && m.ok && !address.includes(':') && !mask.includes(':')) {
      return { ...NO_ADDRESS, masks: [{ value: ipValue(a.value) & ipValue(m.value), mask: ipValue(m.value) }] }
    }
  }
  return unknownAddress(unknownOf(`address ${name} ${words.join(' ')}`, line, kind === 'dns-name' ? 'a DNS name' : 'form not modelled'))
}

/** Application or application-set name to alternatives. */
export type ApplicationLookup = (name: string, line: number) => readonly ServiceTerm[]

export function applicationLookup(applications: Tree | undefined): ApplicationLookup {
  const resolve = groupResolver<readonly ServiceTerm[] | null>(
    (name, member) => {
      const own = applications?.at('application', name)
      if (own) return applicationTerms(own)
      const set = applications?.at('application-set', name)
      if (set) return setTerms(set, member)
      const known = PREDEFINED.get(name)
      return known ? [known] : null
    },
    (name) => [unknownService(unknownOf(`application-set ${name}`, applications?.line ?? 0, 'contains itself'))],
  )
  return (name, line) => resolve(name) ?? [undefinedApplication(name, line)]
}

function setTerms(set: Tree, member: (name: string) => readonly ServiceTerm[] | null): ServiceTerm[] {
  return [...set.list('application'), ...set.list('application-set')]
    .flatMap((m) => member(m.word) ?? [undefinedApplication(m.word, m.line)])
}

function undefinedApplication(name: string, line: number): ServiceTerm {
  return unknownService(unknownOf(`application ${name}`, line, 'not defined here, and not in the table of predefined applications'))
}

/** A term per `term`, or one from the application itself. */
function applicationTerms(node: Tree): readonly ServiceTerm[] {
  const terms = node.list('term')
  return terms.length > 0 ? terms.map((t) => termOf(node.word, t)) : [termOf(node.word, node)]
}

interface Attribute {
  readonly key: string
  readonly value: string
  readonly line: number
}

/** Attributes of one value each; several may stand in one line (`protocol tcp destination-port 1`). */
function attributesOf(node: Tree): Attribute[] {
  return node.paths().flatMap(({ words, line }) =>
    Array.from({ length: Math.ceil(words.length / 2) }, (_, i) => ({ key: words[2 * i] ?? '', value: words[2 * i + 1] ?? '', line })))
}

/** These say nothing about which packets match. The application-protocol names the ALG that looks inside, not a port. */
const HARMLESS = new Set(['inactivity-timeout', 'description', 'application-protocol', 'alg'])

function termOf(name: string, node: Tree): ServiceTerm {
  const term: { -readonly [K in keyof ServiceTerm]: ServiceTerm[K] } = { ...ANY_SERVICE }
  const unknown = []
  for (const { key, value, line } of attributesOf(node)) {
    const read = ATTRIBUTES.get(key)
    const found = read?.parse(value)
    if (read && found) term[read.field] = [found]
    else if (!HARMLESS.has(key)) unknown.push(unknownOf(`application ${name} ${key} ${value}`.trim(), line, 'not modelled'))
  }
  return { ...term, unknown }
}

interface AttributeReader {
  readonly field: 'proto' | 'sport' | 'dport' | 'icmpType' | 'icmpCode'
  readonly parse: (text: string) => ValueRange | null
}

const BYTE_MAX = 255n

function wordOr(words: ReadonlyMap<string, number>, numbers: (text: string) => ValueRange | null): AttributeReader['parse'] {
  return (text) => {
    const known = words.get(text)
    return known === undefined ? numbers(text) : one(known)
  }
}

const byte = (text: string): ValueRange | null => numberRange(text, BYTE_MAX)
export const protocolValue = wordOr(PROTOCOLS, byte)
export const portValue = wordOr(PORT_WORDS, portRange)
const icmpType = wordOr(ICMP_WORDS, byte)

const ATTRIBUTES: ReadonlyMap<string, AttributeReader> = new Map<string, AttributeReader>([
  ['protocol', { field: 'proto', parse: protocolValue }],
  ['destination-port', { field: 'dport', parse: portValue }],
  ['source-port', { field: 'sport', parse: portValue }],
  ['icmp-type', { field: 'icmpType', parse: icmpType }],
  ['icmp-code', { field: 'icmpCode', parse: byte }],
  ['icmp6-type', { field: 'icmpType', parse: byte }],
  ['icmp6-code', { field: 'icmpCode', parse: byte }],
])
