// From the nftables syntax tree to the common model: chains, bindings, translations, and everything that is not known.
// Keeps "never dropped": what has no place in the model is an unknown in its rule, or named in Config.unknowns.

import type { IpVersion } from '../../../base/ip.ts'
import type { Binding, Chain, Config, Hook, Rule, RuleAction, UnknownMatch, ValueRange } from '../../rules/model.ts'
import { REWRITES_PACKET, type ChainNode, type Element, type Expr, type RuleNode, type Ruleset, type Statement, type TableNode, type Verdict } from './ast.ts'
import { addDoubts, CONNTRACK_PRIORITY, NO_WAY_OUT_YET, NOT_TRACKED, NOT_TRACKED_YET, type Doubt } from '../hook-doubts.ts'
import { FIELD_OF, Interfaces, PORT_PROTOCOLS, rangeOf } from './fields.ts'
import { ALWAYS, both, elementsOf, lowerMatch, oneElement, oneOf, unknown, type Alternative, type Scope } from './lower-match.ts'
import { translationRows, type Translation, type TranslationBase } from './translations.ts'

/** Names and unknowns gathered while tables become chains. */
interface Gathered {
  readonly chains: Map<string, Chain>
  readonly bound: { readonly binding: Binding; readonly priority: number }[]
  readonly translations: Map<Rule, Translation>
  readonly bases: TranslationBase[]
  readonly unknowns: UnknownMatch[]
  readonly interfaces: Interfaces
}

/** The model's name of a chain: unique over tables. */
export function chainId(table: TableNode, name: string): string {
  return `${table.family} ${table.name} ${name}`
}

/** The whole text as one Config. `device` is the file's name; `known` are interfaces that wildcards must cover, too. Never throws. */
export function lowerRuleset(ruleset: Ruleset, device: string, known: readonly string[] = []): Config {
  // Twice: a wildcard such as eth* covers names that stand later in the text, so the first round only learns the names.
  const interfaces = new Interfaces()
  for (const name of known) interfaces.index(name)
  gather(ruleset, interfaces)
  const found = gather(ruleset, interfaces)
  const bindings = found.bound.sort((a, b) => a.priority - b.priority).map(({ binding }) => binding)
  const nat = translationRows(found.bases, found.chains, found.translations, found.unknowns)
  found.unknowns.push(...addDoubts(found.chains, doubtsOf(ruleset)))
  const remarks = ruleset.remarks.filter((r) => r.severity === 'error').map((r) => ({ text: r.message, line: r.line, reason: 'not read' }))
  return {
    target: 'nftables', device, interfaces: interfaces.names, chains: found.chains, bindings,
    nat, routes: [], routeRules: [],
    sees: 'after-dnat', unknowns: [...found.unknowns, ...remarks].sort((a, b) => a.line - b.line),
  }
}

function gather(ruleset: Ruleset, interfaces: Interfaces): Gathered {
  const found: Gathered = { chains: new Map(), bound: [], translations: new Map(), bases: [], unknowns: [], interfaces }
  for (const table of ruleset.tables.values()) {
    const filled = filledSets(table)
    for (const chain of table.chains.values()) {
      lowerChain(table, chain, filled, found)
      bind(table, chain, found)
    }
    rewriting(table, found)
  }
  const kinds = new Set([...found.translations.values()].map(({ kind }) => kind))
  for (const table of ruleset.tables.values()) {
    if (kinds.has('destination')) earlyChains(table, found)
    if (kinds.has('source') || kinds.has('masquerade')) lateChains(table, found)
  }
  return found
}

