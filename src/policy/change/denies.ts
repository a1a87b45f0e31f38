// Denies: the replay verdict of every rule that denies, one by one. The first half of S3.
// Keeps "unknown holds like break does": a deny is only a pass when the record is complete and nothing seen or documented stops.

import { DEFAULT_RULE, type Policy } from '../language/model.ts'
import { count, REPLAY_CLASSES, type Replay, type ReplayConversation, type ReplayPolicy } from '../replay/index.ts'

/** What one denying rule would stop. */
export interface DenyVerdict {
  readonly rule: string
  readonly verdict: 'pass' | 'break' | 'unknown'
  /** Conversations that got through and would stop. */
  readonly stops: number
  /** Conversations that were only tried. */
  readonly tried: number
  /** Documented and not seen: sentences of what the ward would notice. */
  readonly documented: readonly string[]
  /** Why it is unknown, or why it may break: in words. */
  readonly why: string
}

/** One row per denying conduit in the policy's order, and one for the default when it denies. `result` is the replay of the same inputs. */
export function denyVerdicts(
  policy: Policy, draft: ReplayPolicy, conversations: readonly ReplayConversation[], result: Replay,
): readonly DenyVerdict[] {
  const seen = new Map<string, { stops: number; tried: number }>()
  for (const [i, conversation] of conversations.entries()) {
    const name = REPLAY_CLASSES[result.classes[i] ?? 0]
    if (name !== 'escaped' && name !== 'rejected') continue
    const { rule } = (conversation.leaves ? draft.leaving : draft.local).evaluate(conversation.tuple)
    const row = seen.get(rule) ?? { stops: 0, tried: 0 }
    seen.set(rule, row)
    if (name === 'escaped') row.stops++
    else row.tried++
  }
  const rules = [...policy.conduits.filter(({ action }) => action === 'deny').map(({ name }) => name),
    ...(policy.default === 'deny' ? [DEFAULT_RULE] : [])]
  return rules.map((rule) => denyVerdict(rule, seen.get(rule) ?? { stops: 0, tried: 0 }, result))
}

function denyVerdict(rule: string, seen: { readonly stops: number; readonly tried: number }, result: Replay): DenyVerdict {
  const own = result.unseen.filter((u) => u.rule === rule)
  const documented = own.filter(({ state }) => state === 'broken' || state === 'partly').map(({ sentence }) => sentence)
  const onPurpose = own.filter(({ state }) => state === 'on-purpose').length
  const gaps = result.coverage.gaps
  const base = { rule, ...seen, documented: [...new Set(documented)] }
  if (seen.stops > 0) return { ...base, verdict: 'break', why: 'Conversations that got through would stop.' }
  if (documented.length > 0) return { ...base, verdict: 'break', why: 'Nothing seen stops, but something documented does.' }
  if (gaps.length > 0) return { ...base, verdict: 'unknown', why: `Nothing seen stops, but the record is not complete: ${gaps[0]}` }
  const meant = onPurpose > 0 ? ` ${count(onPurpose, 'documented flow is', 'documented flows are')} stopped on purpose.` : ''
  return { ...base, verdict: 'pass', why: `Nothing seen in a complete record stops.${meant}` }
}
