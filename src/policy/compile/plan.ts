// Plan: what a simple compiler needs of a CompileInput: one alternative and one protocol per rule, checked, with names made safe.
// Keeps "never wider": a constraint outside the contract of CompileInput is a refusal with the rule's name, not a rule without it.

import type { IpVersion } from '../../base/ip.ts'
import type { Constraint, Field, Match, Rule, ValueRange } from '../rules/model.ts'
import { complementRanges, intersectRanges, lastAddress, mergeRanges } from './ranges.ts'
import type { Capabilities, CompileInput } from './target.ts'

/** Protocols that have ports, and those that have types (rules/model.ts). */
export const PORT_PROTOCOLS: readonly number[] = [6, 17, 132]
export const ICMP_PROTOCOLS: readonly number[] = [1, 58]
export const PROTOCOL_MAX = 255
export const PORT_MAX = 65_535
export const ICMP_TYPE_MAX = 255

/** Name of what happens when no rule decides; no conduit may be called so (policy/language). */
export const DEFAULT_NAME = 'default'

/** One line's worth of policy. Ranges are sorted, disjoint and never empty. */
export interface PlanRule {
  /** The conduit's name, safe in comments and quotes. */
  readonly name: string
  readonly permit: boolean
  /** null: every address. */
  readonly src: readonly ValueRange[] | null
  readonly dst: readonly ValueRange[] | null
  /** null: every protocol. */
  readonly proto: number | null
  /** Destination ports of protocols 6, 17 and 132; null: every port, or no ports. */
  readonly dport: readonly ValueRange[] | null
  /** Types of protocols 1 and 58; null: every type. */
  readonly icmpType: readonly ValueRange[] | null
}

/** The rules of one IP version and what happens after the last of them. */
export interface PlanChain {
  readonly version: IpVersion
  readonly rules: readonly PlanRule[]
  readonly permitOtherwise: boolean
}

export interface Plan {
  /** `cordon-<policy>` in lower-case letters, digits and hyphens. */
  readonly object: string
  /** Policy name for comments. */
  readonly title: string
  readonly hash: string
  readonly chains: Readonly<Record<IpVersion, PlanChain>>
}

export type PlanResult = { readonly ok: true; readonly value: Plan } | { readonly ok: false; readonly refused: readonly string[] }

/** Longest object name made: RouterOS, pf and Windows all take at least 63 characters, suffixes included. */
const OBJECT_CHARS_MAX = 40

/** Checks the input against its contract and flattens it. */
export function makePlan(input: CompileInput): PlanResult {
  const refused: string[] = []
  const chain = (version: IpVersion): PlanChain => {
    const { rules, policy, name } = input.chains[version]
    if (policy === null) refused.push(`chain ${safeText(name)} says nothing of what no rule matches`)
    const own = rules.filter((rule) => rule.family === null || rule.family === version)
    const flat = own.flatMap((rule) => flatten(rule, version, refused))
    return { version, rules: flat, permitOtherwise: policy === 'permit' }
  }
  const chains = { 4: chain(4), 6: chain(6) }
  if (refused.length > 0) return { ok: false, refused }
  return { ok: true, value: { object: objectName(input.name), title: safeText(input.name), hash: safeText(input.policyHash), chains } }
}

/** `cordon-<name>`; whatever is not a letter or digit is a hyphen, so two names may meet: a site compiles one policy per box. */
export function objectName(name: string): string {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return `cordon-${slug === '' ? 'policy' : slug}`.slice(0, OBJECT_CHARS_MAX)
}

