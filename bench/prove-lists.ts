// prove-lists: the short form of rules and questions that bench/prove.ts makes and its child reads.
// Keeps question and answer in two processes with one meaning.

import type { Chain, Constraint, Field, Rule } from '../src/policy/rules/model.ts'

/** A rule of a bench list: address blocks as [base, length], ports for TCP and UDP only. */
export interface Row {
  readonly src: readonly [number, number]
  readonly dst: readonly [number, number]
  readonly proto: number | null
  readonly dport: readonly [number, number] | null
  readonly permit: boolean
}

/** `reach`: can anything go from one block to the other? `equal`: do both lists permit the same? `dead`: is any line of an IOS text dead? */
export type Question =
  | { readonly kind: 'equal'; readonly a: readonly Row[]; readonly b: readonly Row[] }
  | { readonly kind: 'dead'; readonly text: string }
  | { readonly kind: 'reach'; readonly a: readonly Row[]; readonly from: readonly [number, number]; readonly to: readonly [number, number] }

function range(low: number, high: number): Constraint {
  return { kind: 'ranges', ranges: [{ low: BigInt(low), high: BigInt(high) }], not: false }
}

/** The addresses of a block. */
export function inBlock([base, length]: readonly [number, number]): Constraint {
  return range(base, base + 2 ** (32 - length) - 1)
}

function ruleOf(r: Row, i: number): Rule {
  const fields: (readonly [Field, Constraint])[] = []
  if (r.src[1] > 0) fields.push(['src', inBlock(r.src)])
  if (r.dst[1] > 0) fields.push(['dst', inBlock(r.dst)])
  if (r.proto !== null) fields.push(['proto', range(r.proto, r.proto)])
  if (r.dport) fields.push(['dport', range(r.dport[0], r.dport[1])])
  const action = r.permit ? { kind: 'permit' as const } : { kind: 'deny' as const, reject: false }
  return { line: i + 1, text: '', family: 4, matches: [{ fields, unknown: [] }], action }
}

/** The list as a chain that denies what no rule takes. */
export function chainOf(name: string, rows: readonly Row[]): Chain {
  return { name, rules: rows.map(ruleOf), policy: 'deny' }
}
