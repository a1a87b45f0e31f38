// Questions: ready-made ones about filters, answered with packet sets and witnessed by single packets. No solver, no guess.
// Keeps "every counterexample is replayed through the slow interpreter before a human sees it".

import { assert } from '../../base/assert.ts'
import type { IpVersion } from '../../base/ip.ts'
import type { Chain, UnknownMatch } from '../rules/model.ts'
import { composeChain } from '../sets/compose.ts'
import { SetLimitError, type PacketSet, type PacketSpace } from '../sets/packet-set.ts'
import { walkChain } from '../sets/walk.ts'
import type { Answer, Witness } from './answer.ts'

/** A filter to ask about: one chain with those it jumps to, and what else a packet must pass. */
export interface Filter {
  readonly chain: Chain
  readonly chains: ReadonlyMap<string, Chain>
  readonly version: IpVersion
  /** Further chains of the same hook, in order: every one of them must permit. */
  readonly also?: readonly Chain[]
}

/** What the filter lets through whatever its unknown matches turn out to be, and what it lets through at most. */
export interface Bounds {
  readonly surely: PacketSet
  readonly possibly: PacketSet
}

export function boundsOf(space: PacketSpace, filter: Filter): Bounds {
  const [first, ...others] = chainsOf(filter).map((chain): Bounds => {
    const { surelyPermitted, possiblyPermitted } = composeChain(space, chain, filter.chains)
    return { surely: surelyPermitted, possibly: possiblyPermitted }
  })
  return others.reduce<Bounds>((all, { surely, possibly }) =>
    ({ surely: space.and(all.surely, surely), possibly: space.and(all.possibly, possibly) }), first ?? { surely: space.all, possibly: space.all })
}

/** The chains a packet must pass, in order. */
function chainsOf({ chain, also }: Filter): readonly Chain[] {
  return [chain, ...(also ?? [])]
}

/** Can any packet of `asked` pass? Proved: none can. Refuted: the witness passes. */
export function proveNever(space: PacketSpace, filter: Filter, asked: PacketSet): Answer {
  return within(filter, () => {
    const { surely, possibly } = boundsOf(space, filter)
    if (space.isEmpty(space.and(possibly, asked))) return { verdict: 'proved' }
    return refutedBy(space, filter, space.and(surely, asked), 'permit')
  })
}

/** Does every packet of `asked` pass? Proved: all do. Refuted: the witness is stopped. */
export function proveAlways(space: PacketSpace, filter: Filter, asked: PacketSet): Answer {
  return within(filter, () => {
    const { surely, possibly } = boundsOf(space, filter)
    if (space.isEmpty(space.minus(asked, surely))) return { verdict: 'proved' }
    return refutedBy(space, filter, space.minus(asked, possibly), 'deny')
  })
}

/** What two filters do differently, with a witness of each side. */
export interface Difference {
  readonly answer: Answer
  /** Packets that pass the first for sure and the second never; null when there is none. */
  readonly onlyFirst: { readonly witness: Witness; readonly count: bigint } | null
  readonly onlySecond: { readonly witness: Witness; readonly count: bigint } | null
}

/** Are two filters equal on `asked`? Refuted with the most human packet that they treat differently. */
export function proveEqual(space: PacketSpace, first: Filter, second: Filter, asked: PacketSet = space.all): Difference {
  const limited = within(first, () => compare(space, first, second, asked))
  return 'answer' in limited ? limited : { answer: limited, onlyFirst: null, onlySecond: null }
}

function compare(space: PacketSpace, first: Filter, second: Filter, asked: PacketSet): Difference {
  const [a, b] = [boundsOf(space, first), boundsOf(space, second)]
  const onlyFirst = sided(space, first, space.and(asked, space.minus(a.surely, b.possibly)))
  const onlySecond = sided(space, second, space.and(asked, space.minus(b.surely, a.possibly)))
  const found = onlyFirst ?? onlySecond
  if (found) return { answer: { verdict: 'refuted', witness: found.witness }, onlyFirst, onlySecond }
  const exact = [a, b].every(({ surely, possibly }) => space.isEmpty(space.and(asked, space.minus(possibly, surely))))
  if (exact) return { answer: { verdict: 'proved' }, onlyFirst, onlySecond }
  return { answer: { verdict: 'unknown', lines: [...unknownsOf(first), ...unknownsOf(second)], limit: null }, onlyFirst, onlySecond }
}

function sided(space: PacketSpace, filter: Filter, set: PacketSet): Difference['onlyFirst'] {
  const witness = witnessOf(space, filter, set, 'permit')
  return witness ? { witness, count: space.count(set) } : null
}

/** A definite counterexample when there is one, else unknown with the lines to blame. */
function refutedBy(space: PacketSpace, filter: Filter, set: PacketSet, action: 'permit' | 'deny'): Answer {
  const witness = witnessOf(space, filter, set, action)
  return witness ? { verdict: 'refuted', witness } : { verdict: 'unknown', lines: unknownsOf(filter), limit: null }
}

function witnessOf(space: PacketSpace, filter: Filter, set: PacketSet, action: 'permit' | 'deny'): Witness | null {
  const point = space.pick(set)
  if (!point) return null
  const walks = chainsOf(filter).map((chain) => ({ chain, ...walkChain(chain, filter.chains, point, filter.version) }))
  const refusal = walks.find(({ verdict }) => verdict === 'deny')
  const verdict = refusal?.verdict ?? (walks.every((walk) => walk.verdict === 'permit') ? 'permit' : 'unknown')
  assert(verdict === action, 'the set engine and the slow interpreter disagree on a witness')
  const { rule, chain } = refusal ?? walks.find((walk) => walk.rule !== null) ?? { rule: null, chain: filter.chain }
  return { point, deciding: { action, line: rule?.line ?? 0, text: rule?.text ?? `end of ${chain.name}` } }
}

/** Every unknown match and action of a filter and the chains it leads to, in line order, each once. */
export function unknownsOf(filter: Filter): UnknownMatch[] {
  const all = chainsOf(filter).flatMap((chain) => [...reachable(chain, filter.chains)]).flatMap((c) => c.rules).flatMap((rule) => [
    ...rule.matches.flatMap((m) => m.unknown), ...(rule.action.kind === 'unknown' ? [rule.action.why] : []),
  ])
  const once = new Map(all.map((u) => [`${u.line} ${u.text}`, u]))
  return [...once.values()].sort((a, b) => a.line - b.line)
}

/** The chain and every chain that its jumps lead to, each once. */
export function reachable(chain: Chain, chains: ReadonlyMap<string, Chain>): ReadonlySet<Chain> {
  const found = new Set([chain])
  for (const each of found) {
    for (const { action } of each.rules) {
      const next = action.kind === 'jump' || action.kind === 'goto' ? chains.get(action.chain) : undefined
      if (next) found.add(next)
    }
  }
  return found
}

/** An engine that reaches its bound answers unknown, it does not hang and it does not guess. */
function within<T extends object>(filter: Filter, ask: () => T): T | Answer {
  try {
    return ask()
  } catch (cause) {
    if (!(cause instanceof SetLimitError)) throw cause
    return { verdict: 'unknown', lines: unknownsOf(filter), limit: cause.message }
  }
}
