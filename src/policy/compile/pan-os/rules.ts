// Security rules of PAN-OS as rules of the model: zones, rule types, negation, and what the header does not decide.
// Keeps "never dropped": a field outside the two tables below makes the rule unknown, by name.

import type { Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import { unknownOf, type Notes, type ZoneIndex } from '../zone-based/reading.ts'
import { ANY_ADDRESS, ANY_SERVICE, ANY_ZONES, policyRules, unionAddresses, type AddressSide, type ServiceTerm,
  type ZonePair } from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'
import { applicationTerms, withApplications } from './applications.ts'
import type { Rulebase, VirtualSystem } from './layout.ts'
import { addressLookup, serviceLookup, type AddressLookup, type ServiceLookup } from './objects.ts'

export interface RuleReader {
  readonly zones: ZoneIndex
  readonly notes: Notes
  /** Zone names of this system, as indexes know them: `z1`, or `vsys2/z1` when there are several systems. */
  readonly zoneName: (name: string) => string
  readonly system: VirtualSystem
}

/** All rules of a system in the order they are asked, then the defaults: same zone permits, across zones is the chain's policy. */
export function systemRules(reader: RuleReader): Rule[] {
  const bases = reader.system.rulebases
  const rules = bases.flatMap((base) => base.node.list('security', 'rules').flatMap((rule) => ruleOf(rule, base, reader)))
  const override = (name: string): RuleAction | null =>
    bases.map((b) => b.node.at('default-security-rules', 'rules', name)).filter((n) => n?.child('action'))
      .map((n) => actionOf(n as Tree))[0] ?? null
  const intrazone = override('intrazone-default') ?? { kind: 'permit' }
  const interzone = override('interzone-default') ?? { kind: 'deny', reject: false }
  const line = 0
  const same = reader.system.zones.map((z) => reader.zones.of(reader.zoneName(z))).map((z): ZonePair => ({ iif: [z], oif: [z] }))
  const any = { set: ANY_ADDRESS, negated: false }
  const last = (text: string, zones: readonly ZonePair[], action: RuleAction): Rule[] =>
    (zones.length > 0 ? policyRules({ line, text, zones, src: any, dst: any, services: [ANY_SERVICE], unknown: [], action }) : [])
  return [...rules, ...last('intrazone-default', same, intrazone), ...last('interzone-default', ANY_ZONES, interzone)]
}

function ruleOf(rule: Tree, base: Rulebase, reader: RuleReader): Rule[] {
  if (rule.value('disabled') === 'yes') return []
  for (const field of ['from', 'to', 'source', 'destination', 'service', 'application', 'action']) {
    if (rule.child(field)) continue
    reader.notes.warn('field-missing', rule.line, `rule "${rule.word}" has no ${field}; read as any`,
      'PAN-OS refuses to commit most of these; say "any"')
  }
  const address = addressLookup(base.scopes)
  return policyRules({
    line: rule.line,
    text: `rule "${rule.word}"`,
    zones: zonePairs(rule, reader),
    src: side(rule, 'source', address),
    dst: side(rule, 'destination', address),
    services: withApplications(applicationTerms(rule, base.scopes), serviceTerms(rule, serviceLookup(base.scopes))),
    unknown: unknownFields(rule),
    action: rule.child('action') ? actionOf(rule) : { kind: 'unknown', why: unknownOf(`rule "${rule.word}"`, rule.line, 'has no action') },
  })
}

export function side(rule: Tree, field: string, address: AddressLookup): AddressSide {
  const names = rule.list(field)
  const set = names.length === 0 ? ANY_ADDRESS : unionAddresses(names.map((n) => address(n.word, n.line)))
  return { set, negated: rule.value(`negate-${field}`) === 'yes' }
}

export function serviceTerms(rule: Tree, service: ServiceLookup): readonly ServiceTerm[] {
  const names = rule.list('service')
  return names.length === 0 ? [ANY_SERVICE] : names.flatMap((n) => service(n.word, n.line))
}

/** Indexes of the zones of one side; null for any. */
export function zoneIndexes(rule: Tree, field: string, reader: RuleReader): number[] | null {
  const names = rule.values(field)
  return names.length === 0 || names.includes('any') ? null : names.map((n) => reader.zones.of(reader.zoneName(n)))
}

/** `intrazone` and `interzone` compare the two zones, so they become pairs; `universal` (the default) does not. */
function zonePairs(rule: Tree, reader: RuleReader): readonly ZonePair[] {
  const from = zoneIndexes(rule, 'from', reader)
  const to = zoneIndexes(rule, 'to', reader)
  const type = rule.value('rule-type') ?? 'universal'
  if (type === 'universal') return [{ iif: from, oif: to }]
  const all = reader.system.zones.map((z) => reader.zones.of(reader.zoneName(z)))
  const targets = to ?? all
  return (from ?? all).flatMap((zone): ZonePair[] => {
    const oif = targets.filter((t) => (t === zone) === (type === 'intrazone'))
    return oif.length > 0 ? [{ iif: [zone], oif }] : []
  })
}

/** Read elsewhere, or without a say in which packets match. Security profiles look at content of what is allowed. */
const READ = new Set([
  'from', 'to', 'source', 'destination', 'service', 'application', 'action', 'disabled', 'negate-source', 'negate-destination', 'rule-type',
  'description', 'tag',
  'group-tag', 'log-start', 'log-end', 'log-setting', 'profile-setting', 'option', 'qos', 'uuid', 'icmp-unreachable',
])
/** Say nothing when their value is one of these. */
const IDLE = new Set(['any', 'no-hip', 'none'])

function unknownFields(rule: Tree): UnknownMatch[] {
  return rule.children.filter((field) => !READ.has(field.word)).flatMap((field) => {
    if (field.children.some((v) => IDLE.has(v.word))) return []
    const words = field.paths().map((p) => p.words.join(' ')).join(' ')
    return [unknownOf(`${field.word} ${words}`.trim(), field.line, 'not a matter of packet headers')]
  })
}

const ACTIONS: ReadonlyMap<string, RuleAction> = new Map<string, RuleAction>([
  ['allow', { kind: 'permit' }],
  ['deny', { kind: 'deny', reject: false }],
  ['drop', { kind: 'deny', reject: false }],
  ['reset-client', { kind: 'deny', reject: true }],
  ['reset-server', { kind: 'deny', reject: true }],
  ['reset-both', { kind: 'deny', reject: true }],
])

function actionOf(rule: Tree): RuleAction {
  const word = rule.value('action') ?? ''
  return ACTIONS.get(word) ?? { kind: 'unknown', why: unknownOf(`action ${word}`.trim(), rule.line, 'action not modelled') }
}
