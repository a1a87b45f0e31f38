// The nat tables as rows in the order in which the kernel tries them: chains followed, RETURN taken out of what comes after it.
// Keeps "never dropped": what cannot be followed is a row with an unknown match and its line.

import type { IpVersion } from '../../../base/ip.ts'
import type { Chain, Match, NatRule, Rule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import { joined, without } from '../ways.ts'
import { addressValue, portRange } from './words.ts'

/** What a target does to the address; `problem` says what of it is not one range. */
export interface Translation {
  readonly kind: NatRule['kind']
  readonly address: ValueRange | null
  readonly port: ValueRange | null
  readonly problem: string | null
  /** REDIRECT: the destination becomes the machine itself. */
  readonly toSelf?: boolean
}

/** Targets of the nat table that are rows. NETMAP and others stay unknown actions. */
export const TRANSLATIONS = new Set(['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT'])

/** REDIRECT sends to the machine itself: a destination without an address, as nftables has it. */
export function translationOf(target: { readonly name: string; readonly options: readonly string[] }, version: IpVersion): Translation {
  const { name, options } = target
  const after = (word: string): string | null => (options.includes(word) ? (options[options.indexOf(word) + 1] ?? '') : null)
  const kind = name === 'MASQUERADE' ? 'masquerade' : name === 'SNAT' ? 'source' : 'destination'
  if (name === 'MASQUERADE' || name === 'REDIRECT') {
    const text = after('--to-ports')
    const port = text === null ? null : portRange(text.replace('-', ':'))
    const problem = text !== null && port === null ? 'ports that are not understood' : null
    return { kind, address: null, port, problem, ...(name === 'REDIRECT' ? { toSelf: true } : {}) }
  }
  const option = name === 'DNAT' ? '--to-destination' : '--to-source'
  if (options.filter((word) => word === option).length > 1) return { kind, address: null, port: null, problem: 'several new addresses' }
  const parsed = newAddress(after(option) ?? '', version)
  return { kind, ...(parsed ?? { address: null, port: null }), problem: parsed === null ? 'what the address becomes is not one range' : null }
}

/** `10.0.0.1`, `10.0.0.1-10.0.0.9:80-90`, `:80`, `[2001:db8::1]:80`. */
function newAddress(text: string, version: IpVersion): Pick<Translation, 'address' | 'port'> | null {
  const found = version === 6 ? /^(?:\[([^\]]*)\](?::(.+))?|([^[\]]+))$/.exec(text) : /^([^:]*)(?::(.+))?$/.exec(text)
  if (found === null) return null
  const ends = found[1] ?? found[3] ?? ''
  const port = found[2] === undefined ? null : portRange(found[2].replace('-', ':'))
  const [low = '', high] = ends.split('-')
  const first = low === '' ? null : addressValue(low, version)
  const last = high === undefined ? first : addressValue(high, version)
  const address = first === null || last === null || last < first ? null : { low: first, high: last }
  if ((found[2] !== undefined && port === null) || (ends !== '' && address === null) || (address === null && port === null)) return null
  return { address, port }
}

/** Rows of one text: a person's NAT has tens; chains that call each other twice at each level would be endless. */
const ROWS_MAX = 20_000
/** Chains entered while following: see ROWS_MAX. */
const CALLS_MAX = 20_000

interface Walk {
  readonly chains: ReadonlyMap<string, Chain>
  readonly translations: ReadonlyMap<Rule, Translation>
  readonly rows: NatRule[]
  readonly unknowns: UnknownMatch[]
  readonly path: string[]
  calls: number
  full: boolean
}

type Stage = NonNullable<NatRule['stage']>

/** Where the chains of the nat table are asked: on the way in, for what the machine itself sends, on the way out. INPUT is no row. */
const HOOKS: readonly (readonly [string, Stage, { readonly packets?: 'own' }])[] = [
  ['PREROUTING', 'destination', {}], ['OUTPUT', 'destination', { packets: 'own' }], ['POSTROUTING', 'source', {}],
]

