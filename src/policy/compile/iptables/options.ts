// Options of one iptables rule, from left to right, to alternatives of model constraints.
// Keeps "never dropped": a module or option that is not in the tables is an unknown match with its words.

import type { IpVersion } from '../../../base/ip.ts'
import { ConnState, type Constraint, type Field, type ValueRange } from '../../rules/model.ts'
import { numberOf, type Interfaces } from '../nftables/fields.ts'
import { ALWAYS, both, oneOf, unknown, type Alternative, type Scope } from '../nftables/lower-match.ts'
import { setMatches, type Sets } from './ipset.ts'
import { addressConstraint, addressValue, icmpType, portRange } from './words.ts'

/** What a rule's words mean in this text. */
export interface RuleScope {
  readonly version: IpVersion
  readonly interfaces: Interfaces
  readonly line: number
  readonly sets: Sets
  /** The text is a script: words with `$` or a backtick are what a shell makes of them. */
  readonly shell: boolean
}

/** A parsed rule: what it matches and the target's words. */
export interface ParsedRule {
  readonly matches: readonly Alternative[]
  readonly target: { readonly kind: 'jump' | 'goto'; readonly name: string; readonly options: readonly string[] } | null
  /** A word of the script may stand for any options, a target among them. */
  readonly open: boolean
}

interface Reading {
  readonly words: readonly string[]
  readonly scope: RuleScope
  at: number
  matches: readonly Alternative[]
  proto: bigint | null
  /** The module of the last `-m`. */
  module: string
  target: { kind: 'jump' | 'goto'; name: string; options: string[] } | null
  open: boolean
}

/** Modules whose options are read here. Others are unknown as a whole. */
const KNOWN_MODULES = new Set(['tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'multiport', 'state', 'conntrack', 'iprange', 'comment', 'standard',
  'set'])

/** Words after the chain's name. Never throws. */
export function parseOptions(words: readonly string[], scope: RuleScope): ParsedRule {
  const r: Reading = { words, scope, at: 0, matches: [{ ...ALWAYS, family: scope.version }], proto: null, module: '', target: null,
    open: false }
  while (r.at < words.length) option(r)
  return { matches: r.matches, target: r.target, open: r.open }
}

/** One option with its arguments; the position always moves. */
function option(r: Reading): void {
  const start = r.at
  let not = r.words[r.at] === '!'
  if (not) r.at++
  const name = r.words[r.at++] ?? ''
  const handler = OPTIONS.get(name)
  if (handler === undefined) return unknownOption(r, start)
  // Older texts write the negation behind the option: -s ! 10.0.0.1
  if (r.words[r.at] === '!' && name !== '--comment') {
    not = !not
    r.at++
  }
  const values = r.words.slice(r.at, r.at + handler.count)
  r.at += values.length
  const said = scopeOf(r, start)
  const variable = r.scope.shell && !SAID_ANYWAY.has(name) && values.some(isVariable)
  conjoin(r, variable ? unknown(said, 'a variable of the shell') : handler.read(r, values, not, said), said)
}

/** Alternatives times words of one rule: the largest set of a real text (65,536 elements) in a rule of 32 words. */
const WORK_MAX = 65_536 * 32

/** Each option copies what stands before it: the product is bounded, so that a rule's work is. */
function conjoin(r: Reading, more: readonly Alternative[], said: Scope): void {
  const tooMuch = r.matches.length * more.length * r.words.length > WORK_MAX
  r.matches = tooMuch ? [{ ...ALWAYS, family: r.scope.version, unknown: unknown(said, 'more combinations than are followed')[0]?.unknown ?? [] }]
    : both(r.matches, more, said)
}

/** A comment means nothing, and a target with such a name is an unknown action. */
const SAID_ANYWAY = new Set(['--comment', '-j', '--jump', '-g', '--goto'])

