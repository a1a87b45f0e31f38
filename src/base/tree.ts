// Tree: a parsed text as maps, lists and scalars, each with its place in the file. Neutral between YAML and JSON.
// Keeps the rule that pure folders import no package: config/ makes the tree, policy/ and inventory/ read it.

/** A place in a user's file: 1-based line and column, 0 when the whole file is meant. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

export type ScalarValue = string | number | boolean | null

/** One word, number or text. */
export interface TreeScalar extends Position {
  readonly kind: 'scalar'
  readonly value: ScalarValue
  /** As written, without quotes: `0x10` stays `0x10` although its value is 16. */
  readonly text: string
}

/** Items in file order. */
export interface TreeList extends Position {
  readonly kind: 'list'
  readonly items: readonly TreeNode[]
}

/** One `key: value`; `at` is where the key stands. */
export interface TreeEntry {
  readonly key: string
  readonly at: Position
  readonly value: TreeNode
}

/** Entries in file order. Keys are unique: the maker of the tree reports duplicates and keeps the first. */
export interface TreeMap extends Position {
  readonly kind: 'map'
  readonly entries: readonly TreeEntry[]
}

export type TreeNode = TreeScalar | TreeList | TreeMap

/** JSON-like data, e.g. the body of a request or a test's literal. */
export type PlainValue = ScalarValue | readonly PlainValue[] | { readonly [key: string]: PlainValue }

/** A tree of data that came from no text: every position is the whole `file`. */
export function treeFromValue(value: PlainValue, file: string): TreeNode {
  const at = { file, line: 0, column: 0 }
  if (value === null || typeof value !== 'object') return { kind: 'scalar', value, text: String(value ?? ''), ...at }
  if (isList(value)) return { kind: 'list', items: value.map((item) => treeFromValue(item, file)), ...at }
  const entries = Object.entries(value).map(([key, item]) => ({ key, at, value: treeFromValue(item, file) }))
  return { kind: 'map', entries, ...at }
}

function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value)
}

/** What a node is, in words for a message: `text`, `a number`, `a list`, `nothing`. */
export function describeNode(node: TreeNode): string {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map of keys'
  if (node.value === null) return 'nothing'
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof node.value as 'string' | 'number' | 'boolean']
}

/** Only the position of a node, for diagnostics and for models that remember where they were written. */
export function positionOf(node: Position): Position {
  return { file: node.file, line: node.line, column: node.column }
}
