// Reader of PAN-OS text, `set` commands or the curly form of `show`, into the common meaning of rules. XML is refused by name.
// Keeps systems apart: each virtual system is its own chain, and traffic between systems is unknown rather than guessed.

import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Chain, Route, Rule } from '../../rules/model.ts'
import type { ReadResult } from '../target.ts'
import { prefixRange, prefixText } from '../zone-based/ranges.ts'
import { Notes, ZoneIndex, configOf, unknownOf, unknownRule } from '../zone-based/reading.ts'
import { readStatements } from '../zone-based/statements.ts'
import { one, rangesConstraint } from '../zone-based/terms.ts'
import { treeOf, type Tree } from '../zone-based/tree.ts'
import { layoutOf, normalised, type Layout } from './layout.ts'
import { natRules } from './nat.ts'
import { systemRules, type RuleReader } from './rules.ts'

export const TARGET_ID = 'pan-os'

const ROOTS = ['vsys', 'shared', 'device-group', 'network', 'deviceconfig', 'policy', 'mgt-config']

/** Never throws. Null config for XML, and for text with nothing of PAN-OS at its root. */
export function readPanOs(text: string, file: string): ReadResult {
  const notes = new Notes(TARGET_ID, file)
  if (/^\s*(?:<\?xml|<config|<response)/.test(text)) {
    notes.error('xml', 1, 'the XML form is not read', 'give the output of "set cli config-output-format set", then "show"')
    return { config: null, diagnostics: notes.list }
  }
  const read = readStatements(text)
  const { tree, problems } = treeOf(normalised(read?.statements ?? []))
  for (const p of [...(read?.problems ?? []), ...problems]) notes.error(
    'statement', p.line, p.message, 'the rest of the text is read; check this line')
  if (!ROOTS.some((root) => tree.child(root))) {
    notes.error('kind', 0, 'this is not a PAN-OS configuration', 'give the output of "show" in configuration mode')
    return { config: null, diagnostics: notes.list }
  }
  const zones = new ZoneIndex()
  const layout = layoutOf(tree)
  const readers = readersOf(layout, zones, notes)
  const chains = chainsOf(layout, readers, notes)
  const device = tree.value('deviceconfig', 'system', 'hostname') ?? ''
  const nat = layout.ambiguous.length > 0 ? [] : readers.flatMap(natRules)
  return configOf({ target: TARGET_ID, device, zones, chains, nat, routes: staticRoutes(tree), sees: 'before-dnat' }, notes)
}

function readersOf(layout: Layout, zones: ZoneIndex, notes: Notes): RuleReader[] {
  const several = layout.systems.length > 1
  return layout.systems.map((system) => {
    const zoneName = (name: string): string => (several ? `${system.name}/${name}` : name)
    for (const zone of system.zones) zones.of(zoneName(zone))
    return { zones, notes, zoneName, system }
  })
}

/** One system: its chain. Several: a chain that goes to the system both zones belong to; between systems nothing is known. */
function chainsOf(layout: Layout, readers: readonly RuleReader[], notes: Notes): Chain[] {
  if (layout.ambiguous.length > 0) {
    const message = `device groups ${layout.ambiguous.join(', ')}: the text is about several devices or systems`
    notes.error('several-devices', 0, message, 'give the configuration of one device ("show config merged" there)')
    return [{ name: 'security', rules: [unknownRule(unknownOf('device-group', 1, message))], policy: 'deny' }]
  }
  const chains = readers.map((r): Chain => ({ name: readers.length > 1 ? r.system.name : 'security', rules: systemRules(r),
    policy: 'deny' }))
  if (readers.length === 1) return chains
  const between = unknownRule(unknownOf('vsys', 1, 'traffic between virtual systems is not modelled'))
  return [{ name: 'systems', rules: [...readers.map(systemGoto), between], policy: 'deny' }, ...chains]
}

function systemGoto(reader: RuleReader): Rule {
  const own = rangesConstraint(reader.system.zones.map((z) => one(reader.zones.of(reader.zoneName(z)))))
  const name = reader.system.name
  const match = { fields: [['iif', own], ['oif', own]] as const, unknown: [] }
  return { line: 0, text: `vsys ${name}`, family: null, matches: [match], action: { kind: 'goto', chain: name } }
}

/** Metric of a static route when none is given. */
const METRIC = 10

function staticRoutes(tree: Tree): Route[] {
  return tree.list('network', 'virtual-router').flatMap((router) =>
    ['ip', 'ipv6'].flatMap((family) => router.list('routing-table', family, 'static-route').flatMap((r) => routeOf(r, router.word))))
}

function routeOf(node: Tree, router: string): Route[] {
  const found = prefixRange(node.value('destination') ?? '')
  const length = found ? prefixText(found.version, found.range)?.split('/')[1] : undefined
  if (!found || length === undefined) return []
  const hop = parseIp(node.value('nexthop', 'ip-address') ?? node.value('nexthop', 'ipv6-address') ?? '')
  const nextHop = hop.ok && ipVersion(hop.value) === found.version ? ipValue(hop.value) : null
  const kind = node.at('nexthop', 'discard') ? 'blackhole' : nextHop === null && node.child('interface') ? 'connected' : 'via'
  const metric = Number(node.value('metric') ?? METRIC)
  return [{ version: found.version, network: found.range.low, length: Number(length), kind, nextHop, iface: null, metric, table: router,
    line: node.line }]
}
