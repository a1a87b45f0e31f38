// Blocks of FortiOS: `config`, `edit`, `set`, `append`, `unset`, `move`, `delete`, `next`, `end` as tables of entries, per virtual domain.
// Keeps the order of the box: entries in the order of the table after every move, not in the order of their numbers.

export interface Field {
  readonly values: readonly string[]
  readonly line: number
}

/** One `edit`, or the settings of a `config` without one (its name is then empty). */
export interface Entry {
  readonly name: string
  readonly line: number
  readonly fields: ReadonlyMap<string, Field>
}

interface OpenEntry {
  readonly name: string
  readonly line: number
  readonly fields: Map<string, Field>
}

export interface BlockProblem {
  readonly line: number
  readonly message: string
}

/** Tables by the path of their `config` line, e.g. `firewall policy`. The domain is empty outside `config vdom`. */
export interface Domain {
  readonly name: string
  readonly tables: ReadonlyMap<string, readonly Entry[]>
}

export interface Blocks {
  readonly domains: readonly Domain[]
  readonly problems: readonly BlockProblem[]
  /** `config` lines seen: none means another kind of text. */
  readonly configs: number
}

/** Characters read of one text: a full backup of a large box is a few MiB. */
export const TEXT_CHARS_MAX = 32 * 1024 * 1024
/** `config` within `edit` within `config`: real ones stop at 5. */
const DEPTH_MAX = 32

type Frame =
  | { readonly kind: 'config'; readonly path: string; readonly domain: string }
  | { readonly kind: 'edit'; readonly entry: OpenEntry; readonly domain: string }

interface State {
  /** Entries of each table by name: backups of large boxes hold tens of thousands. */
  readonly names: WeakMap<OpenEntry[], Map<string, OpenEntry>>
  readonly tables: Map<string, Map<string, OpenEntry[]>>
  readonly stack: Frame[]
  readonly problems: BlockProblem[]
  configs: number
}

const PROBLEMS_MAX = 1_000

export function readBlocks(text: string): Blocks {
  const state: State = { names: new WeakMap(), tables: new Map([['', new Map()]]), stack: [], problems: [], configs: 0 }
  if (text.length > TEXT_CHARS_MAX) {
    return { domains: [], problems: [{ line: 0, message: `text is longer than ${TEXT_CHARS_MAX} characters` }], configs: 0 }
  }
  for (const { words, line } of lines(text)) step(state, words, line)
  if (state.stack.length > 0) problem(state, 0, 'the last block has no "end"')
  const domains = [...state.tables].map(([name, tables]) => ({ name, tables }))
  return { domains, problems: state.problems, configs: state.configs }
}

function problem(state: State, line: number, message: string): void {
  if (state.problems.length < PROBLEMS_MAX) state.problems.push({ line, message })
}

/** Words of each line; a quoted text may go on over several lines (certificates, comments). */
function* lines(text: string): Generator<{ words: string[]; line: number }> {
  const token = /\n|(?<=^|\n)[^\S\n]*#[^\n]*|"(?:[^"\\]|\\[\s\S])*"?|'[^'\n]*'?|[^\s"']+/g
  let words: string[] = []
  let line = 1
  let start = 1
  for (const [raw] of text.matchAll(token)) {
    if (raw === '\n') {
      if (words.length > 0) yield { words, line: start }
      words = []
      line++
    } else if (words.length > 0 || !raw.trimStart().startsWith('#')) {
      if (words.length === 0) start = line
      words.push(unquoted(raw))
      line += raw.split('\n').length - 1
    }
  }
  if (words.length > 0) yield { words, line: start }
}

function unquoted(raw: string): string {
  const quote = raw[0]
  if (quote !== '"' && quote !== "'") return raw
  const inner = raw.slice(1, raw.length > 1 && raw.endsWith(quote) ? -1 : undefined)
  return quote === '"' ? inner.replaceAll(/\\(.)/gs, '$1') : inner
}

type Step = (state: State, words: readonly string[], line: number) => void

const STEPS: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['config', open],
  ['edit', edit],
  ['next', next],
  ['end', end],
  ['set', (state, words, line) => change(state, words, line, () => words.slice(2))],
  ['append', (state, words, line) => change(state, words, line, (old) => [...old, ...words.slice(2).filter((w) => !old.includes(w))])],
  ['select', (state, words, line) => change(state, words, line, () => words.slice(2))],
  ['unselect', (state, words, line) => change(state, words, line, (old) => old.filter((w) => !words.includes(w, 2)))],
  ['unset', unset],
  ['move', move],
  ['delete', remove],
  ['purge', purge],
])

function step(state: State, words: readonly string[], line: number): void {
  const run = STEPS.get(words[0] ?? '')
  if (run) run(state, words, line)
  else problem(state, line, `not understood: "${words.slice(0, 4).join(' ').slice(0, 60)}"`)
}

function open(state: State, words: readonly string[], line: number): void {
  state.configs++
  const top = state.stack.at(-1)
  const path = words.slice(1).join(' ')
  if (state.stack.length >= DEPTH_MAX) problem(state, line, `more than ${DEPTH_MAX} blocks inside each other`)
  else if (path === 'vdom' || path === 'global') state.stack.push({ kind: 'config', path, domain: '' })
  else if (top?.kind === 'edit' && !inVdomList(state)) {
    state.stack.push({ kind: 'config', path: `${pathOf(state)} > ${path}`, domain: top.domain })
  } else state.stack.push({ kind: 'config', path, domain: top?.domain ?? '' })
}