/** What chains of this text cannot see where they stand, or because another line changes it. */
function doubtsOf(ruleset: Ruleset): readonly Doubt[] {
  const chains = [...ruleset.tables.values()].filter(({ dormant }) => !dormant).flatMap((table) => [...table.chains.values()].map((chain) => ({
    id: chainId(table, chain.name), base: chain.base?.type === 'nat' ? null : chain.base, rules: chain.rules,
  })))
  const before = chains.filter(({ base }) => base !== null && (base.hook === 'ingress' || base.hook === 'prerouting'))
  const untracked = chains.filter(({ base }) => base !== null && (base.hook === 'ingress'
    || ((base.hook === 'prerouting' || base.hook === 'output') && base.priority <= CONNTRACK_PRIORITY)))
  const statements = chains.flatMap(({ rules }) => rules.flatMap((rule) => rule.statements))
  const odd = statements.flatMap((s) => (s.kind === 'unknown-action' ? [s] : []))
  const rewritten = odd.filter(({ reason }) => reason === REWRITES_PACKET)
  return [
    { roots: before.map(({ id }) => id), field: 'oif', reason: NO_WAY_OUT_YET },
    { roots: untracked.map(({ id }) => id), field: 'state', reason: NOT_TRACKED_YET },
    ...(odd.some(({ text }) => /\bnotrack\b/.test(text)) ? [{ roots: null, field: 'state', reason: NOT_TRACKED } as const] : []),
    ...(rewritten.length === 0 ? [] : (['dst', 'src', 'proto', 'dport', 'sport', 'flags'] as const)
      .map((field): Doubt => ({ roots: null, field, reason: `line ${rewritten[0]?.line} rewrites packets` }))),
  ]
}

/** A packet that a line rewrote arrives as another one: no rule alone can say that. */
function rewriting(table: TableNode, found: Gathered): void {
  for (const chain of table.dormant ? [] : table.chains.values()) {
    for (const statement of chain.rules.flatMap((rule) => rule.statements)) {
      if (statement.kind !== 'unknown-action' || statement.reason !== REWRITES_PACKET) continue
      found.unknowns.push({ text: `chain ${chain.name}: ${statement.text}`, line: statement.line, reason: REWRITES_PACKET })
    }
  }
}

function filledSets(table: TableNode): ReadonlySet<string> {
  const statements = [...table.chains.values()].flatMap((chain) => chain.rules.flatMap((rule) => rule.statements))
  return new Set(statements.flatMap((s) => (s.kind === 'fills' ? [s.set] : [])))
}

function lowerChain(table: TableNode, chain: ChainNode, filled: ReadonlySet<string>, found: Gathered): void {
  const rules = chain.rules.flatMap((rule) => lowerRule(table, rule, filled, found))
  for (const rule of rules) {
    for (const match of rule.matches) found.unknowns.push(...match.unknown)
    if (rule.action.kind === 'unknown') found.unknowns.push(rule.action.why)
  }
  if (chain.base?.type === 'nat') natDenies(rules, found)
  found.chains.set(chainId(table, chain.name), { name: chainId(table, chain.name), rules, policy: chain.base?.policy ?? null })
}

/** Translation chains are not asked as filters; one that drops is said. */
function natDenies(rules: readonly Rule[], found: Gathered): void {
  for (const rule of rules) {
    if (rule.action.kind === 'deny') found.unknowns.push({ text: rule.text, line: rule.line,
      reason: 'a translation chain that drops packets' })
  }
}

/** Hooks of nft to hooks of the model, with an offset that keeps their order along a packet's way. */
const HOOKS: ReadonlyMap<string, readonly (readonly [Hook, number])[]> = new Map([
  ['ingress', [['forward', -4000000000], ['input', -4000000000]]],
  ['prerouting', [['forward', -3000000000], ['input', -3000000000]]],
  ['forward', [['forward', 0]]], ['input', [['input', 0]]], ['output', [['output', 0]]],
  ['postrouting', [['forward', 3000000000], ['output', 3000000000]]],
])

const IP_FAMILIES: ReadonlyMap<string, IpVersion | null> = new Map([['ip', 4], ['ip6', 6], ['inet', null]])

