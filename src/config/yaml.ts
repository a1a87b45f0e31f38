// YAML: text to the neutral tree, with the place of every node. The only importer of the `yaml` package.
// Keeps the rule that a policy means what it shows: no anchors, aliases, tags or YAML 1.1 words, each key once.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair, type YAMLMap } from 'yaml'
import type { Diagnostic } from '../base/diagnostic.ts'
import type { Position, ScalarValue, TreeEntry, TreeMap, TreeNode } from '../base/tree.ts'
import { createReader, quote, report, type TreeReader } from '../base/tree-reader.ts'

/** Deepest nesting of a policy or profile is five; more is an attack on the stack or a generated mistake. */
const DEPTH_MAX = 32

/** One broken line makes the parser complain about every following one: the first few are enough. */
const SYNTAX_ERRORS_MAX = 10

/** The parser's longest message without a quotation has 90 characters. */
const MESSAGE_LENGTH_MAX = 160

/** A tree, or why there is none. */
export interface YamlResult {
  /** null when the text has syntax errors or uses what the tree cannot hold. Duplicate keys keep the first. */
  readonly tree: TreeNode | null
  readonly diagnostics: readonly Diagnostic[]
}

/** What to do about errors of the parser; its own message says what is wrong. */
const SYNTAX_HELP: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces; YAML forbids tabs there.',
  BAD_INDENT: 'Line up the keys of one map and the dashes of one list; check that brackets are closed.',
  MISSING_CHAR: 'Close the quote or bracket, start list items with "- ", or put a colon and a space after the key.',
  MULTIPLE_DOCS: 'One file holds one document: delete the line "---" or "..." in the middle.',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a text that holds ": ", or start the nested map on a line of its own.',
  MULTILINE_IMPLICIT_KEY: 'A key stands on one line; was the colon forgotten?',
  BAD_SCALAR_START: 'Put quotes around a text that starts with a special character.',
  BAD_DQ_ESCAPE: 'In double quotes a backslash starts an escape; use single quotes.',
  UNEXPECTED_TOKEN: 'Check quotes, brackets and indentation on this line.',
  BAD_DIRECTIVE: 'Delete the line that starts with "%".',
}

interface Context {
  readonly reader: TreeReader
  readonly file: string
  readonly lines: LineCounter
  /** Set when something was found that the tree cannot stand for. */
  failed: boolean
}

/** Parses YAML 1.2 (core schema). Never throws, whatever the text. `file` names it in positions. */
export function parseYaml(text: string, file: string): YamlResult {
  const context: Context = { reader: createReader('yaml'), file, lines: new LineCounter(), failed: false }
  // Duplicate keys are checked below: the package compares every key with every other, which a long file turns into minutes.
  const document = parseDocument(text, { version: '1.2', lineCounter: context.lines, prettyErrors: false, uniqueKeys: false })
  reportSyntax(context, document)
  const tree = context.failed ? null : convert(context, document.contents, { file, line: 1, column: 1 }, 0)
  if (tree?.kind === 'scalar' && tree.value === null && tree.text === '') {
    refuse(context, { file, line: 0, column: 0 }, 'empty', `${file} is empty`,
      'Start from a copy of a shipped one: policies/default.yaml, a file of profiles/, or one of examples/.')
  }
  return { tree: context.failed ? null : tree, diagnostics: context.reader.diagnostics }
}

function reportSyntax(context: Context, document: Document): void {
  // When the parser's stack did not suffice, everything after it is noise.
  const exhausted = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION')
  if (exhausted !== undefined) {
    refuse(context, place(context, exhausted.pos[0]), 'too-deep', 'nested too deeply to be read', 'Nest less deeply.')
    return
  }
  for (const error of document.errors.slice(0, SYNTAX_ERRORS_MAX)) {
    const message = error.code === 'MULTIPLE_DOCS' ? 'the file holds more than one document' : error.message
    const help = SYNTAX_HELP[error.code] ?? 'Check quotes, brackets and indentation on this line.'
    refuse(context, place(context, error.pos[0]), 'syntax', tidy(message), help)
  }
  const version = document.directives?.yaml
  if (version?.explicit !== true || version.version === '1.2') return
  const help = 'Delete the line; in YAML 1.2 "no" is text, in 1.1 it is false.'
  refuse(context, { file: context.file, line: 1, column: 1 }, 'version', 'the file asks for YAML 1.1', help)
}

