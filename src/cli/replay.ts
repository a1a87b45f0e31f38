// cordon replay: what a draft policy would do to the past: a capture, or the newest analysis of a data folder.
// Keeps S3: exit 0 only for pass; 1 for break, 4 for unknown; a stated reason opens the approval and never changes the verdict.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { loadPolicy } from '../config/index.ts'
import { policyNames } from '../policy/index.ts'
import { REPLAY_CLASSES, replay, type Replay, type ReplayPolicy } from '../policy/replay/index.ts'
import type { Knowledge } from '../sensor/knowledge.ts'
import { joinAssets } from './assets-of.ts'
import { APPROVE, appendAudit, sha256Hex } from './audit.ts'
import { hashOf } from './compile-input.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { loadPast, type Past, type PastArgs } from './past.ts'
import { observationOf, replayConversations, replayPolicy, unseenFlows } from './replay-input.ts'
import { replayText } from './replay-text.ts'

/** Flags of `cordon replay`. */
export interface ReplayArgs extends PastArgs {
  /** The draft; the shipped policy when left out. */
  readonly policy?: string | undefined
  /** Policy in force, to tell what changes. */
  readonly against?: string | undefined
  readonly json?: boolean
  /** Why it is approved all the same. */
  readonly reason?: string | undefined
  /** Keep the answer as an approval in the data folder. */
  readonly approve?: boolean
  /** Who approves. */
  readonly by?: string | undefined
  /** Local time minus UTC, for shifts and weekends; 0 when left out. */
  readonly utcOffsetMinutes?: number
}

/** Exit code per verdict. */
const EXIT_OF: Readonly<Record<Replay['verdict'], number>> = { pass: Exit.ok, break: Exit.findings, unknown: Exit.incomplete }

export async function runReplay(args: ReplayArgs, io: Io): Promise<number> {
  if (args.approve === true && (args.data === undefined || (args.by ?? '').trim() === '')) {
    io.err('cordon replay: an approval needs a data folder to stand in and somebody who answers for it\n  help: Add --data FOLDER --by NAME.\n')
    return Exit.usage
  }
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const past = await loadPast(args, 'cordon replay', knowledge.value, io)
  if (typeof past === 'number') return past
  const inForce = args.against === undefined ? null : policyInForce(args.against, past, knowledge.value, io)
  if (typeof inForce === 'number') return inForce
  const { profiles, policy } = knowledge.value
  const result = replay({
    conversations: replayConversations(past, profiles), unseen: unseenFlows(past, profiles),
    observation: observationOf(past, args.utcOffsetMinutes ?? 0), draft: replayPolicy(policy, past.assets, knowledge.value), inForce,
    now: past.now, reason: args.reason ?? null,
  })
  io.out(args.json === true ? replayJson(result, past) : replayText(result, args.policy ?? 'policies/default.yaml', past.analysis.name, io))
  if (args.approve !== true) return EXIT_OF[result.verdict]
  return approve(args, result, past, knowledge.value, io)
}

/** Keeps the approval, or says why it is held. The exit code stays the verdict's: a reason does not make a pass. */
async function approve(args: ReplayArgs, result: Replay, past: Past, { policy, profiles }: Knowledge, io: Io): Promise<number> {
  if (result.approval === 'held') {
    io.err(`cordon replay: not approved: the verdict is ${result.verdict}, and nobody said why it is right all the same\n  help: Add --reason TEXT.\n`)
    return EXIT_OF[result.verdict]
  }
  const names = policyNames(policy, joinAssets(new Map(), past.assets, profiles))
  const at = (args.now ?? (() => Date.now() * 1000))()
  const kept = await appendAudit(args.data ?? '', {
    at, by: (args.by ?? '').trim(), action: APPROVE, policy: policy.name, policyHash: hashOf(policy, names), draftHash: hashOf(policy, null),
    verdict: result.verdict, because: result.because, reason: result.reason, gaps: result.coverage.gaps, lineOne: result.lineOne,
    analysis: past.analysis.id, replayHash: sha256Hex(replayJson(result, past)),
  }, io)
  if (kept !== Exit.ok) return kept
  io.err(`approved by ${(args.by ?? '').trim()}, kept in ${args.data}: policy ${policy.name}, hash ${hashOf(policy, names)}\n`)
  return EXIT_OF[result.verdict]
}

function policyInForce(file: string, past: Past, knowledge: Knowledge, io: Io): ReplayPolicy | number {
  const loaded = loadPolicy(file, { profiles: new Set(knowledge.profiles.keys()) })
  if (loaded.ok) return replayPolicy(loaded.value.policy, past.assets, knowledge)
  for (const diagnostic of loaded.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
  return Exit.usage
}

/** One document; each conversation with its class, in the order of the analysis. */
function replayJson(result: Replay, past: Past): string {
  const { classes, ...rest } = result
  const conversations = past.conversations.map((c, i) => ({
    id: c.id, class: REPLAY_CLASSES[classes[i] ?? 0], from: c.from.ip, to: c.to.ip, transport: c.transport, port: c.port,
  }))
  const analysis = { id: past.analysis.id, name: past.analysis.name }
  return `${JSON.stringify({ schema: 'cordon.replay/1', analysis, ...rest, conversations }, null, 2)}\n`
}
