// compose: what a chain permits, with its jumps, as sets; halves first, so that no long list is carried rule by rule.
// Keeps "three-valued": an unknown match is taken both ways, and the answer is a lower and an upper bound.

import type { IpVersion } from '../../base/ip.ts'
import type { Chain, Match, Rule, RuleAction } from '../rules/model.ts'
import { Outcome, outcomesOf, type OutcomeAlgebra, type OutcomeMap } from './outcome.ts'
import type { PacketSet, PacketSpace } from './packet-set.ts'

/** Chains by name, as Config.chains. */
export type Chains = ReadonlyMap<string, Chain>

/** A chain that cannot be followed. What it would do is taken as unknown. */
export interface ChainProblem {
  readonly kind: 'missing-chain' | 'cycle' | 'too-deep'
  /** The chain that was asked for, and the line of the rule that did. */
  readonly chain: string
  readonly line: number
}

/**
 * What happens to the packets of one version at a chain. Without unknowns and problems both bounds are equal. Each set is worked out when
 * it is first read, which may throw SetLimitError.
 */
export interface ChainSets {
  /** Permitted however the unknowns turn out (lower closure). */
  readonly surelyPermitted: PacketSet
  /** Permitted for some outcome of the unknowns (upper closure). */
  readonly possiblyPermitted: PacketSet
  /** Denied however the unknowns turn out: all that is not possibly permitted. */
  readonly surelyDenied: PacketSet
  /** May reach the end of a chain that has no policy; counted as unknown above. */
  readonly undecided: PacketSet
  readonly problems: readonly ChainProblem[]
}

/** Deeper nesting is no firewall: nftables stops at 16 (NFT_JUMP_STACK_SIZE), iptables at its number of chains. */
export const CHAIN_DEPTH_MAX = 256

/** A chain whose content cannot be known may do all of it. */
const ANYTHING = Outcome.permit | Outcome.deny | Outcome.leave | Outcome.pass

interface Work {
  readonly space: PacketSpace
  readonly algebra: OutcomeAlgebra
  readonly chains: Chains
  readonly done: Map<string, OutcomeMap>
  /** Names of the chains being worked on, outermost first. */
  readonly path: string[]
  readonly problems: ChainProblem[]
}

/**
 * The chain as a hook would run it. `chains` is where jumps lead. Throws SetLimitError when the space is full; every other trouble is in
 * `problems` and makes the bounds wider, never narrower.
 */
export function composeChain(space: PacketSpace, chain: Chain, chains: Chains): ChainSets {
  const work: Work = { space, algebra: outcomesOf(space), chains, done: new Map(), path: [chain.name], problems: [] }
  const { algebra, problems } = work
  const map = rulesOutcome(work, chain)
  const open = Outcome.pass | Outcome.leave
  const possibly = (verdict: 'permit' | 'deny'): PacketSet =>
    algebra.where(map, chain.policy === null || chain.policy === verdict ? Outcome[verdict] | open : Outcome[verdict])
  // Worked out when asked: on long lists each of these is a diagram of its own.
  const possiblyPermitted = once(() => possibly('permit'))
  const surelyPermitted = once(() => space.not(possibly('deny')))
  const surelyDenied = once(() => space.not(possiblyPermitted()))
  const undecided = once(() => (chain.policy === null ? algebra.where(map, open) : space.empty))
  return {
    get surelyPermitted() { return surelyPermitted() },
    get possiblyPermitted() { return possiblyPermitted() },
    get surelyDenied() { return surelyDenied() },
    get undecided() { return undecided() },
    problems,
  }
}

function once(make: () => PacketSet): () => PacketSet {
  let made: PacketSet | null = null
  return () => (made ??= make())
}

/** The packets of a rule's matches: surely, and possibly when unknown matches are taken as true. Empty for the other family. */
export function ruleSets(space: PacketSpace, rule: Rule): { readonly sure: PacketSet; readonly maybe: PacketSet } {
  if (!isOfFamily(rule, space.version)) return { sure: space.empty, maybe: space.empty }
  const known = rule.matches.filter((m) => m.unknown.length === 0)
  const sure = unionOf(space, known)
  const vague = rule.matches.filter((m) => m.unknown.length > 0)
  const maybe = vague.length === 0 ? sure : space.or(sure, unionOf(space, vague))
  return { sure, maybe }
}

