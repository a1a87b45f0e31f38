// Ways to come to a rule: matches joined, taken out of one another, and what a list permits as matches that need no order.
// Keeps "never dropped": a way that cannot be followed exactly stays as one that may be.

import type { Chain, Constraint, Match, Rule } from '../rules/model.ts'

/** Ways to come to a rule past the RETURNs or denies before it. */
const WAYS_MAX = 64
/** Matches of one list; more is a list that nobody translates by. */
const PERMITTED_MAX = 4096

/** Both hold. */
export function joined(a: Match, b: Match): Match {
  return { fields: [...a.fields, ...b.fields], unknown: [...a.unknown, ...b.unknown] }
}

export function negated(c: Constraint): Constraint {
  return { ...c, not: !c.not }
}

/** Ways of the packets that the rule does not match: one for each field that may differ. An unknown match leaves its way as it is, perhaps. */
export function without(ways: readonly Match[], rule: Pick<Rule, 'matches' | 'text' | 'line'>): readonly Match[] {
  let left = ways
  for (const match of rule.matches) {
    const vague = match.unknown.length > 0
    if (vague || left.length * match.fields.length > WAYS_MAX) {
      const why = vague ? match.unknown : [{ text: rule.text, line: rule.line, reason: 'too many ways past this line' }]
      left = left.map((way) => ({ ...way, unknown: [...way.unknown, ...why] }))
    } else left = left.flatMap((way) => match.fields.map(([field, c]) => joined(way, { fields: [[field, negated(c)]], unknown: [] })))
  }
  return left
}

/** What a list of permits and denies permits, as matches in any order. Jumps and the like are not followed: such a rule may permit. */
export function permittedWays(chain: Chain): readonly Match[] {
  let open: readonly Match[] = [{ fields: [], unknown: [] }]
  const found: Match[] = []
  for (const rule of chain.rules) {
    const { kind } = rule.action
    if (kind === 'next') continue
    if (kind === 'deny') open = without(open, rule)
    else {
      const vague = rule.action.kind === 'unknown' ? [rule.action.why] : []
      if (found.length + open.length * rule.matches.length > PERMITTED_MAX) {
        return [{ fields: [], unknown: [{ text: rule.text, line: rule.line, reason: `list ${chain.name} has too many ways` }] }]
      }
      for (const way of open) found.push(...rule.matches.map((match) => joined(joined(way, match), { fields: [], unknown: vague })))
    }
  }
  return found
}
