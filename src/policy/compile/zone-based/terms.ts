// Terms: the objects of a zone firewall (addresses, services) as sets, and one of its policies as rules of rules/model.ts.
// Keeps "never dropped": a member that is not understood stays as an unknown alternative beside the ones that are.

import type { IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, Match, Rule, RuleAction, UnknownMatch, ValueMask, ValueRange } from '../../rules/model.ts'
import { allAddresses, complementRanges, isAll, mergeRanges, subtractRanges, type AddressRange } from './ranges.ts'

/** Any of: the ranges of its family, the IPv4 masks, or one of the unknown members (each possibly true, possibly false). */
export interface AddressSet {
  readonly ranges: Readonly<Record<IpVersion, readonly ValueRange[]>>
  readonly masks: readonly ValueMask[]
  readonly unknown: readonly UnknownMatch[]
}

/** One alternative of a service; null means any. Fields of other protocols are null. */
export interface ServiceTerm {
  readonly proto: readonly ValueRange[] | null
  readonly sport: readonly ValueRange[] | null
  readonly dport: readonly ValueRange[] | null
  readonly icmpType: readonly ValueRange[] | null
  readonly icmpCode: readonly ValueRange[] | null
  readonly unknown: readonly UnknownMatch[]
}

export const VERSIONS = [4, 6] as const

export const NO_ADDRESS: AddressSet = { ranges: { 4: [], 6: [] }, masks: [], unknown: [] }
export const ANY_V4: AddressSet = { ranges: { 4: [allAddresses(4)], 6: [] }, masks: [], unknown: [] }
export const ANY_V6: AddressSet = { ranges: { 4: [], 6: [allAddresses(6)] }, masks: [], unknown: [] }
export const ANY_ADDRESS: AddressSet = unionAddresses([ANY_V4, ANY_V6])
export const ANY_SERVICE: ServiceTerm = { proto: null, sport: null, dport: null, icmpType: null, icmpCode: null, unknown: [] }

export function one(value: number | bigint): ValueRange {
  return { low: BigInt(value), high: BigInt(value) }
}

export function addressOf(found: AddressRange): AddressSet {
  return { ...NO_ADDRESS, ranges: { 4: found.version === 4 ? [found.range] : [], 6: found.version === 6 ? [found.range] : [] } }
}

export function unknownAddress(why: UnknownMatch): AddressSet {
  return { ...NO_ADDRESS, unknown: [why] }
}

export function unknownService(why: UnknownMatch): ServiceTerm {
  return { ...ANY_SERVICE, unknown: [why] }
}

/** A protocol with ports or ICMP type; absent parts are any. */
export function serviceOf(proto: number, parts: Partial<ServiceTerm> = {}): ServiceTerm {
  return { ...ANY_SERVICE, ...parts, proto: [one(proto)] }
}

export function unionAddresses(sets: readonly AddressSet[]): AddressSet {
  return {
    ranges: { 4: mergeRanges(sets.flatMap((s) => s.ranges[4])), 6: mergeRanges(sets.flatMap((s) => s.ranges[6])) },
    masks: sets.flatMap((s) => s.masks),
    unknown: sets.flatMap((s) => s.unknown),
  }
}

/** `from` without `removed`; null when masks or unknown members make that inexact, and the caller must say so. */
export function subtractAddresses(from: AddressSet, removed: AddressSet): AddressSet | null {
  if (from.masks.length + removed.masks.length + removed.unknown.length + from.unknown.length > 0) return null
  const left = (v: IpVersion): readonly ValueRange[] => subtractRanges(from.ranges[v], removed.ranges[v], allAddresses(v))
  return { ...NO_ADDRESS, ranges: { 4: left(4), 6: left(6) } }
}

/** One side (source or destination) of a policy. */
export interface AddressSide {
  readonly set: AddressSet
  readonly negated: boolean
}

/** One policy of a zone firewall, its words already turned into sets. `unknown` is what else must hold and is not modelled. */
export interface PolicyTerms {
  readonly line: number
  readonly text: string
  /** Pairs of zone constraints, any of them; empty pairs mean "matches nothing". */
  readonly zones: readonly ZonePair[]
  readonly src: AddressSide
  readonly dst: AddressSide
  readonly services: readonly ServiceTerm[]
  readonly unknown: readonly UnknownMatch[]
  readonly action: RuleAction
}

/** Indexes into Config.interfaces, any of them; null means any zone. */
export interface ZonePair {
  readonly iif: readonly number[] | null
  readonly oif: readonly number[] | null
}

