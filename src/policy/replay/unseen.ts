// Unseen: what a draft would do to flows that are documented and that no record shows. The second part of S3.
// Keeps "absence proves nothing": only a complete record and a function that never pauses may be called unused.

import type { Coverage } from './coverage.ts'
import type { ReplayedUnseen, ReplayPolicy, UnseenFlow, UnseenState } from './model.ts'
import type { Verdict } from '../eval/evaluate.ts'
import { DEFAULT_RULE } from '../language/model.ts'
import { describeService, type FiveTuple } from '../eval/evaluate.ts'
import { capital, nameOf, wardSentence } from './words.ts'

/** Asks the draft about one documented flow. */
export function replayUnseen(flow: UnseenFlow, draft: ReplayPolicy, coverage: Coverage): ReplayedUnseen {
  const answers = flow.tuples.map((tuple) => ({ tuple, verdict: draft.local.evaluate(tuple) }))
  const denied = answers.filter((a) => a.verdict.action === 'deny')
  const state = stateOf(flow, answers.length, denied.map((d) => d.verdict), coverage)
  const first = denied[0] ?? answers[0]
  const sentence = wardSentence(flow.device, flow.what.blocked)
  return { flow, state, sentence, rule: first?.verdict.rule ?? null, why: whyOf(flow, state, first) }
}

/** Rows of the same documented function and state together, in the order in which they come: 64 beds of one model say the same. */
export function sameFunction(rows: readonly ReplayedUnseen[]): readonly (readonly ReplayedUnseen[])[] {
  const byFunction = new Map<string, ReplayedUnseen[]>()
  for (const row of rows) {
    const key = `${row.flow.device.function}|${row.flow.what.name}|${row.state}`
    byFunction.set(key, [...(byFunction.get(key) ?? []), row])
  }
  return [...byFunction.values()]
}

/** One sentence for rows of the same function; every device is named, however many. */
export function unseenSentence(same: readonly ReplayedUnseen[]): string {
  const first = same[0]
  if (first === undefined || same.length === 1) return first?.sentence ?? ''
  return `${capital(same.map((row) => nameOf(row.flow.device)).join(', '))}: ${first.flow.what.blocked}`
}

function stateOf(flow: UnseenFlow, asked: number, denied: readonly Verdict[], coverage: Coverage): UnseenState {
  if (denied.length === 0) return asked === 0 || flow.notAsked !== null ? 'unknown' : 'kept'
  if (flow.what.expected === 'rare' && denied.every((v) => v.rule !== DEFAULT_RULE)) return 'on-purpose'
  if (flow.what.occurs === 'continuous' && coverage.gaps.length === 0) return 'unused'
  return denied.length < asked ? 'partly' : 'broken'
}

function whyOf(flow: UnseenFlow, state: UnseenState, first: { tuple: FiveTuple; verdict: Verdict } | undefined): string {
  if (first === undefined) return `Nothing could be asked: ${flow.notAsked ?? 'nobody is known to be its other side'}.`
  const asked = `${describeService(first.tuple)} to ${first.tuple.dst}`
  if (state === 'kept') return `The draft allows ${asked} (rule ${first.verdict.rule}).`
  if (state === 'unknown') return `The draft allows ${asked}, but ${flow.notAsked ?? 'that is not all of it'}.`
  const { rule } = first.verdict
  if (state === 'unused') return `Not seen in a complete record, although it would never pause; the draft denies ${asked} (rule ${rule}).`
  return `The draft denies ${asked} (rule ${first.verdict.rule}): ${first.verdict.reason}`
}
