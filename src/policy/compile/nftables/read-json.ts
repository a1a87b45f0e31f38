// The reader of `nft -j list ruleset`: libnftables-json(5) to the syntax tree.
// Keeps "never throws, never drops": objects of unknown kinds are remarks, statements of unknown kinds are unknown actions.

import { emptyRuleset, REWRITES_PACKET, type ChainNode, type Expr, type Ruleset, type Statement, type TableNode } from './ast.ts'
import { elementsOf, exprOf, isObject, listOf, opOf, quote, single, textOf, verdictOf, type Json, type JsonObject } from './json-tree.ts'

/** The syntax tree of parsed JSON; null when it is no document of this format. Lines are numbers of objects, from 1. */
export function treeOfJson(document: Json): Ruleset | null {
  if (!isObject(document) || !Array.isArray(document.nftables)) return null
  const ruleset = emptyRuleset()
  for (const [i, item] of (document.nftables as readonly Json[]).entries()) {
    if (isObject(item)) object(ruleset, item, i + 1)
  }
  return ruleset
}

/** Objects that hold nothing a packet set depends on. */
const WITHOUT_MEANING = new Set(['metainfo', 'counter', 'quota', 'limit', 'ct helper', 'ct timeout', 'ct expectation', 'synproxy',
  'secmark', 'flowtable'])

function object(ruleset: Ruleset, item: JsonObject, line: number): void {
  const [kind, body] = single(item)
  // Commands wrap objects: { add: { table: ... } }.
  if ((kind === 'add' || kind === 'create') && isObject(body)) return object(ruleset, body, line)
  if (WITHOUT_MEANING.has(kind)) return
  const maker = OBJECTS.get(kind)
  if (maker !== undefined && isObject(body)) return maker(ruleset, body, line)
  ruleset.remarks.push({
    severity: 'error', code: 'nftables/json-object', message: `an object of kind "${kind}" is not read`, line,
      help: 'give the output of `nft -j list ruleset`',
  })
}

type Maker = (ruleset: Ruleset, body: JsonObject, line: number) => void

const OBJECTS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['table', (ruleset, body, line) => { tableOf(ruleset, textOf(body.family), textOf(body.name),
    line).dormant = listOf(body.flags).includes('dormant') }],
  ['chain', chain], ['rule', rule], ['set', set], ['map', set], ['element', element],
])

function tableOf(ruleset: Ruleset, family: string, name: string, line: number): TableNode {
  const id = `${family} ${name}`
  const table = ruleset.tables.get(id) ?? { family, name, line, dormant: false, chains: new Map(), sets: new Map() }
  ruleset.tables.set(id, table)
  return table
}

function ownTable(ruleset: Ruleset, body: JsonObject, line: number): TableNode {
  return tableOf(ruleset, textOf(body.family), textOf(body.table), line)
}

function chain(ruleset: Ruleset, body: JsonObject, line: number): void {
  const node = chainOf(ownTable(ruleset, body, line), textOf(body.name), line)
  if (body.hook === undefined) return
  const priority = typeof body.prio === 'number' ? body.prio : 0
  node.base = { type: textOf(body.type), hook: textOf(body.hook), priority, policy: body.policy === 'drop' ? 'deny' : 'permit' }
}

function chainOf(table: TableNode, name: string, line: number): ChainNode {
  const node = table.chains.get(name) ?? { name, line, base: null, rules: [] }
  table.chains.set(name, node)
  return node
}

function set(ruleset: Ruleset, body: JsonObject, line: number): void {
  const table = ownTable(ruleset, body, line)
  const flags = listOf(body.flags)
  const items = [...elementsOf(body.elem)]
  const dynamic = flags.includes('dynamic') || flags.includes('timeout') || body.timeout !== undefined || items.some((item) => item.expires)
  table.sets.set(textOf(body.name), { name: textOf(body.name), line, isMap: body.map !== undefined, dynamic, items })
}

function element(ruleset: Ruleset, body: JsonObject, line: number): void {
  const table = ownTable(ruleset, body, line)
  const known = table.sets.get(textOf(body.name))
  const added = elementsOf(body.elem)
  const start = known ?? { name: textOf(body.name), line, isMap: false, dynamic: false, items: [] }
  table.sets.set(start.name, { ...start, items: [...start.items, ...added], dynamic: start.dynamic || added.some((item) => item.expires) })
}

