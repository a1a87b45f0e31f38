// Reads routes as Linux prints them: `ip -j route`, and the plain text of `ip route` and `ip -6 route`.
// Keeps "never dropped": a route that is not understood is an unknown with its line; only what never forwards is left out.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import { IP_BITS, ipValue, ipVersion, parseIp, type IpVersion, type Prefix } from '../../../base/ip.ts'
import type { InterfaceAddress, Route, UnknownMatch } from '../../rules/model.ts'
import { Findings } from '../text/findings.ts'
import { configLines, Words, type ConfigLine } from '../text/lines.ts'
import { jsonEntries, listField, numberField, textField, type LinuxEntry, type LinuxObject } from './linux-model.ts'

export interface ReadRoutes {
  readonly routes: readonly Route[]
  /** Own addresses, as the `src` of connected routes and as local routes give them. */
  readonly addresses: readonly InterfaceAddress[]
  /** Names behind Route.iface: those handed in, then new ones in order of appearance. */
  readonly interfaces: readonly string[]
  readonly unknowns: readonly UnknownMatch[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface ReadRoutesOptions {
  /** Family of `default`, which has none of its own; 4 unless the output is of `ip -6 route`. */
  readonly version?: IpVersion
  /** Interfaces that are known already, so that indexes agree with other readers. */
  readonly interfaces?: readonly string[]
}

/** Never throws. JSON is told from text by its first character. */
export function readLinuxRoutes(text: string, file: string, options: ReadRoutesOptions = {}): ReadRoutes {
  const findings = new Findings('iproute2', file)
  const interfaces = [...(options.interfaces ?? [])]
  const entries = text.trimStart().startsWith('[') ? jsonEntries(text) : textEntries(text, findings)
  if (entries === null) findings.error('not-json', 0, 'this is not the JSON that ip -j route prints', 'save the output unchanged')
  const routes = (entries ?? []).flatMap((entry) => entryRoutes(entry, options.version ?? 4, interfaces, findings))
  const addresses = ownAddresses(entries ?? [], interfaces)
  return { routes, addresses, interfaces, unknowns: findings.unknowns, diagnostics: findings.diagnostics }
}

/** `10.0.0.0/24 dev eth0 scope link src 10.0.0.1`, and of the local table `local 10.0.0.1 dev eth0`. Each address once. */
function ownAddresses(entries: readonly LinuxEntry[], interfaces: string[]): readonly InterfaceAddress[] {
  const found = new Map<string, InterfaceAddress>()
  for (const { object, line } of entries) {
    const isLocal = textField(object, 'type') === 'local'
    const ip = parseIp(textField(object, isLocal ? 'dst' : 'prefsrc') ?? '')
    const iface = interfaceIndex(textField(object, 'dev'), interfaces)
    if (!ip.ok || iface === null || (!isLocal && hopsOf(object).some((hop) => gatewayOf(hop) !== null))) continue
    const version = ipVersion(ip.value)
    const within = isLocal ? null : destination(textField(object, 'dst'), version, [])
    const key = `${iface} ${ip.value}`
    if (found.get(key) === undefined || within !== null) {
      found.set(key, { version, value: ipValue(ip.value), length: within?.length ?? IP_BITS[version], iface, line })
    }
  }
  return [...found.values()]
}

/** Routes to own addresses and broadcasts: the kernel keeps such packets, they are never forwarded. */
const KEPT_TYPES: ReadonlySet<string> = new Set(['local', 'broadcast', 'anycast', 'multicast'])
const DROPS: Readonly<Record<string, 'blackhole' | 'prohibit' | 'unreachable'>> = {
  blackhole: 'blackhole', prohibit: 'prohibit', unreachable: 'unreachable',
}

function entryRoutes(entry: LinuxEntry, version: IpVersion, interfaces: string[], findings: Findings): readonly Route[] {
  const { object } = entry
  const type = textField(object, 'type') ?? 'unicast'
  if (KEPT_TYPES.has(type)) return []
  const found = unicastOrDrop(entry, type, version, interfaces)
  if (typeof found !== 'string') return found
  findings.note({ text: entry.text, line: entry.line, reason: found })
  return []
}

/** The routes of an entry, one per next hop, or why it is not understood. */
function unicastOrDrop(entry: LinuxEntry, type: string, version: IpVersion, interfaces: string[]): readonly Route[] | string {
  const { object, line } = entry
  const odd = ODD_FIELDS.find((name) => Object.hasOwn(object, name))
  if (odd !== undefined) return `${odd} is not modelled`
  const prefix = destination(textField(object, 'dst'), version, hopsOf(object))
  if (prefix === null) return 'the destination is not understood'
  const { network, length } = prefix
  const base = {
    version: prefix.version, network, length, line, table: textField(object, 'table') ?? 'main',
    metric: numberField(object, 'metric') ?? defaultMetric(prefix.version),
  }
  const drop = Object.hasOwn(DROPS, type) ? DROPS[type] : undefined
  if (drop !== undefined) return [{ ...base, kind: drop, nextHop: null, iface: null }]
  if (type !== 'unicast') return `routes of type ${type} are not modelled`
  const hops = hopsOf(object)
  if (hops.length === 0) return 'no next hop is printed'
  const routes = hops.map((hop) => hopRoute(hop, base, interfaces))
  return routes.find((route) => typeof route === 'string') ?? routes.filter((route) => typeof route !== 'string')
}

/** Fields that change where packets go, or which packets. */
const ODD_FIELDS = ['encap', 'tos', 'from', 'newdst']

/** The kernel's metric when none is printed: 0 in IPv4, 1024 in IPv6 (ip-route(8)). */
function defaultMetric(version: IpVersion): number {
  return version === 4 ? 0 : 1024
}

/** `default`, an address or a block, which may be cut short in nothing: iproute2 prints all of it. */
function destination(text: string | null, version: IpVersion, hops: readonly LinuxObject[]): Prefix | null {
  if (text === 'default') {
    const gateway = hops.map((hop) => gatewayOf(hop)).find((hop) => hop !== null)
    const known = gateway === undefined || gateway === null || typeof gateway === 'string' ? version : gateway.version
    return { version: known, network: 0n, length: 0 }
  }
  const [address = '', lengthText] = (text ?? '').split('/')
  const ip = parseIp(address)
  if (!ip.ok || (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText))) return null
  const bits = IP_BITS[ipVersion(ip.value)]
  const length = lengthText === undefined ? bits : Number(lengthText)
  if (length > bits) return null
  const host = BigInt(bits - length)
  return { version: ipVersion(ip.value), network: (ipValue(ip.value) >> host) << host, length }
}

/** One object per next hop: the list that multipath routes print, or the entry itself. */
function hopsOf(object: LinuxObject): readonly LinuxObject[] {
  const list = listField(object, 'nexthops').filter((hop): hop is LinuxObject => typeof hop === 'object' && hop !== null)
  if (list.length > 0) return list
  return Object.hasOwn(object, 'dev') || Object.hasOwn(object, 'gateway') || Object.hasOwn(object, 'via') ? [object] : []
}

interface Gateway {
  readonly version: IpVersion
  readonly value: bigint
}

/** The next hop's address; null when there is none, a reason when it is not understood. `via` is a hop of the other family (RFC 5549). */
function gatewayOf(hop: LinuxObject): Gateway | string | null {
  if (Object.hasOwn(hop, 'via')) return 'a next hop of the other IP version is not modelled'
  const text = textField(hop, 'gateway')
  if (text === null) return null
  const ip = parseIp(text)
  return ip.ok ? { version: ipVersion(ip.value), value: ipValue(ip.value) } : 'the next hop is not understood'
}

function hopRoute(hop: LinuxObject, base: Omit<Route, 'kind' | 'nextHop' | 'iface'>, interfaces: string[]): Route | string {
  const flags = listField(hop, 'flags')
  if (flags.includes('dead')) return 'the next hop is dead now, and may come back'
  const gateway = gatewayOf(hop)
  if (typeof gateway === 'string') return gateway
  if (gateway !== null && gateway.version !== base.version) return 'a next hop of the other IP version is not modelled'
  const iface = interfaceIndex(textField(hop, 'dev'), interfaces)
  return { ...base, kind: gateway === null ? 'connected' : 'via', nextHop: gateway?.value ?? null, iface }
}

/** Index of a name, added when it is new; null for none. `eth0@if3` is eth0. */
export function interfaceIndex(name: string | null, interfaces: string[]): number | null {
  if (name === null) return null
  const plain = name.split('@')[0] ?? name
  const known = interfaces.indexOf(plain)
  return known >= 0 ? known : interfaces.push(plain) - 1
}

const TYPES: ReadonlySet<string> = new Set(['unicast', 'throw', 'nat', ...KEPT_TYPES, ...Object.keys(DROPS)])
/** Words with a value behind them, and the field of `ip -j` that holds it. */
const VALUED: Readonly<Record<string, string>> = {
  dev: 'dev', table: 'table', metric: 'metric', proto: 'protocol', scope: 'scope', src: 'prefsrc', weight: 'weight', pref: 'pref',
    tos: 'tos',
  dsfield: 'tos', mtu: 'mtu', advmss: 'advmss', expires: 'expires', realm: 'realm', realms: 'realm', error: 'error', hoplimit: 'hoplimit',
  initcwnd: 'initcwnd', initrwnd: 'initrwnd', rtt: 'rtt', window: 'window', cwnd: 'cwnd', features: 'features', nhid: 'nhid', from: 'from',
}
const FLAGS: ReadonlySet<string> = new Set(['dead', 'onlink', 'linkdown', 'pervasive', 'offload', 'trap', 'rt_trap', 'rt_offload',
  'notify', 'cache'])

function textEntries(text: string, findings: Findings): readonly LinuxEntry[] {
  const read = configLines(text)
  findings.limits(read)
  const entries: { object: Record<string, unknown>; line: number; text: string }[] = []
  for (const line of read.lines) {
    const object = lineObject(line)
    const last = entries.at(-1)
    if (object === null) findings.unknown(line, 'a line of the routing table is not understood')
    else if (startsHop(line) && last !== undefined) last.object.nexthops = [...listField(last.object, 'nexthops'), object]
    else entries.push({ object, line: line.number, text: line.text })
  }
  return entries
}

function startsHop(line: ConfigLine): boolean {
  return line.words[0] === 'nexthop'
}

/** A line as the object that `ip -j` would print; null when a word is not known. */
function lineObject(line: ConfigLine): Record<string, unknown> | null {
  const words = new Words(line.words)
  const object: Record<string, unknown> = {}
  if (words.peek() === 'nexthop') words.skip(1)
  else {
    if (TYPES.has(words.peek())) object.type = words.take()
    object.dst = words.take()
  }
  const flags: string[] = []
  while (!words.done) {
    const word = words.take()
    const field = Object.hasOwn(VALUED, word) ? VALUED[word] : undefined
    if (field !== undefined) object[field] = words.take()
    else if (word === 'via') takeVia(words, object)
    else if (FLAGS.has(word)) flags.push(word)
    else return null
  }
  return { ...object, flags }
}

function takeVia(words: Words, object: Record<string, unknown>): void {
  if (words.peek() === 'inet6' || words.peek() === 'inet') object.via = { family: words.take(), host: words.take() }
  else object.gateway = words.take()
}
