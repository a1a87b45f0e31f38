// Plan: the compiler's input as the policies, address objects and services a zone firewall can hold, before any platform's words.
// Keeps "exact or refused": what is no plain rule is a refusal with the rule's name, and alternatives are never multiplied into more.

import { IP_BITS, type IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, Match, Rule, ValueRange } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { ALL_PORTS, allAddresses, complementRanges, intersectRanges, isAll, mergeRanges } from './ranges.ts'
import { VERSIONS, one } from './terms.ts'

/** One protocol; `dport` and `icmpType` are null for any. */
export interface PlanService {
  readonly proto: number
  readonly dport: ValueRange | null
  readonly icmpType: ValueRange | null
}

/** One policy of the platform; null is any (of this family). */
export interface PlanRule {
  readonly version: IpVersion
  /** The conduit's name, or `default`. */
  readonly label: string
  readonly src: readonly ValueRange[] | null
  readonly dst: readonly ValueRange[] | null
  readonly services: readonly PlanService[] | null
  readonly action: 'permit' | 'deny' | 'reject'
}

export type Plan = { readonly ok: true; readonly rules: readonly PlanRule[] } | { readonly ok: false; readonly refused: readonly string[] }

const PORTED: readonly number[] = [6, 17, 132]
const ICMPS: readonly number[] = [1, 58]
const PROTO_SPACE: ValueRange = { low: 0n, high: 255n }
const TYPE_SPACE: ValueRange = { low: 0n, high: 255n }
/** Refusals shown; more of the same help nobody. */
const REFUSALS_MAX = 20

/** Policies in order, both families, each ending in an explicit default. */
export function planOf(input: CompileInput): Plan {
  const refused: string[] = []
  const rules = VERSIONS.flatMap((version) => {
    const chain = input.chains[version]
    const planned = chain.rules.flatMap((rule) => planRule(rule, version, refused))
    if (chain.policy === null) refused.push(`chain ${chain.name} (IPv${version}) has no default`)
    const last: PlanRule = { version, label: 'default', src: null, dst: null, services: null, action: chain.policy ?? 'deny' }
    return [...planned, last]
  })
  return refused.length > 0 ? { ok: false, refused: refused.slice(0, REFUSALS_MAX) } : { ok: true, rules }
}

function planRule(rule: Rule, version: IpVersion, refused: string[]): PlanRule[] {
  if (rule.family !== null && rule.family !== version) return []
  const action = rule.action.kind === 'permit' ? 'permit' : rule.action.kind === 'deny' ? (rule.action.reject ? 'reject' : 'deny') : null
  if (action === null) {
    refused.push(`rule "${rule.text}": action ${rule.action.kind} is no permit or deny`)
    return []
  }
  const alternatives = rule.matches.flatMap((match) => {
    const read = alternativeOf(match, version)
    if (typeof read === 'string') refused.push(`rule "${rule.text}": ${read}`)
    return typeof read === 'string' || read === null ? [] : [read]
  })
  return grouped(alternatives).map((a) => ({ ...a, version, label: rule.text, action }))
}

type Alternative = Pick<PlanRule, 'src' | 'dst' | 'services'>

/** Alternatives with the same addresses become one policy with all their services; exact, since both are unions. */
function grouped(alternatives: readonly Alternative[]): Alternative[] {
  const groups = new Map<string, Alternative>()
  for (const a of alternatives) {
    const key = `${rangesKey(a.src)} ${rangesKey(a.dst)}`
    const known = groups.get(key)
    const services = known?.services === null || a.services === null ? null : [...(known?.services ?? []), ...a.services]
    groups.set(key, { ...a, services })
  }
  return [...groups.values()]
}

export function rangesKey(ranges: readonly ValueRange[] | null): string {
  return ranges === null ? 'any' : ranges.map((r) => `${r.low}-${r.high}`).join(',')
}

const PLAIN_FIELDS: readonly Field[] = ['dst', 'src', 'proto', 'dport', 'icmpType']

/** Null when the match covers no packet; a sentence when it is no plain match. */
function alternativeOf(match: Match, version: IpVersion): Alternative | string | null {
  if (match.unknown.length > 0) return `"${match.unknown[0]?.text}" is not modelled`
  const found = new Map<Field, readonly ValueRange[]>()
  for (const [field, constraint] of match.fields) {
    if (!PLAIN_FIELDS.includes(field)) return `this platform's policies cannot look at ${field}`
    const ranges = plainRanges(constraint, spaceOf(field, version))
    if (ranges === null) return `wildcard masks on ${field} are not written as objects`
    found.set(field, intersectRanges(found.get(field) ?? [spaceOf(field, version)], ranges))
  }
  if ([...found.values()].some((ranges) => ranges.length === 0)) return null
  const services = servicesOf(found)
  if (typeof services === 'string' || services?.length === 0) return typeof services === 'string' ? services : null
  const narrowed = (field: 'src' | 'dst'): readonly ValueRange[] | null => {
    const ranges = found.get(field)
    return ranges && !isAll(ranges, allAddresses(version)) ? ranges : null
  }
  return { src: narrowed('src'), dst: narrowed('dst'), services }
}

function spaceOf(field: Field, version: IpVersion): ValueRange {
  if (field === 'src' || field === 'dst') return { low: 0n, high: (1n << BigInt(IP_BITS[version])) - 1n }
  return field === 'dport' ? ALL_PORTS : field === 'proto' ? PROTO_SPACE : TYPE_SPACE
}

function plainRanges(constraint: Constraint, space: ValueRange): readonly ValueRange[] | null {
  if (constraint.kind === 'masks') return null
  return constraint.not ? complementRanges(constraint.ranges, space) : intersectRanges(constraint.ranges, [space])
}

/** A constraint on a field the protocol does not have matches nothing (rules/model.ts), so such protocols fall away here. */
function servicesOf(found: ReadonlyMap<Field, readonly ValueRange[]>): readonly PlanService[] | null | string {
  const dport = found.get('dport')
  const icmpType = found.get('icmpType')
  const proto = mergeRanges(found.get('proto') ?? [PROTO_SPACE])
  if (!dport && !icmpType && isAll(proto, PROTO_SPACE)) return null
  if (dport && icmpType) return []
  const holder = dport ? PORTED : icmpType ? ICMPS : null
  const numbers = holder ? intersectRanges(proto, holder.map(one)) : proto
  const values = dport ?? icmpType ?? [null]
  return numbers.flatMap((r) => numbersIn(r)).flatMap((p) =>
    values.map((v) => ({ proto: p, dport: dport ? v : null, icmpType: icmpType ? v : null })))
}

export function numbersIn(range: ValueRange): number[] {
  return Array.from({ length: Number(range.high - range.low) + 1 }, (_, i) => Number(range.low) + i)
}