function bind(table: TableNode, chain: ChainNode, found: Gathered): void {
  const { base } = chain
  if (base === null || table.dormant) return
  const family = IP_FAMILIES.get(table.family)
  const hooks = HOOKS.get(base.hook)
  const lowered = found.chains.get(chainId(table, chain.name))
  if (base.type === 'nat' && family !== undefined) {
    found.bases.push({ chain: chainId(table, chain.name), hook: base.hook, priority: base.priority, family })
    if (base.hook === 'input' && chain.rules.length > 0) found.unknowns.push({ text: `chain ${chain.name}`, line: chain.line,
      reason: 'a translation of packets to the device itself is not modelled' })
    if (base.policy === 'deny') found.unknowns.push({ text: `chain ${chain.name}`, line: chain.line,
      reason: 'a translation chain that drops packets' })
    return
  }
  if (family === undefined || hooks === undefined) {
    const harmless = base.policy === 'permit' && lowered?.rules.length === 0
    const reason = `hook ${base.hook} of a ${table.family} table is not on the way that this model follows`
    if (!harmless) found.unknowns.push({ text: `chain ${chain.name}`, line: chain.line, reason })
    return
  }
  for (const [hook, offset] of hooks) {
    found.bound.push({ binding: { hook, iface: null, family, chain: chainId(table, chain.name) }, priority: base.priority + offset })
  }
}

/** Priority of destination translation: chains of the prerouting hook before it see other addresses than the model's. */
const DSTNAT_PRIORITY = -100

function earlyChains(table: TableNode, found: Gathered): void {
  for (const chain of table.chains.values()) {
    const { base } = chain
    if (base === null || base.type === 'nat' || table.dormant || chain.rules.length === 0) continue
    if ((base.hook === 'prerouting' && base.priority < DSTNAT_PRIORITY) || base.hook === 'ingress') {
      found.unknowns.push({ text: `chain ${chain.name}`, line: chain.line, reason: 'sees destinations before they are translated' })
    }
  }
}

/** Priority of source translation: chains of the postrouting hook after it see other addresses than the model's. */
const SRCNAT_PRIORITY = 100

function lateChains(table: TableNode, found: Gathered): void {
  for (const chain of table.chains.values()) {
    const { base } = chain
    if (base === null || base.type === 'nat' || table.dormant || chain.rules.length === 0) continue
    if (base.hook === 'postrouting' && base.priority > SRCNAT_PRIORITY) {
      found.unknowns.push({ text: `chain ${chain.name}`, line: chain.line, reason: 'sees sources after they are translated' })
    }
  }
}

/** One rule of the text as one or more of the model: verdict maps become one for each element, two families become two. */
function lowerRule(table: TableNode, node: RuleNode, filled: ReadonlySet<string>, found: Gathered): readonly Rule[] {
  const scope: Scope = { sets: table.sets, filled, interfaces: found.interfaces, line: node.line, text: node.text }
  let matches: readonly Alternative[] = [{ ...ALWAYS, family: IP_FAMILIES.get(table.family) ?? null }]
  for (const [i, statement] of node.statements.entries()) {
    const more = matchOf(statement, scope)
    if (more !== null) {
      matches = both(matches, more, scope)
      continue
    }
    const rules = decided({ table, node, scope, found }, statement, matches, node.statements.slice(i + 1))
    if (rules !== null) return rules
  }
  return made(table, node, matches, { kind: 'next' })
}

interface Place {
  readonly table: TableNode
  readonly node: RuleNode
  readonly scope: Scope
  readonly found: Gathered
}

/** Alternatives of a statement that matches; null when it does something else. */
function matchOf(statement: Statement, scope: Scope): readonly Alternative[] | null {
  if (statement.kind === 'match') return lowerMatch(statement.left, statement.op, statement.right,
    { ...scope, text: statement.text, line: statement.line })
  if (statement.kind === 'unknown-match') return unknown({ ...scope, text: statement.text, line: statement.line }, statement.reason)
  return null
}

