// Mirror: rules as they look at a reply, when the reply is written down as the packet it answers: source and destination change places.
// Keeps sets free of a swap of variables: not the packets are turned round, but what is asked of them.

import type { Chain, Field, Match, RouteRule } from '../rules/model.ts'
import type { Chains } from '../sets/compose.ts'

const OTHER: Readonly<Partial<Record<Field, Field>>> = { src: 'dst', dst: 'src', sport: 'dport', dport: 'sport' }

/** The field of the packet that is answered in which the reply's field is found. */
export function mirrorField(field: Field): Field {
  return OTHER[field] ?? field
}

export function mirrorMatch({ fields, unknown }: Match): Match {
  return { fields: fields.map(([field, constraint]) => [mirrorField(field), constraint] as const), unknown }
}

export function mirrorChains(chains: Chains): Chains {
  return new Map([...chains].map(([name, chain]): [string, Chain] =>
    [name, { ...chain, rules: chain.rules.map((rule) => ({ ...rule, matches: rule.matches.map(mirrorMatch) })) }]))
}

export function mirrorRouteRules(rules: readonly RouteRule[]): readonly RouteRule[] {
  return rules.map((rule) => ({ ...rule, match: mirrorMatch(rule.match) }))
}
