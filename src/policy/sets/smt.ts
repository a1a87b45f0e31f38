// smt: the question "do these two chains permit the same packets?" as SMT-LIB 2.6 text, for a solver that is none of ours.
// Keeps the certificate independent: no set engine takes part, and what cannot be said exactly is refused.

import type { IpVersion } from '../../base/ip.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { FIELDS, type Chain, type Constraint, type Field, type Match, type Rule, type ValueRange } from '../rules/model.ts'
import { CHAIN_DEPTH_MAX, type Chains } from './compose.ts'
import { fieldBits, FIELD_PROTOCOLS } from './fields.ts'

/** One side of the question: a chain and where its jumps lead. */
interface Side {
  readonly letter: 'a' | 'b'
  readonly version: IpVersion
  readonly chains: Chains
  /** Chains already written, with their number in names such as `a3_p0`. */
  readonly numbers: Map<string, number>
  readonly lines: string[]
  readonly refused: string[]
}

/**
 * Text for `z3 -smt2`: `unsat` means both permit the same packets, `sat` gives one that only one permits. One declared Bool per rule
 * and per place in a chain; nested terms took a thousand times as long (facts on segmentation, 5.1). Refused: unknown matches and
 * actions, loops, missing chains, chains that end without a policy.
 *
 * Packets that cannot exist are not excluded: a match that asks for a field asks for its protocol too, so that a field which the protocol
 * does not have changes no verdict.
 */
export function smtEquivalence(
  a: Chain, b: Chain, version: IpVersion, chainsA: Chains = new Map(), chainsB: Chains = new Map(),
): Result<string> {
  const lines = FIELDS.map((field) => `(declare-const ${field} (_ BitVec ${fieldBits(field, version)}))`)
  const refused: string[] = []
  const permits = [[a, chainsA, 'a'] as const, [b, chainsB, 'b'] as const].map(([chain, chains, letter]) => {
    const side: Side = { letter, version, chains, numbers: new Map(), lines, refused }
    if (chain.policy === null) refused.push(`chain ${chain.name} ends without a policy`)
    return `${writeChain(side, chain, [chain.name])}_p0`
  })
  if (refused.length > 0) return err([...new Set(refused)].join('; '))
  return ok(['(set-logic QF_BV)', ...lines, `(assert (xor ${permits.join(' ')}))`, '(check-sat)', ''].join('\n'))
}

/** Writes a chain once and gives its prefix; `_p0` then is "permits", `_d0` "denies" (of called chains only), from its first rule on. */
function writeChain(side: Side, chain: Chain, path: readonly string[]): string {
  const known = side.numbers.get(chain.name)
  if (known !== undefined) return `${side.letter}${known}`
  const rules = chain.rules.filter((rule) => (rule.family === null || rule.family === side.version) && rule.action.kind !== 'next')
  const called = rules.map((rule) => calledPrefix(side, rule, path))
  const prefix = `${side.letter}${side.numbers.size}`
  side.numbers.set(chain.name, side.numbers.size)
  const atEnd = { permit: String(chain.policy === 'permit'), deny: String(chain.policy === 'deny') }
  for (const [i, rule] of rules.entries()) define(side, `${prefix}_m${i}`, ruleTerm(side, rule))
  define(side, `${prefix}_p${rules.length}`, atEnd.permit)
  if (path.length > 1) define(side, `${prefix}_d${rules.length}`, atEnd.deny)
  for (let i = rules.length - 1; i >= 0; i--) {
    const next = { permit: `${prefix}_p${i + 1}`, deny: `${prefix}_d${i + 1}` }
    const { permit, deny } = decision(rules[i] as Rule, called[i] ?? '', next, atEnd)
    define(side, `${prefix}_p${i}`, `(ite ${prefix}_m${i} ${permit} ${next.permit})`)
    if (path.length > 1) define(side, `${prefix}_d${i}`, `(ite ${prefix}_m${i} ${deny} ${next.deny})`)
  }
  return prefix
}

