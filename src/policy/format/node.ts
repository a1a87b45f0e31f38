// Format nodes: a policy text as values with their comments, neutral between the YAML package and the printer.
// Keeps the rule that a formatter forgets nothing: every comment hangs on exactly one anchor, or on the head of the file.

import type { ScalarValue } from '../../base/tree.ts'

export interface FormatScalar {
  readonly kind: 'scalar'
  readonly value: ScalarValue
  /** As written; what is printed when the value is no text. */
  readonly source: string
}

export interface FormatList {
  readonly kind: 'list'
  readonly items: readonly Anchor[]
}

export interface FormatMap {
  readonly kind: 'map'
  readonly entries: readonly Anchor[]
}

export type FormatNode = FormatScalar | FormatList | FormatMap

/** A collection in brackets; offsets into the text, end excluded. */
export interface FlowSpan {
  readonly end: number
  /** Whose value it is; null for the whole file. Set once, when that anchor exists. */
  owner: Anchor | null
}

/** A `key: value` or a `- value`: what comments hang on. Lines and columns are 1-based places of the source. */
export interface Anchor {
  /** null for list items. */
  readonly key: FormatScalar | null
  readonly value: FormatNode
  readonly offset: number
  readonly line: number
  readonly column: number
  /** The innermost bracket around it, or null. */
  readonly flow: FlowSpan | null
  /** An empty line stood before it and its comments. */
  blankBefore: boolean
  /** Lines above it; '' is an empty line. */
  readonly before: string[]
  /** Behind it on its line. */
  trailing: string | null
  /** Lines below it and its value, at its own depth. */
  readonly foot: string[]
}

/** One comment of the text. */
export interface Comment {
  readonly offset: number
  readonly line: number
  readonly column: number
  /** From the `#`, without spaces at the end. */
  readonly text: string
  /** Nothing but spaces stands before it. */
  readonly ownLine: boolean
}

/** A whole file. */
export interface FormatDocument {
  /** Comments above everything; '' is an empty line. */
  readonly head: readonly string[]
  readonly root: FormatNode
  /** Comments below everything; '' is an empty line. */
  readonly tail: readonly string[]
}
