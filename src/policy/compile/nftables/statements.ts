// Statements of one nftables rule, from left to right, up to its end.
// Keeps "never dropped": a statement that cannot be parsed leaves its words as an action that may do anything.

import { REWRITES_PACKET, type CompareOp, type Expr, type RuleNode, type Statement } from './ast.ts'
import { SyntaxProblem, type Cursor } from './cursor.ts'
import { bitwise, concatenation, skipPairs, valueSide, verdict, type ExprContext } from './expressions.ts'
import { selector } from './selectors.ts'

/** What a rule needs of its surroundings: defines, and where the rules of an inline chain (`jump { ... }`) go. */
export interface RuleContext extends ExprContext {
  readonly inlineChain: () => string
}

/** Statements of a rule. The kernel holds 128 expressions (NFT_RULE_MAXEXPRS) per rule; a text may spend several on one. */
const STATEMENTS_MAX = 128

/** One rule; the cursor ends at the separator after it. Never throws. */
export function parseRule(x: RuleContext): RuleNode {
  const start = x.c.position
  const line = x.c.peek().line
  const statements: Statement[] = []
  while (!x.c.atEnd) statements.push(...guarded(x, line, statements.length))
  return { line, text: x.c.textSince(start), statements }
}

function guarded(x: RuleContext, line: number, count: number): readonly Statement[] {
  const start = x.c.position
  try {
    if (count >= STATEMENTS_MAX) throw new SyntaxProblem(`more than ${STATEMENTS_MAX} statements`)
    return [statement(x)]
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    x.c.rewind(start)
    x.c.skipStatement()
    return [{ kind: 'unknown-action', text: x.c.textSince(start), line, reason: error.message }]
  }
}

function statement(x: RuleContext): Statement {
  const { c } = x
  const found = verdict(c)
  if (found !== null) return found
  if ((c.is('jump') || c.is('goto')) && c.is('{', 1)) return { kind: 'verdict', verb: c.take().text as 'jump', chain: x.inlineChain() }
  const special = STATEMENTS.get(c.peek().kind === 'word' ? c.peek().text : '')
  const made = special?.(x) ?? null
  return made ?? match(x)
}

type Maker = (x: RuleContext) => Statement | null

/** By first word. Null: not this statement after all (`ct state` against `ct count`). */
const STATEMENTS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['counter', neutralNamed(new Set(['packets', 'bytes']))],
  ['log', logStatement],
  ['comment', neutralArgument],
  ['limit', (x) => unknownNamed(x, 'how much traffic there was before is not in a packet')],
  ['quota', (x) => unknownNamed(x, 'how much traffic there was before is not in a packet')],
  ['last', (x) => untilNext(x, 'last')],
  ['ct', ctStatement],
  ['xt', (x) => rest(x, 'an extension of iptables that nft only shows by name')],
  ['reject', reject],
  ['dnat', (x) => nat(x, 'destination')],
  ['redirect', (x) => nat(x, 'destination')],
  ['snat', (x) => nat(x, 'source')],
  ['masquerade', (x) => nat(x, 'masquerade')],
  ['queue', (x) => rest(x, 'a program decides')],
  ['tproxy', (x) => rest(x, 'the packet goes to a local program')],
  ['synproxy', (x) => rest(x, 'the firewall answers in the place of the server')],
  ['fwd', (x) => rest(x, 'the packet leaves by another interface, past every later rule')],
  ['dup', (x) => rest(x, 'a copy of the packet goes elsewhere')],
  ['notrack', (x) => rest(x, 'packets without connection tracking have no connection state')],
  ['flow', flowStatement],
  ['add', dynamicSet], ['update', dynamicSet], ['delete', dynamicSet], ['set', dynamicSet],
  ['meter', (x) => rest(x, 'a meter decides by earlier traffic')],
  ['reset', (x) => (x.c.take(), match(x), { kind: 'neutral' })],
])

function neutralNamed(words: ReadonlySet<string>): Maker {
  return (x) => {
    x.c.take()
    if (x.c.accept('name')) valueWithMap(x)
    else if (x.c.peek().kind === 'text') x.c.take()
    skipPairs(x.c, words)
    return { kind: 'neutral' }
  }
}

function neutralArgument({ c }: RuleContext): Statement {
  c.take()
  c.name()
  return { kind: 'neutral' }
}

const LOG_WORDS = new Set(['prefix', 'level', 'flags', 'group', 'snaplen', 'queue-threshold'])

function logStatement({ c }: RuleContext): Statement {
  c.take()
  while (c.peek().kind === 'word' && LOG_WORDS.has(c.peek().text)) {
    const word = c.take().text
    if (word === 'prefix' && c.accept('$')) c.name()
    else if (word === 'flags') logFlags(c)
    else c.name()
  }
  return { kind: 'neutral' }
}

