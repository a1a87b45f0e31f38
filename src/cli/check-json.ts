// The report as JSON and as JSON lines, in pieces: the text of a busy day has a hundred megabytes, and no piece of it more than one.
// Keeps the rule that the pieces together are what JSON.stringify writes of the whole (invariant 11).

import type { Conversation } from '../detect/conversation.ts'
import type { Report } from '../sensor/report.ts'
import { conversationText } from './conversation-text.ts'

/** Objects in one piece: of conversations some 700 kB. */
const PIECE_OBJECTS = 1000
const INDENT = 2

/** What JSON.stringify writes before and behind the members of a list in a list. */
const BEFORE_MEMBERS = '[\n  [\n'
const BEHIND_MEMBERS = '\n  ]\n]'

/** The report of a picture whose conversations come one by one. */
export type ReportHead = Omit<Report, 'conversations'>

/** `JSON.stringify(report, null, 2)` and a line's end. */
export function* jsonPieces(report: ReportHead, conversations: Iterable<Conversation>): Generator<string> {
  const { schema, analysis, severities } = report
  yield JSON.stringify({ schema, analysis, severities }, null, INDENT).slice(0, -'\n}'.length)
  yield* listPieces('findings', report.findings)
  yield* listPieces('assets', report.assets)
  yield* listPieces('conversations', conversations, (some) => some.map(conversationText).join(',\n'))
  yield '\n}\n'
}

/** `,` and one list with its name, as it stands in the report. */
function* listPieces<T extends object>(name: string, objects: Iterable<T>, textOf: (some: T[]) => string = membersText): Generator<string> {
  let before = `,\n  "${name}": [\n`
  for (const some of inSome(objects)) {
    yield before + textOf(some)
    before = ',\n'
  }
  yield before === ',\n' ? '\n  ]' : `,\n  "${name}": []`
}

function membersText(some: object[]): string {
  return JSON.stringify([some], null, INDENT).slice(BEFORE_MEMBERS.length, -BEHIND_MEMBERS.length)
}

/** One object per line, `type` first: what log pipelines swallow. */
export function* jsonLinePieces(report: ReportHead, conversations: Iterable<Conversation>): Generator<string> {
  const rows: readonly (readonly [string, Iterable<object>])[] = [
    ['analysis', [report.analysis]], ['finding', report.findings], ['asset', report.assets], ['conversation', conversations],
  ]
  for (const [type, objects] of rows) {
    for (const some of inSome(objects)) yield some.map((o) => `${JSON.stringify({ type, ...o })}\n`).join('')
  }
}

function* inSome<T extends object>(objects: Iterable<T>): Generator<T[]> {
  let some: T[] = []
  for (const o of objects) {
    some.push(o)
    if (some.length < PIECE_OBJECTS) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
