// Expressions of nftables: values, ranges, prefixes, sets, concatenations and bits.
// Keeps "always finishes": nesting has a named maximum, and every loop takes a token.

import type { Element, Expr, Verdict } from './ast.ts'
import { SyntaxProblem, type Cursor } from './cursor.ts'
import { selector } from './selectors.ts'

/** Braces and parentheses inside each other. The kernel allows 16 chains deep and no set in a set; more is not a ruleset. */
const DEPTH_MAX = 16

/** `define x = ...` values in force, by name. */
export type Defines = ReadonlyMap<string, Expr>

export interface ExprContext {
  readonly c: Cursor
  readonly defines: Defines
}

/** The value side: a set, a named set, a comma list or a single expression. */
export function valueSide(x: ExprContext): Expr {
  const first = concatenation(x, 0)
  if (!x.c.is(',')) return first
  const items = [first]
  while (x.c.accept(',')) {
    x.c.skipNewlines()
    items.push(concatenation(x, 0))
  }
  return { kind: 'list', items }
}

/** `a . b . c`; one part alone is itself. */
export function concatenation(x: ExprContext, depth: number): Expr {
  const parts = [bitwise(x, depth)]
  while (x.c.is('.')) {
    x.c.take()
    x.c.skipNewlines()
    parts.push(bitwise(x, depth))
  }
  return parts.length === 1 ? (parts[0] as Expr) : { kind: 'concat', parts }
}

const BIT_OPS: ReadonlyMap<string, '&' | '|' | '^'> = new Map([['&', '&'], ['and', '&'], ['|', '|'], ['or', '|'], ['^', '^'], ['xor', '^']])

/** Bits; `&` binds tighter than `^`, and that tighter than `|`, as in nft's grammar. */
export function bitwise(x: ExprContext, depth: number, lowest = 0): Expr {
  const order = ['|', '^', '&']
  let left = shifted(x, span(x, depth))
  for (;;) {
    const token = x.c.peek()
    const op = token.kind === 'text' ? undefined : BIT_OPS.get(token.text)
    if (op === undefined || order.indexOf(op) < lowest) break
    x.c.take()
    left = { kind: 'bits', op, left, right: bitwise(x, depth, order.indexOf(op) + 1) }
  }
  return left
}

function shifted(x: ExprContext, left: Expr): Expr {
  if (!SHIFTS.has(x.c.peek().text) || x.c.peek().kind === 'text') return left
  const op = x.c.take().text
  const by = x.c.name()
  return { kind: 'other', text: `${exprText(left)} ${op} ${by}` }
}

const SHIFTS = new Set(['<<', '>>', 'lshift', 'rshift'])

/** A value, a prefix or a range. */
function span(x: ExprContext, depth: number): Expr {
  const low = primary(x, depth)
  if (x.c.is('/') && x.c.peek(1).kind === 'number') {
    x.c.take()
    return { kind: 'prefix', base: low, length: Number(x.c.take().text) }
  }
  if (!x.c.accept('-')) return low
  return { kind: 'range', low, high: primary(x, depth) }
}

function primary(x: ExprContext, depth: number): Expr {
  const { c } = x
  if (depth > DEPTH_MAX) throw new SyntaxProblem('nested too deeply')
  if (c.is('{')) return setLiteral(x, depth + 1)
  if (c.accept('(')) {
    const inner = concatenation(x, depth + 1)
    c.expect(')')
    return inner
  }
  if (c.accept('[')) {
    const inner = primary(x, depth + 1)
    c.expect(']')
    return inner
  }
  if (c.is('$')) return defined(x)
  if (c.accept('*')) return { kind: 'any' }
  const key = selector(c)
  if (key !== null) return { kind: 'key', name: key }
  if (c.accept('@')) return { kind: 'ref', name: c.name() }
  const name = c.peek().kind === 'text' ? c.take().text : c.name()
  return { kind: 'value', text: name }
}

/** `$name`; a name that no define gave is kept in its own words. */
function defined(x: ExprContext): Expr {
  x.c.expect('$')
  const name = x.c.name()
  return x.defines.get(name) ?? { kind: 'other', text: `$${name}` }
}

