// Translations of nft chains as rows in the order in which the kernel asks them: base chains by priority, jumps written out.
// Keeps "first match decides": an accept in front of a masquerade is a row of its own that translates nothing.

import type { IpVersion } from '../../../base/ip.ts'
import type { Chain, Match, NatRule, Rule, UnknownMatch } from '../../rules/model.ts'

/** What a translating rule of a chain does. */
export type Translation = Pick<NatRule, 'kind' | 'address' | 'port' | 'toSelf'> & {
  readonly family: IpVersion | null
  /** What of it is not understood; null when all is. */
  readonly unknown: UnknownMatch | null
}

/** A base chain of type nat, where the packets it looks at are of this family. */
export interface TranslationBase {
  readonly chain: string
  readonly hook: string
  readonly priority: number
  readonly family: IpVersion | null
}

interface Work {
  readonly chains: ReadonlyMap<string, Chain>
  readonly translations: ReadonlyMap<Rule, Translation>
  readonly base: TranslationBase
  readonly stage: 'destination' | 'source'
  readonly rows: NatRule[]
  readonly unknowns: UnknownMatch[]
  /** Another base chain of this hook is asked of the packets that this one accepts without translating them. */
  readonly isLast: boolean
}

/** nftables stops at 16 nested jumps (NFT_JUMP_STACK_SIZE). */
const DEPTH_MAX = 16
/** Alternatives of a rule behind a jump with alternatives; more is a product of two large sets, and becomes unknown. */
const PRODUCT_MAX = 4096

const STAGES: Readonly<Record<string, 'destination' | 'source'>> = { prerouting: 'destination', output: 'destination', postrouting: 'source' }

/** Rows of all base chains, those before routing first. */
export function translationRows(
  bases: readonly TranslationBase[], chains: ReadonlyMap<string, Chain>, translations: ReadonlyMap<Rule, Translation>, unknowns: UnknownMatch[],
): NatRule[] {
  const rows: NatRule[] = []
  for (const hook of Object.keys(STAGES)) {
    const asked = bases.filter((b) => b.hook === hook).sort((a, b) => a.priority - b.priority)
    for (const [i, base] of asked.entries()) {
      const work: Work = { chains, translations, base, stage: STAGES[hook] ?? 'destination', rows, unknowns, isLast: i === asked.length - 1 }
      chainRows(work, base.chain, [{ fields: [], unknown: [] }], 0)
    }
  }
  return rows
}

function chainRows(work: Work, name: string, within: readonly Match[], depth: number): void {
  let after: readonly UnknownMatch[] = []
  for (const rule of work.chains.get(name)?.rules ?? []) {
    const matches = product(within, rule, after)
    const leaves = depth > 0 && (rule.action.kind === 'return' || rule.action.kind === 'goto')
    if (!leaves || rule.action.kind === 'goto') ruleRows(work, rule, matches, depth)
    // Behind a return or a goto the chain that called this one goes on: the rest of this one is perhaps asked.
    if (leaves) after = [{ text: rule.text, line: rule.line, reason: `a ${rule.action.kind} in a translation chain is not modelled` }]
  }
}

function ruleRows(work: Work, rule: Rule, matches: readonly Match[], depth: number): void {
  const { action } = rule
  const translation = work.translations.get(rule)
  if (translation) addRows(work, rule, matches, translation)
  else if (action.kind === 'jump' || action.kind === 'goto') {
    if (depth >= DEPTH_MAX) addRows(work, rule, matches, anything(work, { text: rule.text, line: rule.line, reason: 'jumps are nested too deep' }))
    else chainRows(work, action.chain, matches, depth + 1)
    if (action.kind === 'goto' && depth === 0) done(work, rule, matches)
  } else if (action.kind === 'unknown') addRows(work, rule, matches, anything(work, action.why))
  else if (action.kind !== 'next') done(work, rule, matches)
}

/** No translation by this base chain; the kernel asks the next one of the hook all the same (nf_nat_inet_fn). */
function done(work: Work, rule: Rule, matches: readonly Match[]): void {
  addRows(work, rule, matches, NOTHING)
  if (work.isLast || rule.action.kind === 'deny') return
  const reason = 'behind it another translation chain of the same hook is asked, which is not modelled'
  work.unknowns.push({ text: `chain ${work.base.chain}: ${rule.text}`, line: rule.line, reason })
}

const NOTHING: Translation = { kind: 'none', family: null, address: null, port: null, unknown: null }

function anything({ stage, base }: Work, unknown: UnknownMatch): Translation {
  const address = { low: 0n, high: (1n << (base.family === 6 ? 128n : 32n)) - 1n }
  return { kind: stage, family: base.family, address, port: { low: 0n, high: 65_535n }, unknown }
}

function addRows({ rows, base, stage }: Work, rule: Rule, matches: readonly Match[], { unknown, ...translation }: Translation): void {
  for (const { fields, unknown: vague } of matches) {
    rows.push({
      line: rule.line, text: rule.text, match: { fields, unknown: unknown === null ? vague : [...vague, unknown] }, ...translation,
      family: rule.family ?? translation.family ?? base.family, stage, ...(base.hook === 'output' ? { packets: 'own' as const } : {}),
    })
  }
}

/** Both hold; what comes after a return that is not followed may or may not be reached. */
function product(within: readonly Match[], { matches, line, text }: Rule, after: readonly UnknownMatch[]): readonly Match[] {
  if (within.length * matches.length > PRODUCT_MAX) {
    return [{ fields: [], unknown: [{ text, line, reason: `more than ${PRODUCT_MAX} combinations` }] }]
  }
  return within.flatMap((outer) => matches.map((inner): Match =>
    ({ fields: [...outer.fields, ...inner.fields], unknown: [...outer.unknown, ...inner.unknown, ...after] })))
}
