// Stateless filters of Junos (`firewall family inet filter`) as chains, bound to the zones of their interfaces and to the device itself.
// Keeps "never dropped": where the interfaces of one zone have different filters, what enters or leaves the zone is unknown.

import type { IpVersion } from '../../../base/ip.ts'
import type { Binding, Chain, Rule, RuleAction } from '../../rules/model.ts'
import { unknownOf, unknownRule, type ZoneIndex } from '../zone-based/reading.ts'
import { one, rangesConstraint } from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'
import { termMatches } from './filter-match.ts'

export interface Filters {
  readonly chains: readonly Chain[]
  readonly bindings: readonly Binding[]
  /** For the head of the policies: filters that could not be bound. */
  readonly hidden: readonly Rule[]
}

interface Use {
  readonly iface: string
  /** Null: the interface is in no zone. */
  readonly zone: string | null
  readonly version: IpVersion
  readonly direction: 'input' | 'output'
  readonly names: readonly string[]
  readonly line: number
}

const FAMILIES: readonly (readonly [string, IpVersion])[] = [['inet', 4], ['inet6', 6]]

/** Every filter of the text is a chain; several in an `input-list` are one chain in their order. */
export function interfaceFilters(tree: Tree, zones: ZoneIndex): Filters {
  const chains = new Map<string, Chain>()
  for (const [family, version] of FAMILIES) {
    for (const filter of filtersOf(tree, family)) addChain(tree, version, [filter.word], chains)
  }
  const bindings: Binding[] = []
  const hidden: Rule[] = []
  for (const use of usesOf(tree)) {
    const chain = addChain(tree, use.version, use.names, chains)
    const binding = chain === null ? null : bindingOf(use, chain, tree, zones)
    if (binding === null) hidden.push(hiddenRule(use, zones))
    else if (!bindings.some((b) => b.hook === binding.hook && b.iface === binding.iface && b.family === binding.family)) bindings.push(binding)
  }
  return { chains: [...chains.values()], bindings, hidden }
}

/** `firewall filter` is `firewall family inet filter`. */
function filtersOf(tree: Tree, family: string): readonly Tree[] {
  return [...tree.list('firewall', 'family', family, 'filter'), ...(family === 'inet' ? tree.list('firewall', 'filter') : [])]
}

function chainName(version: IpVersion, names: readonly string[]): string {
  return `filter ${version === 4 ? 'inet' : 'inet6'} ${names.join(' + ')}`
}

/** Null when one of the filters is not in the text. A term of a name that both forms have adds to it. */
function addChain(tree: Tree, version: IpVersion, names: readonly string[], chains: Map<string, Chain>): Chain | null {
  const name = chainName(version, names)
  const known = chains.get(name)
  if (known !== undefined) return known
  const parts = names.map((one_) => filtersOf(tree, version === 4 ? 'inet' : 'inet6').filter((filter) => filter.word === one_))
  if (parts.some((part) => part.length === 0)) return null
  const chain: Chain = { name, rules: parts.flat().flatMap((filter) => filterRules(filter, version, tree)), policy: 'deny' }
  chains.set(name, chain)
  return chain
}

/** Words of a filter beside its terms that decide nothing. */
const QUIET = new Set(['term', 'interface-specific', 'description', 'accounting-profile'])

function filterRules(filter: Tree, version: IpVersion, root: Tree): readonly Rule[] {
  const odd = filter.children.filter((child) => !QUIET.has(child.word))
    .map((child) => unknownRule(unknownOf(`filter ${filter.word} ${child.word}`, child.line, 'this part of a filter is not modelled')))
  return [...odd, ...filter.list('term').map((term): Rule => ({
    line: term.line, text: `filter ${filter.word} term ${term.word}`, family: version, matches: termMatches(term, version, root), action: actionOf(term),
  }))]
}

