// outcome: what a stretch of rules may do with each packet, as a value that can be joined in any order of brackets.
// Keeps "an unknown match is possibly true and possibly false": a packet may have several possible outcomes at once.

import type { Match } from '../rules/model.ts'
import type { PacketSet, PacketSpace } from './packet-set.ts'

/** Bits: what may happen. `leave` is return (back to the caller of the chain), `pass` is "no rule here decided". */
export const Outcome = { permit: 1, deny: 2, leave: 4, pass: 8 } as const
export const OUTCOME_BITS = [Outcome.permit, Outcome.deny, Outcome.leave, Outcome.pass] as const

/** For each packet the outcomes that are possible, at least one. Opaque; belongs to the algebra that made it. */
export interface OutcomeMap {
  readonly algebra: OutcomeAlgebra
}

export interface OutcomeAlgebra {
  /** The same outcomes for every packet. */
  constant(bits: number): OutcomeMap
  /** `bits` for packets of the match, pass for the others. Unknown matches are ignored. */
  only(match: Match, bits: number): OutcomeMap
  /** `inner` for packets of `sure`, inner or pass for those of `maybe` alone, pass for the others. `sure` is part of `maybe`. */
  within(sure: PacketSet, maybe: PacketSet, inner: OutcomeMap): OutcomeMap
  /** Where the first may pass, the second goes on. Associative. */
  follow(first: OutcomeMap, second: OutcomeMap): OutcomeMap
  /** Outcomes with any bit of `from` get `to` in its place. */
  move(map: OutcomeMap, from: number, to: number): OutcomeMap
  /** Packets with any of these outcomes among their possible ones. */
  where(map: OutcomeMap, bits: number): PacketSet
}

/** A space with a faster algebra than four sets side by side. */
export interface OutcomeSpace extends PacketSpace {
  readonly outcomes: OutcomeAlgebra
}

/** The space's own algebra, or the plain one. */
export function outcomesOf(space: PacketSpace): OutcomeAlgebra {
  return 'outcomes' in space ? (space as OutcomeSpace).outcomes : setOutcomes(space)
}

/** One set per outcome, in the order of OUTCOME_BITS. */
interface FourSets extends OutcomeMap {
  readonly sets: readonly PacketSet[]
}

/** Four sets side by side, over any engine. The slow twin of the diagram with four-bit leaves. */
export function setOutcomes(space: PacketSpace): OutcomeAlgebra {
  const { empty, all } = space
  const sets = (map: OutcomeMap): readonly PacketSet[] => (map as FourSets).sets
  const union = (map: OutcomeMap, bits: number): PacketSet =>
    sets(map).reduce((sum, set, i) => ((bits & (OUTCOME_BITS[i] as number)) === 0 ? sum : space.or(sum, set)), empty)
  const make = (set: (bit: number, i: number) => PacketSet): FourSets => ({ algebra, sets: OUTCOME_BITS.map((bit, i) => set(bit, i)) })
  const algebra: OutcomeAlgebra = {
    constant: (bits) => make((bit) => ((bits & bit) === 0 ? empty : all)),
    only(match, bits) {
      const set = space.of(match)
      return algebra.within(set, set, algebra.constant(bits))
    },
    within: (sure, maybe, inner) => make((bit, i) => {
      const inside = space.and(maybe, sets(inner)[i] as PacketSet)
      return bit === Outcome.pass ? space.or(inside, space.minus(all, sure)) : inside
    }),
    follow(first, second) {
      const passed = union(first, Outcome.pass)
      return make((bit, i) => {
        const later = space.and(passed, sets(second)[i] as PacketSet)
        return bit === Outcome.pass ? later : space.or(sets(first)[i] as PacketSet, later)
      })
    },
    move(map, from, to) {
      const moved = union(map, from)
      return make((bit, i) => {
        const kept = (from & bit) === 0 ? (sets(map)[i] as PacketSet) : empty
        return (to & bit) === 0 ? kept : space.or(kept, moved)
      })
    },
    where: union,
  }
  return algebra
}
