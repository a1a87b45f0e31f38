// cordon read: what Cordon understands of an existing firewall's text: chains, bindings, routes, and what it does not, with its line.
// Keeps "never dropped": every unknown match is listed, because a proof must take it as possibly true and possibly false.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { ipFromValue } from '../base/ip.ts'
import { quote } from '../base/tree-reader.ts'
import { CONFIG_BYTES_MAX, readTextFile } from '../config/index.ts'
import { TARGETS } from '../policy/compile/registry.ts'
import type { ReadResult, Target } from '../policy/compile/target.ts'
import type { Binding, Config, Route } from '../policy/rules/model.ts'
import { Exit, type Io } from './io.ts'
import { table } from './text.ts'

/** Flags of `cordon read`. */
export interface ReadArgs {
  readonly file: string
  /** Target id; found by content when left out. */
  readonly target?: string | undefined
  readonly json?: boolean
}

type ReadIo = Pick<Io, 'out' | 'err'>

/** A platform that can read. */
interface Reader extends Target {
  readonly read: NonNullable<Target['read']>
}

interface Understood {
  readonly reader: Reader
  readonly result: ReadResult & { readonly config: Config }
}

/** Unknown matches shown in full; the rest is counted, and `--json` has them all. */
const UNKNOWNS_SHOWN_MAX = 50

/** Exit code 0 when the text was understood (with or without unknowns), 2 for usage, 3 when it is no text of a known platform. */
export function runRead(args: ReadArgs, io: ReadIo): number {
  const readers = TARGETS.flatMap((target): Reader[] => (target.read === null ? [] : [{ ...target, read: target.read }]))
  const wanted = readers.filter((reader) => args.target === undefined || reader.id === args.target)
  if (wanted.length === 0) {
    io.err(`error: no target ${quote(args.target ?? '')} can be read\n  help: These can: ${readers.map(({ id }) => id).join(', ')}.\n`)
    return Exit.usage
  }
  const text = readTextFile(args.file, args.file, CONFIG_BYTES_MAX)
  if (!text.ok) {
    io.err(`${formatDiagnostic(text.error)}\n`)
    return Exit.unreadable
  }
  const best = understand(wanted, text.value, args.file)
  if (best === null) {
    io.err(`${args.file}: no text that ${wanted.map(({ name }) => name).join(', ')} would print\n`)
    return Exit.unreadable
  }
  for (const diagnostic of best.result.diagnostics) io.err(`${formatDiagnostic(diagnostic)}\n`)
  io.out(args.json === true ? `${JSON.stringify(jsonOf(best), null, 2)}\n` : textOf(best))
  return Exit.ok
}

/**
 * Words that one platform's text has and no other's. They go before any score, because one platform may read another's text and mistake
 * its meaning: `255.255.255.0` is a subnet on ASA and a wildcard on IOS (facts on segmentation, section 6).
 */
const SIGNS: Readonly<Record<string, RegExp>> = {
  nftables: /^\s*(?:table (?:inet|ip|ip6|bridge|arp|netdev) |add (?:table|chain|rule) )|"nftables"\s*:/m,
  iptables: /^\*(?:filter|nat|mangle|raw|security)\s*$|^-A \S+ /m,
  'cisco-asa': /^\s*(?:ASA Version |access-list \S+ (?:line \d+ )?(?:extended|standard) |access-group \S+ (?:in|out|global)\b|nameif )/m,
  'cisco-ios': /^\s*(?:ip access-list (?:standard|extended) |ipv6 access-list |ip access-group |access-list \d+ (?:permit|deny|remark) )/m,
  fortios: /^\s*config (?:firewall|system|router|vdom)\b/m,
}

/** The platform that understands most: rules without unknown matches, bindings and routes count for it, unknowns against it. */
function understand(readers: readonly Reader[], text: string, file: string): Understood | null {
  const signed = readers.filter(({ id }) => SIGNS[id]?.test(text) ?? false)
  let best: { readonly found: Understood; readonly score: number } | null = null
  for (const reader of signed.length > 0 ? signed : readers) {
    const { config, diagnostics } = reader.read(text, file)
    if (config === null) continue
    const score = scoreOf(config)
    if (best === null || score > best.score) best = { found: { reader, result: { config, diagnostics } }, score }
  }
  return best?.found ?? null
}

function scoreOf(config: Config): number {
  const rules = [...config.chains.values()].flatMap((chain) => chain.rules)
  const clear = rules.filter((rule) => rule.action.kind !== 'unknown' && rule.matches.every((match) => match.unknown.length === 0))
  return clear.length + config.bindings.length + config.routes.length - config.unknowns.length
}

function textOf({ reader, result: { config } }: Understood): string {
  const rules = [...config.chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0)
  const device = config.device === '' ? '' : ` of ${config.device}`
  const head = `${reader.name}${device}: ${config.chains.size} chains, ${rules} rules, ${config.bindings.length} bindings,`
    + ` ${config.routes.length} routes, ${config.nat.length} address translations, ${config.unknowns.length} not understood\n`
  const chains = [...config.chains.values()].map((chain) => [chain.name, String(chain.rules.length), chain.policy ?? 'none'])
  const parts = [head, table(['chain', 'rules', 'at its end'], chains)]
  const bindings = config.bindings.map((binding) => bindingRow(binding, config))
  const routes = config.routes.map((route) => routeRow(route, config))
  if (bindings.length > 0) parts.push(table(['hook', 'interface', 'family', 'chain'], bindings))
  if (routes.length > 0) parts.push(table(['route', 'kind', 'next hop', 'interface', 'table', 'line'], routes))
  if (config.unknowns.length > 0) parts.push(unknownsText(config))
  return parts.join('\n')
}

function nameOf(config: Config, index: number | null): string {
  return index === null ? '-' : config.interfaces[index] ?? String(index)
}

function bindingRow(binding: Binding, config: Config): readonly string[] {
  return [binding.hook, nameOf(config, binding.iface), binding.family === null ? 'both' : `IPv${binding.family}`, binding.chain]
}

function routeRow(route: Route, config: Config): readonly string[] {
  const hop = route.nextHop === null ? '-' : ipFromValue(route.version, route.nextHop)
  const prefix = `${ipFromValue(route.version, route.network)}/${route.length}`
  return [prefix, route.kind, hop, nameOf(config, route.iface), route.table, String(route.line)]
}

function unknownsText({ unknowns }: Config): string {
  const shown = unknowns.slice(0, UNKNOWNS_SHOWN_MAX).map(({ line, text, reason }) => [String(line), text, reason])
  const more = unknowns.length > shown.length ? `... and ${unknowns.length - shown.length} more (--json lists all)\n` : ''
  return `${table(['line', 'not understood', 'why'], shown)}${more}`
}

/** Plain values: maps as lists, integers beyond 2^53 as text. */
function jsonOf({ reader, result: { config, diagnostics } }: Understood): unknown {
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
  const chains = [...config.chains.values()]
  return JSON.parse(JSON.stringify({ target: reader.id, platform: reader.name, diagnostics, config: { ...config, chains } }, plain))
}