/** Actions beside the decision that change no packet's fate. */
const MODIFIERS = new Set(['count', 'log', 'syslog', 'sample', 'port-mirror', 'forwarding-class', 'loss-priority', 'dscp', 'traffic-class', 'accept'])

/** A term that decides nothing accepts (Junos, "firewall filter terminating actions"). */
function actionOf(term: Tree): RuleAction {
  const then = term.child('then')?.children ?? []
  const words = new Set(then.map((child) => child.word))
  if (words.has('discard')) return { kind: 'deny', reject: false }
  if (words.has('reject')) return { kind: 'deny', reject: true }
  if (words.has('next') && then.every(({ word, children }) => MODIFIERS.has(word) || (word === 'next' && children[0]?.word === 'term'))) return { kind: 'next' }
  const odd = then.find(({ word }) => !MODIFIERS.has(word))
  if (odd === undefined) return { kind: 'permit' }
  return { kind: 'unknown', why: unknownOf(`then ${odd.word} ${odd.value() ?? ''}`.trim(), odd.line, 'this action of a filter is not modelled') }
}

/** Every interface unit, family and direction with a filter. Of `input` and `input-list` the one written last holds. */
function usesOf(tree: Tree): readonly Use[] {
  return unitsOf(tree).flatMap(({ iface, unit }) => FAMILIES.flatMap(([family, version]) => {
    const filter = unit.at('family', family, 'filter')
    return (['input', 'output'] as const).flatMap((direction): Use[] => {
      const last = filter?.children.findLast((child) => child.word === direction || child.word === `${direction}-list`)
      const names = last === undefined ? [] : last.word.endsWith('-list') ? last.children.map((child) => child.word) : [last.value() ?? '']
      return last === undefined ? [] : [{ iface, zone: zoneOf(tree, iface), version, direction, names, line: last.line }]
    })
  }))
}

export function unitsOf(tree: Tree): readonly { readonly iface: string; readonly unit: Tree }[] {
  return tree.list('interfaces').flatMap((node) => [
    ...node.list('unit').map((unit) => ({ iface: `${node.word}.${unit.word}`, unit })), { iface: `${node.word}.0`, unit: node },
  ])
}

function zoneOf(tree: Tree, iface: string): string | null {
  return tree.list('security', 'zones', 'security-zone').find((zone) => zone.at('interfaces', iface))?.word ?? null
}

/** A zone's filter is that of all its interfaces. `lo0` stands for the device itself; without zones interfaces stand for themselves. */
function bindingOf(use: Use, chain: Chain, tree: Tree, zones: ZoneIndex): Binding | null {
  const { iface, zone, version, direction } = use
  if (iface.startsWith('lo0')) return { hook: direction, iface: null, family: version, chain: chain.name }
  const hook = direction === 'input' ? 'interface-in' : 'interface-out'
  if (zone === null) {
    const bare = tree.list('security', 'zones', 'security-zone').length === 0
    return bare ? { hook, iface: zones.of(iface), family: version, chain: chain.name } : null
  }
  const uses = usesOf(tree)
  const alike = tree.values('security', 'zones', 'security-zone', zone, 'interfaces').every((other) =>
    uses.some((one_) => one_.iface === other && one_.version === version && one_.direction === direction && chainName(version, one_.names) === chain.name))
  return alike ? { hook, iface: zones.of(zone), family: version, chain: chain.name } : null
}

/** May drop or accept anything that enters or leaves through the interface's zone. */
function hiddenRule({ iface, zone, version, direction, names, line }: Use, zones: ZoneIndex): Rule {
  const why = unknownOf(`filter ${direction} ${names.join(' ')} on ${iface}`, line,
    'a stateless filter that is not defined, or that not all interfaces of its zone have')
  const field = direction === 'output' ? 'oif' : 'iif'
  const fields = zone === null ? [] : [[field, rangesConstraint([one(zones.of(zone))])] as const]
  return { ...unknownRule(why), family: version, matches: [{ fields, unknown: [] }] }
}
