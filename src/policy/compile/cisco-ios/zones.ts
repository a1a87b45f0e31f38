// The zone-based firewall of IOS: zones, pairs of zones and inspection policies as chains in front of forwarding, input and output.
// Keeps the device's defaults: within a zone all passes, between zones nothing does without a pair, from and to the device all does.

import type { Binding, Chain, Match, Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import { ConnState } from '../../rules/model.ts'
import type { Block } from '../text/blocks.ts'
import type { FieldConstraint } from '../text/cisco-model.ts'
import type { Findings } from '../text/findings.ts'
import { startsWith, type ConfigLine } from '../text/lines.ts'
import { inValues } from '../text/ranges.ts'
import { interfaceName } from './interfaces.ts'
import { classWays, inspectClasses, isClassLine, type ClassText } from './zone-classes.ts'

export interface ZoneText {
  readonly interfaces: readonly string[]
  readonly chains: ReadonlyMap<string, Chain>
  readonly findings: Findings
}

export interface ZoneChains {
  readonly chains: readonly Chain[]
  readonly bindings: readonly Binding[]
}

interface Pair {
  readonly head: ConfigLine
  readonly from: string
  readonly to: string
  /** Null: a pair without a policy drops, but to and from the device. */
  readonly policy: ConfigLine | null
}

interface Work extends ZoneText {
  readonly pairs: readonly Pair[]
  /** Zone to interfaces; the empty name stands for interfaces of no zone. */
  readonly members: ReadonlyMap<string, readonly number[]>
  readonly policies: ReadonlyMap<string, Chain>
  readonly inspects: boolean
}

export function isZoneMember(line: ConfigLine): boolean {
  return startsWith(line, 'zone-member security') && line.words.length === 3
}

/** Chains of each inspection policy, and where any interface is in a zone the three that are bound. */
export function zoneChains(blocks: readonly Block[], text: ZoneText): ZoneChains {
  const policies = inspectPolicies(blocks, { classes: inspectClasses(blocks), chains: text.chains })
  const pairs = blocks.filter(({ head }) => startsWith(head, 'zone-pair')).flatMap(({ head, body }) => pairOf(head, body, text.findings))
  const members = membersOf(blocks, text.interfaces)
  const used = pairs.flatMap(({ policy }) => policies.get(policy?.words[3] ?? '') ?? [])
  const inspects = used.some((chain) => chain.rules.some((rule) => rule.text.startsWith('inspect')))
  for (const chain of policies.values()) text.findings.noteRules(chain.rules)
  const work: Work = { ...text, pairs, members, policies, inspects }
  const made = [...members.keys()].some((zone) => zone !== '') ? boundChains(work) : { chains: [], bindings: [] }
  for (const chain of made.chains) text.findings.noteRules(chain.rules)
  return { chains: [...policies.values(), ...made.chains], bindings: made.bindings }
}

/** `zone-pair security NAME source Z destination Z`, and the policy below it. */
function pairOf(head: ConfigLine, body: readonly ConfigLine[], findings: Findings): readonly Pair[] {
  const found = /^zone-pair\s+security\s+\S+\s+source\s+(\S+)\s+destination\s+(\S+)$/i.exec(head.text)
  const odd = body.find((line) => !startsWith(line, 'service-policy type inspect') && !startsWith(line, 'description') && !startsWith(line, 'exit'))
  if (found === null || odd !== undefined) {
    findings.unknown(odd ?? head, 'this line of a zone pair is not understood')
    if (found === null) return []
  }
  return [{ head, from: found[1] ?? '', to: found[2] ?? '', policy: body.findLast((line) => startsWith(line, 'service-policy')) ?? null }]
}

/** Where the text declares the zone `default`, interfaces of no other zone are in it. */
function membersOf(blocks: readonly Block[], interfaces: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const zoneOf = new Map<string, string>()
  for (const { head, body } of blocks) {
    const zone = startsWith(head, 'interface') ? body.findLast(isZoneMember)?.words[2] : undefined
    if (zone !== undefined) zoneOf.set(interfaceName(head), zone)
  }
  const rest = blocks.some(({ head }) => /^zone\s+security\s+default$/i.test(head.text)) ? 'default' : ''
  const members = new Map<string, number[]>()
  for (const [index, name] of interfaces.entries()) {
    const zone = zoneOf.get(name) ?? rest
    members.set(zone, [...(members.get(zone) ?? []), index])
  }
  return members
}

/** One chain per `policy-map type inspect NAME`; policies of one protocol's content have a word more. */
function inspectPolicies(blocks: readonly Block[], text: ClassText): ReadonlyMap<string, Chain> {
  const lines = new Map<string, readonly ConfigLine[]>()
  for (const { head, body } of blocks) {
    const name = /^policy-map\s+type\s+inspect\s+(\S+)$/i.exec(head.text)?.[1]
    if (name !== undefined) lines.set(name, [...(lines.get(name) ?? []), ...body])
  }
  return new Map([...lines].map(([name, body]) => [name, { name: `policy-map ${name}`, rules: policyRules(body, text), policy: null }]))
}

interface ClassPart {
  readonly head: ConfigLine
  readonly lines: ConfigLine[]
}

/** First class that fits decides; what fits none is dropped. */
function policyRules(body: readonly ConfigLine[], text: ClassText): readonly Rule[] {
  const parts: ClassPart[] = []
  const stray: Rule[] = []
  for (const line of body) {
    if (isClassLine(line)) parts.push({ head: line, lines: [] })
    else if (parts.length > 0) parts.at(-1)?.lines.push(line)
    else if (!startsWith(line, 'description')) stray.push(unknownRule(line, 'this line of a policy is not understood'))
  }
  const last = parts.filter(({ head }) => head.words[1]?.toLowerCase() === 'class-default')
  const first = parts.filter((part) => !last.includes(part))
  const end: Rule = { line: 0, text: 'implicit: class-default drop', family: null, matches: [EVERYTHING], action: DROP }
  return [...stray, ...[...first, ...last].flatMap((part) => classRules(part, text)), end]
}

const EVERYTHING: Match = { fields: [], unknown: [] }
const DROP: RuleAction = { kind: 'deny', reject: false }

function unknownRule(line: ConfigLine, reason: string): Rule {
  const why: UnknownMatch = { text: line.text, line: line.number, reason }
  return { line: line.number, text: line.text, family: null, matches: [EVERYTHING], action: { kind: 'unknown', why } }
}

/** One rule per family; a class that neither family can match stays visible. */
function classRules({ head, lines }: ClassPart, text: ClassText): readonly Rule[] {
  const { action, word } = actionOf(lines)
  const rule = { line: head.number, text: `${word} ${head.text}`, action }
  const name = head.words.slice(1).join(' ').replace(/^type\s+inspect\s+/i, '')
  if (name.toLowerCase() === 'class-default') return [{ ...rule, family: null, matches: [EVERYTHING] }]
  const rules = ([4, 6] as const).map((family): Rule => ({ ...rule, family, matches: classWays(name, head, family, text) }))
  const some = rules.filter(({ matches }) => matches.length > 0)
  return some.length > 0 ? some : [{ ...rule, family: null, matches: [] }]
}

/** A class without an action drops (IOS zone-based firewall guide). */
function actionOf(lines: readonly ConfigLine[]): { readonly action: RuleAction; readonly word: string } {
  const words = lines.map((line) => line.words[0]?.toLowerCase() ?? '')
  const odd = lines.find((_line, i) => !['inspect', 'pass', 'drop', 'exit'].includes(words[i] ?? ''))
  if (odd !== undefined) {
    const why: UnknownMatch = { text: odd.text, line: odd.number, reason: 'this action of an inspection policy is not modelled' }
    return { action: { kind: 'unknown', why }, word: words[0] ?? '' }
  }
  const word = words.find((one) => one !== 'exit') ?? 'drop'
  return { action: word === 'drop' ? DROP : { kind: 'permit' }, word }
}

function boundChains(work: Work): ZoneChains {
  const forward: Chain = { name: 'zones', policy: 'deny', rules: [...known(work), ...pairRules(work), ...openRules(work)] }
  const input: Chain = { name: 'zones to self', policy: 'permit', rules: [...known(work), ...selfRules(work, 'iif')] }
  const output: Chain = { name: 'zones from self', policy: 'permit', rules: [...known(work), ...selfRules(work, 'oif')] }
  const bind = (hook: Binding['hook'], chain: Chain): Binding => ({ hook, iface: null, family: null, chain: chain.name })
  return { chains: [forward, input, output], bindings: [bind('forward', forward), bind('input', input), bind('output', output)] }
}

/** Only what inspection let in is a known connection; what belongs to one (errors, second channels) depends on the protocol. */
function known({ inspects, pairs }: Work): readonly Rule[] {
  const line = pairs[0]?.head
  if (!inspects || line === undefined) return []
  const of = (state: number, unknown: readonly UnknownMatch[], text: string): Rule => ({
    line: 0, text, family: null, matches: [{ fields: [['state', inValues(state)]], unknown }], action: { kind: 'permit' },
  })
  const why: UnknownMatch = { text: line.text, line: line.number, reason: 'an inspection opens related connections' }
  return [of(ConnState.established, [], 'implicit: packets of inspected connections'), of(ConnState.related, [why], 'implicit: related packets')]
}

function side(name: 'iif' | 'oif', zone: string, { members }: Work): FieldConstraint {
  return [name, inValues(...(members.get(zone) ?? []))]
}

const SELF = 'self'

function pairRules(work: Work): readonly Rule[] {
  return work.pairs.filter(({ from, to }) => from.toLowerCase() !== SELF && to.toLowerCase() !== SELF)
    .map((pair) => pairRule(pair, [side('iif', pair.from, work), side('oif', pair.to, work)], work, DROP))
}

function pairRule({ head, policy }: Pair, fields: readonly FieldConstraint[], { policies }: Work, otherwise: RuleAction): Rule {
  const rule = { line: head.number, text: head.text, family: null, matches: [{ fields, unknown: [] }] }
  if (policy === null) return { ...rule, action: otherwise }
  const chain = policies.get(policy.words[3] ?? '')
  if (chain !== undefined) return { ...rule, action: { kind: 'jump', chain: chain.name } }
  const why: UnknownMatch = { text: policy.text, line: policy.number, reason: `policy ${policy.words[3] ?? ''} is not defined in this text` }
  return { ...rule, action: { kind: 'unknown', why } }
}

/** Within a zone, and between interfaces of no zone. */
function openRules(work: Work): readonly Rule[] {
  return [...work.members.keys()].map((zone): Rule => ({
    line: 0, text: zone === '' ? 'implicit: between interfaces of no zone' : `implicit: within zone ${zone}`, family: null,
    matches: [{ fields: [side('iif', zone, work), side('oif', zone, work)], unknown: [] }], action: { kind: 'permit' },
  }))
}

/** Pairs with the device itself; without one, everything passes. */
function selfRules(work: Work, name: 'iif' | 'oif'): readonly Rule[] {
  const [own, other]: readonly ('from' | 'to')[] = name === 'iif' ? ['to', 'from'] : ['from', 'to']
  return work.pairs.filter((pair) => pair[own ?? 'to'].toLowerCase() === SELF)
    .map((pair) => pairRule(pair, [side(name, pair[other ?? 'from'], work)], work, { kind: 'permit' }))
}
