// cordon policy propose: a least-privilege draft from a capture or a data folder, as policy text with the evidence on every line.
// Keeps S2: it is text for a person; it is neither loaded nor pushed anywhere.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { FILE_BYTES_MAX, loadPolicy } from '../config/index.ts'
import { propose, type Proposal, type ProposeInput } from '../policy/propose/index.ts'
import type { Knowledge } from '../sensor/knowledge.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { loadPast, type Past, type PastArgs } from './past.ts'
import { replayConversations, replayPolicy, unseenFlows } from './replay-input.ts'

/** Flags of `cordon policy propose`. */
export interface ProposeArgs extends PastArgs {
  /** Name of the draft. */
  readonly name?: string | undefined
  /** Policy in force, to list what of it was never used. */
  readonly against?: string | undefined
  readonly json?: boolean
}

/** Exits with 0 when the draft allows all that was seen, 4 when the language could not say some of it, 2 and 3 as replay does. */
export async function runPropose(args: ProposeArgs, io: Io): Promise<number> {
  const knowledge = loadKnowledge(undefined)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const past = await loadPast(args, 'cordon policy propose', knowledge.value, io)
  if (typeof past === 'number') return past
  const inForce = args.against === undefined ? null : inForceOf(args.against, past, knowledge.value, io)
  if (typeof inForce === 'number') return inForce
  const { profiles } = knowledge.value
  const conversations = replayConversations(past, profiles)
  const proposal = propose({ name: args.name ?? 'proposal', conversations, unseen: unseenFlows(past, profiles), inForce })
  io.out(args.json === true ? `${JSON.stringify({ schema: 'cordon.proposal/1', ...proposal }, null, 2)}\n` : proposal.text)
  for (const note of notesOf(proposal, past)) io.err(`note: ${note}\n`)
  return proposal.notExpressed.length > 0 || past.analysis.state === 'partial' ? Exit.incomplete : Exit.ok
}

function inForceOf(file: string, past: Past, knowledge: Knowledge, io: Io): ProposeInput['inForce'] | number {
  const loaded = loadPolicy(file, { profiles: new Set(knowledge.profiles.keys()) })
  if (loaded.ok) {
    const { policy } = loaded.value
    return { policy, eyes: replayPolicy(policy, past.assets, knowledge) }
  }
  for (const diagnostic of loaded.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
  return Exit.usage
}

function notesOf(proposal: Proposal, past: Past): readonly string[] {
  const rows: readonly (readonly [boolean, string])[] = [
    [proposal.leaving.length > 0, `${proposal.leaving.length} lines let something leave the hospital; decide each.`],
    [proposal.notExpressed.length > 0, `${proposal.notExpressed.length} things that were seen are not in it; its end says why.`],
    [!proposal.exact, 'zones were joined by function, so the draft allows more pairs than were seen.'],
    [Buffer.byteLength(proposal.text) > FILE_BYTES_MAX, `the text is larger than a policy file may be (${FILE_BYTES_MAX} bytes).`],
    [true, `what ${past.analysis.name} does not show is denied: run cordon replay on a longer record before anyone enforces it.`],
  ]
  return rows.filter(([holds]) => holds).map(([, text]) => text)
}
