// Replay: the past against a draft. Classes per conversation, what breaks per device, what nobody saw, and whether it may be approved.
// Keeps S3: every deny has a verdict; break and unknown both hold the approval until somebody states a reason. No score anywhere.

import { coverageOf, type Coverage } from './coverage.ts'
import { compareDevices, Groups } from './groups.ts'
import { REPLAY_CLASSES, type ReplayClass, type ReplayConversation, type ReplayDevice, type ReplayedUnseen, type ReplayGroup,
  type ReplayInput, type ReplayPolicy } from './model.ts'
import { replayUnseen } from './unseen.ts'
import { atText, capital, count, deviceOf, durationText, nameOf } from './words.ts'
import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'

/** Telemetry this recent means that somebody may be connected: a monitor sends every few seconds, and a move to imaging is longer. */
export const IN_USE_MICROS = 10 * MICROS_PER_MINUTE

export type ReplayVerdict = 'pass' | 'break' | 'unknown'

/** A device that sent telemetry just now. */
export interface InUse {
  readonly device: ReplayDevice
  readonly lastAt: Micros
  /** The draft stops something of it. */
  readonly touched: boolean
}

/** Counts of conversations and flows. */
export interface ClassCount {
  readonly conversations: number
  readonly flows: number
}

export interface Replay {
  readonly verdict: ReplayVerdict
  /** Sentences that make the verdict, gravest first; empty for pass. */
  readonly because: readonly string[]
  /** `held` until the verdict is pass or a reason is stated. */
  readonly approval: 'open' | 'held'
  readonly reason: string | null
  /** Line one of the change (S5). */
  readonly lineOne: string
  readonly inUse: readonly InUse[]
  /** Class of each conversation, in the order of the input, as an index into REPLAY_CLASSES. */
  readonly classes: Uint8Array
  readonly counts: Readonly<Record<ReplayClass, ClassCount>>
  /** What enforcing the draft stops. */
  readonly escaped: readonly ReplayGroup[]
  readonly misdropped: readonly ReplayGroup[]
  readonly rejected: readonly ReplayGroup[]
  /** Conversations whose answer differs from the policy in force; null without one. */
  readonly newlyDenied: number | null
  readonly newlyAllowed: number | null
  readonly unseen: readonly ReplayedUnseen[]
  readonly coverage: Coverage
}

/** Replays everything. Linear in the conversations; nothing but groups and one byte per conversation is kept of them. */
export function replay(input: ReplayInput): Replay {
  const tally = classify(input)
  const coverage = coverageOf(input.observation, input.conversations)
  const unseen = input.unseen.map((flow) => replayUnseen(flow, input.draft, coverage)).sort((a, b) => compareDevices(a.flow.device, b.flow.device))
  const escaped = tally.groups.of('escaped')
  const broken = unseen.filter((u) => u.state === 'broken' || u.state === 'partly')
  const inUse = inUseOf(input, new Set([...escaped.map((g) => g.device), ...broken.map((u) => u.flow.device)].map(keyOf)))
  const { verdict, because } = judge(escaped, broken, unseen, coverage)
  const reason = input.reason === null || input.reason.trim() === '' ? null : input.reason.trim()
  return {
    verdict, because, approval: verdict === 'pass' || reason !== null ? 'open' : 'held', reason,
    lineOne: lineOneOf(inUse, input.now), inUse, classes: tally.classes, counts: tally.counts,
    escaped, misdropped: tally.groups.of('misdropped'), rejected: tally.groups.of('rejected'),
    newlyDenied: tally.newlyDenied, newlyAllowed: tally.newlyAllowed, unseen, coverage,
  }
}

interface Tally {
  readonly classes: Uint8Array
  readonly counts: Record<ReplayClass, ClassCount>
  readonly groups: Groups
  readonly newlyDenied: number | null
  readonly newlyAllowed: number | null
}