function rule(ruleset: Ruleset, body: JsonObject, line: number): void {
  const table = ownTable(ruleset, body, line)
  const node = chainOf(table, textOf(body.chain), line)
  const exprs = listOf(body.expr)
  const statements = exprs.map((expr) => statementOf(expr, line, table))
  node.rules.push({ line, text: quote(body.expr ?? null), statements })
}

/** Statements that change nothing a packet set depends on. */
const NEUTRAL = new Set(['counter', 'log', 'ct helper', 'ct timeout', 'ct expectation', 'secmark', 'flow', 'last', 'comment', 'reset'])

const NAT: ReadonlyMap<string, 'destination' | 'source' | 'masquerade'> = new Map([
  ['dnat', 'destination'], ['redirect', 'destination'], ['snat', 'source'], ['masquerade', 'masquerade'],
])

/** Matches by earlier traffic. */
const COUNTING: ReadonlyMap<string, string> = new Map([
  ['limit', 'how much traffic there was before is not in a packet'], ['quota', 'how much traffic there was before is not in a packet'],
  ['ct count', 'how many connections there are is not in a packet'], ['meter', 'decides by earlier traffic'],
])

function statementOf(value: Json, line: number, table: TableNode): Statement {
  const odd = (reason: string): Statement => ({ kind: 'unknown-action', text: quote(value), line, reason })
  if (!isObject(value)) return odd('not a statement')
  const verdict = inlineJump(value, line, table) ?? verdictOf(value)
  if (verdict !== null) return verdict
  const [kind, body] = single(value)
  if (kind === 'match' && isObject(body)) return match(body, value, line)
  if (kind === 'vmap' && isObject(body)) return { kind: 'vmap', key: exprOf(body.key), data: exprOf(body.data), text: quote(value), line }
  if (NEUTRAL.has(kind)) return { kind: 'neutral' }
  if (kind === 'mangle' && isObject(body)) return mangle(body, value, line)
  if ((kind === 'set' || kind === 'map') && isObject(body)) return fills(body, value, line)
  const counting = COUNTING.get(kind)
  if (counting !== undefined) return { kind: 'unknown-match', text: quote(value), line, reason: counting }
  const nat = NAT.get(kind)
  if (nat === undefined) return odd('a statement that is not modelled')
  const to = isObject(body) ? body : {}
  return { kind: 'nat', type: nat, address: natPart(to.addr), port: natPart(to.port), text: quote(value), line }
}

/** A chain without a name is written as its rules in the place of the target. */
function inlineJump(value: JsonObject, line: number, table: TableNode): Statement | null {
  const [kind, body] = single(value)
  if ((kind !== 'jump' && kind !== 'goto') || !isObject(body) || typeof body.target === 'string') return null
  const node = chainOf(table, `#${table.chains.size + 1}`, line)
  node.rules.push({ line, text: quote(body), statements: [{ kind: 'unknown-action', text: quote(body), line,
    reason: 'a chain without a name' }] })
  return { kind: 'verdict', verb: kind, chain: node.name }
}

function natPart(value: Json | undefined): Expr | null {
  return value === undefined || value === null ? null : exprOf(value)
}

function match(body: JsonObject, value: JsonObject, line: number): Statement {
  const op = opOf(body.op)
  if (op === null) return { kind: 'unknown-match', text: quote(value), line, reason: 'a comparison that is not known' }
  return { kind: 'match', left: exprOf(body.left), op, right: exprOf(body.right), text: quote(value), line }
}

const REWRITES = /^(?:ip6? (?:saddr|daddr|protocol|nexthdr)|(?:tcp|udp|sctp|th) [sd]port|tcp flags|@)/

function mangle(body: JsonObject, value: JsonObject, line: number): Statement {
  const key = exprOf(body.key)
  if (key.kind === 'key' && !REWRITES.test(key.name)) return { kind: 'neutral' }
  return { kind: 'unknown-action', text: quote(value), line, reason: REWRITES_PACKET }
}

/** `{ set: { op: "add", elem: ..., set: "@s" } }`. */
function fills(body: JsonObject, value: JsonObject, line: number): Statement {
  const inner = listOf(body.stmt).filter(isObject).map((s) => single(s)[0])
  if (inner.some((kind) => COUNTING.has(kind))) return { kind: 'unknown-match', text: quote(value), line,
    reason: 'decides by earlier traffic' }
  return { kind: 'fills', set: textOf(body.set ?? body.map).replace(/^@/, '') }
}
