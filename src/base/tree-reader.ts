// Tree reader: takes values out of a tree and collects every diagnostic on the way, never only the first.
// Keeps the rule "the user's file is wrong": nothing throws, a bad value is null and a line in the list.

import type { Diagnostic, DiagnosticSeverity } from './diagnostic.ts'
import { parsePortRange, PORT_MAX, type PortRange } from './port-range.ts'
import { suggest } from './suggest.ts'
import { describeNode, type Position, type TreeNode } from './tree.ts'

/** After this many diagnostics the rest says nothing new: a person fixes the first screens and runs again. */
export const DIAGNOSTICS_MAX = 200
/** Host-name label length (RFC 1035 section 2.3.4); every firewall we know takes object names at least that long. */
export const NAME_LENGTH_MAX = 63
/** A sentence or two; longer prose belongs into the ticket the reason names. */
export const TEXT_LENGTH_MAX = 600
/** How much of a user's text a message repeats. */
const QUOTE_LENGTH_MAX = 60

/** What a map may hold. The same tables are compared with the published JSON Schema by a test. */
export interface KeyRule {
  readonly required: boolean
  /** What belongs there, for the help line of a missing key. */
  readonly help: string
}
export type KeyTable = Readonly<Record<string, KeyRule>>

/** Where diagnostics of one file gather; `area` starts their codes (`policy/unknown-key`). */
export interface TreeReader {
  readonly area: string
  readonly diagnostics: Diagnostic[]
}

/** The values of a map by key; `get` of an absent key is undefined. */
export interface Fields {
  readonly at: Position
  get(key: string): TreeNode | undefined
}

/** A reader without diagnostics yet. */
export function createReader(area: string): TreeReader {
  return { area, diagnostics: [] }
}

/** Adds one diagnostic. Past DIAGNOSTICS_MAX nothing is added but one line that says so. */
export function report(
  reader: TreeReader, at: Position, code: string, message: string, help: string, severity: DiagnosticSeverity = 'error',
): void {
  const count = reader.diagnostics.length
  if (count > DIAGNOSTICS_MAX) return
  const { file, line, column } = at
  if (count < DIAGNOSTICS_MAX) {
    reader.diagnostics.push({ severity, code: `${reader.area}/${code}`, message, file, line, column, help })
    return
  }
  const last = `more than ${DIAGNOSTICS_MAX} problems; the rest is not listed`
  const help2 = 'Correct the ones above and run it again.'
  reader.diagnostics.push({ severity: 'error', code: `${reader.area}/too-many`, message: last, file, line, column, help: help2 })
}

/** Whether anything is worse than a warning. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === 'error')
}

/** A user's text inside a message: shortened, with control and direction characters made visible. */
export function quote(text: string, lengthMax: number = QUOTE_LENGTH_MAX): string {
  const short = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text
  return `"${short.replaceAll(HIDDEN, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`)}"`
}

// Control characters, invisible spaces and direction overrides: in a terminal or a diff they make a line look like another one.
// Joiners (U+200C, U+200D) and direction marks stay: Persian, Hindi or Hebrew reasons need them.
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu

/** The fields of a map after its keys were checked against the table; null when the node is no map. */
export function readMap(reader: TreeReader, node: TreeNode, what: string, table: KeyTable): Fields | null {
  if (node.kind !== 'map') {
    const keys = Object.keys(table).join(', ')
    report(reader, node, 'expected-map', `${what} must be a map of keys, found ${describeNode(node)}`, `Its keys are: ${keys}.`)
    return null
  }
  const fields = new Map<string, TreeNode>()
  for (const entry of node.entries) {
    if (Object.hasOwn(table, entry.key)) fields.set(entry.key, entry.value)
    else reportUnknownKey(reader, entry.at, entry.key, what, table)
  }
  for (const [key, rule] of Object.entries(table)) {
    if (rule.required && !fields.has(key)) report(reader, node, 'missing-key', `${what} has no "${key}"`, rule.help)
  }
  return { at: node, get: (key) => fields.get(key) }
}

function reportUnknownKey(reader: TreeReader, at: Position, key: string, what: string, table: KeyTable): void {
  const near = suggest(key, Object.keys(table))
  const help = near === null ? `Its keys are: ${Object.keys(table).join(', ')}.` : `Did you mean "${near}"?`
  report(reader, at, 'unknown-key', `${what} has no key ${quote(key)}`, help)
}

/** Items of a list; a single scalar stands for a list of one when `single` is set. Absent: empty. */
export function readList(
  reader: TreeReader, node: TreeNode | undefined, what: string, countMax: number, single = false,
): readonly TreeNode[] {
  if (node === undefined) return []
  if (single && node.kind === 'scalar' && node.value !== null) return [node]
  if (node.kind !== 'list') {
    report(reader, node, 'expected-list', `${what} must be a list, found ${describeNode(node)}`, 'Write one "- item" per line, or [a, b].')
    return []
  }
  if (node.items.length <= countMax) return node.items
  report(reader, node, 'too-long', `${what} has ${node.items.length} items, more than ${countMax}`, 'Split it, or aggregate the entries.')
  return node.items.slice(0, countMax)
}

