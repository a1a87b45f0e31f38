// deadLines: lines of a chain that can never decide anything, with those to blame, and what no line speaks of.
// Keeps long lists in halves: what comes before a line is a handful of stretches, and what is left of it is never made.

import type { Chain, Rule } from '../rules/model.ts'
import { ruleSets, takenBy, type Chains } from '../sets/compose.ts'
import type { PacketPoint, PacketSet, PacketSpace } from '../sets/packet-set.ts'

export interface DeadLine {
  readonly rule: Rule
  /** Earlier rules that take its packets, the one that takes most first. */
  readonly killers: readonly Rule[]
}

/** Killers named per dead line: more than these nobody reads. */
const KILLERS_MAX = 5

/** A stretch of rules and what it takes for sure; one rule, or two halves. */
type Stretch = Line | { readonly taken: PacketSet; readonly halves: readonly [Stretch, Stretch] }

interface Line {
  readonly taken: PacketSet
  readonly rule: Rule
  /** What the rule may match. */
  readonly matched: PacketSet
}

/**
 * Lines of one chain that no packet ever reaches, each with the lines before it that are to blame. Rules with unknown matches kill
 * nothing for sure; a rule that matches no packet at all is dead without a killer. A jump kills with what the chain it leads to (in
 * `chains`) surely decides, a goto with all that it matches. Who calls the chain, and with what, is not asked.
 */
export function deadLines(space: PacketSpace, chain: Chain, chains: Chains = new Map()): DeadLine[] {
  const whole = stretchOf(space, chain, chains)
  if (whole === null) return []
  const dead: DeadLine[] = []
  const before: Line[] = []
  const visit = (stretch: Stretch, earlier: readonly PacketSet[]): void => {
    if ('halves' in stretch) {
      const [first, second] = stretch.halves
      visit(first, earlier)
      return visit(second, [...earlier, first.taken])
    }
    if (isCovered(space, stretch.matched, earlier)) dead.push({ rule: stretch.rule, killers: killersOf(space, stretch.matched, before) })
    before.push(stretch)
  }
  visit(whole, [])
  return dead
}

function isCovered(space: PacketSpace, set: PacketSet, parts: readonly PacketSet[]): boolean {
  return space.isCovered?.(set, parts) ?? space.isEmpty(parts.reduce((left, part) => space.minus(left, part), set))
}

/** Packets that no rule of the chain takes for sure: its policy takes them. With the most human of them. `chains` as for deadLines. */
export function unclaimed(
  space: PacketSpace, chain: Chain, chains: Chains = new Map(),
): { readonly witness: PacketPoint; readonly count: bigint } | null {
  const rest = space.not(stretchOf(space, chain, chains)?.taken ?? space.empty)
  const witness = space.pick(rest)
  return witness ? { witness, count: space.count(rest) } : null
}

/** The rules of the space's version in a balanced tree; null when there are none. */
function stretchOf(space: PacketSpace, chain: Chain, chains: Chains): Stretch | null {
  const taken = takenBy(space, chain, chains)
  const leaves = chain.rules.filter((rule) => rule.family === null || rule.family === space.version)
    .map((rule): Line => {
      const { sure, maybe } = ruleSets(space, rule)
      return { rule, matched: maybe, taken: taken(rule, sure) }
    })
  const join = (from: number, to: number): Stretch => {
    if (to - from === 1) return leaves[from] as Stretch
    const middle = (from + to) >>> 1
    const [a, b] = [join(from, middle), join(middle, to)]
    return { taken: space.or(a.taken, b.taken), halves: [a, b] }
  }
  return leaves.length === 0 ? null : join(0, leaves.length)
}

function killersOf(space: PacketSpace, set: PacketSet, before: readonly Line[]): Rule[] {
  return before
    .map(({ rule, taken }) => ({ rule, shared: space.count(space.and(set, taken)) }))
    .filter(({ shared }) => shared > 0n)
    .sort((a, b) => (a.shared > b.shared ? -1 : a.shared < b.shared ? 1 : a.rule.line - b.rule.line))
    .slice(0, KILLERS_MAX)
    .map(({ rule }) => rule)
}
