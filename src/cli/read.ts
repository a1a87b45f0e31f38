// cordon read: what Cordon understands of an existing firewall's text: chains, bindings, routes, and what it does not, with its line.
// Keeps "never dropped": every unknown match is listed, because a proof must take it as possibly true and possibly false.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { ipFromValue } from '../base/ip.ts'
import { rangeToPrefixes } from '../policy/compile/ranges.ts'
import type { Binding, Config, Constraint, Field, Route, RouteRule } from '../policy/rules/model.ts'
import { Exit, type Io } from './io.ts'
import { readConfigFile, type Understood } from './read-config.ts'
import { table } from './text.ts'

/** Flags of `cordon read`. */
export interface ReadArgs {
  readonly file: string
  /** Target id; found by content when left out. */
  readonly target?: string | undefined
  readonly json?: boolean
  /** Say the file's name first: it is one of several. */
  readonly named?: boolean
}

type ReadIo = Pick<Io, 'out' | 'err'>

/** Unknown matches shown in full; the rest is counted, and `--json` has them all. */
const UNKNOWNS_SHOWN_MAX = 50

/** Exit code 0 when the text was understood (with or without unknowns), 2 for usage, 3 when it is no text of a known platform. */
export function runRead(args: ReadArgs, io: ReadIo): number {
  const read = readConfigFile(args.file, args.target)
  if (!read.ok) {
    io.err(`${read.error.message}\n`)
    return read.error.kind === 'usage' ? Exit.usage : Exit.unreadable
  }
  const best = read.value
  for (const diagnostic of best.result.diagnostics) io.err(`${formatDiagnostic(diagnostic)}\n`)
  const named = args.named === true
  if (args.json === true) io.out(`${JSON.stringify(named ? { file: args.file, ...(jsonOf(best) as object) } : jsonOf(best), null, 2)}\n`)
  else io.out(`${named ? `== ${args.file}\n` : ''}${textOf(best)}`)
  return Exit.ok
}

function textOf({ reader, result: { config } }: Understood): string {
  const rules = [...config.chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0)
  const device = config.device === '' ? '' : ` of ${config.device}`
  const head = `${reader.name}${device}: ${config.chains.size} chains, ${rules} rules, ${config.bindings.length} bindings,`
    + ` ${config.routes.length} routes, ${config.routeRules.length} routing rules, ${config.nat.length} address translations,`
    + ` ${config.unknowns.length} not understood\n`
  const chains = [...config.chains.values()].map((chain) => [chain.name, String(chain.rules.length), chain.policy ?? 'none'])
  const parts = [head, ...(chains.length > 0 || config.routes.length + config.routeRules.length === 0 ? [table(['chain', 'rules', 'at its end'], chains)] : [])]
  const bindings = config.bindings.map((binding) => bindingRow(binding, config))
  const routes = config.routes.map((route) => routeRow(route, config))
  if (bindings.length > 0) parts.push(table(['hook', 'interface', 'family', 'chain'], bindings))
  if (routes.length > 0) parts.push(table(['route', 'kind', 'next hop', 'interface', 'table', 'line'], routes))
  const routeRules = config.routeRules.map((rule) => routeRuleRow(rule, config))
  if (routeRules.length > 0) parts.push(table(['priority', 'packets', 'then', 'line'], routeRules))
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

function routeRuleRow({ priority, match, action, line }: RouteRule, config: Config): readonly string[] {
  const fields = match.fields.map(([field, constraint]) => `${field} ${constraintText(field, constraint, config)}`)
  const unknown = match.unknown.map(({ reason }) => `(${reason})`)
  const words = [...fields, ...unknown].join(' ')
  return [String(priority), words === '' ? 'all' : words, action.kind === 'table' ? `table ${action.table}` : action.kind, String(line)]
}

function constraintText(field: Field, constraint: Constraint, config: Config): string {
  if (constraint.kind === 'masks') return 'by mask'
  return constraint.ranges.map(({ low, high }) => {
    if (field === 'iif' || field === 'oif') return nameOf(config, Number(low))
    if (field !== 'src' && field !== 'dst') return low === high ? String(low) : `${low}-${high}`
    const version = high < 1n << 32n ? 4 : 6
    return rangeToPrefixes(version, { low, high }).map(({ network, length }) => `${ipFromValue(version, network)}/${length}`).join(',')
  }).join(',')
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
