// The nftables text reader: commands and table blocks to the syntax tree.
// Keeps "not understood is said": includes, unknown commands and broken blocks become remarks with their line.

import { emptyRuleset, type BaseNode, type ChainNode, type Expr, type Ruleset, type SetNode, type TableNode } from './ast.ts'
import { Cursor, SyntaxProblem } from './cursor.ts'
import { setLiteral, valueSide } from './expressions.ts'
import { scan } from './lex.ts'
import { parseRule, type RuleContext } from './statements.ts'

/** State of one reading: the tree so far and the defines in force. */
interface Reading {
  readonly c: Cursor
  readonly ruleset: Ruleset
  readonly defines: Map<string, Expr>
  /** Chains without a name that are open inside each other now. */
  inlineDepth: number
}

/** As deep as the kernel follows jumps (NFT_JUMP_STACK_SIZE). */
const INLINE_DEPTH_MAX = 16

const FAMILIES = new Set(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'])

/** The syntax tree of a ruleset as `nft list ruleset` prints it or as people write it. Never throws. */
export function parseRuleset(text: string): Ruleset {
  const c = new Cursor(text, scan(text))
  const reading: Reading = { c, ruleset: emptyRuleset(), defines: new Map(), inlineDepth: 0 }
  for (;;) {
    c.skipSeparators()
    if (c.done) return reading.ruleset
    const start = c.position
    guardedBlock(reading, () => { command(reading) })
    // A brace that closes nothing must not stop the reading.
    if (c.position === start) c.take()
  }
}

function guardedBlock({ c, ruleset }: Reading, parse: () => void): void {
  const start = c.position
  const line = c.peek().line
  try {
    parse()
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    c.rewind(start)
    c.skipStatement()
    const message = `${error.message}, in: ${c.textSince(start)}`
    ruleset.remarks.push({ severity: 'error', code: 'nftables/syntax', message, line, help: 'compare with what `nft list ruleset` prints' })
  }
}

function command(r: Reading): void {
  const { c } = r
  const word = c.peek().text
  if (word === 'table') return tableBlock(r)
  const handler = COMMANDS.get(word)
  if (handler === undefined) throw new SyntaxProblem(`"${word}" starts no known command`)
  c.take()
  handler(r)
}

const COMMANDS: ReadonlyMap<string, (r: Reading) => void> = new Map<string, (r: Reading) => void>([
  ['add', addCommand], ['create', addCommand], ['insert', insertCommand], ['define', define], ['redefine', define], ['undefine', undefine],
  ['include', include], ['flush', flush], ['delete', remove], ['destroy', remove], ['replace', refuse],
  ['list', ignore], ['reset', ignore], ['rule', (r) => { ruleCommand(r, false) }], ['chain', chainCommand], ['set', setCommand],
  ['map', setCommand],
  ['element', elementCommand],
])

function ignore({ c }: Reading): void {
  c.skipStatement()
}

function refuse({ c }: Reading): void {
  throw new SyntaxProblem(`a change by handle cannot be followed in a text ("${c.peek().text}")`)
}

function define(r: Reading): void {
  const name = r.c.name()
  r.c.expect('=')
  r.c.skipNewlines()
  r.defines.set(name, valueSide(r))
}

function undefine(r: Reading): void {
  r.defines.delete(r.c.name())
}

function include({ c, ruleset }: Reading): void {
  const line = c.peek().line
  const file = c.name()
  ruleset.remarks.push({
    severity: 'error', code: 'nftables/include', message: `the file "${file}" is included and was not read`, line,
    help: 'give the whole ruleset, as `nft list ruleset` prints it',
  })
}

function family(c: Cursor): string {
  return FAMILIES.has(c.peek().text) ? c.take().text : 'ip'
}

/** The table a command means; made when a command adds to one that the text has not shown. */
function tableOf(r: Reading, key?: { family: string; name: string }): TableNode {
  const line = r.c.peek().line
  const at = key ?? { family: family(r.c), name: r.c.name() }
  const id = `${at.family} ${at.name}`
  const table = r.ruleset.tables.get(id) ?? { ...at, line, dormant: false, chains: new Map(), sets: new Map() }
  r.ruleset.tables.set(id, table)
  return table
}

function chainOf(table: TableNode, name: string, line: number): ChainNode {
  const chain = table.chains.get(name) ?? { name, line, base: null, rules: [] }
  table.chains.set(name, chain)
  return chain
}

function setOf(table: TableNode, name: string, line: number, isMap: boolean): SetNode {
  return table.sets.get(name) ?? { name, line, isMap, dynamic: false, items: [] }
}

const OBJECTS = new Set(['counter', 'quota', 'limit', 'ct', 'synproxy', 'secmark', 'flowtable', 'tunnel'])

function addCommand(r: Reading): void {
  const { c } = r
  const what = c.peek().text
  if (what === 'table') return tableBlock(r)
  if (OBJECTS.has(what)) return ignore(r)
  const handler = ADDABLE.get(what)
  // `add ip filter forward accept`: the word rule may be left out.
  if (handler === undefined) return ruleCommand(r, false)
  c.take()
  handler(r)
}

const ADDABLE: ReadonlyMap<string, (r: Reading) => void> = new Map<string, (r: Reading) => void>([
  ['rule', (r) => { ruleCommand(r, false) }], ['chain', chainCommand], ['set', setCommand], ['map', setCommand],
  ['element', elementCommand],
])

function insertCommand(r: Reading): void {
  r.c.accept('rule')
  ruleCommand(r, true)
}

function ruleCommand(r: Reading, first: boolean): void {
  const table = tableOf(r)
  const line = r.c.peek().line
  const chain = chainOf(table, r.c.name(), line)
  if (r.c.is('position') || r.c.is('handle') || r.c.is('index')) refuse(r)
  const rule = parseRule(ruleContext(r, table))
  chain.rules = first ? [rule, ...chain.rules] : [...chain.rules, rule]
}

function chainCommand(r: Reading): void {
  const table = tableOf(r)
  const line = r.c.peek().line
  const chain = chainOf(table, r.c.name(), line)
  if (r.c.is('{')) chainBlock(r, table, chain)
}

function setCommand(r: Reading): void {
  const isMap = r.c.peek(-1).text === 'map'
  const table = tableOf(r)
  const set = setOf(table, r.c.name(), r.c.peek().line, isMap)
  table.sets.set(set.name, r.c.is('{') ? setBlock(r, set) : set)
}

function elementCommand(r: Reading): void {
  const table = tableOf(r)
  const set = setOf(table, r.c.name(), r.c.peek().line, false)
  const literal = setLiteral(r, 0)
  table.sets.set(set.name, withItems(set, literal))
}

function withItems(set: SetNode, literal: Expr): SetNode {
  const added = literal.kind === 'set' ? literal.items : [{ key: literal, data: null, expires: false }]
  return { ...set, items: [...set.items, ...added], dynamic: set.dynamic || added.some((item) => item.expires) }
}

function flush(r: Reading): void {
  const { c, ruleset } = r
  const what = c.take().text
  if (what === 'ruleset') {
    const only = FAMILIES.has(c.peek().text) ? c.take().text : null
    for (const [id, table] of ruleset.tables) if (only === null || table.family === only) ruleset.tables.delete(id)
    return
  }
  const table = tableOf(r)
  if (what === 'table') for (const chain of table.chains.values()) chain.rules = []
  else if (what === 'chain') chainOf(table, c.name(), 0).rules = []
  else if (what === 'set' || what === 'map') setOf(table, c.name(), 0, what === 'map').items = []
  else throw new SyntaxProblem(`"flush ${what}" is not known`)
}

function remove(r: Reading): void {
  const { c, ruleset } = r
  const what = c.take().text
  if (what === 'rule' || what === 'element') return refuse(r)
  if (OBJECTS.has(what)) return ignore(r)
  const table = tableOf(r)
  if (what === 'table') ruleset.tables.delete(`${table.family} ${table.name}`)
  else if (what === 'chain') table.chains.delete(c.name())
  else if (what === 'set' || what === 'map') table.sets.delete(c.name())
  else throw new SyntaxProblem(`"delete ${what}" is not known`)
}

/** `table inet x { ... }`, or without a block. */
function tableBlock(r: Reading): void {
  r.c.expect('table')
  const table = tableOf(r)
  if (!r.c.accept('{')) return
  block(r, () => { tableItem(r, table) })
}

/** Items up to the closing brace, each guarded; the opening brace is taken. */
function block(r: Reading, item: () => void): void {
  const { c } = r
  for (;;) {
    c.skipSeparators()
    if (c.done || c.accept('}')) return
    const start = c.position
    guardedBlock(r, item)
    if (c.position === start) c.take()
  }
}

function tableItem(r: Reading, table: TableNode): void {
  const { c } = r
  const line = c.peek().line
  const word = c.take().text
  if (word === 'chain') return chainBlock(r, table, chainOf(table, c.name(), line))
  if (word === 'set' || word === 'map') {
    const set = setOf(table, c.name(), line, word === 'map')
    table.sets.set(set.name, c.is('{') ? setBlock(r, set) : set)
    return
  }
  if (word === 'flags') table.dormant = tableFlags(c)
  else if (word === 'comment') c.name()
  else if (word === 'define') define(r)
  else if (word === 'include') include(r)
  else if (OBJECTS.has(word) || word === 'meter') c.skipStatement()
  else throw new SyntaxProblem(`"${word}" stands in no table`)
}

function tableFlags(c: Cursor): boolean {
  let dormant = false
  do dormant = c.name() === 'dormant' || dormant
  while (c.accept(','))
  return dormant
}

function chainBlock(r: Reading, table: TableNode, chain: ChainNode): void {
  r.c.expect('{')
  block(r, () => { chainItem(r, table, chain) })
}

function chainItem(r: Reading, table: TableNode, chain: ChainNode): void {
  const { c } = r
  if (c.is('type')) chain.base = baseOf(r)
  else if (c.is('policy')) policyOf(r, chain)
  else if (c.is('comment') || c.is('devices') || c.is('flags')) c.skipStatement()
  else chain.rules.push(parseRule(ruleContext(r, table)))
}

function ruleContext(r: Reading, table: TableNode): RuleContext {
  return { c: r.c, defines: r.defines, inlineChain: () => inlineChain(r, table) }
}

/** `jump { ... }`: a chain without a name. Its rules go into the table under a name no text can have. */
function inlineChain(r: Reading, table: TableNode): string {
  if (r.inlineDepth >= INLINE_DEPTH_MAX) throw new SyntaxProblem(`chains inside chains, deeper than ${INLINE_DEPTH_MAX}`)
  const chain = chainOf(table, `#${table.chains.size + 1}`, r.c.peek().line)
  r.inlineDepth++
  try {
    chainBlock(r, table, chain)
  } finally {
    r.inlineDepth--
  }
  return chain.name
}

/** Where the names of priorities lie: nft(8), "Standard priority names". Bridge tables differ; they are not bound. */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300], ['mangle', -150], ['dstnat', -100], ['filter', 0], ['out', 100], ['security', 50], ['srcnat', 100],
])

