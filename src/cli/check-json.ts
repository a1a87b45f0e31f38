// The report as JSON and as JSON lines, in pieces: the text of a busy day has a hundred megabytes, and no piece of it more than one.
// Keeps the rule that the pieces together are what JSON.stringify writes of the whole (invariant 11).

import type { Conversation } from '../detect/conversation.ts'
import type { Report } from '../sensor/report.ts'

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
  yield* listPieces('conversations', conversations)
  yield '\n}\n'
}

/** `,` and one list with its name, as it stands in the report. */
function* listPieces(name: string, objects: Iterable<object>): Generator<string> {
  let before = `,\n  "${name}": [\n`
  for (const some of inSome(objects)) {
    const text = JSON.stringify([some], null, INDENT)
    yield before + text.slice(BEFORE_MEMBERS.length, -BEHIND_MEMBERS.length)
    before = ',\n'
  }
  yield before === ',\n' ? '\n  ]' : `,\n  "${name}": []`
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

function* inSome(objects: Iterable<object>): Generator<object[]> {
  let some: object[] = []
  for (const o of objects) {
    some.push(o)
    if (some.length < PIECE_OBJECTS) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