/** The parser's messages start with a capital and repeat the text; ours are one line of bounded length. */
function tidy(message: string): string {
  const line = message.split('\n', 1)[0] ?? ''
  const quoted = quote(line, MESSAGE_LENGTH_MAX).slice(1, -1)
  return quoted.charAt(0).toLowerCase() + quoted.slice(1)
}

function place(context: Context, offset: number): Position {
  const { line, col } = context.lines.linePos(offset)
  return { file: context.file, line, column: col }
}

/** `fallback` is the place of a value that is not written at all. */
function convert(context: Context, node: Node | null, fallback: Position, depth: number): TreeNode {
  const at = node?.range ? place(context, node.range[0]) : fallback
  const nothing: TreeNode = { kind: 'scalar', value: null, text: '', ...at }
  if (node === null) return nothing
  if (depth > DEPTH_MAX) {
    refuse(context, at, 'too-deep', `nested more than ${DEPTH_MAX} levels deep`, 'Nest less deeply.')
    return nothing
  }
  if (!isPlain(context, node, at)) return nothing
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => convert(context, item as Node | null, at, depth + 1)), ...at }
  if (isMap(node)) return convertMap(context, node, at, depth)
  if (!isScalar(node)) return nothing
  const value = scalarValue(node.value)
  const text = typeof value === 'string' ? value : (node.source ?? '')
  return { kind: 'scalar', value, text, ...at }
}

function scalarValue(value: unknown): ScalarValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}

/** Anchors, aliases and tags make a file mean more than it shows, and aliases can make it huge. */
function isPlain(context: Context, node: Node, at: Position): boolean {
  if (isAlias(node)) {
    refuse(context, at, 'alias', `aliases such as ${quote(`*${node.source}`)} are not read`,
      'Write the value out; a policy is read by people.')
  } else if ('anchor' in node && typeof node.anchor === 'string') {
    refuse(context, at, 'anchor', `anchors such as ${quote(`&${node.anchor}`)} are not read`, 'Delete it, and write out what refers to it.')
  } else if (node.tag !== undefined) {
    refuse(context, at, 'tag', `tags such as ${quote(node.tag)} are not read`, 'Delete the tag; put quotes around what should be text.')
  } else return true
  return false
}

function refuse(context: Context, at: Position, code: string, message: string, help: string): void {
  report(context.reader, at, code, message, help)
  context.failed = true
}

function convertMap(context: Context, map: YAMLMap, at: Position, depth: number): TreeMap {
  const entries = new Map<string, TreeEntry>()
  for (const pair of map.items as Pair<Node | null, Node | null>[]) {
    const keyAt = pair.key?.range ? place(context, pair.key.range[0]) : at
    const key = keyText(context, pair.key, keyAt)
    if (key === null) continue
    const first = entries.get(key)
    if (first === undefined) entries.set(key, { key, at: keyAt, value: convert(context, pair.value, keyAt, depth + 1) })
    else report(context.reader, keyAt, 'duplicate-key', `the key ${quote(key)} stands twice in this map`,
      `Delete one; the first is on line ${first.at.line}.`)
  }
  return { kind: 'map', entries: [...entries.values()], ...at }
}

function keyText(context: Context, node: Node | null, at: Position): string | null {
  if (node === null || !isScalar(node)) {
    refuse(context, at, 'bad-key', 'a key must be one word',
      'Was a colon set by mistake, or "? " at the start of the line? Quote texts with ": ".')
    return null
  }
  if (!isPlain(context, node, at)) return null
  return typeof node.value === 'string' ? node.value : (node.source ?? '')
}