/** True when the top is the `edit` of a virtual domain: its tables are the domain's, not nested ones. */
function inVdomList(state: State): boolean {
  const under = state.stack.at(-2)
  return under?.kind === 'config' && under.path === 'vdom'
}

function pathOf(state: State): string {
  const frame = state.stack.findLast((f) => f.kind === 'config')
  return frame?.kind === 'config' ? frame.path : ''
}

/** The table the innermost `config` fills; made when first asked. */
function table(state: State): OpenEntry[] | null {
  const frame = state.stack.findLast((f) => f.kind === 'config')
  if (frame?.kind !== 'config') return null
  const tables = state.tables.get(frame.domain) ?? new Map<string, OpenEntry[]>()
  state.tables.set(frame.domain, tables)
  const entries = tables.get(frame.path) ?? []
  tables.set(frame.path, entries)
  return entries
}

function namesOf(state: State, entries: OpenEntry[]): Map<string, OpenEntry> {
  const names = state.names.get(entries) ?? new Map<string, OpenEntry>()
  state.names.set(entries, names)
  return names
}

/** `edit 0` always makes a new entry. */
function edit(state: State, words: readonly string[], line: number): void {
  const top = state.stack.at(-1)
  const name = words[1] ?? ''
  if (top?.kind === 'edit') state.stack.pop()
  const frame = state.stack.at(-1)
  if (frame?.kind !== 'config') return problem(state, line, 'edit outside of config')
  if (frame.path === 'vdom') {
    if (!state.tables.has(name)) state.tables.set(name, new Map())
    state.stack.push({ kind: 'edit', entry: { name, line, fields: new Map() }, domain: name })
    return
  }
  const entries = table(state) ?? []
  const names = namesOf(state, entries)
  const known = name === '0' ? undefined : names.get(name)
  const entry = known ?? { name, line, fields: new Map() }
  if (!known) entries.push(entry)
  names.set(name, entry)
  state.stack.push({ kind: 'edit', entry, domain: frame.domain })
}

function next(state: State, _words: readonly string[], line: number): void {
  if (state.stack.at(-1)?.kind === 'edit') state.stack.pop()
  else problem(state, line, 'next outside of edit')
}

function end(state: State, _words: readonly string[], line: number): void {
  if (state.stack.at(-1)?.kind === 'edit') state.stack.pop()
  if (state.stack.pop() === undefined) problem(state, line, 'end outside of config')
}

/** The entry that `set` changes; a `config` without `edit` has one entry without a name. */
function current(state: State, line: number): OpenEntry | null {
  const top = state.stack.at(-1)
  if (top?.kind === 'edit') return top.entry
  const entries = table(state)
  if (!entries) return null
  const own = entries.find((e) => e.name === '') ?? { name: '', line, fields: new Map() }
  if (!entries.includes(own)) entries.push(own)
  return own
}

function change(state: State, words: readonly string[], line: number, make: (old: readonly string[]) => readonly string[]): void {
  const entry = current(state, line)
  const key = words[1]
  if (!entry || key === undefined) return problem(state, line, 'set outside of config')
  const values = make(entry.fields.get(key)?.values ?? [])
  if (key === 'protocol' && pathOf(state) === 'firewall service custom') forget(entry, values)
  entry.fields.set(key, { values, line })
}

const OF_PROTOCOL = ['tcp-portrange', 'udp-portrange', 'sctp-portrange', 'icmptype', 'icmpcode', 'protocol-number']

/** A service whose protocol changes loses what belonged to the old one. */
function forget(entry: OpenEntry, values: readonly string[]): void {
  const old = entry.fields.get('protocol')?.values[0] ?? 'TCP/UDP/SCTP'
  if (old === values[0]) return
  for (const key of OF_PROTOCOL) entry.fields.delete(key)
}

function unset(state: State, words: readonly string[], line: number): void {
  const entry = current(state, line)
  entry?.fields.delete(words[1] ?? '')
  if (words[1] === 'icmptype') entry?.fields.delete('icmpcode')
}

/** `move A before|after B`. */
function move(state: State, words: readonly string[], line: number): void {
  const entries = table(state) ?? []
  const [, name, where, other] = words
  const from = entries.findIndex((e) => e.name === name)
  const moved = entries[from]
  if (!moved || name === other || !entries.some((e) => e.name === other)) {
    return problem(state, line, `cannot move: "${words.join(' ').slice(0, 60)}"`)
  }
  entries.splice(from, 1)
  const to = entries.findIndex((e) => e.name === other)
  entries.splice(where === 'after' ? to + 1 : to, 0, moved)
}

function remove(state: State, words: readonly string[]): void {
  const entries = table(state) ?? []
  const at = entries.findIndex((e) => e.name === words[1])
  if (at < 0) return
  entries.splice(at, 1)
  namesOf(state, entries).delete(words[1] ?? '')
}

function purge(state: State): void {
  const entries = table(state) ?? []
  entries.splice(0)
  namesOf(state, entries).clear()
}
