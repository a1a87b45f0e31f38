// cordon advisory propose: from matches to watch rules and to a policy with the advisory's blocks and denials put in front.
// Keeps S2 and S3: it prints text for a person, who replays it before anyone enforces it; nothing is loaded.

import { readFileSync } from 'node:fs'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { loadPolicy, productPath, readTextFile, DEFAULT_POLICY_LABEL } from '../config/index.ts'
import { draftPolicy } from '../config/policy-draft.ts'
import { draftOf, indicatorsOf, isOpen, type AdvisoryDraft } from '../inventory/advisories/index.ts'
import { createEvaluator, policyNames } from '../policy/index.ts'
import { factoryAddresses, type Knowledge } from '../sensor/knowledge.ts'
import { knowledgeOf, pastOf, usage, withDesk, type AdvisoryMatchArgs } from './advisory.ts'
import { deskMatches, type AdvisoryDesk, type DeskPast } from './advisory-desk.ts'
import { Exit, type Io } from './io.ts'
import { addressesByProfile } from './replay-input.ts'
import { table } from './text.ts'

export interface AdvisoryProposeArgs extends AdvisoryMatchArgs {
  /** Policy to add to; the shipped one without. */
  readonly policy?: string | undefined
  /** Print the watch rules in place of the policy. */
  readonly watch?: boolean
}

export async function advisoryPropose(args: AdvisoryProposeArgs, io: Io): Promise<number> {
  const knowledge = knowledgeOf(io, args.policy)
  if (typeof knowledge === 'number') return knowledge
  const loaded = loadPolicy(args.policy, { profiles: new Set(knowledge.profiles.keys()) })
  if (!loaded.ok) return usage(io, 'the policy cannot be read', 'cordon policy check says what is wrong.')
  const past = await pastOf(args, 'cordon advisory propose', knowledge, io)
  if (typeof past === 'number') return past
  return withDesk(args.data, io, async (desk) => {
    const draft = draftFor(args, desk, past, knowledge, loaded.value.policy)
    for (const note of draft.notes) io.err(`note: ${note}\n`)
    if (draft.watch.length === 0) return usage(io, 'no open match names anything that could be watched or blocked',
      'cordon advisory match shows the matches and why.')
    if (args.watch === true && args.json !== true) io.out(table(['advisory', 'watch for', 'value', 'seen by', 'what it is'],
      draft.watch.map(({ advisories, kind, value, by, words }) => [advisories.join(', '), kind, value, by, words])))
    else return printDraft(args, draft, knowledge, io)
    return Exit.ok
  })
}

function draftFor(
  args: AdvisoryProposeArgs, desk: AdvisoryDesk, past: DeskPast, knowledge: Knowledge, policy: Parameters<typeof draftOf>[0]['policy'],
): AdvisoryDraft {
  const open = deskMatches(desk, past, knowledge.profiles).filter(isOpen)
  const wanted = args.advisory?.toLowerCase()
  const advisories = new Map(desk.advisories.map((one) => [one.id, one]))
  return draftOf({
    ranked: open.filter(({ match }) => wanted === undefined || match.advisory.id.toLowerCase() === wanted),
    indicatorsOf: ({ id }) => indicatorsOf(advisories.get(id) ?? { id, addresses: [], vulnerabilities: [] }, knowledge.profiles),
    policy, zoneOfAsset: zonesOf(past, knowledge),
  })
}

/** The policy's zone of an asset's first address that has one. */
function zonesOf(past: DeskPast, knowledge: Knowledge): (assetId: string) => string | null {
  const names = policyNames(knowledge.policy, addressesByProfile(past.assets, factoryAddresses(knowledge)))
  const evaluator = createEvaluator(knowledge.policy, names)
  const zones = new Map(past.assets.map((asset) => {
    const own = asset.interfaces.flatMap(({ ip }) => (ip === null ? [] : [evaluator.zoneOf(ip)]))
    return [asset.id, own.find((zone) => names.has(zone)) ?? null]
  }))
  return (assetId) => zones.get(assetId) ?? null
}

function printDraft(args: AdvisoryProposeArgs, draft: AdvisoryDraft, knowledge: Knowledge, io: Io): number {
  const text = policyText(args.policy)
  if (text === null) return usage(io, 'the policy cannot be read', 'cordon policy check says what is wrong.')
  const ids = [...new Set(draft.watch.flatMap(({ advisories }) => advisories))].join(', ')
  const head = [`Draft for ${ids}: a person replays it before anyone enforces it (cordon replay, docs/advisories.md).`]
  const made = draftPolicy(text, args.policy ?? DEFAULT_POLICY_LABEL, draft.additions, head, { profiles: new Set(knowledge.profiles.keys()) })
  if (!made.ok) {
    for (const diagnostic of made.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
    return Exit.usage
  }
  if (args.json === true) io.out(`${JSON.stringify({ schema: 'cordon.advisory-draft/1', ...draft, policy: made.value }, null, 2)}\n`)
  else io.out(made.value)
  io.err('note: this is text; run cordon replay --policy on it, and cordon compile --target suricata or zeek-intel for other sensors.\n')
  return Exit.ok
}

function policyText(file: string | undefined): string | null {
  if (file === undefined) return readFileSync(productPath(DEFAULT_POLICY_LABEL), 'utf8')
  const text = readTextFile(file)
  return text.ok ? text.value : null
}
