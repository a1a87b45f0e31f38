// Scalar text: one value as YAML 1.2 (core schema), plain where that reads the same, else quoted, folded or literal.
// Keeps the rule that a formatter changes no meaning: plain only when nothing about it is special.

import type { FormatScalar } from './node.ts'

/** Words and numbers of the core schema, which plain text must not look like (YAML 1.2.2 section 10.3.2). */
const OTHER_WORDS = /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const NUMBERS = /^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[\da-fA-F]+)$/

/** A first character that may mean something, alone or before a space (YAML 1.2.2 section 5.3). */
const SPECIAL_START = /^[-?:,[\]{}#&*!|>'"%@`\s]/

/** What ends plain text anywhere, and what does so in brackets too. */
const SPECIAL_INSIDE = /: |:$| #|[\t\n\r]|\s$|^---|^\.\.\./
const SPECIAL_IN_FLOW = /[,[\]{}]|:[,[\]{}]/

/** On one line: plain or quoted. */
export function inlineScalar({ value, source }: FormatScalar, inFlow: boolean): string {
  if (typeof value !== 'string') return source
  if (isPlain(value, inFlow)) return value
  return /[\p{Cc}\u2028\u2029\ufeff]/u.test(value) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`
}

function isPlain(text: string, inFlow: boolean): boolean {
  if (OTHER_WORDS.test(text) || NUMBERS.test(text) || SPECIAL_START.test(text) || SPECIAL_INSIDE.test(text)) return false
  if (/[\p{Cc}\u2028\u2029\ufeff]/u.test(text)) return false
  return !inFlow || !SPECIAL_IN_FLOW.test(text)
}

/**
 * A text of several lines, or one that does not fit into the `room` left on its line: the head (`>-` or `|-`) and its lines, folded at
 * `width`, without indentation. Null when one line is right.
 */
export function blockScalar(
  node: FormatScalar, room: number, width: number,
): { readonly head: string; readonly lines: readonly string[] } | null {
  if (typeof node.value !== 'string') return null
  const text = node.value
  if (text === '' || text !== text.trim() || /(?!\n)\p{Cc}|[\u2028\u2029\ufeff]/u.test(text)) return null
  if (text.includes('\n')) return { head: '|-', lines: text.split('\n') }
  if (inlineScalar(node, false).length <= room) return null
  return { head: '>-', lines: foldLines(text, width) }
}

/** Breaks at single spaces between words, which is where a folded text is joined again. */
function foldLines(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
