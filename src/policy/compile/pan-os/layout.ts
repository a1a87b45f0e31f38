// Layout of a PAN-OS text: which virtual systems it holds, where their rules stand and which scopes their names are looked up in.
// Keeps the order of the box: rules pushed before, local rules, rules pushed after, then the default rules.

import type { Statement } from '../zone-based/statements.ts'
import type { Tree } from '../zone-based/tree.ts'

/** Words at the root that belong to the only virtual system when no `vsys` is named. */
const VSYS_WORDS = new Set(['address', 'address-group', 'service', 'service-group', 'rulebase', 'zone', 'schedule', 'application',
  'application-group', 'tag'])
const IMPLICIT_VSYS = ['vsys', 'vsys1']

/** Takes away the wrapping that differs between set and curly form and templates, so that one path means one thing. */
export function normalised(statements: readonly Statement[]): Statement[] {
  return statements.map(({ words, line }) => {
    let rest = words[0] === 'template' && words[2] === 'config' ? words.slice(3) : words
    if (rest[0] === 'config') rest = rest.slice(1)
    if (rest[0] === 'devices' && rest.length > 2) rest = rest.slice(2)
    return { words: VSYS_WORDS.has(rest[0] ?? '') ? [...IMPLICIT_VSYS, ...rest] : rest, line }
  })
}

/** A rulebase with the scopes its names are looked up in, nearest first. */
export interface Rulebase {
  readonly node: Tree
  readonly scopes: readonly Tree[]
}

export interface VirtualSystem {
  readonly name: string
  readonly zones: readonly string[]
  /** In the order they are asked. */
  readonly rulebases: readonly Rulebase[]
}

export interface Layout {
  readonly systems: readonly VirtualSystem[]
  /** Names of device groups, when there is more than one: the text is then about several devices. */
  readonly ambiguous: readonly string[]
}

export function layoutOf(tree: Tree): Layout {
  const groups = tree.list('device-group')
  const group = groups[0]
  const named = tree.list('vsys').filter((v) => v.child('rulebase') ?? v.child('zone'))
  const systems = named.length > 0 ? named : [undefined]
  const ambiguous = groups.length > 1 || (groups.length > 0 && systems.length > 1) ? groups.map((g) => g.word) : []
  return { systems: systems.map((vsys) => systemOf(tree, vsys, group)), ambiguous }
}

/** On a device, objects of its group win over shared ones, in shared rules too: Panorama resolves names for the device it pushes to. */
function systemOf(tree: Tree, vsys: Tree | undefined, group: Tree | undefined): VirtualSystem {
  const shared = tree.child('shared')
  const pushed = tree.at('policy', 'panorama')
  const of = (...nodes: readonly (Tree | undefined)[]): Tree[] => nodes.filter((n) => n !== undefined)
  const groupScopes = of(group, shared)
  const pushedScopes = of(pushed, shared, vsys)
  const rows: readonly (readonly [Tree | undefined, readonly Tree[]])[] = [
    [shared?.child('pre-rulebase'), groupScopes],
    [group?.child('pre-rulebase'), groupScopes],
    [pushed?.child('pre-rulebase'), pushedScopes],
    [vsys?.child('rulebase'), of(vsys, shared, pushed)],
    [shared?.child('rulebase'), of(shared)],
    [group?.child('post-rulebase'), groupScopes],
    [pushed?.child('post-rulebase'), pushedScopes],
    [shared?.child('post-rulebase'), groupScopes],
  ]
  return {
    name: vsys?.word ?? 'vsys1',
    zones: vsys?.values('zone') ?? [],
    rulebases: rows.flatMap(([node, scopes]) => (node ? [{ node, scopes }] : [])),
  }
}