function baseOf(r: Reading): BaseNode {
  const { c } = r
  c.expect('type')
  const type = c.name()
  c.expect('hook')
  const hook = c.name()
  while (c.is('device') || c.is('devices')) deviceOf(r)
  c.expect('priority')
  return { type, hook, priority: priorityOf(r), policy: 'permit' }
}

function deviceOf(r: Reading): void {
  r.c.take()
  r.c.accept('=')
  valueSide(r)
}

/** `0`, `-150`, `filter`, `filter + 10`, `dstnat - 5`, `$prio`. */
function priorityOf({ c, defines }: Reading): number {
  let value = 0
  let sign = 1
  while (!c.atEnd) {
    const token = c.take()
    if (token.text === '-') sign = -1
    else if (token.text === '+') sign = 1
    else if (token.text === '$') value += wordPriority(defines.get(c.name()))
    else if (token.kind === 'number') value += sign * Number(token.text)
    else value += PRIORITIES.get(token.text) ?? unknownPriority(token.text)
  }
  return value
}

function unknownPriority(text: string): number {
  throw new SyntaxProblem(`"${text}" is no priority`)
}

function wordPriority(value: Expr | undefined): number {
  const text = value?.kind === 'value' ? value.text : ''
  return PRIORITIES.get(text) ?? (/^-?\d+$/.test(text) ? Number(text) : unknownPriority(text))
}

