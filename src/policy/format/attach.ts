// Attach: gives each comment of a text to the value it speaks of, by place alone.
// Keeps "formatted twice is formatted once": what is decided here from columns stays decided in the printed text.

import type { Anchor, Comment, FlowSpan, FormatDocument } from './node.ts'

/**
 * Hangs comments on anchors, and notes empty lines. Anchors in order of the text, outer before inner. `isBlank` tells of a 1-based line
 * whether it is empty. Returns the comments above the first anchor and below everything.
 */
export function attachComments(
  anchors: readonly Anchor[], comments: readonly Comment[], isBlank: (line: number) => boolean,
): Pick<FormatDocument, 'head' | 'tail'> {
  const head: string[] = []
  const tail: string[] = []
  const firstOffset = anchors[0]?.offset ?? Number.POSITIVE_INFINITY
  for (const comment of comments) {
    if (comment.offset < firstOffset) addLine(head, comment, isBlank)
    else if (comment.ownLine) attachLine(anchors, comment, tail, isBlank)
    else attachTrailing(anchors, comment)
  }
  for (const anchor of anchors) noteBlank(anchor, isBlank)
  const first = anchors[0]
  if (first !== undefined && head.length > 0 && isBlank(first.line - 1)) head.push('')
  return { head, tail }
}

function addLine(lines: string[], comment: Comment, isBlank: (line: number) => boolean): void {
  if (lines.length > 0 && isBlank(comment.line - 1)) lines.push('')
  lines.push(comment.text)
}

/** Index of the first anchor behind an offset: binary search, since files may have as many comments as values. */
function nextIndex(anchors: readonly Anchor[], offset: number): number {
  let low = 0
  let high = anchors.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((anchors[middle]?.offset ?? 0) > offset) high = middle
    else low = middle + 1
  }
  return low
}

/** A comment on a line of its own: above what comes next, or below what it is indented like. */
function attachLine(anchors: readonly Anchor[], comment: Comment, tail: string[], isBlank: (line: number) => boolean): void {
  const index = nextIndex(anchors, comment.offset)
  const next = anchors[index]
  const flow = openFlow(anchors[index - 1], comment.offset)
  if (flow !== null) {
    const target = next !== undefined && next.offset < flow.end ? next : (flow.owner ?? anchors[0])
    target?.before.push(comment.text)
    return
  }
  if (next !== undefined && comment.column <= next.column) {
    addBefore(next, comment, isBlank)
    return
  }
  const above = lastAtMost(anchors, index, comment.column)
  const outermost = above === null || above.column <= (anchors[0]?.column ?? 1)
  if (next !== undefined && (above === null || above.column <= next.column)) addBefore(next, comment, isBlank)
  else if (outermost && next === undefined) addTail(tail, comment, isBlank)
  else above?.foot.push(comment.text)
}

/** The empty line above the first one counts too. */
function addTail(tail: string[], comment: Comment, isBlank: (line: number) => boolean): void {
  if (isBlank(comment.line - 1)) tail.push('')
  tail.push(comment.text)
}

function addBefore(anchor: Anchor, comment: Comment, isBlank: (line: number) => boolean): void {
  if (anchor.before.length === 0 && isBlank(comment.line - 1)) anchor.blankBefore = true
  addLine(anchor.before, comment, isBlank)
}

/** The nearest anchor before `index`, outside of brackets, that is not indented more than `column`. Falls back to the first of all. */
function lastAtMost(anchors: readonly Anchor[], index: number, column: number): Anchor | null {
  for (let i = index - 1; i >= 0; i--) {
    const anchor = anchors[i]
    if (anchor !== undefined && anchor.flow === null && anchor.column <= column) return anchor
  }
  return anchors[0] ?? null
}

/** The innermost bracket at or around an anchor that is not yet closed at an offset. Brackets nest as deep as the reader allows. */
function openFlow(anchor: Anchor | undefined, offset: number): FlowSpan | null {
  let flow = anchor === undefined ? null : (ownFlow(anchor) ?? anchor.flow)
  while (flow !== null && flow.end <= offset) flow = flow.owner?.flow ?? null
  return flow
}

/** The bracket that is an anchor's value: known to what is in it. */
function ownFlow(anchor: Anchor): FlowSpan | null {
  const value = anchor.value
  if (value.kind === 'scalar') return null
  const flow = (value.kind === 'list' ? value.items[0] : value.entries[0])?.flow ?? null
  return flow?.owner === anchor ? flow : null
}

/** A comment behind something: that thing's, unless the printer has no line to put it behind. */
function attachTrailing(anchors: readonly Anchor[], comment: Comment): void {
  let anchor: Anchor | null = anchors[nextIndex(anchors, comment.offset) - 1] ?? null
  while (anchor !== null && anchor.flow !== null && anchor.flow.owner !== null
    && (anchor.flow.end <= comment.offset || anchor.line !== comment.line)) anchor = anchor.flow.owner
  if (anchor === null) return
  const hasLine = anchor.trailing === null && (anchor.key === null ? anchor.value.kind === 'scalar' : !isWideFlow(anchor, comment))
  if (hasLine) anchor.trailing = comment.text
  else anchor.before.push(comment.text)
}

/** A comment inside of brackets that open on its line belongs above them; one behind closed brackets stays behind. */
function isWideFlow(anchor: Anchor, comment: Comment): boolean {
  const flow = ownFlow(anchor)
  return flow !== null && comment.offset < flow.end
}

function noteBlank(anchor: Anchor, isBlank: (line: number) => boolean): void {
  if (!isBlank(anchor.line - 1)) return
  if (anchor.before.length === 0) anchor.blankBefore = true
  else anchor.before.push('')
}
