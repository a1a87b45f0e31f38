// Hook doubts: what a Linux chain cannot see where it stands: the way out before routing, a state before or without connection tracking.
// Keeps "possibly true and possibly false": matches on such a field say why, in every chain that is led to from there.

import type { Chain, Field, Rule, UnknownMatch } from '../rules/model.ts'

/** In these chains, and those they lead to, the field may be another than the model's packet has. */
export interface Doubt {
  /** Names of chains; null: all. */
  readonly roots: readonly string[] | null
  readonly field: Field
  readonly reason: string
}

/** Connections are tracked at this priority of the hooks prerouting and output (NF_IP_PRI_CONNTRACK). */
export const CONNTRACK_PRIORITY = -200

export const NO_WAY_OUT_YET = 'the interface a packet leaves by is not known at this hook'
export const NOT_TRACKED_YET = 'stands before connection tracking, where no packet has a state'
export const NOT_TRACKED = 'other lines leave packets without connection tracking, and those have no state'

/** The chains with what is in doubt added to their matches, in place, and what was added. */
export function addDoubts(chains: Map<string, Chain>, doubts: readonly Doubt[]): readonly UnknownMatch[] {
  const added: UnknownMatch[] = []
  for (const doubt of doubts) {
    for (const name of doubt.roots === null ? [...chains.keys()] : ledTo(chains, doubt.roots)) {
      const chain = chains.get(name)
      if (chain) chains.set(name, { ...chain, rules: chain.rules.map((rule) => doubted(rule, doubt, added)) })
    }
  }
  return added
}

function doubted(rule: Rule, { field, reason }: Doubt, added: UnknownMatch[]): Rule {
  if (!rule.matches.some(({ fields }) => fields.some(([name]) => name === field))) return rule
  const why: UnknownMatch = { text: rule.text, line: rule.line, reason }
  added.push(why)
  return {
    ...rule, matches: rule.matches.flatMap((match) => {
      const others = match.fields.filter(([name]) => name !== field)
      // Without the field: what the model's packet has there may be wrong either way.
      return others.length === match.fields.length ? [match] : [{ fields: others, unknown: [...match.unknown, why] }]
    }),
  }
}

function ledTo(chains: ReadonlyMap<string, Chain>, roots: readonly string[]): ReadonlySet<string> {
  const found = new Set(roots)
  for (const name of found) {
    for (const { action } of chains.get(name)?.rules ?? []) if (action.kind === 'jump' || action.kind === 'goto') found.add(action.chain)
  }
  return found
}
