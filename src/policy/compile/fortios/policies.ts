// Policies of FortiOS as rules of the model: order after `move`, interfaces and zones, both families, and what the header does not decide.
// Keeps "never dropped": a setting outside the tables below makes the policy unknown, by name.

import type { Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import { unknownOf, unknownRule, type Notes, type ZoneIndex } from '../zone-based/reading.ts'
import {
  ANY_ADDRESS, ANY_SERVICE, NO_ADDRESS, policyRules, subtractAddresses, unionAddresses, type AddressSet, type PolicyTerms,
  type ServiceTerm, type ZonePair,
} from '../zone-based/terms.ts'
import type { Entry } from './blocks.ts'
import { addressLookup, lineOf, serviceLookup, valueOf, valuesOf, type AddressLookup, type ServiceLookup, type Tables } from './objects.ts'

export interface PolicyReader {
  readonly tables: Tables
  readonly zones: ZoneIndex
  readonly notes: Notes
  readonly indexName: (name: string) => string
  readonly zoneEntries: readonly Entry[]
  /** Interfaces that are inside a zone: a policy names the zone. */
  readonly hidden: ReadonlySet<string>
}

/** The reader with its lookups, made once per domain. */
interface Reading extends PolicyReader {
  readonly address: Readonly<Record<4 | 6, AddressLookup>>
  readonly service: ServiceLookup
}

/** Sections that decide about forwarded packets and are not read. */
const HIDDEN_SECTIONS = ['firewall acl', 'firewall acl6', 'firewall interface-policy', 'firewall interface-policy6',
  'firewall security-policy']

/** All rules in the order they are asked; after them the box denies. Traffic inside a zone passes at the end when the zone says so. */
export function policyTables(given: PolicyReader): Rule[] {
  const { tables } = given
  const reader: Reading = { ...given, address: { 4: addressLookup(tables, 4), 6: addressLookup(tables, 6) },
    service: serviceLookup(tables) }
  const hidden = HIDDEN_SECTIONS.flatMap((path) => (reader.tables.get(path) ?? []).slice(0, 1).map((e) =>
    unknownRule(unknownOf(path, e.line, 'section is not read and may decide before or instead of the policies'))))
  const rules = POLICY_TABLES.flatMap(({ path, families }) =>
    (reader.tables.get(path) ?? []).flatMap((entry) => policyOf(entry, families, reader)))
  const open = reader.zoneEntries.filter((z) => valueOf(z, 'intrazone') === 'allow')
  const doubtful = open.filter((z) => POLICY_TABLES.some(({ path }) => (tables.get(path) ?? []).some((e) => deniesInside(e, z.name))))
  return [...hidden, ...doubtful.flatMap((z) => intrazone(z, reader, true)), ...rules, ...open.flatMap((z) => intrazone(z, reader, false))]
}

type Families = Readonly<Record<'src' | 'dst', readonly (readonly [string, 4 | 6])[]>>

const POLICY_TABLES: readonly { readonly path: string; readonly families: Families }[] = [
  { path: 'firewall policy', families: { src: [['srcaddr', 4], ['srcaddr6', 6]], dst: [['dstaddr', 4], ['dstaddr6', 6]] } },
  { path: 'firewall policy6', families: { src: [['srcaddr', 6]], dst: [['dstaddr', 6]] } },
]

function deniesInside(policy: Entry, zone: string): boolean {
  const names = (key: string): boolean => valuesOf(policy, key).some((n) => n === 'any' || n === zone)
  return valueOf(policy, 'status') !== 'disable' && actionOf(policy).kind === 'deny' && names('srcintf') && names('dstintf')
}

/**
 * Traffic between interfaces of the zone needs no policy. Where a policy denies it all the same, the documents do not say which of the two
 * counts: `doubtful` is the same rule before the policies, as an unknown match.
 */
function intrazone(entry: Entry, reader: PolicyReader, doubtful: boolean): Rule[] {
  const line = lineOf(entry, 'intrazone')
  const unknown = doubtful ? [unknownOf(`zone ${entry.name} intrazone allow`, line,
    'a policy denies inside this zone; which counts is not documented')] : []
  const zone = reader.zones.of(reader.indexName(entry.name))
  const any = { set: ANY_ADDRESS, negated: false }
  return policyRules({
    line, text: `zone "${entry.name}" intrazone allow`, zones: [{ iif: [zone], oif: [zone] }],
    src: any, dst: any, services: [ANY_SERVICE], unknown, action: { kind: 'permit' },
  })
}

function policyOf(entry: Entry, families: Families, reader: Reading): Rule[] {
  if (valueOf(entry, 'status') === 'disable') return []
  const terms: PolicyTerms = {
    line: entry.line,
    text: `policy ${entry.name}${entry.fields.has('name') ? ` "${valueOf(entry, 'name') ?? ''}"` : ''}`,
    zones: [zonePair(entry, reader)],
    src: { set: addresses(entry, families.src, 'src', reader), negated: false },
    dst: { set: addresses(entry, families.dst, 'dst', reader), negated: false },
    services: services(entry, reader.service),
    unknown: unknownSettings(entry),
    action: actionOf(entry),
  }
  return policyRules(terms)
}

function zonePair(entry: Entry, reader: PolicyReader): ZonePair {
  return { iif: interfaces(entry, 'srcintf', reader), oif: interfaces(entry, 'dstintf', reader) }
}

/** Null for `any`. A policy without interfaces matches none, as nothing can be committed without them; said as a warning. */
function interfaces(entry: Entry, key: string, reader: PolicyReader): readonly number[] | null {
  const names = valuesOf(entry, key)
  if (names.length === 0) reader.notes.warn('field-missing', entry.line, `policy ${entry.name} has no ${key}`,
    'FortiOS refuses it; it matches nothing')
  if (names.includes('any')) return null
  for (const name of names.filter((n) => reader.hidden.has(n))) {
    reader.notes.warn('interface-in-zone', lineOf(entry, key), `${name} is inside a zone; policies name the zone`, 'name the zone instead')
  }
  return names.map((n) => reader.zones.of(reader.indexName(n)))
}

/** Both families together: IPv4 by `srcaddr`, IPv6 by `srcaddr6`. What an internet service stands for is not in the text. */
function addresses(entry: Entry, keys: Families['src'], side: 'src' | 'dst', reader: Reading): AddressSet {
  const service = side === 'src' ? ['internet-service-src', 'internet-service6-src'] : ['internet-service', 'internet-service6']
  if (service.some((key) => valueOf(entry, key) === 'enable')) return ANY_ADDRESS
  return unionAddresses(keys.map(([key, version]) => {
    const lookup = reader.address[version]
    const set = unionAddresses(valuesOf(entry, key).map((name) => oneFamily(lookup(name, lineOf(entry, key)), version)))
    const negated = [`${key}-negate`, `${side}addr-negate`].some((k) => valueOf(entry, k) === 'enable')
    return negated && entry.fields.has(key) ? negatedSet(entry, key, set, version) : set
  }))
}

function oneFamily(set: AddressSet, version: 4 | 6): AddressSet {
  return { ...set, ranges: version === 4 ? { 4: set.ranges[4], 6: [] } : { 4: [], 6: set.ranges[6] } }
}

function negatedSet(entry: Entry, key: string, set: AddressSet, version: 4 | 6): AddressSet {
  const all: AddressSet = version === 4 ? oneFamily(ANY_ADDRESS, 4) : oneFamily(ANY_ADDRESS, 6)
  const why = unknownOf(`${key}-negate`, lineOf(entry, key), 'negated members are not all plain addresses')
  return subtractAddresses(all, set) ?? { ...NO_ADDRESS, unknown: [why] }
}

function services(entry: Entry, service: ServiceLookup): readonly ServiceTerm[] {
  if (['internet-service', 'internet-service6'].some((key) => valueOf(entry, key) === 'enable')) return [ANY_SERVICE]
  return valuesOf(entry, 'service').flatMap((name) => service(name, lineOf(entry, 'service')))
}

/** Read elsewhere, or without a say in which packets match. Security profiles look at content of what is accepted. */
const READ = new Set([
  'action', 'srcintf', 'dstintf', 'srcaddr', 'dstaddr', 'srcaddr6', 'dstaddr6', 'srcaddr-negate', 'dstaddr-negate', 'srcaddr6-negate',
  'dstaddr6-negate', 'service', 'status', 'name', 'uuid', 'comments', 'comment', 'label', 'global-label', 'logtraffic', 'logtraffic-start',
  'capture-packet', 'nat', 'nat64', 'nat46', 'ippool', 'poolname', 'poolname6', 'fixedport', 'permit-any-host', 'natip', 'natinbound',
  'natoutbound', 'utm-status', 'inspection-mode', 'profile-type', 'profile-group', 'profile-protocol-options', 'ssl-ssh-profile',
  'av-profile',
  'webfilter-profile', 'dnsfilter-profile', 'emailfilter-profile', 'dlp-profile', 'dlp-sensor', 'file-filter-profile', 'ips-sensor',
  'application-list', 'voip-profile', 'waf-profile', 'traffic-shaper', 'traffic-shaper-reverse', 'per-ip-shaper', 'session-ttl',
  'auto-asic-offload',
  'np-acceleration', 'tcp-mss-sender', 'tcp-mss-receiver', 'diffserv-forward', 'diffserv-reverse', 'diffservcode-forward',
  'diffservcode-rev',
  'send-deny-packet', 'anti-replay', 'tcp-session-without-syn', 'timeout-send-rst', 'block-notification', 'delay-tcp-npu-session',
  'schedule-timeout',
])

/** Settings that mean nothing at these values. */
const IDLE: ReadonlyMap<string, readonly string[]> =
  new Map([['schedule', ['always']], ['match-vip', ['disable', 'enable']], ['tos-mask', ['0x00']]])

function unknownSettings(entry: Entry): UnknownMatch[] {
  return [...entry.fields].filter(([key]) => !READ.has(key)).flatMap(([key, field]) => {
    const value = field.values.join(' ')
    if (value === 'disable' || IDLE.get(key)?.includes(value) === true) return []
    return [unknownOf(`policy ${entry.name} ${key} ${value}`, field.line, 'not a matter of packet headers, or not modelled')]
  })
}

/** A policy without an action denies. */
function actionOf(entry: Entry): RuleAction {
  const action = valueOf(entry, 'action') ?? 'deny'
  if (action === 'accept') return { kind: 'permit' }
  if (action === 'deny') return { kind: 'deny', reject: valueOf(entry, 'send-deny-packet') === 'enable' }
  return { kind: 'unknown', why: unknownOf(`policy ${entry.name} action ${action}`, lineOf(entry, 'action'), 'action not modelled') }
}
