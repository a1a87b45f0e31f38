// Assertions: what a policy says must hold, proved of the policy itself, per IP version. The same question can be put to compiled text.

import type { IpVersion } from '../../base/ip.ts'
import { flowMatches, policyChains, prefixRange, zoneRanges } from '../policy-rules.ts'
import type { Assertion, AssertionEnd, Policy } from '../language/model.ts'
import type { NameMap } from '../eval/names.ts'
import type { Match, ValueRange } from '../rules/model.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'
import type { Answer } from './answer.ts'
import { proveAlways, proveNever, type Filter } from './questions.ts'

export interface AssertionResult {
  readonly assertion: Assertion
  readonly version: IpVersion
  readonly answer: Answer
  /** False when the assertion speaks of no packet of this version: true, but it says nothing. */
  readonly saysSomething: boolean
}

/** The policy as a filter, to be asked like any other. */
export function policyFilter(policy: Policy, names: NameMap, version: IpVersion): Filter {
  const chain = policyChains(policy, names)[version]
  return { chain, chains: new Map([[chain.name, chain]]), version }
}

/** Each assertion of the policy, answered for the space's IP version. A new space per call keeps the tables small. */
export function proveAssertions(
  assertions: readonly Assertion[], policy: Policy, names: NameMap, space: PacketSpace, filter: Filter = policyFilter(policy, names, space.version),
): AssertionResult[] {
  const zones = zoneRanges(names, space.version)
  return assertions.map((assertion) => {
    const asked = askedSet(space, askedBy(assertion, policy, zones, space.version))
    const answer = assertion.kind === 'always' ? proveAlways(space, filter, asked) : proveNever(space, filter, asked)
    return { assertion, version: space.version, answer, saysSomething: !space.isEmpty(asked) }
  })
}

/** Packets of any match of `packets`, no two of which share one, and of no match of `except`. */
export interface AskedMatches {
  readonly packets: readonly Match[]
  readonly except: readonly Match[]
}

/** The packets an assertion speaks of: for `only`, those that are not on its services and so must not pass. */
export function askedMatches(a: Assertion, policy: Policy, names: NameMap, version: IpVersion): AskedMatches {
  return askedBy(a, policy, zoneRanges(names, version), version)
}

function askedBy(a: Assertion, policy: Policy, zones: ReadonlyMap<string, readonly ValueRange[]>, version: IpVersion): AskedMatches {
  const src = rangesOf(a.from, zones, version)
  const dst = rangesOf(a.to, zones, version)
  const services = policy.services.filter((s) => a.services.includes(s.name))
  const between = matchesBetween(src, dst)
  const onServices = flowMatches(src, dst, services, version)
  const left = a.via === null ? [] : matchesBetween(src, zones.get(a.via) ?? [])
  if (a.kind === 'only') return { packets: between, except: [...onServices, ...left] }
  return { packets: a.services.length === 0 ? between : onServices, except: left }
}

function matchesBetween(src: readonly ValueRange[], dst: readonly ValueRange[]): Match[] {
  if (src.length === 0 || dst.length === 0) return []
  const fields = [['src', { kind: 'ranges', ranges: src, not: false }], ['dst', { kind: 'ranges', ranges: dst, not: false }]] as const
  return [{ fields, unknown: [] }]
}

function askedSet(space: PacketSpace, { packets, except }: AskedMatches): PacketSet {
  const union = (matches: readonly Match[]): PacketSet => matches.reduce((set, m) => space.or(set, space.of(m)), space.empty)
  return space.minus(union(packets), union(except))
}

/** Addresses of one end in one IP version; `zones` as of zoneRanges. */
export function rangesOf(end: AssertionEnd, zones: ReadonlyMap<string, readonly ValueRange[]>, version: IpVersion): readonly ValueRange[] {
  if (end.kind === 'zone') return zones.get(end.zone) ?? []
  if (end.kind === 'prefix') return end.prefix.version === version ? [prefixRange(end.prefix)] : []
  return [{ low: 0n, high: (1n << (version === 4 ? 32n : 128n)) - 1n }]
}