function policyOf(r: Reading, chain: ChainNode): void {
  const { c } = r
  c.expect('policy')
  const value = c.is('$') ? valueSide(r) : { kind: 'value' as const, text: c.name() }
  const word = value.kind === 'value' ? value.text : ''
  if (chain.base === null || (word !== 'accept' && word !== 'drop')) throw new SyntaxProblem(`policy "${word}" is not known`)
  chain.base.policy = word === 'drop' ? 'deny' : 'permit'
}

/** `type`, `flags`, `elements` of a set or map; what changes while packets pass is marked. */
function setBlock(r: Reading, start: SetNode): SetNode {
  let set = start
  r.c.expect('{')
  block(r, () => { set = setItem(r, set) })
  return set
}

function setItem(r: Reading, set: SetNode): SetNode {
  const { c } = r
  const word = c.take().text
  if (word === 'elements') {
    c.expect('=')
    c.skipNewlines()
    return withItems(set, valueSide(r))
  }
  if (word === 'flags') {
    let dynamic = set.dynamic
    while (!c.atEnd) {
      const flag = c.take().text
      if (flag === 'dynamic' || flag === 'timeout') dynamic = true
    }
    return { ...set, dynamic }
  }
  c.skipStatement()
  // A time-out for all elements: each leaves by itself.
  return word === 'timeout' ? { ...set, dynamic: true } : set
}