/** Rows of one text, hook by hook and for each version, in the order in which the kernel tries them. */
export function natRows(chains: ReadonlyMap<string, Chain>, translations: ReadonlyMap<Rule, Translation>): {
  readonly rows: readonly NatRule[]; readonly unknowns: readonly UnknownMatch[]
} {
  const walk: Walk = { chains, translations, rows: [], unknowns: [], path: [], calls: 0, full: false }
  for (const [name, stage, whose] of HOOKS) {
    for (const family of [4, 6] as const) {
      const chain = chains.get(`${family === 4 ? 'ip' : 'ip6'} nat ${name}`)
      if (chain === undefined) continue
      follow(walk, chain, [{ fields: [], unknown: [] }], { stage, family, ...whose })
      if (chain.policy === 'deny') walk.unknowns.push({ text: `chain ${chain.name}`, line: 0, reason: DROPS })
    }
  }
  if (walk.full) walk.unknowns.push({ text: 'nat', line: 0, reason: `more than ${ROWS_MAX} ways through the nat tables` })
  return walk
}

const DROPS = 'a translation chain that drops packets'

/** What all rows of one hook have in common. */
type Where = { readonly stage: Stage } & Pick<NatRule, 'family' | 'packets'>

/** Rows of a chain for packets that come in one of `ways`; what remains for the caller is not asked, for rows are tried in order. */
function follow(walk: Walk, chain: Chain, ways: readonly Match[], at: Where): void {
  let open = ways
  const isBase = walk.path.length === 0
  walk.path.push(chain.name)
  for (const rule of chain.rules) {
    if (open.length === 0) break
    const here = waysInto(open, rule)
    const { action } = rule
    const nothing: Translation = { kind: 'none', address: null, port: null, problem: null }
    if (action.kind === 'deny') walk.unknowns.push({ text: rule.text, line: rule.line, reason: DROPS })
    if (action.kind === 'permit') push(walk, rule, here, walk.translations.get(rule) ?? nothing, at)
    else if (action.kind === 'deny' || (action.kind === 'return' && isBase)) push(walk, rule, here, nothing, at)
    else if (action.kind === 'unknown') push(walk, rule, here, { kind: at.stage, address: null, port: null, problem: action.why.reason }, at)
    else if (action.kind === 'jump' || action.kind === 'goto') called(walk, rule, action.chain, here, at)
    if (action.kind === 'return' || action.kind === 'goto') open = without(open, rule)
  }
  walk.path.pop()
}

/** Each way with each alternative of the rule; a product that nobody writes is one way that may be. */
function waysInto(open: readonly Match[], rule: Rule): readonly Match[] {
  if (open.length * rule.matches.length > ROWS_MAX) {
    return [{ fields: [], unknown: [{ text: rule.text, line: rule.line, reason: 'too many ways to this line' }] }]
  }
  return open.flatMap((way) => rule.matches.map((match) => joined(way, match)))
}

function called(walk: Walk, rule: Rule, name: string, ways: readonly Match[], at: Where): void {
  const chain = walk.chains.get(name)
  walk.full ||= ++walk.calls > CALLS_MAX
  if (chain !== undefined && !walk.path.includes(name) && !walk.full) follow(walk, chain, ways, at)
  else push(walk, rule, ways, { kind: at.stage, address: null, port: null, problem: 'a chain that is not followed' }, at)
}

function push(walk: Walk, rule: Rule, matches: readonly Match[], { kind, address, port, problem, toSelf }: Translation, at: Where): void {
  const odd = problem === null ? [] : [{ text: rule.text, line: rule.line, reason: problem }]
  if (rule.action.kind !== 'unknown') walk.unknowns.push(...odd)
  for (const match of matches) {
    if (walk.rows.length >= ROWS_MAX) walk.full = true
    else {
      walk.rows.push({ line: rule.line, text: rule.text, match: { ...match, unknown: [...match.unknown, ...odd] }, kind, address, port, ...at,
        ...(toSelf === true ? { toSelf } : {}) })
    }
  }
}
