// Reader of Junos SRX text, `set` lines or curly form, into the common meaning of rules.
// Keeps the order of the box: policies of the zone pair, then global policies, then the default (deny unless the text says otherwise).

import type { Chain, Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import type { ReadResult } from '../target.ts'
import { Notes, ZoneIndex, configOf, unknownOf, unknownRule } from '../zone-based/reading.ts'
import { readStatements } from '../zone-based/statements.ts'
import { ANY_ADDRESS, ANY_ZONES, policyRules, unionAddresses, type AddressSide, type ServiceTerm,
  type ZonePair } from '../zone-based/terms.ts'
import { treeOf, type Tree } from '../zone-based/tree.ts'
import { interfaceFilters } from './filters.ts'
import { natRules } from './nat.ts'
import { addressLookup, applicationLookup, type AddressLookup, type ApplicationLookup } from './objects.ts'
import { staticRoutes } from './routes.ts'

export const TARGET_ID = 'junos-srx'

/** Never throws. Null config when the text has neither `set` lines nor braces, or nothing of Junos at its root. */
export function readJunosSrx(text: string, file: string): ReadResult {
  const notes = new Notes(TARGET_ID, file)
  const read = readStatements(text)
  const { tree, problems } = treeOf(read?.statements ?? [])
  for (const p of [...(read?.problems ?? []), ...problems]) notes.error(
    'statement', p.line, p.message, 'the rest of the text is read; check this line')
  if (!ROOTS.some((root) => tree.child(root))) {
    notes.error('kind', 0, 'this is not a Junos configuration',
      'give the output of "show configuration" or "show configuration | display set"')
    return { config: null, diagnostics: notes.list }
  }
  const zones = new ZoneIndex()
  for (const zone of tree.values('security', 'zones', 'security-zone')) zones.of(zone)
  const reader: Reader = {
    zones, notes, address: addressLookup(tree.child('security')), application: applicationLookup(tree.child('applications')),
  }
  const filters = interfaceFilters(tree, zones)
  const rules = [...hiddenRules(tree), ...filters.hidden, ...policies(tree, reader)]
  const chains: readonly Chain[] = [{ name: 'policies', rules, policy: defaultPolicy(tree) }, ...filters.chains]
  const nat = natRules(tree, zones, reader.address)
  const device = tree.value('system', 'host-name') ?? ''
  const { bindings } = filters
  return configOf({ target: TARGET_ID, device, zones, chains, bindings, nat, routes: staticRoutes(tree), sees: 'after-dnat' }, notes)
}

const ROOTS = ['security', 'applications', 'system', 'interfaces', 'firewall', 'routing-options', 'routing-instances', 'groups']

interface Reader {
  readonly zones: ZoneIndex
  readonly notes: Notes
  readonly address: AddressLookup
  readonly application: ApplicationLookup
}

function defaultPolicy(tree: Tree): Chain['policy'] {
  return tree.at('security', 'policies', 'default-policy', 'permit-all') ? 'permit' : 'deny'
}

/** Text that may decide before any policy does, and is not modelled: groups, logical systems. */
function hiddenRules(tree: Tree): Rule[] {
  const why: UnknownMatch[] = []
  if (tree.child('groups') && usesGroups(tree)) {
    why.push(unknownOf('apply-groups', tree.child('groups')?.line ?? 0,
      'configuration groups are not expanded; show with "display inheritance"'))
  }
  for (const root of ['logical-systems', 'tenants']) {
    const node = tree.child(root)
    if (node) why.push(unknownOf(root, node.line, 'separate systems inside one text are not read'))
  }
  return why.map(unknownRule)
}

function usesGroups(tree: Tree): boolean {
  return tree.child('apply-groups') !== undefined || ['security', 'applications', 'interfaces'].some(
    (r) => hasWord(tree.child(r), 'apply-groups'))
}

function hasWord(node: Tree | undefined, word: string): boolean {
  return node !== undefined && (node.child(word) !== undefined || node.children.some((c) => hasWord(c, word)))
}

function policies(tree: Tree, reader: Reader): Rule[] {
  const root = tree.at('security', 'policies')
  const pairs = root?.list('from-zone').flatMap((from) => from.list('to-zone').flatMap((to) =>
    to.list('policy').flatMap((policy) => policyOf(policy, { from: from.word, to: to.word, book: [from.word, to.word] }, reader)))) ?? []
  const globals = root?.list('global', 'policy').flatMap(
    (policy) => policyOf(policy, { from: null, to: null, book: [null, null] }, reader)) ?? []
  return [...pairs, ...globals]
}

interface Context {
  readonly from: string | null
  readonly to: string | null
  /** Zones whose address books name the source and the destination. */
  readonly book: readonly [string | null, string | null]
}

function policyOf(policy: Tree, context: Context, reader: Reader): Rule[] {
  const match = matchPaths(policy)
  const values = (key: string): readonly Named[] => match.get(key) ?? []
  for (const key of ['source-address', 'destination-address', 'application']) {
    if (values(key).length === 0) missing(policy, key, reader.notes)
  }
  return policyRules({
    line: policy.line,
    text: `${context.from === null ? 'global' : `${context.from} -> ${context.to}`} policy ${policy.word}`,
    zones: zonePairs(context, values('from-zone'), values('to-zone'), reader),
    src: side(values('source-address'), match.has('source-address-excluded'), context.book[0], reader),
    dst: side(values('destination-address'), match.has('destination-address-excluded'), context.book[1], reader),
    services: services(values('application'), reader),
    unknown: [...extraMatches(match), ...scheduler(policy)],
    action: actionOf(policy),
  })
}

function missing(policy: Tree, key: string, notes: Notes): void {
  notes.warn('field-missing', policy.line, `policy ${policy.word} has no ${key}; read as any`,
    'Junos refuses to commit this; say "any" where any is meant')
}

interface Named {
  readonly name: string
  readonly line: number
}

const FLAGS = new Set(['source-address-excluded', 'destination-address-excluded'])

/** Keyword to values under `match`; one `set` line may hold several keywords. */
function matchPaths(policy: Tree): ReadonlyMap<string, readonly Named[]> {
  const out = new Map<string, Named[]>()
  for (const { words, line } of policy.at('match')?.paths() ?? []) {
    for (let i = 0; i < words.length;) {
      const key = words[i] ?? ''
      const list = out.get(key) ?? []
      out.set(key, list)
      if (!FLAGS.has(key)) list.push({ name: words[i + 1] ?? '', line })
      i += FLAGS.has(key) ? 1 : 2
    }
  }
  return out
}

function zonePairs(context: Context, from: readonly Named[], to: readonly Named[], reader: Reader): readonly ZonePair[] {
  const index = (names: readonly string[]): number[] | null =>
    (names.length === 0 || names.includes('any') ? null : names.map((n) => zoneIndex(n, reader)))
  const own = (zone: string | null, list: readonly Named[]): number[] | null => index(zone === null ? list.map((n) => n.name) : [zone])
  const pair = { iif: own(context.from, from), oif: own(context.to, to) }
  return pair.iif === null && pair.oif === null ? ANY_ZONES : [pair]
}

/** `junos-host` is the box itself: a zone of its own, so that policies towards it are not lost. */
function zoneIndex(name: string, { zones, notes }: Reader): number {
  if (!zones.has(name) && name !== 'junos-host') {
    notes.warn('zone-undefined', 0, `zone ${name} is used by a policy and not defined`, 'read as a zone without interfaces')
  }
  return zones.of(name)
}

function side(names: readonly Named[], negated: boolean, book: string | null, reader: Reader): AddressSide {
  if (names.length === 0) return { set: ANY_ADDRESS, negated: false }
  return { set: unionAddresses(names.map((n) => reader.address(book, n.name, n.line))), negated }
}

function services(names: readonly Named[], reader: Reader): readonly ServiceTerm[] {
  const all = names.length === 0 ? [{ name: 'any', line: 0 }] : names
  return all.flatMap((n) => reader.application(n.name, n.line))
}

const MODELLED = new Set(['source-address', 'destination-address', 'application', 'from-zone', 'to-zone', ...FLAGS])
/** Matches that say nothing when their value is one of these. */
const IDLE = new Set(['any', 'none'])

function extraMatches(match: ReadonlyMap<string, readonly Named[]>): UnknownMatch[] {
  return [...match].filter(([key]) => !MODELLED.has(key)).flatMap(([key, list]) =>
    list.filter((n) => !IDLE.has(n.name)).map((n) => unknownOf(`${key} ${n.name}`.trim(), n.line, 'not a matter of packet headers')))
}

function scheduler(policy: Tree): UnknownMatch[] {
  return policy.list('scheduler-name').map((s) => unknownOf(`scheduler-name ${s.word}`, s.line, 'depends on the time of day'))
}

/** `permit` with `application-services` inspects content of what it permits; with a tunnel or a translation check it depends on more. */
const PERMIT_DEPENDS = ['tunnel', 'destination-address', 'firewall-authentication']

function actionOf(policy: Tree): RuleAction {
  const then = policy.child('then')
  const permit = then?.child('permit')
  if (then?.child('deny')) return { kind: 'deny', reject: false }
  if (then?.child('reject')) return { kind: 'deny', reject: true }
  const depends = PERMIT_DEPENDS.find((word) => permit?.child(word))
  if (depends !== undefined) return { kind: 'unknown',
    why: unknownOf(`then permit ${depends}`, permit?.line ?? 0, 'depends on more than the header') }
  if (permit) return { kind: 'permit' }
  return { kind: 'unknown', why: unknownOf(`policy ${policy.word}`, policy.line, 'has no permit, deny or reject') }
}