export function isVariable(word: string): boolean {
  return /[$`]/.test(word)
}

function scopeOf(r: Reading, start: number): Scope {
  const text = r.words.slice(start, r.at).join(' ')
  return { sets: new Map(), filled: new Set(), interfaces: r.scope.interfaces, line: r.scope.line, text }
}

/** To the next option that is known, or the next negation. */
function unknownOption(r: Reading, start: number): void {
  while (r.at < r.words.length && !OPTIONS.has(r.words[r.at] ?? '') && r.words[r.at] !== '!') r.at++
  if (r.scope.shell && isVariable(r.words[start] ?? '')) r.open = true
  if (r.target !== null) r.target.options.push(...r.words.slice(start, r.at))
  else conjoin(r, unknown(scopeOf(r, start), NOT_MODELLED), scopeOf(r, start))
}

const NOT_MODELLED = 'not a match of the model'

interface Handler {
  /** Arguments taken. */
  readonly count: number
  readonly read: (r: Reading, args: readonly string[], not: boolean, scope: Scope) => readonly Alternative[]
}

const NOTHING: readonly Alternative[] = [ALWAYS]

function field(name: Field, constraint: Constraint, not: boolean): readonly Alternative[] {
  return [{ ...ALWAYS, fields: [[name, { ...constraint, not: constraint.not !== not }]] }]
}

function addresses(name: 'src' | 'dst'): Handler['read'] {
  return (r, [text = ''], not, scope) => {
    const constraints = text.split(',').map((part) => addressConstraint(part, r.scope.version))
    if (constraints.includes(null)) return unknown(scope, 'a name instead of an address')
    const known = constraints.filter((c) => c !== null)
    // A list stands for one rule each; a negated one must avoid all of them.
    if (!not) return known.flatMap((c) => field(name, c, false))
    return [{ ...ALWAYS, fields: known.map((c) => [name, { ...c, not: true }] as const) }]
  }
}

const protocol: Handler['read'] = (r, [text = ''], not, scope) => {
  if (text === 'all' || text === '0') return not ? [] : NOTHING
  const number = numberOf(text.toLowerCase(), 'proto')
  if (number === null || number > 255n) return unknown(scope, 'a protocol that is not known')
  if (!not) r.proto = number
  return field('proto', oneOf([number]), not)
}

function iface(name: 'iif' | 'oif'): Handler['read'] {
  return (r, [text = ''], not) => {
    if (text === '+') return not ? [] : NOTHING
    const word = text.endsWith('+') ? `${text.slice(0, -1)}*` : text
    return field(name, oneOf(r.scope.interfaces.covered(word).map(BigInt)), not)
  }
}

const moduleName: Handler['read'] = (r, [text = ''], _not, scope) => {
  r.module = text
  return KNOWN_MODULES.has(text) ? NOTHING : unknown(scope, NOT_MODELLED)
}

const PORT_PROTOCOLS = new Set([6n, 17n, 132n])

/** Ports of the protocol that `-p` gave; `ports` of multiport means either side. */
function ports(fields: readonly ('sport' | 'dport')[]): Handler['read'] {
  return (r, [text = ''], not, scope) => {
    const ranges = text.split(',').map(portRange)
    if (ranges.includes(null)) return unknown(scope, 'ports that are not understood')
    if (r.proto === null || !PORT_PROTOCOLS.has(r.proto)) return unknown(scope, 'ports of a protocol that has none in the model')
    const constraint: Constraint = { kind: 'ranges', ranges: ranges.filter((range): range is ValueRange => range !== null), not }
    if (!not) return fields.map((name) => ({ ...ALWAYS, fields: [[name, constraint]] }))
    return [{ ...ALWAYS, fields: fields.map((name) => [name, constraint] as const) }]
  }
}

function flagBits(text: string): bigint | null {
  if (text === 'ALL') return 0x3fn
  if (text === 'NONE') return 0n
  let bits = 0n
  for (const word of text.split(',')) {
    const bit = numberOf(word.toLowerCase(), 'flags')
    if (bit === null) return null
    bits |= bit
  }
  return bits
}

const tcpFlags: Handler['read'] = (_r, [maskText = '', valueText = ''], not, scope) => {
  const mask = flagBits(maskText)
  const value = flagBits(valueText)
  if (mask === null || value === null) return unknown(scope, 'TCP flags that are not understood')
  return field('flags', { kind: 'masks', masks: (value & ~mask) === 0n ? [{ value, mask }] : [], not: false }, not)
}

/** SYN without ACK, RST and FIN: iptables-extensions(8), tcp. */
const syn: Handler['read'] = (_r, _args, not) => field('flags', { kind: 'masks', masks: [{ value: 2n, mask: 0x17n }], not: false }, not)

const icmp: Handler['read'] = (r, [text = ''], not, scope) => {
  const found = icmpType(text, r.scope.version)
  if (found === null) return unknown(scope, 'an ICMP type that is not known')
  if (found.type === null) return not ? [] : NOTHING
  const type: Constraint = { ...oneOf([BigInt(found.type)]), not }
  if (found.code === null) return field('icmpType', type, false)
  const code: Constraint = { ...oneOf([BigInt(found.code)]), not }
  if (!not) return [{ ...ALWAYS, fields: [['icmpType', type], ['icmpCode', code]] }]
  return [...field('icmpType', type, false), ...field('icmpCode', code, false)]
}

const STATES: ReadonlyMap<string, number> = new Map([
  ['NEW', ConnState.new], ['ESTABLISHED', ConnState.established], ['RELATED', ConnState.related], ['INVALID', ConnState.invalid],
])

/** States of the model together; others (UNTRACKED, DNAT) may or may not hold. */
const states: Handler['read'] = (_r, [text = ''], not, scope) => {
  const words = text.split(',')
  const others = words.filter((word) => !STATES.has(word))
  const odd = unknown(scope, `${others.join(',')} is no state of the model`)
  if (not && others.length > 0) return odd
  const found = field('state', oneOf(words.flatMap((word) => STATES.get(word) ?? []).map(BigInt)), not)
  return others.length === 0 ? found : [...found, ...odd]
}

function addressRange(name: 'src' | 'dst'): Handler['read'] {
  return (r, [text = ''], not, scope) => {
    const parts = text.split('-')
    const [low, high = low] = parts.map((part) => addressValue(part, r.scope.version))
    const whole = parts.length <= 2 && low !== undefined && low !== null && high !== undefined && high !== null && low <= high
    return whole ? field(name, { kind: 'ranges', ranges: [{ low, high }], not: false }, not) : unknown(scope, 'a range that is not understood')
  }
}

/** `--match-set NAME src,dst`; a negated set is exact when it is one alternative, by De Morgan. */
const matchSet: Handler['read'] = (r, [name = '', flags = ''], not, scope) => {
  if (r.words.includes('--return-nomatch')) return unknown(scope, 'turns the exceptions of a set around')
  const found = setMatches(r.scope.sets, name, flags.split(','), r.scope.version, (word) => r.scope.interfaces.covered(word))
  if (typeof found === 'string') return unknown(scope, found)
  if (!not) return found
  const [only] = found
  if (only === undefined) return NOTHING
  if (found.length > 1) return unknown(scope, 'a negated set of several parts')
  return only.fields.map(([field_, constraint]) => ({ ...ALWAYS, fields: [[field_, { ...constraint, not: !constraint.not }]] }))
}

function jump(kind: 'jump' | 'goto'): Handler['read'] {
  return (r, [name = '']) => {
    r.target = { kind, name, options: [] }
    return NOTHING
  }
}

/** By name, long and short. */
const OPTIONS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...names(['-s', '--source', '--src'], 1, addresses('src')), ...names(['-d', '--destination', '--dst'], 1, addresses('dst')),
  ...names(['-p', '--protocol', '--proto'], 1, protocol), ...names(['-i', '--in-interface'], 1, iface('iif')),
  ...names(['-o', '--out-interface'], 1, iface('oif')), ...names(['-m', '--match'], 1, moduleName),
  ...names(['--sport', '--source-port', '--sports', '--source-ports'], 1, ports(['sport'])),
  ...names(['--dport', '--destination-port', '--dports', '--destination-ports'], 1, ports(['dport'])),
  ...names(['--ports', '--port'], 1, ports(['sport', 'dport'])), ...names(['--tcp-flags'], 2, tcpFlags), ...names(['--syn'], 0, syn),
  ...names(['--icmp-type', '--icmpv6-type'], 1, icmp), ...names(['--state', '--ctstate'], 1, states),
  ...names(['--src-range'], 1, addressRange('src')), ...names(['--dst-range'], 1, addressRange('dst')),
  ...names(['--match-set'], 2, matchSet), ...names(['--update-counters', '--update-subcounters', '--return-nomatch'], 0, () => NOTHING),
  ...names(['-c', '--set-counters'], 2, () => NOTHING),
  ...names(['--comment'], 1, () => NOTHING), ...names(['-j', '--jump'], 1, jump('jump')), ...names(['-g', '--goto'], 1, jump('goto')),
])

function names(list: readonly string[], count: number, read: Handler['read']): readonly (readonly [string, Handler])[] {
  return list.map((name) => [name, { count, read }] as const)
}
