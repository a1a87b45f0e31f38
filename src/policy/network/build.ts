// Build: the network of a file and the texts it names. Interfaces of all texts of a device become one list, and wires refer to it.
// Keeps "nothing is dropped": what a text says and no rule carries makes its device opaque, unless somebody has looked at the line.

import type { Diagnostic } from '../../base/diagnostic.ts'
import { IP_BITS, type IpVersion, type Prefix } from '../../base/ip.ts'
import type { Position } from '../../base/tree.ts'
import { readLinuxRoutes } from '../compile/routes/read-routes.ts'
import { readLinuxRules } from '../compile/routes/read-rules.ts'
import type { ReadResult } from '../compile/target.ts'
import { reachable } from '../prove/questions.ts'
import type { Chain, Config, Route, RouteRule, UnknownMatch } from '../rules/model.ts'
import type { NetworkFile, WrittenDevice, WrittenLink } from './file.ts'
import type { Device, DeviceInterface, Link, Manner, Network, OwnAddress } from './model.ts'

/** The texts of a device. `read` is the platform's reader for its configuration, which is handed the names of interfaces known already. */
export interface DeviceTexts {
  readonly config: { readonly text: string; readonly file: string; readonly read: (text: string, file: string, known: readonly string[]) => ReadResult } | null
  readonly routes: readonly { readonly text: string; readonly file: string; readonly table: string | null }[]
  readonly rules: readonly { readonly text: string; readonly file: string; readonly version: IpVersion }[]
}

export interface BuiltNetwork {
  readonly network: Network | null
  readonly diagnostics: readonly Diagnostic[]
}

/** The network, or all that does not fit. `texts` are those of each device, in the order of the file. Never throws. */
export function buildNetwork(file: NetworkFile, texts: readonly DeviceTexts[]): BuiltNetwork {
  const diagnostics: Diagnostic[] = []
  const drafts = file.devices.map((written, i) => buildDevice(written, texts[i] ?? { config: null, routes: [], rules: [] }, diagnostics))
  const links = file.links.map((written) => buildLink(written, file, drafts, diagnostics))
  const devices = drafts.map((draft, device): Device => ({
    ...draft, interfaces: draft.interfaces.map((iface, index): DeviceInterface => {
      const link = links.findIndex(({ ends }) => ends.some((end) => end.device === device && end.iface === index))
      return { ...iface, link: link < 0 ? null : link }
    }),
  }))
  const bad = diagnostics.some((d) => d.severity === 'error')
  return { network: bad ? null : { name: file.name, devices, links }, diagnostics }
}

const EMPTY: Config = {
  target: 'none', device: '', interfaces: [], chains: new Map(), bindings: [], nat: [], routes: [], routeRules: [], sees: 'after-dnat', unknowns: [],
}

function buildDevice(written: WrittenDevice, texts: DeviceTexts, diagnostics: Diagnostic[]): Device {
  const early = readRouting(texts, written.addresses.map((a) => a.iface))
  const read = texts.config?.read(texts.config.text, texts.config.file, early.interfaces) ?? { config: EMPTY, diagnostics: [] }
  if (read.config === null) diagnostics.push(...read.diagnostics)
  const own = read.config ?? EMPTY
  const routing = readRouting(texts, [...own.interfaces, ...written.addresses.map((a) => a.iface)])
  diagnostics.push(...routing.diagnostics.filter((d) => d.severity === 'error'))
  const addresses = allAddresses(written, own, routing)
  const config: Config = {
    ...own, interfaces: routing.interfaces, routeRules: [...own.routeRules, ...routing.rules],
    routes: withConnected([...own.routes, ...routing.routes], addresses),
  }
  const disregarded = (why: UnknownMatch): boolean => written.disregard.includes(why.text)
  const inRules = new Set(routing.rules.flatMap((rule) => rule.match.unknown))
  const learned = (why: UnknownMatch): boolean => texts.routes.length > 0 && /routes learned by a routing protocol/.test(why.reason)
  return {
    name: written.name, config, manner: mannerOf(own),
    opaque: [...unaccounted(own).filter((why) => !learned(why)), ...routing.unknowns].filter((why) => !inRules.has(why) && !disregarded(why)),
    interfaces: config.interfaces.map((name, index) => (
      { name, link: null, addresses: addresses.filter((a) => a.iface === index).map(({ iface: _iface, ...a }) => a) })),
  }
}