/** Rules when this statement ends the rule; null when it goes on. */
function decided(place: Place, s: Statement, matches: readonly Alternative[], after: readonly Statement[]): readonly Rule[] | null {
  const { table, node } = place
  switch (s.kind) {
    case 'verdict': return made(table, node, matches, actionOf(table, s))
    case 'vmap': return verdictMap(place, s.key, s.data, matches, after)
    case 'nat': return translated(place, s, matches)
    case 'unknown-action': return made(table, node, matches, { kind: 'unknown', why: { text: s.text, line: s.line, reason: s.reason } })
    default: return null
  }
}

function actionOf(table: TableNode, verdict: Verdict): RuleAction {
  switch (verdict.verb) {
    case 'accept': return { kind: 'permit' }
    case 'drop': return { kind: 'deny', reject: false }
    case 'reject': return { kind: 'deny', reject: true }
    case 'continue': return { kind: 'next' }
    case 'return': return { kind: 'return' }
    default: return jumpTo(table, verdict)
  }
}

function jumpTo(table: TableNode, verdict: Extract<Verdict, { chain: string }>): RuleAction {
  const target = table.chains.get(verdict.chain)
  if (target !== undefined) return { kind: verdict.verb, chain: chainId(table, verdict.chain) }
  return { kind: 'unknown', why: { text: `${verdict.verb} ${verdict.chain}`, line: table.line, reason: 'the chain is not in this text' } }
}

/** `key vmap { a : accept, b : jump c }`: elements are disjoint in the kernel, so their order does not matter; no element, no decision. */
function verdictMap(place: Place, key: Expr, data: Expr, matches: readonly Alternative[], after: readonly Statement[]): readonly Rule[] {
  const { table, node, scope } = place
  const elements = elementsOf(data, scope)
  if (elements === null || typeof elements === 'string') {
    return made(table, node, matches, { kind: 'unknown', why: { text: scope.text, line: scope.line,
      reason: elements ?? 'a verdict map of unknown shape' } })
  }
  const ordered = [...elements].sort((a, b) => Number(a.key.kind === 'any') - Number(b.key.kind === 'any'))
  const lowered = ordered.map((item) => ({ alternatives: oneElement(key, item, scope), action: elementAction(place, item, after) }))
  if (contradictory(lowered)) {
    return made(table, node, matches, { kind: 'unknown', why: { text: scope.text, line: scope.line,
      reason: 'elements of a verdict map overlap and say different things' } })
  }
  return lowered.flatMap(({ alternatives, action }) => made(table, node, both(matches, alternatives, scope), action))
}

/** Overlapping elements with different verdicts, which nft refuses: their order would decide, and nobody says what it is. */
function contradictory(lowered: readonly { readonly alternatives: readonly Alternative[]; readonly action: RuleAction }[]): boolean {
  const spans = lowered.flatMap(({ alternatives, action }) => alternatives.flatMap(({ fields }) => {
    const [only] = fields
    if (fields.length !== 1 || only === undefined || only[1].kind !== 'ranges' || only[1].not) return []
    const words = 'chain' in action ? `${action.kind} ${action.chain}` : action.kind
    return only[1].ranges.map(({ low, high }) => ({ field: only[0], low, high, words }))
  }))
  const sorted = spans.sort((a, b) => (a.field === b.field ? (a.low < b.low ? -1 : a.low > b.low ? 1 : 0) : a.field < b.field ? -1 : 1))
  let reach = sorted[0]
  for (const span of sorted.slice(1)) {
    if (reach !== undefined && reach.field === span.field && span.low <= reach.high && span.words !== reach.words) return true
    if (reach === undefined || reach.field !== span.field || span.high > reach.high) reach = span
  }
  return false
}

function elementAction({ table, scope }: Place, item: Element, after: readonly Statement[]): RuleAction {
  const { data } = item
  const odd = (reason: string): RuleAction => ({ kind: 'unknown', why: { text: scope.text, line: scope.line, reason } })
  if (data === null || data.kind !== 'verdict') return odd('a verdict map with something else than verdicts')
  // After `continue` the rest of the rule goes on; rulesets do not do that, so it is not modelled.
  if (data.verb === 'continue' && after.some((s) => s.kind !== 'neutral')) return odd('statements after a verdict map that continues')
  return actionOf(table, data)
}

