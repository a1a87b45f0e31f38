// Expressions of libnftables-json(5) to the syntax tree.
// Keeps "one lowering for both spellings": JSON objects become the tree that the text parser makes.

import type { CompareOp, Element, Expr, Verdict } from './ast.ts'

/** Parsed JSON, as it comes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Nesting of expressions; nft's own go five deep. */
const DEPTH_MAX = 24

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** Any JSON in one line, for reports. */
export function quote(value: Json): string {
  return JSON.stringify(value).slice(0, QUOTE_MAX)
}

const QUOTE_MAX = 400

/** The first key of an object, which in this format names its kind, and what it holds. */
export function single(value: JsonObject): readonly [string, Json] {
  return Object.entries(value)[0] ?? ['', null]
}

export function exprOf(value: Json | undefined, depth = 0): Expr {
  if (value === undefined || depth > DEPTH_MAX) return { kind: 'other', text: '' }
  if (typeof value === 'string') return wordOf(value)
  if (typeof value === 'number') return { kind: 'value', text: String(value) }
  if (typeof value === 'boolean') return { kind: 'value', text: value ? 'exists' : 'missing' }
  if (value === null) return { kind: 'other', text: 'null' }
  if (!isObject(value)) return { kind: 'list', items: value.map((item) => exprOf(item, depth + 1)) }
  const [kind, body] = single(value)
  return KINDS.get(kind)?.(body, depth + 1) ?? { kind: 'other', text: quote(value) }
}

function wordOf(text: string): Expr {
  if (text === '*') return { kind: 'any' }
  return text.startsWith('@') ? { kind: 'ref', name: text.slice(1) } : { kind: 'value', text }
}

type Maker = (body: Json, depth: number) => Expr | undefined

const KINDS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['payload', payload],
  ['meta', (body) => (isObject(body) ? { kind: 'key', name: metaName(textOf(body.key)) } : undefined)],
  ['ct', ctKey],
  ['concat', (body, depth) => ({ kind: 'concat', parts: listOf(body).map((part) => exprOf(part, depth)) })],
  ['prefix', prefix],
  ['range', (body, depth) => ({ kind: 'range', low: exprOf(listOf(body)[0], depth), high: exprOf(listOf(body)[1], depth) })],
  ['set', (body, depth) => ({ kind: 'set', items: elementsOf(body, depth) })],
  ['elem', (body, depth) => (isObject(body) ? exprOf(body.val, depth) : undefined)],
  ['&', (body, depth) => bits('&', body, depth)], ['|', (body, depth) => bits('|', body, depth)],
  ['^', (body, depth) => bits('^', body, depth)],
  ['exthdr', (body) => named('exthdr', body)], ['tcp option', (body) => named('tcp option', body)],
  ['ip option', (body) => named('ip option', body)],
  ['sctp chunk', (body) => named('sctp chunk', body)],
  ['fib', (body) => named('fib', body)], ['rt', (body) => named('rt', body)], ['socket', (body) => named('socket', body)],
  ['osf', (body) => named('osf', body)], ['ipsec', (body) => named('ipsec', body)], ['numgen', (body) => named('numgen', body)],
  ['jhash', (body) => named('jhash', body)], ['symhash', (body) => named('symhash', body)],
])

function named(kind: string, body: Json): Expr {
  return { kind: 'key', name: `${kind} ${quote(body)}` }
}

export function listOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[]
  return value === undefined || value === null ? [] : [value]
}

function payload(body: Json): Expr | undefined {
  if (!isObject(body)) return undefined
  if (body.tunnel !== undefined) return { kind: 'key', name: `${textOf(body.tunnel)} ${textOf(body.protocol)} ${textOf(body.field)}` }
  if (body.base !== undefined) return { kind: 'key', name: `@${textOf(body.base)},${textOf(body.offset)},${textOf(body.len)}` }
  return { kind: 'key', name: `${textOf(body.protocol)} ${textOf(body.field)}` }
}

function metaName(key: string): string {
  if (key === 'iif' || key === 'iifname') return 'iif'
  return key === 'oif' || key === 'oifname' ? 'oif' : `meta ${key}`
}

function ctKey(body: Json): Expr | undefined {
  if (!isObject(body)) return undefined
  const words = [textOf(body.dir), textOf(body.family), textOf(body.key)].filter((word) => word !== '')
  return { kind: 'key', name: `ct ${words.join(' ')}` }
}

function prefix(body: Json, depth: number): Expr | undefined {
  if (!isObject(body) || typeof body.len !== 'number') return undefined
  return { kind: 'prefix', base: exprOf(body.addr, depth), length: body.len }
}

/** Two or more operands, from the left. */
function bits(op: '&' | '|' | '^', body: Json, depth: number): Expr {
  const operands = listOf(body).map((item) => exprOf(item, depth))
  return operands.slice(1).reduce<Expr>((left, right) => ({ kind: 'bits', op, left, right }), operands[0] ?? { kind: 'other', text: op })
}

/** Elements of a set or map: plain values, `[key, data]` pairs, and `elem` objects with options. */
export function elementsOf(body: Json | undefined, depth = 0): readonly Element[] {
  return listOf(body).map((item) => {
    const pair = Array.isArray(item) && item.length === 2 ? (item as readonly Json[]) : null
    const key = pair === null ? item : (pair[0] as Json)
    const data = pair === null ? null : dataOf(pair[1] as Json, depth)
    return { key: exprOf(key, depth), data, expires: expires(key) }
  })
}

function expires(key: Json): boolean {
  if (!isObject(key) || !isObject(key.elem)) return false
  const { elem } = key
  return elem.timeout !== undefined || elem.expires !== undefined || elem.limit !== undefined || elem.quota !== undefined
}

function dataOf(value: Json, depth: number): Verdict | Expr {
  return (isObject(value) ? verdictOf(value) : null) ?? exprOf(value, depth)
}

const PLAIN = new Set(['accept', 'drop', 'continue', 'return', 'reject'])

/** `{ accept: null }`, `{ jump: { target: "x" } }`, `{ reject: ... }`; null for anything else. */
export function verdictOf(value: JsonObject): Verdict | null {
  const [kind, body] = single(value)
  if (PLAIN.has(kind)) return { kind: 'verdict', verb: kind as 'accept' }
  if ((kind === 'jump' || kind === 'goto') && isObject(body)) return { kind: 'verdict', verb: kind, chain: textOf(body.target) }
  return null
}

const OPS = new Set(['==', '!=', '<', '>', '<=', '>=', 'in', '!'])

/** The word between the sides; `in` is nft's word for "any of these bits". */
export function opOf(value: Json | undefined): CompareOp | null {
  const text = textOf(value)
  return OPS.has(text) ? (text as CompareOp) : null
}
