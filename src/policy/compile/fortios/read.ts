// Reader of FortiOS text (`config ... end` blocks, as a backup or `show` prints them) into the common meaning of rules.
// Keeps virtual domains apart: each is its own chain, and traffic between domains is unknown rather than guessed.

import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Chain, Route, Rule } from '../../rules/model.ts'
import type { ReadResult } from '../target.ts'
import { maskRange, prefixRange, prefixText } from '../zone-based/ranges.ts'
import { Notes, ZoneIndex, configOf, unknownOf, unknownRule } from '../zone-based/reading.ts'
import { one, rangesConstraint } from '../zone-based/terms.ts'
import { readBlocks, type Domain, type Entry } from './blocks.ts'
import { natRules } from './nat.ts'
import { valueOf, valuesOf, type Tables } from './objects.ts'
import { policyTables } from './policies.ts'

export const TARGET_ID = 'fortios'

/** Never throws. Null config when there is no `config` line of a section FortiOS has. */
export function readFortiOs(text: string, file: string): ReadResult {
  const notes = new Notes(TARGET_ID, file)
  const { domains, problems } = readBlocks(text)
  for (const p of problems) notes.error('statement', p.line, p.message, 'the rest of the text is read; check this line')
  const known = domains.some((d) => [...d.tables.keys()].some((path) => SECTION.test(path)))
  if (!known) {
    notes.error('kind', 0, 'this is not a FortiOS configuration',
      'give a backup, or the output of "show" with its "config" and "end" lines')
    return { config: null, diagnostics: notes.list }
  }
  const zones = new ZoneIndex()
  const global: Tables = domains.find((d) => d.name === '')?.tables ?? new Map()
  const own = domains.filter((d) => d.name !== '' && d.tables.size > 0)
  const systems = own.length > 0 ? own : domains.filter((d) => d.name === '')
  const chains = chainsOf(systems, global, zones, notes)
  const device = valueOf(global.get('system global')?.[0] ?? { name: '', line: 0, fields: new Map() }, 'hostname') ?? ''
  const nat = systems.flatMap((d) => natRules(d.tables, zones, indexer(d, systems.length > 1)))
  const routes = domains.flatMap((d) => staticRoutes(d))
  return configOf({ target: TARGET_ID, device, zones, chains, nat, routes, sees: 'after-dnat' }, notes)
}

const SECTION = /^(?:system|firewall|router|vpn|user|log) /

interface Interfaces {
  readonly names: readonly string[]
  readonly zones: readonly Entry[]
  readonly hidden: ReadonlySet<string>
}

/** Interfaces of a domain: its zones, and the interfaces that are in no zone. */
function interfacesOf(domain: Domain, global: Tables): Interfaces {
  const tables = domain.tables
  const zones = tables.get('system zone') ?? []
  const hidden = new Set(zones.flatMap((z) => valuesOf(z, 'interface')))
  const mine = (e: Entry): boolean => domain.name === '' || (valueOf(e, 'vdom') ?? 'root') === domain.name
  const interfaces = [...(tables.get('system interface') ?? []),
    ...(domain.name === '' ? [] : global.get('system interface') ?? [])].filter(mine)
  return { names: [...zones.map((z) => z.name), ...interfaces.map((i) => i.name).filter((n) => !hidden.has(n))], zones, hidden }
}

/** One domain: its chain. Several: a chain that goes to the domain both interfaces belong to; between domains nothing is known. */
function chainsOf(domains: readonly Domain[], global: Tables, zones: ZoneIndex, notes: Notes): Chain[] {
  const several = domains.length > 1
  const gotos: Rule[] = []
  const chains = domains.map((domain): Chain => {
    const { names, zones: zoneEntries, hidden } = interfacesOf(domain, global)
    const indexName = indexer(domain, several)
    const indexes = names.map((n) => zones.of(indexName(n)))
    gotos.push(domainGoto(domain.name, indexes))
    const rules = policyTables({ tables: domain.tables, zones, notes, indexName, zoneEntries, hidden })
    return { name: several ? domain.name : 'policies', rules, policy: 'deny' }
  })
  if (!several) return chains
  const between = unknownRule(unknownOf('vdom', 1, 'traffic between virtual domains is not modelled'))
  return [{ name: 'domains', rules: [...gotos, between], policy: 'deny' }, ...chains]
}

/** Interface names as indexes know them: with the domain before them when there are several. */
function indexer(domain: Domain, several: boolean): (name: string) => string {
  return (name) => (several ? `${domain.name}/${name}` : name)
}

function domainGoto(name: string, indexes: readonly number[]): Rule {
  const own = rangesConstraint(indexes.map(one))
  const match = { fields: [['iif', own], ['oif', own]] as const, unknown: [] }
  return { line: 0, text: `vdom ${name}`, family: null, matches: [match], action: { kind: 'goto', chain: name } }
}

/** Administrative distance of a static route when none is given. */
const DISTANCE = 10

function staticRoutes(domain: Domain): Route[] {
  const table = domain.name === '' ? 'main' : domain.name
  const read = (path: string, version: 4 | 6): Route[] => (domain.tables.get(path) ?? []).flatMap((e) => routeOf(e, version, table))
  return [...read('router static', 4), ...read('router static6', 6)]
}

function routeOf(entry: Entry, version: 4 | 6, table: string): Route[] {
  if (valueOf(entry, 'status') === 'disable') return []
  const [dst = version === 4 ? '0.0.0.0/0' : '::/0', mask] = valuesOf(entry, 'dst')
  const found = mask === undefined ? prefixRange(dst) : maskRange(dst, mask)
  const length = found ? prefixText(found.version, found.range)?.split('/')[1] : undefined
  if (!found || length === undefined) return []
  const hop = parseIp(valueOf(entry, 'gateway') ?? '')
  const nextHop = hop.ok && ipVersion(hop.value) === version ? ipValue(hop.value) : null
  const kind = valueOf(entry, 'blackhole') === 'enable' ? 'blackhole' : nextHop === null ? 'connected' : 'via'
  const metric = Number(valueOf(entry, 'distance') ?? DISTANCE)
  return [{ version, network: found.range.low, length: Number(length), kind, nextHop, iface: null, metric, table, line: entry.line }]
}