/** `flags all`, `flags tcp sequence,options`, `flags ip options`, `flags skuid`, `flags ether`. */
function logFlags(c: Cursor): void {
  const first = c.name()
  if (first !== 'tcp' && first !== 'ip') return
  do c.name()
  while (c.accept(','))
}

/** `limit rate over 10/second burst 5 packets`, `limit name "x"`, `quota over 10 mbytes used 3 bytes`. */
function unknownNamed(x: RuleContext, reason: string): Statement {
  const { c } = x
  const start = c.position
  const line = c.peek().line
  c.take()
  if (c.accept('name')) {
    valueWithMap(x)
    return { kind: 'unknown-match', text: c.textSince(start), line, reason }
  }
  return finishUnknown(c, start, line, reason)
}

const LIMIT_WORDS = new Set([
  'rate', 'over', 'until', 'burst', 'packets', 'used', 'bytes', 'kbytes', 'mbytes', 'second', 'minute', 'hour', 'day', 'week',
])

function finishUnknown(c: Cursor, start: number, line: number, reason: string): Statement {
  while (!c.atEnd) {
    const token = c.peek()
    if (token.kind === 'word' && !LIMIT_WORDS.has(token.text) && !/^\d/.test(token.text)) break
    c.take()
  }
  return { kind: 'unknown-match', text: c.textSince(start), line, reason }
}

/** `last used 5s`: a memory, not a match. */
function untilNext({ c }: RuleContext, word: string): Statement {
  c.expect(word)
  if (c.accept('used')) c.name()
  return { kind: 'neutral' }
}

function rest({ c }: RuleContext, reason: string): Statement {
  const start = c.position
  const line = c.peek().line
  c.skipStatement()
  return { kind: 'unknown-action', text: c.textSince(start), line, reason }
}

/** `ct count 10`, `ct helper set`, `ct timeout set`; everything else of `ct` is a selector. */
function ctStatement({ c }: RuleContext): Statement | null {
  if (!c.is('count', 1)) return null
  const start = c.position
  const line = c.peek().line
  c.take()
  c.take()
  c.accept('over')
  c.name()
  return { kind: 'unknown-match', text: c.textSince(start), line, reason: 'how many connections there are is not in a packet' }
}

const REJECT_WORDS = new Set(['icmp', 'icmpv6', 'icmpx', 'tcp'])

/** `reject`, `reject with tcp reset`, `reject with icmp type port-unreachable`. */
function reject({ c }: RuleContext): Statement {
  c.take()
  if (c.accept('with')) {
    const family = c.name()
    if (REJECT_WORDS.has(family)) {
      c.accept('type')
      c.name()
    }
  }
  return { kind: 'verdict', verb: 'reject' }
}

const NAT_FLAGS = new Set(['random', 'fully-random', 'persistent'])

/** `dnat ip to 10.0.0.1:80`, `dnat to tcp dport map { ... }`, `masquerade to :1024-65535 random`, `redirect to :8080`. */
function nat(x: RuleContext, type: 'destination' | 'source' | 'masquerade'): Statement {
  const { c } = x
  const start = c.position
  const line = c.peek().line
  c.take()
  if (c.is('ip') || c.is('ip6')) c.take()
  if (c.accept('addr')) c.accept('.')
  if (c.accept('port')) c.accept('.')
  c.accept('prefix')
  c.accept('interval')
  let address: Expr | null = null
  let port: Expr | null = null
  if (c.accept('to') || !(c.atEnd || NAT_FLAGS.has(c.peek().text))) {
    if (!c.is(':')) address = valueWithMap(x)
    if (c.accept(':')) port = valueWithMap(x)
  }
  do while (NAT_FLAGS.has(c.peek().text)) c.take()
  while (c.accept(','))
  return { kind: 'nat', type, address, port, text: c.textSince(start), line }
}

/** A value that may be looked up: `tcp dport map { 80 : 10.0.0.1 }`. A looked-up value is one we do not follow. */
function valueWithMap(x: RuleContext): Expr {
  const left = concatenation(x, 0)
  if (!x.c.accept('map')) return left
  valueSide(x)
  return { kind: 'other', text: 'map' }
}

/** `flow add @ft`: established traffic takes a short cut. */
function flowStatement({ c }: RuleContext): Statement {
  c.take()
  c.name()
  c.expect('@')
  c.name()
  return { kind: 'neutral' }
}

/** `add @set { ip saddr timeout 1m }`, `update @set { ... : ... }`, and `set add ip saddr @set` as older nft wrote it. */
function dynamicSet({ c }: RuleContext): Statement | null {
  const start = c.position
  const line = c.peek().line
  c.take()
  if (!c.accept('@')) throw new SyntaxProblem('a statement that is not known')
  const set = c.name()
  c.expect('{')
  let depth = 1
  let limits = false
  while (depth > 0 && !c.done) {
    if (c.is('{')) depth++
    if (c.is('}')) depth--
    if (c.is('limit') || c.is('quota') || (c.is('ct') && c.is('count', 1))) limits = true
    c.take()
  }
  if (limits) return { kind: 'unknown-match', text: c.textSince(start), line, reason: 'decides by earlier traffic' }
  return { kind: 'fills', set }
}

