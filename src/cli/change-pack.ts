// Change pack: what a network approver reads before anyone loads a text: who is in use, what stops, who approved, what is proved.
// Keeps S3, S5, S7 and S8: ward words first, a verdict for every deny, what happens when the box fails; and S10: no word on a patient.

import { basename } from 'node:path'
import type { Micros } from '../base/time.ts'
import { denyVerdicts, type DenyVerdict } from '../policy/change/denies.ts'
import type { Emitted } from '../policy/compile/target.ts'
import { atText, plain, replay, sameFunction, unseenSentence, type Replay, type UnseenState } from '../policy/replay/index.ts'
import { APPROVE, readAudit, sha256Hex, textOf, type AuditLine } from './audit.ts'
import type { Prepared } from './compile-input.ts'
import type { Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { loadPast } from './past.ts'
import { observationOf, replayConversations, replayPolicy, unseenFlows } from './replay-input.ts'

/** One claim about the written text. `not proved`: nobody tried, and the words say why. */
export interface Proof {
  readonly claim: string
  readonly verdict: 'proved' | 'refuted' | 'unknown' | 'not proved'
  readonly words: string
}

/** The policy replayed on the data folder, now. */
export interface ChangeReplay {
  readonly result: Replay
  readonly denies: readonly DenyVerdict[]
  readonly analysis: string
  readonly lineOne: string
  readonly approval: AuditLine | null
  readonly approvalLine: string
}

/** Everything the pack is made of. */
export interface Change {
  readonly target: { readonly id: string; readonly name: string }
  readonly families: readonly number[]
  readonly budget: number | null
  readonly emitted: Emitted
  readonly proofs: readonly Proof[]
  readonly prepared: Prepared
  readonly replayed: ChangeReplay | null
  readonly options: Readonly<Record<string, string>>
}

/** Replays the very policy that is compiled, and looks for its approval. An exit code when the folder cannot be read. */
export async function changeReplay(
  args: { readonly data?: string | undefined; readonly now?: (() => Micros) | undefined }, prepared: Prepared, io: Io,
): Promise<ChangeReplay | number> {
  const shipped = loadKnowledge(undefined)
  const knowledge = { policy: prepared.policy, profiles: prepared.profiles, oui: shipped.ok ? shipped.value.oui : null }
  const past = await loadPast({ data: args.data, ...(args.now ? { now: args.now } : {}) }, 'cordon compile', knowledge, io)
  if (typeof past === 'number') return past
  const lines = args.data === undefined ? [] : await readAudit(args.data, io)
  if (typeof lines === 'number') return lines
  const approval = lines.findLast((line) => line.action === APPROVE && line['policyHash'] === prepared.hash) ?? null
  const draft = replayPolicy(prepared.policy, past.assets, knowledge)
  const conversations = replayConversations(past, prepared.profiles)
  const reason = approval === null ? null : textOf(approval, 'reason')
  const result = replay({
    conversations, unseen: unseenFlows(past, prepared.profiles), observation: observationOf(past, 0), draft, inForce: null, now: past.now, reason,
  })
  return {
    result, denies: denyVerdicts(prepared.policy, draft, conversations, result), analysis: past.analysis.name, lineOne: result.lineOne, approval,
    approvalLine: approvalLine(approval, lines, prepared, result),
  }
}

function approvalLine(approval: AuditLine | null, lines: readonly AuditLine[], { policyHash }: Prepared, { verdict }: Replay): string {
  if (approval !== null) {
    const reason = textOf(approval, 'reason')
    const because = reason === '' ? '' : `, because: ${plain(reason, REASON_MAX)}`
    const then = textOf(approval, 'verdict')
    const changed = then === verdict ? '' : ` The verdict was ${then} then and is ${verdict} now.`
    return `Approved by ${plain(approval.by)} on ${atText(approval.at)} with the verdict ${then}${because}.${changed}`
  }
  const other = lines.findLast((line) => line.action === APPROVE && line['draftHash'] === policyHash)
  if (other === undefined) return `NOT APPROVED: nobody approved this policy (its replay says ${verdict} now).`
  return `NOT APPROVED: ${plain(other.by)} approved this policy on ${atText(other.at)}, but devices have come, gone or moved since; replay it again.`
}

const REASON_MAX = 600

/**
 * The pack for machines. Files go by their names: a pack travels, and folders of this machine mean nothing elsewhere.
 * The text itself carries no approval, so that the same policy gives the same bytes.
 */
export function changeJson(out: string, change: Change): string {
  const { prepared, emitted, replayed, target, proofs, options } = change
  const file = (name: string, text: string) => ({ file: basename(name), sha256: sha256Hex(text), bytes: Buffer.byteLength(text) })
  const body = {
    schema: 'cordon.change/1', policy: { name: prepared.policy.name, file: basename(prepared.file), hash: prepared.hash, draftHash: prepared.policyHash },
    target: { id: target.id, name: target.name, options }, text: { ...file(out, emitted.text), lines: emitted.rules },
    rollback: file(`${out}.rollback`, emitted.rollback),
    inUse: replayed === null ? null : { lineOne: replayed.lineOne, devices: replayed.result.inUse },
    replay: replayed === null ? null : {
      analysis: replayed.analysis, verdict: replayed.result.verdict, because: replayed.result.because, gaps: replayed.result.coverage.gaps,
      denies: replayed.denies,
    },
    approval: replayed?.approval ?? null, proofs, ipv6: ipv6Of(change),
    fail: prepared.policy.conduits.map(({ name, from, to, action, fail, owner }) => ({ conduit: name, from, to, action, fail, owner })),
    exceptions: prepared.policy.exceptions, notes: emitted.notes,
  }
  return `${JSON.stringify(body, (key, value: unknown) => (key === 'at' && typeof value === 'object' ? undefined : value), 2)}\n`
}

function ipv6Of({ families, proofs, emitted }: Change): string {
  const proved = proofs.filter(({ claim }) => claim.includes('IPv6'))
  const said = emitted.notes.filter((note) => note.includes('IPv6'))
  const judged = families.includes(6) ? 'This platform takes both IP versions.' : 'This text does not judge IPv6 at all.'
  return [judged, ...proved.map(({ claim, words }) => `${claim}: ${words}.`), ...said].join(' ')
}

/** The pack for people: one page, the ward first. */
export function changeMarkdown(out: string, change: Change): string {
  const { prepared: { policy, hash, file }, emitted, replayed, target, proofs } = change
  const written = basename(out)
  const name = (text: string): string => `\`${plain(text)}\``
  const blocks = [
    // S5: line one.
    replayed?.lineOne ?? 'In use now: not known. No data folder was given, so nobody looked who is in use.',
    `# Change: ${plain(policy.name)} on ${target.name}`,
    replayed === null ? 'NOT APPROVED: there is no replay verdict.' : `${replayed.result.verdict.toUpperCase()}. ${replayed.approvalLine}`,
    ...wardBlocks(replayed),
    '## What is written',
    list([
      `policy ${name(basename(file))}, hash ${name(hash)}`, `text ${name(written)}, sha256 ${name(sha256Hex(emitted.text))}, ${emitted.rules} lines`,
      `rollback ${name(`${written}.rollback`)}, sha256 ${name(sha256Hex(emitted.rollback))}`,
      'Cordon loads nothing: a person reads both and loads the text.',
    ]),
    '## What is proved', list(proofs.map(({ claim, words }) => `${claim}: ${plain(words, WORDS_MAX)}`)),
    ...denyBlocks(replayed),
    '## When the enforcing box fails',
    'The text cannot make a dead box pass or stop anything. Where it says passes, the network needs a way around the box; where it says '
      + 'stops, none may be there.',
    grid(['conduit', 'from', 'to', '', 'when the box fails', 'owner'], policy.conduits.map((c) =>
      [c.name, c.from, c.to, c.action, c.fail === 'open' ? 'passes (fail open)' : 'stops (fail closed)', c.owner ?? '-'])),
    '## IPv6', ipv6Of(change),
    '## Notes', list(emitted.notes),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** Proof words hold chains and packets; longer ones are in the JSON. */
const WORDS_MAX = 400
/** Sentences shown on the page; the JSON has all. */
const SENTENCES_MAX = 60

function wardBlocks(replayed: ChangeReplay | null): readonly string[] {
  if (replayed === null) return []
  const { escaped, unseen, coverage: { gaps } } = replayed.result
  const of = (...states: readonly UnseenState[]) => sameFunction(unseen.filter(({ state }) => states.includes(state)))
  const notices = [
    ...new Set(escaped.map(({ sentence }) => sentence)), ...of('broken', 'partly').map((same) => `Documented, not seen: ${unseenSentence(same)}`),
    ...of('unknown').map((same) => `Not known whether it stays: ${unseenSentence(same)} ${same[0]?.why ?? ''}`),
  ]
  const nothing = gaps.length === 0 ? 'Nothing that was seen in a complete record stops, and nothing documented.'
    : 'Nothing that was seen stops, and nothing documented; but the record is not complete.'
  const incomplete = gaps.length === 0 ? [] : ['## What the record does not show', bounded(gaps)]
  return ['## What the ward notices', notices.length === 0 ? nothing : bounded(notices), ...incomplete]
}

function bounded(sentences: readonly string[]): string {
  const shown = sentences.slice(0, SENTENCES_MAX).map((sentence) => plain(sentence, WORDS_MAX))
  return list(sentences.length > shown.length ? [...shown, `and ${sentences.length - shown.length} more`] : shown)
}

function denyBlocks(replayed: ChangeReplay | null): readonly string[] {
  if (replayed === null) return ['## Every deny', 'No rule that denies has a replay verdict: compile with --data FOLDER.']
  const rows = replayed.denies.map((d) =>
    [d.rule, d.verdict, String(d.stops), String(d.tried), [...d.documented, d.why].map((text) => plain(text, WORDS_MAX)).join(' ')])
  return ['## Every deny', `Replayed on ${plain(replayed.analysis)}.`, grid(['rule', 'verdict', 'stops', 'only tried', 'why'], rows)]
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

/** A Markdown table; a bar in a cell would end it. */
function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '/').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
