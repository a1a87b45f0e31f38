// From the tables of a text to the common model: chains, bindings, translations, and everything that is not known.
// Keeps "never dropped": what has no place in the model is an unknown in its rule, or named in Config.unknowns.

import type { Binding, Chain, Config, Hook, Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import { addDoubts, NO_WAY_OUT_YET, NOT_TRACKED, NOT_TRACKED_YET, type Doubt } from '../hook-doubts.ts'
import { Interfaces } from '../nftables/fields.ts'
import type { Sets } from './ipset.ts'
import { natRows, TRANSLATIONS, translationOf, type Translation } from './nat.ts'
import { parseOptions, type ParsedRule } from './options.ts'
import { Tables, type ChainText, type RuleText } from './tables.ts'

/** What the lines of a text came to. */
export interface Read {
  readonly tables: Tables
  readonly sets: Sets
  readonly isScript: boolean
  readonly wrong: readonly UnknownMatch[]
}

interface Lowered {
  readonly chains: Map<string, Chain>
  readonly unknowns: UnknownMatch[]
  readonly translations: Map<Rule, Translation>
}

/** The whole text as one Config. `device` is the file's name. Never throws. */
export function lowerTables(r: Read, device: string, known: readonly string[]): Config {
  // Twice, because a wildcard such as eth+ covers names that stand later in the text.
  const interfaces = new Interfaces()
  for (const name of known) interfaces.index(name)
  lowerAll(r, interfaces)
  const { chains, unknowns, translations } = lowerAll(r, interfaces)
  const nat = natRows(chains, translations)
  const early = nat.rows.some((row) => row.kind === 'destination') ? earlyChains(r) : []
  const doubts = addDoubts(chains, doubtsOf(r))
  return {
    target: 'iptables', device, interfaces: interfaces.names, chains, bindings: bindingsOf(r), nat: nat.rows, routes: [], routeRules: [],
    sees: 'after-dnat', unknowns: once([...unknowns, ...nat.unknowns, ...early, ...doubts, ...r.wrong].sort((a, b) => a.line - b.line)),
  }
}

/** What chains cannot see where they stand: nothing is routed in PREROUTING, and the raw table stands before connection tracking. */
function doubtsOf(r: Read): readonly Doubt[] {
  const all = [...r.tables.chains.values()].filter(({ table }) => table !== 'nat')
  const bare = all.some(({ rules }) => rules.some(({ words }) => words.includes('NOTRACK') || words.includes('--notrack')))
  return [
    { roots: all.filter(({ name }) => name === 'PREROUTING').map(({ id }) => id), field: 'oif', reason: NO_WAY_OUT_YET },
    { roots: all.filter(({ table }) => table === 'raw').map(({ id }) => id), field: 'state', reason: NOT_TRACKED_YET },
    ...(bare ? [{ roots: null, field: 'state', reason: NOT_TRACKED } as const] : []),
  ]
}

/** A text for both versions has most things twice. */
function once(unknowns: readonly UnknownMatch[]): readonly UnknownMatch[] {
  const seen = new Set<string>()
  return unknowns.filter(({ line, text, reason }) => {
    const key = `${line} ${text} ${reason}`
    return !seen.has(key) && seen.add(key)
  })
}

function lowerAll(r: Read, interfaces: Interfaces): Lowered {
  const made: Lowered = { chains: new Map(), unknowns: [], translations: new Map() }
  const sets = filledSets(r)
  for (const chain of r.tables.chains.values()) {
    const rules = chain.rules.map((rule) => lowerRule(r, chain, rule, interfaces, sets, made))
    made.chains.set(chain.id, { name: chain.id, rules, policy: chain.policy })
  }
  return made
}

/** Sets that rules fill while packets pass: their content at one moment says nothing. */
function filledSets(r: Read): Sets {
  const sets: Sets = new Map(r.sets)
  for (const rule of [...r.tables.chains.values()].flatMap((chain) => chain.rules)) {
    for (const [i, word] of rule.words.entries()) {
      const set = word === '--add-set' || word === '--del-set' ? sets.get(rule.words[i + 1] ?? '') : undefined
      if (set !== undefined) sets.set(set.name, { ...set, doubt: `line ${rule.line} changes it while packets pass` })
    }
  }
  return sets
}

function lowerRule(r: Read, chain: ChainText, text: RuleText, interfaces: Interfaces, sets: Sets, made: Lowered): Rule {
  const { line } = text
  if (text.words.length > RULE_WORDS_MAX) return tooLong(text, chain.version, made)
  const parsed = parseOptions(text.words, { version: chain.version, interfaces, line, sets, shell: r.isScript })
  const why = text.doubt === null ? [] : [{ text: text.text, line, reason: text.doubt }]
  const matches = parsed.matches.map(({ fields, unknown }) => ({ fields, unknown: [...unknown, ...why] }))
  const action = text.lost || parsed.open ? unknownAction(text, text.doubt ?? 'a variable of the shell') : actionOf(r.tables, chain, parsed, line)
  const rule: Rule = { line, text: text.text, family: chain.version, matches, action: action === 'translates' ? { kind: 'permit' } : action }
  for (const match of matches) made.unknowns.push(...match.unknown)
  if (rule.action.kind === 'unknown') made.unknowns.push(rule.action.why)
  if (action === 'translates' && parsed.target !== null) made.translations.set(rule, translationOf(parsed.target, chain.version))
  return rule
}

/** Words of one rule: the longest of 1,400 real texts has 34, the longest that stands for a whole list of ports some hundreds. */
const RULE_WORDS_MAX = 1024

/** A rule that is not looked at: it may do anything. */
function tooLong(text: RuleText, family: Rule['family'], made: Lowered): Rule {
  const action = unknownAction(text, `a rule of more than ${RULE_WORDS_MAX} words`)
  if (action.kind === 'unknown') made.unknowns.push(action.why)
  return { line: text.line, text: text.text, family, matches: [{ fields: [], unknown: [] }], action }
}

function unknownAction(text: RuleText, reason: string): RuleAction {
  return { kind: 'unknown', why: { text: text.text, line: text.line, reason } }
}

/** Tables in the order of the kernel's hooks (nft(8), "Standard priority names"), and hooks along a packet's way. */
const TABLE_ORDER = ['raw', 'mangle', 'filter', 'security']
const HOOKS: ReadonlyMap<string, readonly (readonly [Hook, number])[]> = new Map([
  ['PREROUTING', [['forward', 0], ['input', 0]]], ['FORWARD', [['forward', 10]]], ['INPUT', [['input', 10]]],
  ['OUTPUT', [['output', 10]]], ['POSTROUTING', [['forward', 20], ['output', 20]]],
])

function bindingsOf(r: Read): readonly Binding[] {
  const found: { readonly binding: Binding; readonly order: number }[] = []
  for (const chain of r.tables.chains.values()) {
    const order = TABLE_ORDER.indexOf(chain.table)
    if (order < 0) continue
    for (const [hook, offset] of HOOKS.get(chain.name) ?? []) {
      found.push({ binding: { hook, iface: null, family: chain.version, chain: chain.id }, order: offset + order })
    }
  }
  return found.sort((a, b) => a.order - b.order).map(({ binding }) => binding)
}

/** raw and mangle look at a packet before its destination is translated; the model's packets have the later address. */
function earlyChains(r: Read): readonly UnknownMatch[] {
  return [...r.tables.chains.values()].filter((chain) => chain.name === 'PREROUTING' && chain.table !== 'nat' && chain.rules.length > 0)
    .map((chain) => ({ text: `chain ${chain.id}`, line: chain.rules[0]?.line ?? 0, reason: 'sees destinations before they are translated' }))
}

/** Targets that decide nothing about where the packet goes. */
const NEUTRAL = new Set([
  'LOG', 'NFLOG', 'ULOG', 'MARK', 'CONNMARK', 'TOS', 'DSCP', 'CLASSIFY', 'TCPMSS', 'CHECKSUM', 'TTL', 'HL', 'SET', 'AUDIT', 'TRACE',
])

/** Targets that are no chain of the text and not in the tables are unknown actions. */
function actionOf(tables: Tables, chain: ChainText, { target }: ParsedRule, line: number): RuleAction | 'translates' {
  if (target === null) return { kind: 'next' }
  const { name } = target
  if (name === 'ACCEPT') return { kind: 'permit' }
  if (name === 'DROP' || name === 'REJECT') return { kind: 'deny', reject: name === 'REJECT' }
  if (name === 'RETURN') return { kind: 'return' }
  const id = Tables.idOf(chain.version, chain.table, name)
  if (tables.chains.has(id)) return { kind: target.kind, chain: id }
  if (NEUTRAL.has(name)) return { kind: 'next' }
  if (chain.table === 'nat' && TRANSLATIONS.has(name)) return 'translates'
  return { kind: 'unknown', why: { text: `-j ${[name, ...target.options].join(' ')}`, line, reason: 'a target that is not modelled' } }
}