/** A translation: kept beside its rules, for translationRows. In its chain the packet is done, as with accept. */
function translated({ table, node, found }: Place, s: Extract<Statement, { kind: 'nat' }>,
  matches: readonly Alternative[]): readonly Rule[] {
  const address = natRange(s.address, ['ip4', 'ip6'])
  const port = natRange(s.port, ['port'])
  const odd = (s.address !== null && address === null) || (s.port !== null && port === null)
  const vague = odd ? { text: s.text, line: s.line, reason: 'what the address becomes is not one range' } : null
  if (vague !== null) found.unknowns.push(vague)
  const rules = made(table, node, matches, { kind: 'permit' })
  const toSelf = s.text.startsWith('redirect') ? { toSelf: true } : {}
  for (const rule of rules) {
    const family = rule.family ?? IP_FAMILIES.get(table.family) ?? familySaid(s.text)
    const wide = { low: 0n, high: (1n << (family === 6 ? 128n : 32n)) - 1n }
    const to = odd ? wide : address
    found.translations.set(rule, { kind: s.type, family, address: to, port: odd && port === null ? EVERY_PORT : port, unknown: vague, ...toSelf })
  }
  return rules
}

/** `dnat ip6 to ...`: tables of both families must say which one they translate. */
function familySaid(text: string): IpVersion | null {
  return /\bip6\b/.test(text) ? 6 : /\bip\b/.test(text) ? 4 : null
}

const EVERY_PORT: ValueRange = { low: 0n, high: 65_535n }

function natRange(e: Expr | null, types: readonly ('ip4' | 'ip6' | 'port')[]): ValueRange | null {
  if (e === null) return null
  for (const type of types) {
    const range = rangeOf(e, type)
    if (range !== null) return range
  }
  return null
}

/** Rules of the model: one per family, alternatives together. */
function made(table: TableNode, node: RuleNode, matches: readonly Alternative[], action: RuleAction): readonly Rule[] {
  const all = matches.flatMap((alternative) => transports(alternative, node.line))
  const own = IP_FAMILIES.get(table.family) ?? null
  const families = [...new Set(all.map((a) => a.family))]
  if (families.length === 0) return [{ line: node.line, text: node.text, family: own, matches: [], action }]
  return families.map((family) => ({
    line: node.line, text: node.text, family, action,
    matches: all.filter((a) => a.family === family).map(({ fields, unknown: unknowns }) => ({ fields, unknown: unknowns })),
  }))
}

/**
 * `th dport 53` reads two bytes of any transport header. For TCP, UDP and SCTP that is the port; for other protocols the model
 * has no such field, so there it is unknown.
 */
function transports(a: Alternative, line: number): readonly Alternative[] {
  if (!a.anyTransport || a.fields.some(([field, c]) => field === 'proto' && c.kind === 'ranges' && !c.not
    && c.ranges.every(hasPorts))) return [a]
  const ports = a.fields.filter(([field]) => field === 'sport' || field === 'dport')
  const others = a.fields.filter((row) => !ports.includes(row))
  const reason = 'reads the transport header of a protocol without ports'
  const odd = { text: `th ${ports.map(([field]) => field).join(', ')}`, line, reason }
  return [
    { ...a, fields: [...a.fields, ['proto', oneOf(PORT_PROTOCOLS)]] },
    { ...a, fields: [...others, ['proto', { ...oneOf(PORT_PROTOCOLS), not: true }]], unknown: [...a.unknown, odd] },
  ]
}

function hasPorts(range: ValueRange): boolean {
  return range.low === range.high && PORT_PROTOCOLS.some((proto) => proto === range.low)
}

/** Selectors the model has, for the README and tests. */
export const MODELLED_SELECTORS: readonly string[] = [...FIELD_OF.keys()]