/** Text that cannot end a comment, a quoted string or a line anywhere: printable ASCII without quotes, `\`, `;`, `$` and backtick. */
export function safeText(text: string): string {
  return text.replaceAll(/[^ !#%-&(-:<-[\]-_a-~]/g, '?')
}

/** A sentence when there are more lines than allowed, else null. The budget of the input goes before that of the platform. */
export function overBudget(lines: number, input: CompileInput, capabilities: Capabilities): string | null {
  const budget = input.ruleBudget ?? capabilities.ruleBudget
  if (budget === null || lines <= budget) return null
  return `${lines} lines are needed and ${budget} are allowed; nothing was left out or widened to fit`
}

/** One sentence per option that the platform does not know: a misspelt option must not be ignored. */
export function unknownOptions(input: CompileInput, known: readonly string[]): readonly string[] {
  const words = known.length === 0 ? 'this target has none' : `options are ${known.join(', ')}`
  return Object.keys(input.options).filter((key) => !known.includes(key)).map((key) => `unknown option ${safeText(key)}; ${words}`)
}

function flatten(rule: Rule, version: IpVersion, refused: string[]): readonly PlanRule[] {
  const name = safeText(rule.text)
  if (rule.action.kind !== 'permit' && rule.action.kind !== 'deny') {
    refused.push(`rule ${name}: the action ${rule.action.kind} is none that a policy has`)
    return []
  }
  const permit = rule.action.kind === 'permit'
  return rule.matches.flatMap((match) => flattenMatch(match, version, name, permit, refused))
}

const FIELD_MAX: Readonly<Partial<Record<Field, number>>> = { proto: PROTOCOL_MAX, dport: PORT_MAX, icmpType: ICMP_TYPE_MAX }

function flattenMatch(match: Match, version: IpVersion, name: string, permit: boolean, refused: string[]): readonly PlanRule[] {
  if (match.unknown.length > 0) refused.push(`rule ${name}: it holds a match that is not modelled`)
  const max = (field: Field): bigint | null => (field === 'src' || field === 'dst' ? lastAddress(version) : bigintOf(FIELD_MAX[field]))
  const found = new Map<Field, readonly ValueRange[]>()
  for (const [field, constraint] of match.fields) {
    const limit = max(field)
    const ranges = limit === null ? null : constraintRanges(constraint, limit)
    if (limit === null || ranges === null) {
      refused.push(`rule ${name}: a match on ${field}${limit === null ? '' : ' by mask'} cannot be compiled`)
      continue
    }
    found.set(field, intersectRanges(found.get(field) ?? [{ low: 0n, high: limit }], ranges))
  }
  if ([...found.values()].some((ranges) => ranges.length === 0)) return []
  const whole = (field: Field): readonly ValueRange[] | null => notWhole(found.get(field), max(field))
  return protocols(found).map((proto): PlanRule =>
    ({ name, permit, src: whole('src'), dst: whole('dst'), proto, dport: whole('dport'), icmpType: whole('icmpType') }))
}

function bigintOf(value: number | undefined): bigint | null {
  return value === undefined ? null : BigInt(value)
}

function constraintRanges(constraint: Constraint, max: bigint): readonly ValueRange[] | null {
  if (constraint.kind !== 'ranges') return null
  return constraint.not ? complementRanges(constraint.ranges, max) : mergeRanges(constraint.ranges)
}

function notWhole(ranges: readonly ValueRange[] | undefined, max: bigint | null): readonly ValueRange[] | null {
  const first = ranges?.[0]
  if (ranges === undefined || first === undefined || (first.low === 0n && first.high === max)) return null
  return ranges
}

/** Protocol numbers of a match, those without a field that it constrains left out; [null] for all of them. */
function protocols(found: ReadonlyMap<Field, readonly ValueRange[]>): readonly (number | null)[] {
  const having = (field: Field, list: readonly number[]): ((proto: number) => boolean) =>
    (proto) => !found.has(field) || list.includes(proto)
  const ranges = found.get('proto') ?? [{ low: 0n, high: BigInt(PROTOCOL_MAX) }]
  const listed = ranges.flatMap(({ low, high }) => Array.from({ length: Number(high - low) + 1 }, (_, i) => Number(low) + i))
  const left = listed.filter(having('dport', PORT_PROTOCOLS)).filter(having('icmpType', ICMP_PROTOCOLS))
  return left.length === PROTOCOL_MAX + 1 ? [null] : left
}