interface Routing {
  readonly routes: readonly Route[]
  readonly rules: readonly RouteRule[]
  readonly addresses: readonly (OwnAddress & { readonly iface: number })[]
  readonly interfaces: readonly string[]
  readonly unknowns: readonly UnknownMatch[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Route and rule texts one after the other, all with one list of interfaces. */
function readRouting(texts: DeviceTexts, known: readonly string[]): Routing {
  let all: Routing = { routes: [], rules: [], addresses: [], interfaces: [...new Set(known)], unknowns: [], diagnostics: [] }
  for (const { text, file, table } of texts.routes) {
    const read = readLinuxRoutes(text, file, { interfaces: all.interfaces, version: looksIpv6(text) ? 6 : 4 })
    const routes = table === null ? read.routes : read.routes.map((route) => ({ ...route, table }))
    all = joined(all, { ...read, routes, rules: [] })
  }
  for (const { text, file, version } of texts.rules) {
    const read = readLinuxRules(text, file, all.interfaces)
    all = joined(all, { ...read, routes: [], addresses: [], rules: read.rules.map((rule) => ({ ...rule, family: version })) })
  }
  return all
}

function joined(a: Routing, b: Routing): Routing {
  return {
    routes: [...a.routes, ...b.routes], rules: [...a.rules, ...b.rules], addresses: [...a.addresses, ...b.addresses], interfaces: b.interfaces,
    unknowns: [...a.unknowns, ...b.unknowns], diagnostics: [...a.diagnostics, ...b.diagnostics],
  }
}

/** Family of a `default` without next hop: every IPv6 box prints its link-local block. */
function looksIpv6(text: string): boolean {
  return /\bfe80::/.test(text)
}

function allAddresses(written: WrittenDevice, own: Config, routing: Routing): readonly (OwnAddress & { readonly iface: number })[] {
  const explicit = written.addresses.map(({ iface, ...address }) => ({ ...address, iface: routing.interfaces.indexOf(iface) }))
  const found = new Map<string, OwnAddress & { readonly iface: number }>()
  for (const address of [...explicit, ...(own.addresses ?? []), ...routing.addresses]) {
    const key = `${address.iface} ${address.version} ${address.value}`
    if (!found.has(key)) found.set(key, { version: address.version, value: address.value, length: address.length, iface: address.iface })
  }
  return [...found.values()]
}

/** An address brings the route to its block, where no text has one for it. */
function withConnected(routes: readonly Route[], addresses: readonly (OwnAddress & { readonly iface: number })[]): readonly Route[] {
  const missing = addresses.flatMap(({ version, value, length, iface }): Route[] => {
    const host = BigInt(IP_BITS[version] - length)
    const network = (value >> host) << host
    const known = length === IP_BITS[version] || routes.some((r) => r.version === version && r.network === network && r.length === length && r.iface === iface)
    return known ? [] : [{ version, network, length, kind: 'connected', nextHop: null, iface, metric: 0, table: 'main', line: 0 }]
  })
  return [...routes, ...missing]
}

const SESSIONS: ReadonlySet<string> = new Set(['cisco-asa', 'junos-srx', 'pan-os', 'fortios'])
const LINUX: ReadonlySet<string> = new Set(['nftables', 'iptables'])

function mannerOf({ target }: Config): Manner {
  if (SESSIONS.has(target)) return 'session'
  return LINUX.has(target) ? 'linux' : target === 'none' ? 'no-filter' : 'stateless'
}

/**
 * Unknowns of a text that stand in no rule which packets are asked of. Rules of chains that nothing leads to do not count; on Linux a base
 * chain that is bound to no hook of the model is one of translation, and its unknowns count unless its rows carry them.
 */
function unaccounted(config: Config): readonly UnknownMatch[] {
  const chains = [...config.chains.values()]
  const bound = new Set(config.bindings.flatMap(({ chain }) => config.chains.get(chain) ?? []))
  const hidden = LINUX.has(config.target) ? chains.filter((chain) => chain.policy !== null && !bound.has(chain)) : []
  const elsewhere = new Set(hidden.flatMap((chain) => [...reachable(chain, config.chains)]))
  const counted = new Set(chains.filter((chain) => bound.has(chain) || !elsewhere.has(chain)).flatMap(unknownsIn))
  for (const row of config.nat) for (const why of row.match.unknown) counted.add(keyOf(why))
  for (const rule of config.routeRules) for (const why of rule.match.unknown) counted.add(keyOf(why))
  return config.unknowns.filter((why) => !counted.has(keyOf(why)))
}

function unknownsIn(chain: Chain): readonly string[] {
  return chain.rules.flatMap((rule) => [
    ...rule.matches.flatMap((match) => match.unknown), ...(rule.action.kind === 'unknown' ? [rule.action.why] : []),
  ]).map(keyOf)
}

function keyOf({ line, text }: UnknownMatch): string {
  return `${line} ${text}`
}

function buildLink(written: WrittenLink, file: NetworkFile, devices: readonly Device[], diagnostics: Diagnostic[]): Link {
  const deviceIndex = (name: string): number => file.devices.findIndex((device) => device.name === name)
  const ends = written.attached.flatMap(({ device: name, iface: word, at }) => {
    const device = deviceIndex(name)
    const names = devices[device]?.interfaces.map((iface) => iface.name) ?? []
    const iface = names.indexOf(word)
    if (iface >= 0) return [{ device, iface }]
    diagnostics.push(unknownInterface(written.name, name, word, names, at))
    return []
  })
  return {
    name: written.name, ends, prefixes: written.prefixes ?? (written.internet ? [] : attachedBlocks(ends, devices)), zone: written.zone,
    internet: written.internet, gateways: written.gateways?.map(({ device }) => deviceIndex(device)) ?? null,
  }
}

function unknownInterface(link: string, device: string, iface: string, names: readonly string[], at: Position): Diagnostic {
  const known = names.length === 0 ? 'No text of it names any.' : `Its texts name: ${names.join(', ')}.`
  return {
    severity: 'error', code: 'network/unknown-interface', message: `link ${link} names ${device}/${iface}, and no text of ${device} knows that interface`,
    file: at.file, line: at.line, column: at.column, help: `${known} Give its routes, or its address under "addresses:".`,
  }
}

/** Blocks of the interfaces on a wire, as their addresses and connected routes give them. */
function attachedBlocks(ends: Link['ends'], devices: readonly Device[]): readonly Prefix[] {
  const found = new Map<string, Prefix>()
  for (const { device, iface } of ends) {
    for (const { kind, iface: out, version, network, length } of devices[device]?.config.routes ?? []) {
      if (kind === 'connected' && out === iface && length > 0) found.set(`${version} ${network}/${length}`, { version, network, length })
    }
  }
  return [...found.values()]
}
