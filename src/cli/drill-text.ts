// The drill's result for people: ward words first, then the tables, then what differs, packet by packet.
// Keeps the rule that the first lines say what happens to beds, and that nothing here says more than was seen.

import { DENIED_STAY, wardWords } from '../drill/core/words.ts'
import type { DrillResult, TalkRow } from '../drill/core/result.ts'
import type { Io } from './io.ts'
import { paint, table } from './text.ts'

export { drillFailed } from '../drill/core/words.ts'

const verdict = (io: Pick<Io, 'color'>, ok: boolean): string => (ok ? paint(io, 'green', 'as predicted') : paint(io, 'red', 'DIFFERENT'))

/** Two sentences, the talks, the probes, the assertions, the old session and the rollback. */
export function drillText(result: DrillResult, io: Pick<Io, 'color'>): string {
  const talks = result.talks.map((row) => [row.phase, times(row), row.expected, row.rule, row.seen, verdict(io, row.ok)])
  const probes = result.probes.map(({ phase, tally, resent, escaped }) =>
    [phase, tally.sent, tally.predicted, tally.passed, tally.equal, tally.wrong, resent, escaped, verdict(io, tally.wrong === 0)].map(String))
  return [
    `${wardWords(result).join('\n')}\n`,
    table(['phase', 'who tries what', 'expected', 'because of', 'seen', 'verdict'], talks),
    table(['phase', 'probes', 'predicted to pass', 'passed', 'equal', 'wrong', 'sent again', 'of the ward outside', 'verdict'], probes),
    ...differences(result), explained(result), assertions(result, io), oldSession(result), rollback(result),
  ].filter((part) => part !== '').join('\n')
}

function times({ story, count }: TalkRow): string {
  return count === 1 ? story : `${count} x ${story}`
}

function differences(result: DrillResult): readonly string[] {
  return result.probes.flatMap(({ phase, tally }) => (tally.wrong === 0 ? [] : [
    `${phase}: ${tally.wrong} of ${tally.sent} probes differ${tally.wrong > tally.examples.length ? `, the first ${tally.examples.length}` : ''}:\n`
    + tally.examples.map(({ kind, words }) => `  ${kind}: ${words}\n`).join(''),
  ]))
}

/** Packets the policy allows and no router forwards are no mistake of the rules, and no success of them either. */
function explained(result: DrillResult): string {
  const after = result.probes.find(({ phase }) => phase === 'after')
  if (after === undefined || after.tally.explained.length === 0) return ''
  const reasons = after.tally.explained.map(({ reason, count }) => `${count} ${reason}`).join('; ')
  return `Allowed by the policy and not forwarded all the same, as predicted: ${reasons}.\n`
}

function assertions({ assertions: rows }: DrillResult, io: Pick<Io, 'color'>): string {
  if (rows.length === 0) return 'The policy states no assertions.\n'
  const words = (asked: number, broken: number): string =>
    (broken > 0 ? paint(io, 'red', 'BROKEN') : asked === 0 ? 'not tried: no probe is of this kind' : paint(io, 'green', 'held'))
  return table(['assertion', 'probes', 'broke it', 'in this kernel', 'for example'],
    rows.map(({ text, asked, broken, example }) => [text, String(asked), String(broken), words(asked, broken), example ?? '']))
}

function oldSession({ oldSession: session }: DrillResult): string {
  if (session === null) return 'No old session was tried.\n'
  if (!session.survived) return `An old session ended when the rules were loaded: ${session.words}.\n`
  const ended = { true: 'tried here: it ended', false: 'tried here: IT DID NOT END', null: 'not tried here: conntrack is not installed' }
  const denied = session.denied ? DENIED_STAY : 'An old session goes on; the policy allows it'
  return `${denied}: ${session.words}. End such sessions with\n  ${session.flush}\n  (${ended[`${session.endedByFlush}`]})\n`
}

function rollback({ leftBehind }: DrillResult): string {
  if (leftBehind.length === 0) return 'The rollback left the router exactly as it was before: rules, routes and routing rules.\n'
  return `The rollback DID NOT restore the router:\n${leftBehind.map((line) => `  ${line}\n`).join('')}`
}