/** `{ a, b : verdict, c timeout 1h comment "x" }`, with newlines anywhere. */
export function setLiteral(x: ExprContext, depth: number): Expr {
  const { c } = x
  c.expect('{')
  const items: Element[] = []
  for (;;) {
    c.skipNewlines()
    if (c.accept('}')) return { kind: 'set', items }
    items.push(...spread(element(x, depth)))
    c.skipNewlines()
    if (!c.accept(',') && !c.is('}')) throw new SyntaxProblem(`expected "," or "}" in a set, found "${c.peek().text}"`)
  }
}

/** A define that is itself a set stands for its elements. */
function spread(item: Element): readonly Element[] {
  return item.key.kind === 'set' && item.data === null ? item.key.items : [item]
}

function element(x: ExprContext, depth: number): Element {
  const { c } = x
  const key = concatenation(x, depth)
  const before = elementOptions(x)
  c.skipNewlines()
  const data = c.accept(':') ? elementData(x, depth) : null
  const after = elementOptions(x)
  return { key, data, expires: before || after }
}

function elementData(x: ExprContext, depth: number): Verdict | Expr {
  x.c.skipNewlines()
  return verdict(x.c) ?? concatenation(x, depth)
}

/** Options that follow an element; true when it leaves by itself. */
function elementOptions({ c }: ExprContext): boolean {
  let expires = false
  for (;;) {
    if (c.is('timeout') || c.is('expires')) {
      c.take()
      while (c.peek().kind === 'number' || c.peek().kind === 'word' && /^\d/.test(c.peek().text)) c.take()
      expires = true
    } else if (c.accept('comment')) c.name()
    else if (c.accept('counter')) skipPairs(c, new Set(['packets', 'bytes']))
    else if (c.accept('limit') || c.accept('quota')) {
      // Whether such an element matches depends on earlier traffic, like one that expires.
      while (c.peek().kind === 'number' || c.is('/') || LIMIT_WORDS.has(c.peek().text)) c.take()
      expires = true
    }
    else return expires
  }
}

const LIMIT_WORDS = new Set(['rate', 'over', 'until', 'second', 'minute', 'hour', 'day', 'week', 'burst', 'packets', 'bytes', 'kbytes',
  'mbytes', 'used'])

/** `packets 1 bytes 2` and the like. */
export function skipPairs(c: Cursor, words: ReadonlySet<string>): void {
  while (words.has(c.peek().text) && c.peek().kind === 'word') {
    c.take()
    c.name()
  }
}

const PLAIN_VERDICTS = new Set(['accept', 'drop', 'continue', 'return'])

/** The verdict here, or null. `jump { ... }` is the rule parser's business and is not taken here. */
export function verdict(c: Cursor): Verdict | null {
  const token = c.peek()
  if (token.kind !== 'word') return null
  if (PLAIN_VERDICTS.has(token.text)) return { kind: 'verdict', verb: c.take().text as 'accept' }
  if ((token.text === 'jump' || token.text === 'goto') && !c.is('{', 1)) {
    c.take()
    return { kind: 'verdict', verb: token.text, chain: c.name() }
  }
  return null
}

/** In nft's words, for reports. */
export function exprText(e: Expr): string {
  switch (e.kind) {
    case 'value': case 'other': return e.text
    case 'key': return e.name
    case 'any': return '*'
    case 'ref': return `@${e.name}`
    case 'prefix': return `${exprText(e.base)}/${e.length}`
    case 'range': return `${exprText(e.low)}-${exprText(e.high)}`
    case 'concat': return e.parts.map(exprText).join(' . ')
    case 'list': return e.items.map(exprText).join(',')
    case 'bits': return `${exprText(e.left)} ${e.op} ${exprText(e.right)}`
    case 'set': return `{ ${e.items.slice(0, QUOTED_ITEMS_MAX).map((item) => exprText(item.key)).join(', ')} }`
  }
}

/** Elements of a set that a report quotes. */
const QUOTED_ITEMS_MAX = 8