export const ANY_ZONES: readonly ZonePair[] = [{ iif: null, oif: null }]

/** Alternatives of one rule kept apart; above it the rule becomes one unknown match. 10,000 is 100 services times 100 zone pairs. */
const MATCHES_MAX = 10_000

type FieldList = readonly (readonly [Field, Constraint])[]

/** The rules of a policy: one for both families where no address decides, else one per family. Never none: a dead policy stays visible. */
export function policyRules(policy: PolicyTerms): Rule[] {
  const rule = (family: IpVersion | null, matches: readonly Match[]): Rule =>
    ({ line: policy.line, text: policy.text, family, matches, action: policy.action })
  if (isAnySide(policy.src) && isAnySide(policy.dst)) return [rule(null, matchesOf(policy, 4))]
  const rules = VERSIONS.map((version) => rule(version, matchesOf(policy, version))).filter((r) => r.matches.length > 0)
  return rules.length > 0 ? rules : [rule(null, [])]
}

function isAnySide(side: AddressSide): boolean {
  return !side.negated && VERSIONS.every((v) => isAll(side.set.ranges[v], allAddresses(v)))
}

function matchesOf(policy: PolicyTerms, version: IpVersion): Match[] {
  const zones = policy.zones.map((pair) => ({ fields: zoneFields(pair), unknown: policy.unknown }))
  const services = policy.services.map((term) => ({ fields: serviceFields(term), unknown: term.unknown }))
  const parts = [zones, sideMatches(policy.dst, 'dst', version), sideMatches(policy.src, 'src', version), services]
  const size = parts.reduce((product, alternatives) => product * alternatives.length, 1)
  if (size > MATCHES_MAX) return [tooMany(policy, size)]
  return parts.reduce<Match[]>((left, right) => left.flatMap((a) => right.map((b) => both(a, b))), [{ fields: [], unknown: [] }])
}

function both(a: Match, b: Match): Match {
  return { fields: [...a.fields, ...b.fields], unknown: [...a.unknown, ...b.unknown] }
}

function tooMany(policy: PolicyTerms, size: number): Match {
  return { fields: [], unknown: [{ text: policy.text, line: policy.line, reason: `${size} alternatives are more than ${MATCHES_MAX}` }] }
}

export function rangesConstraint(ranges: readonly ValueRange[]): Constraint {
  return { kind: 'ranges', ranges: mergeRanges(ranges), not: false }
}

function zoneFields(pair: ZonePair): FieldList {
  const field = (name: Field, zones: readonly number[] | null): FieldList => (zones ? [[name, rangesConstraint(zones.map(one))]] : [])
  return [...field('iif', pair.iif), ...field('oif', pair.oif)]
}

const SERVICE_FIELDS = ['proto', 'dport', 'sport', 'icmpType', 'icmpCode'] as const

function serviceFields(term: ServiceTerm): FieldList {
  return SERVICE_FIELDS.flatMap((name) => {
    const ranges = term[name]
    return ranges ? [[name, rangesConstraint(ranges)] as const] : []
  })
}

function sideMatches(side: AddressSide, field: Field, version: IpVersion): Match[] {
  const ranges = mergeRanges(side.set.ranges[version])
  const masks = version === 4 ? side.set.masks : []
  if (side.negated) return negatedMatches(side, field, version)
  if (isAll(ranges, allAddresses(version))) return [{ fields: [], unknown: [] }]
  const known: Match[] = ranges.length > 0 ? [{ fields: [[field, rangesConstraint(ranges)]], unknown: [] }] : []
  const masked: Match[] = masks.length > 0 ? [{ fields: [[field, { kind: 'masks', masks, not: false }]], unknown: [] }] : []
  return [...known, ...masked, ...side.set.unknown.map((why) => ({ fields: [], unknown: [why] }))]
}

/** Not (ranges or masks or unknown): one conjunction; the unknown members may or may not take their part away. */
function negatedMatches(side: AddressSide, field: Field, version: IpVersion): Match[] {
  const left = complementRanges(side.set.ranges[version], allAddresses(version))
  if (left.length === 0) return []
  const fields: (readonly [Field, Constraint])[] = isAll(left, allAddresses(version)) ? [] : [[field, rangesConstraint(left)]]
  if (version === 4 && side.set.masks.length > 0) fields.push([field, { kind: 'masks', masks: side.set.masks, not: true }])
  return [{ fields, unknown: side.set.unknown.map((why) => ({ ...why, text: `not ${why.text}` })) }]
}
