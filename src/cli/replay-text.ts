// Replay text: what a person reads before a change. Who is in use now comes first, then the ward's sentences, then ports and rules.
// Keeps S8: no line names a port before a sentence said what the ward notices; and S10: nothing is said of a patient.

import { atText, count, durationText, nameOf, plain, sameFunction, tupleText, unseenSentence, REPLAY_CLASSES, SHIFTS, type Coverage, type Recurrence,
  type Replay, type ReplayedUnseen, type ReplayGroup, type UnseenState } from '../policy/replay/index.ts'
import type { Io } from './io.ts'
import { formatBytes, paint, table, type Colour } from './text.ts'

/** Reasons of a policy have at most 600 characters (tree-reader.ts); a sentence goes round them. */
const REASON_LENGTH_MAX = 800
/** Groups printed in full; the JSON has all of them. */
const GROUPS_SHOWN_MAX = 200

const VERDICT_COLOURS: Readonly<Record<Replay['verdict'], Colour>> = { pass: 'green', break: 'red', unknown: 'yellow' }

/** The whole page. `draft` and `past` are names of files or analyses. */
export function replayText(r: Replay, draft: string, past: string, io: Pick<Io, 'color'>): string {
  const sections = [
    `${r.lineOne}\n${verdictText(r, io)}\nDraft ${plain(draft)}, replayed on ${plain(past)}.\n`,
    section('What stops, seen here', r.escaped.slice(0, GROUPS_SHOWN_MAX).map(groupText), r.escaped.length - GROUPS_SHOWN_MAX),
    ...UNSEEN_SECTIONS.map(([title, states]) => section(title, unseenTexts(r.unseen.filter((u) => states.includes(u.state))), 0)),
    section('What the draft allows and something else stops', r.misdropped.slice(0, GROUPS_SHOWN_MAX).map(otherText), 0),
    section('What was only tried, and stays stopped', r.rejected.slice(0, GROUPS_SHOWN_MAX).map(otherText), 0),
    coverageText(r.coverage), classesText(r),
  ]
  return sections.filter((text) => text !== '').join('\n')
}

const UNSEEN_SECTIONS: readonly (readonly [string, readonly UnseenState[]])[] = [
  ['What stops, documented but not seen here', ['broken', 'partly']],
  ['Not known whether it stays', ['unknown']],
  ['Stopped on purpose by a conduit that says why', ['on-purpose']],
  ['Documented, and not used here', ['unused']],
]

function verdictText(r: Replay, io: Pick<Io, 'color'>): string {
  const word = paint(io, VERDICT_COLOURS[r.verdict], r.verdict.toUpperCase())
  if (r.verdict === 'pass') return `${word}: everything seen in a complete record stays, and everything documented.`
  const held = r.approval === 'held'
    ? 'Approval is held until somebody states a reason (--reason).'
    : `Approved all the same, because: ${plain(r.reason ?? '', REASON_LENGTH_MAX)}`
  return `${word}: ${count(r.because.length, 'thing')} to answer for. ${held}`
}

function section(title: string, items: readonly string[], more: number): string {
  if (items.length === 0) return ''
  const rest = more > 0 ? `... and ${more} more; --json has all.\n` : ''
  return `${title}\n${items.join('')}${rest}`
}

function groupText(group: ReplayGroup): string {
  const lines = group.examples.map(({ conversation, verdict, inForce }) => {
    const before = inForce === 'deny' ? ' The policy in force denies it too, yet it got through.' : ''
    return `    ${tupleText(conversation.tuple)}, denied by ${verdict.rule}: ${plain(verdict.reason, REASON_LENGTH_MAX)}${before}\n`
  })
  const more = group.conversations - group.examples.length
  return `  ${group.sentence}\n${sumText(group)}${lines.join('')}${more > 0 ? `    ... and ${count(more, 'more conversation')}\n` : ''}`
}

function sumText(group: ReplayGroup): string {
  const sums = `${count(group.flows, 'flow')}, ${formatBytes(group.bytes)}, ${atText(group.firstAt)} to ${atText(group.lastAt)}`
  return `    ${plain(nameOf(group.device))}, ${plain(group.function)}: ${sums}\n`
}

/** Nothing changes for these, so no ward sentence: it would say that something stops. */
function otherText(group: ReplayGroup): string {
  const example = group.examples[0]
  return `${sumText(group)}${example === undefined ? '' : `      ${tupleText(example.conversation.tuple)}\n`}`
}

/** One entry per documented function; 64 beds of one model have the same. */
function unseenTexts(rows: readonly ReplayedUnseen[]): readonly string[] {
  return sameFunction(rows).map((same) => {
    const first = same[0] as ReplayedUnseen
    const partly = first.state === 'partly' ? ' Some of its ports or servers stay.' : ''
    const why = plain(first.why, REASON_LENGTH_MAX)
    return `  ${unseenSentence(same)}${partly}\n    ${first.flow.what.name}: ${why} Source: ${first.flow.what.source}.\n`
  })
}

function coverageText(c: Coverage): string {
  const ends = c.firstAt === null || c.lastAt === null ? '' : `, ${atText(c.firstAt)} to ${atText(c.lastAt)}`
  const span = `${durationText(c.watchedMicros)}${ends}`
  const hours = c.minutesByHour.flatMap((minutes, hour) => (minutes > 0 ? [hour] : []))
  const shifts = SHIFTS.map((s) => `${s.name} ${c.shifts.includes(s.name) ? 'yes' : 'no'}`).join(', ')
  const [saturday, sunday] = c.weekendHours.map((h) => h.toFixed(1))
  const rows = [
    `watched: ${span}`, `hours of the day: ${hours.length === 0 ? 'none' : hours.join(' ')}`, `whole shifts: ${shifts}`,
    `weekend: Saturday ${saturday} h, Sunday ${sunday} h`, `known devices not seen: ${c.devicesNotSeen.length}`, `lost: ${c.lost}`,
    `seen once only: ${count(c.seenOnce, 'conversation')}`,
    ...c.recurrences.slice(0, GROUPS_SHOWN_MAX).map(recurrenceText),
    ...c.gaps.map((gap) => `gap: ${gap}`),
  ]
  return `Coverage\n${rows.map((row) => `  ${row}\n`).join('')}`
}

function recurrenceText(r: Recurrence): string {
  const often = `about every ${durationText(r.periodMicros ?? 0)}, ${count(r.periodsWatched, 'period')} watched`
  return `by the clock: ${tupleText(r.conversation.tuple)} ${often}`
}

function classesText(r: Replay): string {
  const rows = REPLAY_CLASSES.map((name) => [name, String(r.counts[name].conversations), String(r.counts[name].flows)])
  const classes = table(['class', 'conversations', 'flows'], rows)
  if (r.newlyDenied === null) return classes
  return `${classes}Against the policy in force: ${r.newlyDenied} newly denied, ${r.newlyAllowed ?? 0} newly allowed.\n`
}