function classify(input: ReplayInput): Tally {
  const { conversations, draft, inForce } = input
  const classes = new Uint8Array(conversations.length)
  const rows = REPLAY_CLASSES.map(() => ({ conversations: 0, flows: 0 }))
  const groups = new Groups()
  let newlyDenied = 0
  let newlyAllowed = 0
  for (let i = 0; i < conversations.length; i++) {
    const conversation = conversations[i] as ReplayConversation
    const verdict = ask(draft, conversation)
    const before = inForce === null ? null : ask(inForce, conversation).action
    if (before === 'allow' && verdict.action === 'deny') newlyDenied++
    if (before === 'deny' && verdict.action === 'allow') newlyAllowed++
    const index = classIndex(verdict.action, conversation)
    classes[i] = index
    const row = rows[index] as { conversations: number; flows: number }
    row.conversations++
    row.flows += conversation.flows
    if (index > 0) groups.add({ conversation, class: REPLAY_CLASSES[index], verdict, inForce: before })
  }
  const counts = Object.fromEntries(REPLAY_CLASSES.map((name, i) => [name, rows[i]])) as Record<ReplayClass, ClassCount>
  const changes = inForce === null ? { newlyDenied: null, newlyAllowed: null } : { newlyDenied, newlyAllowed }
  return { classes, counts, groups, ...changes }
}

function ask(policy: ReplayPolicy, conversation: ReplayConversation) {
  return (conversation.leaves ? policy.leaving : policy.local).evaluate(conversation.tuple)
}

/** Index into REPLAY_CLASSES. One flow that got through is enough: something depends on it. */
function classIndex(action: 'allow' | 'deny', conversation: ReplayConversation): 0 | 1 | 2 | 3 {
  const passed = conversation.attempts < conversation.flows
  if (action === 'allow') return passed ? 0 : 1
  return passed ? 2 : 3
}

function judge(
  escaped: readonly ReplayGroup[], broken: readonly ReplayedUnseen[], unseen: readonly ReplayedUnseen[], coverage: Coverage,
): { verdict: ReplayVerdict; because: readonly string[] } {
  const unasked = unseen.filter((u) => u.state === 'unknown')
  const breaks = [...escaped.map((g) => g.sentence), ...broken.map((u) => `Documented, not seen: ${u.sentence}`)]
  const unknowns = [...unasked.map((u) => `Not known whether it stays: ${u.sentence} ${u.why}`), ...coverage.gaps]
  if (breaks.length > 0) return { verdict: 'break', because: [...new Set([...breaks, ...unknowns])] }
  return { verdict: unknowns.length > 0 ? 'unknown' : 'pass', because: [...new Set(unknowns)] }
}

function keyOf(device: ReplayDevice): string {
  return device.id ?? device.ip
}

/** Devices with telemetry within IN_USE_MICROS before `now` (or after it: clocks differ), touched ones first, then by bed and name. */
function inUseOf(input: ReplayInput, touched: ReadonlySet<string>): readonly InUse[] {
  const found = new Map<string, InUse>()
  for (const conversation of input.conversations) {
    // A monitor that only tries to reach its station sends nothing to anyone.
    if (!conversation.telemetry || conversation.attempts >= conversation.flows) continue
    if (conversation.lastAt < input.now - IN_USE_MICROS) continue
    const device = deviceOf(conversation)
    const key = keyOf(device)
    const lastAt = Math.max(conversation.lastAt, found.get(key)?.lastAt ?? conversation.lastAt)
    found.set(key, { device, lastAt, touched: touched.has(key) })
  }
  return [...found.values()].sort((a, b) => Number(b.touched) - Number(a.touched) || compareDevices(a.device, b.device))
}

/** Every touched device is named, however many: nobody may be cut off by an "and 30 more". */
function lineOneOf(inUse: readonly InUse[], now: Micros): string {
  const span = durationText(IN_USE_MICROS)
  const touched = inUse.filter((row) => row.touched)
  const others = inUse.length - touched.length
  if (touched.length > 0) {
    const names = touched.map((row) => `${nameOf(row.device)} (${durationText(Math.max(0, now - row.lastAt))} ago)`).join(', ')
    const rest = others > 0 ? ` ${count(others, 'other device')} in use ${others === 1 ? 'is' : 'are'} not touched.` : ''
    return `In use now, and this change stops something of it: ${capital(names)}.${rest}`
  }
  if (inUse.length > 0) {
    const names = inUse.map((row) => nameOf(row.device)).join(', ')
    return `In use now: ${names} sent telemetry in the ${span} before ${atText(now)}; nothing seen of it stops.`
  }
  return `In use now: no device was seen to send telemetry in the ${span} before ${atText(now)}. Not seen is not unused.`
}
