// Address translation of an SRX: destination, static and source rule sets, as NatRule rows. Policies see the packet after destination NAT.
// Keeps "never dropped": a pool or a match that is not understood leaves the row with an unknown match, not without a row.

import type { Constraint, Field, Match, NatRule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import { mergeRanges, portRange, prefixRange, spanRange } from '../zone-based/ranges.ts'
import { unknownOf, type ZoneIndex } from '../zone-based/reading.ts'
import { one, rangesConstraint } from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'
import { portValue, protocolValue, type AddressLookup } from './objects.ts'

/** In the order the box asks: static, destination, source. */
export function natRules(tree: Tree, zones: ZoneIndex, address: AddressLookup): NatRule[] {
  const nat = tree.at('security', 'nat')
  return KINDS.flatMap(([kind, then]) => nat?.list(kind, 'rule-set').flatMap((set) =>
    set.list('rule').map((rule) => natRule(kind, then, nat, set, rule, zones, address))) ?? [])
}

type NatKind = 'static' | 'destination' | 'source'

const KINDS: readonly (readonly [NatKind, string])[] =
  [['static', 'static-nat'], ['destination', 'destination-nat'], ['source', 'source-nat']]

interface Target {
  readonly address: ValueRange | null
  readonly port: ValueRange | null
  readonly unknown: readonly UnknownMatch[]
  readonly kind: NatRule['kind']
}

function natRule(kind: NatKind, then: string, nat: Tree, set: Tree, rule: Tree, zones: ZoneIndex, address: AddressLookup): NatRule {
  const target = translation(kind, rule.at('then', then), nat, rule)
  const match = natMatch(set, rule, zones, address)
  return {
    line: rule.line,
    text: `${kind} rule-set ${set.word} rule ${rule.word}`,
    match: { fields: match.fields, unknown: [...match.unknown, ...target.unknown] },
    kind: target.kind,
    stage: kind === 'source' ? 'source' : 'destination',
    address: target.address,
    port: target.port,
  }
}

function translation(kind: NatKind, then: Tree | undefined, nat: Tree, rule: Tree): Target {
  const changes = kind === 'source' ? 'source' : 'destination'
  const none: Target = { address: null, port: null, unknown: [], kind: 'none' }
  if (then?.child('off')) return none
  if (then?.child('interface')) return { ...none, kind: 'masquerade' }
  const text = then?.value('prefix')
  const prefix = text ? prefixRange(text) : null
  if (prefix) return { ...none, kind: changes, address: prefix.range }
  const name = then?.value('pool') ?? null
  const pool = name === null ? undefined : nat.at(kind, 'pool', name)
  if (pool) return poolOf(pool, changes)
  const words = (then?.paths() ?? []).map((p) => p.words.join(' ')).join(' ')
  return { ...none, kind: changes, unknown: [unknownOf(`then ${words}`.trim(), rule.line, 'translation not modelled')] }
}

function poolOf(pool: Tree, kind: 'source' | 'destination'): Target {
  const path = pool.at('address')?.paths()[0]
  const words = path?.words ?? []
  const found = words[1] === 'to' ? spanRange(words[0] ?? '', words[2] ?? '') : prefixRange(words[0] ?? '')
  const port = words[1] === 'port' ? portRange(words[2] ?? '') : portRange(pool.at('address', 'port')?.children[0]?.word ?? '')
  const unknown = found ? [] : [unknownOf(`pool ${pool.word}`, pool.line, 'address form not modelled')]
  return { address: found?.range ?? null, port: kind === 'destination' ? port : null, unknown, kind }
}

/** Where the rule set listens, and the rule's own match. Zones are indexes; interfaces and routing instances are unknown matches. */
function natMatch(set: Tree, rule: Tree, zones: ZoneIndex, address: AddressLookup): Match {
  const fields: (readonly [Field, Constraint])[] = []
  const unknown: UnknownMatch[] = []
  for (const [side, field] of [['from', 'iif'], ['to', 'oif']] as const) {
    const named = set.values(side, 'zone')
    if (named.length > 0) fields.push([field, rangesConstraint(named.map((z) => one(zones.of(z))))])
    for (const kind of ['interface', 'routing-instance']) {
      for (const node of set.list(side, kind)) unknown.push(
        unknownOf(`${side} ${kind} ${node.word}`, node.line, 'rule sets by interface are not modelled'))
    }
  }
  const own = matchFields(rule, address)
  return { fields: [...fields, ...own.fields], unknown: [...unknown, ...own.unknown] }
}

const READERS: ReadonlyMap<string, readonly [Field, (text: string) => ValueRange | null]> = new Map([
  ['source-address', ['src', (t: string) => prefixRange(t)?.range ?? null]],
  ['destination-address', ['dst', (t: string) => prefixRange(t)?.range ?? null]],
  ['source-port', ['sport', portValue]],
  ['destination-port', ['dport', portValue]],
  ['protocol', ['proto', protocolValue]],
])

function matchFields(rule: Tree, address: AddressLookup): Match {
  const found = new Map<Field, ValueRange[]>()
  const unknown: UnknownMatch[] = []
  for (const { words, line } of rule.at('match')?.paths() ?? []) {
    const [key = '', value = '', to, high = ''] = words
    const reader = READERS.get(key)
    const range = reader?.[1](to === 'to' ? `${value}-${high}` : value)
    if (reader && range) found.set(reader[0], [...(found.get(reader[0]) ?? []), range])
    else unknown.push(...namedAddress(key, value, line, found, address))
  }
  return { fields: [...found].map(([field, ranges]) => [field, rangesConstraint(mergeRanges(ranges))] as const), unknown }
}

/** `source-address-name` and `destination-address-name` ask the global book. Rows are IPv4: the model gives a row no family of its own. */
function namedAddress(key: string, value: string, line: number, found: Map<Field, ValueRange[]>,
  address: AddressLookup): readonly UnknownMatch[] {
  const field = key === 'source-address-name' ? 'src' : key === 'destination-address-name' ? 'dst' : null
  const set = field ? address(null, value, line) : null
  if (!field || !set || set.unknown.length + set.masks.length + set.ranges[6].length > 0) {
    return [unknownOf(`${key} ${value}`, line, 'match not modelled')]
  }
  found.set(field, [...(found.get(field) ?? []), ...set.ranges[4]])
  return []
}
