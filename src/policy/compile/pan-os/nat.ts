// NAT rules of PAN-OS as NatRule rows. They match the packet as it came; so do security rules, with the zone it goes to after translation.
// Keeps "never dropped": a translation that is not understood keeps its row with an unknown match.

import type { Constraint, Field, Match, NatRule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import { isAll, allAddresses, portRange } from '../zone-based/ranges.ts'
import { unknownOf } from '../zone-based/reading.ts'
import { one, rangesConstraint, type ServiceTerm } from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'
import type { Rulebase } from './layout.ts'
import { addressLookup, serviceLookup, type AddressLookup } from './objects.ts'
import { serviceTerms, side, zoneIndexes, type RuleReader } from './rules.ts'

/** One row per service alternative, destination before source; `oif` is the zone the original destination leads to. IPv4 addresses. */
export function natRules(reader: RuleReader): NatRule[] {
  return reader.system.rulebases.flatMap((base) => base.node.list('nat', 'rules').flatMap((rule) => natRule(rule, base, reader)))
}

function natRule(rule: Tree, base: Rulebase, reader: RuleReader): NatRule[] {
  if (rule.value('disabled') === 'yes') return []
  const address = addressLookup(base.scopes)
  const targets = [...destination(rule, address), ...source(rule, address)]
  const rows = targets.length > 0 ? targets : [{ kind: 'none' as const, address: null, port: null, unknown: [] }]
  const services = serviceTerms(rule, serviceLookup(base.scopes))
  return rows.flatMap((target) => services.map((service) => {
    const match = natMatch(rule, service, address, reader)
    const { unknown, ...row } = target
    return { ...row, line: rule.line, text: `nat rule "${rule.word}"`, match: { ...match, unknown: [...match.unknown, ...unknown] } }
  }))
}

function natMatch(rule: Tree, service: ServiceTerm, address: AddressLookup, reader: RuleReader): Match {
  const unknown: UnknownMatch[] = [...service.unknown]
  const fields: (readonly [Field, Constraint])[] = []
  for (const [words, field] of [['from', 'iif'], ['to', 'oif']] as const) {
    const zones = zoneIndexes(rule, words, reader)
    if (zones) fields.push([field, rangesConstraint(zones.map(one))])
  }
  for (const [words, field] of [['source', 'src'], ['destination', 'dst']] as const) {
    const { set } = side(rule, words, address)
    if (set.unknown.length + set.masks.length > 0) unknown.push(...set.unknown)
    else if (!isAll(set.ranges[4], allAddresses(4))) fields.push([field, rangesConstraint(set.ranges[4])])
  }
  for (const field of ['proto', 'dport', 'sport'] as const) {
    const ranges = service[field]
    if (ranges) fields.push([field, rangesConstraint(ranges)])
  }
  for (const extra of rule.children.filter((c) => EXTRA.has(c.word) && c.value() !== 'any')) {
    unknown.push(unknownOf(`${extra.word} ${extra.value() ?? ''}`.trim(), extra.line, 'not modelled'))
  }
  return { fields, unknown }
}

/** Matches of NAT rules beyond zones, addresses and service. */
const EXTRA = new Set(['to-interface', 'active-active-device-binding'])

interface Target {
  readonly kind: 'destination' | 'source' | 'masquerade' | 'none'
  readonly address: ValueRange | null
  readonly port: ValueRange | null
  readonly unknown: readonly UnknownMatch[]
}

function destination(rule: Tree, address: AddressLookup): Target[] {
  const to = rule.child('destination-translation') ?? rule.child('dynamic-destination-translation')
  if (!to) return []
  const name = to.value('translated-address')
  return [{ ...named('destination', name, to, address), port: portRange(to.value('translated-port') ?? '') }]
}

function source(rule: Tree, address: AddressLookup): Target[] {
  const to = rule.list('source-translation')[0]
  if (!to) return []
  if (to.child('interface-address')) return [{ kind: 'masquerade', address: null, port: null, unknown: [] }]
  return [named('source', to.value('translated-address'), to, address)]
}

function named(kind: 'destination' | 'source', name: string | null, to: Tree, address: AddressLookup): Target {
  const set = name === null ? null : address(name, to.line)
  const only = set && set.unknown.length + set.masks.length === 0 && set.ranges[4].length === 1 ? set.ranges[4][0] : undefined
  const unknown = only ? [] : [unknownOf(`translated-address ${name ?? ''}`.trim(), to.line, 'translation not modelled')]
  return { kind, address: only ?? null, port: null, unknown }
}