/**
 * For rules of `chain` and what each surely matches: the packets that it does not give back to the rules after it. Of a jump, those that
 * the chain it leads to decides; of a goto, all.
 */
export function takenBy(space: PacketSpace, chain: Chain, chains: Chains): (rule: Rule, sure: PacketSet) => PacketSet {
  const work: Work = { space, algebra: outcomesOf(space), chains, done: new Map(), path: [chain.name], problems: [] }
  return (rule, sure) => {
    if (rule.action.kind === 'next' || rule.action.kind === 'unknown') return space.empty
    if (rule.action.kind !== 'jump') return sure
    const back = work.algebra.where(chainByName(work, rule.action.chain, rule.line), Outcome.leave | Outcome.pass)
    return space.minus(sure, back)
  }
}

function isOfFamily(rule: Rule, version: IpVersion): boolean {
  return rule.family === null || rule.family === version
}

function unionOf(space: PacketSpace, matches: readonly Match[]): PacketSet {
  return balanced(matches.length, space.empty, (i) => space.of(matches[i] as Match), (a, b) => space.or(a, b))
}

/** Joins items 0..length-1 in a balanced tree: both halves stay small, where one after the other drags the whole along. */
function balanced<T>(length: number, none: T, item: (i: number) => T, join: (a: T, b: T) => T): T {
  const part = (from: number, to: number): T => {
    if (to - from === 1) return item(from)
    const middle = (from + to) >>> 1
    return join(part(from, middle), part(middle, to))
  }
  return length === 0 ? none : part(0, length)
}

function rulesOutcome(work: Work, chain: Chain): OutcomeMap {
  const { algebra, space } = work
  const rules = chain.rules.filter((rule) => isOfFamily(rule, space.version) && rule.action.kind !== 'next')
  return balanced(rules.length, algebra.constant(Outcome.pass), (i) => ruleOutcome(work, rules[i] as Rule), (a, b) => algebra.follow(a, b))
}

/** Rules, then the policy, where there is one, for those that reach the end or return. */
function wholeChain(work: Work, chain: Chain): OutcomeMap {
  const { algebra } = work
  const map = rulesOutcome(work, chain)
  return chain.policy === null ? map : algebra.move(map, Outcome.pass | Outcome.leave, Outcome[chain.policy])
}

const SIMPLE: Readonly<Record<Exclude<RuleAction['kind'], 'jump' | 'goto'>, number>> = {
  permit: Outcome.permit, deny: Outcome.deny, return: Outcome.leave, next: Outcome.pass, unknown: ANYTHING,
}

function ruleOutcome(work: Work, rule: Rule): OutcomeMap {
  const { algebra, space } = work
  const { action, matches } = rule
  const [match] = matches
  if (action.kind === 'jump' || action.kind === 'goto') {
    const { sure, maybe } = ruleSets(space, rule)
    return algebra.within(sure, maybe, calledChain(work, action.kind, action.chain, rule.line))
  }
  const bits = SIMPLE[action.kind]
  if (matches.length === 1 && match && match.unknown.length === 0) return algebra.only(match, bits)
  const { sure, maybe } = ruleSets(space, rule)
  return algebra.within(sure, maybe, algebra.constant(bits))
}

/** After a jump, end and return mean the next rule; after a goto they mean the caller of this chain. */
function calledChain(work: Work, kind: 'jump' | 'goto', name: string, line: number): OutcomeMap {
  const map = chainByName(work, name, line)
  return kind === 'jump'
    ? work.algebra.move(map, Outcome.leave, Outcome.pass)
    : work.algebra.move(map, Outcome.pass, Outcome.leave)
}

function chainByName(work: Work, name: string, line: number): OutcomeMap {
  const { algebra, chains, done, path, problems } = work
  const known = done.get(name)
  if (known) return known
  const chain = chains.get(name)
  const kind = chain === undefined ? 'missing-chain' : path.includes(name) ? 'cycle' : path.length >= CHAIN_DEPTH_MAX ? 'too-deep' : null
  if (chain === undefined || kind !== null) {
    problems.push({ kind: kind ?? 'missing-chain', chain: name, line })
    return algebra.constant(ANYTHING)
  }
  path.push(name)
  const map = wholeChain(work, chain)
  path.pop()
  done.set(name, map)
  return map
}
