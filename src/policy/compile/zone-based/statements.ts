// Statements: a config as a list of word paths, from `set a b c` lines and from curly form alike. Junos and PAN-OS share the notation.
// Keeps "never throws, whatever the text": what does not fit becomes a problem with its line, and the rest is still read.

/** One leaf: the words from the root, and the line they end on. `words` never holds brackets: lists become one statement per item. */
export interface Statement {
  readonly words: readonly string[]
  readonly line: number
}

export interface StatementProblem {
  readonly line: number
  readonly message: string
}

export interface Statements {
  readonly statements: readonly Statement[]
  readonly problems: readonly StatementProblem[]
  readonly form: 'set' | 'curly'
}

/** Characters read of one text. The largest published configs of these platforms are a few MiB. */
export const TEXT_CHARS_MAX = 32 * 1024 * 1024
const TOO_LONG: StatementProblem = { line: 0, message: `text is longer than ${TEXT_CHARS_MAX} characters` }
/** Statements kept: a full Panorama has a few hundred thousand. */
const STATEMENTS_MAX = 1_000_000
/** Levels of braces: the deepest paths of Junos and PAN-OS are below 20. */
const DEPTH_MAX = 64

interface Token {
  readonly text: string
  readonly quoted: boolean
  readonly line: number
}

/** What the curly form's tokens are; `/* *\/` and `#` comments are skipped by the same pass. */
const TOKEN = /\n|\/\*[\s\S]*?(?:\*\/|$)|#[^\n]*|"(?:[^"\\]|\\.)*"?|'[^'\n]*'?|[{}[\];]|[^\s{}[\];"']+/g

function* tokens(text: string): Generator<Token> {
  let line = 1
  for (const match of text.matchAll(TOKEN)) {
    const raw = match[0]
    if (raw === '\n') line++
    else if (raw.startsWith('/*')) line += raw.split('\n').length - 1
    else if (!raw.startsWith('#')) {
      yield { ...unquoted(raw), line }
      line += raw.split('\n').length - 1
    }
  }
}

function unquoted(raw: string): { text: string; quoted: boolean } {
  const quote = raw[0]
  if (quote !== '"' && quote !== "'") return { text: raw, quoted: false }
  const closed = raw.length > 1 && raw.endsWith(quote)
  const inner = raw.slice(1, closed ? -1 : undefined)
  return { text: quote === '"' ? inner.replaceAll(/\\(.)/gs, '$1') : inner, quoted: true }
}

/** Reads either form. Null when the text is neither: no `set` line and no brace. */
export function readStatements(text: string): Statements | null {
  if (text.length > TEXT_CHARS_MAX) return { statements: [], problems: [TOO_LONG], form: 'set' }
  if (/^[ \t]*(?:set|delete)[ \t]+\S/m.test(text)) return setForm(text)
  return text.includes('{') ? curlyForm(text) : null
}

