// Print: a policy as text in its one layout: keys in the order of the language, short lists on one line, comments where they belong.
// Keeps the rule that two people's files differ only in what they say.

import type { KeyTable } from '../../base/tree-reader.ts'
import { EXCEPTION_KEYS, CONDUIT_KEYS, POLICY_KEYS, SEGMENT_KEYS, SERVICE_KEYS, ZONE_KEYS } from '../language/keys.ts'
import { blockScalar, inlineScalar } from './scalar.ts'
import type { Anchor, FormatDocument, FormatMap, FormatNode } from './node.ts'

/** Texts are folded at this column: the line length of this project (STYLE.md), so that the shipped policy is an example. */
export const TEXT_WIDTH = 140
/** Lists that end before this column stay on one line; longer ones are read more easily one below the other. */
export const LIST_WIDTH = 80

/** Order of keys by the section they are in; '' is the file itself. Others keep theirs, behind. */
const KEY_ORDER: Readonly<Record<string, KeyTable>> = {
  '': POLICY_KEYS, zones: ZONE_KEYS, services: SERVICE_KEYS, conduits: CONDUIT_KEYS, segments: SEGMENT_KEYS, exceptions: EXCEPTION_KEYS,
}

/** Where a value stands: how deep, under which top-level key. */
interface Place {
  readonly indent: string
  /** 0 for the keys of the file, 1 for their items. */
  readonly depth: number
  readonly section: string
}

/** The whole text, ending in one line end. */
export function printDocument({ head, root, tail }: FormatDocument): string {
  const place = { indent: '', depth: 0, section: '' }
  const body = root.kind === 'scalar' ? [inlineScalar(root, false)] : printBlock(root, place)
  return `${[...head, ...body, ...tail].join('\n')}\n`
}

function printBlock(node: FormatNode, place: Place): readonly string[] {
  if (node.kind === 'map') return printMap(node, place)
  return node.kind === 'list' ? node.items.flatMap((item, i) => [...lead(item, place, i === 0), ...printItem(item, place)]) : []
}

function printMap(map: FormatMap, place: Place): readonly string[] {
  const entries = ordered(map.entries, place)
  return entries.flatMap((entry, i) => {
    const before = entries[i - 1]
    const section = place.depth === 0 && before !== undefined && (isBlock(entry, place) || isBlock(before, place))
    const lines = lead({ ...entry, blankBefore: section }, place, i === 0)
    return [...lines, ...printEntry(entry, place)]
  })
}

/** Known keys first, in the language's order; the rest as written. */
function ordered(entries: readonly Anchor[], place: Place): readonly Anchor[] {
  // Inside of items only: deeper maps are no part of the language.
  const keys = place.depth <= 1 ? Object.keys(KEY_ORDER[place.depth === 0 ? '' : place.section] ?? {}) : []
  const rank = (entry: Anchor): number => {
    const found = keys.indexOf(keyText(entry))
    return found < 0 ? keys.length : found
  }
  return [...entries].sort((a, b) => rank(a) - rank(b))
}

function keyText(entry: Anchor): string {
  return typeof entry.key?.value === 'string' ? entry.key.value : (entry.key?.source ?? '')
}

/** Comments above; empty lines only between the larger parts. */
function lead(anchor: Anchor, place: Place, first: boolean): readonly string[] {
  const comments = place.depth <= 1 ? anchor.before : anchor.before.filter((line) => line !== '')
  const blank = anchor.blankBefore && !first && place.depth <= 1
  return [...(blank ? [''] : []), ...comments.map((line) => (line === '' ? '' : place.indent + line))]
}

function foot(anchor: Anchor, place: Place): readonly string[] {
  return anchor.foot.map((line) => place.indent + line)
}

function trailing(anchor: Anchor): string {
  return anchor.trailing === null ? '' : ` ${anchor.trailing}`
}

/** Whether a value takes lines of its own below its key. */
function isBlock(anchor: Anchor, place: Place): boolean {
  return anchor.value.kind !== 'scalar' && inlineEntry(anchor, place, place.indent.length + keyText(anchor).length + 2) === null
}

function printEntry(entry: Anchor, place: Place): readonly string[] {
  const key = entry.key === null ? '' : inlineScalar(entry.key, false)
  const start = `${place.indent}${key}:`
  const inner = { indent: `${place.indent}  `, depth: place.depth + 1, section: place.depth === 0 ? keyText(entry) : place.section }
  if (entry.value.kind === 'scalar') return [...withScalar(start, entry, inner.indent), ...foot(entry, place)]
  const inline = inlineEntry(entry, place, start.length + 1)
  if (inline !== null) return [`${start} ${inline}${trailing(entry)}`, ...foot(entry, place)]
  return [`${start}${trailing(entry)}`, ...printBlock(entry.value, inner), ...foot(entry, place)]
}

/** After `key:` or `-`: the value on the line, or folded below it. */
function withScalar(start: string, anchor: Anchor, indent: string): readonly string[] {
  if (anchor.value.kind !== 'scalar') return []
  const block = blockScalar(anchor.value, TEXT_WIDTH - start.length - 1, TEXT_WIDTH - indent.length)
  if (block === null) {
    const text = inlineScalar(anchor.value, false)
    return [`${start}${text === '' ? '' : ` ${text}`}${trailing(anchor)}`]
  }
  return [`${start} ${block.head}${trailing(anchor)}`, ...block.lines.map((line) => (line === '' ? '' : indent + line))]
}

function printItem(item: Anchor, place: Place): readonly string[] {
  const start = `${place.indent}-`
  const inner = { ...place, indent: `${place.indent}  ` }
  if (item.value.kind === 'scalar') return [...withScalar(start, item, inner.indent), ...foot(item, place)]
  const inline = inlineList(item.value, start.length + 1)
  if (inline !== null) return [`${start} ${inline}${trailing(item)}`, ...foot(item, place)]
  if (item.value.kind === 'list') return [start, ...printBlock(item.value, deeper(inner)), ...foot(item, place)]
  const lines = printMap(item.value, inner)
  const at = lines.findIndex((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  // Comments of the first key go above the dash; reordering may have brought them there.
  const above = lines.slice(0, at).map((line) => (line === '' ? '' : place.indent + line.trimStart()))
  const [firstLine = '', ...rest] = lines.slice(at)
  return [...above, `${start} ${firstLine.slice(inner.indent.length)}`, ...rest, ...foot(item, place)]
}

function deeper(place: Place): Place {
  return { ...place, depth: place.depth + 1 }
}

/** Sections of the file are never on one line, unless they are empty. */
function inlineEntry({ value, key }: Anchor, place: Place, column: number): string | null {
  const section = place.depth === 0 && typeof key?.value === 'string' && Object.hasOwn(POLICY_KEYS, key.value)
  return section && value.kind === 'list' && value.items.length > 0 ? null : inlineList(value, column)
}

/** `[a, b]` when all are short scalars without comments and the line ends before LIST_WIDTH; also what is empty. */
function inlineList(node: FormatNode, column: number): string | null {
  if (node.kind === 'map') return node.entries.length === 0 ? '{}' : null
  if (node.kind !== 'list') return null
  if (node.items.some((item) => item.before.length > 0 || item.trailing !== null || item.foot.length > 0)) return null
  const texts = node.items.map((item) => (item.value.kind === 'scalar' ? inlineScalar(item.value, true) : null))
  if (texts.some((text) => text === null || text === '' || text.includes('\n'))) return null
  const line = `[${texts.join(', ')}]`
  return column + line.length <= LIST_WIDTH || texts.length <= 1 ? line : null
}