const COMPARE: ReadonlyMap<string, CompareOp> = new Map([
  ['==', '=='], ['eq', '=='], ['!=', '!='], ['ne', '!='], ['<', '<'], ['lt', '<'], ['>', '>'], ['gt', '>'], ['<=', '<='], ['le', '<='],
  ['>=', '>='], ['ge', '>='], ['!', '!'],
])

/** `selector value`, `selector op value`, `selector vmap ...`, `selector set value`. */
function match(x: RuleContext): Statement {
  const { c } = x
  const start = c.position
  const line = c.peek().line
  const left = leftSide(x)
  if (c.accept('vmap')) {
    const data = valueSide(x)
    return { kind: 'vmap', key: left, data, text: c.textSince(start), line }
  }
  if (c.accept('set')) return mangle(x, left, start, line)
  if (c.atEnd && left.kind === 'key' && BOOLEAN_KEYS.test(left.name)) return { kind: 'unknown-match', text: left.name, line,
    reason: NOT_MODELLED }
  const token = c.peek()
  const op = token.kind === 'text' ? undefined : COMPARE.get(token.text)
  if (op !== undefined) c.take()
  const right = valueSide(x)
  // `tcp flags syn / fin,syn,rst,ack`: value and mask, as nft 0.9.9 and later print it.
  if (c.accept('/')) return masked(c, left, op ?? '==', right, valueSide(x), start, line)
  return { kind: 'match', left, op: op ?? 'in', right, text: c.textSince(start), line }
}

const NOT_MODELLED = 'not a field of the model'
const BOOLEAN_KEYS = /^(?:exthdr|tcp option|ip option|sctp chunk|reset)/

function masked(c: Cursor, left: Expr, op: CompareOp, value: Expr, mask: Expr, start: number, line: number): Statement {
  return { kind: 'match', left: { kind: 'bits', op: '&', left, right: mask }, op: op === 'in' ? '==' : op, right: value,
    text: c.textSince(start), line }
}

/** The left side starts with a selector, maybe in parentheses or with bits taken of it. */
function leftSide(x: RuleContext): Expr {
  const { c } = x
  if (c.is('(')) return bitwise(x, 0)
  const position = c.position
  const name = selector(c)
  if (name === null) throw new SyntaxProblem(`"${c.peek().text}" starts no known statement`)
  const first: Expr = { kind: 'key', name }
  if (c.is('.')) return restOfConcat(x, first)
  if (!BITS.has(c.peek().text) || c.peek().kind === 'text' || position === c.position) return first
  return bitsOf(x, first)
}

const BITS = new Set(['&', 'and', '|', 'or', '^', 'xor', '<<', '>>', 'lshift', 'rshift'])

const MASKS = new Set(['&', 'and', '|', 'or', '^', 'xor'])

function bitsOf(x: RuleContext, left: Expr): Expr {
  const word = x.c.take().text
  if (!MASKS.has(word)) {
    // Shifts: what is compared is no field of the model any more.
    bitwise(x, 0)
    return { kind: 'other', text: `${word} of ${left.kind === 'key' ? left.name : 'a field'}` }
  }
  const right = bitwise(x, 0)
  const op = word === '&' || word === 'and' ? '&' : word === '|' || word === 'or' ? '|' : '^'
  return { kind: 'bits', op, left, right }
}

function restOfConcat(x: RuleContext, first: Expr): Expr {
  const parts = [first]
  while (x.c.accept('.')) parts.push(bitwise(x, 0))
  return { kind: 'concat', parts }
}

/** Rewrites of addresses and ports change what later rules see; marks and priorities do not matter here. */
function mangle(x: RuleContext, left: Expr, start: number, line: number): Statement {
  mangleValue(x)
  const name = left.kind === 'key' ? left.name : ''
  if (!REWRITES.test(name)) return { kind: 'neutral' }
  return { kind: 'unknown-action', text: x.c.textSince(start), line, reason: REWRITES_PACKET }
}

const REWRITES = /^(?:ip6? (?:saddr|daddr|protocol|nexthdr)|(?:tcp|udp|sctp|th) [sd]port|tcp flags|@)/

/** `rt mtu`, `meta mark or 0x1`, `ip saddr map @m`, `"helper"`. */
function mangleValue(x: RuleContext): void {
  x.c.accept('map')
  valueSide(x)
  if (x.c.accept('map')) valueSide(x)
  while (BITS.has(x.c.peek().text)) {
    x.c.take()
    valueSide(x)
  }
}