function setForm(text: string): Statements {
  let kept: Statement[] = []
  const problems: StatementProblem[] = []
  const off: string[][] = []
  for (const [i, raw] of text.split('\n').entries()) {
    const line = i + 1
    if (raw.trim() === '' || /^\s*[#!]/.test(raw)) continue
    const [verb = '', ...items] = lineItems(raw)
    const path = items.flatMap((item) => (typeof item === 'string' ? [item] : []))
    if (verb === 'set') {
      if (kept.length < STATEMENTS_MAX) for (const words of expand(items)) kept.push({ words, line })
      else problems.push({ line, message: `more than ${STATEMENTS_MAX} statements` })
    } else if (verb === 'delete') kept = kept.filter((s) => !startsWith(s.words, path))
    else if (verb === 'deactivate') off.push(path)
    else if (verb === 'activate') removePath(off, path)
    else if (verb === 'insert' || verb === 'move') kept = moved(kept, path) ?? reported(kept, problems, line, raw)
    else problems.push({ line, message: `not understood: "${raw.trim().slice(0, 60)}"` })
  }
  return { statements: kept.filter((s) => !off.some((path) => startsWith(s.words, path))), problems, form: 'set' }
}

function reported(kept: Statement[], problems: StatementProblem[], line: number, raw: string): Statement[] {
  problems.push({ line, message: `cannot move: "${raw.trim().slice(0, 60)}"` })
  return kept
}

function removePath(paths: string[][], path: readonly string[]): void {
  const at = paths.findIndex((p) => p.length === path.length && startsWith(p, path))
  if (at >= 0) paths.splice(at, 1)
}

export function startsWith(words: readonly string[], prefix: readonly string[]): boolean {
  return words.length >= prefix.length && prefix.every((word, i) => words[i] === word)
}

type Item = string | readonly string[]

/** Words of one line; a bracket list is one item. */
function lineItems(raw: string): Item[] {
  const out: Item[] = []
  let list: string[] | null = null
  for (const token of tokens(raw)) {
    if (!token.quoted && token.text === '[') list = []
    else if (!token.quoted && token.text === ']') {
      if (list) out.push(list)
      list = null
    } else if (list) list.push(token.text)
    else if (token.quoted || token.text !== ';') out.push(token.text)
  }
  if (list) out.push(list)
  return out
}

/** One path per list item. Two lists in one line occur nowhere; the product is exact all the same, and bounded by the line's length. */
function expand(items: readonly Item[]): string[][] {
  const lists = items.filter((item) => typeof item !== 'string')
  if (lists.length > 1) return [items.flatMap((item) => (typeof item === 'string' ? [item] : [...item]))]
  const list = lists[0]
  if (!list) return [items as string[]]
  return list.map((one) => items.map((item) => (typeof item === 'string' ? item : one)))
}

/**
 * `insert PATH before NAME` (Junos, the name's keyword repeated), `move PATH before NAME` and `move PATH top|bottom` (PAN-OS). Null when
 * either is not there.
 */
function moved(kept: readonly Statement[], words: readonly string[]): Statement[] | null {
  const end = words.findIndex((w, i) => i > 0 && ['before', 'after', 'top', 'bottom'].includes(w))
  if (end < 0) return null
  const path = words.slice(0, end)
  const where = words[end] ?? ''
  const parent = path.slice(0, -1)
  const mine = kept.filter((s) => startsWith(s.words, path))
  const rest = kept.filter((s) => !startsWith(s.words, path))
  const target = where === 'top' || where === 'bottom' ? parent : [...parent, words.at(-1) ?? '']
  const places = rest.flatMap((s, i) => (startsWith(s.words, target) ? [i] : []))
  const place = where === 'before' || where === 'top' ? places[0] : places.at(-1)
  if (mine.length === 0 || place === undefined) return null
  const at = where === 'before' || where === 'top' ? place : place + 1
  return [...rest.slice(0, at), ...mine, ...rest.slice(at)]
}

interface Level {
  readonly words: readonly string[]
  readonly active: boolean
}

function curlyForm(text: string): Statements {
  const statements: Statement[] = []
  const problems: StatementProblem[] = []
  const stack: Level[] = [{ words: [], active: true }]
  let items: Item[] = []
  let list: string[] | null = null
  for (const { text: word, quoted, line } of tokens(text)) {
    const top = stack.at(-1) as Level
    if (quoted || !/^[{}[\];]$/.test(word)) (list ?? items as string[]).push(word)
    else if (word === '[') list = []
    else if (word === ']') {
      if (list) items.push(list)
      list = null
    } else if (word === '{') {
      const level = opened(top, items)
      if (stack.length < DEPTH_MAX) stack.push(level)
      else problems.push({ line, message: `more than ${DEPTH_MAX} levels of braces` })
      items = []
    } else {
      closeLeaf(statements, problems, top, items, line)
      items = []
      if (word === '}' && stack.length > 1) stack.pop()
      else if (word === '}') problems.push({ line, message: 'a closing brace too many' })
    }
  }
  if (stack.length > 1) problems.push({ line: text.split('\n').length, message: 'a brace is not closed' })
  return { statements, problems, form: 'curly' }
}

function withoutMark(items: readonly Item[]): { items: readonly Item[]; active: boolean } {
  const first = items[0]
  if (first === 'inactive:') return { items: items.slice(1), active: false }
  return { items: first === 'protect:' || first === 'replace:' ? items.slice(1) : items, active: true }
}

function opened(top: Level, items: readonly Item[]): Level {
  const own = withoutMark(items)
  return { words: [...top.words, ...own.items.flatMap((i) => (typeof i === 'string' ? [i] : [...i]))], active: top.active && own.active }
}

function closeLeaf(out: Statement[], problems: StatementProblem[], top: Level, items: readonly Item[], line: number): void {
  const own = withoutMark(items)
  if (own.items.length === 0 || !top.active || !own.active) return
  if (out.length >= STATEMENTS_MAX) problems.push({ line, message: `more than ${STATEMENTS_MAX} statements` })
  else for (const words of expand(own.items)) out.push({ words: [...top.words, ...words], line })
}
