// Address translation of FortiOS as NatRule rows: virtual IPs (destination), `nat enable` of policies and central tables (source).
// Keeps "never dropped": a form that is not understood keeps its row with an unknown match.

import type { Constraint, Field, NatRule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import { portRange, spanRange } from '../zone-based/ranges.ts'
import { unknownOf, type ZoneIndex } from '../zone-based/reading.ts'
import { one, rangesConstraint } from '../zone-based/terms.ts'
import type { Entry } from './blocks.ts'
import { valueOf, valuesOf, type Tables } from './objects.ts'

const PROTOCOLS: ReadonlyMap<string, number> = new Map([['tcp', 6], ['udp', 17], ['sctp', 132]])

/** Sections of source translation by table; which policy they serve is not modelled. */
const CENTRAL = ['firewall central-snat-map', 'firewall vip6', 'firewall vip46', 'firewall vip64']

export function natRules(tables: Tables, zones: ZoneIndex, indexName: (name: string) => string): NatRule[] {
  const central = CENTRAL.flatMap((path) => (tables.get(path) ?? []).map((e) => unknownRow(e, path)))
  const policies = (tables.get('firewall policy') ?? []).filter((e) => valueOf(e, 'nat') === 'enable' && valueOf(e, 'status') !== 'disable')
  return [
    ...(tables.get('firewall vip') ?? []).map((e) => virtualIp(e, zones, indexName)),
    ...policies.map((e) => sourceRow(e, zones, indexName)),
    ...central,
  ]
}

function unknownRow(entry: Entry, path: string): NatRule {
  const why = unknownOf(`${path} ${entry.name}`, entry.line, 'translation not modelled')
  const kind = path === 'firewall central-snat-map' ? 'source' : 'destination'
  return { line: entry.line, text: `${path} ${entry.name}`, match: { fields: [], unknown: [why] }, kind, address: null, port: null }
}

type FieldList = (readonly [Field, Constraint])[]

function interfaceField(field: Field, names: readonly string[], zones: ZoneIndex, indexName: (name: string) => string): FieldList {
  return names.length === 0 || names.includes('any') ? [] : [[field, rangesConstraint(names.map((n) => one(zones.of(indexName(n)))))]]
}

/** `10.0.0.1` or `10.0.0.1-10.0.0.9`. */
function addresses(text: string | null): ValueRange | null {
  const [first = '', last = first] = (text ?? '').split('-')
  const found = spanRange(first, last)
  return found?.version === 4 ? found.range : null
}

/** A virtual IP works once a policy names it; that policy is an unknown match among the rules. */
function virtualIp(entry: Entry, zones: ZoneIndex, indexName: (name: string) => string): NatRule {
  const outer = addresses(valueOf(entry, 'extip'))
  const inner = addresses(valueOf(entry, 'mappedip'))
  const forward = valueOf(entry, 'portforward') === 'enable'
  const proto = PROTOCOLS.get(valueOf(entry, 'protocol') ?? 'tcp')
  const ports = forward ? portRange(valueOf(entry, 'extport') ?? '') : null
  const mapped = forward ? portRange(valueOf(entry, 'mappedport') ?? valueOf(entry, 'extport') ?? '') : null
  const plain = ['static-nat', null].includes(valueOf(entry, 'type')) && !entry.fields.has('src-filter') && !entry.fields.has('service')
  const whole = outer !== null && inner !== null && plain && (!forward || (ports !== null && mapped !== null && proto !== undefined))
  const unknown: UnknownMatch[] = whole ? [] : [unknownOf(`vip ${entry.name}`, entry.line, 'form not modelled')]
  const fields = interfaceField('iif', valuesOf(entry, 'extintf'), zones, indexName)
  if (outer) fields.push(['dst', rangesConstraint([outer])])
  if (forward && proto !== undefined) fields.push(['proto', rangesConstraint([one(proto)])])
  if (ports) fields.push(['dport', rangesConstraint([ports])])
  return { line: entry.line, text: `vip ${entry.name}`, match: { fields, unknown }, kind: 'destination', address: inner, port: mapped }
}

/** The policy's interfaces bound the row; its addresses and services stand in its rule. A pool is named, its addresses are not read. */
function sourceRow(entry: Entry, zones: ZoneIndex, indexName: (name: string) => string): NatRule {
  const sides = [...interfaceField('iif', valuesOf(entry, 'srcintf'), zones, indexName),
    ...interfaceField('oif', valuesOf(entry, 'dstintf'), zones, indexName)]
  const why = unknownOf(`policy ${entry.name} nat`, entry.line, 'translates what this policy accepts')
  const kind = valueOf(entry, 'ippool') === 'enable' ? 'source' : 'masquerade'
  return { line: entry.line, text: `policy ${entry.name} nat`, match: { fields: sides, unknown: [why] }, kind, address: null, port: null }
}