/** A Bool that is declared and then asserted equal, so that nothing is nested. */
function define(side: Side, name: string, term: string): void {
  side.lines.push(`(declare-const ${name} Bool)`, `(assert (= ${name} ${term}))`)
}

interface Terms {
  readonly permit: string
  readonly deny: string
}

/** What a matching rule makes of a packet. A goto or return that decides nothing ends the chain: its policy, or back to the caller. */
function decision(rule: Rule, called: string, next: Terms, atEnd: Terms): Terms {
  const { kind } = rule.action
  if (kind === 'permit' || kind === 'deny') return { permit: String(kind === 'permit'), deny: String(kind === 'deny') }
  if (kind === 'return') return atEnd
  const after = kind === 'goto' ? atEnd : next
  return {
    permit: `(or ${called}_p0 (and (not ${called}_d0) ${after.permit}))`,
    deny: `(or ${called}_d0 (and (not ${called}_p0) ${after.deny}))`,
  }
}

function calledPrefix(side: Side, rule: Rule, path: readonly string[]): string {
  const { action } = rule
  if (action.kind === 'unknown') side.refused.push(`line ${rule.line}: ${action.why.text} is not understood`)
  if (action.kind !== 'jump' && action.kind !== 'goto') return ''
  const chain = side.chains.get(action.chain)
  if (!chain || path.includes(chain.name) || path.length >= CHAIN_DEPTH_MAX) {
    side.refused.push(`line ${rule.line}: chain ${action.chain} ${chain ? 'calls itself or is nested too deep' : 'is missing'}`)
    return ''
  }
  return writeChain(side, chain, [...path, chain.name])
}

function ruleTerm(side: Side, rule: Rule): string {
  for (const unknown of rule.matches.flatMap((m) => m.unknown)) side.refused.push(`line ${unknown.line}: ${unknown.text} is not understood`)
  return join('or', 'false', rule.matches.map((match) => matchTerm(match, side.version)))
}

function matchTerm(match: Match, version: IpVersion): string {
  return join('and', 'true', match.fields.flatMap(([field, constraint]) => {
    const protocols = FIELD_PROTOCOLS[field]
    const exists = protocols ? [join('or', 'false', protocols.map((proto) => `(= proto ${literal(proto, 8)})`))] : []
    return [...exists, constraintTerm(field, constraint, fieldBits(field, version))]
  }))
}

function constraintTerm(field: Field, constraint: Constraint, bits: number): string {
  const max = (1n << BigInt(bits)) - 1n
  const any = constraint.kind === 'ranges'
    ? constraint.ranges.map((range) => rangeTerm(field, range, bits))
    : constraint.masks.map(({ value, mask }) =>
      ((value & mask) > max ? 'false' : `(= (bvand ${field} ${literal(mask & max, bits)}) ${literal(value & mask, bits)})`))
  const term = join('or', 'false', any)
  return constraint.not ? `(not ${term})` : term
}

/** A block of a power of two is a comparison of its upper bits, which solvers take apart best; anything else is two comparisons. */
function rangeTerm(field: Field, range: ValueRange, bits: number): string {
  const max = (1n << BigInt(bits)) - 1n
  const low = range.low < 0n ? 0n : range.low
  const high = range.high > max ? max : range.high
  if (low > high) return 'false'
  if (low === 0n && high === max) return 'true'
  const size = high - low + 1n
  if ((size & (size - 1n)) !== 0n || (low & (size - 1n)) !== 0n) {
    return `(and (bvule ${literal(low, bits)} ${field}) (bvule ${field} ${literal(high, bits)}))`
  }
  const free = size.toString(2).length - 1
  const upper = free === 0 ? field : `((_ extract ${bits - 1} ${free}) ${field})`
  return `(= ${upper} ${literal(low >> BigInt(free), bits - free)})`
}

function literal(value: bigint, bits: number): string {
  return `#b${value.toString(2).padStart(bits, '0')}`
}

function join(op: 'and' | 'or', none: string, terms: readonly string[]): string {
  if (terms.length === 0) return none
  return terms.length === 1 ? (terms[0] ?? none) : `(${op} ${terms.join(' ')})`
}