/** Text of at most `lengthMax` characters on one or more lines. Numbers and booleans are refused: quotes make them text. */
export function readText(reader: TreeReader, node: TreeNode | undefined, what: string, lengthMax = TEXT_LENGTH_MAX): string | null {
  if (node === undefined) return null
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    const help = node.kind === 'scalar' && node.value !== null ? `Put quotes around it: "${node.text}".` : 'Write it as text.'
    report(reader, node, 'expected-text', `${what} must be text, found ${describeNode(node)}`, help)
    return null
  }
  const text = node.value.trim()
  if (text === '') report(reader, node, 'empty-text', `${what} is empty`, 'Write something, or leave the key out if it is optional.')
  else if (text.length > lengthMax) {
    report(reader, node, 'too-long', `${what} has ${text.length} characters, more than ${lengthMax}`, 'Shorten it.')
  } else if (text.replaceAll('\n', ' ').search(HIDDEN) >= 0) {
    report(reader, node, 'hidden-character', `${what} holds an invisible or control character: ${quote(text)}`, 'Type it again by hand.')
  } else return text
  return null
}

const NAME = /^[a-z][a-z0-9-]*$/

/** A name others refer to: lower-case letters, digits and hyphens, a letter first, so that every firewall accepts it. */
export function readName(reader: TreeReader, node: TreeNode | undefined, what: string): string | null {
  const text = readText(reader, node, what, NAME_LENGTH_MAX)
  if (text === null || node === undefined) return null
  if (NAME.test(text)) return text
  const fixed = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '')
  const help = `Use lower-case letters, digits and hyphens, a letter first${fixed === '' ? '.' : `, e.g. "${fixed}".`}`
  report(reader, node, 'bad-name', `${what} cannot be ${quote(text)}`, help)
  return null
}

/** One of a closed list of words. */
export function readChoice<T extends string>(
  reader: TreeReader, node: TreeNode | undefined, what: string, choices: readonly T[],
): T | null {
  if (node === undefined) return null
  const found = node.kind === 'scalar' ? choices.find((choice) => choice === node.text) : undefined
  if (found !== undefined) return found
  const text = node.kind === 'scalar' && node.value !== null ? quote(node.text) : describeNode(node)
  const near = node.kind === 'scalar' ? suggest(node.text, choices) : null
  const list = choices.join(', ')
  const help = near === null ? `One of: ${list}.` : `Did you mean "${near}"? One of: ${list}.`
  report(reader, node, 'bad-choice', `${what} cannot be ${text}`, help)
  return null
}

/** A port or a range of ports, 1..65535. */
export function readPortRange(reader: TreeReader, node: TreeNode, what: string): PortRange | null {
  const text = node.kind === 'scalar' ? node.text.trim() : ''
  const parsed = parsePortRange(text)
  if (parsed.ok) return parsed.value
  const found = text === '' ? describeNode(node) : quote(text)
  if (parsed.error === 'not-a-port') {
    report(reader, node, 'bad-port', `${what} has the port ${found}`, 'Write a number or a range with a hyphen, e.g. 2575 or 515-520.')
  } else if (parsed.error === 'out-of-range') {
    report(reader, node, 'port-out-of-range', `${what} has the port ${found} outside 1..${PORT_MAX}`, 'Correct the number.')
  } else {
    const help = `Write the lower number first: ${text.split('-').reverse().map((part) => part.trim()).join('-')}.`
    report(reader, node, 'empty-range', `${what} has the empty port range ${found}`, help)
  }
  return null
}

/** true or false. */
export function readFlag(reader: TreeReader, node: TreeNode | undefined, what: string): boolean | null {
  if (node === undefined) return null
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
  report(reader, node, 'expected-flag', `${what} must be true or false`, 'Write true or false, without quotes.')
  return null
}

/** A number from `low` to `high`; whole unless `isFraction`. */
export function readNumber(
  reader: TreeReader, node: TreeNode | undefined, what: string, low: number, high: number, isFraction = false,
): number | null {
  if (node === undefined) return null
  const value = node.kind === 'scalar' && typeof node.value === 'number' ? node.value : Number.NaN
  if (value >= low && value <= high && (isFraction || Number.isInteger(value))) return value
  const found = node.kind === 'scalar' && node.value !== null ? quote(node.text) : describeNode(node)
  report(reader, node, 'bad-number', `${what} cannot be ${found}`, `Write a ${isFraction ? '' : 'whole '}number from ${low} to ${high}.`)
  return null
}
