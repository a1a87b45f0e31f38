// formatPolicy: a policy's text in its one layout, with its comments.
// Keeps the rule that a formatter changes no meaning: what comes out is read again and compared before anyone sees it.

import { isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, type Node, type Pair, type YAMLSeq } from 'yaml'
import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { hasErrors } from '../base/tree-reader.ts'
import type { TreeNode } from '../base/tree.ts'
import { attachComments } from '../policy/format/attach.ts'
import type { Anchor, Comment, FlowSpan, FormatNode, FormatScalar } from '../policy/format/node.ts'
import { printDocument } from '../policy/format/print.ts'
import { parseYaml } from './yaml.ts'

/**
 * The text in the policy's layout (docs/policy.md): same values, same comments, keys in the language's order. Formatting twice is
 * formatting once. The error is what makes the text no YAML; a policy that is wrong otherwise is formatted all the same.
 */
export function formatPolicy(text: string, file = 'policy.yaml'): Result<string, readonly Diagnostic[]> {
  const before = parseYaml(text, file)
  if (before.tree === null || hasErrors(before.diagnostics)) return err(before.diagnostics)
  const source = text.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n')
  const formatted = layOut(source)
  const after = parseYaml(formatted, file).tree
  const same = after !== null && JSON.stringify(meaning(after)) === JSON.stringify(meaning(before.tree))
    && commentTexts(formatted).join('\n') === commentTexts(source).join('\n')
  return same ? ok(formatted) : err([unsafe(file)])
}

/** Comments of a text, sorted: what formatting must keep. */
export function commentTexts(text: string): readonly string[] {
  return commentsOf(text).map((comment) => comment.text).sort()
}

function unsafe(file: string): Diagnostic {
  const message = `${file} cannot be laid out anew without changing it`
  const help = 'It stays as it is. Write unusual keys and quoted line breaks in a simpler way, or report this.'
  return { severity: 'error', code: 'format/unsafe', message, file, line: 0, column: 0, help }
}

function layOut(text: string): string {
  const lines = new LineCounter()
  const document = parseDocument(text, { version: '1.2', lineCounter: lines, uniqueKeys: false, keepSourceTokens: true })
  const root = convert(document.contents, null, 0, lines)
  const rows = text.split('\n')
  const isBlank = (line: number): boolean => line >= 1 && rows[line - 1]?.trim() === ''
  return printDocument({ ...attachComments(anchorsOf(root), commentsOf(text), isBlank), root })
}

/** Anchors in the order of the text, outer before inner. */
function anchorsOf(node: FormatNode): readonly Anchor[] {
  if (node.kind === 'scalar') return []
  return (node.kind === 'list' ? node.items : node.entries).flatMap((anchor) => [anchor, ...anchorsOf(anchor.value)])
}

/** `at` is the place of a value that is not written. */
function convert(node: Node | null, flow: FlowSpan | null, at: number, lines: LineCounter): FormatNode {
  if (node === null || isScalar(node)) return scalarOf(node)
  if (!isMap(node) && !isSeq(node)) return { kind: 'scalar', value: null, source: '' }
  const inner = node.flow === true ? { end: node.range?.[1] ?? at, owner: null } : flow
  if (isMap(node)) {
    const entries = (node.items as Pair<Node, Node | null>[]).map((pair) => {
      const offset = pair.key.range?.[0] ?? at
      return anchorOf(keyOf(pair.key), pair.value, offset, inner, lines)
    })
    return { kind: 'map', entries }
  }
  return { kind: 'list', items: node.items.map((item, i) => anchorOf(null, item as Node | null, itemOffset(node, i) ?? at, inner, lines)) }
}

function anchorOf(key: FormatScalar | null, node: Node | null, offset: number, flow: FlowSpan | null, lines: LineCounter): Anchor {
  const value = convert(node, flow, offset, lines)
  const { line, col } = lines.linePos(offset)
  const anchor: Anchor = { key, value, offset, line, column: col, flow, blankBefore: false, before: [], trailing: null, foot: [] }
  const first = value.kind === 'scalar' ? undefined : (value.kind === 'list' ? value.items : value.entries)[0]
  // A bracket that was opened here, not the one around it.
  if (first !== undefined && first.flow !== null && first.flow !== flow) first.flow.owner = anchor
  return anchor
}

/** Of the dash in a block list, of the value in brackets. */
function itemOffset(list: YAMLSeq, index: number): number | null {
  const token = list.srcToken?.type === 'block-seq' ? list.srcToken.items[index] : undefined
  const dash = token?.start.find((part) => part.type === 'seq-item-ind')
  return dash?.offset ?? (list.items[index] as Node | null)?.range?.[0] ?? null
}

/** Line ends behind a text are its YAML style, not its content: every text of a policy is trimmed when it is read. */
function scalarOf(node: Node | null): FormatScalar {
  if (!isScalar(node)) return { kind: 'scalar', value: null, source: '' }
  const { value } = node
  if (typeof value === 'string') return { kind: 'scalar', value: value.replace(/\n+$/, ''), source: '' }
  return { kind: 'scalar', value: null, source: node.source ?? '' }
}

function keyOf(node: Node): FormatScalar {
  if (!isScalar(node) || typeof node.value !== 'string') return scalarOf(node)
  return { kind: 'scalar', value: node.value, source: '' }
}

/** The lexer marks the start of a scalar's text with it; that text may begin with `#` and is no comment. */
const SCALAR_MARK = '\u001f'
/** Marks of the lexer that stand for no character of the text: start of document, end of brackets, start of a scalar. */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', SCALAR_MARK])

function commentsOf(text: string): readonly Comment[] {
  const comments: Comment[] = []
  let offset = 0
  let line = 1
  let lineStart = 0
  let last = ''
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) {
      last = token
      continue
    }
    if (token.startsWith('#') && last !== SCALAR_MARK) {
      const ownLine = text.slice(lineStart, offset).trim() === ''
      comments.push({ offset, line, column: offset - lineStart + 1, text: token.trimEnd(), ownLine })
    }
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) {
      line++
      lineStart = offset + at + 1
    }
    offset += token.length
    last = token
  }
  return comments
}

/** A tree as data without places, keys sorted: what must not change. */
function meaning(node: TreeNode): unknown {
  if (node.kind === 'list') return node.items.map(meaning)
  if (node.kind === 'scalar') return typeof node.value === 'string' ? node.value.replace(/\n+$/, '') : [typeof node.value, node.text]
  const entries = node.entries.map((entry) => [entry.key, meaning(entry.value)] as const)
  return { map: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}
